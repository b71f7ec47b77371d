"""``motcua hall``: run a hall, check its settings, or hash a PIN for them."""

from __future__ import annotations

import argparse
import getpass
import logging
import signal
import sys
import threading
from importlib import metadata
from typing import Final

from argon2 import PasswordHasher

from devices.settings_file import SettingsError
from hall_server.journal import JournalError
from hall_server.server import HallServer
from hall_server.settings import HallSettings, load, read_files, read_password
from hall_server.web.serve import WebServerError

log = logging.getLogger(__name__)

WELL: Final = 0
FAILED: Final = 1
WRONG_SETTINGS: Final = 2
LEAST_PIN_DIGITS: Final = 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``motcua hall``."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--config", metavar="FILE", help="run the hall with these settings")
    what.add_argument("--check", metavar="FILE", help="say whether these settings fit, and end")
    what.add_argument(
        "--hash-pin", action="store_true", help="ask for a PIN and print its hash for [[clerk]]"
    )
    parser.add_argument("--verbose", action="store_true", help="log more")


def run(arguments: argparse.Namespace) -> int:
    """Run, check or hash; 0 all is well, 1 it failed, 2 the settings do not fit."""
    if arguments.hash_pin:
        return _hash_pin()
    try:
        settings = load(arguments.check or arguments.config)
        read_password(settings.broker)
        if arguments.check:
            read_files(settings)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return WRONG_SETTINGS
    if arguments.check:
        print("OK")
        return WELL
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.DEBUG if arguments.verbose else logging.INFO,
        format="%(levelname)s %(name)s: %(message)s",
    )
    return _work(settings)


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
    try:
        while not end.wait(1.0):
            if not server.well:
                log.critical("the writer, gateway or pages have died: ending, to be restarted")
                return FAILED
    finally:
        server.stop()
    return WELL
