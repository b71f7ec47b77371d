"""A scanner that plays a keyboard: taken for this node alone, and read key by key.

The kernel's own interface is read (``struct input_event`` of ``/dev/input/eventN``): it needs no
library, where python-evdev would have to be compiled on each node.
"""

from __future__ import annotations

import errno
import fcntl
import os
import select
import struct
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from devices.errors import (
    DeviceError,
    DeviceNotFoundError,
    DevicePermissionError,
    ScannerStoppedError,
)
from devices.qr_scanner.decoded import Decoded
from devices.qr_scanner.keys import DOWN, Keys, Line
from devices.qr_scanner.lines import Ends
from devices.qr_scanner.reports import Counts
from devices.qr_scanner.sent import OnFault, SentCodes, no_fault

EVENT: Final = struct.Struct("llHHi")
"""``struct input_event``: seconds, microseconds, type, code, value (linux/input.h)."""

EV_SYN: Final = 0
EV_KEY: Final = 1
SYN_DROPPED: Final = 3

EVIOCGRAB: Final = 0x40044590
"""``_IOW('E', 0x90, int)``: nobody else gets what this device types."""

_EVENTS_AT_ONCE: Final = 64


def open_grabbed(device: str) -> int:
    """Open an input device for this process alone; its file descriptor.

    Raises:
        DeviceNotFoundError: no such device, something that is none, or taken by another program.
        DevicePermissionError: the account of the node may not read it.
    """
    try:
        number = os.open(device, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except PermissionError:
        raise DevicePermissionError(
            f"{device} may not be read: add the account of the node to the group 'input'"
        ) from None
    except OSError:
        raise DeviceNotFoundError(
            f"{device} is not there: plug the scanner in, or name another of /dev/input/by-id "
            "in the settings"
        ) from None
    try:
        fcntl.ioctl(number, EVIOCGRAB, 1)
    except OSError as error:
        os.close(number)
        if error.errno == errno.EBUSY:
            raise DeviceNotFoundError(
                f"{device} is taken by another program: end that one first"
            ) from None
        raise DeviceNotFoundError(
            f"{device} is not an input device: name one of /dev/input/by-id that ends with "
            "event-kbd in the settings"
        ) from None
    return number


class KeyboardScanner:
    """Codes that the keyboard-like scanner ``device`` types are reported through ``on_scan``.

    A code ends with Enter, or with ``ends="gap"`` when nothing is typed for ``gap_ms``.  What
    Enter does not end in that time was torn.  A code whose letters were mangled is refused and
    told through ``on_fault``; see :mod:`devices.qr_scanner.mangled`.
    """

    def __init__(
        self,
        device: str,
        *,
        on_scan: Callable[[Decoded], None],
        monotonic_us: Callable[[], int],
        ends: Ends = "line",
        gap_ms: int = 250,
        same_code_s: float = 3.0,
        gap_s: float = 0.25,
        on_fault: OnFault = no_fault,
        open_events: Callable[[str], int] | None = None,
    ) -> None:
        """Take the device; raises what ``open_events``, usually :func:`open_grabbed`, raises."""
        self._device = device
        self._events = (open_events or open_grabbed)(device)
        self._ends = ends
        self._gap_s = gap_ms / 1000
        self._monotonic_us = monotonic_us
        self._keys = Keys()
        self._rest = b""
        # what is typed without a pause from the very beginning may be the tail of a code
        self._dropping = True
        self._began_us = self._last_us = monotonic_us()
        self.last_ms = 0.0
        """How long the last code took to type."""
        self._sent = SentCodes(
            "keyboard", on_scan, same_code_s=same_code_s, gap_s=gap_s, on_fault=on_fault
        )
        self._closed = False

    @property
    def counts(self) -> Counts:
        """What it has seen since its start."""
        return self._sent.counts

    @property
    def notes(self) -> list[str]:
        """What works with less than it should, a sentence each."""
        return self._sent.notes

    def run_once(self, timeout_s: float = 0.5) -> bool:
        """Wait for keys, and report the code that they end; False when none came in the time.

        Raises:
            ScannerStoppedError: unplugged; make a new one.
            Exception: whatever ``on_scan`` raises; the code must be scanned again.
        """
        if self._closed:
            return False
        data = self._read(timeout_s)
        now_us = self._monotonic_us()
        if now_us - self._last_us >= self._gap_s * 1_000_000:
            self._pause(now_us)
        if not data:
            return False
        self._last_us = now_us
        data = self._rest + data
        whole = len(data) - len(data) % EVENT.size
        self._rest = data[whole:]
        for _, _, kind, code, value in EVENT.iter_unpack(data[:whole]):
            if kind == EV_SYN and code == SYN_DROPPED:
                self._keys.forget()  # the kernel had no room: what was typed has a hole
                self._dropping = True
            elif kind == EV_KEY:
                if value == DOWN and not self._keys.is_typing:
                    self._began_us = now_us
                self._end(self._keys.event(code, value), now_us)
        return True

    def self_test(self, timeout_s: float = 2.0) -> list[str]:
        """What is wrong with the device, a sentence each; the scanner shows at the card."""
        try:
            self._rest += self._read(0)
        except DeviceError as error:
            return [str(error)]
        return []

    def close(self) -> None:
        """Give the device back; again does nothing."""
        if not self._closed:
            self._closed = True
            os.close(self._events)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _pause(self, now_us: int) -> None:
        """Nothing was typed for a while."""
        if self._keys.is_typing:
            if self._ends == "gap":
                self._end(self._keys.end(), self._last_us)
            else:
                self.counts.torn += 1
            self._keys.forget()
        self._dropping = False
        self._sent.nothing(now_us)

    def _end(self, line: Line | None, now_us: int) -> None:
        if line is None:
            return
        if self._dropping:
            self._dropping = False
            self.counts.torn += 1
        elif line.text is None:
            self._sent.refuse(line.why, now_us)
        else:
            self.last_ms = (now_us - self._began_us) / 1000
            self._sent.typed(line.text, now_us)

    def _read(self, timeout_s: float) -> bytes:
        try:
            ready, _, _ = select.select([self._events], [], [], min(timeout_s, self._gap_s))
            if not ready:
                return b""
            data = os.read(self._events, EVENT.size * _EVENTS_AT_ONCE)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        if not data:
            raise ScannerStoppedError(
                f"{self._device} is gone: plug the scanner in again, or check its cable"
            )
        return data
