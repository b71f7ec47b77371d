"""``motcua bench``: measure this machine and this hall, side by side with bare parts."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Final, NamedTuple

from motcua.bench.errors import BenchError

WELL: Final = 0
WRONG: Final = 1
"""Something was lost, doubled or wrong; speed alone never fails a bench."""

Figures = dict[str, float | int]
Measure = Callable[["Plan"], tuple[Figures, list[str]]]
"""Figures by name, and what was wrong with the hall, in sentences."""


class Plan(NamedTuple):
    """How long to measure, and where."""

    amount: int
    seconds: float
    """No new round begins after so long."""
    folder: Path
    """Where the journals lie: its disk is part of what is measured."""


class Bench(NamedTuple):
    """One measure: its module with ``measure(plan)``, its words and its usual length."""

    module: str
    what: str
    counts: str
    amount: int
    seconds: float


BENCHES: Final[Mapping[str, Bench]] = {
    "path": Bench(
        "motcua.bench.path",
        "from a press to a live page, beside a bare MQTT round trip",
        "presses",
        2_000,
        300.0,
    ),
    "ingest": Bench(
        "motcua.bench.ingest",
        "events committed and acknowledged a second, beside a bare subscriber",
        "events",
        96_000,
        120.0,
    ),
    "web": Bench(
        "motcua.bench.web",
        "tickets issued and called over HTTP, beside a bare Flask view",
        "calls",
        1_920,
        240.0,
    ),
    "node": Bench(
        "motcua.bench.node",
        "what a node takes of memory, processor and disk, and a press from button to lamp and hall",
        "presses",
        400,
        180.0,
    ),
    "journal": Bench(
        "motcua.bench.journal",
        "opening a year's journal",
        "dossiers",
        31_150,
        600.0,
    ),
}

OWN: Final[Mapping[str, tuple[str, str]]] = {
    "queue": ("motcua.bench.queue", "every policy on the same made days, through the shipped hall"),
    "qr": ("motcua.bench.qr", "codes that the scanner reads off frames, beside each decoder alone"),
}
"""Measures with arguments of their own: module with ``add_arguments`` and ``run``, what it is."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``motcua bench``."""
    kinds = parser.add_subparsers(dest="bench", metavar="BENCH", required=True)
    for name, (module, what) in OWN.items():
        import_module(module).add_arguments(kinds.add_parser(name, help=what, description=what))
    for name, bench in BENCHES.items():
        kind = kinds.add_parser(name, help=bench.what, description=bench.what)
        kind.add_argument("--json", action="store_true", help="print one JSON object")
        kind.add_argument(
            "--count",
            type=_positive,
            default=bench.amount,
            metavar="N",
            help=f"how many {bench.counts} to measure (usually {bench.amount})",
        )
        kind.add_argument(
            "--seconds",
            type=float,
            default=bench.seconds,
            metavar="S",
            help=f"begin nothing new after so many seconds (usually {bench.seconds:g})",
        )
        kind.add_argument(
            "--folder",
            type=Path,
            default=None,
            metavar="DIR",
            help="put the journals there: the disk is part of what is measured (usually /var/tmp)",
        )


def run(arguments: argparse.Namespace) -> int:
    """Measure and print; 0 all is well, 1 something was lost, doubled or wrong."""
    if arguments.bench in OWN:
        status: int = import_module(OWN[arguments.bench][0]).run(arguments)
        return status
    folder: Path = arguments.folder or usual_folder()
    measure: Measure = import_module(BENCHES[arguments.bench].module).measure
    try:
        figures, faults = measure(Plan(arguments.count, arguments.seconds, folder))
    except BenchError as error:
        print(error, file=sys.stderr)
        return WRONG
    if arguments.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:32} {value:>12,}")
    for fault in faults:
        print(f"wrong: {fault}", file=sys.stderr)
    return WRONG if faults else WELL


def usual_folder() -> Path:
    """A folder that lies on a disk: ``/tmp`` is memory on many machines."""
    lasting = Path("/var/tmp")  # noqa: S108 - only the parent of a private temporary folder
    return lasting if os.access(lasting, os.W_OK) else Path.cwd()


def _positive(word: str) -> int:
    if not word.isdecimal() or int(word) < 1:
        raise argparse.ArgumentTypeError("give a whole number from 1")
    return int(word)
