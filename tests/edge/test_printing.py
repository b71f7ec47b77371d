"""Slips at a node: each once, never late, never twice by itself, and never lost without a word."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from devices.messages import Alarm, Display, EventBody, PrintJob, TicketPrinted
from devices.ticket_printer.standin import NetworkPrinter
from edge import printing
from edge.clock import Clock
from edge.loops import Loop
from edge.outbox import Outbox, OutboxError
from edge.printing import SETTLED, Mark, PrinterLoop, due
from edge.rating_window import Now
from edge.recorder import Recorder
from edge.settings import TicketPrinter
from edge.shown import KeptFile
from tests.edge.halls import HALL, NODE, HallStandIn, wall_ms
from tests.parts import LOOPBACK, Broker, until

NOW = Now(0, 1_000_000_000_000, synchronised=True)
HALL_MS = 5_000_000_000


def job(number: int = 7, asked_ms: int = HALL_MS) -> PrintJob:
    return PrintJob(
        number, asked_ms, "A012", "Chứng thực", "Một cửa", "http://h/t/" + "x" * 22, 420, 1, 0, 4
    )


def display(*jobs: PrintJob, at_ms: int = HALL_MS) -> Display:
    return Display(1, at_ms, "idle", slips=list(jobs))


# ------------------------------------------------------------------ which are due


def found(shown: Display, *, after: Mark = Mark(), live: bool = True, now: Now = NOW) -> list[Any]:  # noqa: B008
    due_now = due(shown, after, live=live, now=now, within_s=30, monotonic_s=100.0)
    return [(one.job.id, one.until_s) for one in due_now]


def test_a_young_slip_is_due_for_what_is_left_of_its_time() -> None:
    assert found(display(job(at := 7), at_ms=HALL_MS + 10_000)) == [(at, 120.0)]


def test_slips_are_due_in_the_order_in_which_they_were_asked_for() -> None:
    shown = display(job(9, HALL_MS + 1), job(8, HALL_MS))
    assert [number for number, _ in found(shown)] == [8, 9]


def test_an_old_slip_is_never_printed_as_new() -> None:
    assert found(display(job(), at_ms=HALL_MS + 30_000)) == [(7, None)]


def test_a_retained_slip_is_due_only_where_the_nodes_clock_tells_its_age() -> None:
    young = Now(0, (HALL_MS + 5_000) * 1000, synchronised=True)
    assert found(display(job()), live=False, now=young) == [(7, 125.0)]
    unset = Now(0, (HALL_MS + 5_000) * 1000, synchronised=False)
    assert found(display(job()), live=False, now=unset) == [(7, None)]


def test_a_clock_that_runs_behind_gives_no_slip_more_time() -> None:
    behind = Now(0, (HALL_MS - 3_600_000) * 1000, synchronised=True)
    assert found(display(job()), live=False, now=behind) == [(7, 130.0)]


def test_what_was_dealt_with_is_not_due_again() -> None:
    shown = display(job(7), job(8))
    assert [number for number, _ in found(shown, after=Mark(HALL_MS, 7))] == [8]


def test_a_hall_set_up_anew_counts_from_one_and_still_prints() -> None:
    shown = display(job(3, HALL_MS + 60_000), at_ms=HALL_MS + 60_000)
    assert found(shown, after=Mark(HALL_MS, 5_000)) == [(3, 130.0)]


def test_slips_are_not_kept_with_the_display_on_disk(tmp_path: Path) -> None:
    KeptFile(tmp_path).keep_display(display(job()))
    assert b"http" not in (tmp_path / "shown.json").read_bytes()


# ------------------------------------------------------------------ the loop


class Booth:
    """A printer's loop with a printer on the loopback, and an outbox to read its reports from."""

    def __init__(self, folder: Path, printer: NetworkPrinter, **table: Any) -> None:
        self.outbox = Outbox(folder)
        self.recorder = Recorder(self.outbox, Clock(), wake=lambda: None, on_change=lambda: None)
        self.printing = PrinterLoop(
            TicketPrinter("network", host=LOOPBACK, port=printer.port, **table),
            folder,
            self.recorder,
            self.outbox.kept(SETTLED),
            on_change=lambda: None,
            watch_s=0.05,
            report_again_s=0.05,
        )
        self.loop = Loop("ticket_printer", self.printing.run, on_trouble=lambda *_: None)
        self.loop.start()

    def show(self, *jobs: PrintJob, at_ms: int = HALL_MS) -> None:
        self.printing.show(display(*jobs, at_ms=at_ms), live=True, now=NOW)

    def events(self) -> list[EventBody]:
        held = self.outbox.pending(self.outbox.stream, 0, 1000)
        return [msgspec.json.decode(one.body, type=EventBody) for one in held]

    def reports(self) -> list[tuple[int, str | None]]:
        return [
            (one.slip, None if one.ok else one.reason)
            for one in self.events()
            if isinstance(one, TicketPrinted)
        ]

    def alarms(self) -> list[tuple[str, bool]]:
        return [(one.code, one.raised) for one in self.events() if isinstance(one, Alarm)]

    def wait_for(self, *reports: tuple[int, str | None]) -> None:
        until(lambda: self.reports() == [*reports], f"{reports} are reported; {self.reports()} are")

    def close(self) -> None:
        self.loop.stop()
        assert self.loop.join(10)
        self.outbox.close()


@pytest.fixture
def printer() -> Iterator[NetworkPrinter]:
    one = NetworkPrinter()
    yield one
    one.close()


@pytest.fixture
def booth(tmp_path: Path, printer: NetworkPrinter) -> Iterator[Booth]:
    one = Booth(tmp_path, printer)
    yield one
    one.close()


def test_a_slip_is_printed_once_however_often_the_display_comes(
    booth: Booth, printer: NetworkPrinter
) -> None:
    for _ in range(3):
        booth.show(job(7))
    booth.show(job(7), job(8))
    booth.wait_for((7, None), (8, None))
    assert printer.paper.cuts == 2


def test_a_printed_slip_stays_printed_over_a_new_start(
    tmp_path: Path, printer: NetworkPrinter
) -> None:
    first = Booth(tmp_path, printer)
    first.show(job(7))
    first.wait_for((7, None))
    first.close()
    second = Booth(tmp_path, printer)
    second.show(job(7), job(8))
    second.wait_for((7, None), (8, None))
    second.close()
    assert printer.paper.cuts == 2


def test_a_slip_too_old_is_given_up_and_said(booth: Booth, printer: NetworkPrinter) -> None:
    booth.show(job(7), at_ms=HALL_MS + 31_000)
    booth.wait_for((7, "late"))
    assert printer.paper.cuts == 0


def test_paper_out_is_told_at_once_and_the_slip_does_not_come_with_the_new_roll(
    booth: Booth, printer: NetworkPrinter
) -> None:
    printer.paper.paper = "out"
    booth.show(job(7))
    booth.wait_for((7, "paper_out"))
    until(lambda: booth.alarms() == [("printer-paper-out", True)], "one alarm")
    assert booth.printing.notes() == ["ticket_printer: the paper is out: put a new roll in"]
    printer.paper.repair()
    until(lambda: booth.alarms()[1:] == [("printer-paper-out", False)], "its end")
    booth.show(job(7), job(8))
    booth.wait_for((7, "paper_out"), (8, None))
    assert printer.paper.cuts == 1
    assert booth.printing.notes() == []


def test_paper_that_ends_in_the_middle_is_told(booth: Booth, printer: NetworkPrinter) -> None:
    printer.paper.rows_left = 200
    booth.show(job(7))
    booth.wait_for((7, "paper_out"))
    assert printer.paper.cuts == 0


def test_low_paper_is_an_alarm_and_the_slip_comes(booth: Booth, printer: NetworkPrinter) -> None:
    printer.paper.paper = "low"
    booth.show(job(7))
    booth.wait_for((7, None))
    until(lambda: booth.alarms() == [("printer-paper-low", True)], "one alarm")


def test_an_open_cover_found_while_idle_is_an_alarm(booth: Booth, printer: NetworkPrinter) -> None:
    printer.paper.cover_open = True
    until(lambda: booth.alarms() == [("printer-cover-open", True)], "one alarm")


def test_an_unplugged_printer_is_told_and_the_loop_goes_on(
    tmp_path: Path, printer: NetworkPrinter
) -> None:
    printer.close()
    booth = Booth(tmp_path, printer)
    booth.show(job(7))
    booth.wait_for((7, "no_answer"))
    assert booth.alarms() == [("printer-silent", True)]
    again = NetworkPrinter(port=printer.port)
    until(lambda: booth.alarms()[1:] == [("printer-silent", False)], "it is found again")
    booth.show(job(8))
    booth.wait_for((7, "no_answer"), (8, None))
    assert booth.loop.failures == 0
    booth.close()
    again.close()


def test_a_report_that_the_disk_does_not_take_is_told_later(
    booth: Booth, printer: NetworkPrinter, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = booth.recorder.record
    full = [True]

    def record_or_fail(*words: Any, **more: Any) -> int:
        if full[0]:
            raise OutboxError("the disk is full")
        return record(*words, **more)

    monkeypatch.setattr(booth.recorder, "record", record_or_fail)
    booth.show(job(7))
    until(lambda: printer.paper.cuts == 1, "it is printed")
    full[0] = False
    booth.wait_for((7, None))


def test_what_cannot_be_noted_is_not_printed(
    booth: Booth, printer: NetworkPrinter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Mark) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(booth.printing._begun, "begin", full)
    booth.show(job(7))
    booth.wait_for((7, "disk_full"))
    assert printer.paper.cuts == 0


def test_a_loop_that_fails_over_a_slip_says_that_it_is_unsure(
    booth: Booth, printer: NetworkPrinter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("a fault of ours")

    with monkeypatch.context() as broken:
        broken.setattr(booth.printing, "_print", fail)
        booth.show(job(7))
        until(lambda: booth.loop.failures == 1, "the loop failed")
    booth.wait_for((7, "unsure"))
    booth.show(job(8))
    booth.wait_for((7, "unsure"), (8, None))


def test_without_the_type_the_hall_is_told_what_to_install(
    booth: Booth, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from devices.ticket_printer import slip

    monkeypatch.setattr(slip, "_FOLDERS", (tmp_path,))
    slip.font.cache_clear()
    booth.show(job(7))
    booth.wait_for((7, "offline"))
    assert booth.alarms() == [("printer-font-missing", True)]
    assert "fonts-dejavu-core" in booth.printing.notes()[0]


def test_a_note_of_what_was_begun_that_is_damaged_is_no_error(tmp_path: Path) -> None:
    (tmp_path / printing.FILE_NAME).write_bytes(b"\0" * 40)
    begun = printing.BegunSlip(tmp_path)
    assert begun.mark == Mark()
    begun.begin(Mark(5, 6))
    assert printing.BegunSlip(tmp_path).mark == Mark(5, 6)


# ------------------------------------------------------------------ a node that is killed


class KioskProcess:
    """A real node with a network printer, without a panel."""

    def __init__(self, folder: Path, broker_port: int, printer_port: int) -> None:
        folder.mkdir(exist_ok=True)
        self._config = folder / "node.toml"
        self._log = folder / "node.log"
        self._child: subprocess.Popen[bytes] | None = None
        self._config.write_text(
            f"""
[node]
id = "{NODE}"
hall = "{HALL}"
kind = "kiosk"
data_dir = "{folder / "data"}"
assume_synchronised = true
[broker]
port = {broker_port}
[ticket_printer]
connection = "network"
host = "{LOOPBACK}"
port = {printer_port}
paper_mm = 58
"""
        )

    def start(self) -> None:
        with self._log.open("ab") as log:
            command = [sys.executable, "-m", "motcua", "node", "--config", str(self._config)]
            self._child = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ)

    def kill(self) -> None:
        assert self._child is not None
        self._child.kill()
        self._child.wait(10)

    def end(self) -> int:
        assert self._child is not None
        self._child.terminate()
        return self._child.wait(10)

    @property
    def log(self) -> str:
        return self._log.read_text()


def test_a_node_killed_while_it_prints_says_so_and_does_not_print_twice(
    tmp_path: Path, printer: NetworkPrinter
) -> None:
    with Broker(tmp_path / "broker") as broker, HallStandIn(broker) as hall:
        kiosk = KioskProcess(tmp_path / "kiosk", broker.port, printer.port)
        kiosk.start()
        hall.wait_for_state("online")

        printer.paper.hangs_at_slip = True
        first = job(7, wall_ms())
        hall.show(display(first, at_ms=first.asked_wall_ms))
        until(lambda: printer.paper.hangs, "the slip is on its way")
        kiosk.kill()
        printer.paper.switch_off_and_on()

        kiosk.start()  # the broker has kept the display, and the slip is still young
        until(lambda: len(reports(hall)) == 1, f"one report: {kiosk.log}")
        assert reports(hall) == [TicketPrinted(7, ok=False, reason="unsure")]
        second = job(8, wall_ms())
        hall.show(display(first, second, at_ms=second.asked_wall_ms))
        until(lambda: len(reports(hall)) == 2, f"the second report: {kiosk.log}")
        assert reports(hall)[1] == TicketPrinted(8, ok=True)
        assert printer.paper.cuts == 1
        assert kiosk.end() == 0
        assert first.url not in kiosk.log


def reports(hall: HallStandIn) -> list[TicketPrinted]:
    return [one.body for one in hall.held() if isinstance(one.body, TicketPrinted)]
