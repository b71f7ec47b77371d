"""What a simulated day was like: every ticket, and the figures that days are compared by."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from hall_server.simulate.day import DayRun, Served

Figures = dict[str, Any]

TICKET_KEYS: Final = (
    "arrival_s",
    "service",
    "priority",
    "counter",
    "called_s",
    "finished_s",
    "wait_s",
    "reason",
)


def ticket_lines(run: DayRun) -> list[Figures]:
    """One object a ticket, in the order of the trace; seconds after midnight, None: not called."""
    return [_ticket_line(one) for one in run.served]


def _ticket_line(one: Served) -> Figures:
    arrival = one.arrival
    return {
        "arrival_s": arrival.arrival_s,
        "service": arrival.service,
        "priority": arrival.priority,
        "counter": one.counter,
        "called_s": one.called_s,
        "finished_s": one.finished_s,
        "wait_s": _wait_s(one),
        "reason": one.reason,
    }


def _wait_s(one: Served) -> float | None:
    return None if one.called_s is None else round(one.called_s - one.arrival.arrival_s, 3)


def summary(runs: Sequence[DayRun]) -> Figures:
    """The figures of one or more days; waits in seconds, of all who were called.

    ``utilisation`` is the share of its hours that a counter spent calling and serving; a visit
    that outlasts the hours counts, so it can exceed 1.
    """
    waits = sorted(w for run in runs for one in run.served if (w := _wait_s(one)) is not None)
    priority = sorted(
        w
        for run in runs
        for one in run.served
        if one.arrival.priority and (w := _wait_s(one)) is not None
    )
    everybody = sum(len(run.served) for run in runs)
    counters = {counter for run in runs for counter in run.worked_s}
    return {
        "arrivals": everybody,
        "called": len(waits),
        "mean_wait_s": _round(sum(waits) / len(waits)) if waits else None,
        "p50_wait_s": percentile(waits, 0.5),
        "p95_wait_s": percentile(waits, 0.95),
        "max_wait_s": waits[-1] if waits else None,
        "mean_squared_wait_s2": _round(sum(w * w for w in waits) / len(waits)) if waits else None,
        "priority_p95_wait_s": percentile(priority, 0.95),
        "overtakes": sum(run.overtakes for run in runs),
        "utilisation": {
            counter: _round(
                sum(run.worked_s.get(counter, 0.0) for run in runs)
                / max(1.0, sum(run.open_s.get(counter, 0.0) for run in runs)),
                4,
            )
            for counter in sorted(counters)
        },
        "left_at_closing": everybody - len(waits),
        "left_at_closing_s": _round(sum(run.left_s for run in runs)),
    }


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """The value that ``share`` of ``ordered`` (ascending) do not exceed (nearest rank)."""
    if not ordered:
        return None
    return ordered[max(1, math.ceil(len(ordered) * share)) - 1]


def _round(value: float, digits: int = 3) -> float:
    return round(value, digits)
