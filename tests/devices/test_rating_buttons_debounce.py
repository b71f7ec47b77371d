"""One press of a finger is one press, whatever the contacts, the cable and the kernel do."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import Final, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.rating_buttons.debounce import SETTLE_US, SOLID_US, STUCK_US, Debouncer, Outcome

PATIENT: Final = settings(deadline=None)
"""A busy machine is no fault of a button."""
ROUND_US: Final = 100_000
"""How often the node reads its lines anyway."""


class Edge(NamedTuple):
    """What the line does at an instant."""

    at_us: int
    pressed: bool


Wave = list[Edge]


def level_at(wave: Wave, at_us: int) -> bool:
    """Down at that time?"""
    return next((edge.pressed for edge in reversed(wave) if edge.at_us <= at_us), False)


# ------------------------------------------------------------------ what contacts and cables do

MICRO = st.integers(1, 900)


class Touch(NamedTuple):
    """A press of a finger; pairs are (closed, open) at make, (open, closed) after, in us."""

    rest: int
    make: list[tuple[int, int]]
    hold: int
    glitches: list[tuple[int, int]]
    broken: list[tuple[int, int]]


def touches(
    *, rest: int, hold: int, worst_bounce_us: int = 5_000, most: int = 10
) -> st.SearchStrategy[Touch]:
    """Fresh buttons bounce for 5 ms, worn ones up to 15 ms; a slow make is a long row of short
    closures that end in a solid one."""
    bounce = st.tuples(st.integers(1, 1_500), st.integers(1, worst_bounce_us // 4))
    return st.builds(
        Touch,
        rest=st.integers(rest, 3_000_000),
        make=st.lists(bounce, max_size=most),
        hold=st.integers(hold, 1_500_000),
        glitches=st.lists(st.tuples(st.integers(SOLID_US, 40_000), MICRO), max_size=3),
        broken=st.lists(bounce, max_size=most),
    )


def wave_of(one: Touch, start_us: int) -> Wave:
    """The edges of a touch."""
    at = start_us + one.rest
    wave: Wave = []
    for closed, opened in one.make:
        wave += [Edge(at, True), Edge(at + closed, False)]
        at += closed + opened
    wave.append(Edge(at, True))
    for closed, opened in one.glitches:
        wave += [Edge(at + closed, False), Edge(at + closed + opened, True)]
        at += closed + opened
    at += one.hold
    wave.append(Edge(at, False))
    for closed, opened in one.broken:
        at += opened
        wave += [Edge(at, True), Edge(at + closed, False)]
        at += closed
    return wave


def waves_of(row: list[Touch]) -> list[Wave]:
    """One wave a touch, one after the other."""
    waves: list[Wave] = []
    at = 1_000_000
    for one in row:
        waves.append(wave_of(one, at))
        at = waves[-1][-1].at_us
    return waves


# ------------------------------------------------------------------ the node's loop around a line


class Heard(NamedTuple):
    """What was told, and when."""

    at_us: int
    what: Outcome


def listen(
    wave: Wave,
    *,
    lost: frozenset[int] = frozenset(),
    handed_over: list[int] | None = None,
    asleep: tuple[int, int] = (0, 0),
    until_us: int = 1_000_000,
) -> list[Heard]:
    """A line with that wave in the loop of the buttons, until so long after its end.

    ``lost`` are the edges that the kernel drops; ``handed_over`` says when each comes, if not at
    once; between the two times of ``asleep`` nobody reads the line.
    """
    line = Debouncer()
    comes = handed_over or [edge.at_us for edge in wave]
    queue = [
        (come, edge)
        for number, (come, edge) in enumerate(zip(comes, wave, strict=True))
        if number not in lost
    ]
    heard: list[Heard] = []
    now = wave[0].at_us - SETTLE_US if wave else 0
    end = (wave[-1].at_us if wave else 0) + until_us
    round_us = now
    while now < end:
        if queue and queue[0][0] <= now:
            _, edge = queue.pop(0)
            heard += [Heard(now, what) for what in line.edge(edge.pressed, edge.at_us)]
            continue
        due = line.due_us()
        look = round_us if due is None else min(round_us, max(due, now))
        if asleep[0] <= look < asleep[1]:
            look = asleep[1]
        if queue and queue[0][0] <= look:
            now = max(now, queue[0][0])
            continue
        now = max(now, look)
        heard += [Heard(now, what) for what in line.saw(level_at(wave, now), now)]
        round_us = now + ROUND_US
        if line.due_us() == due and due is not None and due <= now:
            now += 1  # never twice at one instant
    return heard


def presses(heard: list[Heard]) -> list[int]:
    return [one.at_us for one in heard if one.what is Outcome.PRESSED]


def solid_from(wave: Wave) -> int:
    """When the first closure began that was long enough to count."""
    ends = [*(edge.at_us for edge in wave[1:]), wave[-1].at_us + ROUND_US]
    return next(
        edge.at_us
        for edge, end in zip(wave, ends, strict=True)
        if edge.pressed and end - edge.at_us >= SOLID_US
    )


def each_once(waves: list[Wave], counted: list[int], within_us: int) -> None:
    """Every touch counted exactly once, so long after its contact was solid at most."""
    begins = [wave[0].at_us for wave in waves]
    ends = [*begins[1:], 10**15]
    for wave, begin, end in zip(waves, begins, ends, strict=True):
        mine = [at for at in counted if begin <= at < end]
        assert len(mine) == 1, (wave, mine)
        assert mine[0] - solid_from(wave) <= within_us
    assert len(counted) == len(waves)


# ------------------------------------------------------------------ presses


@PATIENT
@given(st.lists(touches(rest=SETTLE_US, hold=SOLID_US), min_size=1, max_size=6))
def test_every_press_counts_once_two_milliseconds_after_its_contact_is_solid(
    row: list[Touch],
) -> None:
    waves = waves_of(row)
    each_once(waves, presses(listen([edge for wave in waves for edge in wave])), SOLID_US)


@PATIENT
@given(
    st.lists(
        touches(rest=60_000, hold=30_000, worst_bounce_us=15_000, most=6), min_size=1, max_size=4
    )
)
def test_a_worn_contact_that_chatters_for_15_ms_is_one_press_within_30_ms(
    row: list[Touch],
) -> None:
    waves = waves_of(row)
    each_once(waves, presses(listen([edge for wave in waves for edge in wave])), 30_000)


@PATIENT
@given(st.lists(st.tuples(st.integers(1, 2_000_000), MICRO), min_size=1, max_size=60))
def test_spikes_of_less_than_a_millisecond_are_no_press_however_many(
    spikes: list[tuple[int, int]],
) -> None:
    times = list(accumulate((part for spike in spikes for part in spike), initial=1_000_000))[1:]
    wave = [Edge(at, number % 2 == 0) for number, at in enumerate(times)]
    assert presses(listen(wave)) == []


@PATIENT
@given(st.lists(st.tuples(st.integers(5_000, 400_000), MICRO), min_size=1, max_size=20), st.data())
def test_spikes_are_no_press_either_when_the_kernel_loses_every_other_edge_of_them(
    spikes: list[tuple[int, int]], data: st.DataObject
) -> None:
    times = list(accumulate((part for spike in spikes for part in spike), initial=1_000_000))[1:]
    wave = [Edge(at, number % 2 == 0) for number, at in enumerate(times)]
    lost = data.draw(st.frozensets(st.integers(0, len(wave) - 1)))
    assert presses(listen(wave, lost=lost)) == []


@PATIENT
@given(st.lists(touches(rest=SETTLE_US + 5_000, hold=10_000), min_size=1, max_size=3), st.data())
def test_a_spike_right_before_or_after_a_press_takes_nothing_from_it(
    row: list[Touch], data: st.DataObject
) -> None:
    waves = waves_of(row)
    before = [
        [Edge(wave[0].at_us - gap - 500, True), Edge(wave[0].at_us - gap, False), *wave]
        for wave in waves
        for gap in [data.draw(st.integers(1, 4_000))]
    ]
    each_once(before, presses(listen([edge for wave in before for edge in wave])), SOLID_US)


@PATIENT
@given(st.lists(touches(rest=300_000, hold=300_000), min_size=1, max_size=3), st.data())
def test_every_press_counts_once_whichever_edges_the_kernel_loses(
    row: list[Touch], data: st.DataObject
) -> None:
    waves = waves_of(row)
    wave = [edge for one in waves for edge in one]
    lost = data.draw(st.frozensets(st.integers(0, len(wave) - 1)))
    # the first sound of a press may be the next round of the loop
    each_once(waves, presses(listen(wave, lost=lost)), ROUND_US + SETTLE_US)


@PATIENT
@given(
    st.lists(touches(rest=SETTLE_US, hold=SOLID_US), min_size=1, max_size=5),
    st.integers(0, 900_000),
)
def test_presses_that_are_handed_over_late_and_all_at_once_count_each_once(
    row: list[Touch], late_us: int
) -> None:
    wave = [edge for one in waves_of(row) for edge in one]
    batch = [wave[-1].at_us + late_us] * len(wave)
    asleep = (wave[0].at_us, batch[0])
    heard = listen(wave, handed_over=batch, asleep=asleep, until_us=2_000_000)
    assert len(presses(heard)) == len(row)


@PATIENT
@given(touches(rest=SETTLE_US, hold=30_000), st.integers(0, 20_000))
def test_a_loop_that_reads_before_it_is_handed_the_edges_counts_the_press_once(
    one: Touch, late_us: int
) -> None:
    wave = wave_of(one, 1_000_000)
    late = [edge.at_us + late_us for edge in wave]
    assert len(presses(listen(wave, handed_over=late))) == 1


@PATIENT
@given(
    st.lists(touches(rest=60_000, hold=30_000), min_size=1, max_size=4), st.integers(1_000, 10_000)
)
def test_a_line_that_is_only_read_in_turn_gives_each_press_once(
    row: list[Touch], every_us: int
) -> None:
    waves = waves_of(row)
    wave = [edge for one in waves for edge in one]
    line = Debouncer()
    counted: list[int] = []
    now = wave[0].at_us - SETTLE_US
    while now < wave[-1].at_us + 100_000:
        told = line.saw(level_at(wave, now), now)
        counted += [now] * (Outcome.PRESSED in told)
        due = line.due_us()
        now = max(now + 1, min(now + every_us, due if due is not None else now + every_us))
    assert len(counted) == len(row)


@PATIENT
@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(-5_000, 40_000)), max_size=80))
def test_presses_are_never_closer_than_the_settling_time_even_when_the_clock_runs_back(
    words: list[tuple[bool, bool, int]],
) -> None:
    line = Debouncer()
    clock = 100_000
    counted: list[int] = []
    for is_edge, pressed, step in words:
        clock += step
        told = line.edge(pressed, clock) if is_edge else line.saw(pressed, clock)
        counted += [line.pressed_us] * told.count(Outcome.PRESSED)
    assert all(later - earlier >= SETTLE_US for earlier, later in pairwise(counted))


# ------------------------------------------------------------------ stuck


@PATIENT
@given(touches(rest=SETTLE_US, hold=SOLID_US))
def test_a_stuck_button_is_told_once_masked_and_told_again_when_it_recovers(one: Touch) -> None:
    wave = wave_of(one._replace(hold=2 * STUCK_US), 0)
    heard = listen(wave)
    assert [word.what for word in heard] == [Outcome.PRESSED, Outcome.STUCK, Outcome.RECOVERED]
    assert SETTLE_US <= heard[2].at_us - wave[-1].at_us <= 2 * ROUND_US


@PATIENT
@given(st.integers(1, 1_900), st.integers(5_000, SETTLE_US - 1))
def test_a_broken_wire_that_crackles_without_end_is_stuck_and_gives_no_press(
    closed: int, opened: int
) -> None:
    line = Debouncer()
    told: list[Outcome] = []
    at = 0
    while at < 2 * STUCK_US:
        told += line.edge(True, at)
        told += line.edge(False, at + closed)
        at += closed + opened
    assert told == [Outcome.STUCK]
    assert line.saw(False, at + SETTLE_US) == (Outcome.RECOVERED,)


def test_a_press_on_a_masked_button_is_none() -> None:
    line = Debouncer(down_at_us=0)
    assert line.saw(True, STUCK_US) == (Outcome.STUCK,)
    assert line.edge(False, STUCK_US + 1) == ()
    assert line.edge(True, STUCK_US + 20_000) == ()
    assert line.saw(True, STUCK_US + 90_000) == ()


def test_a_stuck_button_that_is_freed_and_pressed_between_two_looks_tells_both() -> None:
    line = Debouncer(down_at_us=0)
    assert line.saw(True, STUCK_US) == (Outcome.STUCK,)
    assert line.edge(False, STUCK_US + 1) == ()
    assert line.edge(True, STUCK_US + 1 + SETTLE_US) == (Outcome.RECOVERED,)
    assert line.saw(True, STUCK_US + 1 + SETTLE_US + SOLID_US) == (Outcome.PRESSED,)


def test_a_button_held_down_when_the_node_starts_is_no_press_and_gets_stuck() -> None:
    line = Debouncer(down_at_us=0)
    assert line.saw(True, 5_000) == ()
    assert line.saw(True, STUCK_US) == (Outcome.STUCK,)
    assert line.is_stuck


def test_a_line_at_rest_and_a_finger_that_rests_on_a_button_ask_for_no_look() -> None:
    line = Debouncer()
    assert line.due_us() is None
    line.edge(True, 100_000)
    assert line.due_us() == 100_000 + SOLID_US
    assert line.saw(True, 102_000) == (Outcome.PRESSED,)
    assert line.due_us() is None


def test_a_loop_that_slept_through_a_press_waits_for_the_edge_that_is_late() -> None:
    line = Debouncer()
    line.edge(True, 100_000)
    assert line.saw(False, 190_000) == ()
    assert line.saw(False, 197_000) == ()
    assert line.edge(False, 180_000) == (Outcome.PRESSED,)


def test_an_edge_that_never_comes_is_given_up_after_the_settling_time() -> None:
    line = Debouncer()
    line.edge(True, 100_000)
    assert line.saw(False, 102_000) == ()
    assert line.saw(False, 102_000 + SETTLE_US) == ()
    assert line.edge(True, 102_000 + 2 * SETTLE_US) == ()
    assert line.saw(True, 102_000 + 2 * SETTLE_US + SOLID_US) == (Outcome.PRESSED,)


def test_a_line_that_was_seen_up_in_between_must_be_solid_anew() -> None:
    line = Debouncer()
    line.edge(True, 100_000)
    assert line.saw(False, 102_000) == ()
    assert line.saw(True, 108_000) == ()
    assert line.saw(True, 108_000 + SOLID_US) == (Outcome.PRESSED,)


def test_a_line_that_has_just_gone_up_is_looked_at_before_it_passes_for_settled() -> None:
    line = Debouncer()
    line.edge(True, 100_000)
    line.saw(True, 102_000)
    line.edge(False, 103_000)
    due_us = line.due_us()
    assert due_us is not None
    assert due_us < 103_000 + SETTLE_US


@pytest.mark.parametrize("settle_us", [0, SOLID_US, STUCK_US])
def test_times_that_cannot_be_meant_are_refused(settle_us: int) -> None:
    with pytest.raises(ValueError, match="above 0"):
        Debouncer(settle_us)
