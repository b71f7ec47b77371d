"""Who is called next: one small interface, and the policies behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple, Protocol

from hall_server.catalogue import Counter, QueueRules
from hall_server.state import Line, State


class Choice(NamedTuple):
    """The ticket to call, and why: ``longest_wait``, or ``priority`` where a reason moved it up."""

    ticket: str
    reason: str


class Policy(Protocol):
    """Chooses from what waits; reads neither the future nor anything but its arguments."""

    def next_ticket(
        self, counter: Counter, waiting: Mapping[str, Line], hall: State, now_ms: int
    ) -> Choice | None:
        """The ticket that ``counter`` should call at ``now_ms``, or None where none waits for it.

        ``waiting`` holds each service's line, most senior first.
        """


class LongestWait:
    """The most senior ticket among all the lines that the counter serves.

    Seniority is the time of taking less the minutes that a priority reason counts for
    (:func:`seniority_ms`), so under the ``arrival`` rules it is first come, first served.
    """

    def next_ticket(
        self,
        counter: Counter,
        waiting: Mapping[str, Line],
        hall: State,
        now_ms: int,
    ) -> Choice | None:
        """See :class:`Policy`."""
        best: tuple[int, int, str] | None = None
        for service in counter.services:
            for place in waiting.get(service, ()):
                if best is not None and place >= best:
                    break
                only = hall.tickets[place[2]].only_counter
                if only is None or only == counter.id:
                    best = place
                    break
        if best is None:
            return None
        ticket = hall.tickets[best[2]]
        moved_up = ticket.priority is not None and ticket.seniority_ms < ticket.taken_ms
        return Choice(ticket.id, "priority" if moved_up else "longest_wait")


POLICIES: Final[Mapping[str, Policy]] = {"weighted": LongestWait(), "arrival": LongestWait()}


def seniority_ms(rules: QueueRules, since_ms: int, priority: str | None) -> int:
    """The key that orders a line: waiting since ``since_ms``, with the priority's minutes."""
    if rules.policy == "arrival" or priority is None:
        return since_ms
    credit = rules.priority_minutes.items()
    minutes = next((minutes for reason, minutes in credit if reason == priority), 0.0)
    return since_ms - round(minutes * 60_000)
