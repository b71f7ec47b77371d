"""Made-up halls for the tests of the hall's rooms."""

from __future__ import annotations

from itertools import count

from hall_server import commands as c
from hall_server.catalogue import Catalogue, Counter, Procedure, QueueRules, RatingRules, Service
from hall_server.commands import Command, Outcome
from hall_server.facts import Fact
from hall_server.hall import Hall
from hall_server.state import CounterState, Ticket

MONDAY_8_00_MS = 1_795_395_600_000  # 2026-11-23 08:00 in Ha Noi


def catalogue(queue: QueueRules | None = None, ratings: RatingRules | None = None) -> Catalogue:
    """Three services, three counters: 1 and 2 share two services, 3 is a specialist."""
    return Catalogue(
        {
            "chung-thuc": Service("chung-thuc", "A", "Chứng thực", "Certification", 6),
            "ho-tich": Service("ho-tich", "B", "Hộ tịch", "Civil status", 12),
            "dat-dai": Service("dat-dai", "D", "Đất đai", "Land", 25),
        },
        {
            "1": Counter("1", ["chung-thuc", "ho-tich"]),
            "2": Counter("2", ["ho-tich", "chung-thuc"]),
            "3": Counter("3", ["dat-dai"]),
        },
        {"khai-sinh": Procedure("khai-sinh", "ho-tich", "Đăng ký khai sinh")},
        {"counter-1": "1", "counter-2": "2", "counter-3": "3"},
        queue or QueueRules(),
        ratings or RatingRules(),
    )


class Day:
    """A hall with a clock in the test's hand, and the words to act on it."""

    def __init__(self, rules: Catalogue | None = None, at_ms: int = MONDAY_8_00_MS) -> None:
        self.hall = Hall(rules or catalogue())
        self.at_ms = at_ms
        self.facts: list[Fact] = []
        self._requests = count(1)

    def ask(self, command: Command) -> Outcome:
        handled = self.hall.handle(command, self.at_ms)
        self.facts += handled.facts
        return handled.outcome

    def later(self, seconds: float) -> None:
        self.at_ms += round(seconds * 1000)
        self.ask(c.Tick(request=""))

    def request(self) -> str:
        return f"request-{next(self._requests)}"

    def take(
        self,
        service: str = "chung-thuc",
        *,
        person: str | None = None,
        priority: str | None = None,
        node: str | None = None,
    ) -> Outcome:
        number = next(self._requests)
        return self.ask(
            c.TakeTicket(
                request=f"take-{number}",
                service=service,
                channel="kiosk",
                token=f"token-{number:016d}",
                by="kiosk",
                person=person,
                priority=priority,
                node=node,
            )
        )

    def taken(self, service: str = "chung-thuc", **words: str | None) -> Ticket:
        outcome = self.take(service, **words)
        assert outcome.ok
        assert outcome.ticket is not None
        return self.ticket(outcome.ticket)

    def open(self, counter: str, clerk: str = "") -> Outcome:
        return self.ask(
            c.OpenCounter(
                request=self.request(), counter=counter, clerk=clerk or f"clerk-{counter}"
            )
        )

    def at(self, kind: type[c.AtCounter], counter: str, clerk: str = "", **words: str) -> Outcome:
        return self.ask(
            kind(
                request=self.request(),
                counter=counter,
                clerk=clerk or f"clerk-{counter}",
                **words,
            )
        )

    def press(
        self,
        node: str,
        level: int,
        window: str | None,
        *,
        levels: int = 5,
        refused: str | None = None,
        happened_ms: int | None = None,
    ) -> Outcome:
        return self.ask(
            c.PressSeen(
                request="",
                node=node,
                level=level,
                levels=levels,
                window=window,
                refused=refused,  # type: ignore[arg-type]
                happened_ms=happened_ms,
            )
        )

    def ticket(self, ticket: str) -> Ticket:
        return self.hall.state.tickets[ticket]

    def counter(self, counter: str) -> CounterState:
        return self.hall.state.counters[counter]

    def served(self, counter: str = "1", service: str = "chung-thuc") -> Ticket:
        """One ticket taken, called, served for 5 minutes and finished at ``counter``."""
        ticket = self.taken(service)
        assert self.at(c.CallNext, counter).ticket == ticket.id
        assert self.at(c.StartService, counter).ok
        self.later(300)
        assert self.at(c.FinishService, counter).ok
        return self.ticket(ticket.id)
