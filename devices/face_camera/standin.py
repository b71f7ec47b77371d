"""A camera without hardware: the pictures of a folder, one after the other, for ever."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from devices.cameras import Frame
from devices.errors import CameraStoppedError, DeviceNotFoundError, DevicePermissionError
from devices.pictures import pictures_in, read_picture


class FolderCamera:
    """Gives the pictures of ``folder`` by name, over and over; the files stay as they are.

    Each frame is read anew, so pictures may come and go; one that cannot be read is passed over,
    and an empty folder gives a drawn test picture, in which there is nobody.  While ``covered``
    is set, a hand lies on the lens.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        frame_s: float = 1 / 15,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Look at ``folder``, which is made if it is not there.

        Raises:
            DeviceNotFoundError: it cannot be made.
            DevicePermissionError: it may not be read.
        """
        self._folder: Final = Path(folder)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DeviceNotFoundError(
                f"{folder} cannot be a folder of pictures ({error.strerror}): name another"
            ) from None
        if not os.access(self._folder, os.R_OK | os.X_OK):
            raise DevicePermissionError(
                f"{folder} may not be read: give it to the account of the node"
            )
        self.covered = False
        self._frame_s = frame_s
        self._clock_s = clock_s
        self._next_s = clock_s()
        self._closing = threading.Event()
        self._after = ""

    def next(self, timeout_s: float) -> Frame | None:
        """The next picture, blue-green-red.

        Raises:
            CameraStoppedError: the folder is gone.
        """
        if not self._wait(timeout_s):
            return None
        frame = self._look()
        return np.full_like(frame, 3) if self.covered else frame

    def pass_over(self, timeout_s: float) -> bool:
        """Let a frame's time go by."""
        return self._wait(timeout_s)

    def close(self) -> None:
        """Look no more; again does nothing."""
        self._closing.set()

    def _wait(self, timeout_s: float) -> bool:
        left_s = self._next_s - self._clock_s()
        if left_s > timeout_s:
            self._closing.wait(timeout_s)
            return False
        self._closing.wait(max(0.0, left_s))
        self._next_s = self._clock_s() + self._frame_s
        return not self._closing.is_set()

    def _look(self) -> Frame:
        try:
            found = pictures_in(self._folder)
            # from where it stopped, around once
            later = [path for path in found if path.name > self._after]
            for path in [*later, *found]:
                picture = read_picture(path, colour=True)
                if picture is not None:
                    self._after = path.name
                    return picture
        except OSError as error:
            raise CameraStoppedError(
                f"the folder of pictures {self._folder} cannot be read ({error.strerror}): see "
                "that it is there"
            ) from error
        return drawn_picture()


def drawn_picture(width: int = 640, height: int = 480) -> Frame:
    """A picture with light, contrast and edges, and nobody in it: a chessboard."""
    picture = np.full((height, width, 3), (120, 130, 140), np.uint8)
    square = max(8, height // 12)
    for y in range(0, height, square):
        for x in range(square * ((y // square) % 2), width, 2 * square):
            cv2.rectangle(picture, (x, y), (x + square - 1, y + square - 1), (40, 60, 80), -1)
    return np.asarray(picture, dtype=np.uint8)
