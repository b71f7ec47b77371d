"""Where frames come from: cards held before a folder, and a camera that may not be there."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from devices.errors import CameraStoppedError, DeviceNotFoundError, DevicePermissionError
from devices.qr_scanner.decode import Frame, decode
from devices.qr_scanner.frames import FolderFrames, V4L2Frames
from devices.qr_scanner.standin import draw_code, hold, png
from tests.devices.qr_cards import CARD


class Clock:
    """A clock that the test winds."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def folder_frames(folder: Path, clock: Clock, **settings: float) -> FolderFrames:
    return FolderFrames(folder, frame_s=0.0, clock_s=clock, **settings)


def same(frame: Frame | None, expected: Frame) -> bool:
    return frame is not None and np.array_equal(frame, expected)


def is_blank(frame: Frame | None) -> bool:
    return frame is not None and decode(frame) == [] and int(frame.min()) == int(frame.max())


def test_a_card_is_held_for_its_time_and_then_taken_away(tmp_path: Path) -> None:
    clock = Clock()
    frames = folder_frames(tmp_path, clock, hold_s=0.6)
    assert is_blank(frames.next(0))
    code = draw_code(CARD)
    path = hold(tmp_path, png(code), "card")
    for _ in range(3):
        assert same(frames.next(0), code)
    assert path.exists()
    clock.now_s += 0.59
    assert same(frames.next(0), code)
    clock.now_s += 0.02
    assert is_blank(frames.next(0))
    assert list(tmp_path.iterdir()) == []


def test_cards_that_come_at_once_are_held_one_after_the_other(tmp_path: Path) -> None:
    clock = Clock()
    frames = folder_frames(tmp_path, clock, hold_s=0.5)
    first, second = draw_code("một"), draw_code("hai")
    hold(tmp_path, png(second), "0002")
    hold(tmp_path, png(first), "0001")
    for _ in range(3):
        assert same(frames.next(0), first)
    clock.now_s += 0.5
    assert same(frames.next(0), second)


def test_a_card_does_not_go_by_unseen_while_the_machine_stands_still(tmp_path: Path) -> None:
    clock = Clock()
    frames = folder_frames(tmp_path, clock, hold_s=0.5)
    code = draw_code(CARD)
    hold(tmp_path, png(code), "card")
    for _ in range(3):
        assert same(frames.next(0), code)
        clock.now_s += 60.0
    assert is_blank(frames.next(0))


def test_a_card_that_is_still_being_written_is_not_looked_at(tmp_path: Path) -> None:
    frames = folder_frames(tmp_path, Clock())
    (tmp_path / ".card.7.part").write_bytes(png(draw_code(CARD))[:50])
    (tmp_path / ".card.png").write_bytes(png(draw_code(CARD))[:50])
    assert is_blank(frames.next(0))
    assert frames.unreadable == 0


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"MZ\x00 not an image", id="no image"),
        pytest.param(png(draw_code("x"))[:30], id="cut in the header"),
        pytest.param(b"GIF89a\x01\x00\x01\x00\x00\x00\x00;", id="of another kind"),
    ],
)
def test_an_image_that_cannot_be_read_is_set_aside_and_told(
    tmp_path: Path, data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    frames = folder_frames(tmp_path, Clock())
    (tmp_path / "TRAN-THI-MAU.png").write_bytes(data)
    with caplog.at_level(logging.WARNING):
        assert is_blank(frames.next(0))
    assert (tmp_path / "TRAN-THI-MAU.png.unreadable").read_bytes() == data
    assert frames.unreadable == 1
    assert "*.unreadable" in caplog.text
    assert "MAU" not in caplog.text
    assert is_blank(frames.next(0))
    assert frames.unreadable == 1


def test_an_image_too_large_to_be_held_is_set_aside_before_it_is_unpacked(tmp_path: Path) -> None:
    frames = folder_frames(tmp_path, Clock())
    Image.new("1", (5000, 4001)).save(tmp_path / "huge.png")
    hold(tmp_path, png(draw_code(CARD)), "next")
    assert same(frames.next(0), draw_code(CARD))
    assert (tmp_path / "huge.png.unreadable").exists()


def test_what_is_no_card_is_left_alone(tmp_path: Path) -> None:
    frames = folder_frames(tmp_path, Clock())
    (tmp_path / "note.txt").write_text("a note")
    (tmp_path / "drawer.png").mkdir()
    (tmp_path / "away.png").symlink_to(tmp_path / "note.txt")
    os.mkfifo(tmp_path / "pipe.png")
    assert is_blank(frames.next(0))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "away.png",
        "drawer.png",
        "note.txt",
        "pipe.png",
    ]


def test_a_photograph_serves_as_well_as_a_drawing(tmp_path: Path) -> None:
    frames = folder_frames(tmp_path, Clock())
    colour = cv2.cvtColor(draw_code(CARD), cv2.COLOR_GRAY2BGR)
    assert cv2.imwrite(str(tmp_path / "photo.JPG"), colour)
    frame = frames.next(0)
    assert frame is not None
    assert [code.text for code in decode(frame, budget_ms=60_000)] == [CARD]


def test_the_folder_is_made_where_there_is_none(tmp_path: Path) -> None:
    assert is_blank(folder_frames(tmp_path / "kiosk" / "scanner", Clock()).next(0))


def test_a_folder_that_cannot_be_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DeviceNotFoundError, match="name another"):
        FolderFrames(tmp_path / "file")


def test_a_folder_that_goes_away_stops_the_scanner_with_a_reason(tmp_path: Path) -> None:
    folder = tmp_path / "cards"
    frames = folder_frames(folder, Clock())
    folder.rmdir()
    with pytest.raises(CameraStoppedError, match="see that it is there"):
        frames.next(0)


def test_a_closed_folder_gives_nothing_and_keeps_its_cards(tmp_path: Path) -> None:
    frames = folder_frames(tmp_path, Clock())
    path = hold(tmp_path, png(draw_code(CARD)), "card")
    frames.close()
    frames.close()
    assert frames.next(10) is None
    assert path.exists()


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "Trần", "a" * 81])
def test_a_card_is_held_under_a_plain_name_only(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="name a card with"):
        hold(tmp_path, b"", name)
    assert list(tmp_path.iterdir()) == []


def test_a_card_that_could_not_be_held_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "card.png").mkdir()
    with pytest.raises(OSError, match=r"card\.png"):
        hold(tmp_path, b"x", "card")
    assert [path.name for path in tmp_path.iterdir()] == ["card.png"]


class Camera:
    """OpenCV's capture, as far as the scanner uses it."""

    def __init__(self, frames: list[Frame | None], opened: bool = True) -> None:
        self.frames = frames
        self.opened = opened
        self.settings: dict[int, float] = {}
        self.released = 0

    def isOpened(self) -> bool:
        return self.opened

    def set(self, setting: int, value: float) -> bool:
        self.settings[setting] = value
        return True

    def read(self) -> tuple[bool, Frame | None]:
        frame = self.frames.pop(0) if self.frames else None
        return frame is not None, frame

    def release(self) -> None:
        self.released += 1


def test_a_camera_is_asked_for_its_size_and_for_the_newest_frame() -> None:
    frame = np.zeros((720, 1280, 3), np.uint8)
    camera = Camera([frame])
    frames = V4L2Frames("/dev/null", width=1280, height=720, open_camera=lambda _: camera)
    assert frames.next(0.5) is frame
    assert camera.settings == {
        cv2.CAP_PROP_FRAME_WIDTH: 1280,
        cv2.CAP_PROP_FRAME_HEIGHT: 720,
        cv2.CAP_PROP_BUFFERSIZE: 1,
        cv2.CAP_PROP_READ_TIMEOUT_MSEC: 500,
    }
    frames.close()
    frames.close()
    assert camera.released == 1
    assert frames.next(0.5) is None


def test_a_camera_may_miss_frames_and_is_given_up_at_the_fifth() -> None:
    frame = np.zeros((48, 64, 3), np.uint8)
    camera = Camera([None, None, None, None, frame])
    frames = V4L2Frames("/dev/null", open_camera=lambda _: camera)
    assert [frames.next(0.1) for _ in range(5)] == [None, None, None, None, frame]
    assert [frames.next(0.1) for _ in range(4)] == [None] * 4
    with pytest.raises(CameraStoppedError, match="check its cable"):
        frames.next(0.1)


def test_a_camera_that_another_program_holds_is_told_and_let_go() -> None:
    camera = Camera([], opened=False)
    with pytest.raises(DeviceNotFoundError, match="end the program that holds it"):
        V4L2Frames("/dev/null", open_camera=lambda _: camera)
    assert camera.released == 1


def test_a_camera_that_is_not_there_is_told_by_its_name() -> None:
    with pytest.raises(DeviceNotFoundError, match="/dev/video-none is not there"):
        V4L2Frames("/dev/video-none")


def test_a_file_is_no_camera(tmp_path: Path) -> None:
    (tmp_path / "video0").write_text("")
    with pytest.raises(DeviceNotFoundError, match="is not a camera"):
        V4L2Frames(str(tmp_path / "video0"))


def test_a_character_device_that_is_no_camera_does_not_open() -> None:
    with pytest.raises(DeviceNotFoundError, match="cannot be opened as a camera"):
        V4L2Frames("/dev/null")


def test_a_camera_of_another_account_names_the_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(DevicePermissionError, match="group 'video'"):
        V4L2Frames("/dev/null")
