"""The first wiring: buttons and lamps on the Pi's own pins, through gpiozero."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Final

from gpiozero import LED, InputDevice

from devices.errors import PinUnavailableError
from devices.gpio_errors import GPIO_ERRORS, gpio_remedy
from devices.rating_buttons.lines import ButtonWiring, Hear, check_wiring


class GpioLines:
    """Lines on the Pi's own pins; see :class:`devices.rating_buttons.lines.Lines`.

    gpiozero's own ``bounce_time`` stays off: it drops edges and can leave a button deaf.
    ``pin_factory`` is gpiozero's; without one it is the machine's own.

    Raises:
        WiringError: a level or a pin twice, or levels with a gap.
        PinUnavailableError: a pin that does not exist or is taken, or no GPIO at all.
    """

    every_s: Final = 0.1

    def __init__(self, wiring: Sequence[ButtonWiring], *, pin_factory: Any = None) -> None:
        check_wiring(wiring)
        self._lines: dict[int, InputDevice] = {}
        self._lamps: dict[int, LED] = {}
        self._listeners: list[Callable[[float, int], None]] = []
        self._pins = ExitStack()
        try:
            for button in sorted(wiring):
                self._lines[button.level] = self._pins.enter_context(
                    InputDevice(button.pin, pull_up=True, pin_factory=pin_factory)
                )
                self._lamps[button.level] = self._pins.enter_context(
                    LED(button.lamp_pin, pin_factory=pin_factory)
                )
        except GPIO_ERRORS as error:
            self._pins.close()
            raise PinUnavailableError(gpio_remedy(error)) from error
        except BaseException:
            self._pins.close()
            raise

    def listen(self, hear: Hear, wake: Callable[[], None]) -> None:
        """Edges come by gpiozero's thread."""
        for level, line in self._lines.items():
            self._listen_at(level, line, hear, wake)

    def _listen_at(
        self, level: int, line: InputDevice, hear: Hear, wake: Callable[[], None]
    ) -> None:
        def edge(ticks: float, state: int) -> None:
            # the line is pulled up: low is pressed; anything else than 0 and 1 is no edge
            if state in (0, 1):
                hear(level, state == 0, int(ticks * 1_000_000))
                wake()

        # gpiozero keeps only a weak reference to what it calls
        self._listeners.append(edge)
        line.pin.bounce = None
        line.pin.edges = "both"
        line.pin.when_changed = edge

    def deafen(self) -> None:
        """Waits for gpiozero's thread."""
        for line in self._lines.values():
            if not line.closed:
                line.pin.when_changed = None
        self._listeners.clear()

    def read(self) -> dict[int, bool]:
        """Level -> down."""
        try:
            return {level: bool(line.is_active) for level, line in self._lines.items()}
        except GPIO_ERRORS as error:
            raise PinUnavailableError(gpio_remedy(error)) from error

    def light(self, lit: Mapping[int, bool]) -> None:
        """Set the lamps' pins."""
        try:
            for level, on in lit.items():
                self._lamps[level].value = on
        except GPIO_ERRORS as error:
            raise PinUnavailableError(gpio_remedy(error)) from error

    def lit(self) -> dict[int, bool]:
        """As read back from the pins."""
        return {level: bool(lamp.value) for level, lamp in self._lamps.items()}

    def check(self) -> None:
        """The Pi's own pins lose no settings."""

    def names(self, level: int) -> tuple[str, str]:
        """Such as GPIO17 and GPIO5."""
        return str(self._lines[level].pin), str(self._lamps[level].pin)

    def close(self) -> None:
        """Lamps out, pins free."""
        for lamp in self._lamps.values():
            if not lamp.closed:
                lamp.off()
        self._pins.close()
