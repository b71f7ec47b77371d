"""The ticket printer's loop: what the hall wants printed, each slip once, and what became of it.

Between printing twice and never, after a crash: neither by itself.  A slip is noted on disk
before its first byte leaves; one that was begun and has no end is reported as ``unsure``, the
screen says so, and only a person has it printed again.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct

from devices.errors import DeviceError, PrinterRefusedError
from devices.messages import Display, PrintJob, SlipFault, TicketPrinted
from edge import settings
from edge.loops import Loop
from edge.outbox import OutboxError
from edge.rating_window import Now
from edge.recorder import Recorder

_log = logging.getLogger(__name__)

FILE_NAME: Final = "slips.json"
SETTLED: Final = "settled_slip"
"""Name under which the outbox keeps the last slip that was reported."""
WATCH_S: Final = 10.0
"""How often an idle printer is asked how it is, and an absent one is looked for."""
_ROUND_S: Final = 0.5
_AFTER_A_SLIP_S: Final = 1.0
_REPORT_AGAIN_S: Final = 5.0
_WAITING: Final = 64
ALARMS: Final[dict[SlipFault, str]] = {
    "paper_out": "printer-paper-out",
    "cover_open": "printer-cover-open",
    "offline": "printer-offline",
    "no_answer": "printer-silent",
}
PAPER_LOW: Final = "printer-paper-low"
FONT_MISSING: Final = "printer-font-missing"


class Mark(Struct, frozen=True, order=True):
    """A print job's place among all: a hall that was set up anew counts its ids from 1 again."""

    asked_wall_ms: int = 0
    id: int = 0


def mark_of(job: PrintJob) -> Mark:
    """Where ``job`` stands."""
    return Mark(job.asked_wall_ms, job.id)


class DueJob(NamedTuple):
    """A job, and until when it may be printed by the node's monotonic time; None for never."""

    job: PrintJob
    until_s: float | None


def due(
    display: Display, after: Mark, *, live: bool, now: Now, within_s: int, monotonic_s: float
) -> list[DueJob]:
    """The jobs of ``display`` that come after the mark, oldest first.

    The hall's own clock tells the age of a live one.  What the broker had retained is printed
    only where the node's clock can tell that it is young.
    """
    now_ms = display.wall_ms if live else now.wall_us // 1000 if now.synchronised else None
    found: list[DueJob] = []
    for job in sorted(display.slips, key=mark_of):
        if mark_of(job) <= after:
            continue
        left_s = 0.0 if now_ms is None else within_s - (now_ms - job.asked_wall_ms) / 1000
        found.append(DueJob(job, monotonic_s + min(left_s, within_s) if left_s > 0 else None))
    return found


class BegunSlip:
    """The slip whose first byte may have left: on disk before it does."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self.mark = self._read()

    def _read(self) -> Mark:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Mark)
        except FileNotFoundError:
            return Mark()
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            _log.warning("%s cannot be read: what was printed last is not known", self._path.name)
            return Mark()

    def begin(self, mark: Mark) -> None:
        """Note it, through a power cut.

        Raises:
            OSError: it is not on disk, and nothing may be printed.
        """
        draft = self._path.with_suffix(".draft")
        with draft.open("wb") as file:
            file.write(msgspec.json.encode(mark))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        self.mark = mark


class _EndedInMidPrintError(Exception):
    """The node ends; the slip under way stays unsure."""


class PrinterLoop:
    """Prints what :meth:`show` hands over; each slip ends in exactly one report to the hall."""

    def __init__(
        self,
        table: settings.TicketPrinter,
        data_dir: Path,
        recorder: Recorder,
        settled: str | None,
        *,
        on_change: Callable[[], None],
        watch_s: float = WATCH_S,
        report_again_s: float = _REPORT_AGAIN_S,
    ) -> None:
        self._table = table
        self._recorder = recorder
        self._on_change = on_change
        self._watch_s = watch_s
        self._report_again_s = report_again_s
        self._begun = BegunSlip(data_dir)
        self._settled = _mark(settled)
        self._taken = max(self._settled, self._begun.mark)
        self._lock = threading.Lock()
        self._jobs: queue.Queue[DueJob] = queue.Queue(_WAITING)
        self._unreported: deque[tuple[Mark, TicketPrinted]] = deque()
        if self._begun.mark > self._settled:
            report = TicketPrinted(self._begun.mark.id, ok=False, reason="unsure")
            self._unreported.append((self._begun.mark, report))
        self._report_after_s = 0.0
        self._at_work: DueJob | None = None
        self._raised: dict[str, str] = {}
        self._paper: Any = None
        """The stand-in; None where the printer is real."""

    # ------------------------------------------------------------ what the hall wants

    def show(self, display: Display, *, live: bool, now: Now) -> None:
        """The hall wants these slips printed; returns at once."""
        with self._lock:
            found = due(
                display,
                self._taken,
                live=live,
                now=now,
                within_s=self._table.print_within_s,
                monotonic_s=time.monotonic(),
            )
            for one in found:
                try:
                    self._jobs.put_nowait(one)
                except queue.Full:
                    return  # the next display has it again, else the hall says that none came
                self._taken = mark_of(one.job)

    # ------------------------------------------------------------ the loop

    def run(self, loop: Loop) -> None:
        """The body of the loop."""
        if (left := self._at_work) is not None:  # the loop failed over it
            self._settle(left, "unsure")
        printer = self._open(loop)
        loop.well()
        look_s = 0.0
        with suppress(_EndedInMidPrintError):
            while not loop.stopping.is_set():
                loop.beat()
                self._report()
                try:
                    one = self._jobs.get(timeout=_ROUND_S)
                except queue.Empty:
                    if time.monotonic() >= look_s:
                        self._look(printer)
                        look_s = time.monotonic() + self._watch_s
                else:
                    self._at_work = one
                    self._settle(one, self._print(printer, one))
                    look_s = time.monotonic() + min(self._watch_s, _AFTER_A_SLIP_S)

    def _open(self, loop: Loop) -> Any:
        from devices.ticket_printer import TicketPrinter, line_to

        def pulse() -> None:
            loop.beat()
            if loop.stopping.is_set():
                raise _EndedInMidPrintError

        table = self._table
        if table.connection == "paper":
            from devices.ticket_printer.lines import MemoryLine
            from devices.ticket_printer.standin import Paper

            paper = self._paper = self._paper or Paper()
            return TicketPrinter(lambda: MemoryLine(paper), pulse=pulse)
        return TicketPrinter(
            line_to(
                table.connection,
                device=table.device or "",
                host=table.host or "",
                port=table.port,
                baud=table.baud,
            ),
            answers=table.answers,
            pulse=pulse,
        )

    def _print(self, printer: Any, one: DueJob) -> SlipFault | None:
        """Print it; why not, or None."""
        if one.until_s is None or time.monotonic() >= one.until_s:
            return "late"
        from devices.ticket_printer.slip import PAPER_DOTS, draw

        try:
            picture = draw(one.job, PAPER_DOTS[self._table.paper_mm])
        except DeviceError as error:
            self._alarm(FONT_MISSING, str(error))
            return "offline"
        try:
            printer.print_slip(picture, lambda: self._begun.begin(mark_of(one.job)))
        except PrinterRefusedError as error:
            self._alarm(ALARMS[error.fault], str(error))
            return error.fault
        except DeviceError as error:
            self._alarm(ALARMS["no_answer"], str(error))
            return "no_answer"
        except OSError as error:
            _log.error("%s not written (%s): free some disk space; no slip", FILE_NAME, error)
            return "disk_full"
        return None

    def _look(self, printer: Any) -> None:
        """Ask the printer how it is, and tell what has come or gone."""
        fault: SlipFault | None
        try:
            state = printer.state()
        except DeviceError as error:
            fault, text, low = "no_answer", str(error), PAPER_LOW in self._raised
        else:
            fault, text, low = state.fault, state.text, state.paper_low and state.fault is None
        wrong = {ALARMS[fault]: text} if fault is not None else {}
        if FONT_MISSING in self._raised:  # installed while the node stands still
            wrong[FONT_MISSING] = self._raised[FONT_MISSING]
        if low:
            wrong[PAPER_LOW] = "the paper is nearly used up: have a new roll ready"
        for code in [*self._raised]:
            if code not in wrong:
                del self._raised[code]
                self._recorder.alarm(code, "ticket_printer", "works again", raised=False)
        for code, what in wrong.items():
            self._alarm(code, what)

    def _alarm(self, code: str, text: str) -> None:
        if code not in self._raised:
            self._recorder.alarm(code, "ticket_printer", text)
        self._raised[code] = text

    # ------------------------------------------------------------ reports

    def _settle(self, one: DueJob, fault: SlipFault | None) -> None:
        report = TicketPrinted(one.job.id, ok=fault is None, reason=fault)
        self._at_work = None
        self._unreported.append((mark_of(one.job), report))
        self._report()
        self._on_change()

    def _report(self) -> None:
        """Tell the hall; what the disk does not take now is told when it does."""
        while self._unreported and time.monotonic() >= self._report_after_s:
            mark, report = self._unreported[0]
            keep = (SETTLED, msgspec.json.encode(mark).decode())
            try:
                self._recorder.record(report, keep=keep)
            except OutboxError:
                self._report_after_s = time.monotonic() + self._report_again_s
                return
            self._unreported.popleft()
            self._settled = mark
            self._recorder.send()

    # ------------------------------------------------------------ for the technician

    def notes(self) -> list[str]:
        """What is wrong with the printer just now."""
        return [f"ticket_printer: {text}" for text in self._raised.copy().values()]

    @property
    def is_stand_in(self) -> bool:
        """Whether the slips are pictures in memory."""
        return self._table.connection == "paper"

    @property
    def cuts(self) -> int:
        """Slips that the stand-in has cut; 0 for a real printer."""
        paper = self._paper
        return 0 if paper is None else int(paper.cuts)

    def picture_png(self) -> bytes | None:
        """The stand-in's last slip; None before the first, and for a real printer."""
        paper = self._paper
        if paper is None:
            return None
        picture: bytes | None = paper.picture_png()
        return picture


def _mark(kept: str | None) -> Mark:
    if kept is None:
        return Mark()
    try:
        return msgspec.json.decode(kept, type=Mark)
    except msgspec.MsgspecError:
        return Mark()
