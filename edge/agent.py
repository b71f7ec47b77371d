"""The agent of a node: settings -> devices -> outbox -> link, each part in a watched loop."""

from __future__ import annotations

import fcntl
import logging
import os
import select
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final, TextIO

from devices.messages import Announcement, Display, Health, NodeState, encode
from devices.rating_buttons.lamps import Lamps
from devices.settings_file import SettingsError
from edge.clock import Clock
from edge.counter import RATED, Counter
from edge.device_loops import ButtonRow, DisplayLoop, ScannerLoop, VoiceLoop
from edge.health import take_health
from edge.latest import Latest
from edge.link import Address, Link
from edge.loops import Loop
from edge.outbox import Outbox
from edge.printing import SETTLED, PrinterLoop
from edge.rating_window import Now, RatingWindows
from edge.recorder import Recorder
from edge.settings import NodeSettings, read_password
from edge.shown import KeptFile, Shown
from edge.watchdog import Watchdog

_log = logging.getLogger(__name__)

STOP_WITHIN_S: Final = 1.5
"""How long the loops may take to end; what they hold is on disk, so that waiting saves nothing."""
_TIDY_S: Final = 60.0


class DataDirInUseError(RuntimeError):
    """Another node works in the same folder."""


class DataDir:
    """The node's folder, held by one process alone; the kernel lets go of it when that ends.

    Raises:
        DataDirInUseError: another process holds it.
        SettingsError: it cannot be made or written.
    """

    def __init__(self, path: str) -> None:
        self.path: Final = Path(path)
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock: TextIO = (self.path / "node.lock").open("a+")
        except OSError as error:
            raise SettingsError(
                f"{path}: data_dir cannot be written ({error.strerror}): choose another folder, "
                "or give this one to the account of the node"
            ) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            owner = lock.read().strip() or "?"
            lock.close()
            raise DataDirInUseError(
                f"{path}: another node (process {owner}) works in this data_dir: end it first, "
                "or give this node a folder of its own"
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        self._lock = lock

    def close(self) -> None:
        """Let go of it."""
        self._lock.close()


class Agent:
    """One node at work.  ``start`` begins its loops, ``wait`` watches them, ``stop`` ends them."""

    def __init__(self, settings: NodeSettings, data_dir: Path, *, watchdog: Watchdog) -> None:
        self.settings: Final = settings
        self._data_dir = data_dir
        self._watchdog = watchdog
        self._told_to_end, self._end = os.pipe()
        self._is_stopping = False
        self._began_s = time.monotonic()
        self.clock: Final = Clock(assume_synchronised=settings.node.assume_synchronised)
        self.outbox: Final = Outbox(
            data_dir,
            max_events=settings.node.max_events,
            max_bytes=settings.node.max_mbytes * 2**20,
        )
        self.changes: Final[Latest[None]] = Latest(None)
        self._kept = KeptFile(data_dir)
        self.recorder: Final = Recorder(
            self.outbox, self.clock, wake=self._wake_link, on_change=self._changed
        )
        self.buttons: Final = (
            ButtonRow(
                settings.rating_buttons,
                on_press=self._pressed,
                on_fault=self._button_fault,
                on_change=self._changed,
            )
            if settings.rating_buttons
            else None
        )
        self.voice: Final = (
            VoiceLoop(
                settings.speaker, self._kept, on_change=self._changed, alarm=self._voice_fault
            )
            if settings.speaker
            else None
        )
        self.printer: Final = (
            PrinterLoop(
                settings.ticket_printer,
                data_dir,
                self.recorder,
                self.outbox.kept(SETTLED),
                on_change=self._changed,
            )
            if settings.ticket_printer
            else None
        )
        self.counter: Final = Counter(
            recorder=self.recorder,
            clock=self.clock,
            windows=RatingWindows(len(self.buttons.wiring), rated=self.outbox.kept(RATED))
            if self.buttons
            else None,
            shown=Shown(self._kept.kept.display),
            spoken=self._kept.kept.spoken,
            show_lamps=self._show_lamps,
            speak=self._speak,
            linked=lambda: self.link.connected,
            show_slips=self._show_slips,
        )
        self.display: Final = (
            DisplayLoop(settings.ticket_display, self.counter.screen, self._changed)
            if settings.ticket_display
            else None
        )
        broker = settings.broker
        self.link: Final = Link(
            Address(
                broker.host,
                broker.port,
                broker.username,
                read_password(broker),
                broker.keepalive_s,
            ),
            settings.node.hall,
            settings.node.id,
            self.outbox,
            birth=self._birth,
            on_display=self._told,
            on_hall=self.counter.heard_hall,
            on_change=self._changed,
        )
        self.loops: Final = self._make_loops()

    def _make_loops(self) -> list[Loop]:
        bodies = {"counter": self.counter.run, "link": self.link.run, "upkeep": self._keep_up}
        if self.buttons:
            bodies["rating_buttons"] = self.buttons.run
        if table := self.settings.qr_scanner:
            bodies["qr_scanner"] = ScannerLoop(table, self.recorder, self.clock).run
        if self.display:
            bodies["ticket_display"] = self.display.run
        if self.voice:
            bodies["speaker"] = self.voice.run
        if self.printer:
            bodies["ticket_printer"] = self.printer.run
        return [Loop(name, body, on_trouble=self._trouble) for name, body in bodies.items()]

    # ------------------------------------------------------------ what the parts tell each other

    def _pressed(self, level: int) -> None:
        self.counter.pressed(level)

    def _told(self, display: Display, live: bool) -> None:
        self.counter.told(display, live)

    def _wake_link(self) -> None:
        self.link.wake()

    def _changed(self) -> None:
        self.changes.set(None)

    def _show_lamps(self, lamps: Lamps) -> None:
        if self.buttons:
            self.buttons.show(lamps)

    def _speak(self, calls: list[Announcement], last_id: int) -> None:
        if self.voice:
            self.voice.speak(calls, last_id)

    def _show_slips(self, display: Display, live: bool, now: Now) -> None:
        if self.printer:
            self.printer.show(display, live=live, now=now)

    def _button_fault(self, level: int, stuck: bool) -> None:
        text = f"button {level} is stuck: free it" if stuck else f"button {level} works again"
        self.recorder.alarm("button-stuck", f"rating-button-{level}", text, raised=stuck)

    def _voice_fault(self, code: str, text: str, raised: bool) -> None:
        self.recorder.alarm(code, "speaker", text, raised=raised)

    def _trouble(self, name: str, reason: str | None) -> None:
        text = "works again" if reason is None else reason
        self.recorder.alarm("loop-failed", name, text, raised=reason is not None)

    def _birth(self) -> NodeState:
        return NodeState("online", self.clock.boot_id, own_version(), self.settings.device_names())

    # ------------------------------------------------------------ upkeep

    def _keep_up(self, loop: Loop) -> None:
        """Health, the kept display, and the outbox's log, in a loop that no press waits for."""
        health_s = tidied_s = 0.0
        seen = 0
        linked = False
        while not loop.stopping.is_set():
            loop.beat()
            now_s = time.monotonic()
            # a node that has just come back tells at once how it is
            if now_s >= health_s or (self.link.connected and not linked):
                health_s = now_s + self.settings.node.health_s
                self.link.report(encode(self.health()))
            linked = self.link.connected
            if now_s >= tidied_s + _TIDY_S:
                tidied_s = now_s
                self.outbox.tidy()
            self.recorder.look_after()
            left_s = min(0.5, health_s - time.monotonic())
            version_seen, screen = self.counter.screen.wait_beyond(seen, max(0.05, left_s))
            if version_seen != seen:
                self._changed()
            if version_seen != seen and screen.display is not None and not screen.stale:
                self._kept.keep_display(screen.display)
            seen = version_seen
            loop.well()

    def health(self) -> Health:
        """The health message of now."""
        return take_health(
            clock=self.clock,
            outbox=self.outbox,
            data_dir=self._data_dir,
            loops=self.loops,
            notes=self.notes(),
        )

    def notes(self) -> list[str]:
        """What works with less than it should."""
        notes = [*self.link.notes(), *self.recorder.notes()]
        if self.voice:
            notes += self.voice.notes()
        if self.printer:
            notes += self.printer.notes()
        if self.counter.overrun:
            notes.append(f"{self.counter.overrun} presses or displays came too fast")
        return notes

    # ------------------------------------------------------------ life

    def start(self) -> None:
        """Begin all loops; returns at once."""
        for loop in self.loops:
            loop.start()
        self._watchdog.ready()
        _log.info(
            "node %s of hall %s is up after %.2f s",
            self.settings.node.id,
            self.settings.node.hall,
            time.monotonic() - self._began_s,
        )

    def wait(self) -> None:
        """Feed the watchdog while every loop goes, until :meth:`end` is called."""
        while True:
            told, _, _ = select.select([self._told_to_end], [], [], self._watchdog.every_s)
            if told:
                return
            hanging = [loop.name for loop in self.loops if not loop.beats]
            if hanging:
                _log.error("hanging: %s; the watchdog is not fed", ", ".join(hanging))
            else:
                self._watchdog.alive()

    def end(self) -> None:
        """Let :meth:`wait` return; may be called in a signal handler, so it takes no lock."""
        os.write(self._end, b"\0")

    def stop(self) -> None:
        """End the loops, the link last, and close the outbox; a second call does nothing."""
        if self._is_stopping:
            return
        self._is_stopping = True
        self._watchdog.stopping()
        end_s = time.monotonic() + STOP_WITHIN_S
        # the link goes last: what a device committed in its last instant is still sent
        link = [loop for loop in self.loops if loop.name == "link"]
        others = [loop for loop in self.loops if loop.name != "link"]
        for group, spare_s in ((others, 0.5), (link, 0.0)):
            for loop in group:
                loop.stop()
            self.link.wake()
            for loop in group:
                if not loop.join(max(0.0, end_s - spare_s - time.monotonic())):
                    _log.warning("%s did not end in time", loop.name)
        self.outbox.close()


def own_version() -> str:
    """The version of this program."""
    try:
        return version("motcua")[:40]
    except PackageNotFoundError:
        return "unknown"
