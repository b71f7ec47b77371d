"""The scanner's loop: what a node keeps of scanners that send or type."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from devices.messages import Alarm, EventBody, Scan
from devices.qr_scanner import keyboard
from edge.clock import Clock
from edge.loops import Loop
from edge.outbox import Outbox
from edge.recorder import Recorder
from edge.scanning import ScannerLoop
from edge.settings import read_settings
from tests.devices.qr_cards import CARD
from tests.devices.scanner_wires import KeyWire, SerialWire

PATIENCE_S = 20.0
GAP_MS = 40

HEAD = '[node]\nid = "kiosk-1"\nhall = "h"\nkind = "kiosk"\ndata_dir = "/tmp/x"\n[qr_scanner]\n'


class Desk:
    """A scanner's loop over a real outbox."""

    def __init__(self, folder: Path, source: str, device: str) -> None:
        self.outbox = Outbox(folder / "data")
        clock = Clock(assume_synchronised=True)
        recorder = Recorder(self.outbox, clock, wake=lambda: None, on_change=lambda: None)
        table = read_settings(
            f'{HEAD}source = "{source}"\ndevice = "{device}"\ngap_ms = {GAP_MS}\n'
        ).qr_scanner
        assert table is not None
        self.scanning = ScannerLoop(table, recorder, clock)
        self.troubles: list[str | None] = []
        self.loop = Loop(
            "qr_scanner",
            self.scanning.run,
            on_trouble=lambda name, reason: self.troubles.append(reason),
            first_rest_s=0.02,
        )

    def bodies(self) -> list[EventBody]:
        pending = self.outbox.pending(self.outbox.stream, 0, 1000)
        return [msgspec.convert(msgspec.json.decode(one.body), EventBody) for one in pending]

    def texts(self) -> list[str]:
        return [body.text for body in self.bodies() if isinstance(body, Scan)]

    def until(self, true: Callable[[], bool], what: str) -> None:
        ends_s = time.monotonic() + PATIENCE_S
        while not true():
            assert time.monotonic() < ends_s, f"not within {PATIENCE_S:g} s: {what}"
            time.sleep(0.01)  # a thread of its own is looked at from outside

    def end(self) -> None:
        self.loop.stop()
        assert self.loop.join(PATIENCE_S)
        self.outbox.close()


@pytest.fixture
def desk_of(tmp_path: Path) -> Iterator[Callable[[str, str], Desk]]:
    desks: list[Desk] = []

    def make(source: str, device: str) -> Desk:
        (tmp_path / "data").mkdir()
        desk = Desk(tmp_path, source, device)
        desks.append(desk)
        desk.loop.start()
        return desk

    yield make
    for desk in desks:
        desk.end()


def test_a_serial_scanner_is_read_again_when_it_is_back(
    tmp_path: Path, desk_of: Callable[[str, str], Desk]
) -> None:
    link = tmp_path / "usb-scanner"
    wire = SerialWire(link)
    desk = desk_of("serial", str(link))
    line = CARD.encode() + b"\r\n"

    def scanned(wire: SerialWire, times: int) -> Callable[[], bool]:
        def look() -> bool:
            # what comes right after the line was opened may be a tail, and is not taken
            wire.send(line)
            time.sleep(3 * GAP_MS / 1000)
            return desk.texts() == [CARD] * times

        return look

    desk.until(scanned(wire, 1), "the card is scanned")
    wire.unplug()
    desk.until(lambda: len(desk.troubles) == 1, "the scanner is missed")
    assert desk.troubles[0] is not None
    assert "ScannerStoppedError" in desk.troubles[0]
    back = SerialWire(link)
    desk.until(scanned(back, 2), "the card is scanned again")
    assert desk.troubles[1:] == [None]
    assert desk.scanning.notes() == []


def test_a_keyboard_that_mangles_letters_raises_an_alarm_and_a_note(
    desk_of: Callable[[str, str], Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = KeyWire()
    opened: list[str] = []

    def open_grabbed(device: str) -> int:
        opened.append(device)
        return os.dup(keys.read_end)

    monkeypatch.setattr(keyboard, "open_grabbed", open_grabbed)
    desk = desk_of("keyboard", "/dev/input/by-id/usb-scanner-event-kbd")
    desk.until(lambda: bool(opened), "the keyboard is taken")

    def mangled() -> bool:
        keys.type(CARD.encode("ascii", "ignore").decode() + "\n")
        time.sleep(3 * GAP_MS / 1000)
        return bool(desk.bodies())

    desk.until(mangled, "the alarm is kept")
    [alarm] = desk.bodies()
    assert isinstance(alarm, Alarm)
    assert (alarm.code, alarm.device) == ("scanner-mangles-letters", "qr_scanner")
    assert "source = 'serial'" in alarm.text
    assert "001190012345" not in alarm.text
    [note] = desk.scanning.notes()
    assert "source = 'serial'" in note
    assert desk.texts() == []
