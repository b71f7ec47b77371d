"""``motcua node``: run a node, or check its settings file."""

from __future__ import annotations

import argparse
import os
import signal
import sys

from devices import settings_command
from devices.settings_command import FAILED, WELL
from edge.agent import Agent, DataDir, DataDirInUseError
from edge.outbox import OutboxError
from edge.panel import PanelServer
from edge.settings import NodeSettings, load_settings, read_password
from edge.watchdog import Watchdog


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``motcua node``."""
    settings_command.add_arguments(parser, "the node")


def run(arguments: argparse.Namespace) -> int:
    """Run or check; 0 all is well, 1 it failed, 2 the settings do not fit."""
    return settings_command.run(arguments, _read, _run_node)


def _read(path: str) -> NodeSettings:
    settings = load_settings(path)
    read_password(settings.broker)
    return settings


def _run_node(settings: NodeSettings) -> int:
    try:
        return _work(settings)
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
