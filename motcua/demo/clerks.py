"""Simulated clerks: they sign in, call, serve, finish, and take the hall's answers as they are."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from random import Random
from typing import Any, Final

from motcua.demo.doors import Answer, DoorError
from motcua.demo.house import QUICK_SERVICES, SERVICES, Worker
from motcua.demo.room import Room, Visitor

_log = logging.getLogger(__name__)

SPREAD: Final = 0.5
"""A service takes what its settings expect, give or take so much of it."""
COMES_WITHIN_S: Final = 10.0
LOOKS_S: Final = 5.0
"""How often a clerk with nobody in line looks again."""
LEFT_ALONE_S: Final = 20.0
"""How long a person at the screen has for her rating before the next is called."""
SIGNED_OUT: Final = frozenset({"signed_out", "bad_request", "not_your_counter", "counter_not_open"})


def serving_s(number: str, rng: Random) -> float:
    """How long serving ``number`` takes, in seconds at speed 1: what its service is told to take.

    A number keeps its letter when it is sent on, and the pace of that letter's service with it.
    """
    minutes = _MINUTES_OF.get(number.rstrip("0123456789"), 1.0)
    return 60 * minutes * rng.uniform(1 - SPREAD, 1 + SPREAD)


_MINUTES_OF: Final = {one.prefix: one.expected_minutes for one in QUICK_SERVICES}


class Clerks:
    """The clerks of the demo, one thread each."""

    def __init__(self, room: Room, workers: list[Worker]) -> None:
        self._threads = [
            threading.Thread(target=Clerk(room, one).run, name=f"clerk-{one.id}", daemon=True)
            for one in workers
        ]

    def start(self) -> None:
        """They come to work."""
        for thread in self._threads:
            thread.start()

    @property
    def are_here(self) -> bool:
        """Whether one has not yet noticed that the demo ends."""
        return any(thread.is_alive() for thread in self._threads)


class Clerk:
    """One clerk's day."""

    def __init__(self, room: Room, worker: Worker) -> None:
        self._room = room
        self._worker = worker
        self._counter = worker.counter or ""
        self._rng: Random = room.rng(f"clerk {worker.id}")
        self._browser = room.browser()

    def run(self) -> None:
        """Sign in and work, and sign in again where that was lost, until the demo ends."""
        while not self._room.ending.is_set():
            try:
                if self._sign_in():
                    self._work()
            except DoorError as error:
                _log.debug("clerk %s waits: %s", self._worker.id, error)
            self._room.rest(LOOKS_S)

    def _sign_in(self) -> bool:
        pin = self._room.layout.pins[self._worker.id]
        answer = self._browser.sign_in("clerk", self._worker.id, pin, self._counter)
        if not answer.ok:
            self._room.ledger.refused(answer.code)
        return answer.ok

    def _ask(self, verb: str, body: Mapping[str, object] | None = None) -> Answer:
        answer, request = self._browser.post(f"/api/clerk/{verb}", body)
        if answer.ok:
            self._room.ledger.done(request, verb)
        else:
            self._room.ledger.refused(answer.code)
        return answer

    def _view(self) -> dict[str, Any]:
        return self._browser.get("/api/view/clerk").body

    def _work(self) -> None:
        room, rng = self._room, self._rng
        view = self._view()
        if view.get("phase") == "paused":
            self._ask("resume")
        if ticket := view.get("ticket"):
            self._finish_what_was_left(str(ticket["number"]), str(ticket["phase"]))
        while not room.ending.is_set():
            self._let_back_in()
            answer = self._ask("call-next")
            if answer.ok:
                self._deal_with(str(answer.body.get("number", "")))
                if rng.random() < 0.02:
                    self._take_a_break()
            elif answer.code == "nobody_waiting":
                room.board.wait_change(max(0.1, LOOKS_S / room.speed))
                room.rest(1.0)
            elif answer.code in ("counter_paused", "counter_busy"):
                return  # somebody else works here too: look at the view again
            elif answer.code in SIGNED_OUT:
                return
            else:
                room.rest(1.0)

    def _finish_what_was_left(self, number: str, phase: str) -> None:
        visitor = self._room.visitor(number)
        if phase == "called":
            self._serve_called(number)
        else:
            self._serve(number, visitor)

    def _let_back_in(self) -> None:
        """Those who have fetched their paper go back in line."""
        back = self._room.back[self._counter]
        if not back:
            return
        parked = {str(one["number"]): str(one["ticket"]) for one in self._view().get("parked", [])}
        while back:
            number = back.popleft()
            if number in parked:
                self._ask("unpark", {"ticket": parked[number]})

    def _take_a_break(self) -> None:
        if self._ask("pause", {"reason": "Nghỉ giải lao"}).ok:
            self._room.rest(self._rng.uniform(10, 20))
            self._ask("resume")

    # ------------------------------------------------------------------ one ticket

    def _deal_with(self, number: str) -> None:
        if self._rng.random() < 0.02 and self._view().get("ticket"):
            self._ask("recall")
        self._serve_called(number)

    def _serve_called(self, number: str) -> None:
        """A called ticket: wait for its holder, call again, and give her up or serve her."""
        for is_last in (False, True):
            visitor, came = self._wait_for(number)
            if came:
                if self._ask("start").ok:
                    self._serve(number, visitor)
                return
            if self._room.ending.is_set():
                return
            if not is_last:
                self._ask("recall")
        self._ask("no-show")

    def _wait_for(self, number: str) -> tuple[Visitor | None, bool]:
        """Who comes, and whether.  Who is none of the simulated stands before a screen."""
        room = self._room
        room.rest(1.0)
        room.ending.wait(0.15)  # the answer of a ticket just taken may still be on its way
        visitor = room.visitor(number)
        if visitor is None:
            return None, room.rest(LOOKS_S)
        # in real time, too: a called number takes its moment to be on the board
        return visitor, visitor.here.wait(max(0.6, COMES_WITHIN_S / room.speed))

    def _serve(self, number: str, visitor: Visitor | None) -> None:
        room, rng = self._room, self._rng
        if visitor is not None and visitor.has_card and rng.random() < 0.7:
            visitor.words.put("card")
        if not room.rest(serving_s(number, rng)):
            return
        chance = rng.random()
        if visitor is not None and chance < 0.04:
            self._park(visitor)
        elif visitor is not None and chance < 0.08 and self._transfer(visitor):
            return
        else:
            self._finish(visitor)

    def _park(self, visitor: Visitor) -> None:
        if self._ask("park", {"reason": "Thiếu giấy tờ, quay lại sau"}).ok:
            visitor.words.put("parked")
        else:
            self._finish(visitor)

    def _transfer(self, visitor: Visitor) -> bool:
        service = self._rng.choice(SERVICES).id
        moved = self._ask("transfer", {"service": service}).ok
        if moved:
            visitor.words.put("moved")
        return moved

    def _finish(self, visitor: Visitor | None) -> None:
        room, rng = self._room, self._rng
        if not self._ask("finish").ok:
            if visitor is not None:
                visitor.words.put("moved")
            return
        if rng.random() < 0.03:
            room.rest(1.0)
            if self._ask("undo").ok:
                room.rest(2.0)
                self._ask("finish")
        if visitor is None:
            room.rest(LEFT_ALONE_S)
            return
        visitor.words.put("finished")
        visitor.gone.wait(rng.uniform(4, 8) / room.speed)
