"""The face camera's loop takes frames only while somebody wants to look."""

from __future__ import annotations

import threading
from pathlib import Path

from devices.cameras import Frame
from devices.face_camera import Figures
from edge.clock import Clock
from edge.face_camera import FaceCameraLoop
from edge.loops import Loop
from edge.settings import FaceCamera
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
