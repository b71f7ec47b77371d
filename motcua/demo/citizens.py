"""Simulated citizens: they come, take a ticket, wait, are served, scan, rate, and leave."""

from __future__ import annotations

import logging
import queue
import threading
from collections import deque
from random import Random
from typing import Any, Final, Literal, NamedTuple

from hall_server.catalogue import PRIORITY_REASONS
from motcua.demo.cards import citizen_card, picture_of
from motcua.demo.doors import DoorError
from motcua.demo.house import KIOSK, PROCEDURES, SERVICES
from motcua.demo.room import Room, Visitor
from motcua.demo.watching import Call, wait_until

_log = logging.getLogger(__name__)

GAP_S: Final = 8.0
"""Mean time between two arrivals in an empty hall; a full one lets fewer come in."""
CROWD: Final = 6
"""With so many in line, half as many come."""
MOST_PEOPLE: Final = 60
SEEN_WITHIN_S: Final = 6.0
"""In real time: how long one looks for what a scan or a press has brought."""
KIOSK_FREE_S: Final = 60.0
"""In real time: longer than a kiosk remembers what was held before it."""
PATIENCE_S: Final = 1800.0
SETTLE_S: Final = 0.06
"""In real time: between two hands on one button."""

_BUSIEST: Final = {"chung-thuc": 5, "ho-tich": 3, "cu-tru": 3, "tra-ket-qua": 2}
_LEVELS: Final = (3, 5, 12, 40, 40)
"""How often each level is pressed, worst first."""

Way = Literal["touch", "card", "wall"]


class Character(NamedTuple):
    """What one citizen does, drawn before she comes in."""

    way: Way
    service: str
    has_card: bool
    priority: str | None
    no_shows: int
    """Calls that she misses."""
    looks_up: bool
    """Holds her ticket's code before the kiosk, to see her place."""
    rates: Literal["button", "twice", "late", "phone", "no"]
    level: int


def character(rng: Random) -> Character:
    """Draw somebody: about 65 % press a button."""
    way: Way = rng.choices(("touch", "card", "wall"), (60, 25, 15))[0]
    return Character(
        way,
        rng.choices([one.id for one in SERVICES], [_BUSIEST.get(one.id, 1) for one in SERVICES])[0],
        way == "card" or rng.random() < 0.4,
        rng.choice(PRIORITY_REASONS) if rng.random() < 0.12 else None,
        rng.choices((0, 1, 3), (92, 5, 3))[0],
        rng.random() < 0.05,
        rng.choices(("button", "twice", "late", "phone", "no"), (55, 5, 5, 10, 25))[0],
        rng.choices(range(1, 6), _LEVELS)[0],
    )


class Citizens:
    """The street before the hall: lets citizens in, one thread each."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._thread = threading.Thread(target=self._let_in, name="demo-street", daemon=True)
        self._inside: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to let people in."""
        self._thread.start()

    @property
    def are_here(self) -> bool:
        """Whether one has not yet noticed that the demo ends."""
        return any(thread.is_alive() for thread in (self._thread, *self._inside))

    def _let_in(self) -> None:
        room, rng, number = self._room, self._room.rng("street"), 0
        if not self._kiosk_opens():
            return
        while True:
            crowd = 1 + room.board.waiting / CROWD
            if not room.rest(rng.expovariate(1 / GAP_S) * crowd):
                return
            self._inside = [one for one in self._inside if one.is_alive()]
            if len(self._inside) >= MOST_PEOPLE:
                continue
            number += 1
            citizen = Citizen(room, room.rng(f"citizen {number}"))
            thread = threading.Thread(target=citizen.run, name=f"citizen-{number}", daemon=True)
            self._inside.append(thread)
            thread.start()

    def _kiosk_opens(self) -> bool:
        """Whether the kiosk lets people take numbers before the demo ends."""
        while True:
            try:
                self._room.open_kiosk()
            except DoorError as error:
                _log.debug("the kiosk stays closed: %s", error)
                if not self._room.rest(1.0):
                    return False
            else:
                return True


class Citizen:
    """One citizen's visit."""

    def __init__(self, room: Room, rng: Random) -> None:
        self._room = room
        self._rng = rng
        self._is = character(rng)
        self._card = citizen_card(rng) if self._is.has_card else None

    def run(self) -> None:
        """From the door to the door."""
        try:
            taken = self._take()
            if taken is None:
                return
            ticket, seen_call = taken
            visitor = Visitor(str(ticket["number"]), str(ticket["token"]), self._card is not None)
            self._room.enter(visitor)
            try:
                if self._is.looks_up:
                    self._look_up(str(ticket["url"]))
                self._stay(visitor, seen_call)
            finally:
                self._room.leave(visitor)
        except DoorError as error:
            _log.debug("a citizen leaves: %s", error)

    # ------------------------------------------------------------------ the kiosk

    def _take(self) -> tuple[dict[str, Any], int] | None:
        """A ticket, and the newest call before it was taken; None where none was to be had."""
        room = self._room
        with room.kiosk_line:
            if room.ending.is_set():
                return None
            self._wait_for_the_kiosk()
            seen_call = room.board.last_call_id
            if self._is.way == "wall":
                ticket = self._take_by_wall_code()
            else:
                if self._is.way == "card" and self._card is not None:
                    self._hold_at_kiosk(self._card, "card")
                ticket = self._take_by_touch()
            room.kiosk_browser.post(f"/api/kiosk/{KIOSK}/forget")
        if ticket is None:
            return None
        room.ledger.ticket(str(ticket["token"]), str(ticket["number"]))
        return ticket, seen_call

    def _wait_for_the_kiosk(self) -> None:
        """Whoever sits at the screen may have a card before the kiosk: that is theirs to end."""
        room, path = self._room, f"/api/view/kiosk/{KIOSK}"
        wait_until(
            lambda: not room.kiosk_browser.get(path).body.get("scan"), KIOSK_FREE_S, room.ending
        )

    def _take_by_touch(self) -> dict[str, Any] | None:
        room = self._room
        asked = {"service": self._is.service, "priority": self._is.priority}
        answer, request = room.kiosk_browser.post(f"/api/kiosk/{KIOSK}/take", asked)
        if not answer.ok:
            room.ledger.refused(answer.code)
            return None
        if not answer.body.get("existing"):
            room.ledger.done(request, "take")
        ticket: dict[str, Any] = answer.body["ticket"]
        return ticket

    def _take_by_wall_code(self) -> dict[str, Any] | None:
        room = self._room
        # the paper of the one before may still be before the scanner: another is a new scan
        codes = [one.code for one in PROCEDURES if one.code != room.last_wall_code]
        room.last_wall_code = code = self._rng.choice(codes)
        scan = self._hold_at_kiosk(f"{room.layout.origin}/p/{code}", "procedure")
        ticket: dict[str, Any] | None = scan.get("ticket") if scan else None
        return ticket

    def _hold_at_kiosk(self, text: str, what: str) -> dict[str, Any] | None:
        """Hold ``text`` before the kiosk's scanner; what the kiosk then shows."""
        room, path = self._room, f"/api/view/kiosk/{KIOSK}"
        before = room.kiosk_browser.get(path).body.get("at_ms", 0)
        if not room.panels[KIOSK].hold(picture_of(text)):
            return None
        room.ledger.held()
        scans: deque[dict[str, Any]] = deque(maxlen=1)

        def shown() -> bool:
            scan = room.kiosk_browser.get(path).body.get("scan")
            if scan and scan["what"] == what and scan["at_ms"] >= before:
                scans.append(scan)
            return bool(scans)

        wait_until(shown, SEEN_WITHIN_S, room.ending)
        return scans[0] if scans else None

    def _look_up(self, url: str) -> None:
        with self._room.kiosk_line:
            self._wait_for_the_kiosk()
            self._hold_at_kiosk(url, "ticket")
            self._room.kiosk_browser.post(f"/api/kiosk/{KIOSK}/forget")

    # ------------------------------------------------------------------ the counter

    def _stay(self, visitor: Visitor, seen_call: int) -> None:
        room, missed = self._room, 0
        while True:
            call = room.board.wait_call(visitor.number, seen_call, PATIENCE_S)
            if call is None:
                if not room.ending.is_set():
                    self._give_up(visitor)
                return
            seen_call = call.id
            if missed < self._is.no_shows:
                missed += 1
                if missed == 3:
                    return
                continue
            word = self._stand_before(visitor, call)
            if word == "finished":
                self._rate(visitor, call.counter)
                return
            if word == "parked":
                if not room.rest(self._rng.uniform(20, 40)):
                    return
                room.back[call.counter].append(visitor.number)
            elif word is None:
                return

    def _stand_before(self, visitor: Visitor, call: Call) -> str | None:
        """At the counter until the clerk is done; the last word that she says."""
        room = self._room
        if not room.rest(self._rng.uniform(2, 5)):
            return None
        visitor.here.set()
        try:
            while True:
                try:
                    word = visitor.words.get(timeout=0.5)
                except queue.Empty:
                    if room.ending.is_set():
                        return None
                    # called again or elsewhere meanwhile, as a person at the screen may do
                    if room.board.wait_call(visitor.number, call.id, 0):
                        return "moved"
                    continue
                if word != "card":
                    return word
                if self._card is not None and room.panels[f"counter-{call.counter}"].hold(
                    picture_of(self._card)
                ):
                    room.ledger.held()
        finally:
            visitor.here.clear()

    def _give_up(self, visitor: Visitor) -> None:
        answer, request = self._room.browser().post(f"/api/ticket/{visitor.token}/cancel")
        if answer.ok:
            self._room.ledger.done(request, "cancel")
        else:
            self._room.ledger.refused(answer.code)

    # ------------------------------------------------------------------ the rating

    def _rate(self, visitor: Visitor, counter: str) -> None:
        room, how = self._room, self._is.rates
        if how == "no":
            return
        if how == "phone":
            room.rest(self._rng.uniform(5, 20))
            asked = {"level": self._is.level}
            answer, request = room.browser().post(f"/api/ticket/{visitor.token}/rate", asked)
            if answer.ok:
                room.ledger.done(request, "rate")
            else:
                room.ledger.refused(answer.code)
            return
        if not room.rest(self._rng.uniform(1, 3) if how != "late" else 40.0):
            return
        self._press(counter, waits=how != "late")
        if how == "twice":
            room.rest(1.0)
            self._press(counter, waits=False)

    def _press(self, counter: str, *, waits: bool) -> None:
        """Press, once the lamps invite (``waits``); see whether the lamp says thank you."""
        room, panel = self._room, self._room.panels[f"counter-{counter}"]

        def lit() -> list[int]:
            state = panel.state() or {}
            return [one["level"] for one in state.get("buttons", []) if one["lit"]]

        with room.hands[counter]:
            if waits:
                wait_until(lambda: len(lit()) > 1, SEEN_WITHIN_S / 4, room.ending)
            invited = len(lit()) > 1
            if not panel.press(self._is.level):
                return
            room.ledger.pressed()
            if invited and wait_until(lambda: lit() == [self._is.level], 0.5, room.ending):
                room.ledger.thanked(counter)
            room.ending.wait(SETTLE_S)
