"""What everybody in the hall was told: written down as it happens, compared with the journal after.

Only what somebody could see counts: a ticket in the hand, an answer on the screen, a lit lamp.
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import NamedTuple


class Seen(NamedTuple):
    """Everything that was seen, as plain sets and counts."""

    tickets: dict[str, str]
    """Token -> number, of tickets that citizens were given."""
    requests: dict[str, str]
    """Request id -> what it did, of commands that were answered with yes."""
    lamps: Counter[str]
    """Counter -> presses after which the pressed button's lamp alone was lit."""
    presses: int
    """Presses that a panel took."""
    holds: int
    """Cards that a panel took."""
    refused: Counter[str]
    """Refusals by their code: normal life."""


class Ledger:
    """The book; any thread may write."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen = Seen({}, {}, Counter(), 0, 0, Counter())

    def ticket(self, token: str, number: str) -> None:
        """A citizen was given a ticket."""
        with self._lock:
            self._seen.tickets[token] = number

    def done(self, request_id: str, what: str) -> None:
        """A command was answered with yes, and must be in the journal."""
        with self._lock:
            self._seen.requests[request_id] = what

    def refused(self, code: str) -> None:
        """A command was answered with no."""
        with self._lock:
            self._seen.refused[code] += 1

    def pressed(self) -> None:
        """A finger was on a button."""
        with self._lock:
            self._seen = self._seen._replace(presses=self._seen.presses + 1)

    def held(self) -> None:
        """A card was held before a scanner."""
        with self._lock:
            self._seen = self._seen._replace(holds=self._seen.holds + 1)

    def thanked(self, counter: str) -> None:
        """The lamp of the pressed button was lit: the press is kept."""
        with self._lock:
            self._seen.lamps[counter] += 1

    def seen(self) -> Seen:
        """A copy of all of it."""
        with self._lock:
            seen = self._seen
            return seen._replace(
                tickets=dict(seen.tickets),
                requests=dict(seen.requests),
                lamps=Counter(seen.lamps),
                refused=Counter(seen.refused),
            )
