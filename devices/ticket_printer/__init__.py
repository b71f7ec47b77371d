"""The ticket printer: ESC/POS over USB, a serial line or the network, and its stand-in."""

from __future__ import annotations

from typing import Literal

from devices.ticket_printer.lines import (
    Line,
    NetworkLine,
    OpenLine,
    PaperDevice,
    SerialLine,
    UsbLine,
)
from devices.ticket_printer.printer import PrinterState, Slip, TicketPrinter

Connection = Literal["usb", "serial", "network"]

__all__ = [
    "Connection",
    "Line",
    "NetworkLine",
    "OpenLine",
    "PaperDevice",
    "PrinterState",
    "SerialLine",
    "Slip",
    "TicketPrinter",
    "UsbLine",
    "line_to",
]


def line_to(
    connection: Connection, *, device: str = "", host: str = "", port: int = 9100, baud: int = 9600
) -> OpenLine:
    """How to reach the printer: each call of the answer opens a line to it.

    ``device`` is the file of a USB printer (``/dev/usb/lp0``) or of a serial one
    (``/dev/ttyUSB0``), ``host`` and ``port`` name one on the network.
    """
    if connection == "network":
        return lambda: NetworkLine(host, port)
    if connection == "serial":
        return lambda: SerialLine(device, baud)
    return lambda: UsbLine(device)
