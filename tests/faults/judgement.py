"""What people saw, held against what the disks hold: lost, doubled and wrong, each in words."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from hall_server import facts as f
from hall_server.facts import Fact

NODE_SAID_NO = frozenset({"closed", "already_rated", "paused"})
"""Reasons with which a node refuses a press: no lamp was lit for those."""


class Seen:
    """The ledger of what was answered and lit; any thread may write."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.answers: dict[str, str | None] = {}
        """Request id as the journal has it -> the number in the first answer."""
        self.tokens: dict[str, str] = {}
        """Token of a ticket's page -> its number."""
        self.lamps: Counter[str] = Counter()
        """Node -> presses that lit their lamp."""
        self.wrongs: list[str] = []

    def answer(self, request: str, number: str | None) -> None:
        """The hall said yes."""
        with self._lock:
            if self.answers.setdefault(request, number) != number:
                self.wrongs.append(
                    f"request {request} was answered {self.answers[request]}, then {number}"
                )

    def ticket(self, request: str, number: str, token: str) -> None:
        """The hall gave a ticket."""
        self.answer(request, number)
        with self._lock:
            self.tokens[token] = number

    def lamp(self, node: str) -> None:
        """A press lit its lamp."""
        with self._lock:
            self.lamps[node] += 1

    def wrong(self, what: str) -> None:
        """Something that must not be was seen."""
        with self._lock:
            self.wrongs.append(what)


class Outbox(NamedTuple):
    """What a node's outbox gave out (1 to ``last_seq``), and what is still on its disk.

    What the hall has acknowledged may be among that: it leaves with the next event.
    """

    stream: str
    last_seq: int
    held: frozenset[int]
    held_accepted: frozenset[int]
    """Of those held, the presses that the node accepted."""

    def unknown(self, facts: Sequence[Fact]) -> frozenset[int]:
        """What it holds and the journal does not."""
        known = {one.source.seq for one in facts if one.source and one.source.stream == self.stream}
        return self.held - known


class Verdict(NamedTuple):
    """The findings; three empty lists are a hall as it should be."""

    lost: list[str]
    doubled: list[str]
    wrong: list[str]

    @property
    def clean(self) -> bool:
        """True where nothing was found."""
        return not (self.lost or self.doubled or self.wrong)


def read_outbox(folder: Path, copies: Path) -> Outbox:
    """The outbox of a node that has ended, read from a copy (a kill leaves a log to fold in)."""
    copies.mkdir(exist_ok=True)
    for path in folder.glob("outbox.db*"):
        shutil.copy(path, copies)
    with closing(sqlite3.connect(copies / "outbox.db")) as db:
        rows = dict(db.execute("SELECT seq, body FROM event").fetchall())
    shutil.rmtree(copies)
    sheet = json.loads(rows.pop(0))
    accepted = frozenset(
        seq
        for seq, body in rows.items()
        if b'"kind":"rating"' in body and b'"refused":null' in body
    )
    return Outbox(sheet["stream"], max(sheet["last_seq"], *rows, 0), frozenset(rows), accepted)


def judge(facts: Sequence[Fact], seen: Seen, outboxes: Mapping[str, Outbox]) -> Verdict:
    """Hold ``seen`` and ``outboxes`` against ``facts``, the whole journal."""
    return Verdict(
        [
            *_tickets_lost(facts, seen),
            *_requests_lost(facts, seen),
            *_events_lost(facts, outboxes),
            *_lamps_lost(facts, seen, outboxes),
        ],
        [
            *_numbers_twice(facts),
            *_tokens_twice(facts),
            *_requests_twice(facts),
            *_events_twice(facts),
            *_calls_twice(facts),
            *_ratings_twice(facts),
        ],
        [*seen.wrongs, *_out_of_order(facts), *_answers_wrong(facts, seen)],
    )


def _tickets_lost(facts: Sequence[Fact], seen: Seen) -> Iterator[str]:
    known = {
        one.body.token: one.body.number for one in facts if isinstance(one.body, f.TicketTaken)
    }
    for token, number in seen.tokens.items():
        if known.get(token) != number:
            yield f"a citizen has ticket {number}, its page in the journal is {known.get(token)}"


def _requests_lost(facts: Sequence[Fact], seen: Seen) -> Iterator[str]:
    known = {one.request for one in facts}
    for request in seen.answers:
        if request not in known:
            yield f"{request} was answered with yes and is not in the journal"


def _events_lost(facts: Sequence[Fact], outboxes: Mapping[str, Outbox]) -> Iterator[str]:
    known = {(one.source.stream, one.source.seq) for one in facts if one.source}
    for node, outbox in outboxes.items():
        for seq in range(1, outbox.last_seq + 1):
            if (outbox.stream, seq) not in known and seq not in outbox.held:
                yield f"event {seq} of {node} is neither in the journal nor in its outbox"
    for one in facts:
        if isinstance(one.body, f.StreamGap):
            yield f"a gap was written: {one.body}"


def _lamps_lost(facts: Sequence[Fact], seen: Seen, outboxes: Mapping[str, Outbox]) -> Iterator[str]:
    accepted: Counter[str] = Counter()
    for one in facts:
        if isinstance(one.body, f.RatingGiven) and one.body.via == "buttons":
            accepted[f"counter-{one.body.counter}"] += 1
        elif isinstance(one.body, f.RatingRefused) and one.body.reason not in NODE_SAID_NO:
            accepted[one.body.node] += 1
    for node, lit in seen.lamps.items():
        outbox = outboxes[node]
        kept = accepted[node] + len(outbox.held_accepted & outbox.unknown(facts))
        if kept < lit:
            yield f"{lit} lamps were lit at {node} and {kept} presses are kept"


def _numbers_twice(facts: Sequence[Fact]) -> Iterator[str]:
    tickets = [one.body.ticket for one in facts if isinstance(one.body, f.TicketTaken)]
    for ticket, often in Counter(tickets).items():
        if often > 1:
            yield f"ticket {ticket} was given {often} times"
    today: set[str] = set()
    for one in facts:
        if isinstance(one.body, f.DayOpened):
            today.clear()
        elif isinstance(one.body, f.TicketTaken):
            if one.body.number in today:
                yield f"number {one.body.number} was given twice in a day"
            today.add(one.body.number)


def _tokens_twice(facts: Sequence[Fact]) -> Iterator[str]:
    tokens = [one.body.token for one in facts if isinstance(one.body, f.TicketTaken)]
    for token, often in Counter(tokens).items():
        if often > 1:
            yield f"the page {token[:4]}… is that of {often} tickets"


def _requests_twice(facts: Sequence[Fact]) -> Iterator[str]:
    for request, often in Counter(one.request for one in facts if one.request).items():
        if often > 1:
            yield f"request {request} was done {often} times"


def _events_twice(facts: Sequence[Fact]) -> Iterator[str]:
    places: dict[tuple[str, int], list[Fact]] = {}
    for one in facts:
        if one.source:
            places.setdefault((one.source.stream, one.source.seq), []).append(one)
    for (stream, seq), group in places.items():
        apart = group[-1].id - group[0].id + 1 != len(group)
        if apart or max(Counter(type(one.body) for one in group).values()) > 1:
            yield f"event {seq} of stream {stream[:8]} is in the journal twice"


def _calls_twice(facts: Sequence[Fact]) -> Iterator[str]:
    at: dict[str, str] = {}
    for one in facts:
        match one.body:
            case f.TicketCalled(ticket=ticket, counter=counter):
                if ticket in at:
                    yield f"{ticket} was called by {counter} while it was at {at[ticket]}"
                if counter in at.values():
                    yield f"counter {counter} called {ticket} while it had another"
                at[ticket] = counter
            case f.FinishUndone(ticket=ticket, counter=counter):
                at[ticket] = counter
            case (
                f.ServiceFinished(ticket=ticket)
                | f.NoShow(ticket=ticket)
                | f.TicketParked(ticket=ticket)
                | f.TicketTransferred(ticket=ticket)
                | f.TicketCancelled(ticket=ticket)
            ):
                at.pop(ticket, None)
            case f.DayOpened():
                at.clear()


def _ratings_twice(facts: Sequence[Fact]) -> Iterator[str]:
    rated = Counter(one.body.ticket for one in facts if isinstance(one.body, f.RatingGiven))
    for ticket, often in rated.items():
        if often > 1:
            yield f"ticket {ticket} was rated {often} times"


def _out_of_order(facts: Sequence[Fact]) -> Iterator[str]:
    for number, one in enumerate(facts, 1):
        if one.id != number:
            yield f"fact {one.id} stands where {number} should"
            return
    for before, after in pairwise(facts):
        if after.at_ms < before.at_ms:
            yield f"fact {after.id} is older than the one before it"


def _answers_wrong(facts: Sequence[Fact], seen: Seen) -> Iterator[str]:
    numbers = {
        one.body.ticket: one.body.number for one in facts if isinstance(one.body, f.TicketTaken)
    }
    for one in facts:
        if one.request in seen.answers:
            journalled = numbers.get(getattr(one.body, "ticket", ""))
            if journalled != seen.answers[one.request]:
                yield (
                    f"{one.request} was answered {seen.answers[one.request]} and is "
                    f"{journalled} in the journal"
                )
