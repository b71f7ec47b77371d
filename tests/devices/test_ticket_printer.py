"""One suite for every way to a ticket printer: memory, network, USB and a serial line.

The bytes are those of a real printer's driver; only the printer at the other end is a stand-in,
behind real sockets and pseudo-terminals.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any, NamedTuple

import pytest
from PIL import Image

from devices.errors import DeviceError, PrinterRefusedError, PrinterSilentError
from devices.messages import SlipFault
from devices.ticket_printer import TicketPrinter, escpos, line_to
from devices.ticket_printer.lines import MemoryLine
from devices.ticket_printer.self_test import steps
from devices.ticket_printer.standin import NetworkPrinter, Paper, TerminalPrinter

WIDTH = 384
WAYS = ("memory", "network", "usb", "serial")


class Bench(NamedTuple):
    """A printer and its insides."""

    printer: TicketPrinter
    paper: Paper


def black(rows: int = 200) -> Image.Image:
    return Image.new("1", (WIDTH, rows), 0)


def make(way: str, stack: ExitStack, **words: Any) -> Bench:
    words = {"print_s": 5.0, "answer_s": 2.0, **words}
    if way == "memory":
        paper = Paper()
        return Bench(TicketPrinter(lambda: MemoryLine(paper), **words), paper)
    if way == "network":
        network = stack.enter_context(closing(NetworkPrinter()))
        line = line_to("network", host="127.0.0.1", port=network.port)
        return Bench(TicketPrinter(line, **words), network.paper)
    terminal = stack.enter_context(closing(TerminalPrinter()))
    line = line_to("usb" if way == "usb" else "serial", device=terminal.device, baud=19200)
    return Bench(TicketPrinter(line, **words), terminal.paper)


@pytest.fixture(params=WAYS)
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    with ExitStack() as stack:
        yield make(request.param, stack)


def test_a_slip_arrives_byte_for_byte_and_is_cut_once(bench: Bench) -> None:
    bench.printer.print_slip(black(130))
    row = WIDTH // 8
    expected = (
        (b"\x10\x04\x01" + b"\x10\x04\x02" + b"\x10\x04\x04")
        + b"\x1b@"
        + (b"\x1dv0\x00" + bytes((row, 0, 96, 0)) + b"\xff" * row * 96)
        + (b"\x1dv0\x00" + bytes((row, 0, 34, 0)) + b"\xff" * row * 34)
        + b"\x1dVB\x00"
        + b"\x1dr\x01"
    )
    assert bytes(bench.paper.received).startswith(expected)
    # after the slip, at most questions
    rest = bytes(bench.paper.received)[len(expected) :]
    assert rest.replace(b"\x10\x04\x01", b"").replace(b"\x10\x04\x02", b"") in (
        b"",
        b"\x10\x04\x04",
    )
    assert (bench.paper.cuts, bench.paper.slips[0]) == (1, (WIDTH, b"\xff" * row * 130))


def test_two_slips_are_two_pieces_of_paper(bench: Bench) -> None:
    for _ in range(2):
        bench.printer.print_slip(black(40))
    assert bench.paper.cuts == 2


def test_a_ready_printer_says_so_and_asks_in_three_questions(bench: Bench) -> None:
    assert bench.printer.state() == (None, False, "")
    assert bytes(bench.paper.received) == b"\x10\x04\x01\x10\x04\x02\x10\x04\x04"


def out_of_paper(paper: Paper) -> None:
    paper.paper = "out"


def open_cover(paper: Paper) -> None:
    paper.cover_open = True


def off_line(paper: Paper) -> None:
    paper.offline = True


FAULTS = [(out_of_paper, "paper_out"), (open_cover, "cover_open"), (off_line, "offline")]


@pytest.mark.parametrize(("fail", "fault"), FAULTS)
def test_each_fault_is_told_with_what_to_do(
    bench: Bench, fail: Callable[[Paper], None], fault: SlipFault
) -> None:
    fail(bench.paper)
    state = bench.printer.state()
    assert state.fault == fault
    assert ":" in state.text


@pytest.mark.parametrize(("fail", "fault"), FAULTS)
def test_a_slip_that_cannot_come_out_is_refused_and_never_comes_later(
    bench: Bench, fail: Callable[[Paper], None], fault: SlipFault
) -> None:
    fail(bench.paper)
    with pytest.raises(PrinterRefusedError) as refused:
        bench.printer.print_slip(black())
    assert refused.value.fault == fault
    bench.paper.repair()
    bench.printer.print_slip(black(40))
    assert (bench.paper.cuts, bench.paper.slips[-1]) == (1, (WIDTH, b"\xff" * (WIDTH // 8) * 40))


def test_paper_that_ends_in_the_middle_of_a_slip_is_told(bench: Bench) -> None:
    bench.paper.rows_left = 100
    with pytest.raises(PrinterRefusedError) as refused:
        bench.printer.print_slip(black(300))
    assert refused.value.fault == "paper_out"
    assert bench.printer.state().fault == "paper_out"  # it has read all that was sent before
    bench.paper.repair()
    assert bench.paper.cuts == 0
    bench.printer.print_slip(black(40))
    assert bench.paper.slips[-1] == (WIDTH, b"\xff" * (WIDTH // 8) * 40)


def test_nothing_of_a_slip_is_sent_before_it_is_noted(bench: Bench) -> None:
    class DiskFull(Exception):
        pass

    def note() -> None:
        raise DiskFull

    with pytest.raises(DiskFull):
        bench.printer.print_slip(black(), note)
    assert b"\x1b@" not in bytes(bench.paper.received)


def test_low_paper_still_prints_and_is_told(bench: Bench) -> None:
    bench.paper.paper = "low"
    bench.printer.print_slip(black())
    assert bench.paper.cuts == 1
    assert bench.printer.state() == (None, True, "")


def test_a_picture_that_holds_the_bytes_of_a_question_is_still_one_whole_slip(
    bench: Bench,
) -> None:
    bench.paper.paper = "low"  # so that the answers to those look like an open cover
    rows = 144
    tricky = b"\x10\x04\x04\x10\x04\x02" * (WIDTH // 8 * rows // 6)
    picture = Image.frombytes("1", (WIDTH, rows), bytes(byte ^ 0xFF for byte in tricky))
    bench.printer.print_slip(picture)
    assert bench.paper.slips[-1] == (WIDTH, tricky)


@pytest.mark.parametrize("way", WAYS)
def test_a_printer_that_hangs_is_given_up_in_time(way: str) -> None:
    with ExitStack() as stack:
        bench = make(way, stack, print_s=0.3, answer_s=0.2)
        bench.paper.hangs = True
        with pytest.raises(PrinterSilentError):
            bench.printer.state()
        with pytest.raises(PrinterSilentError):
            bench.printer.print_slip(black())
        assert bench.paper.cuts == 0


@pytest.mark.parametrize("way", WAYS)
def test_a_printer_that_cannot_answer_is_believed(way: str) -> None:
    with ExitStack() as stack:
        bench = make(way, stack, answers=False)
        bench.printer.print_slip(black(8))
        assert bench.printer.state().fault is None
        expected = b"\x1b@" + escpos.picture(black(8)) + escpos.CUT
        while len(bench.paper.received) < len(expected):
            threading.Event().wait(0.005)
        assert bytes(bench.paper.received) == expected


def test_whoever_waits_can_leave_at_any_time() -> None:
    class Leaving(Exception):
        pass

    def leave() -> None:
        raise Leaving

    with ExitStack() as stack:
        bench = make("network", stack, pulse=leave)
        with pytest.raises(Leaving):
            bench.printer.print_slip(black())


def test_an_unplugged_network_printer_is_told_with_its_address() -> None:
    gone = NetworkPrinter()
    gone.close()
    printer = TicketPrinter(line_to("network", host="127.0.0.1", port=gone.port))
    with pytest.raises(PrinterSilentError, match=rf"127\.0\.0\.1:{gone.port}.*switched on"):
        printer.state()


def test_a_network_printer_that_hangs_up_is_told() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    with listening:

        def hang_up() -> None:
            connection, _ = listening.accept()
            connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        line = line_to("network", host="127.0.0.1", port=listening.getsockname()[1])
        with pytest.raises(PrinterSilentError):
            TicketPrinter(line, answer_s=2.0).state()
        thread.join(5)


def test_a_network_printer_that_takes_nothing_more_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:  # accepts nobody: its buffers fill
        line = line_to("network", host="127.0.0.1", port=listening.getsockname()[1])
        printer = TicketPrinter(line, take_s=0.3, answers=False)
        with pytest.raises(PrinterSilentError, match="takes nothing"):
            printer.print_slip(black(200_000))


def test_something_that_babbles_without_end_is_given_up() -> None:
    """A wrong baud rate, or no printer at all."""
    asked = 0

    class Babble:
        def write(self, data: bytes, timeout_s: float, pulse: Callable[[], None]) -> None:
            pass

        def read(self, timeout_s: float, pulse: Callable[[], None]) -> bytes:
            nonlocal asked
            asked += 1
            assert asked < 100_000, "it is listened to for ever"
            time.sleep(0.001)
            return b"\x55" * 64

        def close(self) -> None:
            pass

    printer = TicketPrinter(lambda: Babble(), answer_s=0.05)
    with pytest.raises(PrinterSilentError, match="without end"):
        printer.state()


@pytest.mark.parametrize("way", ["usb", "serial"])
def test_a_printer_that_is_not_plugged_in_is_told_with_where_to_look(
    way: Any, tmp_path: Any
) -> None:
    printer = TicketPrinter(line_to(way, device=str(tmp_path / "lp0")))
    with pytest.raises(DeviceError, match="plug the printer in"):
        printer.state()


@pytest.mark.parametrize("way", ["usb", "serial"])
def test_no_slip_is_written_over_a_file_that_is_no_printer(way: Any, tmp_path: Any) -> None:
    file = tmp_path / "outbox.sqlite"
    file.write_bytes(b"presses")
    with pytest.raises(DeviceError, match="no printer"):
        TicketPrinter(line_to(way, device=str(file)), answers=False).print_slip(black(8))
    assert file.read_bytes() == b"presses"


def test_a_device_that_is_no_serial_line_is_told() -> None:
    with pytest.raises(DeviceError, match="no serial line"):
        TicketPrinter(line_to("serial", device="/dev/null")).state()


def test_a_terminal_that_is_unplugged_between_two_slips_is_found_again() -> None:
    first = TerminalPrinter()
    second = TerminalPrinter()
    device = [first.device]
    printer = TicketPrinter(lambda: line_to("serial", device=device[0])())
    with closing(second):
        with closing(first):
            printer.print_slip(black(8))
        device[0] = second.device
        printer.print_slip(black(8))
        assert (first.paper.cuts, second.paper.cuts) == (1, 1)


def test_the_self_test_reads_the_sensors_and_has_a_slip_looked_at(bench: Bench) -> None:
    read, look = steps(bench.printer, WIDTH)
    assert (read.confirm, look.confirm) == (False, True)
    assert read.run(5.0) == "ready, paper enough"
    assert "printed" in look.run(5.0)
    assert bench.paper.cuts == 1
    bench.paper.paper = "low"
    assert read.run(5.0) == "ready, paper low"
    bench.paper.paper = "out"
    with pytest.raises(PrinterRefusedError, match="paper"):
        read.run(5.0)
