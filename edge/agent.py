"""The agent of a node: settings -> devices -> outbox -> link, each part in a watched loop."""

from __future__ import annotations

import fcntl
import logging
import os
import select
import time
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final, Literal, TextIO

from devices.messages import (
    Announcement,
    DesiredSettings,
    Display,
    Health,
    NodeState,
    decode,
    encode,
)
from devices.rating_buttons.lamps import Lamps
from devices.settings_file import SettingsError
from edge.clock import Clock, ClockWatch, as_told, offset_us
from edge.counter import RATED, Counter
from edge.desired_settings import SettingsDesk
from edge.device_loops import ButtonRow, DisplayLoop, VoiceLoop
from edge.face_camera import FaceCameraLoop
from edge.health import take_health
from edge.latest import Latest
from edge.link import Address, Heard, Letter, Link
from edge.loops import Loop
from edge.node_commands import NodeCommands
from edge.outbox import Outbox, OutboxError
from edge.presence import TOLD, LampLoop, PlaceLoop
from edge.printing import SETTLED, PrinterLoop
from edge.rating_window import Now, RatingWindows
from edge.recorder import LOOP_FAILED, Recorder
from edge.scanning import ScannerLoop
from edge.settings import NodeSettings, read_password
from edge.shown import KeptFile, Shown
from edge.watchdog import Watchdog

_log = logging.getLogger(__name__)

STOP_WITHIN_S: Final = 1.5
"""How long the loops may take to end; what they hold is on disk, so that waiting saves nothing."""
_TIDY_S: Final = 60.0
_KEEP_EACH_S: Final = 30.0
"""A card is spared: the display that is kept for a restart may be so old."""
_JUDGE_EACH_S: Final = 0.25
CLOCK_TOLD: Final = "clock_told"
"""Name under which the outbox keeps what the hall was last told of the clock."""
NEEDED: Final = frozenset({"counter", "link", "upkeep", "commands"})
"""Loops that no unplugged device ends: where one only fails, the process is to be begun anew."""
_END, _NEWS = b"e", b"n"


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
        with suppress(OSError):  # a full disk: the number is a courtesy, the lock is not in it
            lock.truncate(0)
            lock.write(f"{os.getpid()}\n")
            lock.flush()
        self._lock = lock

    def close(self) -> None:
        """Let go of it."""
        self._lock.close()


class Agent:
    """One node at work.  ``start`` begins its loops, ``wait`` watches them, ``stop`` ends them."""

    def __init__(
        self,
        settings: NodeSettings,
        data_dir: Path,
        *,
        watchdog: Watchdog,
        desk: SettingsDesk | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.settings: Final = settings
        self._data_dir = data_dir
        self._watchdog = watchdog
        self._desk = desk
        self._is_told, self._told_to_end = os.pipe()
        self._is_stopping = False
        self._began_s = time.monotonic()
        self.clock: Final = clock or Clock(assume_synchronised=settings.node.assume_synchronised)
        self.outbox: Final = Outbox(
            data_dir,
            max_events=settings.node.max_events,
            max_bytes=settings.node.max_mbytes * 2**20,
        )
        self._clock_watch = ClockWatch(
            self.outbox.kept(CLOCK_TOLD), assumed=settings.node.assume_synchronised
        )
        self.begin_self_test: Callable[[], str] | None = None
        """Begins the steps of the devices' self-tests that need nobody, and says what it begins;
        the hall may ask for it."""
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
                settings.speaker,
                self._kept,
                self.clock,
                on_change=self._changed,
                alarm=self._voice_fault,
            )
            if settings.speaker
            else None
        )
        self.scanner: Final = (
            ScannerLoop(settings.qr_scanner, self.recorder, self.clock)
            if settings.qr_scanner
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
        self.face_camera: Final = (
            FaceCameraLoop(settings.face_camera, self.clock) if settings.face_camera else None
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
            name=settings.node.id,
            show_slips=self._show_slips,
            away_s=settings.ticket_display.away_s if settings.ticket_display else None,
        )
        self.display: Final = (
            DisplayLoop(settings.ticket_display, self.counter.screen, self.clock, self._changed)
            if settings.ticket_display
            else None
        )
        self.place: Final = (
            PlaceLoop(
                settings.presence,
                self.recorder,
                self.clock,
                told=self.outbox.kept(TOLD),
                on_change=self._changed,
            )
            if settings.presence
            else None
        )
        self.lamp: Final = (
            LampLoop(
                settings.counter_lamp, self.counter.screen, self.clock, on_change=self._changed
            )
            if settings.counter_lamp
            else None
        )
        self.commands: Final = NodeCommands(
            monotonic_us=self.clock.monotonic_us,
            say=self._say,
            identify=self.counter.identify,
            self_test=lambda: self.begin_self_test,
            reboot=settings.node.reboot_command,
            under_systemd=watchdog.is_there,
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
            ears={"command": self.commands.heard, "settings": self._wanted},
            greetings=self._greetings,
        )
        self.loops: Final = self._make_loops()
        if desk is not None:
            desk.on_report = self._report_settings

    def _make_loops(self) -> list[Loop]:
        bodies = {
            "counter": self.counter.run,
            "link": self.link.run,
            "upkeep": self._keep_up,
            "commands": self.commands.run,
        }
        if self.buttons:
            bodies["rating_buttons"] = self.buttons.run
        if self.scanner:
            bodies["qr_scanner"] = self.scanner.run
        if self.display:
            bodies["ticket_display"] = self.display.run
        if self.voice:
            bodies["speaker"] = self.voice.run
        if self.printer:
            bodies["ticket_printer"] = self.printer.run
        if self.face_camera:
            bodies["face_camera"] = self.face_camera.run
        if self.place:
            bodies["presence"] = self.place.run
        if self.lamp:
            bodies["counter_lamp"] = self.lamp.run
        return [Loop(name, body, on_trouble=self._trouble) for name, body in bodies.items()]

    # ------------------------------------------------------------ what the parts tell each other

    def _pressed(self, level: int) -> None:
        self.counter.pressed(level)

    def _told(self, display: Display, live: bool) -> None:
        self.commands.hall_time.age_ms(display.wall_ms, self.clock.monotonic_us())
        self.counter.told(display, live)

    def _say(self, letter: Letter) -> None:
        self.link.say(letter)

    def _greetings(self) -> list[Letter]:
        self.commands.hall_time.begin()
        return [self._settings_letter(self._desk)] if self._desk else []

    def _wanted(self, heard: Heard) -> None:
        desired = decode(heard.payload, DesiredSettings)
        if self._desk and self._desk.heard(desired):
            os.write(self._told_to_end, _NEWS)

    def _report_settings(self) -> None:
        if self._desk:
            self.link.say(self._settings_letter(self._desk))

    @staticmethod
    def _settings_letter(desk: SettingsDesk) -> Letter:
        return Letter("settings/applied", encode(desk.report()))

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
        self.recorder.alarm(LOOP_FAILED, name, text, raised=reason is not None)
        if reason is None:
            self.recorder.doubt(name)

    def _birth(self) -> NodeState:
        return NodeState("online", self.clock.boot_id, own_version(), self.settings.device_names())

    # ------------------------------------------------------------ upkeep

    def _keep_up(self, loop: Loop) -> None:
        """Health, the kept display, and the outbox's log, in a loop that no press waits for."""
        health_s = tidied_s = 0.0
        kept_s = -_KEEP_EACH_S
        seen, (_, screen) = 0, self.counter.screen.get()
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
            self._look_at_clock()
            left_s = min(0.5, health_s - time.monotonic())
            version_seen, screen = self.counter.screen.wait_beyond(seen, max(0.05, left_s))
            if version_seen != seen:
                self._changed()
            is_old = screen.stale or screen.names_node
            if screen.display is not None and not is_old and now_s >= kept_s + _KEEP_EACH_S:
                # not each of them: what is shown after a restart is marked as the past anyhow
                kept_s = now_s
                self._kept.keep_display(screen.display)
            seen = version_seen
            loop.well()
        if screen.display is not None and not (screen.stale or screen.names_node):
            self._kept.keep_display(screen.display)

    def _look_at_clock(self) -> None:
        """Tell the hall once the wall clock is right, and when it was set anew."""
        clock = self.clock
        report = self._clock_watch.look(
            clock.boot_id, offset_us(clock), synchronised=clock.synchronised()
        )
        if report is None:
            return
        try:
            self.recorder.record(report, keep=(CLOCK_TOLD, as_told(report)))
        except OutboxError:
            return  # told again in the next round
        self._clock_watch.noted(report)
        self.recorder.send()

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
        if self.buttons:
            notes += self.buttons.notes()
        if self.display:
            notes += self.display.notes()
        if self.voice:
            notes += self.voice.notes()
        if self.printer:
            notes += self.printer.notes()
        if self.scanner:
            notes += self.scanner.notes()
        if self.face_camera:
            notes += self.face_camera.notes()
        notes += self.counter.notes()
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

    def wait(self) -> Literal["end", "anew"]:
        """Feed the watchdog while every loop goes, until :meth:`end` is called.

        ``anew``: it must begin again with other settings.
        """
        while True:
            judged = self._desk is not None and self._desk.trying
            every_s = min(self._watchdog.every_s, _JUDGE_EACH_S if judged else 3600.0)
            told, _, _ = select.select([self._is_told], [], [], every_s)
            if told and os.read(self._is_told, 1) == _END:
                return "end"
            if self._settings_turned():
                return "anew"
            hanging = [
                loop.name
                for loop in self.loops
                if not loop.beats or (loop.name in NEEDED and loop.goes_in_vain)
            ]
            if hanging:
                _log.error("hanging: %s; the watchdog is not fed", ", ".join(hanging))
            else:
                self._watchdog.alive()

    def end(self) -> None:
        """Let :meth:`wait` return; may be called in a signal handler, so it takes no lock."""
        with suppress(OSError):  # it has ended already
            os.write(self._told_to_end, _END)

    def _settings_turned(self) -> bool:
        """Whether the node must begin anew, with new settings or with those of before."""
        desk = self._desk
        if desk is None:
            return False
        now_s = time.monotonic()
        if desk.trying:
            unwell = [loop.name for loop in self.loops if not (loop.is_well and loop.beats)]
            return desk.judge(now_s, unwell, linked=self.link.connected) == "bad"
        return desk.consider(now_s, [loop.name for loop in self.loops if loop.trouble])

    def stop(self, *, for_good: bool = True) -> None:
        """End the loops, the link last, and close the outbox; a second call does nothing."""
        if self._is_stopping:
            return
        self._is_stopping = True
        if for_good:
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
        ends = (self._is_told, self._told_to_end)
        self._is_told = self._told_to_end = -1
        for end in ends:
            os.close(end)


def own_version() -> str:
    """The version of this program."""
    try:
        return version("motcua")[:40]
    except PackageNotFoundError:
        return "unknown"
