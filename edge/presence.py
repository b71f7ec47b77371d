"""The clerk's place: her switch becomes events, the lamp over her counter says what it is doing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Final

from devices.messages import ClerkPresence
from edge import settings
from edge.clock import Clock
from edge.counter import Screen
from edge.latest import Latest
from edge.loops import Loop
from edge.outbox import OutboxError
from edge.recorder import Recorder

TOLD: Final = "clerk_presence"
"""Name under which the outbox keeps what the hall was told last: here or away."""
_LOOK_S: Final = 0.2
_AGAIN_S: Final = 5.0
"""How long after a word that was not kept it is tried again."""
_CALM_S: Final = 1.0


class PlaceLoop:
    """Reads the clerk's switch; each word about her is committed once, over new starts too."""

    def __init__(
        self,
        table: settings.Presence,
        recorder: Recorder,
        clock: Clock,
        *,
        told: str | None,
        on_change: Callable[[], None],
    ) -> None:
        self._table = table
        self._recorder = recorder
        self._clock = clock
        self._told = None if told is None else told == "here"
        self._on_change = on_change
        self._is_there: bool | None = None
        self._pins: Any = None
        self.chair: Any = None
        """The stand-in's chair, with the clerk on it at the start; None where the pin is real."""
        if table.driver == "mock":
            from devices.presence.standin import Chair, mock_factory

            self._pins = mock_factory()
            self.chair = Chair(self._pins, table.pin, active=table.active)
            self.chair.sit()

    def run(self, loop: Loop) -> None:
        """The body of the loop."""
        from devices.presence import Attendance, PresenceSwitch

        table = self._table
        with PresenceSwitch(table.pin, active=table.active, pin_factory=self._pins) as switch:
            attendance = Attendance(
                round(table.away_s * 1e6),
                round(table.settle_s * 1e6),
                told=self._told,
                at_us=self._clock.monotonic_us(),
            )
            again_s = 0.0
            while not loop.stopping.wait(_LOOK_S):
                loop.beat()
                there = switch.is_there()
                if there != self._is_there:
                    self._is_there = there
                    self._on_change()
                word = attendance.see(there, self._clock.monotonic_us())
                loop.well()
                if word is None or time.monotonic() < again_s:
                    continue
                try:
                    self._recorder.record(
                        ClerkPresence(word.present, word.for_us // 1000),
                        keep=(TOLD, "here" if word.present else "away"),
                    )
                except OutboxError:
                    again_s = time.monotonic() + _AGAIN_S
                    continue
                attendance.keep(word)
                self._told = word.present
                self._recorder.send()

    @property
    def is_there(self) -> bool | None:
        """What the switch said last; None before its first reading."""
        return self._is_there


class LampLoop:
    """The lamp over the counter shows what :attr:`Counter.screen` holds."""

    def __init__(
        self,
        table: settings.CounterLamp,
        screen: Latest[Screen],
        clock: Clock,
        *,
        on_change: Callable[[], None],
    ) -> None:
        self._table = table
        self._screen = screen
        self._clock = clock
        self._on_change = on_change
        self._lock = threading.Lock()
        self._lamp: Any = None
        self._pins: Any = None
        if table.driver == "mock":
            from devices.presence.standin import mock_factory

            self._pins = mock_factory()

    def run(self, loop: Loop) -> None:
        """The body of the loop."""
        from devices.presence.lamp import HALF_BLINK_US, CounterLamp, light_of, sign_of

        table = self._table
        with CounterLamp(table.green_pin, table.red_pin, pin_factory=self._pins) as lamp:
            with self._lock:
                self._lamp = lamp
            try:
                shown = None
                version, screen = self._screen.get()
                while not loop.stopping.is_set():
                    loop.beat()
                    sign = sign_of(screen.display, stale=screen.stale)
                    now_us = self._clock.monotonic_us()
                    light = light_of(sign, now_us)
                    if light != shown:
                        lamp.show(light)
                        shown = light
                        self._on_change()
                    loop.well()
                    left_s = (HALF_BLINK_US - now_us % HALF_BLINK_US) / 1e6
                    version, screen = self._screen.wait_beyond(
                        version, left_s if sign == "call" else _CALM_S
                    )
            finally:
                with self._lock:
                    self._lamp = None

    def burns(self) -> str:
        """What burns, as the pins say: ``green``, ``red`` or ``dark``."""
        with self._lock:
            if self._lamp is None:
                return "dark"
            light = self._lamp.shown()
        return "green" if light.green else "red" if light.red else "dark"
