"""Who is called next: the small interface that every policy has, and what a line is ordered by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import NamedTuple, Protocol

from hall_server.catalogue import Catalogue, Counter, QueueRules
from hall_server.state import Line, State, Ticket


class HallNow(NamedTuple):
    """What a policy may read: the hall's rules, and all that has happened until now."""

    catalogue: Catalogue
    state: State


class Choice(NamedTuple):
    """The ticket to call, and why.

    ``reason`` is made of words that :mod:`hall_server.queue.reasons` puts into sentences:
    ``longest_wait``, ``priority``, ``in_turn``, ``overtaken``, ``quick``, ``only:4``.
    """

    ticket: str
    reason: str


class Policy(Protocol):
    """Chooses from what waits; reads neither the future nor anything but its arguments."""

    def next_ticket(
        self, counter: Counter, waiting: Mapping[str, Line], hall: HallNow, now_ms: int
    ) -> Choice | None:
        """The ticket that ``counter`` should call at ``now_ms``, or None where none waits for it.

        ``waiting`` holds each service's line, most senior first.
        """


def for_counter(
    counter: Counter, waiting: Mapping[str, Line], hall: HallNow
) -> Iterator[tuple[tuple[int, int, str], Ticket]]:
    """(place in line, ticket) of all that ``counter`` may call, line by line."""
    tickets = hall.state.tickets
    for service in counter.services:
        for place in waiting.get(service, ()):
            ticket = tickets[place[2]]
            if ticket.only_counter is None or ticket.only_counter == counter.id:
                yield place, ticket


def passed_over(
    counter: Counter, waiting: Mapping[str, Line], hall: HallNow, chosen: Ticket
) -> list[str]:
    """The tickets that ``counter`` could have called and that came before ``chosen``."""
    place = (chosen.seniority_ms, chosen.ordinal, chosen.id)
    tickets = hall.state.tickets
    return [
        before[2]
        for service in counter.services
        for before in takewhile(lambda one: one < place, waiting.get(service, ()))
        if tickets[before[2]].only_counter in (None, counter.id)
    ]


def seniority_ms(rules: QueueRules, since_ms: int, priority: str | None) -> int:
    """The key that orders a line: waiting since ``since_ms``.

    Under the ``weighted`` rules less the minutes that the priority reason counts for.
    """
    if rules.policy != "weighted" or priority is None:
        return since_ms
    credit = rules.priority_minutes.items()
    minutes = next((minutes for reason, minutes in credit if reason == priority), 0.0)
    return since_ms - round(minutes * 60_000)
