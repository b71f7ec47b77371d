"""The queue run forward: which counter frees when, and whom it calls then.

Times are expected ones, from what the hall has learnt; nothing is drawn by lot, and nobody comes
who is not there yet.  The balancer tries its choices out on it, and the estimates read the waits
off it.
"""

from __future__ import annotations

import heapq
import sys
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from hall_server.catalogue import Catalogue
from hall_server.queue import hours
from hall_server.queue.learning import UNKNOWN_MS, expected_ms
from hall_server.state import Line, State

SHORTNESS: Final = 0.5
"""Power of the expected service time in the index: 0 is first come, first called; 1 is c-mu."""
HEAD_START_MS: Final = 60_000
"""So that the index of somebody who has just come is not nothing."""
PRIORITY_WEIGHT: Final = 2.0
BETWEEN_TICKETS_MS: Final = 20_000
"""From one finish to the next start: the call and the walk to the counter."""
OVERRUN: Final = 0.25
"""Of its expected time, what a service that has outlasted it is expected to take still."""
_FIRST: Final = 1e12


class Group(NamedTuple):
    """Those of one service and class who wait, most senior first; only the first may be next."""

    service: str
    priority: bool
    only_counter: str | None
    since_ms: list[int]
    tickets: list[str]
    factor: float
    """What a millisecond of waiting is worth in the index."""
    first_after_ms: float
    """Of waiting, from which on it goes before all that have not waited so long for it."""


class Called(NamedTuple):
    """A call to come."""

    at_ms: float
    counter: str
    group: int
    place: int
    """Within the group, from 0."""


class Run(NamedTuple):
    """What comes: the calls in order, and for each service when a counter would have nobody."""

    called: list[Called]
    nobody_ms: dict[str, float]


class Forward:
    """A moment of the hall, ready to be run forward again and again; it changes nothing."""

    def __init__(
        self, hall: Catalogue, state: State, waiting: Mapping[str, Line], now_ms: int
    ) -> None:
        self.now_ms = now_ms
        self.hall = hall
        services, paces = expected_ms(hall, state)
        self._paces = paces
        self.free = _free_times(hall, state, now_ms, services, paces)
        open_counters = [counter for _, counter in self.free]
        self.groups = _groups(hall, state, waiting, services, open_counters)
        self._took_ms = [services.get(group.service, UNKNOWN_MS) for group in self.groups]
        self.serves = {counter: self._served_by(counter) for counter in open_counters}
        kept = {counter: hours.of(hall, counter, now_ms) for counter in open_counters}
        self._hours = {counter: one for counter, one in kept.items() if one.stretches}

    def _served_by(self, counter: str) -> list[int]:
        services = set(self.hall.counters[counter].services)
        return [
            index
            for index, group in enumerate(self.groups)
            if group.service in services and group.only_counter in (None, counter)
        ]

    def took_ms(self, group: int, counter: str) -> float:
        """How long a ticket of ``group`` is expected to keep ``counter``, with the walk there."""
        return self._took_ms[group] * self._paces.get(counter, 1.0) + BETWEEN_TICKETS_MS

    def index(self, group: int, place: int, at_ms: float) -> float:
        """How urgent it is to call that one at ``at_ms``."""
        one = self.groups[group]
        wait_ms = at_ms - one.since_ms[place]
        urgency = (wait_ms + HEAD_START_MS) * one.factor
        return urgency + _FIRST if wait_ms >= one.first_after_ms else urgency

    def first(self, counter: str) -> list[int]:
        """The groups whose first ``counter`` could call, the most urgent first."""
        return sorted(self.serves[counter], key=lambda group: -self.index(group, 0, self.now_ms))

    def run(
        self,
        first: tuple[str, int] | None = None,
        most: int | None = None,
        until: tuple[int, int] | None = None,
    ) -> Run:
        """The calls to come, all of them or ``most`` at most.

        ``first`` is a counter that calls the first of a group now, whatever the index says;
        ``until`` a (group, place) whose call is the last that is wanted.
        """
        place = [0] * len(self.groups)
        free = list(self.free)
        called: list[Called] = []
        nobody_ms: dict[str, float] = {}
        if first is not None:
            counter, group = first
            free = [one for one in free if one[1] != counter]
            free.append((self.now_ms + self.took_ms(group, counter), counter))
            place[group] = 1
            called.append(Called(self.now_ms, counter, group, 0))
        heapq.heapify(free)
        groups, paces = self.groups, self._paces
        enough = sys.maxsize if most is None else most
        while free and len(called) < enough:
            at, counter = heapq.heappop(free)
            kept = self._hours.get(counter)
            if kept is not None and (later := kept.next_from(at)) != at:
                if later is not None:
                    heapq.heappush(free, (later, counter))
                continue
            best, most_urgent = -1, -1.0
            for index in self.serves[counter]:
                _, _, _, since_ms, _, factor, first_after_ms = groups[index]
                here = place[index]
                if here == len(since_ms):
                    continue
                wait_ms = at - since_ms[here]
                urgency = (wait_ms + HEAD_START_MS) * factor
                if wait_ms >= first_after_ms:
                    urgency += _FIRST
                if urgency > most_urgent:
                    best, most_urgent = index, urgency
            if best < 0:
                for service in self.hall.counters[counter].services:
                    nobody_ms.setdefault(service, at)
                continue
            called.append(Called(at, counter, best, place[best]))
            if until is not None and until == (best, place[best]):
                break
            place[best] += 1
            took_ms = self._took_ms[best] * paces.get(counter, 1.0) + BETWEEN_TICKETS_MS
            heapq.heappush(free, (at + took_ms, counter))
        return Run(called, nobody_ms)


def _groups(
    hall: Catalogue,
    state: State,
    waiting: Mapping[str, Line],
    services: Mapping[str, float],
    open_counters: Sequence[str],
) -> list[Group]:
    found: dict[tuple[str, bool, str | None], Group] = {}
    longest = {
        counter: max(
            services.get(service, UNKNOWN_MS) for service in hall.counters[counter].services
        )
        for counter in open_counters
    }
    for service, line in waiting.items():
        mean_ms = services.get(service, UNKNOWN_MS)
        for since_ms, _, key in line:
            ticket = state.tickets[key]
            priority = ticket.priority is not None
            kind = (service, priority, ticket.only_counter)
            if (group := found.get(kind)) is None:
                group = found[kind] = Group(*kind, [], [], *_urgency(hall, kind, mean_ms, longest))
            group.since_ms.append(since_ms)
            group.tickets.append(key)
    return list(found.values())


def _urgency(
    hall: Catalogue,
    kind: tuple[str, bool, str | None],
    mean_ms: float,
    longest: Mapping[str, float],
) -> tuple[float, float]:
    """(factor, first_after_ms) of a group under the hall's policy.

    ``longest`` has each open counter, with the expected ms of the longest service it serves.
    """
    service, priority, only = kind
    rules = hall.queue
    never = float("inf")
    if rules.policy == "priority":
        return 1.0, 0.0 if priority else never
    if rules.policy != "balanced":
        return 1.0, never
    factor = 1.0 / float(mean_ms**SHORTNESS)
    if not priority:
        return factor, never
    gap_ms = _gap_ms(
        [
            longest_ms
            for counter, longest_ms in longest.items()
            if service in hall.counters[counter].services and only in (None, counter)
        ]
    )
    due_ms = rules.priority_within_minutes * 60_000
    return factor * PRIORITY_WEIGHT, max(due_ms / 5, due_ms - gap_ms)


def _gap_ms(longest: Sequence[float]) -> float:
    """How long it takes, as a rule, until a counter frees up of those with these ``longest``."""
    if not longest:
        return 0.0
    return sum(longest) / len(longest) / len(longest) + BETWEEN_TICKETS_MS


def _free_times(
    hall: Catalogue,
    state: State,
    now_ms: int,
    services: Mapping[str, float],
    paces: Mapping[str, float],
) -> list[tuple[float, str]]:
    free: list[tuple[float, str]] = []
    for one in state.counters.values():
        if one.phase != "open" or one.id not in hall.counters:
            continue
        at = float(now_ms)
        ticket = state.tickets.get(one.ticket) if one.ticket else None
        if ticket is not None:
            mean = services.get(ticket.service, UNKNOWN_MS) * paces.get(one.id, 1.0)
            since = ticket.started_ms if ticket.phase == "serving" else now_ms
            spent = now_ms - (since or now_ms)
            at += max(mean - spent, mean * OVERRUN) + BETWEEN_TICKETS_MS
        free.append((at, one.id))
    return free
