"""When a point may leave the spool, and what happens to lines that the store refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace

from hall_server.facts import Fact
from hall_server.timeseries.feeding import Feeding
from hall_server.timeseries.settings import TimeSeriesSettings
from hall_server.timeseries.spool import Spool
from hall_server.timeseries.store import LinesRefusedError, StoreAwayError
from tests.hall_server.timeseries.day import visits


class Journal:
    """Facts in memory, read as the journal is."""

    def __init__(self, facts: Sequence[Fact]) -> None:
        self.all = list(facts)

    def facts(self, after_id: int = 0, limit: int = 1000) -> list[Fact]:
        return [fact for fact in self.all if fact.id > after_id][:limit]


class StoreOnPaper:
    """A store that notes each write: its lives and its refusals are the test's to choose."""

    def __init__(self) -> None:
        self.writes: list[list[str]] = []
        self.life: str | None = "1"
        self.away = False
        self.asked = 0
        self.refuses: Callable[[str], bool] = lambda _: False

    def write(self, lines: Sequence[str]) -> None:
        if self.away:
            raise StoreAwayError("away")
        if any(map(self.refuses, lines)):
            raise LinesRefusedError("400 bad line")
        self.writes.append(list(lines))

    def started(self) -> str | None:
        self.asked += 1
        if self.away:
            raise StoreAwayError("away")
        return self.life

    def close(self) -> None:
        pass

    def times(self, line: str) -> int:
        return sum(write.count(line) for write in self.writes)


class Desk:
    """A feeding on its desk: journal, spool, store, and the hands of its clock."""

    def __init__(self, folder: Path, facts: Sequence[Fact], settings: TimeSeriesSettings) -> None:
        self.journal, self.store, self.now_s = Journal(facts), StoreOnPaper(), 1_000.0
        self.settings, self.path = settings, folder / "spool"
        self.open()

    def open(self) -> None:
        self.spool = Spool(self.path, "kien-hung", most_points=10_000, most_bytes=10**9)
        self.feeding = Feeding(
            self.journal,
            self.spool,
            self.settings,
            lambda _: self.store,
            hall="kien-hung",
            clock_ms=lambda: 5,
            monotonic=lambda: self.now_s,
        )

    def after(self, seconds: float) -> None:
        self.now_s += seconds
        while self.feeding.take_facts():
            pass
        self.feeding.send()


SETTINGS = TimeSeriesSettings(url="http://127.0.0.1:1", settle_s=60, batch_points=4)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path, visits(2), SETTINGS)
    made.after(0)
    made.after(3)  # the store's life is trusted from here on
    made.journal.all += visits(2, first=11)
    made.after(0)
    yield made
    made.spool.close()


def test_points_stay_in_the_spool_until_the_store_must_have_kept_them(desk: Desk) -> None:
    assert desk.feeding.stats().points_written == 20
    desk.after(59)
    assert desk.spool.depth == 20
    desk.after(2)
    desk.after(61)
    assert desk.spool.depth == 0
    assert desk.feeding.stats().points_confirmed == 20


def test_what_a_store_took_in_a_life_that_still_lasts_is_written_once(desk: Desk) -> None:
    late = desk.spool.lines()[10:]
    desk.after(63)
    desk.after(63)
    assert [desk.store.times(line) for line in late] == [1] * 10


def test_a_store_seen_only_just_now_may_be_another_one_of_the_same_second(desk: Desk) -> None:
    early = desk.spool.lines()[:10]  # written before the store's life was trusted
    desk.after(63)
    desk.after(63)
    assert [desk.store.times(line) for line in early] == [2] * 10


def test_what_was_written_before_the_store_was_started_anew_is_written_again(desk: Desk) -> None:
    lines = desk.spool.lines()
    desk.after(30)
    desk.store.life = "2"
    desk.after(33)
    assert desk.spool.depth == 20, "seen a moment ago, so not trusted yet"
    desk.after(6)
    assert all(desk.store.times(line) == 2 for line in lines)
    assert desk.spool.depth == 20, "written again, it must settle again"
    desk.after(61)
    assert desk.spool.depth == 0
    assert all(desk.store.times(line) == 2 for line in lines)


def test_a_store_killed_again_and_again_still_gets_everything(desk: Desk) -> None:
    lines = desk.spool.lines()
    for life in range(2, 7):
        desk.store.life = str(life)
        for _ in range(4):
            desk.after(20)
        assert desk.spool.depth == 20
    desk.store.writes.clear()  # all that the five lives had taken is gone
    desk.store.life = "last"
    for _ in range(8):
        desk.after(20)
    assert desk.spool.depth == 0
    assert all(desk.store.times(line) for line in lines)


def test_a_store_that_does_not_tell_its_start_is_written_to_twice(tmp_path: Path) -> None:
    desk = Desk(tmp_path, visits(2), SETTINGS)
    desk.store.life = None
    desk.after(0)
    lines = desk.spool.lines()
    desk.after(61)
    assert desk.spool.depth == 0
    assert all(desk.store.times(line) == 2 for line in lines)


def test_two_writes_are_a_setting_for_stores_behind_a_balancer(tmp_path: Path) -> None:
    desk = Desk(tmp_path, visits(2), replace(SETTINGS, confirm_by="second_write"))
    desk.after(0)
    lines = desk.spool.lines()
    desk.store.life = "another machine"
    desk.after(61)
    assert desk.spool.depth == 0
    assert all(desk.store.times(line) == 2 for line in lines)


def test_after_a_restart_of_the_hall_nothing_counts_as_kept(desk: Desk) -> None:
    lines = desk.spool.lines()
    desk.spool.close()
    desk.open()
    for _ in range(4):
        desk.after(40)
    assert desk.spool.depth == 0
    assert all(desk.store.times(line) == 2 for line in lines)
    assert desk.feeding.stats().points_written == 20, "each point counts once"


def test_a_refused_line_is_set_aside_with_its_reason_and_blocks_nobody(tmp_path: Path) -> None:
    desk = Desk(tmp_path, visits(4), SETTINGS)
    desk.store.refuses = lambda line: line.startswith("ticket_called,") and "counter=2" in line
    desk.after(0)
    stats = desk.feeding.stats()
    assert (stats.points_set_aside, stats.points_written, stats.last_error) == (1, 19, "")
    ((at_ms, line, reason),) = desk.spool.aside()
    assert (at_ms, reason) == (5, "400 bad line")
    assert "ticket_called" in line
    assert "counter=2" in line
    assert desk.spool.depth == 19


def test_a_store_that_refuses_everything_is_a_wrong_setting_and_no_line_is_lost(
    tmp_path: Path,
) -> None:
    desk = Desk(tmp_path, visits(4), SETTINGS)
    desk.store.refuses = lambda _: True
    desk.after(0)
    stats = desk.feeding.stats()
    assert stats.points_set_aside == 0
    assert stats.spool_depth == 20
    assert "org and bucket" in stats.last_error
    desk.store.refuses = lambda _: False
    desk.after(1)
    assert desk.feeding.stats().points_written == 20
    assert desk.feeding.stats().last_error == ""


def test_a_store_that_is_away_is_asked_less_and_less_often(tmp_path: Path) -> None:
    desk = Desk(tmp_path, visits(2), SETTINGS)
    desk.store.away = True
    asked: list[float] = []
    for _ in range(1_000):
        before = desk.store.asked
        desk.after(0.1)
        asked += [desk.now_s] * (desk.store.asked - before)
    pauses = [round(b - a) for a, b in pairwise(asked)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == 30
    assert len(asked) < 10


def test_a_spool_of_another_journal_begins_anew(desk: Desk) -> None:
    desk.spool.close()
    desk.journal = Journal(visits(3, start_ms=10**12))
    desk.open()
    assert desk.spool.cursor == 0
    desk.after(0)
    assert desk.feeding.stats().points_made == 15
