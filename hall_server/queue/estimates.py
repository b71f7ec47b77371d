"""Place in line and the wait to expect: the policy run forward over learnt service times."""

from __future__ import annotations

import heapq
from typing import Final, NamedTuple

from hall_server.catalogue import Catalogue
from hall_server.queue.policy import POLICIES
from hall_server.state import Line, State

PRIOR_WEIGHT: Final = 10
"""Services that the expected minutes of the settings count for, against those measured."""
BETWEEN_TICKETS_MS: Final = 20_000
"""From one finish to the next start: the call and the walk to the counter."""
LOW: Final = 0.7
HIGH: Final = 1.4
"""The range told around the forward run.  Set by hand so far, not calibrated."""


class Wait(NamedTuple):
    """Milliseconds until the call: a range, and the middle of it."""

    low_ms: int
    median_ms: int
    high_ms: int


class Place(NamedTuple):
    """Where a waiting ticket stands in the line of its service, from 1, and its wait.

    ``wait`` is None while no open counter serves it.
    """

    place: int
    wait: Wait | None


class Estimates(NamedTuple):
    """Every waiting ticket's place and wait, and for each service the wait of a newcomer."""

    tickets: dict[str, Place]
    services: dict[str, Wait | None]


def service_ms(hall: Catalogue, state: State, service: str) -> float:
    """How long a service is expected to take: the settings' word, outweighed as the hall learns."""
    known = hall.services.get(service)
    prior = (known.expected_minutes if known else 8.0) * 60_000
    learnt = state.learnt.get(service)
    if learnt is None:
        return prior
    return (prior * PRIOR_WEIGHT + learnt.mean_ms * learnt.count) / (PRIOR_WEIGHT + learnt.count)


def estimate(hall: Catalogue, state: State, now_ms: int) -> Estimates:
    """Run the queue forward from ``state``: which counter frees when, whom it calls then.

    Reads the state and changes nothing.  Paused and closed counters call nobody.
    """
    means = {service: service_ms(hall, state, service) for service in hall.services}
    lines: dict[str, Line] = {service: list(line) for service, line in state.lines.items()}
    starts: dict[str, float] = {}
    newcomers: dict[str, float] = {}
    free = _free_times(hall, state, now_ms, means)
    heapq.heapify(free)
    policy = POLICIES[hall.queue.policy]
    while free:
        at, counter = heapq.heappop(free)
        serves = hall.counters[counter]
        choice = policy.next_ticket(serves, lines, state, round(at))
        if choice is None:
            # nobody is left for this counter: whoever comes now would be called by it
            for service in serves.services:
                newcomers.setdefault(service, at)
            continue
        ticket = state.tickets[choice.ticket]
        lines[ticket.service].remove((ticket.seniority_ms, ticket.ordinal, ticket.id))
        starts[ticket.id] = at
        next_free = at + means.get(ticket.service, 480_000) + BETWEEN_TICKETS_MS
        heapq.heappush(free, (next_free, counter))
    tickets = {
        key: Place(index, _wait(starts.get(key), now_ms))
        for line in state.lines.values()
        for index, (_, _, key) in enumerate(line, start=1)
    }
    return Estimates(
        tickets, {service: _wait(newcomers.get(service), now_ms) for service in hall.services}
    )


def _free_times(
    hall: Catalogue, state: State, now_ms: int, means: dict[str, float]
) -> list[tuple[float, str]]:
    free: list[tuple[float, str]] = []
    for one in state.counters.values():
        if one.phase != "open" or one.id not in hall.counters:
            continue
        at = float(now_ms)
        ticket = state.tickets.get(one.ticket) if one.ticket else None
        if ticket is not None:
            mean = means.get(ticket.service, 480_000.0)
            since = ticket.started_ms if ticket.phase == "serving" else now_ms
            spent = now_ms - (since or now_ms)
            # A service that has outlasted its mean is expected to take a quarter of it more.
            at += max(mean - spent, mean / 4) + BETWEEN_TICKETS_MS
        free.append((at, one.id))
    return free


def _wait(start_ms: float | None, now_ms: int) -> Wait | None:
    if start_ms is None:
        return None
    middle = max(0.0, start_ms - now_ms)
    return Wait(round(middle * LOW), round(middle), round(middle * HIGH))
