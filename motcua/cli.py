"""The command line: one group a room, each loaded only when it is called."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper
from typing import Final

from motcua import __version__

GROUPS: Final[dict[str, tuple[str, str]]] = {
    "demo": ("motcua.demo.command", "a whole hall on this machine, with its citizens"),
    "node": ("edge.command", "the agent on a counter, kiosk or board"),
    "hall": ("hall_server.command", "the hall's server"),
    "simulate": ("hall_server.simulate.command", "days run through the hall's own queue"),
    "bench": ("motcua.bench.command", "measure this machine and this hall"),
}
"""Group -> (module with ``add_arguments(parser)`` and ``run(arguments) -> int``, what it is)."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``motcua`` with ``arguments`` (the process's own by default); the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if isinstance(sys.stdout, TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="replace")  # an old terminal has no Vietnamese letters
    parser = argparse.ArgumentParser(
        prog="motcua", description="Bộ phận một cửa: hàng chờ và thiết bị tại quầy."
    )
    parser.add_argument("--version", action="version", version=f"motcua {__version__}")
    groups = parser.add_subparsers(dest="group", metavar="GROUP", required=True)
    for name, (_, what) in GROUPS.items():
        groups.add_parser(name, help=what, add_help=False)
    group = parser.parse_args(words[:1]).group
    module = import_module(GROUPS[group][0])
    own = argparse.ArgumentParser(prog=f"motcua {group}", description=GROUPS[group][1])
    module.add_arguments(own)
    status: int = module.run(own.parse_args(words[1:]))
    return status
