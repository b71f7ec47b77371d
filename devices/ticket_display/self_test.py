"""What a technician does to see that a ticket display is well."""

from __future__ import annotations

import secrets
from functools import partial

from devices.self_test import Step
from devices.ticket_display.display import TicketDisplay

_LETTERS = "ABCDEGHKLMNPQRSTUVXY"


def steps(display: TicketDisplay) -> list[Step]:
    """Read a number that was drawn just now; see every dot lit.

    What a step shows stays until the display goes on (:meth:`TicketDisplay.tick`).
    """
    number = f"{secrets.choice(_LETTERS)}{secrets.randbelow(1000):03}"
    return [
        Step(
            "read-display",
            f"Đọc số trên bảng: có đúng là {number} không?",
            f"Read the number on the display: is it {number}?",
            True,
            partial(_write, display, number),
        ),
        Step(
            "all-dots",
            "Nhìn bảng số: mọi điểm đều sáng chứ?",
            "Look at the display: is every dot lit?",
            True,
            partial(_light_all, display),
        ),
    ]


def _write(display: TicketDisplay, number: str, patience_s: float) -> str:
    display.write(number)
    return f"wrote {number}"


def _light_all(display: TicketDisplay, patience_s: float) -> str:
    display.light_all()
    return "lit every dot"
