"""Scanners that decode themselves: over a real pseudo-terminal, and by the events of a keyboard."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devices.errors import (
    DeviceNotFoundError,
    DevicePermissionError,
    ScannerSilentError,
    ScannerStoppedError,
)
from devices.qr_scanner.decoded import Decoded
from devices.qr_scanner.keyboard import EV_SYN, EVENT, SYN_DROPPED, KeyboardScanner, open_grabbed
from devices.qr_scanner.self_test import TEST_TEXT, Heard, steps
from devices.qr_scanner.sent import MANGLES
from devices.qr_scanner.serial_line import SerialScanner
from tests.devices.qr_cards import CARD, EVERY_LETTER
from tests.devices.scanner_wires import KeyWire, SerialWire, UinputKeyboard, until

OTHER = CARD.replace("MẪU", "THỬ")
BARE = "001090012345||NGUYEN VAN MAU|01011990|Nam|To 5, phuong Kien Hung, Ha Noi|15082021"


class Counter:
    """What the node hears, and a clock that goes only when the test winds it."""

    def __init__(self) -> None:
        self.now_us = 1_000_000
        self.scans: list[Decoded] = []
        self.faults: list[tuple[str, bool]] = []

    def clock_us(self) -> int:
        return self.now_us

    def wind(self, seconds: float) -> None:
        self.now_us += round(seconds * 1_000_000)

    def fault(self, code: str, text: str, raised: bool) -> None:
        assert "MẪU" not in text
        assert "MAU" not in text
        self.faults.append((code, raised))

    @property
    def texts(self) -> list[str]:
        return [code.text for code in self.scans]

    def quiet(self, scanner: SerialScanner | KeyboardScanner) -> None:
        """A pause long enough for a code that was cut, and for a new holding."""
        for _ in range(2):
            self.wind(5)
            scanner.run_once(0)


@pytest.fixture
def counter() -> Counter:
    return Counter()


# ---------------------------------------------------------------------- the serial line


@pytest.fixture
def wire(tmp_path: Path) -> SerialWire:
    return SerialWire(tmp_path / "usb-scanner")


def on_line(counter: Counter, wire: SerialWire, **more: Any) -> SerialScanner:
    return SerialScanner(
        str(wire.path),
        on_scan=counter.scans.append,
        monotonic_us=counter.clock_us,
        on_fault=counter.fault,
        **more,
    )


@pytest.fixture
def serial(counter: Counter, wire: SerialWire) -> Iterator[SerialScanner]:
    with on_line(counter, wire) as scanner:
        counter.quiet(scanner)
        yield scanner


def hear(counter: Counter, scanner: SerialScanner | KeyboardScanner, looks: int = 1) -> None:
    """Listen until ``looks`` more lines were heard; they go through the terminal in pieces."""
    counts = scanner.counts
    aim = counts.looks + counts.too_long + looks
    until(lambda: counts.looks + counts.too_long >= aim, lambda: scanner.run_once(0.2))


@pytest.mark.parametrize("text", [CARD, EVERY_LETTER, "http://192.168.1.5/t/AbCdEfGh12345678_-"])
def test_a_card_comes_over_the_line_to_the_letter(
    counter: Counter, wire: SerialWire, serial: SerialScanner, text: str
) -> None:
    wire.send(text.encode() + b"\r\n")
    hear(counter, serial)
    assert counter.scans == [Decoded(text, "serial")]


def test_letters_sent_in_pieces_come_out_whole(
    counter: Counter, wire: SerialWire, serial: SerialScanner
) -> None:
    import unicodedata

    wire.send(unicodedata.normalize("NFD", CARD).encode() + b"\r")
    hear(counter, serial)
    assert counter.texts == [CARD]


def test_a_line_cut_within_a_letter_is_joined(
    counter: Counter, wire: SerialWire, serial: SerialScanner
) -> None:
    sent = CARD.encode() + b"\r"
    cut = sent.index("Ầ".encode()) + 1
    wire.send(sent[:cut])
    until(lambda: serial.run_once(0.2), lambda: None)
    assert counter.texts == []
    wire.send(sent[cut:])
    hear(counter, serial)
    assert counter.texts == [CARD]


def test_half_a_code_is_no_scan_and_spoils_no_other(
    counter: Counter, wire: SerialWire, serial: SerialScanner
) -> None:
    wire.send(CARD.encode()[:50])
    until(lambda: serial.run_once(0.2), lambda: None)
    counter.quiet(serial)
    assert serial.counts.torn == 1
    wire.send(OTHER.encode() + b"\r")
    hear(counter, serial)
    assert counter.texts == [OTHER]


def test_what_waited_on_the_line_before_the_node_came_is_no_scan(
    counter: Counter, wire: SerialWire
) -> None:
    wire.send(b"Ha Noi|15082021\r")
    with on_line(counter, wire) as scanner:
        counter.quiet(scanner)
        wire.send(CARD.encode() + b"\r")
        hear(counter, scanner)
    assert counter.texts == [CARD]


def test_a_line_that_ends_with_a_pause_alone_is_a_scan_where_the_settings_say_so(
    counter: Counter, wire: SerialWire
) -> None:
    with on_line(counter, wire, ends="gap") as scanner:
        counter.quiet(scanner)
        wire.send(CARD.encode())
        until(lambda: scanner.run_once(0.2), lambda: None)
        assert counter.texts == []
        counter.wind(0.2)
        scanner.run_once(0)
        assert counter.texts == [CARD]


def test_garbage_on_the_line_is_refused_and_the_next_card_read(
    counter: Counter, wire: SerialWire, serial: SerialScanner
) -> None:
    for garbage in (b"\xff\xfe\x00\x80", b"\x00\x01\x02", CARD.encode("utf-16"), b"M\xc7U"):
        wire.send(garbage + b"\r")
        hear(counter, serial)
    wire.send(CARD.encode() + b"\r")
    hear(counter, serial)
    assert counter.texts == [CARD]
    assert serial.counts.refused >= 4
    assert counter.faults == [(MANGLES, True), (MANGLES, False)]
    assert serial.notes == []


def test_a_line_without_end_is_bounded(
    counter: Counter, wire: SerialWire, serial: SerialScanner
) -> None:
    for _ in range(6):
        wire.send(b"x" * 3000)
        until(lambda: not serial.run_once(0), lambda: None)
    wire.send(b"\r" + CARD.encode() + b"\r")
    hear(counter, serial)
    assert counter.texts == [CARD]
    assert serial.counts.too_long == 1


def test_a_scanner_that_sends_the_same_card_over_and_over_is_one_scan(
    counter: Counter, wire: SerialWire, serial: SerialScanner
) -> None:
    for _ in range(10):
        wire.send(CARD.encode() + b"\r")
        hear(counter, serial)
        counter.wind(0.5)
        serial.run_once(0)
    assert counter.texts == [CARD]
    counter.quiet(serial)
    wire.send(CARD.encode() + b"\r")
    hear(counter, serial)
    assert counter.texts == [CARD, CARD]


def test_a_scanner_pulled_out_is_told_and_read_again_when_it_is_back(
    counter: Counter, wire: SerialWire
) -> None:
    scanner = on_line(counter, wire)
    wire.send(CARD.encode()[:30])
    until(lambda: scanner.run_once(0.2), lambda: None)
    wire.unplug()
    with pytest.raises(ScannerStoppedError, match="plug the scanner in again"):
        until(lambda: False, lambda: scanner.run_once(0.1))
    assert scanner.self_test() != []
    scanner.close()
    scanner.close()
    with pytest.raises(DeviceNotFoundError, match="is not there"):
        on_line(counter, wire)
    back = SerialWire(wire.path)
    with on_line(counter, back) as scanner:
        counter.quiet(scanner)
        back.send(CARD.encode() + b"\r")
        hear(counter, scanner)
        assert scanner.self_test() == []
    assert counter.texts == [CARD]


def test_what_is_no_serial_line_is_told(tmp_path: Path, counter: Counter) -> None:
    (tmp_path / "file").write_text("")
    for path, words in ((tmp_path / "file", "not a serial line"), (Path("/dev/null"), "ModemMan")):
        with pytest.raises(DeviceNotFoundError, match=words):
            SerialScanner(str(path), on_scan=counter.scans.append, monotonic_us=counter.clock_us)


def test_a_serial_line_of_another_account_names_the_group(
    wire: SerialWire, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(DevicePermissionError, match="group 'dialout'"):
        on_line(counter, wire)


def test_the_line_is_for_one_node_alone(
    counter: Counter, wire: SerialWire, serial: SerialScanner
) -> None:
    with pytest.raises(DeviceNotFoundError, match="end the other program"):
        on_line(counter, wire)


# ---------------------------------------------------------------------- the keyboard


@pytest.fixture
def keys() -> KeyWire:
    return KeyWire()


@pytest.fixture
def keyboard(counter: Counter, keys: KeyWire) -> Iterator[KeyboardScanner]:
    with typed(counter, keys) as scanner:
        yield scanner


def typed(counter: Counter, keys: KeyWire, **more: Any) -> KeyboardScanner:
    scanner = KeyboardScanner(
        "/dev/input/by-id/usb-scanner-event-kbd",
        on_scan=counter.scans.append,
        monotonic_us=counter.clock_us,
        on_fault=counter.fault,
        open_events=keys.open,
        **more,
    )
    counter.quiet(scanner)
    return scanner


def drain(scanner: KeyboardScanner) -> None:
    while scanner.run_once(0):
        pass


def by_hex(keys: KeyWire, text: str) -> None:
    for sign in text:
        if sign.isascii():
            keys.type(sign)
        else:
            keys.by_hex(sign)


def test_every_sign_of_ascii_is_typed_and_read(
    counter: Counter, keys: KeyWire, keyboard: KeyboardScanner
) -> None:
    signs = "".join(map(chr, range(32, 127)))
    keys.type(signs + "\n")
    drain(keyboard)
    assert counter.scans == [Decoded(signs, "keyboard")]


def test_a_card_typed_by_hexadecimal_codes_comes_through_to_the_letter(
    counter: Counter, keys: KeyWire, keyboard: KeyboardScanner
) -> None:
    by_hex(keys, CARD + "\n")
    drain(keyboard)
    assert counter.texts == [CARD]
    assert counter.faults == []


def test_hexadecimal_codes_may_be_ended_by_letting_the_keys_go(
    counter: Counter, keys: KeyWire, keyboard: KeyboardScanner
) -> None:
    for sign in "Nguyễn":
        keys.by_hex(sign, held=True) if sign == "ễ" else keys.type(sign)
    keys.type("\n")
    drain(keyboard)
    assert counter.texts == ["Nguyễn"]


@pytest.mark.parametrize("zeros", ["", "0"])
def test_a_card_typed_by_alt_codes_of_its_letters_comes_through(
    counter: Counter, keys: KeyWire, keyboard: KeyboardScanner, zeros: str
) -> None:
    for sign in CARD:
        keys.type(sign) if sign.isascii() else keys.alt(zeros + str(ord(sign)))
    keys.type("\n")
    drain(keyboard)
    assert counter.texts == [CARD]


def test_a_card_typed_by_alt_codes_of_its_bytes_comes_through(
    counter: Counter, keys: KeyWire, keyboard: KeyboardScanner
) -> None:
    for byte in CARD.encode():
        keys.type(chr(byte)) if byte < 128 else keys.alt(f"0{byte}")
    keys.type("\n")
    drain(keyboard)
    assert counter.texts == [CARD]


def test_alt_codes_of_a_code_page_are_refused_not_guessed(
    counter: Counter, keys: KeyWire, keyboard: KeyboardScanner
) -> None:
    for byte in "Hoà Lân".encode("cp1258"):
        keys.type(chr(byte)) if byte < 128 else keys.alt(f"0{byte}")
    keys.type("\n")
    drain(keyboard)
    assert counter.texts == []
    assert counter.faults == [(MANGLES, True)]


@pytest.mark.parametrize(
    "mangled",
    [
        CARD.encode("ascii", "ignore").decode(),
        CARD.encode("ascii", "replace").decode(),
        BARE,
        CARD[:40].encode("ascii", "ignore").decode(),
    ],
)
def test_a_card_that_lost_its_letters_is_refused_and_serial_recommended(
    counter: Counter, keys: KeyWire, keyboard: KeyboardScanner, mangled: str
) -> None:
    for _ in range(3):
        keys.type(mangled + "\n")
        drain(keyboard)
        counter.quiet(keyboard)
    assert counter.texts == []
    assert keyboard.counts.refused == 3
    assert counter.faults == [(MANGLES, True)]
    [note] = keyboard.notes
    assert "source = 'serial'" in note
    keys.type("http://hall.local/t/AbCdEfGh12345678\n")
    drain(keyboard)
    assert len(keyboard.notes) == 1, "a ticket without letters proves nothing"
    by_hex(keys, OTHER + "\n")
    counter.wind(1)
    drain(keyboard)
    assert counter.texts == ["http://hall.local/t/AbCdEfGh12345678", OTHER]
    assert keyboard.notes == []
    assert counter.faults == [(MANGLES, True), (MANGLES, False)]


def test_caps_lock_is_followed(counter: Counter, keys: KeyWire, keyboard: KeyboardScanner) -> None:
    keys.press(58)
    keys.type("aB1!")
    keys.press(58)
    keys.type("aB\n")
    drain(keyboard)
    assert counter.texts == ["Ab1!aB"]


def test_a_key_that_the_kernel_repeats_is_typed_once(
    counter: Counter, keys: KeyWire, keyboard: KeyboardScanner
) -> None:
    keys.key(30, 1)
    keys.key(30, 2)
    keys.key(30, 2)
    keys.key(30, 0)
    keys.type("\n")
    drain(keyboard)
    assert counter.texts == ["a"]


def test_typing_that_breaks_off_is_no_scan_and_spoils_no_other(
    counter: Counter, keys: KeyWire, keyboard: KeyboardScanner
) -> None:
    keys.type("0010900123")
    keys.key(42, 1)  # and Shift is never let go
    drain(keyboard)
    counter.quiet(keyboard)
    assert keyboard.counts.torn == 1
    keys.type("next\n")
    drain(keyboard)
    assert counter.texts == ["next"]


def test_typing_that_ends_with_a_pause_is_a_scan_where_the_settings_say_so(
    counter: Counter, keys: KeyWire
) -> None:
    with typed(counter, keys, ends="gap") as scanner:
        keys.type("A012")
        drain(scanner)
        assert counter.texts == []
        counter.quiet(scanner)
        assert counter.texts == ["A012"]


def test_events_that_the_kernel_lost_tear_the_code(
    counter: Counter, keys: KeyWire, keyboard: KeyboardScanner
) -> None:
    keys.type("half")
    keys.raw(EVENT.pack(1, 2, EV_SYN, SYN_DROPPED, 0))
    keys.type("rest\nwhole\n")
    drain(keyboard)
    assert counter.texts == ["whole"]
    assert keyboard.counts.torn == 1


def test_an_event_that_comes_in_two_pieces_is_joined(
    counter: Counter, keys: KeyWire, keyboard: KeyboardScanner
) -> None:
    down = EVENT.pack(1, 2, 1, 30, 1)
    keys.raw(down[:7])
    drain(keyboard)
    keys.raw(down[7:])
    keys.key(30, 0)
    keys.type("\n")
    drain(keyboard)
    assert counter.texts == ["a"]


def test_what_was_being_typed_when_the_node_came_is_no_scan(
    counter: Counter, keys: KeyWire
) -> None:
    keys.type("tail\nwhole\n")
    scanner = KeyboardScanner(
        "kbd", on_scan=counter.scans.append, monotonic_us=counter.clock_us, open_events=keys.open
    )
    with scanner:
        drain(scanner)
    assert counter.texts == ["whole"]


def test_keys_that_type_no_sign_spoil_the_code(
    counter: Counter, keys: KeyWire, keyboard: KeyboardScanner
) -> None:
    keys.type("A0")
    keys.press(59)  # F1
    keys.type("12\n")
    drain(keyboard)
    assert counter.texts == []
    assert keyboard.counts.refused == 1


def test_a_keyboard_pulled_out_is_told_and_read_again_when_it_is_back(counter: Counter) -> None:
    first = KeyWire()
    scanner = typed(counter, first)
    first.type("half")
    first.unplug()
    with pytest.raises(ScannerStoppedError, match="plug the scanner in again"):
        drain(scanner)
    assert scanner.self_test() != []
    scanner.close()
    scanner.close()
    assert scanner.run_once(0) is False
    second = KeyWire()
    with typed(counter, second) as scanner:
        second.type("whole\n")
        drain(scanner)
    assert counter.texts == ["whole"]


def test_what_is_no_input_device_is_told(tmp_path: Path) -> None:
    with pytest.raises(DeviceNotFoundError, match="plug the scanner in"):
        open_grabbed(str(tmp_path / "event99"))
    with pytest.raises(DeviceNotFoundError, match="not an input device"):
        open_grabbed("/dev/null")


@pytest.mark.skipif(
    not os.access("/dev/uinput", os.W_OK), reason="this machine makes no keyboards: no /dev/uinput"
)
def test_a_keyboard_of_the_kernel_is_taken_for_this_node_alone_and_read(counter: Counter) -> None:
    keys = UinputKeyboard()
    scanner = KeyboardScanner(
        keys.device, on_scan=counter.scans.append, monotonic_us=counter.clock_us
    )
    with scanner:
        counter.quiet(scanner)
        with pytest.raises(DeviceNotFoundError, match="taken by another program"):
            open_grabbed(keys.device)
        by_hex(keys, CARD + "\n")
        until(lambda: bool(counter.scans), lambda: scanner.run_once(0.2))
        assert counter.texts == [CARD]
        keys.unplug()
        with pytest.raises(ScannerStoppedError):
            until(lambda: False, lambda: scanner.run_once(0.2))


# ---------------------------------------------------------------------- the self-test


def test_the_technician_shows_the_card_and_is_told_what_came_and_how_fast(
    counter: Counter, wire: SerialWire
) -> None:
    heard = Heard()
    with SerialScanner(str(wire.path), on_scan=heard, monotonic_us=counter.clock_us) as scanner:
        counter.quiet(scanner)
        answers, show = steps(scanner, heard)
        assert answers.run(1.0) == "the scanner answers"
        wire.send(TEST_TEXT.encode() + b"\r")
        assert show.run(20.0).startswith(f"read {TEST_TEXT!r} by serial in ")


def test_a_test_card_that_lost_its_letters_fails_the_test(counter: Counter, keys: KeyWire) -> None:
    heard = Heard()
    scanner = KeyboardScanner(
        "kbd", on_scan=heard, monotonic_us=counter.clock_us, open_events=keys.open
    )
    with scanner:
        counter.quiet(scanner)
        _, show = steps(scanner, heard)
        keys.type("MAU THU: O U D a a y\n")
        with pytest.raises(ScannerSilentError, match="set the scanner to UTF-8"):
            show.run(20.0)


def test_a_card_that_nobody_shows_fails_the_test(counter: Counter, keys: KeyWire) -> None:
    heard = Heard()
    now_s = 0.0

    def clock_s() -> float:
        nonlocal now_s
        now_s += 0.5
        return now_s

    with typed(counter, keys) as scanner:
        _, show = steps(scanner, heard, clock_s=clock_s)
        with pytest.raises(ScannerSilentError, match="no code within 2 s"):
            show.run(2.0)
