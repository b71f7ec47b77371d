"""A row of four buttons under a finger, in each way that it can be wired."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, Literal

from devices.rating_buttons import ButtonWiring, Lines, RatingButtons
from devices.rating_buttons.expander_lines import ExpanderLines
from devices.rating_buttons.gpio_lines import GpioLines
from devices.rating_buttons.standin import Finger, mock_factory
from devices.rating_buttons.standin_chip import ChipFinger, ChipStandIn
from tests.devices.i2c_kernel import I2cKernel

WIRING: Final = [
    ButtonWiring(level=1, pin=5, lamp_pin=11),
    ButtonWiring(level=2, pin=6, lamp_pin=12),
    ButtonWiring(level=3, pin=13, lamp_pin=15),
    ButtonWiring(level=4, pin=8, lamp_pin=7),
]
INT_PIN: Final = 24
Way = Literal["gpio", "expander by interrupt", "expander in turn"]
WAYS: Final[list[Way]] = ["gpio", "expander by interrupt", "expander in turn"]
ROUND_US: Final = 100_000


class Wires:
    """What is at the far end of the lines: a finger on the buttons, a meter on the lamps."""

    def __init__(self, way: Way, kernel: I2cKernel, wiring: list[ButtonWiring] = WIRING) -> None:
        self.way = way
        self.wiring = wiring
        self.factory: Any = mock_factory()
        self.kernel = kernel
        self.chip = ChipStandIn(self._interrupt)
        kernel.chips[0x20] = self.chip
        self.finger: Finger | ChipFinger = (
            Finger(self.factory, wiring) if way == "gpio" else ChipFinger(self.chip, wiring)
        )

    def _interrupt(self, is_low: bool) -> None:
        line = self.factory.pin(INT_PIN)
        if is_low:
            line.drive_low()
        else:
            line.drive_high()

    def open(self) -> Lines:
        if self.way == "gpio":
            return GpioLines(self.wiring, pin_factory=self.factory)
        by_interrupt = self.way == "expander by interrupt"
        return ExpanderLines(
            self.wiring, int_pin=INT_PIN if by_interrupt else None, pin_factory=self.factory
        )

    def hold_from_before(self, level: int) -> None:
        """The button is down already when the lines are opened."""
        if self.way == "gpio":
            line = self.factory.pin(self.wiring[level - 1].pin)
            line._set_pull = lambda _pull: line.drive_low()  # whatever its pull-up
        else:
            self.finger.down(level)

    def lamps(self) -> list[int]:
        """The levels whose lamps burn, by the meter."""
        if self.way == "gpio":
            high = {one.level: self.factory.pin(one.lamp_pin).state for one in self.wiring}
        else:
            high = {one.level: self.chip.level(one.lamp_pin) for one in self.wiring}
        return [level for level, on in high.items() if on]

    def break_lamp(self, level: int) -> None:
        """The lamp's pin stays low, whatever is asked of it."""
        pin = self.wiring[level - 1].lamp_pin
        if self.way == "gpio":
            self.factory.pin(pin)._change_state = lambda _: False
        else:
            levels = self.chip._levels

            def shorted() -> list[int]:
                found = levels()
                found[pin // 8] &= ~(1 << pin % 8)
                return found

            self.chip._levels = shorted  # type: ignore[method-assign]


class Row:
    """Four buttons of a counter in a loop like the node's, and a clock that only the test moves."""

    def __init__(self, wires: Wires) -> None:
        self.now_us = 1_000_000
        self.presses: list[int] = []
        self.faults: list[tuple[int, bool]] = []
        self.wires = wires
        self.finger = wires.finger
        self._lines = wires.open()
        self._woken = False
        self.buttons = RatingButtons(
            self._lines,
            on_press=self.presses.append,
            on_fault=lambda level, stuck: self.faults.append((level, stuck)),
            monotonic_us=lambda: self.now_us,
        )
        self._round_us = min(ROUND_US, int(self._lines.every_s * 1e6))
        self._next_us = self.now_us + self._round_us

    def wait(self, seconds: float) -> None:
        """Time passes, and the loop goes round whenever it is due, or was woken."""
        end_us = self.now_us + round(seconds * 1e6)
        while True:
            due_us = self.buttons.due_us()
            next_us = min(self._next_us, self._next_us if due_us is None else due_us)
            if self.buttons._wake.is_set():
                self.buttons._wake.clear()
                next_us = self.now_us
            if next_us > end_us:
                break
            self.now_us = max(self.now_us, next_us)
            self.buttons.poll()
            self._next_us = self.now_us + self._round_us
        self.now_us = end_us

    def press(self, level: int, hold_s: float = 0.08) -> None:
        self.finger.down(level)
        self.wait(hold_s)
        self.finger.up(level)

    def chatter(self, level: int, bounces: int, gap_s: float) -> None:
        """Press and let go as worn contacts do: each edge comes ``bounces`` times too often."""
        for first, second in (
            (self.finger.down, self.finger.up),
            (self.finger.up, self.finger.down),
        ):
            for _ in range(bounces):
                first(level)
                self.wait(gap_s)
                second(level)
                self.wait(gap_s)
            first(level)
            self.wait(0.08)


def rows(
    way: Way, kernel: I2cKernel, made: Callable[[Row], None] = lambda _row: None
) -> Iterator[Row]:
    """One row, closed at the end."""
    row = Row(Wires(way, kernel))
    yield row
    row.buttons.close()
