"""The ways to a ticket printer: USB, a serial line, the network; each with an end to its patience.

A line is opened for one conversation and closed after it: what was unplugged and plugged in again
is then found by itself, and a network printer, which listens to one at a time, stays free.
"""

from __future__ import annotations

import errno
import os
import select
import socket
import stat
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from devices.errors import (
    DeviceNotFoundError,
    DevicePermissionError,
    PrinterSilentError,
)

CONNECT_S: Final = 3.0
_SLICE_S: Final = 0.25
_CHUNK: Final = 4096
_BAUDS: Final = {rate: getattr(termios, f"B{rate}") for rate in (9600, 19200, 38400, 57600, 115200)}


class Line(Protocol):
    """A conversation with a printer."""

    def write(self, data: bytes, timeout_s: float, pulse: Callable[[], None]) -> None:
        """Send all of ``data``; ``pulse`` is called at least every second meanwhile.

        Raises:
            DeviceError: it takes no more for ``timeout_s``, or has gone.
        """

    def read(self, timeout_s: float, pulse: Callable[[], None]) -> bytes:
        """What has come; empty where nothing came in time.

        Raises:
            DeviceError: the printer has gone.
        """

    def close(self) -> None:
        """End it; may be called twice."""


OpenLine = Callable[[], Line]
"""Opens a line.

Raises:
    DeviceError: the printer is not there, not allowed, or busy.
"""


class _Descriptor:
    """What a file and a socket have in common."""

    def __init__(self, fd: int, name: str) -> None:
        self._fd = fd
        self._name = name

    def write(self, data: bytes, timeout_s: float, pulse: Callable[[], None]) -> None:
        """See :class:`Line`."""
        left = memoryview(data)
        until_s = time.monotonic() + timeout_s
        while left:
            pulse()
            _, ready, _ = select.select([], [self._fd], [], _SLICE_S)
            if ready:
                sent = self._send(left[:_CHUNK])
                left = left[sent:]
                if sent:
                    # patience is for each piece: a long slip on a slow line is no fault
                    until_s = time.monotonic() + timeout_s
            if left and time.monotonic() >= until_s:
                raise PrinterSilentError(
                    f"{self._name}: the printer takes nothing: see that it is switched on, has "
                    "paper and its cover is shut"
                )

    def _send(self, piece: memoryview) -> int:
        try:
            return os.write(self._fd, piece)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise _gone(self._name, error) from None

    def read(self, timeout_s: float, pulse: Callable[[], None]) -> bytes:
        """See :class:`Line`."""
        until_s = time.monotonic() + timeout_s
        while True:
            pulse()
            left_s = until_s - time.monotonic()
            ready, _, _ = select.select([self._fd], [], [], max(0.0, min(_SLICE_S, left_s)))
            if ready:
                try:
                    data = os.read(self._fd, _CHUNK)
                except BlockingIOError:
                    data = b""
                except OSError as error:
                    raise _gone(self._name, error) from None
                if data:
                    return data
                self._nothing_came()
            if left_s <= 0:
                return b""

    def _nothing_came(self) -> None:
        """A USB printer may send an empty packet."""
        time.sleep(0.01)

    def close(self) -> None:
        """See :class:`Line`."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


class UsbLine(_Descriptor):
    """A printer on USB, through the kernel's own driver (usblp), such as ``/dev/usb/lp0``."""

    def __init__(self, device: str) -> None:
        super().__init__(_open(device), device)


class SerialLine(_Descriptor):
    """A printer on a serial line: 8 bits, no parity, RTS/CTS where the line has it."""

    def __init__(self, device: str, baud: int) -> None:
        fd = _open(device)
        try:
            _make_raw(fd, baud)
        except (termios.error, KeyError) as error:
            os.close(fd)
            raise DeviceNotFoundError(
                f"{device} is no serial line ({error}): look for it with `ls /dev/tty*`"
            ) from None
        super().__init__(fd, device)


class NetworkLine(_Descriptor):
    """A printer on the network, most often on port 9100."""

    def __init__(self, host: str, port: int) -> None:
        name = f"{host}:{port}"
        try:
            connection = socket.create_connection((host, port), CONNECT_S)
        except OSError as error:
            raise PrinterSilentError(
                f"{name}: no printer answers ({error.strerror or error}): see that it is "
                "switched on and its network cable is in, and check the address"
            ) from None
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().__init__(connection.detach(), name)

    def _nothing_came(self) -> None:
        raise PrinterSilentError(
            f"{self._name}: the printer hung up: it may be busy with another computer; let this "
            "node alone use it"
        )


class PaperDevice(Protocol):
    """Something that takes the bytes of a printer and gives its answers, in memory."""

    def take(self, data: bytes) -> bytes:
        """Take bytes, and answer."""


class MemoryLine:
    """A line to a stand-in in this very process."""

    def __init__(self, paper: PaperDevice) -> None:
        self._paper = paper
        self._answers = b""

    def write(self, data: bytes, timeout_s: float, pulse: Callable[[], None]) -> None:
        """See :class:`Line`."""
        pulse()
        self._answers += self._paper.take(data)

    def read(self, timeout_s: float, pulse: Callable[[], None]) -> bytes:
        """See :class:`Line`."""
        pulse()
        answers, self._answers = self._answers, b""
        return answers

    def close(self) -> None:
        """See :class:`Line`."""


def _open(device: str) -> int:
    try:
        mode = Path(device).stat().st_mode
        fd = os.open(device, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise DeviceNotFoundError(
            f"{device} is not there: plug the printer in and switch it on; USB printers are "
            "listed by `ls /dev/usb`"
        ) from None
    except PermissionError:
        raise DevicePermissionError(
            f"{device} may not be used: add the node's account to the group of that file "
            "(lp for USB, dialout for serial)"
        ) from None
    except OSError as error:
        reason = "another program has it" if error.errno == errno.EBUSY else error.strerror
        raise PrinterSilentError(
            f"{device} cannot be opened ({reason}): end the other program, or plug it in again"
        ) from None
    if not stat.S_ISCHR(mode):  # or a slip would be written over a file
        os.close(fd)
        raise DeviceNotFoundError(
            f"{device} is no printer: name a /dev/usb/lpN or /dev/ttyUSBN in the settings"
        )
    return fd


def _make_raw(fd: int, baud: int) -> None:
    settings = termios.tcgetattr(fd)
    settings[0] = settings[1] = settings[3] = 0
    # HUPCL stays off: some printers start anew when the line is let go of between two slips
    settings[2] = termios.CS8 | termios.CREAD | termios.CLOCAL | termios.CRTSCTS
    settings[4] = settings[5] = _BAUDS[baud]
    settings[6][termios.VMIN] = 0
    settings[6][termios.VTIME] = 0
    termios.tcsetattr(fd, termios.TCSANOW, settings)


def _gone(name: str, error: OSError) -> PrinterSilentError:
    return PrinterSilentError(
        f"{name}: the printer has gone ({error.strerror}): see its plug and its power"
    )
