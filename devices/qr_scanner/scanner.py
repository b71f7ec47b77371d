"""The scanner of a counter or kiosk: looks at frames and reports each code held before it once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from devices.errors import DecoderMissingError, DeviceError
from devices.messages import MAX_SCAN_CHARS
from devices.qr_scanner import decode, zbar
from devices.qr_scanner.decode import Decoded
from devices.qr_scanner.frames import Frames
from devices.qr_scanner.held import HeldCodes
from devices.qr_scanner.standin import draw_code

TEST_TEXT: Final = "MẪU THỬ: Ơ Ư Đ ă ẫ ỹ"
"""On the card of the self-test: letters that a wrong alphabet would show."""


@dataclass(slots=True)
class Counts:
    """What a scanner has seen since its start."""

    looks: int = 0
    """Frames that were decoded."""
    scans: int = 0
    """Codes that were reported."""
    refused: int = 0
    """Looks at a code that is not UTF-8, or empty."""
    too_long: int = 0
    """Looks at a code with more characters than a message carries."""


class QrScanner:
    """Codes held before ``frames`` are reported through ``on_scan``, each holding once.

    A code held still, however long, is one scan; it is a new one after it has been away for
    ``same_code_s``.  Several codes side by side are a scan each.  After a look, frames of the
    next ``rest_ms`` are let go unread, so that the node's core rests.  If ``on_scan`` raises,
    the code is reported again at the next look.
    """

    def __init__(
        self,
        *,
        frames: Frames,
        on_scan: Callable[[Decoded], None],
        monotonic_us: Callable[[], int],
        rest_ms: int = 60,
        same_code_s: float = 3.0,
        budget_ms: float = 20.0,
    ) -> None:
        self._frames = frames
        self._on_scan = on_scan
        self._monotonic_us = monotonic_us
        self._rest_us = rest_ms * 1000
        self._budget_ms = budget_ms
        self._held = HeldCodes(away_us=round(same_code_s * 1_000_000))
        self._looked_us: int | None = None
        self._closed = False
        self._looks = decode.LOOKS
        self.counts = Counts()
        self.notes: list[str] = []
        """What works with less than it should, a sentence each."""
        try:
            zbar.check()
        except DecoderMissingError as error:
            # zxing-cpp alone still reads most codes: a counter with one decoder is open
            self._looks = tuple(look for look in decode.LOOKS if look.decoder != "pyzbar")
            self.notes.append(f"the scanner reads without zbar: {error}")

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
        reading = decode.read(frame, budget_ms=self._budget_ms, looks=self._looks)
        self._looked_us = self._monotonic_us()
        self.counts.looks += 1
        self.counts.refused += reading.refused
        codes = {code.text: code for code in reading.codes if self._fits(code)}
        for text in self._held.look(codes, now_us):
            self._on_scan(codes[text])
            self._held.keep(text)
            self.counts.scans += 1
        return True

    def self_test(self, timeout_s: float = 2.0) -> list[str]:
        """What is wrong with the scanner, a sentence each; empty when all is well.

        Reads a drawn card with each decoder alone, then waits for one frame.
        """
        card = draw_code(TEST_TEXT)
        wrong: list[str] = []
        for name, read in (("zxing-cpp", decode.by_zxing), ("pyzbar", decode.by_zbar)):
            try:
                if read(card) != [TEST_TEXT]:
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

    def _fits(self, code: Decoded) -> bool:
        if not code.text:
            self.counts.refused += 1
            return False
        if len(code.text) > MAX_SCAN_CHARS:
            self.counts.too_long += 1
            return False
        return True
