"""The judgement itself can fail: a planted loss or double in a good journal is found."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from msgspec.structs import replace

from hall_server import commands as c
from hall_server import facts as f
from hall_server.facts import Fact, Source
from hall_server.journal import Journal, JournalReader
from tests.faults.judgement import Outbox, Seen, judge
from tests.hall_server.halls import Day

STREAM = "a" * 32
OUTBOXES = {"counter-1": Outbox(STREAM, 4, frozenset({3, 4}), frozenset())}


def press(window: str | None, refused: Literal["closed"] | None = None) -> c.PressSeen:
    return c.PressSeen(
        request="",
        node="counter-1",
        level=5,
        levels=5,
        window=window,
        refused=refused,
        happened_ms=None,
    )


def good_day() -> tuple[list[Fact], Seen]:
    """One ticket served and rated, one called, one press refused; two events wait at the node."""
    day, seen = Day(), Seen()
    day.open("1")
    day.open("2")
    window = day.served("1").window
    began = (f.StreamBegan("counter-1", 1),)
    events = ((press(window), began), (press(None, "closed"), ()))
    for seq, (command, preceding) in enumerate(events, 1):
        handled = day.hall.handle(command, day.at_ms, Source(STREAM, seq), preceding=preceding)
        day.facts += handled.facts
    day.taken()
    day.at(c.CallNext, "2")
    for fact in day.facts:
        if isinstance(fact.body, f.TicketTaken):
            seen.ticket(str(fact.request), fact.body.number, fact.body.token)
        elif isinstance(fact.body, f.TicketCalled):
            seen.answer(str(fact.request), fact.body.ticket[-4:])
    seen.lamp("counter-1")
    return day.facts, seen


def one(facts: list[Fact], kind: type[f.Body]) -> Fact:
    return next(fact for fact in facts if isinstance(fact.body, kind))


def numbered(facts: list[Fact]) -> list[Fact]:
    return [replace(fact, id=number) for number, fact in enumerate(facts, 1)]


def without(kind: type[f.Body]) -> Callable[[list[Fact]], list[Fact]]:
    return lambda facts: numbered([fact for fact in facts if fact is not one(facts, kind)])


def twice(kind: type[f.Body], **other: str) -> Callable[[list[Fact]], list[Fact]]:
    """The same once more at the day's end, with a body a little different."""

    def plant(facts: list[Fact]) -> list[Fact]:
        fact = one(facts, kind)
        more = replace(fact, body=replace(fact.body, **other), at_ms=facts[-1].at_ms)
        return numbered([*facts, more])

    return plant


def anonymous(plant: Callable[[list[Fact]], list[Fact]]) -> Callable[[list[Fact]], list[Fact]]:
    """Planted without a request id or a source that would give it away."""

    def planted(facts: list[Fact]) -> list[Fact]:
        *rest, last = plant(facts)
        return [*rest, replace(last, request=None, source=None)]

    return planted


def test_a_good_day_is_found_good() -> None:
    facts, seen = good_day()
    assert judge(facts, seen, OUTBOXES) == ([], [], [])


@pytest.mark.parametrize(
    ("plant", "found"),
    [
        (without(f.TicketTaken), "a citizen has ticket A001"),
        (without(f.TicketCalled), "was answered with yes and is not in the journal"),
        (without(f.RatingRefused), "event 2 of counter-1 is neither"),
        (without(f.RatingGiven), "1 lamps were lit at counter-1 and 0 presses are kept"),
    ],
)
def test_a_loss_is_found(plant: Callable[[list[Fact]], list[Fact]], found: str) -> None:
    facts, seen = good_day()
    assert any(found in finding for finding in judge(plant(facts), seen, OUTBOXES).lost)


@pytest.mark.parametrize(
    ("plant", "found"),
    [
        (anonymous(twice(f.TicketTaken, token="other")), "ticket 20261123-A001 was given 2 times"),
        (
            anonymous(twice(f.TicketTaken, token="other", ticket="20261123-A009")),
            "number A001 was given twice in a day",
        ),
        (anonymous(twice(f.TicketTaken, ticket="x", number="A009")), "is that of 2 tickets"),
        (twice(f.TicketTaken, token="other", ticket="x", number="A009"), "was done 2 times"),
        (twice(f.RatingRefused), "event 2 of stream aaaaaaaa is in the journal twice"),
        (anonymous(twice(f.RatingGiven)), "ticket 20261123-A001 was rated 2 times"),
        (
            anonymous(twice(f.TicketCalled, ticket="20261123-A002", counter="1")),
            "20261123-A002 was called by 1 while it was at 2",
        ),
        (
            anonymous(twice(f.TicketCalled, ticket="20261123-A009", counter="2")),
            "counter 2 called 20261123-A009 while it had another",
        ),
    ],
)
def test_a_double_is_found(plant: Callable[[list[Fact]], list[Fact]], found: str) -> None:
    facts, seen = good_day()
    assert any(found in finding for finding in judge(plant(facts), seen, OUTBOXES).doubled)


def test_what_is_wrong_besides_is_found() -> None:
    facts, seen = good_day()
    seen.answer(next(iter(seen.answers)), "A007")
    assert "was answered A001, then A007" in judge(facts, seen, OUTBOXES).wrong[0]
    hole = [fact for fact in facts if fact.id != 3]
    assert "fact 4 stands where 3 should" in judge(hole, seen, OUTBOXES).wrong
    gap = replace(facts[-1], body=f.StreamGap("counter-1", 3, 4), source=Source(STREAM, 5))
    found = judge([*facts[:-1], gap], seen, OUTBOXES).lost
    assert any("a gap was written" in finding for finding in found)
    facts, other = good_day()
    other.answers = dict.fromkeys(other.answers, "A005")
    assert "was answered A005 and is A001" in judge(facts, other, OUTBOXES).wrong[0]


def test_a_row_lost_from_a_copied_journal_is_found(tmp_path: Path) -> None:
    facts, seen = good_day()
    journal = Journal(tmp_path / "hall.db")
    journal.append(facts)
    journal.close()
    shutil.copy(tmp_path / "hall.db", tmp_path / "copy.db")
    with sqlite3.connect(tmp_path / "copy.db") as db:
        db.execute("DROP TRIGGER facts_stay")
        db.execute("DELETE FROM facts WHERE kind = 'rating_given'")
    reader = JournalReader(tmp_path / "copy.db")
    verdict = judge(reader.facts(), seen, OUTBOXES)
    reader.close()
    assert not verdict.clean
    assert any("lamps were lit" in finding for finding in verdict.lost)
