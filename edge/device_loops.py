"""One loop a device: opens the driver that the settings name, and keeps it going.

Each driver's library is loaded only on a node that has the device: a node without a camera
has no room for OpenCV.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from devices.messages import Announcement
from devices.rating_buttons.lamps import DARK, Lamps
from edge import settings
from edge.clock import Clock
from edge.counter import Screen
from edge.latest import Latest
from edge.loops import Loop
from edge.shown import KeptFile

_POLL_S: Final = 0.1


class ButtonRow:
    """The rating buttons and their lamps; the lamps keep their sign over a new start."""

    def __init__(
        self,
        table: settings.RatingButtons,
        *,
        on_press: Callable[[int], None],
        on_fault: Callable[[int, bool], None],
        on_change: Callable[[], None],
    ) -> None:
        from devices.rating_buttons import ButtonWiring

        self.wiring: Final = [
            ButtonWiring(one.level, one.pin, one.lamp_pin) for one in table.button
        ]
        self.settle_ms: Final = table.settle_ms
        self._table = table
        self._on_press = on_press
        self._on_fault = on_fault
        self._on_change = on_change
        self._lock = threading.Lock()
        self._lamps = DARK
        self._buttons: Any = None
        self.pins: Final = _mock_pins() if table.driver == "mock" else None
        """The stand-in's pins; None where the pins are real."""

    def run(self, loop: Loop) -> None:
        """The body of the loop."""
        from devices.rating_buttons import RatingButtons, open_lines

        lines = open_lines(
            self._table.driver,
            self.wiring,
            pin_factory=self.pins,
            i2c_bus=self._table.i2c_bus,
            i2c_address=self._table.i2c_address,
            int_pin=self._table.int_pin,
        )
        with RatingButtons(
            lines, on_press=self._on_press, on_fault=self._on_fault, settle_ms=self.settle_ms
        ) as buttons:
            with self._lock:
                self._buttons = buttons
                buttons.show(self._lamps)
            buttons.poll()
            loop.well()
            try:
                while not loop.stopping.is_set():
                    buttons.wait(_POLL_S)
                    loop.beat()
                    buttons.poll()
            finally:
                with self._lock:
                    self._buttons = None

    def show(self, lamps: Lamps) -> None:
        """Light the lamps now; buttons that come back later show the same."""
        with self._lock:
            self._lamps = lamps
            if self._buttons is not None:
                self._buttons.show(lamps)
        self._on_change()

    @property
    def is_open(self) -> bool:
        """Whether the driver has the pins just now."""
        return self._buttons is not None

    def notes(self) -> list[str]:
        """The buttons that are masked just now."""
        with self._lock:
            stuck = self._buttons.stuck_levels() if self._buttons is not None else []
        return [f"button {level} is stuck or chatters: free it, see its cable" for level in stuck]

    def lit(self) -> dict[int, bool]:
        """Level -> whether its lamp is lit, as the pins say."""
        with self._lock:
            if self._buttons is None:
                return {one.level: False for one in self.wiring}
            lit: dict[int, bool] = self._buttons.lamps_lit()
            return lit


def _mock_pins() -> Any:
    from devices.rating_buttons.standin import mock_factory

    return mock_factory()


class DisplayLoop:
    """The display over the counter shows what :attr:`Counter.screen` holds."""

    def __init__(
        self,
        table: settings.TicketDisplay,
        screen: Latest[Screen],
        clock: Clock,
        on_change: Callable[[], None],
    ) -> None:
        self._table = table
        self._screen = screen
        self._clock = clock
        self._on_change = on_change
        self._device: Any = None
        self._display: Any = None

    def run(self, loop: Loop) -> None:
        """The body of the loop."""
        from devices.ticket_display import STAND_INS, TicketDisplay, open_display

        table = self._table
        device = open_display(
            driver=table.driver,
            modules=table.modules,
            i2c_port=table.i2c_bus,
            i2c_address=table.i2c_address,
            upside_down=table.upside_down,
        )
        self._device = device if table.driver in STAND_INS else None
        display = self._display = TicketDisplay(device, wall_ms=self._wall_ms)
        seen = 0
        try:
            while not loop.stopping.is_set():
                loop.beat()
                version, screen = self._screen.wait_beyond(seen, _POLL_S)
                if version != seen and screen.display is not None:
                    display.show(screen.display, stale=screen.stale)
                    self._on_change()
                seen = version
                display.tick()
                loop.well()
        finally:
            self._device = self._display = None
            display.close()

    def _wall_ms(self) -> int | None:
        """None while the clock may be wrong: a Pi without a battery wakes in the past."""
        now = self._clock.now()
        return now.wall_us // 1000 if now.clock_synchronised else None

    def notes(self) -> list[str]:
        """What the display lacks just now."""
        display = self._display
        lacks: list[str] = display.notes() if display is not None else []
        return lacks

    def picture_png(self) -> bytes | None:
        """The stand-in's picture; None while it is not open, and for a real display."""
        device = self._device
        if device is None:
            return None
        picture: bytes = device.picture_png()
        return picture


class VoiceLoop:
    """Calls are spoken one after the other; each is noted on disk before it is begun."""

    def __init__(
        self,
        table: settings.Speaker,
        kept: KeptFile,
        clock: Clock,
        *,
        on_change: Callable[[], None],
        alarm: Callable[[str, str, bool], None],
    ) -> None:
        self._table = table
        self._kept = kept
        self._clock = clock
        self._on_change = on_change
        self._alarm = alarm
        self._speaker: Any = None
        self._spans: list[Any] = []
        self._calls: queue.Queue[tuple[list[Announcement], int]] = queue.Queue(100)
        self.spoken: Final[deque[str]] = deque(maxlen=8)
        """The last texts handed to the voice."""
        self.missed = 0

    def speak(self, calls: list[Announcement], last_id: int) -> None:
        """Speak ``calls`` when those before are done; returns at once."""
        try:
            self._calls.put_nowait((calls, last_id))
        except queue.Full:
            self.missed += len(calls)

    def run(self, loop: Loop) -> None:
        """The body of the loop."""
        from devices.speaker import Speaker, open_sink
        from devices.speaker.loudness import Span, minute_of

        table = self._table
        self._spans = [
            Span(minute_of(one.start), minute_of(one.to), one.percent) for one in table.loudness
        ]
        sink = open_sink(table.sink, device=table.device, folder=table.folder)
        speaker = Speaker(
            voice=table.voice,
            sink=sink,
            clips=table.clips,
            percent=self._percent,
            forget_s=table.forget_s,
            on_fault=lambda fault: self._alarm(fault.code, fault.text, fault.raised),
        )
        try:
            self._speaker = speaker
            loop.well()
            while not loop.stopping.is_set():
                loop.beat()
                try:
                    calls, last_id = self._calls.get(timeout=0.5)
                except queue.Empty:
                    continue
                # noted first: after a crash a call is rather missed than repeated for ever
                self._kept.keep_spoken(last_id)
                for call in calls:
                    self.spoken.append(call.text)
                    self._on_change()
                    speaker.announce(call)
        finally:
            self._speaker = None
            speaker.close()

    def _percent(self) -> int:
        from devices.speaker.loudness import DAY_MIN, percent_at

        now = self._clock.now()
        minute = (now.wall_us // 60_000_000 + self._table.utc_offset_minutes) % DAY_MIN
        return percent_at(
            self._spans,
            minute if now.clock_synchronised else None,
            otherwise=self._table.percent,
        )

    def notes(self) -> list[str]:
        """What the voice lacks just now."""
        speaker = self._speaker
        faults: list[str] = speaker.faults() if speaker is not None else []
        return faults
