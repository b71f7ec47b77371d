"""Facts of made-up days, and what the store must hold after them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from hall_server import facts as f
from hall_server.catalogue import PRIORITY_REASONS
from hall_server.facts import AnyBody, Fact
from hall_server.journal import Journal
from hall_server.timeseries.points import QueueSample
from motcua.demo.store import VictoriaMetrics

START_MS = 1_771_200_000_000  # 16 February 2026
SERVICES = ("chung-thuc", "ho-tich", "dat-dai")


def visits(count: int, *, first: int = 1, start_ms: int = START_MS) -> list[Fact]:
    """``count`` visits of five facts, many of them in the same millisecond."""
    facts: list[Fact] = []
    at_ms = start_ms

    def add(body: AnyBody) -> None:
        facts.append(Fact(first + len(facts), at_ms, body))

    for number in range(count):
        ticket, service = f"t{first}-{number}", SERVICES[number % 3]
        counter, window = str(number % 4 + 1), f"w{first}-{number}"
        who = (ticket, counter, "lan")
        priority = PRIORITY_REASONS[number % 7] if number % 5 == 0 else None
        add(
            f.TicketTaken(
                ticket, f"A{number:03}", service, number, "kiosk", "secret", at_ms, None, priority
            )
        )
        add(f.TicketCalled(*who, service, number * 137, "longest wait"))
        at_ms += number % 3
        add(f.ServiceStarted(*who))
        add(
            f.ServiceFinished(
                *who,
                service,
                service_ms=number * 1013,
                window=window,
                levels=5,
                scale="hai-long-5.v1",
                window_ms=30_000,
            )
        )
        add(
            f.RatingGiven(
                *who,
                service,
                window=window,
                level=number % 5 + 1,
                levels=5,
                scale="hai-long-5.v1",
                via="buttons",
            )
        )
    return facts


def journal_with(path: Path, facts: Sequence[Fact]) -> Journal:
    """A journal that holds ``facts`` and takes more."""
    journal = Journal(path)
    journal.recover()
    journal.append(facts)
    return journal


def an_empty_hall() -> QueueSample:
    return QueueSample({}, 0)


Values = dict[tuple[str, frozenset[tuple[str, str]]], list[tuple[int, float]]]


def values_of(lines: Iterable[str]) -> Values:
    """Line protocol as the store shows it: a series a field, sorted by time."""
    found: Values = {}
    for line in lines:
        series, fields, at_ms = line.split(" ")
        measurement, *tags = series.split(",")
        labels = frozenset((key, value) for key, _, value in (tag.partition("=") for tag in tags))
        for field in fields.split(","):
            name, _, value = field.partition("=")
            series_values = found.setdefault((f"{measurement}_{name}", labels), [])
            series_values.append((int(at_ms), float(re.sub("i$", "", value))))
    return {key: sorted(values) for key, values in found.items()}


def values_in(store: VictoriaMetrics, match: str = '{hall="kien-hung"}') -> Values:
    """What the store holds of the facts; samples and health are left out."""
    samples = ("queue_", "counters_", "node_health_", "node_loop_", "timeseries_probe_")
    return {
        (one.name, frozenset(one.labels.items())): sorted(
            zip(one.timestamps_ms, one.values, strict=True)
        )
        for one in store.stored(match)
        if not one.name.startswith(samples)
    }
