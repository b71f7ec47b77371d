"""A scanner on a serial line (USB-CDC, virtual COM port): it sends each code as UTF-8."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from devices.errors import (
    DecoderMissingError,
    DeviceError,
    DeviceNotFoundError,
    DevicePermissionError,
    ScannerStoppedError,
)
from devices.qr_scanner.decoded import Decoded
from devices.qr_scanner.lines import Ends, Lines
from devices.qr_scanner.reports import Counts
from devices.qr_scanner.sent import OnFault, SentCodes, no_fault

_MOST_AT_ONCE: Final = 4096


class SerialScanner:
    """Codes that come over the serial line ``device`` are reported through ``on_scan``.

    See :class:`devices.qr_scanner.lines.Lines` for what a whole code is, and
    :class:`devices.qr_scanner.reports.Reports` for when it is reported.
    """

    def __init__(
        self,
        device: str,
        *,
        on_scan: Callable[[Decoded], None],
        monotonic_us: Callable[[], int],
        baud: int = 115_200,
        ends: Ends = "line",
        gap_ms: int = 100,
        same_code_s: float = 3.0,
        gap_s: float = 0.25,
        on_fault: OnFault = no_fault,
    ) -> None:
        """Open the line, for this node alone.

        Raises:
            DeviceNotFoundError: no such line, or something that is none.
            DevicePermissionError: the account of the node may not read it.
            DecoderMissingError: pyserial is not installed.
        """
        _check_line(device)
        self._device = device
        self._line = _open(device, baud)
        self._gap_s = gap_ms / 1000
        self._monotonic_us = monotonic_us
        self._lines = Lines(ends=ends, gap_us=gap_ms * 1000, now_us=monotonic_us())
        self._sent = SentCodes(
            "serial", on_scan, same_code_s=same_code_s, gap_s=gap_s, on_fault=on_fault
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

    @property
    def last_ms(self) -> float:
        """How long the last code was on the line."""
        return self._lines.took_us / 1000

    def run_once(self, timeout_s: float = 0.5) -> bool:
        """Wait for what comes, and report it; False when nothing came within the time.

        Raises:
            ScannerStoppedError: unplugged; make a new one.
            Exception: whatever ``on_scan`` raises; the code must be scanned again.
        """
        if self._closed:
            return False
        data = self._read(timeout_s)
        now_us = self._monotonic_us()
        codes = list(self._lines.feed(data, now_us) if data else self._lines.wait(now_us))
        self.counts.torn, self.counts.too_long = self._lines.torn, self._lines.too_long
        if not data and not codes:
            self._sent.nothing(now_us)
        for code in codes:
            self._sent.came(code, now_us)
        return bool(data)

    def self_test(self, timeout_s: float = 2.0) -> list[str]:
        """What is wrong with the line, a sentence each; the scanner itself shows at the card."""
        try:
            self._read(0)
        except DeviceError as error:
            return [str(error)]
        return []

    def close(self) -> None:
        """Let go of the line; again does nothing."""
        if not self._closed:
            self._closed = True
            self._line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _read(self, timeout_s: float) -> bytes:
        # a pause ends a code or a part of one: never wait past it
        timeout_s = min(timeout_s, self._gap_s)
        try:
            if self._line.timeout != timeout_s:
                self._line.timeout = timeout_s
            data: bytes = self._line.read(1)
            if data:
                data += self._line.read(min(self._line.in_waiting, _MOST_AT_ONCE))
        except (OSError, TypeError):
            # pyserial's SerialException is an OSError; a line that goes away in between has no
            # number any more, which pyserial tells as a TypeError
            raise ScannerStoppedError(
                f"{self._device} is gone: plug the scanner in again, or check its cable"
            ) from None
        return data


def _check_line(device: str) -> None:
    path = Path(device)
    try:
        mode = path.stat().st_mode
    except OSError:
        raise DeviceNotFoundError(
            f"{device} is not there: plug the scanner in, set it to serial (USB-CDC), or name "
            "another line of /dev/serial/by-id in the settings"
        ) from None
    if not stat.S_ISCHR(mode):
        raise DeviceNotFoundError(
            f"{device} is not a serial line: name one of /dev/serial/by-id in the settings"
        )
    if not os.access(path, os.R_OK | os.W_OK):
        raise DevicePermissionError(
            f"{device} may not be read: add the account of the node to the group 'dialout'"
        )


def _open(device: str, baud: int) -> Any:
    try:
        import serial
    except ImportError:
        raise DecoderMissingError(
            "pyserial is missing: install motcua with its extra 'node'"
        ) from None
    try:
        line = serial.Serial(device, baudrate=baud, timeout=0, exclusive=True)
        line.reset_input_buffer()  # what waits there may be the tail of a code
    except (OSError, ValueError) as error:
        raise DeviceNotFoundError(
            f"{device} cannot be opened as a serial line: end the other program that holds it "
            f"(ModemManager is one), or name another ({type(error).__name__})"
        ) from None
    return line
