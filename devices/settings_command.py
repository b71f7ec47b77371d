"""A program that goes by one settings file: run with it, or say whether it fits."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable
from typing import Final, Protocol, TypeVar

from devices.settings_file import SettingsError

WELL: Final = 0
FAILED: Final = 1
WRONG_SETTINGS: Final = 2
"""Exit statuses."""

S = TypeVar("S")


class Choice(Protocol):
    """Where arguments stand of which one must be given."""

    def add_argument(
        self, *name_or_flags: str, action: str = "store", help: str | None = None
    ) -> argparse.Action:
        """As :meth:`argparse.ArgumentParser.add_argument`."""


def add_arguments(parser: argparse.ArgumentParser, what: str) -> Choice:
    """``--config``, ``--check`` and ``--verbose`` of ``what``; add others to choose from."""
    parser.add_argument("--verbose", action="store_true", help="log more")
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--config", metavar="FILE", help=f"run {what} with these settings")
    choice.add_argument("--check", metavar="FILE", help="say whether these settings fit, and end")
    return choice


def run(arguments: argparse.Namespace, read: Callable[[str], S], work: Callable[[S], int]) -> int:
    """``work`` with the settings that ``read`` finds in the file, or only check that they fit.

    Returns the exit status: 0, 2 where the settings do not fit, or what ``work`` returns.
    """
    try:
        settings = read(arguments.check or arguments.config)
        if arguments.check:
            print("OK")
            return WELL
        logging.basicConfig(
            stream=sys.stderr,
            level=logging.DEBUG if arguments.verbose else logging.INFO,
            format="%(levelname)s %(name)s: %(message)s",
        )
        return work(settings)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return WRONG_SETTINGS
