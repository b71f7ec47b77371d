"""The self-test of a ticket printer: its sensors are read, a test slip is looked at."""

from __future__ import annotations

from devices.errors import PrinterRefusedError
from devices.self_test import Step
from devices.ticket_printer.printer import TicketPrinter
from devices.ticket_printer.slip import draw_test


def steps(printer: TicketPrinter, width: int) -> list[Step]:
    """What to go through with ``printer``, whose paper is ``width`` dots wide."""

    def read_sensors(patience_s: float) -> str:
        state = printer.state()
        if state.fault is not None:
            raise PrinterRefusedError(state.text, state.fault)
        return "ready, paper low" if state.paper_low else "ready, paper enough"

    def print_test(patience_s: float) -> str:
        printer.print_slip(draw_test(width))
        return f"a test slip of {width} dots was printed and cut"

    return [
        Step(
            "read-paper",
            "Máy đọc cảm biến giấy và nắp: đóng nắp, để giấy trong máy.",
            "The paper and cover sensors are read: shut the cover, leave the paper in.",
            confirm=False,
            run=read_sensors,
        ),
        Step(
            "print-slip",
            "Xem phiếu thử: đủ chữ có dấu, không ô vuông thay chữ, hai vạch ngang tới gần mép, mã "
            "QR quét được, phiếu đã cắt.",
            "Look at the test slip: every letter with its marks, no empty boxes, both rules nearly "
            "to the edges, the QR code scans, the slip is cut.",
            confirm=True,
            run=print_test,
        ),
    ]
