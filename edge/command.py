"""``motcua node``: run a node, or check its settings file."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys

from devices.settings_file import SettingsError
from edge.agent import Agent, DataDir, DataDirInUseError
from edge.outbox import OutboxError
from edge.panel import PanelServer
from edge.settings import NodeSettings, load_settings, read_password
from edge.watchdog import Watchdog

WELL = 0
FAILED = 1
WRONG_SETTINGS = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``motcua node``."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--config", metavar="FILE", help="run the node with these settings")
    what.add_argument("--check", metavar="FILE", help="say whether these settings fit, and end")
    parser.add_argument("--verbose", action="store_true", help="log more")


def run(arguments: argparse.Namespace) -> int:
    """Run or check; 0 all is well, 1 it failed, 2 the settings do not fit."""
    try:
        settings = load_settings(arguments.check or arguments.config)
        read_password(settings.broker)
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
    try:
        return _work(settings)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return WRONG_SETTINGS
    except (DataDirInUseError, OutboxError) as error:
        print(error, file=sys.stderr)
        return FAILED


def _work(settings: NodeSettings) -> int:
    os.umask(0o077)  # scans wait on the disk: for this account alone
    folder = DataDir(settings.node.data_dir)
    try:
        agent = Agent(settings, folder.path, watchdog=Watchdog())
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, lambda *_: agent.end())
        panel = None
        try:
            if settings.panel:
                panel = PanelServer(agent, settings.panel)
                panel.start()
            agent.start()
            agent.wait()
        except OSError as error:
            if settings.panel is None or panel is not None:
                raise
            print(
                f"port {settings.panel.port} of [panel] cannot be used ({error.strerror}): "
                "choose another",
                file=sys.stderr,
            )
            return FAILED
        finally:
            agent.stop()
            if panel:
                panel.close()
    finally:
        folder.close()
    return WELL
