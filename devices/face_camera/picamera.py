"""The Pi's own ribbon camera, through libcamera's picamera2 where Debian's package has it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from devices.cameras import Frame
from devices.errors import CameraLibraryMissingError, CameraStoppedError, DeviceNotFoundError

_SILENCES_UNTIL_STOPPED = 5


def open_picamera() -> Any:
    """The first camera that libcamera knows.

    Raises:
        CameraLibraryMissingError: picamera2 is not on this machine.
        DeviceNotFoundError: no camera on the ribbon.
    """
    try:
        from picamera2 import Picamera2
    except ImportError as error:
        raise CameraLibraryMissingError(
            "Chưa có picamera2 / picamera2 is missing: apt install python3-picamera2, and let the "
            "node's environment see Debian's packages (python3 -m venv --system-site-packages); "
            'or use a USB camera with source = "v4l2"'
        ) from error
    if not Picamera2.global_camera_info():
        raise DeviceNotFoundError(
            "không thấy camera / libcamera knows no camera: check the ribbon at both ends, then "
            "rpicam-hello --list-cameras"
        )
    return Picamera2()


class PiCameraFrames:
    """Frames of the ribbon camera, H x W x 3 blue-green-red."""

    def __init__(
        self,
        *,
        width: int = 640,
        height: int = 480,
        open_camera: Callable[[], Any] = open_picamera,
    ) -> None:
        """Open and start it.

        Raises:
            DeviceError: no library, no camera, or another program has it.
        """
        self._lock = threading.Lock()
        self._is_closed = False
        self._silences = 0
        try:
            self._camera = open_camera()
        except RuntimeError as error:
            raise _taken(error) from error
        try:
            # libcamera names formats by the machine word: its RGB888 is blue-green-red in memory
            wanted = self._camera.create_video_configuration(
                main={"size": (width, height), "format": "RGB888"}, buffer_count=2
            )
            self._camera.configure(wanted)
            self._camera.start()
        except RuntimeError as error:
            self._camera.close()
            raise _taken(error) from error

    def next(self, timeout_s: float) -> Frame | None:
        """The next frame; None when none came in time.

        Raises:
            CameraStoppedError: its cable is out, or five in a row did not come.
        """
        came = self._wait(lambda: self._camera.capture_array("main", wait=False), timeout_s)
        return None if came is None else np.asarray(came, dtype=np.uint8)

    def pass_over(self, timeout_s: float) -> bool:
        """Let a frame go by without copying it out.

        Raises:
            CameraStoppedError: as for :meth:`next`.
        """
        return self._wait(lambda: self._camera.capture_metadata(wait=False), timeout_s) is not None

    def close(self) -> None:
        """Stop it and let go; again does nothing."""
        with self._lock:
            if not self._is_closed:
                self._is_closed = True
                self._camera.stop()
                self._camera.close()

    def _wait(self, ask: Callable[[], Any], timeout_s: float) -> Any:
        with self._lock:
            if self._is_closed:
                return None
            try:
                came = ask().get_result(timeout=timeout_s)
            except TimeoutError:
                # a job that is left in the queue would take a frame that nobody asked for
                self._camera.cancel_all_and_flush()
                came = None
            except RuntimeError as error:
                raise CameraStoppedError(
                    f"the ribbon camera gives no more frames ({error}): check its cable"
                ) from error
        self._silences = 0 if came is not None else self._silences + 1
        if self._silences >= _SILENCES_UNTIL_STOPPED:
            raise CameraStoppedError("the ribbon camera gives no more frames: check its cable")
        return came


def _taken(error: RuntimeError) -> DeviceNotFoundError:
    return DeviceNotFoundError(
        f"the ribbon camera cannot be opened ({error}): end the program that holds it, or check "
        "its ribbon"
    )
