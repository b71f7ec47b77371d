"""Codes that a scanner has decoded itself and sends as text: told apart, checked, reported."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Final

from devices.qr_scanner.decoded import Decoded, DecoderName
from devices.qr_scanner.mangled import ADVICE, why_mangled
from devices.qr_scanner.reports import Counts, Reports

MANGLES: Final = "scanner-mangles-letters"
"""Code of the fault that ``on_fault`` is told."""

OnFault = Callable[[str, str, bool], None]
"""Code, what is wrong and what to do (never what was scanned), and False when it has gone."""


class SentCodes:
    """Texts that come whole; those that were mangled on the way are refused and told.

    ``on_fault`` is told once that letters are mangled, and once more when a text with letters
    beyond ASCII has come through.
    """

    def __init__(
        self,
        decoder: DecoderName,
        on_scan: Callable[[Decoded], None],
        *,
        same_code_s: float,
        gap_s: float,
        on_fault: OnFault,
    ) -> None:
        self._decoder: DecoderName = decoder
        self._reports = Reports(on_scan, same_code_s=same_code_s, gap_s=gap_s)
        self._on_fault = on_fault
        self._trouble: str | None = None

    @property
    def counts(self) -> Counts:
        """What came since the start."""
        return self._reports.counts

    @property
    def notes(self) -> list[str]:
        """What works with less than it should, a sentence each."""
        return [] if self._trouble is None else [self._trouble]

    def came(self, code: bytes, now_us: int) -> None:
        """A whole code has come as UTF-8."""
        try:
            self.typed(code.decode("utf-8"), now_us)
        except UnicodeDecodeError:
            self.refuse("what the scanner sends is not UTF-8", now_us)

    def typed(self, text: str, now_us: int) -> None:
        """A whole code has come as text."""
        why = why_mangled(text)
        if why is not None:
            self.refuse(why, now_us)
            return
        self.counts.looks += 1
        if self._trouble is not None and not text.isascii():
            self._trouble = None
            self._on_fault(MANGLES, "letters come through again", False)
        code = Decoded(unicodedata.normalize("NFC", text), self._decoder)
        self._reports.look([code], now_us)

    def refuse(self, why: str, now_us: int) -> None:
        """A code has come that cannot be what is printed."""
        self.counts.looks += 1
        self.counts.refused += 1
        self._reports.look([], now_us)
        told = self._trouble is not None
        self._trouble = f"a code was refused, {why}: {ADVICE}"
        if not told:
            self._on_fault(MANGLES, self._trouble, True)

    def nothing(self, now_us: int) -> None:
        """Nothing is before the scanner."""
        self._reports.look([], now_us)


def no_fault(code: str, text: str, raised: bool) -> None:
    """For whoever reads :attr:`SentCodes.notes` instead."""
