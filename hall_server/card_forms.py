"""The form that a scanned citizen card fills: in memory, for the clerk of the visit alone."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from hall_server.identity.scan import CitizenCard

KEPT_MS: Final = 15 * 60_000
WRONG_CARD_SHOWN_MS: Final = 20_000

WrongCard = Literal["wrong_health_insurance", "wrong_damaged", "wrong_unknown"]


class CardForm(Struct, frozen=True):
    """The form filled from a citizen card, for the clerk of the visit alone."""

    name: str
    number_masked: str
    born: str
    sex: Literal["male", "female"]
    address: str
    issued: str
    read_ms: int


class _Form(NamedTuple):
    clerk: str | None
    ticket: str | None
    card: CitizenCard
    read_ms: int

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
            self._forms[counter] = _Form(clerk, ticket, card, now_ms)
            self._wrong.pop(counter, None)

    def wrong(self, counter: str, what: WrongCard, now_ms: int) -> None:
        """Something else was held before the scanner of ``counter``."""
        with self._lock:
            self._wrong[counter] = (what, now_ms)

    def form_for(
        self, counter: str, clerk: str, ticket: str | None, now_ms: int
    ) -> CardForm | None:
        """The card of this very visit, to its own clerk; None otherwise."""
        with self._lock:
            form = self._forms.get(counter)
            if form is None or form.clerk != clerk or form.ticket != ticket:
                return None
            if now_ms - form.read_ms > KEPT_MS:
                del self._forms[counter]
                return None
        card = form.card
        return CardForm(
            name=card.name,
            number_masked=card.masked(),
            born=card.born.shown(),
            sex=card.sex,
            address=card.address or "",
            issued=card.issued.shown() if card.issued else "",
            read_ms=form.read_ms,
        )

    def message_for(self, counter: str, clerk: str, now_ms: int) -> WrongCard | None:
        """What was wrong with the last thing held before the scanner, for a short while."""
        with self._lock:
            wrong = self._wrong.get(counter)
        if wrong is None or now_ms - wrong[1] > WRONG_CARD_SHOWN_MS:
            return None
        return wrong[0]

    def keep_only(self, visits: Mapping[str, tuple[str | None, str | None]]) -> None:
        """Forget the forms of counters whose (clerk, ticket) is another now."""
        with self._lock:
            for counter, form in list(self._forms.items()):
                if visits.get(counter) != (form.clerk, form.ticket):
                    del self._forms[counter]
