"""The lines that the settings name; the library of the other wiring is not loaded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from devices.errors import UnknownDriverError
from devices.rating_buttons.lines import ButtonWiring, Lines

Driver = Literal["lgpio", "mock", "mcp23017"]


def open_lines(
    driver: Driver,
    wiring: Sequence[ButtonWiring],
    *,
    pin_factory: Any = None,
    i2c_bus: int = 1,
    i2c_address: int = 0x20,
    int_pin: int | None = None,
) -> Lines:
    """Open the lines of ``driver``; ``pin_factory`` is the stand-in's, or None for real pins.

    Raises:
        DeviceError: they cannot be opened; the text says what to do.
    """
    if driver == "mcp23017":
        from devices.rating_buttons.expander_lines import ExpanderLines

        return ExpanderLines(
            wiring,
            bus=i2c_bus,
            address=i2c_address,
            int_pin=int_pin,
            pin_factory=pin_factory,
        )
    if driver not in ("lgpio", "mock"):
        raise UnknownDriverError(f"rating buttons: {driver!r} is not lgpio, mock or mcp23017")
    from devices.rating_buttons.gpio_lines import GpioLines

    return GpioLines(wiring, pin_factory=pin_factory)
