"""The display over a counter: what it shows, its drivers, and its recording stand-ins."""

from __future__ import annotations

from typing import Any, Final, Literal

from devices.errors import UnknownDriverError
from devices.ticket_display.display import Matrix, TicketDisplay
from devices.ticket_display.standin import RecordingMatrix

Driver = Literal["max7219", "ssd1306", "sh1106", "recording", "recording-oled"]

STAND_INS: Final[tuple[Driver, ...]] = ("recording", "recording-oled")
"""Those without hardware: an LED matrix and an OLED."""

__all__ = ["STAND_INS", "Driver", "Matrix", "RecordingMatrix", "TicketDisplay", "open_display"]


def open_display(
    driver: Driver = "max7219",
    modules: int = 4,
    *,
    port: int = 0,
    device: int = 0,
    block_orientation: int = -90,
    i2c_port: int = 1,
    i2c_address: int = 0x3C,
    upside_down: bool = False,
    pin_factory: Any = None,
) -> Matrix:
    """Open the device that a :class:`TicketDisplay` draws on.

    ``modules``, ``port``, ``device``, ``block_orientation`` and ``pin_factory`` are for
    ``max7219``; ``i2c_port``, ``i2c_address`` and ``upside_down`` for the OLEDs.  The library of
    a driver is loaded only when it is opened.

    Raises:
        DeviceNotFoundError: no bus, nothing on it, or it is taken; the text says what to do.
        DevicePermissionError: this account may not use the bus.
        UnknownDriverError: a driver of another name.
    """
    match driver:
        case "recording":
            return RecordingMatrix(modules=modules)
        case "recording-oled":
            return RecordingMatrix(size=(128, 64))
        case "max7219":
            from devices.ticket_display.max7219 import Max7219Chain, SpiBus

            spi = SpiBus(port=port, device=device, pin_factory=pin_factory)
            return Max7219Chain(spi, modules=modules, block_orientation=block_orientation)
        case "ssd1306" | "sh1106":
            from devices.ticket_display.oled import I2cBus, Oled

            i2c = I2cBus(port=i2c_port, address=i2c_address)
            try:
                return Oled(i2c, chip=driver, upside_down=upside_down)
            except Exception:
                i2c.cleanup()
                raise
    raise UnknownDriverError(
        f"Không có bảng số {driver!r} / there is no ticket display {driver!r}: "
        "choose 'max7219', 'ssd1306', 'sh1106', 'recording' or 'recording-oled'"
    )
