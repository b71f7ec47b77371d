"""The journal: what it took it keeps, and it opens to the state that was."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from hall_server import commands as c
from hall_server.facts import Source
from hall_server.journal import (
    COMMITS_UNTIL_REST,
    DEAD_LETTERS_KEPT,
    DeadLetter,
    Journal,
    JournalBusyError,
    JournalError,
    JournalFullError,
    JournalReader,
)
from hall_server.state import State
from tests.hall_server.halls import Day


def a_busy_morning(tickets: int = 30) -> Day:
    day = Day()
    day.open("1")
    day.open("2")
    for number in range(tickets):
        day.taken("chung-thuc", person=f"p{number}")
        if number % 3 == 0:
            for step in (c.CallNext, c.StartService, c.FinishService):
                day.at(step, "1")
            ticket = day.counter("1").last_finished or ""
            day.press("counter-1", 5, day.ticket(ticket).window)
        day.later(40)
    return day


def written(path: Path, day: Day) -> None:
    journal = Journal(path)
    journal.append(day.facts)
    journal.close()


def reopened(path: Path) -> State:
    journal = Journal(path)
    try:
        return journal.recover()
    finally:
        journal.close()


def test_each_commit_of_the_journal_is_forced_to_the_disk(tmp_path: Path) -> None:
    """No kill shows it, only a power cut would: so the file's own word is taken."""
    journal = Journal(tmp_path / "hall.db")
    try:
        assert journal._db.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
        assert journal._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    finally:
        journal.close()


def test_a_journal_that_rests_writes_over_its_log_instead_of_lengthening_it(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "hall.db")
    log = tmp_path / "hall.db-wal"
    try:
        day, written, lengths = Day(), 0, []
        for _ in range(3):
            for _ in range(COMMITS_UNTIL_REST):
                day.taken()
                journal.append(day.facts[written:])
                written = len(day.facts)
            journal.rest()
            lengths.append(log.stat().st_size)
        assert lengths[0] > 0
        assert lengths[2] <= 1.5 * lengths[0]
        assert journal.recover() == day.hall.state
    finally:
        journal.close()


def test_a_journal_opens_to_the_state_that_was(tmp_path: Path) -> None:
    day = a_busy_morning()
    written(tmp_path / "hall.db", day)
    assert reopened(tmp_path / "hall.db") == day.hall.state


def test_a_snapshot_changes_nothing_but_the_time_of_opening(tmp_path: Path) -> None:
    path = tmp_path / "hall.db"
    day = a_busy_morning()
    half = len(day.facts) // 2
    journal = Journal(path)
    journal.append(day.facts[:half])
    journal.save_snapshot(journal.recover())
    journal.append(day.facts[half:])
    journal.close()
    assert reopened(path) == day.hall.state


def test_a_damaged_snapshot_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "hall.db"
    day = a_busy_morning()
    journal = Journal(path)
    journal.append(day.facts)
    journal.save_snapshot(day.hall.state)
    journal.close()
    db = sqlite3.connect(path)
    db.execute("UPDATE snapshots SET state = substr(state, 1, 200)")
    db.commit()
    db.close()
    assert reopened(path) == day.hall.state


def test_a_snapshot_that_reads_well_and_says_something_else_is_passed_over(
    tmp_path: Path,
) -> None:
    path = tmp_path / "hall.db"
    day = a_busy_morning(3)
    journal = Journal(path)
    journal.append(day.facts)
    journal.save_snapshot(day.hall.state)
    journal.close()
    db = sqlite3.connect(path)
    (blob,) = db.execute("SELECT state FROM snapshots").fetchone()
    assert b"2026-11-23" in blob
    db.execute("UPDATE snapshots SET state = ?", (blob.replace(b"2026-11-23", b"2026-11-22"),))
    db.commit()
    db.close()
    assert reopened(path) == day.hall.state


def test_facts_are_neither_changed_nor_deleted(tmp_path: Path) -> None:
    path = tmp_path / "hall.db"
    written(path, a_busy_morning(3))
    db = sqlite3.connect(path)
    for sql in ("DELETE FROM facts WHERE id = 2", "UPDATE facts SET at_ms = 0 WHERE id = 2"):
        with pytest.raises(sqlite3.IntegrityError, match="never"):
            db.execute(sql)
    db.close()


def test_a_missing_fact_is_noticed_at_opening(tmp_path: Path) -> None:
    path = tmp_path / "hall.db"
    written(path, a_busy_morning(3))
    db = sqlite3.connect(path)
    db.execute("DROP TRIGGER facts_stay")
    db.execute("DELETE FROM facts WHERE id = 2")
    db.commit()
    db.close()
    with pytest.raises(JournalError, match="fact 2 is missing"):
        reopened(path)


def test_the_source_of_a_fact_is_kept_with_it(tmp_path: Path) -> None:
    day = Day()
    command = c.PressSeen(
        request="",
        node="counter-1",
        level=5,
        levels=5,
        window=None,
        refused="closed",
        happened_ms=None,
    )
    handled = day.hall.handle(command, day.at_ms, Source("a" * 32, 7), happened_ms=123)
    journal = Journal(tmp_path / "hall.db")
    journal.append(handled.facts)
    journal.close()
    reader = JournalReader(tmp_path / "hall.db")
    facts = reader.facts()
    reader.close()
    assert facts == handled.facts
    assert (facts[-1].source, facts[-1].happened_ms) == (Source("a" * 32, 7), 123)


def test_a_second_hall_on_the_same_journal_is_told_so(tmp_path: Path) -> None:
    first = Journal(tmp_path / "hall.db")
    with pytest.raises(JournalBusyError, match="another hall"):
        Journal(tmp_path / "hall.db")
    first.close()
    Journal(tmp_path / "hall.db").close()


def test_a_journal_of_another_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "hall.db"
    written(path, a_busy_morning(1))
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.commit()
    db.close()
    with pytest.raises(JournalError, match="another version"):
        Journal(path)


def test_a_full_disk_refuses_the_batch_whole_and_keeps_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "hall.db"
    day = a_busy_morning(5)
    journal = Journal(path)
    journal.append(day.facts)
    pages = journal._db.execute("PRAGMA page_count").fetchone()[0]
    journal._db.execute(f"PRAGMA max_page_count = {pages}")
    before = len(day.facts)
    for _ in range(200):
        day.taken()
    with pytest.raises(JournalFullError, match="make room"):
        journal.append(day.facts[before:])
    assert journal.recover().last_fact == before
    journal._db.execute("PRAGMA max_page_count = 1000000")
    journal.append(day.facts[before:])
    assert journal.recover() == day.hall.state
    journal.close()


def test_dead_letters_are_bounded_and_the_newest_come_first(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "hall.db")
    journal.bury([DeadLetter(n, "mc/1/h/n/event", "no", 3) for n in range(DEAD_LETTERS_KEPT + 5)])
    reader = JournalReader(tmp_path / "hall.db")
    assert reader.dead_letters(1)[0].at_ms == DEAD_LETTERS_KEPT + 4
    assert reader.count_dead_letters() == DEAD_LETTERS_KEPT + 5
    assert len(reader.dead_letters(20_000)) == DEAD_LETTERS_KEPT
    reader.close()
    journal.close()


WRITER = """
import sys
from pathlib import Path
from hall_server.journal import Journal
from tests.hall_server.halls import Day
day = Day()
journal = Journal(Path(sys.argv[1]))
sent = 0
while True:
    day.taken(person=None)
    journal.append(day.facts[sent:])
    sent = len(day.facts)
    print(sent, flush=True)
"""


@pytest.mark.faults
def test_what_was_said_to_be_written_is_there_after_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "hall.db"
    child = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    said = 0
    for line in child.stdout:
        said = int(line)
        if said >= 100:
            os.kill(child.pid, signal.SIGKILL)
            break
    rest = child.stdout.read().split()
    child.wait(10)
    said = int(rest[-1]) if rest else said
    state = reopened(path)
    assert state.last_fact >= said
    assert len(state.tickets) == state.last_fact - 1
