"""The row of rating buttons with a lamp in each, on gpiozero."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from gpiozero import LED, InputDevice

from devices.errors import PinUnavailableError, WiringError
from devices.gpio_errors import GPIO_ERRORS
from devices.rating_buttons.debounce import STUCK_US, Debouncer, Outcome
from devices.rating_buttons.lamps import DARK, Lamps

_OLD_EDGE_US: Final = 1_000_000


class ButtonWiring(NamedTuple):
    """Where one button hangs; ``pin`` and ``lamp_pin`` are BCM numbers.

    The button closes its pin to ground (the Pi's own pull-up is used); the lamp is lit when its
    pin is high, through a transistor.
    """

    level: int
    pin: int
    lamp_pin: int


class RatingButtons:
    """Three to five buttons, 1 the worst, and their lamps.

    ``on_press(level)`` and ``on_fault(level, stuck)`` are called from gpiozero's thread, or from
    the one that calls :meth:`poll`, never two at once for presses that are one: they must be
    quick.  Of two buttons pressed within the settling time the first wins.

    gpiozero's own ``bounce_time`` stays off, as it drops edges and can leave a button deaf; each
    line has its own :class:`~devices.rating_buttons.debounce.Debouncer`, and :meth:`poll` puts
    right what a lost edge left wrong.

    Without ``monotonic_us`` an edge counts at the time that the kernel saw it.

    Raises:
        WiringError: a level or a pin twice, or levels with a gap.
        PinUnavailableError: a pin that does not exist or is taken, or no GPIO at all.
    """

    def __init__(
        self,
        *,
        wiring: Sequence[ButtonWiring],
        on_press: Callable[[int], None],
        on_fault: Callable[[int, bool], None] | None = None,
        pin_factory: Any = None,
        monotonic_us: Callable[[], int] | None = None,
        settle_ms: int = 25,
        stuck_us: int = STUCK_US,
    ) -> None:
        check_wiring(wiring)
        self._on_press = on_press
        self._on_fault = on_fault
        self._clock_us = monotonic_us
        self._settle_us = settle_ms * 1000
        self._lock = threading.Lock()
        self._last_press_us: int | None = None
        self._shown = DARK
        self._lines: dict[int, InputDevice] = {}
        self._lamps: dict[int, LED] = {}
        self._debouncers: dict[int, Debouncer] = {}
        self._listeners: list[Callable[[float, int], None]] = []
        self._pins = ExitStack()
        try:
            for button in sorted(wiring):
                self._connect(button, pin_factory, stuck_us)
        except GPIO_ERRORS as error:
            self._pins.close()
            raise PinUnavailableError(_remedy(error)) from error
        except BaseException:
            self._pins.close()
            raise

    def _connect(self, button: ButtonWiring, pin_factory: Any, stuck_us: int) -> None:
        line = self._pins.enter_context(
            InputDevice(button.pin, pull_up=True, pin_factory=pin_factory)
        )
        lamp = self._pins.enter_context(LED(button.lamp_pin, pin_factory=pin_factory))
        self._lines[button.level] = line
        self._lamps[button.level] = lamp
        self._debouncers[button.level] = Debouncer(
            self._settle_us, stuck_us, down_at_us=self._now_us() if line.is_active else None
        )

        def hear(ticks: float, state: int) -> None:
            # the line is pulled up: low is pressed; anything else than 0 and 1 is no edge
            if state in (0, 1):
                self._hear(button.level, state == 0, self._time_of(ticks))

        # gpiozero keeps only a weak reference to what it calls
        self._listeners.append(hear)
        line.pin.bounce = None
        line.pin.edges = "both"
        line.pin.when_changed = hear

    @property
    def levels(self) -> int:
        """How many buttons there are; the best level."""
        return len(self._debouncers)

    def show(self, lamps: Lamps) -> None:
        """Light the lamps; nothing happens after :meth:`close`."""
        with self._lock:
            self._shown = lamps
            for level, lamp in self._lamps.items():
                lamp.value = lamps.is_lit(level)

    def lamps_lit(self) -> dict[int, bool]:
        """Level -> whether its lamp's pin is high, as read back from the pins."""
        with self._lock:
            return {level: bool(lamp.value) for level, lamp in self._lamps.items()}

    def stuck_levels(self) -> list[int]:
        """Buttons that are masked until somebody frees them."""
        with self._lock:
            return [level for level, line in self._debouncers.items() if line.is_stuck]

    def poll(self) -> None:
        """Find stuck buttons and lost edges; to be called about every 100 ms."""
        for level in range(1, self.levels + 1):
            self._hear(level, None, self._now_us())

    def self_test(self) -> list[str]:
        """What is wrong with the buttons and lamps now, one sentence each; empty is well.

        The lamps flash for an instant and go back to what they showed.
        """
        problems: list[str] = []
        with self._lock:
            if not self._lines:
                return ["Các nút đã ngắt / the buttons are closed: start the node again"]
            for level, line in self._lines.items():
                if line.is_active:
                    problems.append(
                        f"Nút {level} đang bị giữ hoặc chạm mát / button {level} is held down or "
                        f"shorted: free it, then check the cable of {line.pin}"
                    )
            for level, lamp in self._lamps.items():
                if not _follows(lamp):
                    problems.append(
                        f"Đèn {level} không đổi / lamp {level} does not follow: "
                        f"check the cable and transistor of {lamp.pin}"
                    )
                lamp.value = self._shown.is_lit(level)
        return problems

    def close(self) -> None:
        """Lamps out, pins free; a second call does nothing."""
        with self._lock:
            lines, self._lines = self._lines, {}
            lamps, self._lamps = self._lamps, {}
            for lamp in lamps.values():
                lamp.off()
        # outside the lock: freeing a line waits for gpiozero's thread, which may be in _hear
        for line in lines.values():
            line.pin.when_changed = None
        self._pins.close()
        self._listeners.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _hear(self, level: int, pressed: bool | None, at_us: int) -> None:
        with self._lock:
            if not self._lines:
                return
            if pressed is None:
                # read under the lock: a reading overtaken by an edge would look like a new press
                pressed = bool(self._lines[level].is_active)
            told = list(self._debouncers[level].edge(pressed, at_us))
            if Outcome.PRESSED in told:
                last_us = self._last_press_us
                # two at once: the first wins, the second counts when pressed again
                if last_us is not None and abs(at_us - last_us) < self._settle_us:
                    told.remove(Outcome.PRESSED)
                else:
                    self._last_press_us = at_us
        # outside the lock, so that the one who is told may ask for lamps at once
        for outcome in told:
            if outcome is Outcome.PRESSED:
                self._on_press(level)
            elif self._on_fault:
                self._on_fault(level, outcome is Outcome.STUCK)

    def _now_us(self) -> int:
        return self._clock_us() if self._clock_us else time.monotonic_ns() // 1000

    def _time_of(self, ticks: float) -> int:
        now_us = self._now_us()
        if self._clock_us:
            return now_us
        edge_us = int(ticks * 1_000_000)
        # before Linux 5.7 the kernel stamps edges with another clock than ours
        return edge_us if 0 <= now_us - edge_us < _OLD_EDGE_US else now_us


def check_wiring(wiring: Sequence[ButtonWiring]) -> None:
    """Refuse a wiring that cannot be meant.

    Raises:
        WiringError: not 3 to 5 buttons, levels other than 1, 2, 3 ..., or a pin used twice.
    """
    levels = sorted(button.level for button in wiring)
    if not 3 <= len(levels) <= 5 or levels != list(range(1, len(levels) + 1)):
        raise WiringError(
            f"Mức {levels} / levels {levels}: wire 3, 4 or 5 buttons with the levels 1, 2, 3 ... "
            "without a gap"
        )
    pins = [pin for button in wiring for pin in (button.pin, button.lamp_pin)]
    twice = sorted({pin for pin in pins if pins.count(pin) > 1})
    if twice:
        raise WiringError(
            f"Chân GPIO {twice} dùng hai lần / GPIO {twice} is used twice: "
            "give each button and each lamp a pin of its own"
        )


def _follows(lamp: LED) -> bool:
    for wanted in (True, False):
        lamp.value = wanted
        if bool(lamp.value) != wanted:
            return False
    return True


def _remedy(error: Exception) -> str:
    return (
        f"Không dùng được chân GPIO / GPIO cannot be used: {error or type(error).__name__}; "
        "check the pin numbers in the settings, that no other program holds them, that the "
        "account is in the group gpio and that lgpio is installed, or choose the stand-in driver"
    )
