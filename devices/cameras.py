"""Cameras that Linux knows as ``/dev/videoN``, for the code scanner and for the face camera."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.errors import CameraStoppedError, DeviceNotFoundError, DevicePermissionError

Frame = NDArray[np.uint8]
"""A picture: H x W grey, or H x W x 3 blue-green-red."""


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
            self._wait_at_most(timeout_s)
            came, frame = self._camera.read()
        self._judge(came)
        return np.asarray(frame, dtype=np.uint8) if came else None

    def pass_over(self, timeout_s: float) -> bool:
        """Let the next frame go by without unpacking it; False when none came in time.

        Raises:
            CameraStoppedError: as for :meth:`next`.
        """
        with self._lock:
            if self._closed:
                return False
            self._wait_at_most(timeout_s)
            came = bool(self._camera.grab())
        self._judge(came)
        return came

    def _wait_at_most(self, timeout_s: float) -> None:
        if self._timeout_ms != timeout_s * 1000:
            self._timeout_ms = timeout_s * 1000
            self._camera.set(cv2.CAP_PROP_READ_TIMEOUT_MSEC, self._timeout_ms)

    def _judge(self, came: bool) -> None:
        self._failures = 0 if came else self._failures + 1
        if came:
            return
        if self._failures >= self._FAILURES_UNTIL_STOPPED or not Path(self._device).exists():
            raise CameraStoppedError(f"{self._device} gives no more frames: check its cable")

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
