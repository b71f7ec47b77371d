"""Where the scanner's frames come from: a camera, or a folder that cards are held before."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from devices.cameras import Frame, Frames, V4L2Frames
from devices.errors import CameraStoppedError, DeviceNotFoundError, DevicePermissionError
from devices.pictures import MAX_FILE_BYTES, SUFFIXES, pictures_in, read_picture

__all__ = ["MAX_FILE_BYTES", "SUFFIXES", "FolderFrames", "Frames", "V4L2Frames"]

log = logging.getLogger(__name__)


class FolderFrames:
    """The stand-in for a camera: an image dropped into a folder is held before it for a while.

    Write the image under a name that begins with a dot and rename it, as
    :func:`devices.qr_scanner.standin.hold` does.  Images are held one after the other, by name,
    each for ``hold_s`` and at least three frames; then the file is removed.  One that cannot be
    read is set aside as ``NAME.unreadable``.
    """

    # a machine that stands still for longer than ``hold_s`` must not make a card go by unseen
    _FEWEST_FRAMES: Final = 3

    def __init__(
        self,
        folder: str | Path,
        *,
        hold_s: float = 0.6,
        frame_s: float = 0.1,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Look at ``folder`` every ``frame_s``; it is made if it is not there.

        Raises:
            DeviceNotFoundError: the folder cannot be made.
            DevicePermissionError: the account of the node may not write to it.
        """
        self._folder = Path(folder)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DeviceNotFoundError(
                f"{folder} cannot be a folder of cards ({error.strerror}): name another"
            ) from None
        if not os.access(self._folder, os.R_OK | os.W_OK | os.X_OK):
            raise DevicePermissionError(
                f"{folder} may not be written to: give it to the account of the node"
            )
        self._hold_s = hold_s
        self._frame_s = frame_s
        self._clock_s = clock_s
        self._closing = threading.Event()
        self._next_s = clock_s()
        self._held: tuple[Path, Frame, float] | None = None
        self._shown = 0
        self.unreadable = 0
        """Images set aside since the start."""

    def next(self, timeout_s: float) -> Frame | None:
        """See :meth:`Frames.next`. Frames are grey; an empty folder gives a small blank one.

        Raises:
            CameraStoppedError: the folder is gone, or a card in it cannot be removed.
        """
        ends_s = self._clock_s() + timeout_s
        # a camera, too, takes its time for each frame
        self._closing.wait(max(0.0, min(self._next_s - self._clock_s(), timeout_s)))
        while not self._closing.is_set():
            frame = self._look()
            left_s = ends_s - self._clock_s()
            if frame is not None or left_s <= 0:
                self._next_s = self._clock_s() + self._frame_s
                return _BLANK if frame is None else frame
            self._closing.wait(min(self._frame_s, left_s))
        return None

    def close(self) -> None:
        """Look no more; cards in the folder stay for the next one."""
        self._closing.set()

    def _look(self) -> Frame | None:
        try:
            if self._held is not None:
                path, frame, until_s = self._held
                if self._clock_s() < until_s or self._shown < self._FEWEST_FRAMES:
                    self._shown += 1
                    return frame
                self._held = None
                path.unlink(missing_ok=True)
            for path in pictures_in(self._folder):
                picture = read_picture(path)
                if picture is None:
                    self._set_aside(path)
                    continue
                self._held = (path, picture, self._clock_s() + self._hold_s)
                self._shown = 1
                return picture
        except OSError as error:
            raise CameraStoppedError(
                f"the folder of cards {self._folder} cannot be used ({error.strerror}): "
                "see that it is there and that the account of the node may write to it"
            ) from error
        return None

    def _set_aside(self, path: Path) -> None:
        path.replace(path.with_name(path.name + ".unreadable"))
        self.unreadable += 1
        # a card's file may be named after a person: the folder tells enough
        log.warning("an image in %s cannot be read: set aside as *.unreadable", self._folder)


_BLANK: Final[Frame] = np.full((48, 64), 200, np.uint8)
_BLANK.flags.writeable = False
