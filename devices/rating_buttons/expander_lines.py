"""The second wiring: buttons and lamps on an MCP23017, read by its interrupt or in turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from gpiozero import InputDevice

from devices.errors import BusError, PinUnavailableError
from devices.gpio_errors import GPIO_ERRORS, gpio_remedy
from devices.rating_buttons.lines import ButtonWiring, Hear, check_wiring
from devices.rating_buttons.mcp23017 import Mcp23017, open_bus

_IN_TURN_S: Final = 0.010
"""Without an interrupt: a finger stays at least four times as long."""
_AT_REST_S: Final = 0.1


class ExpanderLines:
    """Lines on an MCP23017; see :class:`devices.rating_buttons.lines.Lines`.

    With ``int_pin`` (BCM, pulled up by the Pi) the chip is read when it asks for it, and ten times
    a second besides; without, a hundred times a second.

    Raises:
        WiringError: a level or a pin twice, levels with a gap, or a button on pin 7 or 15.
        PinUnavailableError: ``int_pin`` cannot be used.
        BusError, DeviceNotFoundError, DevicePermissionError: no bus, or nobody on it.
    """

    def __init__(
        self,
        wiring: Sequence[ButtonWiring],
        *,
        bus: int = 1,
        address: int = 0x20,
        int_pin: int | None = None,
        pin_factory: Any = None,
        open_bus: Callable[[int], Any] = open_bus,
    ) -> None:
        check_wiring(wiring)
        self._wiring: Final = {button.level: button for button in sorted(wiring)}
        self._name: Final = f"MCP23017 0x{address:02x}"
        self._wake: Callable[[], None] = _nobody
        self._is_closed = False
        self.every_s = _IN_TURN_S if int_pin is None else _AT_REST_S
        opened = open_bus(bus)
        try:
            self._chip = Mcp23017(
                opened,
                address,
                inputs=[button.pin for button in wiring],
                outputs=[button.lamp_pin for button in wiring],
                name=f"/dev/i2c-{bus}",
            )
            self._interrupt = None if int_pin is None else self._interrupt_at(int_pin, pin_factory)
        except BaseException:
            opened.close()
            raise

    def _interrupt_at(self, pin: int, pin_factory: Any) -> InputDevice:
        try:
            line = InputDevice(pin, pull_up=True, pin_factory=pin_factory)
            line.pin.bounce = None
            line.pin.edges = "both"
            line.pin.when_changed = self._asked
        except GPIO_ERRORS as error:
            raise PinUnavailableError(gpio_remedy(error)) from error
        return line

    def _asked(self, _ticks: float, state: int) -> None:
        if state == 0:
            self._wake()

    def listen(self, hear: Hear, wake: Callable[[], None]) -> None:
        """Only ``wake`` is called: the chip says that something moved, not when."""
        self._wake = wake
        if self._interrupt is not None and self._interrupt.is_active:
            wake()

    def deafen(self) -> None:
        """No more interrupts."""
        self._wake = _nobody
        if self._interrupt is not None and not self._interrupt.closed:
            self._interrupt.pin.when_changed = None

    def read(self) -> dict[int, bool]:
        """Level -> down; the one that raised the interrupt first."""
        if self._interrupt is None:
            low, first = ~self._chip.read(), 0
        else:
            reading = self._chip.read_interrupt()
            low, first = ~reading.pins, reading.flags & ~reading.captured
        order = sorted(self._wiring.values(), key=lambda button: not first >> button.pin & 1)
        return {button.level: bool(low >> button.pin & 1) for button in order}

    def light(self, lit: Mapping[int, bool]) -> None:
        """Set the lamps' pins."""
        self._chip.drive(sum(1 << self._wiring[level].lamp_pin for level, on in lit.items() if on))

    def lit(self) -> dict[int, bool]:
        """As read back from the chip's pins."""
        high = self._chip.driven()
        self._wake()  # that reading has taken an interrupt back, if there was one
        return {level: bool(high >> one.lamp_pin & 1) for level, one in self._wiring.items()}

    def check(self) -> None:
        """The chip still has its settings."""
        self._chip.check()

    def names(self, level: int) -> tuple[str, str]:
        """Such as MCP23017 0x20 GPA3 and MCP23017 0x20 GPB3."""
        button = self._wiring[level]
        return f"{self._name} {_port(button.pin)}", f"{self._name} {_port(button.lamp_pin)}"

    def close(self) -> None:
        """Lamps out where the chip still answers, bus and pin free."""
        if self._is_closed:
            return
        self._is_closed = True
        with suppress(BusError):  # out of reach: whoever begins anew sets its lamps
            self._chip.drive(0)
        self._chip.close()
        if self._interrupt is not None:
            self._interrupt.close()


def _port(pin: int) -> str:
    return f"GP{'AB'[pin // 8]}{pin % 8}"


def _nobody() -> None:
    """Nobody listens."""
