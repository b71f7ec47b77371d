"""What the journal says of a bench on the web: which answers were wrong, which pages heard late."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from hall_server import facts as f
from hall_server.facts import Fact
from hall_server.journal import JournalReader
from motcua.bench.audience import Heard

_CHANGES_COUNTER = (f.TicketCalled, f.ServiceStarted, f.ServiceFinished)


def read(journal: Path, after: int = 0) -> Iterator[Fact]:
    """All facts above ``after``."""
    reader = JournalReader(journal)
    try:
        while facts := reader.facts(after, 10_000):
            yield from facts
            after = facts[-1].id
    finally:
        reader.close()


def wrong_results(
    journal: Path, taken: Sequence[tuple[str, str]], called: Sequence[tuple[str, str]]
) -> list[str]:
    """Duplicate numbers, double calls, and answers that the journal does not know.

    ``taken`` are (number, token) and ``called`` (number, counter) as clients were told.
    """
    tokens: dict[str, str] = {}
    numbers: Counter[str] = Counter()
    calls: Counter[tuple[str, str]] = Counter()
    for fact in read(journal):
        if isinstance(fact.body, f.TicketTaken):
            tokens[fact.body.token] = fact.body.number
            numbers[fact.body.number] += 1
        elif isinstance(fact.body, f.TicketCalled):
            calls[fact.body.ticket.rpartition("-")[2], fact.body.counter] += 1
    journal_called = Counter(number for number, _ in calls.elements())
    wrong = [f"{number} was issued {n} times" for number, n in _doubled(n for n, _ in taken)]
    wrong += [f"{number} is {n} times in the journal" for number, n in numbers.items() if n > 1]
    wrong += [f"{number} was called {n} times" for number, n in _doubled(n for n, _ in called)]
    wrong += [f"the journal has {n} calls of {one}" for one, n in journal_called.items() if n > 1]
    wrong += [f"{number}: no such ticket" for number, token in taken if tokens.get(token) != number]
    wrong += [
        f"{number} to {counter}: no such call"
        for number, counter in called
        if not calls[number, counter]
    ]
    if len(tokens) != len(taken):
        wrong.append(f"{len(taken)} tickets were handed out, the journal has {len(tokens)}")
    if calls.total() != len(called):
        wrong.append(f"{len(called)} calls were answered, the journal has {calls.total()}")
    return wrong


def _doubled(numbers: Iterator[str]) -> list[tuple[str, int]]:
    return [(number, times) for number, times in Counter(numbers).items() if times > 1]


def lateness(journal: Path, heard: Sequence[Heard]) -> tuple[list[float], int]:
    """How late each page had each change, in ms, and how many changes never came.

    A change has come with the first state of its ``rev`` or above.  Counted from the fact's own
    time, which is before its commit.  A board changes with every call, a counter's page with
    what happens there, a waiting ticket's page with every call from its line.
    """
    first = min((states[0][1] for _, states in heard if states), default=0)
    tickets: dict[str, f.TicketTaken] = {}
    facts: list[Fact] = []
    for fact in read(journal):
        if isinstance(fact.body, f.TicketTaken):
            tickets[fact.body.token] = fact.body
        elif fact.id > first and isinstance(fact.body, _CHANGES_COUNTER):
            facts.append(fact)
    late_ms: list[float] = []
    missing = 0
    for page, states in heard:
        revs = [rev for _, rev in states]
        for fact in facts:
            if not revs or fact.id <= revs[0] or not _concerns(page, fact, tickets):
                continue
            place = bisect_left(revs, fact.id)
            if place == len(revs):
                missing += 1
            else:
                late_ms.append(states[place][0] - fact.at_ms)
    return late_ms, missing


def _concerns(page: str, fact: Fact, tickets: dict[str, f.TicketTaken]) -> bool:
    kind, _, name = page.partition("/")
    body = fact.body
    if kind == "counter":
        return isinstance(body, _CHANGES_COUNTER) and body.counter == name
    if not isinstance(body, f.TicketCalled):
        return False
    return kind == "board" or body.service == tickets[name].service
