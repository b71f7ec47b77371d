"""What is being held before the scanner: the same code held still is one scan.

Pure: the clock is handed in, texts are kept as hashes and for as long as they are held.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b


class HeldCodes:
    """Which codes are before the scanner, and since when the others are away.

    A code is away from the first look that misses it.  Back within ``away_us`` it is still the
    same holding, so a card that trembles is one scan; later, it is a new one.  Time in which
    nobody looked does not count as away.
    """

    def __init__(self, *, away_us: int) -> None:
        self._away_us = away_us
        self._missed_since_us: dict[bytes, int | None] = {}

    def look(self, texts: Iterable[str], now_us: int) -> list[str]:
        """Tell what one look saw; those of ``texts`` that are newly held, in their order.

        A new text is known as held only after :meth:`keep`, so that one whose report failed is
        new again at the next look.
        """
        for name, since_us in list(self._missed_since_us.items()):
            if since_us is not None and now_us - since_us >= self._away_us:
                del self._missed_since_us[name]
        seen = {_name(text): text for text in texts}
        for name, since_us in self._missed_since_us.items():
            if name in seen:
                self._missed_since_us[name] = None
            elif since_us is None:
                self._missed_since_us[name] = now_us
        return [text for name, text in seen.items() if name not in self._missed_since_us]

    def keep(self, text: str) -> None:
        """``text`` has been reported: from now on it is held."""
        self._missed_since_us[_name(text)] = None

    def __len__(self) -> int:
        return len(self._missed_since_us)


def _name(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=16).digest()
