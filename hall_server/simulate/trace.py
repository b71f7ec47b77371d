"""A day as it came: who arrived when, for what, and how long serving them takes."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from hall_server.catalogue import PRIORITY_REASONS

HEADER: Final = ("arrival_s", "service", "priority", "service_s", "shows_up")
_DAY_S: Final = 86_400.0
MOST_ARRIVALS: Final = 20_000
"""Of a day; the largest halls have some 2,000."""


class TraceError(ValueError):
    """A trace that cannot be used; the text says where, what is wrong and what fits."""


class Arrival(NamedTuple):
    """One citizen.  No policy ever sees ``service_s`` or ``shows_up``."""

    arrival_s: float
    """Seconds after midnight."""
    service: str
    priority: str | None
    service_s: float
    shows_up: bool


def read_trace(path: Path, services: Iterable[str]) -> list[Arrival]:
    """The arrivals of ``path``, sorted by time.

    Raises:
        TraceError: the file cannot be read, or a row does not fit; the text names its line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file)
            header = tuple(word.strip() for word in next(rows, []))
            if header != HEADER:
                raise TraceError(f"{path}:1: the first line must be {','.join(HEADER)}")
            found = _arrivals(path, rows, set(services))
            return sorted(found, key=lambda one: one.arrival_s)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise TraceError(f"{path}: cannot be read ({reason}); check the path") from None


def _arrivals(path: Path, rows: Iterable[list[str]], services: set[str]) -> Iterator[Arrival]:
    count = 0
    for line, row in enumerate(rows, start=2):
        words = [word.strip() for word in row]
        if not any(words):
            continue
        try:
            if (count := count + 1) > MOST_ARRIVALS:
                raise ValueError(f"a day has {MOST_ARRIVALS} arrivals at the most: cut it in days")
            yield _arrival(words, services)
        except ValueError as error:
            raise TraceError(f"{path}:{line}: {error}") from None


def _arrival(words: list[str], services: set[str]) -> Arrival:
    if len(words) != len(HEADER):
        raise ValueError(f"{len(words)} columns instead of {len(HEADER)}")
    arrival, service, priority, took, shows_up = words
    if service not in services:
        raise ValueError(f"no service {service!r} in the hall; there are {', '.join(services)}")
    if priority and priority not in PRIORITY_REASONS:
        raise ValueError(
            f"priority {priority!r} is none of {', '.join(PRIORITY_REASONS)}, or empty"
        )
    if shows_up not in ("0", "1"):
        raise ValueError(f"shows_up is {shows_up!r} and must be 0 or 1")
    return Arrival(
        _seconds("arrival_s", arrival),
        service,
        priority or None,
        _seconds("service_s", took),
        shows_up == "1",
    )


def _seconds(name: str, word: str) -> float:
    try:
        value = float(word)
    except ValueError:
        raise ValueError(f"{name} is {word!r} and must be a number of seconds") from None
    if not 0 <= value <= _DAY_S:
        raise ValueError(f"{name} is {word} and must lie between 0 and {_DAY_S:g} seconds")
    return value


def write_trace(path: Path, arrivals: Iterable[Arrival]) -> None:
    """Write ``arrivals`` as :func:`read_trace` reads them."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(HEADER)
        for one in arrivals:
            rows.writerow(
                [
                    f"{one.arrival_s:g}" if one.arrival_s < 1e5 else one.arrival_s,
                    one.service,
                    one.priority or "",
                    f"{one.service_s:.1f}",
                    int(one.shows_up),
                ]
            )
