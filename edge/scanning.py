"""The scanner's loop: each code held before it becomes an event."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from devices.messages import Scan
from edge import settings
from edge.clock import Clock
from edge.loops import Loop
from edge.outbox import OutboxError
from edge.recorder import Recorder


class Scanner(Protocol):
    """Any of the scanners, as the loop uses it."""

    @property
    def notes(self) -> list[str]:
        """What works with less than it should, a sentence each."""

    @property
    def last_ms(self) -> float:
        """How long the last code took from its first sign."""

    def run_once(self, timeout_s: float = 0.5) -> bool:
        """Look once."""

    def self_test(self, timeout_s: float = 2.0) -> list[str]:
        """What is wrong, a sentence each."""

    def close(self) -> None:
        """Let go of it."""


class ScannerLoop:
    """Opens the scanner that the settings name, and keeps what it scans."""

    def __init__(self, table: settings.QrScanner, recorder: Recorder, clock: Clock) -> None:
        self._table = table
        self._recorder = recorder
        self._clock = clock
        self._scanner: Scanner | None = None
        if table.source == "folder" and table.folder:
            Path(table.folder).mkdir(parents=True, exist_ok=True)

    def run(self, loop: Loop) -> None:
        """The body of the loop."""
        scanner = open_scanner(
            self._table,
            on_scan=self._keep,
            on_fault=self._fault,
            monotonic_us=self._clock.monotonic_us,
        )
        try:
            self._scanner = scanner
            while not loop.stopping.is_set():
                loop.beat()
                try:
                    scanner.run_once()
                except OutboxError:
                    # the code is reported again while it is held: the disk may free up till then
                    loop.rest(0.5)
                else:
                    loop.well()
        finally:
            self._scanner = None
            scanner.close()

    def notes(self) -> list[str]:
        """What the scanner lacks just now."""
        scanner = self._scanner
        return list(scanner.notes) if scanner is not None else []

    def _keep(self, decoded: Any) -> None:
        self._recorder.record(Scan(decoded.text, decoded.decoder))
        self._recorder.send()

    def _fault(self, code: str, text: str, raised: bool) -> None:
        self._recorder.alarm(code, "qr_scanner", text, raised=raised)


def open_scanner(
    table: settings.QrScanner,
    *,
    on_scan: Callable[[Any], None],
    on_fault: Callable[[str, str, bool], None],
    monotonic_us: Callable[[], int],
) -> Scanner:
    """The scanner that ``table`` names; its library is loaded here and not before.

    Raises:
        DeviceError: it is not there, or may not be used.
    """
    if table.source == "serial":
        from devices.qr_scanner.serial_line import SerialScanner

        return SerialScanner(
            str(table.device),
            on_scan=on_scan,
            on_fault=on_fault,
            monotonic_us=monotonic_us,
            baud=table.baud,
            ends=table.ends,
            gap_ms=table.gap_ms,
            same_code_s=table.same_code_s,
        )
    if table.source == "keyboard":
        from devices.qr_scanner.keyboard import KeyboardScanner

        return KeyboardScanner(
            str(table.device),
            on_scan=on_scan,
            on_fault=on_fault,
            monotonic_us=monotonic_us,
            ends=table.ends,
            gap_ms=table.gap_ms,
            same_code_s=table.same_code_s,
        )
    from devices.qr_scanner.frames import FolderFrames, Frames, V4L2Frames
    from devices.qr_scanner.scanner import QrScanner

    frames: Frames = (
        FolderFrames(str(table.folder))
        if table.source == "folder"
        else V4L2Frames(str(table.device))
    )
    return QrScanner(
        frames=frames,
        on_scan=on_scan,
        monotonic_us=monotonic_us,
        budget_ms=table.budget_ms,
        same_code_s=table.same_code_s,
    )
