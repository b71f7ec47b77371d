"""The counter's own thread: lamps that tell the truth, a display that knows its age."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from devices.messages import Announcement, Display, HallState
from devices.rating_buttons.lamps import DARK, INVITE, Lamps, chosen
from edge import counter as counter_room
from edge.clock import Clock
from edge.counter import RATED, Counter, Screen
from edge.loops import Loop
from edge.outbox import Outbox, OutboxError
from edge.rating_window import RatingWindows
from edge.recorder import Recorder
from edge.shown import Shown
from tests.edge.halls import rating_display
from tests.parts import until


class Desk:
    """A counter with its loop, whose lamps and voice are lists."""

    def __init__(self, folder: Path, kept: Display | None = None) -> None:
        self.outbox = Outbox(folder)
        self.lamps: list[Lamps] = []
        self.calls: list[tuple[list[Announcement], int]] = []
        self.linked = True
        self.order: list[str] = []
        clock = Clock()
        self.recorder = Recorder(
            self.outbox,
            clock,
            wake=lambda: self.order.append("sent"),
            on_change=lambda: None,
        )
        self.counter = Counter(
            recorder=self.recorder,
            clock=clock,
            windows=RatingWindows(4),
            shown=Shown(kept),
            spoken=0,
            show_lamps=self.show,
            speak=lambda calls, last: self.calls.append((calls, last)),
            linked=lambda: self.linked,
        )
        self.loop = Loop("counter", self.counter.run, on_trouble=lambda *_: None)

    def show(self, lamps: Lamps) -> None:
        self.order.append(f"{lamps.sign} with {self.outbox.depth} kept")
        self.lamps.append(lamps)

    def wait_lamps(self, lamps: Lamps) -> None:
        until(lambda: self.lamps[-1:] == [lamps], f"{lamps}")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    one = Desk(tmp_path)
    one.loop.start()
    yield one
    one.loop.stop()
    assert one.loop.join(5)
    one.outbox.close()


def test_a_press_is_committed_before_its_lamp_is_lit_and_sent_after(desk: Desk) -> None:
    desk.counter.told(rating_display(1), True)
    desk.wait_lamps(INVITE)
    desk.order.clear()
    desk.counter.pressed(3)
    desk.wait_lamps(chosen(3))
    until(lambda: len(desk.order) >= 2, "sent")
    assert desk.order[:2] == ["chosen with 1 kept", "sent"]
    assert desk.outbox.kept(RATED) == "w1"


def test_a_press_that_the_disk_does_not_take_lights_no_lamp_and_may_be_tried_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.counter.told(rating_display(1), True)
    desk.wait_lamps(INVITE)
    with monkeypatch.context() as full:

        def refuse(*_: object, **__: object) -> int:
            raise OutboxError("no space left on device")

        full.setattr(desk.outbox, "append", refuse)
        desk.counter.pressed(3)
        desk.wait_lamps(DARK)
    assert desk.recorder.notes() == ["no space left on device"]
    assert chosen(3) not in desk.lamps
    desk.counter.pressed(4)
    desk.wait_lamps(chosen(4))
    assert desk.recorder.notes() == []
    assert desk.outbox.depth == 1


def test_a_kept_display_is_the_past_until_the_hall_speaks(tmp_path: Path) -> None:
    desk = Desk(tmp_path, kept=Display(9, 9000, "called", ticket="A009"))
    assert desk.counter.screen.get()[1].stale
    desk.loop.start()
    # a hall set up anew counts its revisions from the beginning
    desk.counter.told(Display(1, 10_000, "idle"), False)
    until(lambda: not desk.counter.screen.get()[1].stale, "told")
    desk.loop.stop()
    assert desk.loop.join(5)
    desk.outbox.close()


@pytest.mark.parametrize("away", ["broker", "hall"])
def test_a_display_without_its_hall_says_after_a_while_that_it_is_the_past(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, away: str
) -> None:
    monkeypatch.setattr(counter_room, "AWAY_S", 0.2)
    desk.counter.told(Display(1, 1000, "idle"), True)
    until(lambda: desk.counter.screen.get()[1].display, "shown")
    assert not desk.counter.screen.get()[1].stale
    if away == "broker":
        desk.linked = False
    else:
        desk.counter.heard_hall(HallState("offline", 1, "x"))
    until(lambda: desk.counter.screen.get()[1].stale, "it says so")
    desk.linked = True
    desk.counter.heard_hall(HallState("online", 2, "x"))
    until(lambda: not desk.counter.screen.get()[1].stale, "it is of now again")


@pytest.mark.parametrize("first", ["hall", "display"])
def test_what_was_kept_by_the_broker_of_a_hall_that_is_away_is_the_past_at_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    monkeypatch.setattr(counter_room, "AWAY_S", 600.0)
    call = Display(7, 7000, "called", ticket="A007")
    if first == "hall":
        desk.counter.heard_hall(HallState("offline", 1, "x"))
        desk.counter.told(call, False)
    else:
        desk.counter.told(call, False)
        desk.counter.heard_hall(HallState("offline", 1, "x"))
    until(lambda: desk.counter.screen.get()[1] == Screen(call, stale=True), "it says so")
    desk.counter.heard_hall(HallState("online", 2, "x"))
    until(lambda: not desk.counter.screen.get()[1].stale, "it is of now again")


def test_only_new_and_young_calls_are_spoken(desk: Desk) -> None:
    calls = [
        Announcement(1, "old", 0),
        Announcement(2, "young", 100_000),
        Announcement(3, "too", 101_000),
    ]
    desk.counter.told(Display(1, 110_000, "idle", announcements=calls), True)
    desk.counter.told(Display(2, 111_000, "idle", announcements=calls), True)
    until(lambda: desk.calls, "spoken")
    assert desk.calls == [([calls[1], calls[2]], 3)]


def test_a_window_of_another_scale_lights_no_lamp_and_the_technician_is_told(desk: Desk) -> None:
    other = rating_display(1)
    assert other.rating is not None
    desk.counter.told(replace(other, rating=replace(other.rating, levels=5)), True)
    until(lambda: desk.counter.notes() != [], "the technician is told")
    assert "levels = 4 in hall.toml" in desk.counter.notes()[0]
    assert INVITE not in desk.lamps
    desk.counter.told(rating_display(2, "w2"), True)
    desk.wait_lamps(INVITE)
    assert desk.counter.notes() == []


def test_presses_beyond_what_the_inbox_holds_are_counted_and_nothing_breaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counter_room, "WAITING", 20)
    desk = Desk(tmp_path)
    for _ in range(25):
        desk.counter.pressed(1)
    assert desk.counter.overrun == 5
    desk.loop.start()
    until(lambda: desk.outbox.depth == 20, "the others are kept")
    (first, *_) = desk.outbox.pending(desk.outbox.stream, 0, 1)
    assert b'"refused":"closed"' in first.body
    desk.loop.stop()
    assert desk.loop.join(5)
    desk.outbox.close()
