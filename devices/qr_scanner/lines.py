"""Bytes that come in pieces, cut into codes: each whole, or none at all.  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal

Ends = Literal["line", "gap"]
"""What ends a code: CR, LF or both; or a pause on the line."""

MAX_BYTES: Final = 8192
"""Longer than any QR code: 7,089 digits in version 40-L (ISO/IEC 18004)."""


class Lines:
    """Cuts what a scanner sends into codes; times are handed in.

    With ``ends="line"`` a code is what stands before CR or LF; a rest that nothing ends within
    ``gap_us`` was torn and is dropped.  With ``ends="gap"`` a code is what came before a pause
    of ``gap_us``.  What comes without a pause from the very beginning may be the tail of a code
    and is dropped too, as is what is longer than :data:`MAX_BYTES`.
    """

    def __init__(self, *, ends: Ends, gap_us: int, now_us: int) -> None:
        self._ends = ends
        self._gap_us = gap_us
        self._buffer = bytearray()
        self._dropping: Literal["torn", "long"] | None = "torn"
        self._last_us = now_us
        self._began_us = now_us
        self.torn = 0
        """Parts of codes that were dropped."""
        self.too_long = 0
        """Codes that were dropped for their length."""
        self.took_us = 0
        """How long the last whole code was on the line."""

    def feed(self, data: bytes, now_us: int) -> Iterator[bytes]:
        """``data`` has come; the codes that are whole now, without their ends."""
        yield from self.wait(now_us)
        if not self._buffer:
            self._began_us = now_us
        self._last_us = now_us
        self._buffer += data
        if self._ends == "line":
            *whole, rest = re.split(rb"[\r\n]", self._buffer)
            self._buffer[:] = rest
            for line in whole:
                if self._is_good(line):
                    self.took_us = now_us - self._began_us
                    yield line
        if len(self._buffer) > MAX_BYTES:
            self._buffer.clear()
            self._dropping = "long"

    def wait(self, now_us: int) -> Iterator[bytes]:
        """Nothing more has come until ``now_us``; the code that this pause ends, if any."""
        if now_us - self._last_us < self._gap_us:
            return
        rest = bytes(self._buffer).rstrip(b"\r\n")
        self._buffer.clear()
        if self._ends == "line" and rest and self._dropping is None:
            self._dropping = "torn"
        if self._is_good(rest):
            self.took_us = self._last_us - self._began_us
            yield rest

    def _is_good(self, code: bytes) -> bool:
        """Whether ``code``, at whose end we are, is whole; counts it where it is not."""
        dropping, self._dropping = self._dropping, None
        if dropping == "long" or len(code) > MAX_BYTES:
            self.too_long += 1
            return False
        if dropping == "torn":
            self.torn += bool(code)
            return False
        return bool(code)
