"""A person holds a card before the scanner: one holding is one scan."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from devices import messages
from devices.errors import CameraStoppedError, DecoderMissingError
from devices.qr_scanner import zbar
from devices.qr_scanner.decode import Decoded, Frame
from devices.qr_scanner.frames import FolderFrames
from devices.qr_scanner.held import HeldCodes
from devices.qr_scanner.scanner import QrScanner
from devices.qr_scanner.standin import draw_code, hold, png
from tests.devices.qr_cards import CARD, drawn

EMPTY: Frame = np.full((48, 64), 200, np.uint8)
OTHER = CARD.replace("MẪU", "THỬ")


class Desk:
    """A camera whose picture the test lays out, and a clock that the test winds."""

    def __init__(self) -> None:
        self.picture: Frame | None = EMPTY
        self.now_us = 1_000_000
        self.closed = 0
        self.scans: list[Decoded] = []
        self.outbox_full = False
        self.scanner = QrScanner(
            frames=self,
            on_scan=self.scan,
            monotonic_us=lambda: self.now_us,
            rest_ms=60,
            same_code_s=3.0,
            budget_ms=60_000,
        )

    def next(self, timeout_s: float) -> Frame | None:
        return self.picture

    def close(self) -> None:
        self.closed += 1

    def scan(self, code: Decoded) -> None:
        if self.outbox_full:
            raise OSError("the outbox is full")
        self.scans.append(code)

    def look(self, picture: Frame | None, *, after_s: float = 0.1) -> None:
        self.picture = picture
        self.now_us += round(after_s * 1_000_000)
        self.scanner.run_once()

    @property
    def texts(self) -> list[str]:
        return [code.text for code in self.scans]


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    with made.scanner:
        yield made


def test_a_card_held_for_many_frames_is_one_scan(desk: Desk) -> None:
    card = draw_code(CARD, scale=3)
    for _ in range(100):
        desk.look(card)
    assert desk.scans == [Decoded(CARD, "zxing-cpp")]
    assert desk.scanner.counts.looks == 100
    assert desk.scanner.counts.scans == 1


def test_a_card_that_trembles_is_still_one_scan(desk: Desk) -> None:
    for _ in range(10):
        desk.look(draw_code(CARD, scale=3))
        for _ in range(5):
            desk.look(EMPTY, after_s=0.5)
    assert desk.texts == [CARD]


def test_a_card_that_comes_back_later_is_a_new_scan(desk: Desk) -> None:
    card = draw_code(CARD, scale=3)
    desk.look(card)
    desk.look(EMPTY)
    desk.look(EMPTY, after_s=3.0)
    desk.look(card)
    assert desk.texts == [CARD, CARD]


def test_two_different_cards_are_two_scans(desk: Desk) -> None:
    desk.look(draw_code(CARD, scale=3))
    desk.look(draw_code(OTHER, scale=3), after_s=0.3)
    desk.look(draw_code(CARD, scale=3), after_s=0.3)
    assert desk.texts == [CARD, OTHER]


def beside(left: str, right: str) -> Frame:
    """Two codes, the left one in the middle of the frame."""
    codes = [draw_code(left, scale=4), draw_code(right, scale=3)]
    frame = np.full((480, 900), 200, np.uint8)
    for code, middle in zip(codes, (450, 760), strict=True):
        top, begin = 240 - code.shape[0] // 2, middle - code.shape[1] // 2
        frame[top : top + code.shape[0], begin : begin + code.shape[1]] = code
    return frame


def test_of_two_cards_held_together_the_one_in_the_middle_is_the_scan(desk: Desk) -> None:
    for _ in range(10):
        desk.look(beside(CARD, OTHER), after_s=0.5)
    assert desk.texts == [CARD]


def test_the_card_behind_is_a_scan_when_the_first_is_taken_away(desk: Desk) -> None:
    desk.look(beside(CARD, OTHER))
    desk.look(draw_code(OTHER, scale=3), after_s=0.5)
    assert desk.texts == [CARD, OTHER]


def test_cards_that_come_faster_than_a_hand_can_are_reported_one_after_the_other(
    desk: Desk,
) -> None:
    desk.look(draw_code(CARD, scale=3))
    desk.look(draw_code(OTHER, scale=3), after_s=0.1)
    assert desk.texts == [CARD]
    desk.look(draw_code(OTHER, scale=3), after_s=0.2)
    assert desk.texts == [CARD, OTHER]


def test_a_node_that_stood_still_does_not_scan_a_held_card_again(desk: Desk) -> None:
    desk.look(draw_code(CARD, scale=3))
    desk.look(draw_code(CARD, scale=3), after_s=60.0)
    desk.look(None, after_s=60.0)
    desk.look(draw_code(CARD, scale=3), after_s=60.0)
    assert desk.texts == [CARD]


def test_a_scan_that_could_not_be_kept_is_reported_again(desk: Desk) -> None:
    desk.outbox_full = True
    with pytest.raises(OSError, match="outbox is full"):
        desk.look(draw_code(CARD, scale=3))
    assert desk.scanner.counts.scans == 0
    desk.outbox_full = False
    desk.look(draw_code(CARD, scale=3))
    desk.look(draw_code(CARD, scale=3))
    assert desk.texts == [CARD]


def test_frames_within_the_rest_are_let_go_unread(desk: Desk) -> None:
    desk.look(EMPTY)
    desk.look(draw_code(CARD, scale=3), after_s=0.059)
    assert desk.scans == []
    desk.look(draw_code(CARD, scale=3), after_s=0.001)
    assert desk.texts == [CARD]
    assert desk.scanner.counts.looks == 2


def test_a_code_longer_than_a_message_carries_is_counted_and_dropped(desk: Desk) -> None:
    digits = "1" * (messages.MAX_SCAN_CHARS + 1)
    desk.look(draw_code(digits, scale=3, error="l"))
    assert desk.scans == []
    assert desk.scanner.counts.too_long == 1
    desk.look(draw_code(digits[:-1], scale=3, error="l"))
    assert desk.texts == [digits[:-1]]


def test_a_code_of_no_alphabet_is_counted_and_dropped(desk: Desk) -> None:
    desk.look(drawn(segno.make_qr(b"\xff\xfe\x80 M\xc7U", mode="byte")))
    assert desk.scans == []
    assert desk.scanner.counts.refused == 1


def test_no_text_of_a_card_reaches_a_log(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        desk.look(draw_code(CARD, scale=3))
    assert desk.texts == [CARD]
    assert "MẪU" not in caplog.text
    assert "001190012345" not in caplog.text


def test_a_scanner_in_order_has_nothing_to_say(desk: Desk) -> None:
    assert desk.scanner.self_test() == []
    assert desk.scanner.notes == []


def test_a_scanner_without_frames_says_what_to_do(desk: Desk) -> None:
    desk.picture = None
    assert desk.scanner.self_test() == ["no frame within 2 s: check the camera's cable"]


def test_a_camera_that_stopped_is_told_by_the_self_test_and_by_the_loop(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(timeout_s: float) -> Frame | None:
        raise CameraStoppedError("/dev/video0 gives no more frames: check its cable")

    monkeypatch.setattr(desk, "next", gone)
    assert desk.scanner.self_test() == ["/dev/video0 gives no more frames: check its cable"]
    with pytest.raises(CameraStoppedError):
        desk.scanner.run_once()


def test_without_zbar_the_scanner_goes_on_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(grey: Frame) -> list[zbar.Symbol]:
        raise DecoderMissingError("install the Debian package libzbar0")

    monkeypatch.setattr(zbar, "read", missing)
    desk = Desk()
    desk.look(np.full((48, 64), 0, np.uint8) + np.eye(48, 64, dtype=np.uint8) * 200)
    desk.look(draw_code(CARD, scale=3))
    assert desk.texts == [CARD]
    assert desk.scanner.notes == [
        "the scanner reads without zbar: install the Debian package libzbar0"
    ]
    assert desk.scanner.self_test() == ["pyzbar cannot read: install the Debian package libzbar0"]


def test_closing_twice_closes_once_and_a_closed_scanner_rests(desk: Desk) -> None:
    desk.picture = draw_code(CARD, scale=3)
    desk.scanner.close()
    desk.scanner.close()
    assert desk.closed == 1
    assert desk.scanner.run_once() is False
    assert desk.scans == []


def test_a_card_dropped_into_the_folder_is_scanned_once_and_taken_away(tmp_path: Path) -> None:
    scans: list[Decoded] = []
    now_us = 0

    def clock_us() -> int:
        nonlocal now_us
        now_us += 30_000
        return now_us

    frames = FolderFrames(tmp_path, hold_s=0.5, frame_s=0.0, clock_s=lambda: clock_us() / 1e6)
    with QrScanner(
        frames=frames, on_scan=scans.append, monotonic_us=clock_us, budget_ms=60_000
    ) as scanner:
        hold(tmp_path, png(draw_code(CARD)), "card")
        while list(tmp_path.iterdir()):
            assert scanner.run_once(0)
    assert scans == [Decoded(CARD, "zxing-cpp")]
    assert scanner.counts.looks > 1


@given(
    st.lists(
        st.tuples(
            st.sets(st.sampled_from("abc"), max_size=3),
            st.integers(0, 4).map(lambda halves: halves * 500_000),
        ),
        max_size=60,
    )
)
def test_a_code_is_new_only_after_looks_without_it_for_the_whole_time_away(
    looks: list[tuple[set[str], int]],
) -> None:
    held = HeldCodes(away_us=3_000_000)
    now_us = 0
    first_missed: dict[str, int | None] = {}
    for seen, step_us in looks:
        now_us += step_us
        new = held.look(sorted(seen), now_us)
        for text in "abc":
            missed_us = first_missed.get(text)
            away = text not in first_missed or (
                missed_us is not None and now_us - missed_us >= 3_000_000
            )
            assert (text in new) == (text in seen and away)
            if text in seen:
                first_missed[text] = None
            elif text in first_missed and missed_us is None:
                first_missed[text] = now_us
        for text in new:
            held.keep(text)
        assert len(held) <= 3
