"""Settings from the hall: tried, kept where the node comes up with them, else taken back.

One file tells which settings were confirmed and which are being tried; it is replaced as a whole.
A process that finds something being tried at its start was ended in the middle of it: that
version failed, and is not tried again.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from devices.desired_settings import over, read
from devices.messages import AppliedSettings, DesiredSettings
from devices.settings_file import SettingsError, parse
from edge.settings import NodeSettings, fit_settings, read_settings

_log = logging.getLogger(__name__)

FILE_NAME: Final = "settings.json"
STEADY_SHARE: Final = 1 / 12
"""Of the time of a trial: so long all must be well before settings count as good."""


class OwnSettings(Struct, frozen=True):
    """The node's own settings file."""

    text: str
    settings: NodeSettings


class Refused(Struct, frozen=True):
    """Desired settings that the node did not take, and why."""

    desired: DesiredSettings
    reason: str
    path: str = ""


class Kept(Struct, frozen=True):
    """What the file holds."""

    confirmed: DesiredSettings | None = None
    trying: DesiredSettings | None = None
    refused: Refused | None = None


class SettingsDesk:
    """Which settings this node goes by; ``heard`` may be called by any thread, the rest by one.

    ``seconds`` is how long new settings have to prove themselves.
    """

    def __init__(self, folder: Path, own: OwnSettings, *, seconds: float) -> None:
        self._path = folder / FILE_NAME
        self._own = own
        self._seconds = seconds
        self._steady_s = seconds * STEADY_SHARE
        self._lock = threading.Lock()
        self._waiting: DesiredSettings | None = None
        self._ends_s: float | None = None
        self._well_since_s: float | None = None
        self._excused: frozenset[str] = frozenset()
        self.on_report: Callable[[], None] = lambda: None
        """Told when :meth:`report` says something new."""
        self.kept = self._read()
        if self.kept.trying is not None:
            self._refuse(self.kept.trying, "the node ended while it tried them: see its log")
        self.settings: NodeSettings = self._confirmed()
        """What to go by now."""

    def _confirmed(self) -> NodeSettings:
        """The own file with what was confirmed over it; without, where they do not fit any more."""
        confirmed = self.kept.confirmed
        if confirmed is None:
            return self._own.settings
        try:
            return self._over(confirmed.text)
        except SettingsError as error:
            _log.error("settings %d from the hall fit no more: %s", confirmed.version, error)
            refused = Refused(confirmed, str(error)[:500], error.path[:200])
            with suppress(OSError):  # told again at the next start
                self._write(Kept(refused=refused))
            return self._own.settings

    def _over(self, text: str) -> NodeSettings:
        tree = over(parse(self._own.text), read(text))
        return fit_settings(tree, text=text)

    # ------------------------------------------------------------ what the hall wants

    def heard(self, desired: DesiredSettings) -> bool:
        """The hall wants ``desired``; True when somebody must :meth:`consider` it."""
        with self._lock:
            kept = self.kept
            known = (kept.confirmed, kept.trying, kept.refused and kept.refused.desired)
            if desired in known:
                return False
            self._waiting = desired
            return True

    def consider(self, now_s: float, unwell: Sequence[str]) -> bool:
        """Look at what was heard; True when the node must begin anew with :attr:`settings`.

        ``unwell`` are the loops in trouble already: nothing new can be blamed for them.
        """
        with self._lock:
            desired, self._waiting = self._waiting, None
        if desired is None:
            return False
        try:
            settings = self._over(desired.text)
        except SettingsError as error:
            self._refuse(desired, str(error), error.path)
            self.on_report()
            return False
        try:
            self._write(replace(self.kept, trying=desired, refused=None))
        except OSError as error:
            self._refuse(desired, f"not written ({error.strerror}): free some disk space")
            self.on_report()
            return False
        _log.info("settings %d from the hall are tried", desired.version)
        self.settings = settings
        self._ends_s = now_s + self._seconds
        self._well_since_s = None
        self._excused = frozenset(unwell)
        return True

    # ------------------------------------------------------------ the trial

    @property
    def trying(self) -> bool:
        """Whether settings have to prove themselves just now."""
        return self._ends_s is not None

    def judge(
        self, now_s: float, unwell: Sequence[str], *, linked: bool
    ) -> Literal["wait", "good", "bad"]:
        """How the trial stands; after ``bad`` the node must begin anew with :attr:`settings`."""
        trying = self.kept.trying
        if self._ends_s is None or trying is None:
            return "good"
        blamed = [name for name in unwell if name not in self._excused]
        if blamed or not linked:
            self._well_since_s = None
        elif self._well_since_s is None:
            self._well_since_s = now_s
        if self._well_since_s is not None and now_s - self._well_since_s >= self._steady_s:
            self._ends_s = None
            try:
                self._write(replace(self.kept, confirmed=trying, trying=None))
            except OSError as error:
                self.give_up(f"not written ({error.strerror}): free some disk space")
                return "bad"
            _log.info("settings %d from the hall are kept", trying.version)
            self.on_report()
            return "good"
        if now_s >= self._ends_s:
            lacking = [*blamed, *([] if linked else ["the link to the broker"])]
            which = ", ".join(lacking) or "all were, and for too short a time"
            self.give_up(f"not well within {self._seconds:g} s: {which}")
            return "bad"
        return "wait"

    def give_up(self, reason: str) -> None:
        """Take back what is being tried."""
        self._ends_s = None
        if self.kept.trying is not None:
            self._refuse(self.kept.trying, reason)
        self.settings = self._confirmed()

    def _refuse(self, desired: DesiredSettings, reason: str, path: str = "") -> None:
        _log.error("settings %d from the hall are refused: %s", desired.version, reason)
        refused = Refused(desired, reason[:500], path[:200])
        kept = replace(self.kept, trying=None, refused=refused)
        try:
            self._write(kept)
        except OSError as error:
            # on the disk they are still being tried: the next start refuses them just so
            _log.error("%s not written (%s): free some disk space", FILE_NAME, error)
            with self._lock:
                self.kept = kept

    def report(self) -> AppliedSettings:
        """What the hall is told."""
        kept = self.kept
        version = kept.confirmed.version if kept.confirmed else 0
        text = kept.confirmed.text if kept.confirmed else ""
        if kept.trying is not None:
            return AppliedSettings(version, text, kept.trying.version, "trying")
        if kept.refused is not None:
            refused = kept.refused
            return AppliedSettings(
                version, text, refused.desired.version, "refused", refused.path, refused.reason
            )
        return AppliedSettings(version, text, version)

    # ------------------------------------------------------------ the file

    def _read(self) -> Kept:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Kept)
        except FileNotFoundError:
            return Kept()
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            _log.error("%s cannot be read (%s): the node's own file counts", FILE_NAME, error)
            return Kept()

    def _write(self, kept: Kept) -> None:
        """Replace the file: after a power cut it is the old one or the new one."""
        draft = self._path.with_suffix(".draft")
        with draft.open("wb") as file:
            file.write(msgspec.json.encode(kept))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)
        with suppress(OSError):  # a file system that cannot sync a folder
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        with self._lock:
            self.kept = kept


def own_settings(text: str, *, name: str = "settings") -> OwnSettings:
    """The node's own file, read.

    Raises:
        SettingsError: it does not fit.
    """
    return OwnSettings(text, read_settings(text, name=name))
