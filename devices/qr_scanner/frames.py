"""Where the scanner's frames come from: a camera, or a folder that cards are held before."""

from __future__ import annotations

import io
import logging
import os
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from devices.errors import CameraStoppedError, DeviceNotFoundError, DevicePermissionError
from devices.qr_scanner.decode import MAX_PIXELS, Frame

log = logging.getLogger(__name__)

MAX_FILE_BYTES: Final = 32 * 1024 * 1024
SUFFIXES: Final = (".png", ".jpg", ".jpeg", ".bmp", ".webp")
"""Files of a folder that are taken for cards; a name that begins with a dot is not looked at."""

_FORMATS: Final = ("PNG", "JPEG", "BMP", "WEBP")


class Frames(Protocol):
    """A source of frames; one thread reads it, any may close it."""

    def next(self, timeout_s: float) -> Frame | None:
        """The newest frame, within about ``timeout_s``; None when none came.

        Raises:
            DeviceError: the source is gone; make a new one.
        """

    def close(self) -> None:
        """Let go of the source; again does nothing."""


class V4L2Frames:
    """The frames of a camera that Linux knows as ``/dev/videoN``."""

    _FAILURES_UNTIL_STOPPED: Final = 5

    def __init__(
        self,
        device: str = "/dev/video0",
        *,
        width: int = 640,
        height: int = 480,
        open_camera: Callable[[str], Any] = lambda device: cv2.VideoCapture(device, cv2.CAP_V4L2),
    ) -> None:
        """Open the camera at ``width`` x ``height`` pixels, or the nearest that it can.

        Raises:
            DeviceNotFoundError: no such device, or it is not a camera.
            DevicePermissionError: the account of the node may not read it.
        """
        _check_camera(device)
        camera = open_camera(device)
        if not camera.isOpened():
            camera.release()
            raise DeviceNotFoundError(
                f"{device} cannot be opened as a camera: choose another /dev/videoN "
                "(v4l2-ctl --list-devices shows them), or end the program that holds it"
            )
        camera.set(cv2.CAP_PROP_FRAME_WIDTH, width)
        camera.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
        camera.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # an old frame is of no use to anybody
        self._device = device
        self._camera = camera
        self._failures = 0
        self._timeout_ms = 0.0
        self._lock = threading.Lock()
        self._closed = False

    def next(self, timeout_s: float) -> Frame | None:
        """See :meth:`Frames.next`. Frames are H x W x 3, blue-green-red.

        Raises:
            CameraStoppedError: unplugged, or five frames in a row did not come.
        """
        with self._lock:
            if self._closed:
                return None
            if self._timeout_ms != timeout_s * 1000:
                self._timeout_ms = timeout_s * 1000
                self._camera.set(cv2.CAP_PROP_READ_TIMEOUT_MSEC, self._timeout_ms)
            came, frame = self._camera.read()
        if came:
            self._failures = 0
            return np.asarray(frame, dtype=np.uint8)
        self._failures += 1
        if self._failures >= self._FAILURES_UNTIL_STOPPED or not Path(self._device).exists():
            raise CameraStoppedError(f"{self._device} gives no more frames: check its cable")
        return None

    def close(self) -> None:
        """Release the camera, after the frame that is being read."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._camera.release()


def _check_camera(device: str) -> None:
    path = Path(device)
    try:
        mode = path.stat().st_mode
    except OSError:
        raise DeviceNotFoundError(
            f"{device} is not there: plug the camera in, or name another in the settings"
        ) from None
    if not stat.S_ISCHR(mode):
        raise DeviceNotFoundError(f"{device} is not a camera: name a /dev/videoN in the settings")
    if not os.access(path, os.R_OK | os.W_OK):
        raise DevicePermissionError(
            f"{device} may not be read: add the account of the node to the group 'video'"
        )


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
            for path in sorted(_cards(self._folder)):
                picture = _picture(path)
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


def _cards(folder: Path) -> list[Path]:
    with os.scandir(folder) as entries:
        return [
            Path(entry.path)
            for entry in entries
            if not entry.name.startswith(".")
            and entry.name.lower().endswith(SUFFIXES)
            and entry.is_file(follow_symlinks=False)
        ]


def _picture(path: Path) -> Frame | None:
    """The image at ``path`` in grey; None if it is no image, torn, or too large to be held."""
    with path.open("rb") as file:
        data = file.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        return None
    try:
        # Pillow reads the size alone here; a small file can unpack to gigabytes
        with Image.open(io.BytesIO(data), formats=_FORMATS) as header:
            width, height = header.size
    except (UnidentifiedImageError, Image.DecompressionBombError, ValueError, SyntaxError):
        return None
    if not 0 < width * height <= MAX_PIXELS:
        return None
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    except cv2.error:
        return None
    return None if picture is None else np.asarray(picture, dtype=np.uint8)
