"""Each view of the hall by its name, as it is at this moment; from any thread.

Names: ``board``, ``kiosk:<node>``, ``counter:<id>``, ``ticket:<token>``,
``clerk:<counter>:<clerk>``, ``technician``.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from msgspec import Struct

from hall_server.catalogue import Catalogue
from hall_server.journal import DeadLetter
from hall_server.queue.estimates import Estimates, estimate
from hall_server.state import KioskScreen, State
from hall_server.web.context import DeadLetters, WebContext
from hall_server.web.projections import board, citizen, clerk, technician
from hall_server.web.projections.moment import Known, Moment
from hall_server.web.projections.technician import Engine
from hall_server.web.views import (
    ClerkView,
    KioskView,
    PanelLine,
    ProcedureView,
    StartView,
    TechnicianView,
    TicketView,
)

ESTIMATES_SHARE: Final = 0.02
"""Of the time, at most, for working out waits: the more people wait, the rarer."""
ESTIMATES_KEPT_S: Final = 2.0
"""The longest that waits are kept while people come and are called."""
ESTIMATES_KEPT_IDLE_S: Final = 5.0
"""While nothing happens, waits only shrink with the time."""
LETTERS_KEPT_S: Final = 2.0
LETTERS_SHOWN: Final = 100
PROCEDURES_TO_TRY: Final = 12
LOOPBACK: Final = ("127.0.0.1", "::1")


class LatestEstimates:
    """The waits of a moment ago, worked out again when they are too old."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._lock = threading.Lock()
        self._latest: tuple[int, float, Estimates] | None = None
        self._kept_s = 0.0

    def current_in_s(self, state: State) -> float | None:
        """When the waits of ``state`` itself may be asked for; None where they are the latest."""
        if self._latest is not None and self._latest[0] == state.last_fact:
            return None
        return self._kept_s

    def at(self, state: State, now_ms: int) -> Estimates:
        """Waits of ``state`` or of one a little older."""
        if (latest := self._fresh(state)) is not None:
            return latest
        # While another thread works them out, those of before will do.
        if self._latest is not None and not self._lock.acquire(blocking=False):
            return self._latest[2]
        if self._latest is None:
            self._lock.acquire()
        try:
            if (latest := self._fresh(state)) is not None:
                return latest
            began_s = time.monotonic()
            found = estimate(self._catalogue, state, now_ms)
            done_s = time.monotonic()
            self._kept_s = min(ESTIMATES_KEPT_S, (done_s - began_s) / ESTIMATES_SHARE)
            self._latest = (state.last_fact, done_s, found)
            return found
        finally:
            self._lock.release()

    def _fresh(self, state: State) -> Estimates | None:
        latest = self._latest
        if latest is None:
            return None
        fact, at_s, estimates = latest
        age_s = time.monotonic() - at_s
        kept_s = ESTIMATES_KEPT_IDLE_S if fact == state.last_fact else self._kept_s
        return estimates if age_s < kept_s else None


class KioskMemory:
    """Which screens their kiosks were told to forget; a restart of the hall remembers none."""

    def __init__(self) -> None:
        self._forgotten: dict[str, int] = {}

    def forget(self, node: str, screen: KioskScreen | None) -> None:
        """Go back to the start: what was scanned up to now is not shown and not used again."""
        if screen is not None:
            self._forgotten[node] = screen.at_ms

    def screen(self, state: State, node: str) -> KioskScreen | None:
        """What was last held before the scanner, if the kiosk has not been told to forget it."""
        screen = state.kiosks.get(node)
        if screen is None or screen.at_ms <= self._forgotten.get(node, -1):
            return None
        return screen


class HallViews:
    """Builds the views out of the writer's newest state."""

    def __init__(self, web: WebContext) -> None:
        self._web = web
        self._catalogue = web.settings.catalogue()
        self._clerks = {one.id: one.name for one in web.settings.clerk}
        self._kiosks = {one.id for one in web.settings.node if one.kind == "kiosk"}
        self._estimates = LatestEstimates(self._catalogue)
        self._known = Known(web.writer.view)
        self._reader: DeadLetters | None = None
        self._letters: tuple[float, list[DeadLetter], int] = (0.0, [], 0)
        self._letters_lock = threading.Lock()
        self.kiosk_memory = KioskMemory()
        self.live_pages = 0
        """Live pages that are open; kept by whoever serves them."""
        self.tell: Callable[[], None] = lambda: None
        """Have the live pages look again, after a change that is no fact."""

    @property
    def catalogue(self) -> Catalogue:
        """What the hall offers."""
        return self._catalogue

    def moment(self) -> Moment:
        """Now."""
        state = self._web.writer.view
        now_ms = max(self._web.wall_ms(), state.last_ms)
        known = self._known
        if known.state is not state:
            known = self._known = Known(state)
        return Moment(
            self._catalogue,
            state,
            self._estimates.at(state, now_ms),
            now_ms,
            self._web.settings.hall.name,
            self._web.settings.public_url,
            known,
            self._printers_away(),
        )

    def _printers_away(self) -> frozenset[str]:
        printers = self._catalogue.slips.printers
        return frozenset(
            one.node
            for one in (self._web.nodes.all() if printers else ())
            if one.node in printers and one.state is not None and one.state.status == "offline"
        )

    def look_again_in_s(self, moment: Moment) -> float | None:
        """A time where the waits of ``moment`` were of a moment before it; None where not."""
        return self._estimates.current_in_s(moment.state)

    def named(self, name: str, moment: Moment | None = None) -> Struct | None:
        """The view of that name; None where there is no such thing (any more)."""
        moment = moment or self.moment()
        kind, _, rest = name.partition(":")
        if kind == "board":
            return board.board(moment)
        if kind == "counter" and rest in self._catalogue.counters:
            return board.counter(moment, rest)
        if kind == "ticket":
            return self.ticket(rest, moment)
        if kind == "kiosk" and rest in self._kiosks:
            return self.kiosk(rest, moment)
        if kind == "technician":
            return self.technician(moment)
        if kind == "clerk":
            counter, _, who = rest.partition(":")
            return self.clerk(counter, who, moment)
        return None

    def ticket(self, token: str, moment: Moment | None = None) -> TicketView | None:
        """The page of the ticket with ``token``."""
        moment = moment or self.moment()
        found = moment.state.tickets.get(moment.state.by_token.get(token, ""))
        return citizen.ticket(moment, found) if found else None

    def kiosk(self, node: str, moment: Moment | None = None) -> KioskView:
        """A kiosk of the settings."""
        moment = moment or self.moment()
        return citizen.kiosk(moment, node, self.kiosk_memory.screen(moment.state, node))

    def clerk(self, counter: str, who: str, moment: Moment | None = None) -> ClerkView | None:
        """The console of ``who`` at ``counter``."""
        if counter not in self._catalogue.counters or who not in self._clerks:
            return None
        return clerk.console(
            moment or self.moment(), counter, who, self._clerks[who], self._web.forms
        )

    def procedure(self, code: str) -> ProcedureView | None:
        """A procedure of the wall."""
        known = self._catalogue.procedures.get(code)
        return citizen.procedure(self.moment(), known) if known else None

    def start(self, *, at_home: bool = False) -> StartView:
        """The start page; ``at_home`` where a browser of this machine itself asks for it."""
        moment = self.moment()
        nodes = self._web.settings.node
        procedures = list(self._catalogue.procedures.values())[:PROCEDURES_TO_TRY]
        return StartView(
            moment.state.last_fact,
            moment.now_ms,
            moment.hall,
            list(self._catalogue.counters),
            [one.id for one in nodes if one.kind == "kiosk"],
            [citizen.procedure(moment, one) for one in procedures],
            [
                PanelLine(one.id, one.kind, one.counter or None, one.panel_url)
                for one in nodes
                if one.panel_url
            ],
            self._keys_at_home() if at_home else {},
        )

    def _keys_at_home(self) -> dict[str, str]:
        settings = self._web.settings
        if settings.web.host not in LOOPBACK:
            return {}
        keys: dict[str, str] = {}
        for one in settings.node:
            if one.kind == "kiosk" and one.panel_url and one.key_file:
                with suppress(OSError):
                    keys[one.id] = Path(one.key_file).read_text(encoding="utf-8").strip()
        return keys

    def technician(self, moment: Moment | None = None) -> TechnicianView:
        """The technician's page; reads the journal's dead letters, so it may take a while."""
        web = self._web
        letters, total = self._dead_letters()
        engine = Engine(
            web.version,
            web.nodes.all(),
            letters,
            total,
            web.road is not None and web.road.connected,
            web.road.paths_ms() if web.road else [],
            web.writer.disk_full,
            web.writer.inbox_depth,
            self.live_pages,
            web.feeder.points_written() if web.feeder else None,
            web.feeder.spool_depth() if web.feeder else None,
            web.feeder.last_error() if web.feeder else None,
        )
        return technician.technician(moment or self.moment(), web.settings.node, engine)

    def _dead_letters(self) -> tuple[list[DeadLetter], int]:
        with self._letters_lock:
            read_s, letters, total = self._letters
            if time.monotonic() - read_s < LETTERS_KEPT_S and read_s:
                return letters, total
            try:
                if self._reader is None:
                    self._reader = self._web.open_journal()
                letters = self._reader.dead_letters(LETTERS_SHOWN)
                total = self._reader.count_dead_letters()
            except sqlite3.Error:  # the page goes on with what it had; the disk's state is on it
                self._reader = None
            self._letters = (time.monotonic(), letters, total)
            return letters, total

    def close(self) -> None:
        """Close the journal's reader."""
        with self._letters_lock:
            if self._reader is not None:
                self._reader.close()
                self._reader = None
