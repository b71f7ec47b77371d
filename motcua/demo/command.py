"""``motcua demo``: a whole hall on this machine, with its citizens."""

from __future__ import annotations

import argparse
import json
import logging
import shutil
import sys
from pathlib import Path
from typing import Final

from motcua.demo.broker import MissingProgramError
from motcua.demo.children import ChildError
from motcua.demo.layout import Folder, LayoutError, write_layout
from motcua.demo.running import Result, Run, Wish
from motcua.demo.store import COMMAND as STORE
from motcua.demo.telling import farewell

WELL: Final = 0
FAILED: Final = 1
SOMETHING_LOST: Final = 3
STOPPED: Final = 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``motcua demo``."""
    parser.add_argument(
        "--data", metavar="DIR", default="var/demo", help="folder of the demo (var/demo)"
    )
    parser.add_argument("--fresh", action="store_true", help="begin anew, without the last journal")
    parser.add_argument("--seconds", type=_positive, metavar="N", help="end after N seconds")
    parser.add_argument("--headless", action="store_true", help="say nothing but the result")
    parser.add_argument(
        "--json", action="store_true", help="print the result as one JSON object; is headless"
    )
    parser.add_argument(
        "--speed", type=_positive, metavar="X", default=1.0, help="citizens X times faster"
    )
    parser.add_argument(
        "--no-citizens", action="store_true", help="nobody is simulated: the hall is yours"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the simulated people")


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return value


def run(arguments: argparse.Namespace) -> int:
    """Run the demo; 0 all is well, 1 it cannot run, 3 something was lost or doubled.

    130 where Ctrl-C came before anything was started.
    """
    headless = arguments.headless or arguments.json
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    wish = Wish(
        arguments.seconds, headless, not arguments.no_citizens, arguments.speed, arguments.seed
    )
    try:
        folder = Folder(Path(arguments.data))
        try:
            result = _run_in(folder, wish, fresh=arguments.fresh)
        finally:
            folder.close()
    except (LayoutError, MissingProgramError, ChildError) as error:
        print(error, file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:  # before anything was started
        return STOPPED
    if arguments.json:
        print(json.dumps(result._asdict()), flush=True)
    else:
        print(farewell(result._asdict()), flush=True)
    return SOMETHING_LOST if result.lost or result.doubled else WELL


def _run_in(folder: Folder, wish: Wish, *, fresh: bool) -> Result:
    if fresh:
        folder.clear()
    store = has_store()
    layout = write_layout(folder.path, store=store)
    if not store:
        _say_aside(
            f"{STORE} không có / is not installed: no time series are kept "
            f"(apt-get install {STORE})"
        )
    return Run(layout, wish, _say_aside if wish.headless else _say, store=store).run()


def has_store() -> bool:
    """Whether the time-series store is installed."""
    return shutil.which(STORE) is not None


def _say(line: str) -> None:
    print(line, flush=True)


def _say_aside(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
