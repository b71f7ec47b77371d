"""What of all that a scanner sees is reported: one holding one scan, one code at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from devices.messages import MAX_SCAN_CHARS
from devices.qr_scanner.decoded import Decoded
from devices.qr_scanner.held import HeldCodes


@dataclass(slots=True)
class Counts:
    """What a scanner has seen since its start."""

    looks: int = 0
    """Frames that were decoded, or lines that came."""
    scans: int = 0
    """Codes that were reported."""
    refused: int = 0
    """Looks at a code that is not UTF-8, empty, or mangled on its way."""
    too_long: int = 0
    """Looks at a code with more characters than a message carries."""
    torn: int = 0
    """Codes of which only a part came over the line."""


class Reports:
    """Hands each code to ``on_scan`` once a holding.

    - A code held still is one scan, and a new one after it was away for ``same_code_s``.
    - Of several codes in one look the first is the one that is held; while it is seen, the
      others are not reported.
    - Between two scans there are ``gap_s`` or more: a code that comes sooner is reported when
      it is still there then.
    - If ``on_scan`` raises, the code is reported again at the next look.
    """

    def __init__(
        self, on_scan: Callable[[Decoded], None], *, same_code_s: float, gap_s: float
    ) -> None:
        self._on_scan = on_scan
        self._held = HeldCodes(away_us=round(same_code_s * 1_000_000))
        self._gap_us = round(gap_s * 1_000_000)
        self._scanned_us: int | None = None
        self.counts = Counts()

    def look(self, codes: Sequence[Decoded], now_us: int) -> None:
        """Tell what one look saw, the code that is held first; nothing counts as a look too."""
        fitting = {code.text: code for code in codes if self._fits(code)}
        new = self._held.look(fitting, now_us)
        if not new or len(new) < len(fitting):
            return
        if self._scanned_us is not None and now_us - self._scanned_us < self._gap_us:
            return
        self._on_scan(fitting[new[0]])
        self._held.keep(new[0])
        self._scanned_us = now_us
        self.counts.scans += 1

    def _fits(self, code: Decoded) -> bool:
        if not code.text:
            self.counts.refused += 1
            return False
        if len(code.text) > MAX_SCAN_CHARS:
            self.counts.too_long += 1
            return False
        return True
