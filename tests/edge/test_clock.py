"""A node without a clock of its own: it tells when it knows the time, and never counts on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.messages import Alarm, ClockSet, Display, Event
from edge.agent import Agent
from edge.clock import STEP_US, ClockWatch, as_told, offset_us
from edge.settings import read_settings
from edge.watchdog import Watchdog
from tests.edge.clocks import DAY_US, HOUR_US, MONDAY_US, HandClock
from tests.edge.halls import HALL, NODE, HallStandIn
from tests.parts import Broker, until

BOOT = "b" * 32


def test_it_is_told_once_when_the_clock_becomes_right_and_again_when_it_is_set_anew() -> None:
    watch = ClockWatch(None)
    assert watch.look(BOOT, 100, synchronised=False) is None
    report = watch.look(BOOT, 200, synchronised=True)
    assert report == ClockSet(BOOT, 200)
    assert watch.look(BOOT, 200, synchronised=True) == report, "until it is on the disk"
    watch.noted(report)
    assert watch.look(BOOT, 200 + STEP_US, synchronised=True) is None
    assert watch.look(BOOT, 201 + STEP_US, synchronised=False) is None
    assert watch.look(BOOT, 201 + STEP_US, synchronised=True) == ClockSet(BOOT, 201 + STEP_US)
    assert watch.look(BOOT, -HOUR_US, synchronised=True) == ClockSet(BOOT, -HOUR_US)


def test_what_was_told_is_known_after_a_restart_and_forgotten_after_a_reboot() -> None:
    told = as_told(ClockSet(BOOT, -7))
    assert ClockWatch(told).look(BOOT, -7, synchronised=True) is None
    assert ClockWatch(told).look("c" * 32, -7, synchronised=True) == ClockSet("c" * 32, -7)
    assert ClockWatch("nonsense").look(BOOT, 1, synchronised=True) == ClockSet(BOOT, 1)


def test_a_clock_that_its_host_keeps_corrects_nothing_and_its_jumps_are_told() -> None:
    watch = ClockWatch(None, assumed=True)
    assert watch.look(BOOT, 5, synchronised=True) is None
    assert watch.look(BOOT, 5 + HOUR_US, synchronised=True) == ClockSet(BOOT, 5 + HOUR_US)


@given(st.lists(st.tuples(st.integers(-DAY_US, DAY_US), st.booleans()), max_size=30))
def test_the_last_word_of_a_set_clock_is_never_more_than_a_second_off(
    story: list[tuple[int, bool]],
) -> None:
    watch = ClockWatch(None)
    told: int | None = None
    for offset, synchronised in story:
        if report := watch.look(BOOT, offset, synchronised=synchronised):
            watch.noted(report)
            told = report.offset_us
        if synchronised:
            assert told is not None
            assert abs(told - offset) <= STEP_US


def test_both_clocks_are_read_as_one() -> None:
    class Interrupted(HandClock):
        """Somebody else has the processor for a second between two readings, once."""

        waits = True

        def wall_us(self) -> int:
            if self.waits:
                self.waits = False
                self.pass_by(1_000_000)
            return self.wall

    assert offset_us(Interrupted(wall_us=MONDAY_US, up_us=0)) == MONDAY_US


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    one = Broker(tmp_path / "broker")
    yield one
    one.stop()


@contextmanager
def node_with(clock: HandClock, folder: Path, broker: Broker) -> Iterator[Agent]:
    settings = read_settings(
        f'[node]\nid = "{NODE}"\nhall = "{HALL}"\nkind = "counter"\ndata_dir = "{folder}"\n'
        f"[broker]\nport = {broker.port}\nkeepalive_s = 2\n"
    )
    agent = Agent(settings, folder, watchdog=Watchdog({}), clock=clock)
    agent.start()
    try:
        yield agent
    finally:
        agent.stop()


def happens(agent: Agent, text: str) -> None:
    agent.recorder.alarm("test", "test", text)


def story_of(events: list[Event]) -> list[str]:
    return [event.body.text if isinstance(event.body, Alarm) else "clock" for event in events]


def moment(event: Event, offsets: dict[str, int]) -> int:
    return event.monotonic_us + offsets[event.boot_id]


def test_a_clock_set_while_offline_dates_all_that_came_before_it_in_that_boot(
    broker: Broker, tmp_path: Path
) -> None:
    clock = HandClock(wall_us=12_000_000)  # 1970
    with node_with(clock, tmp_path / "data", broker) as agent:
        happens(agent, "first")
        clock.pass_by(HOUR_US)
        happens(agent, "second")
        clock.set_to(MONDAY_US)
        until(lambda: agent.outbox.depth == 3, "the clock is told")
        clock.pass_by(HOUR_US)
        happens(agent, "third")
    clock.pass_by(HOUR_US)
    broker.start()
    with HallStandIn(broker) as hall, node_with(clock, tmp_path / "data", broker) as agent:
        events = hall.wait_for(4)
        until(lambda: agent.outbox.depth == 0, "all is acknowledged")
        assert story_of(hall.held()) == ["first", "second", "clock", "third"], "told once a boot"
    assert [event.clock_synchronised for event in events] == [False, False, True, True]
    told = events[2].body
    assert isinstance(told, ClockSet)
    offsets = {told.boot_id: told.offset_us}
    assert [moment(event, offsets) for event in events] == [
        MONDAY_US - HOUR_US,
        MONDAY_US,
        MONDAY_US,
        MONDAY_US + HOUR_US,
    ]
    assert events[3].wall_us == MONDAY_US + HOUR_US


def test_a_boot_that_never_knew_the_time_is_not_dated_by_the_next_one(
    broker: Broker, tmp_path: Path
) -> None:
    with node_with(HandClock("b"), tmp_path / "data", broker) as agent:
        happens(agent, "before the power cut")
    later = HandClock("c")
    with node_with(later, tmp_path / "data", broker) as agent:
        happens(agent, "after it")
        later.set_to(MONDAY_US)
        until(lambda: agent.outbox.depth == 3, "the clock is told")
    broker.start()
    with HallStandIn(broker) as hall, node_with(later, tmp_path / "data", broker):
        events = hall.wait_for(3)
    assert story_of(events) == ["before the power cut", "after it", "clock"]
    told = events[2].body
    assert isinstance(told, ClockSet)
    assert told.boot_id == events[1].boot_id != events[0].boot_id


@pytest.mark.parametrize("jump_us", [5 * HOUR_US, -5 * HOUR_US, -MONDAY_US])
def test_jumps_of_the_wall_clock_change_neither_order_nor_the_time_between(
    broker: Broker, tmp_path: Path, jump_us: int
) -> None:
    broker.start()
    clock = HandClock(wall_us=MONDAY_US)
    clock.is_set = True
    with HallStandIn(broker) as hall, node_with(clock, tmp_path / "data", broker) as agent:
        hall.wait_for(1)
        happens(agent, "before")
        clock.pass_by(1_000_000)
        clock.wall += jump_us
        until(lambda: agent.outbox.last_seq >= 3, "the jump is told")
        happens(agent, "after")
        events = hall.wait_for(4)
    assert story_of(events) == ["clock", "before", "clock", "after"]
    assert events[3].monotonic_us - events[1].monotonic_us == 1_000_000
    first, second = events[0].body, events[2].body
    assert isinstance(first, ClockSet)
    assert isinstance(second, ClockSet)
    assert second.offset_us - first.offset_us == jump_us


def test_a_display_counts_by_its_revision_whatever_the_nodes_clock_says(
    broker: Broker, tmp_path: Path
) -> None:
    broker.start()
    clock = HandClock(wall_us=MONDAY_US)
    with HallStandIn(broker) as hall, node_with(clock, tmp_path / "data", broker) as agent:
        until(lambda: agent.link.connected, "connected")

        def shown() -> str | None:
            display = agent.counter.screen.get()[1].display
            return display.ticket if display else None

        for rev, jump_us in enumerate([0, 5 * HOUR_US, -9 * HOUR_US, -MONDAY_US], 1):
            clock.wall = max(0, clock.wall + jump_us)
            hall.show(Display(rev, rev, "serving", ticket=f"A00{rev}"))
            until(lambda number=f"A00{rev}": shown() == number, f"A00{rev} is shown")  # type: ignore[misc]
