"""The face camera looks at its pace, hands on what is good, and leaves every frame black."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.cameras import Frame, V4L2Frames
from devices.errors import (
    CameraLibraryMissingError,
    CameraStoppedError,
    DeviceNotFoundError,
    FrameError,
    PoorPictureError,
    UnknownDriverError,
)
from devices.face_camera import (
    FaceCamera,
    Figures,
    LightGate,
    Pace,
    Source,
    figures,
    open_source,
)
from devices.face_camera.picamera import PiCameraFrames, open_picamera
from devices.face_camera.self_test import steps
from devices.face_camera.standin import FolderCamera, drawn_picture


class Lens:
    """What stands before a camera: the same picture until another is put there."""

    def __init__(self, picture: Frame) -> None:
        self.picture = picture
        self.is_covered = False
        self.is_unplugged = False
        self.is_released = False

    def now(self) -> Frame:
        return np.full_like(self.picture, 2) if self.is_covered else self.picture.copy()


class FakeVideo:
    """OpenCV's capture of a camera that is not there."""

    def __init__(self, lens: Lens) -> None:
        self._lens = lens
        self.grabbed = 0

    def isOpened(self) -> bool:
        return True

    def set(self, what: int, value: float) -> bool:
        return True

    def read(self) -> tuple[bool, Frame | None]:
        return (False, None) if self._lens.is_unplugged else (True, self._lens.now())

    def grab(self) -> bool:
        self.grabbed += 1
        return not self._lens.is_unplugged

    def release(self) -> None:
        self._lens.is_released = True


class FakeJob:
    def __init__(self, result: object) -> None:
        self._result = result

    def get_result(self, timeout: float) -> object:
        if self._result is None:
            raise TimeoutError
        return self._result


class FakePiCamera:
    """picamera2's Picamera2, as far as it is used."""

    def __init__(self, lens: Lens) -> None:
        self._lens = lens
        self.said: list[str] = []

    def create_video_configuration(self, **wanted: Any) -> dict[str, Any]:
        return wanted

    def configure(self, wanted: dict[str, Any]) -> None:
        self.said.append(f"{wanted['main']['size']} {wanted['main']['format']}")

    def start(self) -> None:
        self.said.append("start")

    def capture_array(self, name: str, *, wait: bool) -> FakeJob:
        assert (name, wait) == ("main", False)
        return FakeJob(None if self._lens.is_unplugged else self._lens.now())

    def capture_metadata(self, *, wait: bool) -> FakeJob:
        return FakeJob(None if self._lens.is_unplugged else {"ExposureTime": 1})

    def cancel_all_and_flush(self) -> None:
        self.said.append("flush")

    def stop(self) -> None:
        self.said.append("stop")

    def close(self) -> None:
        self._lens.is_released = True


Opened = tuple[Source, Lens]


def by_v4l2(folder: Path) -> Opened:
    lens = Lens(drawn_picture())
    return V4L2Frames("/dev/null", open_camera=lambda _: FakeVideo(lens)), lens


def by_ribbon(folder: Path) -> Opened:
    lens = Lens(drawn_picture())
    return PiCameraFrames(open_camera=lambda: FakePiCamera(lens)), lens


class FolderLens(Lens):
    """The stand-in, handled as the others are."""

    def __init__(self, camera: FolderCamera) -> None:
        self._camera = camera

    @property
    def is_covered(self) -> bool:
        return self._camera.covered

    @is_covered.setter
    def is_covered(self, covered: bool) -> None:
        self._camera.covered = covered


def by_folder(folder: Path) -> Opened:
    cv2.imwrite(str(folder / "person.png"), drawn_picture())
    camera = FolderCamera(folder, frame_s=0.0)
    return camera, FolderLens(camera)


every_source = pytest.mark.parametrize("opened", [by_v4l2, by_ribbon, by_folder])
Open = Callable[[Path], Opened]


# ---------------------------------------------------------------- one suite over every source


@every_source
def test_a_good_frame_is_handed_on_and_black_afterwards(opened: Open, tmp_path: Path) -> None:
    source, _ = opened(tmp_path)
    kept: list[Frame] = []
    with FaceCamera(source, pace=Pace(30)) as camera:
        seen = camera.run_once(lambda frame, _: kept.append(frame))
        assert seen is not None
        assert seen.flaw is None
        assert camera.handed_on == 1
    (frame,) = kept
    assert frame.shape == (480, 640, 3)
    assert not frame.any(), "what a looker keeps by mistake is black"


@every_source
def test_a_frame_that_the_gate_refuses_reaches_nobody(opened: Open, tmp_path: Path) -> None:
    source, lens = opened(tmp_path)
    lens.is_covered = True
    with FaceCamera(source, pace=Pace(30)) as camera:
        seen = camera.run_once(lambda frame, _: pytest.fail("nobody was to see this"))
        assert seen is not None
        assert seen.flaw == "too_dark"
        assert camera.flaws == {"too_dark": 1}


@every_source
def test_frames_between_two_beats_of_the_pace_go_by_unread(opened: Open, tmp_path: Path) -> None:
    source, _ = opened(tmp_path)
    now_us = 0
    looked: list[int] = []
    with FaceCamera(source, pace=Pace(5), monotonic_us=lambda: now_us) as camera:
        for at_ms in range(0, 1000, 50):  # a camera of 20 frames a second
            now_us = at_ms * 1000
            if camera.run_once(lambda frame, seen: None) is not None:
                looked.append(at_ms)
        assert looked == [0, 200, 400, 600, 800]
        assert camera.passed_over == 15


@every_source
def test_a_technician_looks_into_it_and_lays_a_hand_on_it(opened: Open, tmp_path: Path) -> None:
    source, lens = opened(tmp_path)
    look, cover = steps(source)
    assert (look.name, cover.name) == ("look", "cover-lens")
    assert not look.confirm
    said = look.run(1.0)
    assert "sharpness" in said
    assert "brightness" in said
    with pytest.raises(PoorPictureError, match="no hand came"):
        cover.run(0.05)
    lens.is_covered = True
    assert "under the hand" in cover.run(1.0)
    with pytest.raises(PoorPictureError, match="too dark"):
        look.run(0.05)


@every_source
def test_a_closed_camera_gives_nothing_more(opened: Open, tmp_path: Path) -> None:
    source, _ = opened(tmp_path)
    source.close()
    source.close()
    assert source.next(0.01) is None
    assert not source.pass_over(0.01)


@pytest.mark.parametrize("opened", [by_v4l2, by_ribbon])
def test_an_unplugged_camera_is_told_after_a_few_frames(opened: Open, tmp_path: Path) -> None:
    source, lens = opened(tmp_path)
    lens.is_unplugged = True
    for _ in range(4):
        assert source.next(0.01) is None
    with pytest.raises(CameraStoppedError, match="cable"):
        source.next(0.01)
    (look, _) = steps(source)
    with pytest.raises(CameraStoppedError):
        look.run(0.05)


@pytest.mark.parametrize("opened", [by_v4l2, by_ribbon])
def test_a_camera_is_let_go_of(opened: Open, tmp_path: Path) -> None:
    source, lens = opened(tmp_path)
    with FaceCamera(source, pace=Pace(1)):
        pass
    assert lens.is_released


def test_a_looker_that_fails_leaves_no_frame_either(tmp_path: Path) -> None:
    source, _ = by_folder(tmp_path)
    kept: list[Frame] = []

    def fail(frame: Frame, seen: Figures) -> None:
        kept.append(frame)
        raise RuntimeError("the model is missing")

    with FaceCamera(source, pace=Pace(30)) as camera, pytest.raises(RuntimeError):
        camera.run_once(fail)
    assert not kept[0].any()


# ---------------------------------------------------------------- each by itself


def test_the_ribbon_camera_is_asked_for_bytes_as_opencv_has_them(tmp_path: Path) -> None:
    fake = FakePiCamera(Lens(drawn_picture()))
    frames = PiCameraFrames(width=800, height=600, open_camera=lambda: fake)
    assert fake.said == ["(800, 600) RGB888", "start"]
    fake._lens.is_unplugged = True
    assert frames.next(0.01) is None
    assert fake.said[-1] == "flush", "a late frame is nobody's"


def test_a_ribbon_camera_that_is_taken_says_so() -> None:
    def taken() -> FakePiCamera:
        raise RuntimeError("Camera __init__ sequence did not complete.")

    with pytest.raises(DeviceNotFoundError, match="end the program that holds it"):
        PiCameraFrames(open_camera=taken)


def test_a_machine_without_picamera2_says_which_package_has_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "picamera2", None)
    with pytest.raises(CameraLibraryMissingError, match="python3-picamera2"):
        open_picamera()


def test_a_camera_of_an_unknown_kind_names_those_that_there_are() -> None:
    with pytest.raises(UnknownDriverError, match="'picamera2'"):
        open_source("webcam")  # type: ignore[arg-type]


def test_the_stand_in_goes_round_its_pictures_and_leaves_them(tmp_path: Path) -> None:
    for grey in (50, 100, 150):
        cv2.imwrite(str(tmp_path / f"{grey:03}.png"), np.full((120, 160), grey, np.uint8))
    (tmp_path / "torn.png").write_bytes(b"\x89PNG\r\n")
    camera = open_source("folder", folder=str(tmp_path))
    assert isinstance(camera, FolderCamera)
    seen = []
    for _ in range(4):
        frame = camera.next(1.0)
        assert frame is not None
        seen.append(int(frame[0, 0, 0]))
    assert seen == [50, 100, 150, 50]
    assert len(list(tmp_path.iterdir())) == 4


def test_the_stand_in_of_an_empty_folder_shows_a_picture_without_anybody(tmp_path: Path) -> None:
    camera = FolderCamera(tmp_path / "new", frame_s=0.0)
    frame = camera.next(0.1)
    assert frame is not None
    assert LightGate().flaw(frame, figures(frame)) is None


def test_the_stand_in_says_when_its_folder_is_gone(tmp_path: Path) -> None:
    folder = tmp_path / "faces"
    camera = FolderCamera(folder, frame_s=0.0)
    folder.rmdir()
    with pytest.raises(CameraStoppedError, match="see that it is there"):
        camera.next(0.1)


# ---------------------------------------------------------------- pace and quality


@given(st.lists(st.integers(0, 400_000), max_size=60), st.integers(1, 30))
def test_the_pace_is_never_broken_for_long(gaps_us: list[int], per_second: int) -> None:
    pace = Pace(per_second)
    at_us, looked = 0, []
    for gap_us in gaps_us:
        at_us += gap_us
        if pace.is_due(at_us):
            looked.append(at_us)
    for first, second in pairwise(looked):
        assert second - first >= 500_000 // per_second - 1
    assert len(looked) <= at_us * per_second / 1_000_000 + 2


def test_a_clock_that_runs_back_does_not_stop_the_camera() -> None:
    pace = Pace(5)
    assert pace.is_due(10_000_000)
    assert pace.is_due(1_000_000)


def test_the_same_scene_measures_alike_at_every_size() -> None:
    one, other = figures(drawn_picture(640, 480)), figures(drawn_picture(1280, 960))
    assert other.brightness == pytest.approx(one.brightness, rel=0.02)
    assert other.sharpness == pytest.approx(one.sharpness, rel=0.1)


def test_blur_lowers_the_sharpness_and_is_a_flaw() -> None:
    sharp = drawn_picture()
    blurred = np.asarray(cv2.GaussianBlur(sharp, (0, 0), 12), np.uint8)
    assert figures(blurred).sharpness < figures(sharp).sharpness / 10
    assert LightGate().flaw(blurred, figures(blurred)) == "blurred"


@pytest.mark.parametrize(
    ("seen", "flaw"),
    [
        (Figures(39.9, 50, 500), "too_dark"),
        (Figures(40, 50, 500), None),
        (Figures(225.1, 50, 500), "too_bright"),
        (Figures(120, 11.9, 500), "flat"),
        (Figures(120, 50, 29.9), "blurred"),
    ],
)
def test_the_plain_gate_names_the_first_flaw(seen: Figures, flaw: str | None) -> None:
    assert LightGate().flaw(drawn_picture(), seen) == flaw


@pytest.mark.parametrize("shape", [(0, 4), (4, 4, 4), (4,)])
def test_what_is_no_picture_is_not_measured(shape: tuple[int, ...]) -> None:
    with pytest.raises(FrameError, match="cannot be measured"):
        figures(np.zeros(shape, np.uint8))
