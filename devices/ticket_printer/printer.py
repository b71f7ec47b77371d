"""A ticket printer at work: is it ready, print this slip, was it printed.

A slip counts as printed when the printer has said so itself, after the cut.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from devices.errors import PrinterRefusedError, PrinterSilentError
from devices.messages import SlipFault
from devices.ticket_printer import escpos
from devices.ticket_printer.lines import Line, OpenLine

ANSWER_S: Final = 2.0
"""How long an answer to DLE EOT may take; real printers need some milliseconds."""
TAKE_S: Final = 4.0
"""How long the printer may take nothing while it is sent a slip."""
PRINT_S: Final = 10.0
"""How long a slip may take until it is cut; 12 cm take a slow printer three seconds."""

Slip = Any
"""A picture of one bit a dot, as wide as the paper: see :class:`escpos.Bitmap`."""


class PrinterState(NamedTuple):
    """How the printer is; ``fault`` is None where it can print."""

    fault: SlipFault | None
    paper_low: bool
    text: str
    """What is wrong and what to do, for a technician; empty where nothing is."""


_LOOK_S: Final = 0.5
READY: Final = PrinterState(None, False, "")
_WHAT_TO_DO: Final[dict[SlipFault, str]] = {
    "paper_out": "the paper is out: put a new roll in",
    "cover_open": "the cover is open: shut it",
    "offline": "the printer is offline or in error: see its lamp, clear the knife, switch it off "
    "and on",
}


class TicketPrinter:
    """The printer at the end of the lines that ``open_line`` opens.

    ``pulse`` is called at least every second while it is waited for, and may raise to leave.
    ``answers`` is False for a printer that cannot say how it is: then what it took counts as
    printed, and paper that is out goes unnoticed.
    """

    def __init__(
        self,
        open_line: OpenLine,
        *,
        answers: bool = True,
        pulse: Callable[[], None] = lambda: None,
        print_s: float = PRINT_S,
        answer_s: float = ANSWER_S,
        take_s: float = TAKE_S,
    ) -> None:
        self._open_line = open_line
        self._answers = answers
        self._pulse = pulse
        self._print_s = print_s
        self._answer_s = answer_s
        self._take_s = take_s

    def state(self) -> PrinterState:
        """Ask it how it is.

        Raises:
            DeviceError: it is not there or does not answer.
        """
        line = self._open_line()
        try:
            return self._talk(line).state() if self._answers else READY
        finally:
            line.close()

    def print_slip(self, picture: Slip, begin: Callable[[], None] = lambda: None) -> None:
        """Ask whether it can, print one slip, and wait until it is cut.

        ``begin`` is called before the first byte of the slip leaves; what it raises stops it.

        Raises:
            PrinterRefusedError: it says why it cannot; part of the slip may be on the paper.
            DeviceError: it has gone, hangs or does not answer.
        """
        line = self._open_line()
        try:
            talk = self._talk(line)
            if not self._answers:
                begin()
                talk.say(escpos.BEGIN + escpos.picture(picture) + escpos.CUT)
                return
            # in one conversation: printers on the network are slow to listen to the next one
            if (state := talk.state()).fault is not None:
                raise PrinterRefusedError(state.text, state.fault)
            begin()
            self._print(talk, picture)
        finally:
            line.close()

    def _talk(self, line: Line) -> _Talk:
        return _Talk(line, self._pulse, self._answer_s, self._take_s)

    def _print(self, talk: _Talk, picture: Slip) -> None:
        try:
            talk.say(escpos.slip(picture))
            why = talk.wait_until_cut(self._print_s)
        except PrinterSilentError:
            talk.forget()
            raise
        if talk.is_cut:
            return
        talk.forget()
        if why is not None and why.fault is not None:
            raise PrinterRefusedError(why.text, why.fault)
        raise PrinterSilentError(
            "the printer took the slip and does not say that it is printed: see whether it hangs; "
            "one that cannot say so needs `answers = false` in its settings"
        )


class _Talk:
    """One conversation; ``is_cut`` once the printer has said that the slip is cut."""

    def __init__(
        self, line: Line, pulse: Callable[[], None], answer_s: float, take_s: float
    ) -> None:
        self._line = line
        self._pulse = pulse
        self._answer_s = answer_s
        self._take_s = take_s
        self.is_cut = False

    def say(self, data: bytes) -> None:
        """Send it."""
        self._line.write(data, self._take_s, self._pulse)

    def _hear(self, timeout_s: float) -> bytes:
        heard = self._line.read(timeout_s, self._pulse)
        self.is_cut = self.is_cut or any(escpos.is_turn(byte) for byte in heard)
        return heard

    def flush(self) -> None:
        """Answers to what was asked before are no answers to what is asked next."""
        until_s = time.monotonic() + self._answer_s
        while self._hear(0.0):
            if time.monotonic() >= until_s:
                raise PrinterSilentError(
                    "it sends without end and answers nothing: check the baud rate and its cable, "
                    "and that it is a ticket printer"
                )

    def ask(self, what: int) -> int:
        """The answer to DLE EOT."""
        self.flush()
        self.say(escpos.ask(what))
        until_s = time.monotonic() + self._answer_s
        while (left_s := until_s - time.monotonic()) > 0:
            for byte in self._hear(left_s):
                if escpos.is_status(byte):
                    return byte
        raise PrinterSilentError(
            "the printer does not answer: see that it is switched on and its cable is in; one "
            "that cannot answer needs `answers = false` in its settings"
        )

    def state(self) -> PrinterState:
        """How the printer is."""
        said = escpos.read_answers(
            self.ask(escpos.ONLINE), self.ask(escpos.OFFLINE_CAUSE), self.ask(escpos.PAPER)
        )
        fault: SlipFault | None = None
        if said.paper_out:
            fault = "paper_out"
        elif said.cover_open:
            fault = "cover_open"
        elif said.offline or said.error:
            fault = "offline"
        return PrinterState(fault, said.paper_low, _WHAT_TO_DO[fault] if fault else "")

    def wait_until_cut(self, timeout_s: float) -> PrinterState | None:
        """Wait for that; where it does not come, how the printer is, or None for no idea.

        A picture may hold the bytes of DLE EOT by chance, and those are answered as well: so one
        bad answer alone is not believed.
        """
        until_s = time.monotonic() + timeout_s
        while not self.is_cut and time.monotonic() < until_s:
            self._hear(_LOOK_S)
            if not self.is_cut and (state := self.state()).fault is not None:
                return state
        return None

    def forget(self) -> None:
        """New paper must not bring out the rest of an old slip."""
        try:
            self._line.write(escpos.FORGET, 0.5, self._pulse)
        except PrinterSilentError:
            return  # gone, or so full that it takes nothing: switching it on again forgets too
