"""The time-series store held against the journal: each fact's points, once each."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from hall_server.facts import Fact
from hall_server.timeseries.points import follow, moment_of, points_of
from motcua.demo.findings import Findings
from motcua.demo.store import Stored

EVERYTHING: Final = '{__name__!=""}'
SAMPLES: Final = ("queue_", "counters_", "node_health_", "node_loop_", "timeseries_probe_")
"""Series that are measured and stand in no journal."""

Series = tuple[str, tuple[tuple[str, str], ...]]
"""Name (``<measurement>_<field>``) and sorted labels."""


def accepted(spool: Path) -> int:
    """Points that the store has accepted since the hall's spool was made; read beside no hall.

    Raises:
        sqlite3.Error: the spool cannot be read.
    """
    if not spool.exists():
        return 0
    with closing(sqlite3.connect(spool, timeout=2, isolation_level=None)) as db:
        row = db.execute("SELECT value FROM numbers WHERE name = 'written'").fetchone()
    return int(row[0]) if row else 0


def expected(facts: Sequence[Fact], hall: str, from_ms: int) -> Counter[Series]:
    """How many values each series has at or after ``from_ms``; ``facts`` from a day's start."""
    service_of: dict[str, str] = {}
    last_ms: dict[str, int] = {}
    wanted: Counter[Series] = Counter()
    for fact in facts:
        points = points_of(fact, hall, service_of)
        follow(service_of, fact)
        for point in points:
            # as the spool does: the second of a millisecond goes to the next one that is free
            at_ms = max(moment_of(fact), last_ms.get(point.series, -1) + 1)
            last_ms[point.series] = at_ms
            if at_ms >= from_ms:
                wanted.update(
                    (f"{point.measurement}_{name}", point.tags) for name, _ in point.fields
                )
    return wanted


def found_in(stored: Iterable[Stored], from_ms: int) -> Counter[Series]:
    """How many values each series of facts has in the store at or after ``from_ms``."""
    found: Counter[Series] = Counter()
    for one in stored:
        if not one.name.startswith(SAMPLES):
            labels = tuple(sorted((key, tag) for key, tag in one.labels.items() if key != "db"))
            found[one.name, labels] += sum(at_ms >= from_ms for at_ms in one.timestamps_ms)
    return found


def compare_points(
    wanted_before: Counter[Series], found: Counter[Series], wanted_after: Counter[Series]
) -> Findings:
    """What the store lacks of the journal before it was read, or has beyond the journal after."""
    return Findings(
        _named(wanted_before - found, "not in the store"),
        _named(found - wanted_after, "in the store twice"),
    )


def _named(series: Counter[Series], where: str) -> Counter[str]:
    named: Counter[str] = Counter()
    for (name, _), often in sorted(series.items()):
        named[f"points of {name} are {where}"] += often
    return named
