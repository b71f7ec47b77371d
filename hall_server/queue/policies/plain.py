"""The rules that most halls know: first come, priority first, some ordinary to one priority."""

from __future__ import annotations

from collections.abc import Mapping

from hall_server.catalogue import Counter
from hall_server.queue.policy import Choice, HallNow, for_counter
from hall_server.state import Line, Ticket

Place = tuple[int, int, str]


class Arrival:
    """The most senior ticket among all the lines that the counter serves.

    Seniority is the time of taking; under the ``weighted`` rules less the minutes that a priority
    reason counts for (:func:`hall_server.queue.policy.seniority_ms`).
    """

    def next_ticket(
        self, counter: Counter, waiting: Mapping[str, Line], hall: HallNow, now_ms: int
    ) -> Choice | None:
        """See :class:`hall_server.queue.policy.Policy`."""
        found = min(for_counter(counter, waiting, hall), default=None, key=_by_place)
        if found is None:
            return None
        ticket = found[1]
        moved_up = ticket.priority is not None and ticket.seniority_ms < ticket.taken_ms
        return Choice(ticket.id, "priority" if moved_up else "longest_wait")


class PriorityFirst:
    """Whoever has a priority reason goes first; within both, first come, first called."""

    def next_ticket(
        self, counter: Counter, waiting: Mapping[str, Line], hall: HallNow, now_ms: int
    ) -> Choice | None:
        """See :class:`hall_server.queue.policy.Policy`."""
        ordinary, priority = heads(counter, waiting, hall)
        if priority is not None:
            return Choice(priority.id, "priority")
        return Choice(ordinary.id, "longest_wait") if ordinary is not None else None


class Interleave:
    """``interleave_ordinary`` ordinary tickets, then one with a priority reason, at each counter.

    Counted over the hall's latest calls at this counter, so that a restart changes nothing.
    """

    def next_ticket(
        self, counter: Counter, waiting: Mapping[str, Line], hall: HallNow, now_ms: int
    ) -> Choice | None:
        """See :class:`hall_server.queue.policy.Policy`."""
        ordinary, priority = heads(counter, waiting, hall)
        if priority is None:
            return Choice(ordinary.id, "longest_wait") if ordinary is not None else None
        state = hall.state
        one = state.counters.get(counter.id)
        since = one.ordinary_since_priority if one else 0
        if ordinary is None or since >= hall.catalogue.queue.interleave_ordinary:
            return Choice(priority.id, "priority;in_turn")
        return Choice(ordinary.id, "longest_wait;in_turn")


def heads(
    counter: Counter, waiting: Mapping[str, Line], hall: HallNow
) -> tuple[Ticket | None, Ticket | None]:
    """The most senior (ordinary, priority) tickets for ``counter``."""
    best: list[tuple[Place, Ticket] | None] = [None, None]
    for found in for_counter(counter, waiting, hall):
        kind = found[1].priority is not None
        known = best[kind]
        if known is None or found[0] < known[0]:
            best[kind] = found
    ordinary, priority = best
    return ordinary[1] if ordinary else None, priority[1] if priority else None


def _by_place(found: tuple[Place, Ticket]) -> Place:
    return found[0]
