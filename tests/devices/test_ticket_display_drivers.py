"""What people read over a counter, whichever display hangs there: one suite over all drivers."""

from __future__ import annotations

import pytest
import smbus2
from PIL import Image, ImageChops

from devices.messages import Display, Phase
from devices.ticket_display import TicketDisplay
from devices.ticket_display.frames import frame_of
from devices.ticket_display.self_test import steps
from tests.devices.display_chips import OledGlass, Part, part

# luma reads its pictures in a way that Pillow drops in version 14, which is not let in yet
pytestmark = pytest.mark.filterwarnings("ignore:Image.Image.getdata:DeprecationWarning")

S = 1_000_000
NOON_MS = 1_795_410_000_000
DRIVERS = ("max7219", "ssd1306", "sh1106", "recording", "recording-oled")


class Over:
    """A display over a counter, the hall's and the node's clock at noon, and a person's eyes."""

    def __init__(self, one: Part) -> None:
        self.part = one
        self.now_ms: int | None = NOON_MS
        self.display = self.begin_again()

    def begin_again(self) -> TicketDisplay:
        """The node starts anew."""
        self.display = TicketDisplay(self.part.open(), wall_ms=lambda: self.now_ms)
        return self.display

    def blinks(self, at_us: int = 0) -> bool:
        """Whether the display goes dark within the second after ``at_us``."""
        self.display.tick(at_us)
        lit = self.part.dots().getbbox() is not None
        self.display.tick(at_us + 800_000)
        return lit and self.part.dots().getbbox() is None

    def shows(self, display: Display, *, stale: bool = False) -> bool:
        frame = frame_of(display, size=self.part.dots().size, stale=stale)
        return self.part.dots().tobytes() == frame.image.tobytes()


@pytest.fixture(params=DRIVERS)
def over(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Over:
    one = part(request.param)
    if isinstance(one, OledGlass):
        monkeypatch.setattr(smbus2, "SMBus", lambda port: one)
    return Over(one)


def called(
    rev: int = 1, *, ticket: str = "A012", age_s: float = 0, sent_s_ago: float = 0
) -> Display:
    """A call that is ``age_s`` old, in a display that the hall sent ``sent_s_ago``."""
    return Display(
        rev,
        round(NOON_MS - sent_s_ago * 1000),
        "called",
        counter="3",
        ticket=ticket,
        called_wall_ms=round(NOON_MS - age_s * 1000),
    )


def plain(phase: Phase, rev: int = 1, *, ticket: str | None = None) -> Display:
    return Display(rev, NOON_MS, phase, counter="3", ticket=ticket)


def test_a_call_shows_its_ticket_and_blinks(over: Over) -> None:
    over.display.show(plain("idle"))
    over.display.show(called(2))
    assert over.shows(called(2))
    assert over.blinks()
    assert not over.blinks(21 * S)
    assert over.shows(called(2))


def test_a_recall_blinks_again_and_the_same_call_sent_again_does_not(over: Over) -> None:
    over.display.show(plain("idle"))
    over.display.show(called(2, age_s=45))
    assert not over.blinks()
    over.display.show(called(3, age_s=45))
    assert not over.blinks(5 * S)
    over.display.show(called(4, age_s=0))
    assert over.blinks(10 * S)


@pytest.mark.parametrize("phase", ["rating", "paused", "closed", "thanks", "idle", "serving"])
def test_each_phase_stands_still_and_looks_like_no_other(over: Over, phase: Phase) -> None:
    one = plain(phase, 2, ticket="A012")
    over.display.show(called())
    over.display.show(one)
    assert over.shows(one)
    assert not over.blinks()
    others: list[Phase] = ["rating", "paused", "closed", "thanks", "idle", "serving"]
    for other in others:
        assert over.shows(plain(other, 2, ticket="A012")) == (other == phase)


def test_away_from_the_hall_the_number_stays_dim_and_still_under_a_sign(over: Over) -> None:
    over.display.show(plain("idle"))
    over.display.show(called(2))
    assert over.blinks()
    bright = over.part.level()
    over.display.show(called(2), stale=True)
    assert not over.blinks(2 * S)
    assert over.shows(called(2), stale=True)
    assert not over.shows(called(2))
    assert over.part.level() < bright
    over.display.show(called(2))
    assert over.shows(called(2))
    assert over.part.level() == bright


def test_the_sign_for_a_lost_hall_leaves_the_number_as_it_was(over: Over) -> None:
    over.display.show(plain("serving", ticket="A012"))
    before = over.part.dots()
    over.display.show(plain("serving", ticket="A012"), stale=True)
    changed = ImageChops.difference(before.convert("L"), over.part.dots().convert("L")).getbbox()
    assert changed
    if before.height == 8:
        assert changed[1] == 7
    else:
        assert changed[3] <= 16


@pytest.mark.parametrize("clock_ms", [NOON_MS, None], ids=["right", "not to be trusted"])
def test_after_a_restart_the_call_of_before_is_never_shown_as_new(
    over: Over, clock_ms: int | None
) -> None:
    old = called(age_s=300, sent_s_ago=300)
    over.now_ms = clock_ms
    over.begin_again()
    over.display.show(old, stale=True)  # out of the node's own folder
    assert over.shows(old, stale=True)
    assert not over.blinks()
    over.display.show(old)  # as the broker had kept it
    assert not over.blinks(2 * S)
    assert over.shows(old)


def test_a_hall_that_begins_again_does_not_make_its_old_call_new(over: Over) -> None:
    over.display.show(plain("idle"), stale=True)
    over.display.show(called(2, age_s=300, sent_s_ago=0))
    assert not over.blinks()


def test_a_call_made_while_the_node_started_blinks_for_who_has_just_heard_it(over: Over) -> None:
    over.display.show(called(2, age_s=4, sent_s_ago=4))
    assert over.blinks()
    over.begin_again()
    over.now_ms = None
    over.display.show(called(2, age_s=4, sent_s_ago=4))
    assert not over.blinks()


def test_a_revision_that_goes_back_is_refused(over: Over) -> None:
    over.display.show(called(7, ticket="A013"))
    assert not over.display.show(called(6, ticket="A012", age_s=60, sent_s_ago=60))
    assert over.shows(called(7, ticket="A013"))
    assert not over.display.show(plain("idle", 6), stale=True)
    assert over.shows(called(7, ticket="A013"))


def test_a_display_that_forgot_everything_is_right_again_within_ten_seconds(over: Over) -> None:
    over.display.show(plain("serving", ticket="A012"))
    over.display.tick(0)
    over.part.forget()
    assert over.part.dots().getbbox() is None
    over.display.tick(10 * S)
    assert over.shows(plain("serving", ticket="A012"))


def test_closing_leaves_the_display_dark(over: Over) -> None:
    over.display.show(plain("serving", ticket="A012"))
    over.display.close()
    assert over.part.dots().getbbox() is None


def test_the_technician_reads_a_number_that_nobody_can_guess_and_sees_every_dot(over: Over) -> None:
    seen: dict[str, list[Image.Image]] = {}
    asked: set[str] = set()
    for _ in range(3):
        for step in steps(over.display):
            measured = step.run(1.0)
            assert step.confirm
            assert measured
            seen.setdefault(step.name, []).append(over.part.dots())
            asked.add(step.ask_vi)
    assert list(seen) == ["read-display", "all-dots"]
    assert len({picture.tobytes() for picture in seen["read-display"]}) == 3
    assert len(asked) == 4
    assert ImageChops.invert(seen["all-dots"][0].convert("L")).getbbox() is None
    over.display.show(plain("idle"))
    assert over.shows(plain("idle"))
