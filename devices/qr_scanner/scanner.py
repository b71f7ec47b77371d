"""The scanner of a counter or kiosk: looks at frames and reports each code held before it once."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

from devices.errors import DecoderMissingError, DeviceError
from devices.qr_scanner import zbar
from devices.qr_scanner.decode import BUDGET_MS
from devices.qr_scanner.decoded import Decoded
from devices.qr_scanner.frames import Frames
from devices.qr_scanner.looks import LOOKS, by_zbar, by_zxing, without
from devices.qr_scanner.reader import Reader
from devices.qr_scanner.reports import Counts, Reports
from devices.qr_scanner.self_test import TEST_TEXT
from devices.qr_scanner.standin import draw_code


class QrScanner:
    """Codes held before the camera of ``frames`` are reported through ``on_scan``.

    Which of them, and when, :class:`devices.qr_scanner.reports.Reports` says.  After a look,
    frames of the next ``rest_ms`` are let go unread, so that the node's core rests.
    """

    def __init__(
        self,
        *,
        frames: Frames,
        on_scan: Callable[[Decoded], None],
        monotonic_us: Callable[[], int],
        rest_ms: int = 60,
        same_code_s: float = 3.0,
        gap_s: float = 0.25,
        budget_ms: float = BUDGET_MS,
    ) -> None:
        self._frames = frames
        self._monotonic_us = monotonic_us
        self._rest_us = rest_ms * 1000
        self._reports = Reports(on_scan, same_code_s=same_code_s, gap_s=gap_s)
        self._looked_us: int | None = None
        self._closed = False
        self.notes: list[str] = []
        """What works with less than it should, a sentence each."""
        self.last_ms = 0.0
        """How long the last look took."""
        looks = LOOKS
        try:
            zbar.check()
        except DecoderMissingError as error:
            # zxing-cpp alone still reads most codes: a counter with one decoder is open
            looks = without("pyzbar")
            self.notes.append(f"the scanner reads without zbar: {error}")
        self._reader = Reader(budget_ms=budget_ms, looks=looks)

    @property
    def counts(self) -> Counts:
        """What it has seen since its start."""
        return self._reports.counts

    def run_once(self, timeout_s: float = 0.5) -> bool:
        """Take one frame and report what is newly held; False when none came within the time.

        Raises:
            DeviceError: the frames have stopped; make a new scanner.
            Exception: whatever ``on_scan`` raises.
        """
        if self._closed:
            return False
        frame = self._frames.next(timeout_s)
        if frame is None:
            return False
        now_us = self._monotonic_us()
        if self._looked_us is not None and now_us - self._looked_us < self._rest_us:
            return True
        reading = self._reader.read(frame)
        self._looked_us = self._monotonic_us()
        self.last_ms = (self._looked_us - now_us) / 1000
        self.counts.looks += 1
        self.counts.refused += reading.refused
        self._reports.look(reading.codes, now_us)
        return True

    def self_test(self, timeout_s: float = 2.0) -> list[str]:
        """What is wrong with the scanner, a sentence each; empty when all is well.

        Reads a drawn card with each decoder alone, then waits for one frame.
        """
        card = draw_code(TEST_TEXT)
        wrong: list[str] = []
        for name, read in (("zxing-cpp", by_zxing), ("pyzbar", by_zbar)):
            try:
                if [found.text for found in read(card)] != [TEST_TEXT]:
                    wrong.append(f"{name} misreads the test card: install the pinned version")
            except DeviceError as error:
                wrong.append(f"{name} cannot read: {error}")
        try:
            if self._frames.next(timeout_s) is None:
                wrong.append(f"no frame within {timeout_s:g} s: check the camera's cable")
        except DeviceError as error:
            wrong.append(str(error))
        return wrong

    def close(self) -> None:
        """Let go of the frames; again does nothing."""
        if not self._closed:
            self._closed = True
            self._frames.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
