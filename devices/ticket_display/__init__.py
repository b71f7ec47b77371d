"""The LED matrix over a counter: what it shows, its driver, and its recording stand-in."""

from __future__ import annotations

from typing import Any, Literal

from devices.errors import UnknownDriverError
from devices.ticket_display.display import Matrix, TicketDisplay
from devices.ticket_display.max7219 import Max7219Chain, SpiBus
from devices.ticket_display.standin import RecordingMatrix

Driver = Literal["max7219", "recording"]

__all__ = ["Driver", "Matrix", "RecordingMatrix", "TicketDisplay", "open_display"]


def open_display(
    driver: Driver = "max7219",
    modules: int = 4,
    *,
    port: int = 0,
    device: int = 0,
    block_orientation: int = -90,
    pin_factory: Any = None,
) -> Matrix:
    """Open the device that a :class:`TicketDisplay` draws on.

    Raises:
        DeviceNotFoundError: no SPI bus, or it is taken; the text says what to switch on.
        UnknownDriverError: a driver of another name.
    """
    if driver == "recording":
        return RecordingMatrix(modules=modules)
    if driver == "max7219":
        bus = SpiBus(port=port, device=device, pin_factory=pin_factory)
        return Max7219Chain(bus, modules=modules, block_orientation=block_orientation)
    raise UnknownDriverError(
        f"Không có bảng số {driver!r} / there is no ticket display {driver!r}: "
        "choose 'max7219' or 'recording'"
    )
