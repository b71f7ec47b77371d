"""``motcua simulate``: run days through the hall's own queue, or make days to run."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from devices.settings_file import SettingsError
from hall_server.queue.policies import POLICIES
from hall_server.simulate.day import CALL_TIMEOUT_S, DayRun, SimulatedDay
from hall_server.simulate.generate import Shape, make_days
from hall_server.simulate.hall_file import read_hall
from hall_server.simulate.summary import Figures, summary, ticket_lines
from hall_server.simulate.trace import TraceError, read_trace

WELL: Final = 0
FAILED: Final = 1
UNFIT: Final = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``motcua simulate``; without a word it runs days."""
    words = parser.add_subparsers(dest="what", metavar="WHAT")
    _generate_arguments(words.add_parser("generate", help="make days with their hall"))
    parser.add_argument("--hall", type=Path, metavar="FILE", help="hall.toml with its counters")
    parser.add_argument(
        "--trace",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="a day.csv; may be given several times",
    )
    parser.add_argument(
        "--policy",
        choices=sorted(POLICIES),
        default="",
        help="who is called next; without it, what the hall's file says",
    )
    parser.add_argument(
        "--call-timeout-s",
        type=float,
        default=CALL_TIMEOUT_S,
        metavar="S",
        help="what somebody who does not come costs the counter (45)",
    )
    parser.add_argument(
        "--pooled", action="store_true", help="as if every counter served everything: a bound"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _generate_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--folder", type=Path, required=True, help="where the files go")
    parser.add_argument("--days", type=int, default=1, help="how many days (1)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same days")
    parser.add_argument("--counters", type=int, default=8, help="2 to 40 (8)")
    parser.add_argument("--load", type=float, default=0.85, help="work by capacity (0.85)")


def run(arguments: argparse.Namespace) -> int:
    """Run or make; 0 all is well, 1 it failed, 2 a file or an argument does not fit."""
    todo: Mapping[str | None, Callable[[argparse.Namespace], int]] = {
        None: _run_days,
        "generate": _generate,
    }
    try:
        return todo[arguments.what](arguments)
    except (SettingsError, TraceError) as error:
        print(error, file=sys.stderr)
        return UNFIT
    except OSError as error:
        print(f"{error.filename or ''}: {error.strerror or error}", file=sys.stderr)
        return FAILED


def _run_days(arguments: argparse.Namespace) -> int:
    if arguments.hall is None or not arguments.trace:
        print("--hall FILE and at least one --trace FILE are needed", file=sys.stderr)
        return UNFIT
    catalogue = read_hall(
        arguments.hall, policy=arguments.policy, services_everywhere=arguments.pooled
    )
    if not 0 <= arguments.call_timeout_s <= 3600:
        print("--call-timeout-s must lie between 0 and 3600", file=sys.stderr)
        return UNFIT
    days = [(path, read_trace(path, catalogue.services)) for path in arguments.trace]
    began_s = time.monotonic()
    runs = [
        SimulatedDay(catalogue, arrivals, call_timeout_s=arguments.call_timeout_s).run()
        for _, arrivals in days
    ]
    took_s = time.monotonic() - began_s
    told = _told(catalogue.queue.policy, [path for path, _ in days], runs)
    if arguments.json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        _print(told, took_s)
    return WELL


def _told(policy: str, paths: list[Path], runs: list[DayRun]) -> Figures:
    """One day's tickets and figures; of several days, each day's beside those of all."""
    if len(runs) == 1:
        return {"policy": policy, "tickets": ticket_lines(runs[0]), **summary(runs)}
    days = [
        {"trace": str(path), "tickets": ticket_lines(run), **summary([run])}
        for path, run in zip(paths, runs, strict=True)
    ]
    return {
        "policy": policy,
        "tickets": [ticket for day in days for ticket in day["tickets"]],
        **summary(runs),
        "days": days,
    }


def _print(told: Figures, took_s: float) -> None:
    def minutes(key: str) -> str:
        return "-" if told[key] is None else f"{told[key] / 60:.1f} min"

    print(f"policy {told['policy']}: {told['called']} of {told['arrivals']} called, {took_s:.2f} s")
    print(
        f"wait: mean {minutes('mean_wait_s')}, median {minutes('p50_wait_s')}, "
        f"p95 {minutes('p95_wait_s')}, longest {minutes('max_wait_s')}; "
        f"priority p95 {minutes('priority_p95_wait_s')}"
    )
    used = ", ".join(f"{key} {share:.0%}" for key, share in told["utilisation"].items())
    print(f"counters in use: {used}")
    print(f"overtaken {told['overtakes']} times; {told['left_at_closing']} left at closing")


def _generate(arguments: argparse.Namespace) -> int:
    if not 2 <= arguments.counters <= 40 or not 0.05 <= arguments.load <= 3:
        print("--counters goes from 2 to 40, --load from 0.05 to 3", file=sys.stderr)
        return UNFIT
    if not 1 <= arguments.days <= 10_000:
        print("--days goes from 1 to 10000", file=sys.stderr)
        return UNFIT
    shape = Shape(arguments.counters, arguments.load)
    hall, traces = make_days(arguments.folder, shape, arguments.seed, arguments.days)
    print(hall)
    for path in traces:
        print(path)
    return WELL
