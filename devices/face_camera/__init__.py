"""The camera that looks at faces: frames for a moment, never kept, written or sent."""

from __future__ import annotations

from typing import Final, Literal

from devices.errors import UnknownDriverError
from devices.face_camera.camera import FaceCamera, Looker, Source
from devices.face_camera.pace import Pace
from devices.face_camera.quality import Figures, LightGate, QualityGate, figures

SourceName = Literal["v4l2", "picamera2", "folder"]

STAND_INS: Final[tuple[SourceName, ...]] = ("folder",)

__all__ = [
    "STAND_INS",
    "FaceCamera",
    "Figures",
    "LightGate",
    "Looker",
    "Pace",
    "QualityGate",
    "Source",
    "SourceName",
    "figures",
    "open_source",
]


def open_source(
    source: SourceName,
    *,
    device: str | None = None,
    folder: str | None = None,
    width: int = 640,
    height: int = 480,
) -> Source:
    """Open what the frames come from; ``device`` is for ``v4l2``, ``folder`` for ``folder``.

    Raises:
        DeviceError: no such camera or folder, its library is missing, or it is taken.
    """
    match source:
        case "v4l2":
            from devices.cameras import V4L2Frames

            return V4L2Frames(device or "/dev/video0", width=width, height=height)
        case "picamera2":
            from devices.face_camera.picamera import PiCameraFrames

            return PiCameraFrames(width=width, height=height)
        case "folder":
            from devices.face_camera.standin import FolderCamera

            return FolderCamera(folder or ".")
    raise UnknownDriverError(
        f"Không có camera kiểu {source!r} / there is no face camera {source!r}: "
        "choose 'v4l2', 'picamera2' or 'folder'"
    )
