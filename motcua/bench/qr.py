"""``motcua bench qr``: how many codes our scanner reads off frames, beside each decoder alone."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from motcua.bench.errors import BenchError

WELL = 0
WRONG = 1
"""A text was read that is not the one expected, or a frame could not be used."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``motcua bench qr``."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--frames",
        type=Path,
        default=None,
        metavar="DIR",
        help="decode every NAME.png of this folder that has its expected text in NAME.txt (UTF-8; "
        "an empty file: nothing must be read)",
    )
    parser.add_argument(
        "--write-set",
        type=Path,
        default=None,
        metavar="DIR",
        help="write a hard set of frames into this folder; then measure it if --frames is given",
    )
    parser.add_argument(
        "--count",
        type=_positive,
        default=320,
        metavar="N",
        help="how many frames to write (usually 320)",
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=1,
        metavar="S",
        help="the same seed writes the same set (usually 1)",
    )
    parser.add_argument(
        "--budget-ms",
        type=float,
        default=None,
        metavar="MS",
        help="time for a frame, as the node's setting qr_scanner.budget_ms",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write, measure and print; 0 all is well, 1 a wrong text or frames that cannot be used."""
    if arguments.frames is None and arguments.write_set is None:
        print("say --frames DIR to measure, or --write-set DIR to make frames", file=sys.stderr)
        return WRONG
    try:
        if arguments.write_set is not None:
            _write(arguments.write_set, arguments.count, arguments.seed)
        if arguments.frames is None:
            return WELL
        return _measure(arguments.frames, arguments.json, arguments.budget_ms)
    except BenchError as error:
        print(error, file=sys.stderr)
        return WRONG


def _write(folder: Path, count: int, seed: int) -> None:
    from motcua.bench.qr_set import write_set

    kinds = write_set(folder, count, seed)
    print(
        f"{count} frames of {len(kinds)} kinds are in {folder}; read them with "
        f"motcua bench qr --frames {folder}",
        file=sys.stderr,
    )


def _measure(folder: Path, as_json: bool, budget_ms: float | None) -> int:
    from motcua.bench.qr_decoders import measure

    figures, faults = measure(folder, budget_ms)
    if as_json:
        print(json.dumps(figures, ensure_ascii=False))
    else:
        rows = {"ours": figures, **figures["alone"]}
        names = ("frames", "decoded", "exact", "wrong", "p50_ms", "p95_ms")
        print(" " * 20 + "".join(f"{name:>9}" for name in names))
        for decoder, row in rows.items():
            print(f"{decoder:20}" + "".join(f"{row[name]:>9,}" for name in names))
        for kind, (frames, exact, one_alone) in figures.get("kinds", {}).items():
            print(f"{kind:20} {exact} of {frames} exact; any decoder alone {one_alone}")
    for fault in faults:
        print(f"wrong: {fault}", file=sys.stderr)
    return WRONG if faults else WELL


def _positive(word: str) -> int:
    if not word.isdecimal() or int(word) < 1:
        raise argparse.ArgumentTypeError("give a whole number from 1")
    return int(word)
