"""``motcua node``: run a node, or check its settings file."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
from typing import Literal

from devices import settings_command
from devices.errors import DeviceError
from devices.settings_command import FAILED, WELL, WRONG_SETTINGS
from devices.settings_file import SettingsError, read_text
from edge.agent import Agent, DataDir, DataDirInUseError
from edge.desired_settings import OwnSettings, SettingsDesk, own_settings
from edge.outbox import OutboxError
from edge.panel import PanelServer
from edge.settings import read_password
from edge.watchdog import Watchdog


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``motcua node``."""
    settings_command.add_arguments(parser, "the node")
    parser.add_argument(
        "work",
        nargs="?",
        choices=["self-test"],
        help="go through each device of --config with a technician, and sign a report; the node "
        "must not run meanwhile",
    )
    test = parser.add_argument_group("self-test")
    test.add_argument(
        "--unattended",
        action="store_true",
        help="self-test: with nobody there, where every device is a stand-in",
    )
    test.add_argument(
        "--json", action="store_true", help="self-test: print the report, the rest goes to stderr"
    )
    test.add_argument("--by", metavar="NAME", help="self-test: who signs, instead of being asked")


def run(arguments: argparse.Namespace) -> int:
    """Run or check; 0 all is well, 1 it failed, 2 the settings do not fit."""
    if arguments.work is None:
        if arguments.unattended or arguments.json or arguments.by is not None:
            print("--unattended, --json and --by are for `motcua node self-test`", file=sys.stderr)
            return WRONG_SETTINGS
        return settings_command.run(arguments, _read, _run_node)
    from edge.self_test.command import run as self_test

    return settings_command.run(
        arguments,
        _read,
        lambda own: self_test(
            own, unattended=arguments.unattended, as_json=arguments.json, by=arguments.by
        ),
    )


def _read(path: str) -> OwnSettings:
    own = own_settings(read_text(path), name=path)
    read_password(own.settings.broker)
    return own


def _run_node(own: OwnSettings) -> int:
    try:
        return _work(own)
    except (DataDirInUseError, OutboxError) as error:
        print(error, file=sys.stderr)
        return FAILED


def _work(own: OwnSettings) -> int:
    os.umask(0o077)  # scans wait on the disk: for this account alone
    folder = DataDir(own.settings.node.data_dir)
    try:
        desk = SettingsDesk(folder.path, own, seconds=own.settings.node.settings_trial_s)
        node = _Node(folder, desk)
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, lambda *_: node.end())
        while True:
            try:
                word = node.live()
            except (OSError, DeviceError, SettingsError) as error:
                if not desk.trying:
                    raise
                desk.give_up(str(error))
                word = "anew"
            if word == "anew":
                gc.collect()  # what is left of the agent before holds its outbox and its devices
            if word == "end":
                return WELL
            if word == "port":
                return FAILED
    finally:
        folder.close()


class _Node:
    """The agent of the moment: settings from the hall begin it anew in the same process."""

    def __init__(self, folder: DataDir, desk: SettingsDesk) -> None:
        self._folder = folder
        self._desk = desk
        self._agent: Agent | None = None
        self._is_ending = False

    def end(self) -> None:
        """End for good; called in a signal handler, so it takes no lock."""
        self._is_ending = True
        if self._agent is not None:
            self._agent.end()

    def live(self) -> Literal["end", "anew", "port"]:
        """One life of the agent, and why it ended."""
        settings = self._desk.settings
        agent = self._agent = Agent(
            settings, self._folder.path, watchdog=Watchdog(), desk=self._desk
        )
        panel: PanelServer | None = None
        word: Literal["end", "anew"] = "end"
        try:
            if settings.panel:
                try:
                    panel = PanelServer(agent, settings.panel)
                except OSError as error:
                    print(
                        f"port {settings.panel.port} of [panel] cannot be used "
                        f"({error.strerror}): choose another",
                        file=sys.stderr,
                    )
                    return "port"
                panel.start()
            agent.start()
            word = "end" if self._is_ending else agent.wait()
        finally:
            agent.stop(for_good=word == "end")
            if panel:
                panel.close()
            self._agent = None
        return "end" if self._is_ending else word
