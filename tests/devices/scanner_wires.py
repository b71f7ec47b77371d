"""Scanners that send or type: the other end of their cable, in the hand of a test."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import time
import tty
from collections.abc import Callable
from pathlib import Path

from devices.qr_scanner.keyboard import EV_KEY, EV_SYN, EVENT
from devices.qr_scanner.keys import PRINTED

PATIENCE_S = 20.0

_SHIFT, _ALT, _CTRL, _ENTER = 42, 56, 29, 28
_U, _SPACE = 22, 57
_KEYPAD = dict(zip("0123456789", (82, 79, 80, 81, 75, 76, 77, 71, 72, 73), strict=True))
_PLAIN = {pair[0]: key for key, pair in reversed(PRINTED.items())}
_SHIFTED = {pair[1]: key for key, pair in reversed(PRINTED.items())}


class SerialWire:
    """A real pseudo-terminal: ``path`` is what the node opens, ``send`` what the scanner says."""

    def __init__(self, link: Path) -> None:
        """Plugged in: ``link`` leads to the line, as one of /dev/serial/by-id does."""
        self.path = link
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        link.unlink(missing_ok=True)
        link.symlink_to(os.ttyname(self._slave))

    def send(self, data: bytes) -> None:
        """The scanner sends; a terminal's small buffer may take it in pieces."""
        os.write(self._master, data)

    def unplug(self) -> None:
        """The scanner is pulled out."""
        self.path.unlink(missing_ok=True)
        for end in (self._slave, self._master):
            os.close(end)


class KeyWire:
    """A pipe of ``struct input_event``, as /dev/input/eventN gives them."""

    def __init__(self) -> None:
        self.read_end, self._write_end = os.pipe()
        os.set_blocking(self.read_end, False)

    def open(self, device: str) -> int:
        """As :func:`devices.qr_scanner.keyboard.open_grabbed`."""
        return os.dup(self.read_end)

    def key(self, number: int, value: int) -> None:
        """A key goes down (1), up (0) or is repeated (2), with the report that the kernel adds."""
        os.write(
            self._write_end,
            EVENT.pack(1, 2, EV_KEY, number, value) + EVENT.pack(1, 2, EV_SYN, 0, 0),
        )

    def raw(self, data: bytes) -> None:
        """Any bytes."""
        os.write(self._write_end, data)

    def press(self, *numbers: int) -> None:
        """Keys are pressed together and let go in the other order."""
        for number in numbers:
            self.key(number, 1)
        for number in reversed(numbers):
            self.key(number, 0)

    def type(self, text: str) -> None:
        """ASCII, as the layout of the United States has it."""
        for sign in text:
            if sign == "\n":
                self.press(_ENTER)
            elif sign in _PLAIN:
                self.press(_PLAIN[sign])
            else:
                self.press(_SHIFT, _SHIFTED[sign])

    def alt(self, digits: str) -> None:
        """Alt held while ``digits`` are typed on the keypad."""
        self.key(_ALT, 1)
        for digit in digits:
            self.press(_KEYPAD[digit])
        self.key(_ALT, 0)

    def by_hex(self, sign: str, *, held: bool = False) -> None:
        """Ctrl+Shift+U and the number of ``sign``; ended by a space, or by letting go."""
        for number in (_CTRL, _SHIFT):
            self.key(number, 1)
        self.press(_U)
        if not held:
            for number in (_SHIFT, _CTRL):
                self.key(number, 0)
        for digit in f"{ord(sign):x}":
            self.press(_PLAIN[digit])
        if held:
            for number in (_SHIFT, _CTRL):
                self.key(number, 0)
        else:
            self.press(_SPACE)

    def unplug(self) -> None:
        """The scanner is pulled out."""
        os.close(self._write_end)
        os.close(self.read_end)


class UinputKeyboard(KeyWire):
    """A keyboard that the kernel itself makes, where it has /dev/uinput (linux/uinput.h)."""

    _SET_EVBIT, _SET_KEYBIT = 0x40045564, 0x40045565
    _SETUP, _CREATE, _DESTROY, _SYSNAME = 0x405C5503, 0x5501, 0x5502, 0x8040552C

    def __init__(self) -> None:
        self._made = os.open("/dev/uinput", os.O_WRONLY | os.O_NONBLOCK)
        fcntl.ioctl(self._made, self._SET_EVBIT, EV_KEY)
        for key in range(1, 128):
            fcntl.ioctl(self._made, self._SET_KEYBIT, key)
        setup = struct.pack("HHHH80sI", 3, 0x1209, 1, 1, b"motcua test scanner", 0)
        fcntl.ioctl(self._made, self._SETUP, setup)
        fcntl.ioctl(self._made, self._CREATE)
        name = bytearray(64)
        fcntl.ioctl(self._made, self._SYSNAME, name)
        place = Path("/sys/devices/virtual/input") / name.rstrip(b"\0").decode()
        until(lambda: any(place.glob("event*")), lambda: None)
        self.device = f"/dev/input/{next(place.glob('event*')).name}"
        until(lambda: os.access(self.device, os.R_OK), lambda: None)

    def key(self, number: int, value: int) -> None:
        """As a scanner's cable brings it."""
        os.write(
            self._made, EVENT.pack(0, 0, EV_KEY, number, value) + EVENT.pack(0, 0, EV_SYN, 0, 0)
        )

    def unplug(self) -> None:
        """The scanner is pulled out."""
        fcntl.ioctl(self._made, self._DESTROY)
        os.close(self._made)


def until(done: Callable[[], bool], step: Callable[[], object]) -> None:
    """Take ``step`` after step until it is ``done``."""
    ends_s = time.monotonic() + PATIENCE_S
    while not done():
        if time.monotonic() > ends_s:
            raise AssertionError(f"not within {PATIENCE_S:g} s")
        step()
