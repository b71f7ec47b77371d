"""The balancer: every choice is tried out on the queue as it stands, and the least waiting wins.

For each ticket that the counter could call next, the queue is run forward
(:mod:`hall_server.queue.forward`) until all who wait now are called, and the ticket with the
smallest sum of squared waits is called.  A generalist so leaves to the specialist next to it what
that one frees up for, and turns to the line that nobody else serves.  The run calls by an index, a
generalised c-mu rule (Mandelbaum and Stolyar 2004): the wait by the root of the expected service
time.

Two promises stand above it: nobody is passed over more than ``overtaken_at_most`` times, and a
ticket with a priority reason that nears ``priority_within_minutes`` is called first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hall_server.catalogue import Counter
from hall_server.queue.forward import Forward
from hall_server.queue.policy import Choice, HallNow, for_counter
from hall_server.state import Line, Ticket

TRIED: Final = 4
"""Tickets tried out for one call: the most urgent by the index."""
LOOK_AHEAD: Final = 20
"""Calls that a trial looks ahead; those behind count with the wait they have at its end."""


class Balanced:
    """See the module."""

    def next_ticket(
        self, counter: Counter, waiting: Mapping[str, Line], hall: HallNow, now_ms: int
    ) -> Choice | None:
        """See :class:`hall_server.queue.policy.Policy`."""
        mine = [ticket for _, ticket in for_counter(counter, waiting, hall)]
        if not mine:
            return None
        if (kept := _promised(mine, hall)) is not None:
            return Choice(kept.id, _reason(kept, "overtaken", counter, hall))
        forward = Forward(hall.catalogue, hall.state, waiting, now_ms)
        groups = forward.first(counter.id)
        chosen = groups[0]
        head = forward.groups[chosen]
        due = now_ms - head.since_ms[0] >= head.first_after_ms
        if len(groups) > 1 and not due:
            chosen = min(groups[:TRIED], key=lambda group: _cost(forward, counter.id, group))
        ticket = hall.state.tickets[forward.groups[chosen].tickets[0]]
        senior = min(mine, key=lambda one: (one.seniority_ms, one.ordinal, one.id))
        why = "longest_wait" if ticket.id == senior.id else "balance"
        return Choice(ticket.id, _reason(ticket, why, counter, hall))


def _promised(mine: list[Ticket], hall: HallNow) -> Ticket | None:
    """The most senior of those that may not be passed over again."""
    most = hall.catalogue.queue.overtaken_at_most
    kept = [one for one in mine if one.overtaken >= most]
    return min(kept, key=lambda one: (one.seniority_ms, one.ordinal, one.id)) if kept else None


def _cost(forward: Forward, counter: str, group: int) -> float:
    """The sum of squared waits, in minutes, if ``counter`` calls the first of ``group`` now."""
    groups = forward.groups
    called = forward.run((counter, group), LOOK_AHEAD).called
    place = [0] * len(groups)
    cost = 0.0
    for call in called:
        place[call.group] += 1
        wait = (call.at_ms - groups[call.group].since_ms[call.place]) / 60_000
        cost += wait * wait
    end_ms = called[-1].at_ms
    for index, one in enumerate(groups):
        for since_ms in one.since_ms[place[index] :]:
            wait = (end_ms - since_ms) / 60_000
            cost += wait * wait
    return cost


def _reason(ticket: Ticket, why: str, counter: Counter, hall: HallNow) -> str:
    """The reason's words: why, the priority, and the scarce counter."""
    words = [why]
    if ticket.priority is not None:
        words.append("priority")
    catalogue, state = hall
    others = [
        one.id
        for one in catalogue.counters.values()
        if one.id != counter.id
        and ticket.service in one.services
        and (known := state.counters.get(one.id)) is not None
        and known.phase == "open"
    ]
    if not others:
        words.append("only_here")
    return ";".join(words)
