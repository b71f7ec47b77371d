"""The store as the feeder sees it: takes lines, refuses lines, or is away; and when it started."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final, Protocol

TRUSTED_AFTER_S: Final = 2.0
"""Start times are whole seconds: two starts within one look alike.  A start time seen this long
ago differs from that of every later start."""


class StoreAwayError(Exception):
    """Nothing can be written now, whatever the lines; the text says what to do."""


class LinesRefusedError(Exception):
    """The store takes lines, but not one of these."""


class Store(Protocol):
    """Where lines go."""

    def write(self, lines: Sequence[str]) -> None:
        """Write lines of InfluxDB's protocol, in ms; StoreAwayError or LinesRefusedError."""

    def started(self) -> str | None:
        """What changes each time that the store is started; None where it does not tell."""

    def close(self) -> None:
        """Let the connections go."""


class Lives:
    """Tells whether the store has been started anew, from start times of whole seconds."""

    def __init__(self, store: Store, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._monotonic = monotonic
        self._start: str | None = None
        self._seen_at = 0.0
        self.untold = False
        """The store does not tell when it started."""

    @property
    def current(self) -> str | None:
        """The life last read, once no other can be taken for it; None before."""
        old_enough = self._monotonic() - self._seen_at >= TRUSTED_AFTER_S
        return self._start if old_enough else None

    def look(self) -> None:
        """Read it again.

        Raises:
            StoreAwayError: the store did not answer.
        """
        start = self._store.started()
        self.untold = start is None
        if start != self._start:
            self._start, self._seen_at = start, self._monotonic()
