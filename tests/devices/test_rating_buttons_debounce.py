"""One press of a finger is one press, whatever the contacts do."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.rating_buttons.debounce import SETTLE_US, STUCK_US, Debouncer, Outcome


class Touch(NamedTuple):
    """One press as a contact gives it; all times are microseconds from the one before."""

    rest: int
    down_bounces: list[tuple[int, int]]
    hold: int
    up_bounces: list[tuple[int, int]]


BOUNCES = st.lists(
    st.tuples(st.integers(1, 4_000), st.integers(1, SETTLE_US - 1)), min_size=0, max_size=12
)
TOUCH = st.builds(
    Touch,
    rest=st.integers(SETTLE_US, 5_000_000),
    down_bounces=BOUNCES,
    hold=st.integers(1, 2_000_000),
    up_bounces=BOUNCES,
)


def edges_of(touch: Touch, start_us: int) -> list[tuple[bool, int]]:
    """The edges that worn contacts make of one press, each bounce off for less than settling."""
    at = start_us + touch.rest
    edges = [(True, at)]
    for closed, opened in touch.down_bounces:
        edges += [(False, at := at + closed), (True, at := at + opened)]
    edges.append((False, at := at + touch.hold))
    for opened, closed in touch.up_bounces:
        edges += [(True, at := at + min(opened, SETTLE_US - 1)), (False, at := at + closed)]
    return edges


@given(st.lists(TOUCH, max_size=8))
def test_every_press_counts_once_and_on_its_leading_edge_whatever_the_chatter(
    touches: list[Touch],
) -> None:
    line = Debouncer()
    at = 0
    wanted: list[int] = []
    counted: list[int] = []
    for touch in touches:
        edges = edges_of(touch, at)
        wanted.append(edges[0][1])
        for pressed, at in edges:
            counted += [at for told in line.edge(pressed, at) if told is Outcome.PRESSED]
    assert counted == wanted


@given(st.lists(TOUCH, max_size=5), st.lists(st.integers(0, 6_000_000), max_size=40))
def test_asking_in_between_changes_no_press(touches: list[Touch], polls: list[int]) -> None:
    asked, quiet = Debouncer(), Debouncer()
    edges: list[tuple[bool, int]] = []
    for touch in touches:
        edges += edges_of(touch, edges[-1][1] if edges else 0)
    happenings = sorted([(at, 1, level) for level, at in edges] + [(at, 0, False) for at in polls])
    counted: list[tuple[int, Outcome]] = []
    for at, is_edge, level in happenings:
        told = asked.edge(level, at) if is_edge else asked.poll(at)
        counted += [(at, one) for one in told]
    wanted = [(at, one) for level, at in edges for one in quiet.edge(level, at)]
    assert [one for one in counted if one[1] is Outcome.PRESSED] == [
        one for one in wanted if one[1] is Outcome.PRESSED
    ]


@given(st.lists(st.tuples(st.booleans(), st.integers(-5_000, 40_000)), max_size=80))
def test_presses_are_never_closer_than_the_settling_time_even_when_the_clock_runs_back(
    edges: list[tuple[bool, int]],
) -> None:
    line = Debouncer()
    clock = latest = 100_000
    counted: list[int] = []
    for pressed, step in edges:
        clock += step
        latest = max(latest, clock)
        counted += [latest for told in line.edge(pressed, clock) if told is Outcome.PRESSED]
    assert all(later - earlier >= SETTLE_US for earlier, later in pairwise(counted))


@given(BOUNCES, st.integers(STUCK_US, 60 * STUCK_US), BOUNCES)
def test_a_stuck_button_is_told_once_masked_and_told_again_when_it_recovers(
    down_bounces: list[tuple[int, int]], hold: int, up_bounces: list[tuple[int, int]]
) -> None:
    line = Debouncer()
    told: list[Outcome] = []
    at = 0
    for pressed, at in edges_of(Touch(SETTLE_US, down_bounces, hold, up_bounces), 0):
        told += line.edge(pressed, at)
        told += line.poll(at)
    assert told == [Outcome.PRESSED, Outcome.STUCK]
    assert line.is_stuck
    assert line.poll(at + SETTLE_US - 1) == ()
    assert line.poll(at + SETTLE_US) == (Outcome.RECOVERED,)
    assert line.poll(at + 10 * STUCK_US) == ()
    assert line.edge(True, at + 10 * STUCK_US) == (Outcome.PRESSED,)


def test_a_broken_wire_that_chatters_without_end_is_stuck_and_gives_one_press() -> None:
    line = Debouncer()
    told: list[Outcome] = []
    for at in range(0, 2 * STUCK_US, 10_000):
        told += line.edge(at // 10_000 % 2 == 0, at)
    assert told == [Outcome.PRESSED, Outcome.STUCK]


def test_a_stuck_button_that_is_freed_and_pressed_between_two_looks_tells_both() -> None:
    line = Debouncer()
    line.edge(True, 0)
    assert line.poll(STUCK_US) == (Outcome.STUCK,)
    assert line.edge(False, STUCK_US + 1) == ()
    assert line.edge(True, STUCK_US + 1 + SETTLE_US) == (Outcome.RECOVERED, Outcome.PRESSED)


def test_a_button_held_down_when_the_node_starts_is_no_press_and_gets_stuck() -> None:
    line = Debouncer(down_at_us=0)
    assert line.edge(True, 5) == ()
    assert line.poll(STUCK_US) == (Outcome.STUCK,)
    assert line.edge(False, STUCK_US + 1) == ()
    assert line.edge(True, 2 * STUCK_US) == (Outcome.RECOVERED, Outcome.PRESSED)


def test_a_clock_that_runs_back_shortens_no_settling() -> None:
    line = Debouncer()
    assert line.edge(True, 100_000) == (Outcome.PRESSED,)
    assert line.edge(False, 90_000) == ()
    assert line.edge(True, 90_000 + SETTLE_US) == ()


def test_the_line_is_armed_again_exactly_when_it_has_been_quiet_for_the_settling_time() -> None:
    line = Debouncer()
    line.edge(True, 0)
    line.edge(False, 80_000)
    line.poll(80_000 + SETTLE_US - 1)
    assert not line.is_armed
    line.poll(80_000 + SETTLE_US)
    assert line.is_armed


@pytest.mark.parametrize(("settle_us", "stuck_us"), [(0, 10), (-1, 10), (10, 10), (20, 10)])
def test_times_that_cannot_be_meant_are_refused(settle_us: int, stuck_us: int) -> None:
    with pytest.raises(ValueError, match="the first must be above 0"):
        Debouncer(settle_us, stuck_us)
