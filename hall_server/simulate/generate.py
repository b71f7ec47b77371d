"""Days that never were: a hall, and who comes to it, drawn from a seed.

People come in a rush when the doors open, fewer towards noon, and again after lunch; Mondays and
the month's end bring more.  Serving takes lognormal times, clerks differ in speed, some people
have a priority reason, some do not come when called, and on some days a counter breaks down.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from hall_server.catalogue import PRIORITY_REASONS, Counter, Service
from hall_server.simulate.trace import Arrival, write_trace

OPENS: Final = "07:30"
CLOSES: Final = "17:00"
LUNCH: Final = ("11:30", "13:30")
OPEN_S: Final = 7.5 * 3600
PREFIXES: Final = "ABCDEGHKLMNPQRSTUVXY"
NAMES: Final = (
    ("chung-thuc", "Chứng thực", 6.0),
    ("ho-tich", "Hộ tịch", 10.0),
    ("dat-dai", "Đất đai", 20.0),
    ("cu-tru", "Cư trú", 8.0),
    ("kinh-doanh", "Đăng ký kinh doanh", 15.0),
    ("bao-tro", "Bảo trợ xã hội", 12.0),
    ("xay-dung", "Xây dựng", 18.0),
    ("tra-ket-qua", "Trả kết quả", 4.0),
)
SPREAD: Final = 0.6
"""Sigma of the logarithm of a service time."""
RUSH: Final = (
    (7.25, 8.0, 1.8),
    (8.0, 9.5, 1.5),
    (9.5, 11.25, 0.9),
    (13.25, 14.5, 1.2),
    (14.5, 16.0, 0.8),
    (16.0, 16.6, 0.5),
)
"""From hour, to hour, how many come beside other hours: a third within the first two hours."""
BY_WEEKDAY: Final = (1.15, 1.0, 0.95, 0.95, 1.0, 0.5, 0.5)
MONTHS_END: Final = 1.12
"""From the 25th on."""


class Shape(NamedTuple):
    """How large a hall, and how busy: ``load`` is expected work by the counters' hours."""

    counters: int
    load: float


class MadeHall(NamedTuple):
    """A hall and what makes its days."""

    services: list[Service]
    counters: list[Counter]
    a_day: dict[str, float]
    """Service -> people on an ordinary day."""
    mean_s: dict[str, float]
    """What serving really takes; the settings' expected minutes are a guess at it."""
    priority_share: float
    no_show_share: float


def make_hall(shape: Shape, draw: random.Random) -> MadeHall:
    """A hall of specialists and generalists; the last counter serves everything."""
    count = min(len(NAMES), max(3, shape.counters // 2 + 2))
    chosen = NAMES[:count]
    services = [
        Service(key, PREFIXES[index], name, expected_minutes=minutes)
        for index, (key, name, minutes) in enumerate(chosen)
    ]
    mean_s = {one.id: one.expected_minutes * 60 * math.exp(draw.gauss(0, 0.25)) for one in services}
    served = _who_serves_what([one.id for one in services], shape.counters, draw)
    counters = [
        Counter(str(number), services_here, OPENS, CLOSES, [LUNCH])
        for number, services_here in enumerate(served, start=1)
    ]
    weight = {one.id: draw.uniform(0.4, 1.6) for one in services}
    room = dict.fromkeys(weight, 0.0)
    for here in served:
        of_all = sum(weight[service] * mean_s[service] for service in here)
        for service in here:
            room[service] += OPEN_S * weight[service] * mean_s[service] / of_all
    wanted = {
        service: room[service] * math.exp(draw.gauss(0, 0.12)) / mean_s[service]
        for service in weight
    }
    work = sum(wanted[service] * mean_s[service] for service in wanted)
    scale = shape.load * OPEN_S * shape.counters / work
    return MadeHall(
        services,
        counters,
        {service: people * scale for service, people in wanted.items()},
        mean_s,
        draw.uniform(0.05, 0.2),
        draw.uniform(0.0, 0.06),
    )


def _who_serves_what(services: list[str], counters: int, draw: random.Random) -> list[list[str]]:
    served: list[list[str]] = []
    for index in range(counters - 1):
        if draw.random() < 0.5:
            served.append([services[index % len(services)]])
        else:
            served.append(sorted(draw.sample(services, draw.randint(2, len(services)))))
    served.append(list(services))
    return served


def make_day(hall: MadeHall, day: date, draw: random.Random, *, busy: float = 1.0) -> list[Arrival]:
    """Who comes on ``day``; ``busy`` times as many as ordinary."""
    arrivals: list[Arrival] = []
    bursts = sum((end - begin) * weight for begin, end, weight in RUSH)
    for service, ordinary in hall.a_day.items():
        mean = ordinary * busy
        people = max(0, round(draw.gauss(mean, math.sqrt(mean))))
        for _ in range(people):
            priority = draw.random() < hall.priority_share
            took_s = hall.mean_s[service] * math.exp(draw.gauss(-SPREAD * SPREAD / 2, SPREAD))
            arrivals.append(
                Arrival(
                    round(_arrival_hour(draw.random() * bursts) * 3600, 1),
                    service,
                    draw.choice(PRIORITY_REASONS) if priority else None,
                    round(min(7200.0, max(20.0, took_s)), 1),
                    draw.random() >= hall.no_show_share,
                )
            )
    return sorted(arrivals, key=lambda one: one.arrival_s)


def how_busy(day: date) -> float:
    """Of an ordinary day's people, how many come on such a day."""
    return BY_WEEKDAY[day.weekday()] * (MONTHS_END if day.day >= 25 else 1.0)


def _arrival_hour(at: float) -> float:
    for begin, end, weight in RUSH:
        if at < (end - begin) * weight:
            return begin + at / weight
        at -= (end - begin) * weight
    return RUSH[-1][1]


def make_days(folder: Path, shape: Shape, seed: int, days: int) -> tuple[Path, list[Path]]:
    """Write ``hall.toml`` and ``day-0001.csv`` ... into ``folder``; their paths.

    Raises:
        OSError: the folder cannot be written.
    """
    draw = random.Random(f"hall-{seed}")  # noqa: S311 - not for secrets
    hall = make_hall(shape, draw)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "hall.toml"
    path.write_text(hall_toml(hall.services, hall.counters), encoding="utf-8")
    paths = []
    at = date(2026, 10, 5)
    for number in range(1, days + 1):
        day_draw = random.Random(f"day-{seed}-{number}")  # noqa: S311
        trace = folder / f"day-{number:04d}.csv"
        write_trace(trace, make_day(hall, at, day_draw, busy=how_busy(at)))
        paths.append(trace)
        at += timedelta(days=1 if at.weekday() < 4 else 3)
    return path, paths


def hall_toml(services: Sequence[Service], counters: Sequence[Counter]) -> str:
    """The text of a ``hall.toml`` for a simulation."""
    blocks = [
        _block(
            "service",
            {
                "id": one.id,
                "prefix": one.prefix,
                "name": one.name,
                "expected_minutes": one.expected_minutes,
            },
        )
        for one in services
    ]
    blocks += [
        _block(
            "counter",
            {
                "id": one.id,
                "services": one.services,
                "opens": one.opens,
                "closes": one.closes,
                "breaks": [list(pause) for pause in one.breaks],
            },
        )
        for one in counters
    ]
    return "\n".join(blocks)


def _block(name: str, values: Mapping[str, object]) -> str:
    lines = [f"[[{name}]]", *(f"{key} = {_toml(value)}" for key, value in values.items())]
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        return f"[{', '.join(_toml(one) for one in value)}]"
    return str(value)
