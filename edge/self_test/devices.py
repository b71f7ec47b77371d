"""The devices of a node's settings, each opened by itself for its self-test.

Each library is loaded only for the device that needs it, as in the node itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from devices.self_test import Step
from edge.self_test.going import Candidate, OnTest
from edge.self_test.standing_in import (
    ButtonPresser,
    CardHolder,
    DisplayReader,
    Hand,
    LampWatcher,
    LensCoverer,
    Listener,
    Sitter,
    SlipReader,
    by_hand,
)
from edge.settings import NodeSettings

Offered = tuple[list[Step], Hand | None]
"""The steps of a device that is open, and who stands in for a technician at its stand-in."""


@contextmanager
def _rating_buttons(settings: NodeSettings) -> Iterator[Offered]:
    from devices.rating_buttons import ButtonWiring, RatingButtons, open_lines
    from devices.rating_buttons.self_test import Presses, steps
    from devices.rating_buttons.standin import Finger, mock_factory

    table = settings.rating_buttons
    assert table is not None
    wiring = [ButtonWiring(one.level, one.pin, one.lamp_pin) for one in table.button]
    pins = mock_factory() if table.driver == "mock" else None
    lines = open_lines(
        table.driver,
        wiring,
        pin_factory=pins,
        i2c_bus=table.i2c_bus,
        i2c_address=table.i2c_address,
        int_pin=table.int_pin,
    )
    heard = Presses()
    with RatingButtons(lines, on_press=heard, settle_ms=table.settle_ms) as buttons:
        if pins is None:
            yield steps(buttons, heard), None
        else:
            finger = Finger(pins, wiring)
            yield steps(buttons, heard), ButtonPresser(finger.press, buttons.lamps_lit)


@contextmanager
def _presence(settings: NodeSettings) -> Iterator[Offered]:
    from devices.presence import PresenceSwitch
    from devices.presence.self_test import steps
    from devices.presence.standin import Chair, mock_factory

    table = settings.presence
    assert table is not None
    pins = mock_factory() if table.driver == "mock" else None
    chair = Chair(pins, table.pin, active=table.active) if pins is not None else None
    with PresenceSwitch(table.pin, active=table.active, pin_factory=pins) as switch:
        yield steps(switch), Sitter(chair) if chair is not None else None


@contextmanager
def _counter_lamp(settings: NodeSettings) -> Iterator[Offered]:
    from devices.presence.lamp import CounterLamp
    from devices.presence.self_test import lamp_steps
    from devices.presence.standin import mock_factory

    table = settings.counter_lamp
    assert table is not None
    pins = mock_factory() if table.driver == "mock" else None
    with CounterLamp(table.green_pin, table.red_pin, pin_factory=pins) as lamp:
        yield lamp_steps(lamp), LampWatcher(lamp.shown) if pins is not None else None


@contextmanager
def _qr_scanner(settings: NodeSettings) -> Iterator[Offered]:
    from devices.qr_scanner.self_test import Heard, steps
    from edge.scanning import open_scanner

    table = settings.qr_scanner
    assert table is not None
    heard = Heard()
    scanner = open_scanner(
        table,
        on_scan=heard,
        on_fault=lambda _code, _text, _raised: None,
        monotonic_us=lambda: time.monotonic_ns() // 1000,
    )
    with closing(scanner):
        is_folder = table.source == "folder"
        yield steps(scanner, heard), CardHolder(Path(str(table.folder))) if is_folder else None


@contextmanager
def _ticket_display(settings: NodeSettings) -> Iterator[Offered]:
    from devices.ticket_display import STAND_INS, TicketDisplay, open_display
    from devices.ticket_display.self_test import steps

    table = settings.ticket_display
    assert table is not None
    device = open_display(
        driver=table.driver,
        modules=table.modules,
        i2c_port=table.i2c_bus,
        i2c_address=table.i2c_address,
        upside_down=table.upside_down,
    )
    with TicketDisplay(device) as display:
        yield steps(display), DisplayReader(device) if table.driver in STAND_INS else None


@contextmanager
def _speaker(settings: NodeSettings) -> Iterator[Offered]:
    from devices.speaker import Speaker, WavFolderSink, open_sink
    from devices.speaker.self_test import steps

    table = settings.speaker
    assert table is not None
    sink = open_sink(table.sink, device=table.device, folder=table.folder)
    percent = table.percent
    with Speaker(
        voice=table.voice, sink=sink, clips=table.clips, percent=lambda: percent
    ) as speaker:
        yield steps(speaker), Listener(sink.files) if isinstance(sink, WavFolderSink) else None


@contextmanager
def _ticket_printer(settings: NodeSettings) -> Iterator[Offered]:
    from devices.ticket_printer import TicketPrinter, line_to
    from devices.ticket_printer.lines import MemoryLine
    from devices.ticket_printer.self_test import steps
    from devices.ticket_printer.slip import PAPER_DOTS
    from devices.ticket_printer.standin import Paper

    table = settings.ticket_printer
    assert table is not None
    width = PAPER_DOTS[table.paper_mm]
    if table.connection == "paper":
        paper = Paper()
        yield steps(TicketPrinter(lambda: MemoryLine(paper)), width), SlipReader(paper, width)
        return
    line = line_to(
        table.connection,
        device=table.device or "",
        host=table.host or "",
        port=table.port,
        baud=table.baud,
    )
    yield steps(TicketPrinter(line, answers=table.answers), width), None


@contextmanager
def _face_camera(settings: NodeSettings) -> Iterator[Offered]:
    from devices.face_camera import open_source
    from devices.face_camera.self_test import steps
    from devices.face_camera.standin import FolderCamera

    table = settings.face_camera
    assert table is not None
    source = open_source(
        table.source,
        device=table.device,
        folder=table.folder,
        width=table.width,
        height=table.height,
    )
    with closing(source):
        yield steps(source), LensCoverer(source) if isinstance(source, FolderCamera) else None


_OPEN: Final = {
    "rating_buttons": _rating_buttons,
    "qr_scanner": _qr_scanner,
    "ticket_display": _ticket_display,
    "speaker": _speaker,
    "ticket_printer": _ticket_printer,
    "face_camera": _face_camera,
    "presence": _presence,
    "counter_lamp": _counter_lamp,
}


def candidates(settings: NodeSettings, *, unattended: bool) -> tuple[list[Candidate], list[str]]:
    """What to go through, in the order of the settings; and what is left out, with why.

    ``unattended``, what stands in for a technician acts and judges at each stand-in.
    """
    found: list[Candidate] = []
    left_out: list[str] = []
    for name in settings.device_names():
        opener = _OPEN.get(name)
        if opener is None:
            left_out.append(f"{name}: chưa có bài kiểm tra / has no self-test yet")
        elif name == "speaker" and settings.speaker and settings.speaker.sink == "off":
            left_out.append('speaker: đã tắt trong cài đặt / sink = "off" in the settings')
        else:
            opening = partial(_opened, name, partial(opener, settings), unattended)
            found.append(Candidate(name, opening))
    return found, left_out


@contextmanager
def _opened(
    name: str, opener: Callable[[], AbstractContextManager[Offered]], unattended: bool
) -> Iterator[OnTest]:
    with opener() as (steps, hand):
        if unattended and hand is not None:
            steps = [by_hand(step, hand) for step in steps]
        yield OnTest(name, steps)
