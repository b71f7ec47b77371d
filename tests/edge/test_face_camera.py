"""The face camera's loop takes frames only while somebody wants to look."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from devices.cameras import Frame
from devices.face_camera import Figures
from devices.settings_file import SettingsError
from edge.clock import Clock
from edge.face_camera import FaceCameraLoop
from edge.loops import Loop
from edge.settings import FaceCamera, read_settings, real_devices
from tests.parts import until


def test_the_camera_is_closed_until_somebody_wants_to_look_and_again_afterwards(
    tmp_path: Path,
) -> None:
    table = FaceCamera(source="folder", folder=str(tmp_path / "faces"), frames_per_second=30)
    camera = FaceCameraLoop(table, Clock())
    loop = Loop("face_camera", camera.run, on_trouble=lambda name, reason: None)
    looked = threading.Event()

    def look(frame: Frame, seen: Figures) -> None:
        assert frame.any()
        looked.set()

    loop.start()
    try:
        until(lambda: loop.is_well, "the loop goes without a camera")
        assert not camera.is_on
        assert not (tmp_path / "faces").exists(), "nothing was opened"
        camera.watch(look)
        assert looked.wait(10)
        assert camera.is_on
        camera.watch(None)
        until(lambda: not camera.is_on, "the camera is closed again")
        looked.clear()
        assert not looked.wait(0.2)
    finally:
        loop.stop()
        assert loop.join(5)


def test_a_looker_that_fails_is_told_and_tried_again(tmp_path: Path) -> None:
    table = FaceCamera(source="folder", folder=str(tmp_path), frames_per_second=30)
    camera = FaceCameraLoop(table, Clock())
    told: list[str | None] = []
    loop = Loop(
        "face_camera", camera.run, on_trouble=lambda _, why: told.append(why), first_rest_s=0.01
    )
    tries = 0

    def look(frame: Frame, seen: Figures) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise RuntimeError("the model is missing")

    camera.watch(look)
    loop.start()
    try:
        until(lambda: len(told) == 2, "the trouble has come and gone")
        assert told[0] is not None
        assert "RuntimeError in look" in told[0]
        assert told[1] is None
    finally:
        loop.stop()
        assert loop.join(5)


HEAD = """[node]
id = "counter-3"
hall = "kien-hung"
kind = "counter"
data_dir = "/tmp/x"
"""
CAMERA = '[face_camera]\ndevice = "/dev/video2"\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[face_camera]\n", "v4l2 needs `device`"),
        ('[face_camera]\nsource = "folder"\n', "folder needs `folder`"),
        (CAMERA + '[qr_scanner]\ndevice = "/dev/video2"\n', "the QR scanner's already"),
        (
            '[face_camera]\nsource = "folder"\nfolder = "/x"\n'
            '[qr_scanner]\nsource = "folder"\nfolder = "/x"\n',
            "the folder of the QR scanner",
        ),
        (CAMERA + "frames_per_second = 31\n", "face_camera.frames_per_second"),
        (
            CAMERA + '[panel]\nport = 8090\nallow_origin = "http://127.0.0.1:8080"\n',
            "face_camera.source = 'v4l2' is a real device",
        ),
    ],
)
def test_a_camera_that_cannot_be_meant_is_refused(text: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        read_settings(HEAD + text)


def test_a_ribbon_camera_needs_no_name_and_is_no_stand_in() -> None:
    settings = read_settings(HEAD + '[face_camera]\nsource = "picamera2"\n')
    assert settings.device_names() == ["face_camera"]
    assert list(real_devices(settings)) == [("face_camera.source", "picamera2")]
