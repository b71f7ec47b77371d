"""How true the waits are that people are told when they take a number, on made days.

Beside the hall's estimate stand those of the textbooks: the line by the mean service time and the
counters that serve it; the wait of the last one called (LES); the wait so far of the first in
line (HOL).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from hall_server.catalogue import Catalogue
from hall_server.queue.estimates import estimate
from hall_server.queue.learning import service_ms
from hall_server.simulate.day import SimulatedDay, Watched
from hall_server.simulate.trace import Arrival
from hall_server.state import State, Ticket

METHODS: Final = ("hall", "line_by_mean", "last_to_enter_service", "head_of_line")


class Told(NamedTuple):
    """What one person was told, and what came; minutes."""

    low: float
    high: float
    by_method: dict[str, float]
    came: float


def told_on(catalogue: Catalogue, arrivals: Sequence[Arrival]) -> list[Told]:
    """Run the day; what each who was called had been told on taking the number."""
    told: dict[str, tuple[float, float, dict[str, float]]] = {}
    seen: set[str] = set()

    def watch(moment: Watched) -> None:
        state = moment.state
        new = [key for key in state.tickets if key not in seen]
        if not new:
            return
        seen.update(new)
        found = estimate(catalogue, state, moment.now_ms)
        for key in new:
            place = found.tickets.get(key)
            if place is None or place.wait is None:
                continue
            wait = place.wait
            methods = {"hall": wait.median_ms / 60_000}
            methods |= _textbook(catalogue, state, state.tickets[key], moment.now_ms)
            told[key] = (wait.low_ms / 60_000, wait.high_ms / 60_000, methods)

    day = SimulatedDay(catalogue, arrivals, watch=watch)
    day.run()
    tickets = day.hall.state.tickets
    return [
        Told(low, high, methods, (called_ms - tickets[key].taken_ms) / 60_000)
        for key, (low, high, methods) in told.items()
        if (called_ms := tickets[key].called_ms) is not None
    ]


def _textbook(catalogue: Catalogue, state: State, ticket: Ticket, now_ms: int) -> dict[str, float]:
    service = ticket.service
    serving = sum(
        one.phase == "open" and service in catalogue.counters[one.id].services
        for one in state.counters.values()
    )
    line = state.lines.get(service, [])
    before = max(0, len(line) - 1)
    waits = [
        (one.called_ms, one.called_ms - one.taken_ms)
        for one in state.tickets.values()
        if one.service == service and one.called_ms is not None
    ]
    first = line[0][0] if before else now_ms
    return {
        "line_by_mean": before * service_ms(catalogue, state, service) / max(1, serving) / 60_000,
        "last_to_enter_service": max(waits)[1] / 60_000 if waits and before else 0.0,
        "head_of_line": max(0, now_ms - first) / 60_000,
    }


def how_true(told: Iterable[Told]) -> dict[str, Any]:
    """Shares that the range held, and each method's mean absolute error in minutes."""
    kept = list(told)
    return {
        "people": len(kept),
        "within_high": round(sum(one.came <= one.high for one in kept) / len(kept), 3),
        "above_low": round(sum(one.came >= one.low for one in kept) / len(kept), 3),
        "mean_error_min": {
            method: round(sum(abs(one.came - one.by_method[method]) for one in kept) / len(kept), 2)
            for method in METHODS
        },
    }
