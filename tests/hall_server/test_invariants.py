"""Whatever people do in whatever order: what must hold of the hall at every moment."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from hall_server import commands as c
from hall_server import facts as f
from hall_server.changes import apply
from hall_server.facts import Fact
from hall_server.state import State
from tests.hall_server.halls import Day

COUNTERS = st.sampled_from(["1", "2", "3"])
SERVICES = st.sampled_from(["chung-thuc", "ho-tich", "dat-dai"])
PEOPLE = st.sampled_from([None, "p1", "p2"])
PRIORITIES = st.sampled_from([None, None, None, "elderly", "pregnant"])
SIMPLE = st.sampled_from(
    [c.CallNext, c.Recall, c.StartService, c.FinishService, c.MarkNoShow, c.UndoFinish]
)

LIFE: dict[str, dict[type[f.Body], str]] = {
    "": {f.TicketTaken: "waiting"},
    "waiting": {
        f.TicketCalled: "called",
        f.TicketCancelled: "over",
        f.PriorityGiven: "waiting",
        f.MoreTimeAsked: "waiting",
    },
    "called": {
        f.TicketRecalled: "called",
        f.ServiceStarted: "serving",
        f.TicketParked: "parked",
        f.TicketTransferred: "waiting",
        f.TicketCancelled: "over",
    },
    "serving": {
        f.ServiceFinished: "finished",
        f.TicketParked: "parked",
        f.TicketTransferred: "waiting",
    },
    "parked": {
        f.TicketUnparked: "waiting",
        f.TicketCalled: "called",
        f.TicketCancelled: "over",
        f.PriorityGiven: "parked",
    },
    "finished": {f.FinishUndone: "serving", f.RatingGiven: "rated"},
    "served yesterday": {f.RatingGiven: "rated"},
    "rated": {},
    "over": {},
}
"""The life of a ticket, written down apart from the code: phase -> what may happen -> phase."""


def lived(phase: str, body: f.AnyBody) -> str:
    """The phase after ``body``; fails where it may not happen."""
    if isinstance(body, f.NoShow):
        assert phase == "called"
        return {"tail": "waiting", "parked": "parked", "dropped": "over"}[body.outcome]
    assert type(body) in LIFE[phase], f"{type(body).__name__} happened to a ticket that is {phase}"
    return LIFE[phase][type(body)]


class AnyDay(RuleBasedStateMachine):
    """Citizens, clerks and buttons act at random."""

    tickets: Bundle[str] = Bundle("tickets")

    def __init__(self) -> None:
        super().__init__()
        self.day = Day()
        self.issued: list[str] = []
        self.lives: dict[str, str] = {}
        self.looked_at = 0
        self.today_from = 0

    @rule(target=tickets, service=SERVICES, person=PEOPLE, priority=PRIORITIES)
    def take(self, service: str, person: str | None, priority: str | None) -> str:
        outcome = self.day.take(service, person=person, priority=priority)
        assert outcome.ok
        assert outcome.ticket is not None
        if not outcome.existing:
            self.issued.append(outcome.ticket)
        return outcome.ticket

    @rule(counter=COUNTERS)
    def open(self, counter: str) -> None:
        self.day.open(counter)

    @rule(counter=COUNTERS)
    def close(self, counter: str) -> None:
        self.day.at(c.CloseCounter, counter)

    @rule(counter=COUNTERS, kind=SIMPLE)
    def act(self, counter: str, kind: type[c.AtCounter]) -> None:
        self.day.at(kind, counter)

    @rule(counter=COUNTERS)
    def serve(self, counter: str) -> None:
        for kind in (c.CallNext, c.StartService, c.FinishService):
            self.day.at(kind, counter)

    @rule(counter=COUNTERS, service=SERVICES, to=st.none() | COUNTERS)
    def transfer(self, counter: str, service: str, to: str | None) -> None:
        words: dict[str, Any] = {"service": service, "to_counter": to}
        self.day.at(c.TransferTicket, counter, **words)

    @rule(counter=COUNTERS)
    def park(self, counter: str) -> None:
        self.day.at(c.ParkTicket, counter, reason="thiếu giấy")

    @rule(counter=COUNTERS, ticket=tickets)
    def unpark(self, counter: str, ticket: str) -> None:
        self.day.at(c.UnparkTicket, counter, ticket=ticket)

    @rule(counter=COUNTERS, ticket=tickets)
    def call_by_hand(self, counter: str, ticket: str) -> None:
        self.day.at(c.CallTicket, counter, ticket=ticket, reason="gọi tay")

    @rule(ticket=tickets)
    def cancel(self, ticket: str) -> None:
        self.day.ask(c.CancelTicket(request=self.day.request(), ticket=ticket, by="phone"))

    @rule(ticket=tickets)
    def more_time(self, ticket: str) -> None:
        self.day.ask(c.AskMoreTime(request=self.day.request(), ticket=ticket, by="phone"))

    @rule(ticket=tickets, reason=PRIORITIES)
    def priority(self, ticket: str, reason: str | None) -> None:
        self.day.ask(
            c.GivePriority(request=self.day.request(), ticket=ticket, reason=reason, by="ha")
        )

    @rule(counter=COUNTERS, level=st.integers(1, 5), ticket=tickets, nth=st.integers(1, 2))
    def press(self, counter: str, level: int, ticket: str, nth: int) -> None:
        self.day.press(f"counter-{counter}", level, f"{ticket}.{nth}")

    @rule(level=st.integers(1, 5), which=st.integers(0, 50))
    def press_for_a_served_ticket(self, level: int, which: int) -> None:
        windows = list(self.day.hall.state.windows.values())
        if windows:
            window = windows[which % len(windows)]
            self.day.press(f"counter-{window.counter}", level, window.id)

    @rule(counter=COUNTERS, level=st.integers(1, 5))
    def rate_undo_and_rate_again(self, counter: str, level: int) -> None:
        self.serve(counter)
        for kind in (c.UndoFinish, c.FinishService):
            self.press_for_a_served_ticket(level, -1)
            self.day.at(kind, counter)
        self.press_for_a_served_ticket(level, -1)

    @rule(counter=COUNTERS, service=SERVICES)
    def call_and_transfer(self, counter: str, service: str) -> None:
        self.day.at(c.CallNext, counter)
        self.day.at(c.TransferTicket, counter, service=service)

    @rule(counter=COUNTERS, service=SERVICES, person=PEOPLE)
    def serve_come_again_and_undo(self, counter: str, service: str, person: str | None) -> None:
        self.serve(counter)
        if not (again := self.day.take(service, person=person)).existing:
            self.issued.append(again.ticket or "")
        self.day.at(c.UndoFinish, counter)

    @rule(ticket=tickets, level=st.integers(1, 5))
    def rate_by_phone(self, ticket: str, level: int) -> None:
        self.day.ask(c.RateByPhone(request=self.day.request(), ticket=ticket, level=level))

    @rule(node=st.sampled_from(["kiosk-1", "counter-1", "counter-3"]), person=PEOPLE)
    def card(self, node: str, person: str | None) -> None:
        if person:
            self.day.ask(c.CardShown(request="", node=node, person=person))

    @rule(counter=COUNTERS, present=st.booleans())
    def switch_at_her_place(self, counter: str, present: bool) -> None:
        before = self.day.hall.state.counters.get(counter)
        self.day.ask(
            c.PresenceSeen(
                request="",
                node=f"counter-{counter}",
                present=present,
                for_ms=60_000,
                happened_ms=None,
            )
        )
        after = self.day.hall.state.counters.get(counter)
        if before is not None and after is not None and before.phase != after.phase:
            # it pauses only what is open and free, and resumes only what it paused
            assert before.phase == ("paused" if present else "open")
            assert before.paused_by == ("presence" if present else None)
            assert before.ticket is None or present

    @rule(counter=COUNTERS)
    def pause_by_hand(self, counter: str) -> None:
        self.day.at(c.PauseCounter, counter, reason="Họp")

    @rule(seconds=st.sampled_from([1, 20, 40, 3000]))
    def wait(self, seconds: int) -> None:
        self.day.later(seconds)

    @rule(level=st.integers(1, 5))
    def midnight(self, level: int) -> None:
        day, windows = self.day.hall.state.day, list(self.day.hall.state.windows.values())
        self.day.later(24 * 3600)
        opened = [x.body.day for x in self.day.facts if isinstance(x.body, f.DayOpened)]
        assert opened[-1] == self.day.hall.state.day != day
        assert not self.day.hall.state.tickets
        # numbers begin again; nothing happens to a ticket of yesterday but a rating that is late
        self.issued.clear()
        for ticket, phase in self.lives.items():
            self.lives[ticket] = "served yesterday" if phase == "finished" else "over"
        self.today_from = len(self.day.facts)
        for window in windows[-1:]:
            self.day.press(f"counter-{window.counter}", level, window.id)

    @invariant()
    def no_ticket_is_called_by_two_counters(self) -> None:
        state = self.day.hall.state
        held = [one.ticket for one in state.counters.values() if one.ticket]
        assert len(held) == len(set(held))
        at_work = {t.id for t in state.tickets.values() if t.phase in ("called", "serving")}
        assert at_work == set(held)

    @invariant()
    def no_ticket_is_lost_and_none_doubled(self) -> None:
        today = self.day.facts[self.today_from :]
        taken = [x.body.ticket for x in today if isinstance(x.body, f.TicketTaken)]
        assert taken == self.issued
        assert len(set(taken)) == len(taken)
        assert set(self.day.hall.state.tickets) == set(taken)

    @invariant()
    def places_in_line_are_a_permutation_of_who_waits(self) -> None:
        state = self.day.hall.state
        for service, line in state.lines.items():
            assert line == sorted(line)
            waiting = {
                t.id
                for t in state.tickets.values()
                if t.phase == "waiting" and t.service == service
            }
            assert {key for _, _, key in line} == waiting
            assert len(line) == len(waiting)

    @invariant()
    def nothing_happens_to_a_ticket_that_may_not(self) -> None:
        for fact in self.day.facts[self.looked_at :]:
            ticket = getattr(fact.body, "ticket", None)
            if ticket is None or isinstance(fact.body, f.ScanHandled | f.RatingWindowClosed):
                continue
            self.lives[ticket] = lived(self.lives.get(ticket, ""), fact.body)
        self.looked_at = len(self.day.facts)

    @invariant()
    def a_ticket_has_at_most_one_rating(self) -> None:
        rated = [x.body.ticket for x in self.day.facts if isinstance(x.body, f.RatingGiven)]
        assert len(rated) == len(set(rated))

    @invariant()
    def a_person_has_one_live_ticket_a_service(self) -> None:
        live = [
            (t.person, t.service)
            for t in self.day.hall.state.tickets.values()
            if t.person and t.phase in ("waiting", "called", "serving", "parked")
        ]
        assert len(live) == len(set(live))

    @invariant()
    def replaying_the_facts_gives_the_live_state(self) -> None:
        if len(self.day.facts) % 7:
            return
        state = State()
        for fact in self.day.facts:
            body = f.decode_body(f.encode_body(fact.body))
            apply(state, Fact(fact.id, fact.at_ms, body, fact.source, fact.request))
        assert state == self.day.hall.state


TestAnyDay = AnyDay.TestCase
TestAnyDay.settings = settings(
    max_examples=200, stateful_step_count=50, deadline=None, derandomize=True
)
