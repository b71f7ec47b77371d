"""``motcua bench queue``: every policy on the same made days, through the shipped hall.

Halls of 4, 8 and 12 counters, specialists and generalists, ordinary days at the loads asked for.
The figures are ratios to ``priority``, what most halls do, with 95 % intervals by resampling days.
Who was not called by closing counts with the wait until closing.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

import msgspec

from hall_server.catalogue import Catalogue, QueueRules
from hall_server.simulate.day import DayRun, SimulatedDay
from hall_server.simulate.generate import Shape, make_day, make_hall
from hall_server.simulate.summary import percentile
from motcua.bench.waits_chart import chart
from motcua.bench.waits_told import Told, how_true, told_on

LOADS: Final = (0.7, 0.85, 0.95, 1.05)
SIZES: Final = (4, 8, 12)
REFERENCE: Final = "priority"
POLICIES: Final = ("priority", "balanced", "arrival", "interleave", "weighted")
POOLED: Final = "pooled"
"""``balanced`` in a hall where every counter serves everything: a bound."""
RESAMPLES: Final = 1_000
CLOSES_S: Final = 17 * 3600.0
A_DAY: Final = date(2026, 10, 6)
HOURS: Final = range(7, 18)


class Day(NamedTuple):
    """Which day: everything follows from it."""

    load: float
    counters: int
    number: int
    seed: int


class Waits(NamedTuple):
    """A day under one policy: minutes, and squared minutes."""

    mean: float
    squared: float
    p95: float
    longest: float
    priority_p95: float
    left: int
    overtaken_most: int
    took_s: float
    by_hour: list[tuple[float, int]]
    """For each of :data:`HOURS`: sum of the waits of those who came in it, and how many."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``motcua bench queue``."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--days", type=_positive, default=204, metavar="N", help="days for each load (204)"
    )
    parser.add_argument(
        "--load", type=float, action="append", metavar="X", help=f"loads, usually {LOADS}"
    )
    parser.add_argument("--seed", type=int, default=1, help="another seed gives other days")
    parser.add_argument(
        "--processes", type=_positive, default=os.cpu_count() or 1, help="how many at once"
    )
    parser.add_argument(
        "--chart", type=Path, metavar="FILE", help="draw the wait by hour of each policy as SVG"
    )


def run(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    loads = arguments.load or list(LOADS)
    days = [
        Day(load, size, number, arguments.seed)
        for load in loads
        for size in SIZES
        for number in range(-(-arguments.days // len(SIZES)))
    ]
    found: dict[Day, Found] = {}
    with ProcessPoolExecutor(arguments.processes) as pool:
        for number, (day, waits) in enumerate(pool.map(one_day, days, chunksize=4), start=1):
            found[day] = waits
            _progress(number, len(days))
    told: dict[str, Any] = {"reference": REFERENCE, "seed": arguments.seed, "loads": []}
    for load in loads:
        these = [one for day, one in found.items() if day.load == load]
        told["loads"].append(
            {
                "load": load,
                "days": len(these),
                "policies": compared([one.policies for one in these]),
                "told": how_true(person for one in these for person in one.told),
            }
        )
    if arguments.chart:
        busiest = [one.policies for day, one in found.items() if day.load == loads[-1]]
        arguments.chart.write_text(chart(by_hour(busiest), HOURS, loads[-1]), encoding="utf-8")
    if arguments.json:
        print(json.dumps(told))
    else:
        _print(told)
    return 0


class Found(NamedTuple):
    """A day under every policy, and what people were told on it under the hall's own."""

    policies: dict[str, Waits]
    told: list[Told]


def one_day(day: Day) -> tuple[Day, Found]:
    """The day under every policy."""
    draw = random.Random(f"bench-{day.seed}-{day.load}-{day.counters}-{day.number}")  # noqa: S311
    hall = make_hall(Shape(day.counters, day.load), draw)
    arrivals = make_day(hall, A_DAY, draw)
    catalogue = Catalogue(
        {one.id: one for one in hall.services}, {one.id: one for one in hall.counters}
    )
    every = [one.id for one in hall.services]
    pooled = {
        key: msgspec.structs.replace(one, services=every) for key, one in catalogue.counters.items()
    }
    found: dict[str, Waits] = {}
    for name in (*POLICIES, POOLED):
        policy = "balanced" if name == POOLED else name
        rules = msgspec.structs.replace(QueueRules(), policy=cast(Any, policy))
        counters = pooled if name == POOLED else catalogue.counters
        under = msgspec.structs.replace(catalogue, queue=rules, counters=counters)
        began_s = time.process_time()
        simulated = SimulatedDay(under, arrivals)
        ran = simulated.run()
        took_s = time.process_time() - began_s
        overtaken = max((t.overtaken for t in simulated.hall.state.tickets.values()), default=0)
        found[name] = _waits(ran, overtaken, took_s)
    return day, Found(found, told_on(catalogue, arrivals))


def _waits(ran: DayRun, overtaken: int, took_s: float) -> Waits:
    until = [
        (
            one,
            max(0.0, (CLOSES_S if one.called_s is None else one.called_s) - one.arrival.arrival_s),
        )
        for one in ran.served
    ]
    waits = sorted(wait / 60 for _, wait in until)
    priority = sorted(wait / 60 for one, wait in until if one.arrival.priority)
    by_hour = [[0.0, 0.0] for _ in HOURS]
    for one, wait in until:
        place = by_hour[min(len(HOURS) - 1, max(0, int(one.arrival.arrival_s // 3600) - HOURS[0]))]
        place[0] += wait / 60
        place[1] += 1
    return Waits(
        sum(waits) / len(waits),
        sum(wait * wait for wait in waits) / len(waits),
        percentile(waits, 0.95) or 0.0,
        waits[-1],
        percentile(priority, 0.95) or 0.0,
        sum(one.called_s is None for one in ran.served),
        overtaken,
        took_s,
        [(total, int(people)) for total, people in by_hour],
    )


def compared(days: Sequence[Mapping[str, Waits]]) -> dict[str, dict[str, Any]]:
    """Each policy's figures: means over the days, and ratios to the reference with intervals."""
    return {name: _compared(days, name) for name in days[0]}


def _compared(days: Sequence[Mapping[str, Waits]], name: str) -> dict[str, Any]:
    mine = [day[name] for day in days]
    reference = [day[REFERENCE] for day in days]
    figures: dict[str, Any] = {
        "mean_min": round(_mean(one.mean for one in mine), 2),
        "priority_p95_min": round(_mean(one.priority_p95 for one in mine), 2),
        "left": sum(one.left for one in mine),
        "overtaken_most": max(one.overtaken_most for one in mine),
        "day_s": round(_mean(one.took_s for one in mine), 3),
    }
    for key in ("mean", "squared", "p95", "longest"):
        pairs = [
            (getattr(one, key), getattr(two, key)) for one, two in zip(mine, reference, strict=True)
        ]
        ratio, low, high = _ratio(pairs)
        figures[f"{key}_ratio"] = round(ratio, 3)
        figures[f"{key}_ratio_95"] = [round(low, 3), round(high, 3)]
    return figures


def _ratio(pairs: Sequence[tuple[float, float]]) -> tuple[float, float, float]:
    """(ratio of the means, its 95 % interval by resampling the days)."""
    draw = random.Random(7)  # noqa: S311 - the same days give the same interval
    count = len(pairs)
    tried = []
    for _ in range(RESAMPLES):
        above = below = 0.0
        for _ in range(count):
            one, two = pairs[int(draw.random() * count)]
            above += one
            below += two
        tried.append(above / below if below else 1.0)
    tried.sort()
    below = sum(two for _, two in pairs)
    ratio = sum(one for one, _ in pairs) / below if below else 1.0
    return ratio, tried[int(RESAMPLES * 0.025)], tried[int(RESAMPLES * 0.975)]


def by_hour(days: Sequence[Mapping[str, Waits]]) -> dict[str, list[float | None]]:
    """Policy -> mean wait in minutes of those who came in each of :data:`HOURS`; None: nobody."""
    told: dict[str, list[float | None]] = {}
    for name in days[0]:
        sums = [
            [sum(day[name].by_hour[hour][part] for day in days) for part in (0, 1)]
            for hour in range(len(HOURS))
        ]
        told[name] = [total / people if people else None for total, people in sums]
    return told


def _mean(values: Iterable[float]) -> float:
    kept = list(values)
    return sum(kept) / len(kept)


def _progress(done: int, of: int) -> None:
    if sys.stderr.isatty():
        width = 40 * done // of
        end = "\n" if done == of else ""
        print(f"\r[{'#' * width:40}] {done} of {of} days", end=end, file=sys.stderr, flush=True)


def _print(told: Mapping[str, Any]) -> None:
    for load in told["loads"]:
        print(f"load {load['load']}, {load['days']} days; ratios to {told['reference']}")
        for name, one in load["policies"].items():
            low, high = one["mean_ratio_95"]
            print(
                f"  {name:11} mean {one['mean_ratio']:.3f} [{low:.3f}, {high:.3f}]  "
                f"squared {one['squared_ratio']:.3f}  p95 {one['p95_ratio']:.3f}  "
                f"longest {one['longest_ratio']:.3f}  priority p95 {one['priority_p95_min']:.1f} "
                f"min  mean {one['mean_min']:.1f} min  left {one['left']}"
            )
        true = load["told"]
        errors = ", ".join(f"{name} {error}" for name, error in true["mean_error_min"].items())
        print(
            f"  told: within the upper end {true['within_high']:.1%}, above the lower "
            f"{true['above_low']:.1%}; mean error in minutes: {errors}"
        )


def _positive(word: str) -> int:
    if not word.isdecimal() or int(word) < 1:
        raise argparse.ArgumentTypeError("give a whole number from 1")
    return int(word)
