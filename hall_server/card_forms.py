"""The form that a scanned citizen card fills: in memory, for the clerk of the visit alone."""

from __future__ import annotations

import threading
from typing import Final, Literal, NamedTuple

from hall_server.identity.scan import CitizenCard

KEPT_MS: Final = 15 * 60_000
WRONG_CARD_SHOWN_MS: Final = 20_000

WrongCard = Literal["wrong_health_insurance", "wrong_damaged", "wrong_unknown"]


class ReadCard(NamedTuple):
    """A card, and when it was read (hall time)."""

    card: CitizenCard
    read_ms: int

    def __repr__(self) -> str:
        return f"ReadCard(<withheld>, read_ms={self.read_ms})"


class _Form(NamedTuple):
    clerk: str | None
    ticket: str | None
    read: ReadCard

    def __repr__(self) -> str:
        return "_Form(<withheld>)"


class CardForms:
    """One form a counter; nothing of it is written anywhere, a restart forgets it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._forms: dict[str, _Form] = {}
        self._wrong: dict[str, tuple[WrongCard, int]] = {}

    def fill(
        self, counter: str, clerk: str | None, ticket: str | None, card: CitizenCard, now_ms: int
    ) -> None:
        """A card was read at ``counter`` while ``clerk`` had ``ticket`` there."""
        with self._lock:
            self._forms[counter] = _Form(clerk, ticket, ReadCard(card, now_ms))
            self._wrong.pop(counter, None)

    def wrong(self, counter: str, what: WrongCard, now_ms: int) -> None:
        """Something else was held before the scanner of ``counter``."""
        with self._lock:
            self._wrong[counter] = (what, now_ms)

    def form_for(
        self, counter: str, clerk: str, ticket: str | None, now_ms: int
    ) -> ReadCard | None:
        """The card of this very visit, to its own clerk; None otherwise."""
        with self._lock:
            form = self._forms.get(counter)
            if form is None:
                return None
            if form.clerk != clerk or form.ticket != ticket or now_ms - form.read.read_ms > KEPT_MS:
                del self._forms[counter]
                return None
            return form.read

    def message_for(self, counter: str, now_ms: int) -> WrongCard | None:
        """What was wrong with the last thing held before the scanner, for a short while."""
        with self._lock:
            wrong = self._wrong.get(counter)
            if wrong is None or now_ms - wrong[1] > WRONG_CARD_SHOWN_MS:
                return None
            return wrong[0]

    def keep_only(self, tickets: dict[str, str | None]) -> None:
        """Forget the forms of counters whose ticket (counter -> ticket now) has changed."""
        with self._lock:
            for counter in [c for c, one in self._forms.items() if tickets.get(c) != one.ticket]:
                del self._forms[counter]
