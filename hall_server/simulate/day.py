"""One day of the shipped hall under a virtual clock.

Citizens come as the trace says, counters open, break and close by their hours, and a counter that
is free calls the next ticket at once.  The hall decides everything; here is only what the world
outside it does: people come, are there or not, and take their time.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import Final, NamedTuple

import msgspec

from hall_server import commands as c
from hall_server.catalogue import Catalogue
from hall_server.commands import Command, Outcome
from hall_server.hall import Hall
from hall_server.queue import hours
from hall_server.queue.reasons import in_words
from hall_server.simulate.trace import Arrival
from hall_server.state import State

CALL_TIMEOUT_S: Final = 45
"""What somebody who does not come costs the counter."""
A_DAY: Final = date(2026, 10, 5)


class Served(NamedTuple):
    """What became of one arrival; times in seconds after midnight, None where it was not called."""

    arrival: Arrival
    counter: str | None
    called_s: float | None
    finished_s: float | None
    reason: str


class Watched(NamedTuple):
    """The hall at one moment of the day, for who measures it: before anything is called."""

    state: State
    now_ms: int


class DayRun(NamedTuple):
    """A day that was run."""

    served: list[Served]
    """In the order of the trace."""
    overtakes: int
    worked_s: dict[str, float]
    """Counter -> seconds of calling and serving."""
    open_s: dict[str, float]
    """Counter -> seconds of its hours."""
    left_s: float
    """Seconds of serving that were still waiting when the last counter had closed."""


class _Event(NamedTuple):
    at_ms: int
    order: int
    number: int
    what: Callable[[], None]


class SimulatedDay:
    """A hall of ``catalogue`` and the world around it, for one day."""

    def __init__(
        self,
        catalogue: Catalogue,
        arrivals: Sequence[Arrival],
        *,
        day: date = A_DAY,
        learnt: State | None = None,
        call_timeout_s: float = CALL_TIMEOUT_S,
        watch: Callable[[Watched], None] | None = None,
    ) -> None:
        rules = msgspec.structs.replace(catalogue.queue, no_shows_until_dropped=1)
        self._catalogue = msgspec.structs.replace(catalogue, queue=rules)
        self._hall = Hall(self._catalogue, _with_what_was_learnt(learnt))
        self._arrivals = arrivals
        self._timeout_ms = round(call_timeout_s * 1000)
        self._watch = watch
        offset_ms = rules.utc_offset_minutes * 60_000
        self._midnight_ms = (
            round(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000) - offset_ms
        )
        self._events: list[_Event] = []
        self._count = 0
        self._number_of: dict[str, int] = {}
        self._called: dict[int, tuple[str, int, str]] = {}
        self._finished: dict[int, int] = {}
        self._idle: list[str] = []
        """Counters that may call, whoever serves the fewest services first, then the longest idle.
        """
        self._busy: set[str] = set()
        self._on: set[str] = set()
        self._worked_ms = dict.fromkeys(catalogue.counters, 0)
        self._now_ms = self._midnight_ms

    @property
    def hall(self) -> Hall:
        """The hall itself."""
        return self._hall

    def run(self) -> DayRun:
        """The whole day, to its last finish."""
        for number, arrival in enumerate(self._arrivals):
            self._at(self._clock_ms(arrival.arrival_s), 1, partial(self._arrive, number))
        last_ms = self._midnight_ms
        for counter in self._catalogue.counters:
            stretches = hours.of(self._catalogue, counter, self._midnight_ms + 1).stretches
            for begin_ms, end_ms in stretches:
                self._at(begin_ms, 0, partial(self._begin, counter))
                self._at(end_ms, 2, partial(self._end, counter))
                last_ms = max(last_ms, end_ms)
        while self._events:
            self._now_ms = self._events[0].at_ms
            while self._events and self._events[0].at_ms == self._now_ms:
                heapq.heappop(self._events).what()
            if self._watch is not None:
                self._watch(Watched(self._hall.state, self._now_ms))
            self._call()
        return self._told(last_ms)

    # ------------------------------------------------------------------ what happens

    def _arrive(self, number: int) -> None:
        arrival = self._arrivals[number]
        outcome = self._ask(
            c.TakeTicket(
                request=f"take-{number}",
                service=arrival.service,
                channel="kiosk",
                token=f"{number:022d}",
                by="kiosk",
                priority=arrival.priority,
            )
        )
        if outcome.ticket is not None:
            self._number_of[outcome.ticket] = number

    def _begin(self, counter: str) -> None:
        self._on.add(counter)
        one = self._hall.state.counters.get(counter)
        if one is None or one.phase == "closed":
            self._ask(c.OpenCounter(request="", counter=counter, clerk=f"clerk-{counter}"))
        elif one.phase == "paused":
            self._ask(c.ResumeCounter(request="", counter=counter, clerk=f"clerk-{counter}"))
        if counter not in self._busy and counter not in self._idle:
            self._free(counter)

    def _end(self, counter: str) -> None:
        """The hours end: no more calls; a visit that goes on is finished."""
        self._on.discard(counter)
        if counter in self._idle:
            self._idle.remove(counter)
        one = self._hall.state.counters.get(counter)
        if one is not None and one.phase == "open":
            self._ask(
                c.PauseCounter(
                    request="", counter=counter, clerk=f"clerk-{counter}", reason="hours"
                )
            )

    def _free(self, counter: str) -> None:
        if counter not in self._on:
            return
        few = len(self._catalogue.counters[counter].services)
        place = sum(len(self._catalogue.counters[one].services) <= few for one in self._idle)
        self._idle.insert(place, counter)

    def _call(self) -> None:
        called = True
        while called and self._idle and self._hall.state.waiting():
            called = False
            for counter in list(self._idle):
                if self._call_at(counter):
                    called = True
                    break

    def _call_at(self, counter: str) -> bool:
        lines = self._hall.state.lines
        if not any(lines.get(service) for service in self._catalogue.counters[counter].services):
            return False
        clerk = f"clerk-{counter}"
        outcome = self._ask(c.CallNext(request="", counter=counter, clerk=clerk))
        if not outcome.ok or outcome.ticket is None:
            return False
        self._idle.remove(counter)
        self._busy.add(counter)
        number = self._number_of[outcome.ticket]
        ticket = self._hall.state.tickets[outcome.ticket]
        reason = in_words(ticket.call_reason, self._now_ms - ticket.taken_ms)
        self._called[number] = (counter, self._now_ms, reason)
        arrival = self._arrivals[number]
        if arrival.shows_up:
            self._ask(c.StartService(request="", counter=counter, clerk=clerk))
            takes_ms = round(arrival.service_s * 1000)
        else:
            takes_ms = self._timeout_ms
        self._worked_ms[counter] += takes_ms
        self._at(self._now_ms + takes_ms, 0, partial(self._done, counter, number))
        return True

    def _done(self, counter: str, number: int) -> None:
        clerk = f"clerk-{counter}"
        if self._arrivals[number].shows_up:
            self._ask(c.FinishService(request="", counter=counter, clerk=clerk))
        else:
            self._ask(c.MarkNoShow(request="", counter=counter, clerk=clerk))
        self._finished[number] = self._now_ms
        self._busy.discard(counter)
        self._free(counter)

    # ------------------------------------------------------------------ the clockwork

    def _at(self, at_ms: int, order: int, what: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._events, _Event(at_ms, order, self._count, what))

    def _ask(self, command: Command) -> Outcome:
        return self._hall.handle(command, self._now_ms).outcome

    def _clock_ms(self, seconds: float) -> int:
        return self._midnight_ms + round(seconds * 1000)

    def _seconds(self, at_ms: int) -> float:
        return (at_ms - self._midnight_ms) / 1000

    def _told(self, last_ms: int) -> DayRun:
        served = []
        left_s = 0.0
        for number, arrival in enumerate(self._arrivals):
            if number not in self._called:
                served.append(Served(arrival, None, None, None, ""))
                left_s += arrival.service_s if arrival.shows_up else self._timeout_ms / 1000
                continue
            counter, called_ms, reason = self._called[number]
            finished_s = self._seconds(self._finished[number])
            served.append(Served(arrival, counter, self._seconds(called_ms), finished_s, reason))
        tickets = self._hall.state.tickets.values()
        open_s = {
            counter: sum(
                (end - begin) / 1000
                for begin, end in hours.of(
                    self._catalogue, counter, self._midnight_ms + 1
                ).stretches
            )
            for counter in self._catalogue.counters
        }
        return DayRun(
            served,
            sum(ticket.overtaken for ticket in tickets),
            {counter: ms / 1000 for counter, ms in self._worked_ms.items()},
            open_s,
            left_s,
        )


def _with_what_was_learnt(before: State | None) -> State:
    state = State()
    if before is not None:
        state.learnt = before.learnt.copy()
        state.paces = before.paces.copy()
    return state
