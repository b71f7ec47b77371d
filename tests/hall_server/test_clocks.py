"""A node without a set clock: what it saw gets its time later, and nothing was decided by it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hall_server import commands as c
from hall_server import facts as f
from hall_server.changes import apply
from hall_server.clocks import OLDEST_HAPPENED_MS, credible_ms, dated
from hall_server.facts import BootTime, Fact, Source
from hall_server.journal import Journal
from hall_server.node_changes import RECENT_ALARMS
from hall_server.state import State
from hall_server.timeseries.dating import WAIT_MS
from hall_server.timeseries.spool import Spool
from tests.hall_server.halls import MONDAY_8_00_MS, Day

BOOT, OTHER = "b" * 32, "c" * 32
HOUR_MS = 3_600_000


def alarm(number: int, at_ms: int, undated: BootTime | None, node: str = "counter-1") -> Fact:
    return Fact(number, at_ms, f.NodeAlarm(node, "x", "y", "z", True), undated=undated)


def clock_set(number: int, at_ms: int, up_ms: int, wall_ms: int, boot: str = BOOT) -> Fact:
    return Fact(number, at_ms, f.NodeClockSet("counter-1", boot, (wall_ms - up_ms) * 1000))


def at_of(lines: list[str], measurement: str = "node_alarm") -> list[int]:
    return [int(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{measurement},")]


def lines_of(tmp_path: Path, facts: list[Fact], pieces: int = 1000) -> list[str]:
    spool = Spool(tmp_path / "spool.db", "kien-hung", most_points=10_000, most_bytes=10**9)
    for start in range(0, len(facts), pieces):
        spool.take_facts(facts[start : start + pieces])
        spool.close()  # each piece as after a new start of the hall
        spool = Spool(tmp_path / "spool.db", "kien-hung", most_points=10_000, most_bytes=10**9)
    lines = spool.lines()
    spool.close()
    return lines


def test_what_happened_before_the_clock_was_set_gets_its_time_in_the_series(tmp_path: Path) -> None:
    now = MONDAY_8_00_MS
    facts = [
        alarm(1, now, BootTime(BOOT, 5_000_000)),  # 5 s after boot, heard an hour later
        clock_set(2, now, up_ms=3_605_000, wall_ms=now),
        alarm(3, now + 1, BootTime(BOOT, 3_605_001_000)),  # lost its clock again: still known
    ]
    assert sorted(at_of(lines_of(tmp_path, facts))) == [now - HOUR_MS, now + 1]


def test_another_boot_of_the_same_node_is_not_corrected_by_it(tmp_path: Path) -> None:
    now = MONDAY_8_00_MS
    facts = [
        alarm(1, now, BootTime(OTHER, 5_000_000)),
        alarm(2, now, BootTime(BOOT, 7_000_000)),
        clock_set(3, now, up_ms=67_000, wall_ms=now),
        alarm(4, now + WAIT_MS, None),
    ]
    assert sorted(at_of(lines_of(tmp_path, facts))) == [now - 60_000, now, now + WAIT_MS]


def test_a_clock_that_is_never_set_holds_the_points_up_for_minutes_and_not_for_ever(
    tmp_path: Path,
) -> None:
    now = MONDAY_8_00_MS
    undated = alarm(1, now, BootTime(BOOT, 5_000_000))
    assert lines_of(tmp_path / "a", [undated, alarm(2, now + 1, None)]) == [
        line for line in lines_of(tmp_path / "b", [alarm(2, now + 1, None)])
    ]
    facts = [undated, alarm(2, now + WAIT_MS, None)]
    assert at_of(lines_of(tmp_path / "c", facts)) == [now, now + WAIT_MS]
    next_day = [undated, Fact(2, now + 1, f.DayOpened("2026-11-24"))]
    assert at_of(lines_of(tmp_path / "d", next_day)) == [now]


@given(
    pieces=st.integers(1, 7),
    story=st.lists(
        st.tuples(
            st.sampled_from(["undated", "dated", "set", "day"]),
            st.sampled_from([BOOT, OTHER]),
            st.integers(0, WAIT_MS),
        ),
        max_size=25,
    ),
)
@settings(max_examples=40, deadline=None)
def test_a_spool_made_anew_in_other_pieces_gets_the_same_points(
    tmp_path_factory: pytest.TempPathFactory,
    pieces: int,
    story: list[tuple[str, str, int]],
) -> None:
    folder = tmp_path_factory.mktemp("dating")
    at_ms, facts = MONDAY_8_00_MS, []
    for number, (what, boot, later_ms) in enumerate(story, 1):
        at_ms += later_ms
        up_ms = at_ms - MONDAY_8_00_MS + 1000
        if what == "undated":
            facts.append(alarm(number, at_ms, BootTime(boot, up_ms * 1000)))
        elif what == "dated":
            facts.append(alarm(number, at_ms, None))
        elif what == "set":
            facts.append(clock_set(number, at_ms, up_ms, at_ms, boot))
        else:
            facts.append(Fact(number, at_ms, f.DayOpened(f"2026-12-{number:02d}")))
    assert lines_of(folder / "whole", facts) == lines_of(folder / "cut", facts, pieces)


@pytest.mark.parametrize("wrong_ms", [HOUR_MS, -MONDAY_8_00_MS])
def test_a_clock_set_wrong_by_hours_or_to_1970_moves_nothing_beyond_belief(
    tmp_path: Path, wrong_ms: int
) -> None:
    now = MONDAY_8_00_MS
    facts = [
        alarm(1, now, BootTime(BOOT, 5_000_000)),
        clock_set(2, now, up_ms=6_000, wall_ms=now + wrong_ms),
    ]
    assert at_of(lines_of(tmp_path, facts)) == [now]


def test_the_newest_word_of_a_boot_dates_what_is_read_afterwards() -> None:
    now = MONDAY_8_00_MS
    facts = [
        alarm(1, now, BootTime(BOOT, 5_000_000)),
        alarm(2, now, BootTime(OTHER, 5_000_000)),
        clock_set(3, now, up_ms=6_000, wall_ms=now - HOUR_MS),
        clock_set(4, now, up_ms=7_000, wall_ms=now),  # stepped
    ]
    assert [fact.happened_ms for fact in dated(facts)] == [now - 2_000, None, None, None]


@given(st.integers(0, 2**50), st.none() | st.integers(0, 2**50))
def test_a_time_is_never_after_the_hall_heard_of_it_nor_a_week_before(
    at_ms: int, happened_ms: int | None
) -> None:
    assert at_ms - OLDEST_HAPPENED_MS <= credible_ms(happened_ms, at_ms) <= at_ms


def seen(day: Day, command: c.Command, up_ms: int) -> None:
    day.facts += day.hall.handle(
        command, day.at_ms, Source("a" * 32, len(day.facts) + 1), None, (), BootTime(BOOT, up_ms)
    ).facts


def test_an_alarm_from_before_the_clock_was_set_is_listed_with_its_time() -> None:
    day = Day()
    raised = c.AlarmRaised(
        request="", node="counter-1", code="stuck", device="button", text="free it", raised=True
    )
    seen(day, raised, 5_000_000)
    day.later(60)
    day.ask(
        c.ClockSetSeen(
            request="", node="counter-1", boot=BOOT, offset_us=(day.at_ms - 90_000) * 1000
        )
    )
    (note,) = day.hall.state.alarms
    assert note.at_ms == day.at_ms - 85_000


def test_a_rating_counts_the_same_before_and_after_its_node_knows_the_time() -> None:
    outcomes = []
    for tells_first in (True, False):
        day = Day()
        day.open("1")
        window = day.served("1").window
        told = c.ClockSetSeen(request="", node="counter-1", boot=BOOT, offset_us=10**15)
        if tells_first:
            day.ask(told)
        press = c.PressSeen(
            request="",
            node="counter-1",
            level=5,
            levels=5,
            window=window,
            refused=None,
            happened_ms=None,
        )
        seen(day, press, 1)
        if not tells_first:
            day.ask(told)
        outcomes.append([type(fact.body) for fact in day.facts].count(f.RatingGiven))
    assert outcomes == [1, 1]


def test_the_journal_keeps_the_nodes_own_time_and_replays_to_the_same_state(tmp_path: Path) -> None:
    day = Day()
    raised = c.AlarmRaised(request="", node="n", code="c", device="d", text="t", raised=True)
    seen(day, raised, 5_000_000)
    journal = Journal(tmp_path / "hall.db")
    journal.append(day.facts)
    assert journal.recover() == day.hall.state
    journal.close()


def test_a_journal_from_before_opens_and_takes_the_nodes_own_time(tmp_path: Path) -> None:
    path = tmp_path / "hall.db"
    day = Day()
    day.open("1")
    with sqlite3.connect(path) as old:
        old.executescript(
            "CREATE TABLE facts (id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, "
            "kind TEXT NOT NULL, body TEXT NOT NULL, stream TEXT, seq INTEGER, request TEXT, "
            "happened_ms INTEGER); PRAGMA user_version = 1;"
        )
        for fact in day.facts:
            old.execute(
                "INSERT INTO facts VALUES (?,?,?,?,?,?,?,?)",
                (
                    fact.id,
                    fact.at_ms,
                    fact.body.__struct_config__.tag,
                    f.encode_body(fact.body).decode(),
                    None,
                    None,
                    fact.request,
                    None,
                ),
            )
    old.close()
    journal = Journal(path)
    assert journal.recover() == day.hall.state
    before = len(day.facts)
    seen(
        day,
        c.AlarmRaised(request="", node="n", code="c", device="d", text="t", raised=True),
        5_000_000,
    )
    journal.append(day.facts[before:])
    journal.close()
    journal = Journal(path)
    assert journal.recover().alarms[0].undated == BootTime(BOOT, 5_000_000)
    journal.close()


def test_the_clock_of_one_node_moves_nothing_that_another_saw() -> None:
    now = MONDAY_8_00_MS
    state = State()
    apply(state, alarm(1, now, BootTime(BOOT, 5_000_000), node="counter-2"))
    apply(state, clock_set(2, now, up_ms=3_605_000, wall_ms=now))  # of counter-1, same boot id
    (note,) = state.alarms
    assert (note.at_ms, note.undated) == (now, BootTime(BOOT, 5_000_000))


def test_a_node_that_raises_alarms_without_end_hides_no_other_nodes() -> None:
    state = State()
    apply(state, alarm(1, MONDAY_8_00_MS, None, node="counter-2"))
    for number in range(2, 2 + 3 * RECENT_ALARMS):
        apply(state, alarm(number, MONDAY_8_00_MS + number, None))
    assert len(state.alarms) == RECENT_ALARMS
    assert state.alarms[0].node == "counter-2"
    assert state.alarms[-1].at_ms == MONDAY_8_00_MS + 1 + 3 * RECENT_ALARMS
