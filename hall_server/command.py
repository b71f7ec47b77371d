"""``motcua hall``: run a hall, check its settings, or hash a PIN for them."""

from __future__ import annotations

import argparse
import gc
import getpass
import logging
import signal
import sys
import threading
from importlib import metadata
from typing import Final

from argon2 import PasswordHasher

from devices import settings_command
from devices.settings_command import FAILED, WELL
from hall_server.journal import JournalError
from hall_server.server import HallServer
from hall_server.settings import HallSettings, load, read_files, read_password
from hall_server.web.serve import WebServerError

log = logging.getLogger(__name__)

LEAST_PIN_DIGITS: Final = 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``motcua hall``."""
    settings_command.add_arguments(parser, "the hall").add_argument(
        "--hash-pin", action="store_true", help="ask for a PIN and print its hash for [[clerk]]"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run, check or hash; 0 all is well, 1 it failed, 2 the settings do not fit."""
    if arguments.hash_pin:
        return _hash_pin()
    return settings_command.run(arguments, _read_all if arguments.check else _read, _work)


def _read(path: str) -> HallSettings:
    settings = load(path)
    read_password(settings.broker)
    return settings


def _read_all(path: str) -> HallSettings:
    """With the files that a hall which runs reads later, or does without."""
    settings = _read(path)
    read_files(settings)
    return settings


def _hash_pin() -> int:
    pin = getpass.getpass("PIN: ") if sys.stdin.isatty() else sys.stdin.readline().strip()
    if len(pin) < LEAST_PIN_DIGITS or not pin.isdecimal():
        print(
            f"mã PIN cần ít nhất {LEAST_PIN_DIGITS} chữ số / a PIN has at least "
            f"{LEAST_PIN_DIGITS} digits: choose another",
            file=sys.stderr,
        )
        return FAILED
    print(PasswordHasher().hash(pin))
    return WELL


def _work(settings: HallSettings) -> int:
    end = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: end.set())
    server = HallServer(settings, version=metadata.version("motcua"))
    try:
        server.start()
    except (JournalError, WebServerError) as error:
        print(error, file=sys.stderr)
        return FAILED
    except (OSError, ValueError) as error:
        print(f"the hall cannot start: {error}", file=sys.stderr)
        return FAILED
    # What is here now stays: the collector need not walk through it while somebody waits.
    gc.collect()
    gc.freeze()
    try:
        while not end.wait(1.0):
            if not server.well:
                log.critical("the writer, gateway or pages have died: ending, to be restarted")
                return FAILED
    finally:
        server.stop()
    return WELL
