"""``motcua node self-test``: takes the node's folder over, tests, signs, and hands it back."""

from __future__ import annotations

import os
import pwd
import sys
import time
from pathlib import Path
from typing import Final, TextIO

from devices.settings_command import FAILED, WELL
from devices.settings_file import SettingsError
from edge.agent import DataDir, DataDirInUseError, own_version
from edge.clock import Clock
from edge.desired_settings import OwnSettings, SettingsDesk
from edge.outbox import Outbox, OutboxError
from edge.recorder import Recorder
from edge.self_test.devices import candidates
from edge.self_test.going import go_through
from edge.self_test.report import Report, write
from edge.self_test.screen import Silence, Terminal, name_of, tell
from edge.settings import NodeSettings, real_devices

PATIENCE_S: Final = 30.0
"""How long a step waits for the technician; one that was too short is done again with `l`."""
NOBODY: Final = "unattended"
HAND_OVER_S: Final = 600.0
_LOOK_S: Final = 0.3
_UNIT: Final = "motcua-node"


def run(
    own: OwnSettings,
    *,
    unattended: bool,
    as_json: bool,
    by: str | None,
    keys: TextIO | None = None,
    out: TextIO | None = None,
    screen: TextIO | None = None,
) -> int:
    """Go through the node's devices; 0 all was right, 1 something was not.

    Raises:
        SettingsError: there is nothing to test, or ``unattended`` and a device is real.
    """
    keys, out = keys or sys.stdin, out or sys.stdout
    screen = screen or (sys.stderr if as_json else sys.stdout)
    if unattended:
        _must_be_stand_ins(own.settings)
    if account := _other_account(own.settings.node.data_dir):
        print(
            f"Chạy bằng tài khoản {account} / run this as the node's own account, or it could not "
            f"use what is written here: sudo -u {account} motcua node self-test ...",
            file=screen,
        )
        return FAILED
    os.umask(0o077)
    try:
        folder = _take_over(own.settings.node.data_dir, screen, wait=not unattended)
        try:
            settings = _in_force(own, folder)
            if unattended:
                _must_be_stand_ins(settings)
            report = _test(settings, keys, screen, unattended=unattended, by=by)
            if as_json:
                out.write(report.as_json())
                out.flush()
            is_kept = _keep(report, settings, folder, screen)
        finally:
            folder.close()
    except DataDirInUseError as error:
        print(f"{error}\n{_how_to_stop()}", file=screen)
        return FAILED
    except KeyboardInterrupt:
        print("\nDừng, không ghi gì / stopped, nothing was written", file=screen)
        return FAILED
    return WELL if report.passed and is_kept else FAILED


def _other_account(path: str) -> str | None:
    """Whose the folder is, where root would leave files in it that its owner cannot use."""
    try:
        owner = Path(path).stat().st_uid
    except OSError:
        return None  # what is wrong with it is told when it is taken over
    if os.geteuid() != 0 or owner == 0:
        return None
    try:
        return pwd.getpwuid(owner).pw_name
    except KeyError:
        return f"#{owner}"


def _in_force(own: OwnSettings, folder: DataDir) -> NodeSettings:
    """What the node goes by: its own file, and over it what it has kept of the hall's wishes."""
    return SettingsDesk(folder.path, own, seconds=own.settings.node.settings_trial_s).settings


def _must_be_stand_ins(settings: NodeSettings) -> None:
    for path, real in real_devices(settings):
        raise SettingsError(
            f"--unattended is for stand-ins alone and {path} = {real!r} is a real device: "
            "leave --unattended out and let a technician look"
        )


def _how_to_stop() -> str:
    return (
        f"Dừng chương trình trước / stop it first: sudo systemctl stop {_UNIT}\n"
        f"(sau đó / afterwards: sudo systemctl start {_UNIT})"
    )


def _take_over(path: str, screen: TextIO, *, wait: bool) -> DataDir:
    """The node's folder, from the agent's hands once that is stopped.

    Raises:
        DataDirInUseError: the agent still works there.
        SettingsError: the folder cannot be used.
    """
    ends_s = time.monotonic() + HAND_OVER_S
    is_told = False
    while True:
        try:
            return DataDir(path)
        except DataDirInUseError as error:
            if not wait or time.monotonic() > ends_s:
                raise
            if not is_told:
                is_told = True
                print(
                    f"{error}\n{_how_to_stop()}\n"
                    "Bài kiểm tra bắt đầu ngay khi đó / the self-test begins as soon as it has "
                    "stopped; Ctrl-C ends it.",
                    file=screen,
                    flush=True,
                )
        time.sleep(_LOOK_S)


def _test(
    settings: NodeSettings, keys: TextIO, screen: TextIO, *, unattended: bool, by: str | None
) -> Report:
    found, left_out = candidates(settings, unattended=unattended)
    if not found:
        raise SettingsError(
            "no device of these settings has a self-test: "
            + ("; ".join(left_out) or "there is none in them")
        )
    clock = Clock(assume_synchronised=settings.node.assume_synchronised)
    began_us = clock.monotonic_us()
    if unattended:
        results = go_through(found, Silence(screen), patience_s=PATIENCE_S)
    else:
        desk = Terminal(settings.node.id, keys=keys, screen=screen, patience_s=PATIENCE_S)
        results = go_through(found, desk, patience_s=PATIENCE_S)
    passed = all(result.ok for result in results)
    by = name_of(by or "")
    if not by:
        by = NOBODY if unattended else desk.signs(passed=passed)
    now = clock.now()
    # from the clock that never jumps: the wall clock may have been set in between
    took_ms = (now.monotonic_us - began_us) // 1000
    finished_ms = now.wall_us // 1000
    return Report(
        settings.node.id,
        settings.node.hall,
        own_version(),
        by,
        unattended,
        max(0, finished_ms - took_ms),
        finished_ms,
        now.clock_synchronised,
        passed,
        results,
        left_out,
    )


def _keep(report: Report, settings: NodeSettings, folder: DataDir, screen: TextIO) -> bool:
    """Write the report and leave it for the hall; False, and said so, where one of it failed."""
    words: list[str] = []
    try:
        words.append(f"Biên bản / report: {write(report, folder.path)}")
    except OSError as error:
        words.append(f"the report is not written ({error.strerror}): free some disk space")
    is_written = words[0].startswith("Biên bản")
    is_left = True
    try:
        outbox = Outbox(
            folder.path,
            max_events=settings.node.max_events,
            max_bytes=settings.node.max_mbytes * 2**20,
        )
        try:
            clock = Clock(assume_synchronised=settings.node.assume_synchronised)
            recorder = Recorder(outbox, clock, wake=_nothing, on_change=_nothing)
            recorder.record(report.event())
            recorder.look_after()
        finally:
            outbox.close()
        words.append(
            "Bộ phận sẽ nhận khi chương trình chạy lại / the hall gets it when the node starts "
            f"again: sudo systemctl start {_UNIT}"
        )
    except OutboxError as error:
        is_left = False
        words.append(f"the report does not reach the hall: {error}")
    tell(report, "\n".join(words), screen)
    return is_written and is_left


def _nothing() -> None:
    """There is no link to wake."""
