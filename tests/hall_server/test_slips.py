"""Slips of paper: asked for with the number or by hand, and what the hall makes of each report."""

from __future__ import annotations

from itertools import count

import msgspec
import pytest
from msgspec.structs import replace

from devices.messages import PrintJob, SlipFault
from hall_server import commands as c
from hall_server import facts as f
from hall_server.catalogue import Catalogue, Slips
from hall_server.changes import apply
from hall_server.commands import Outcome
from hall_server.displays import PRINT_FOR_MS, display_of
from hall_server.queue.slips import MOST_AT_KIOSK, REPORT_WITHIN_MS
from hall_server.state import State
from tests.hall_server.halls import Day, catalogue

KIOSK, PLAIN = "kiosk-1", "kiosk-2"


def printing() -> Catalogue:
    return replace(catalogue(), slips=Slips("Một cửa Kiến Hưng", "http://h.vn", (KIOSK,)))


class Hall(Day):
    """A day with a kiosk that prints."""

    def __init__(self) -> None:
        super().__init__(printing())
        self._tokens = count(1)

    def number(self, *, at: str = KIOSK, person: str | None = None) -> Outcome:
        return self.ask(
            c.TakeTicket(
                request=self.request(),
                service="chung-thuc",
                channel="kiosk",
                token=f"token-{next(self._tokens):016d}",
                by=at,
                node=at,
                person=person,
                slip_at=at,
            )
        )

    def again(self, ticket: str | None, *, by: str = KIOSK, counter: str | None = None) -> Outcome:
        assert ticket is not None
        return self.ask(
            c.PrintSlip(request=self.request(), ticket=ticket, node=KIOSK, by=by, counter=counter)
        )

    def jobs(self, node: str = KIOSK) -> list[PrintJob]:
        return display_of(self.hall.catalogue, self.hall.state, node, "kiosk").slips

    def report(self, slip: int, reason: SlipFault | None = None, node: str = KIOSK) -> Outcome:
        return self.ask(
            c.SlipSeen(request="", node=node, slip=slip, ok=reason is None, reason=reason)
        )

    def slip_states(self) -> list[tuple[bool | None, str | None]]:
        return [(one.printed, one.reason) for one in self.hall.state.slips.values()]


def test_a_number_taken_at_a_kiosk_that_prints_has_its_slip_in_the_display() -> None:
    hall = Hall()
    hall.open("1")
    hall.number()
    hall.number()
    taken = [fact for fact in hall.facts if isinstance(fact.body, f.SlipAsked)]
    jobs = hall.jobs()
    assert [one.id for one in jobs] == [fact.id for fact in taken]
    second = jobs[1]
    assert (second.number, second.service, second.hall) == (
        "A002",
        "Chứng thực",
        "Một cửa Kiến Hưng",
    )
    assert second.url == "http://h.vn/t/token-0000000000000002"
    assert (second.place, second.asked_wall_ms, second.again) == (2, hall.at_ms, False)
    assert second.wait_low_minutes is not None
    assert second.wait_high_minutes is not None
    assert 0 < second.wait_low_minutes <= second.wait_high_minutes


def test_the_slip_of_somebody_with_priority_tells_her_own_place() -> None:
    hall = Hall()
    hall.number()
    hall.later(30)
    hall.ask(
        c.TakeTicket(
            request="p",
            service="chung-thuc",
            channel="kiosk",
            token="token-priority-01",
            by=KIOSK,
            priority="elderly",
            node=KIOSK,
            slip_at=KIOSK,
        )
    )
    assert [(one.number, one.place) for one in hall.jobs()] == [("A001", 1), ("A002", 1)]


def test_a_kiosk_without_a_printer_prints_nothing() -> None:
    hall = Hall()
    assert hall.number(at=PLAIN).ok
    assert hall.jobs() == hall.jobs(PLAIN) == []


def test_a_wall_code_before_a_kiosk_that_prints_has_its_slip_too() -> None:
    hall = Hall()
    hall.ask(c.ProcedureShown(request="", node=KIOSK, code="khai-sinh", token="token-wall-000001"))
    assert [one.number for one in hall.jobs()] == ["B001"]


def test_somebody_who_has_a_number_already_gets_no_second_slip_by_herself() -> None:
    hall = Hall()
    hall.number(person="p" * 32)
    (job,) = hall.jobs()
    hall.report(job.id)
    assert hall.number(person="p" * 32).existing
    assert hall.jobs() == []


def test_a_slip_that_was_printed_or_given_up_is_asked_for_no_more() -> None:
    hall = Hall()
    hall.number()
    hall.number()
    first, second = hall.jobs()
    hall.report(first.id)
    assert hall.jobs() == [second]
    hall.report(second.id, "paper_out")
    assert hall.jobs() == []
    assert hall.slip_states() == [(True, None), (False, "paper_out")]


def test_the_first_report_counts_and_one_of_another_node_never() -> None:
    hall = Hall()
    hall.number()
    (job,) = hall.jobs()
    hall.report(job.id, "paper_out", node=PLAIN)
    assert hall.slip_states() == [(None, None)]
    hall.report(job.id)
    hall.report(job.id, "unsure")
    assert hall.slip_states() == [(True, None)]


def test_printing_again_costs_no_number_and_no_place() -> None:
    hall = Hall()
    outcome = hall.number()
    (job,) = hall.jobs()
    hall.report(job.id, "paper_out")
    before = hall.hall.state.tickets.copy()
    lines = hall.hall.state.waiting()
    assert hall.again(outcome.ticket).ok
    (again,) = hall.jobs()
    assert again.id > job.id
    assert (again.number, again.url, again.again) == (job.number, job.url, True)
    assert hall.hall.state.tickets == before
    assert hall.hall.state.waiting() == lines
    assert hall.number().ticket == "20261123-A002"


def test_a_ticket_alone_does_not_empty_the_roll_but_a_clerk_may_print_more() -> None:
    hall = Hall()
    ticket = hall.number().ticket
    hall.report(hall.jobs()[0].id, "paper_out")
    for _ in range(MOST_AT_KIOSK):
        assert hall.again(ticket).ok
        hall.report(hall.jobs()[0].id)
    assert hall.again(ticket).code == "printed_enough"
    hall.open("1")
    assert hall.again(ticket, by="clerk-1", counter="1").ok
    hall.report(hall.jobs()[0].id, "paper_out")
    assert hall.again(ticket).code == "printed_enough"
    assert hall.number().ok, "the next ticket has its own"


def test_a_slip_under_way_is_not_asked_for_twice_but_a_lost_one_is() -> None:
    hall = Hall()
    ticket = hall.number().ticket
    assert hall.again(ticket).code == "being_printed"
    hall.later(REPORT_WITHIN_MS / 1000)
    assert hall.again(ticket).ok
    assert len(hall.jobs()) == 1


def test_an_old_slip_is_handed_to_no_printer() -> None:
    hall = Hall()
    hall.number()
    hall.later(PRINT_FOR_MS / 1000 + 1)
    hall.number()
    assert [one.number for one in hall.jobs()] == ["A002"]


def test_who_may_print_again_and_where() -> None:
    hall = Hall()
    ticket = hall.number().ticket
    hall.report(hall.jobs()[0].id)
    assert hall.again("20261123-A999").code == "unknown_ticket"
    assert hall.again(ticket, by="clerk-1", counter="1").code == "not_your_counter"
    hall.open("1")
    assert hall.again(ticket, by="clerk-1", counter="1").ok
    assert ticket is not None
    elsewhere = c.PrintSlip(request="x", ticket=ticket, node=PLAIN, by=PLAIN)
    assert hall.ask(elsewhere).code == "no_printer"
    hall.ask(c.CancelTicket(request="y", ticket=ticket, by="phone"))
    hall.report(hall.jobs()[0].id)
    assert hall.again(ticket).code == "wrong_state"


def test_a_repeated_request_prints_one_slip() -> None:
    hall = Hall()
    ticket = hall.number().ticket
    hall.report(hall.jobs()[0].id)
    assert ticket is not None
    command = c.PrintSlip(request="same", ticket=ticket, node=KIOSK, by=KIOSK)
    assert hall.ask(command).ok
    facts = len(hall.facts)
    assert hall.ask(command) == Outcome("ok", ticket)
    assert len(hall.facts) == facts


def test_a_new_day_forgets_the_slips_and_takes_late_reports() -> None:
    hall = Hall()
    hall.number()
    (job,) = hall.jobs()
    hall.later(24 * 3600)
    assert hall.jobs() == []
    assert hall.report(job.id, "late").ok
    assert isinstance(hall.facts[-1].body, f.SlipPrinted)


def test_the_facts_alone_give_the_same_slips() -> None:
    hall = Hall()
    ticket = hall.number().ticket
    hall.report(hall.jobs()[0].id, "cover_open")
    hall.again(ticket)
    again = State()
    for fact in hall.facts:
        body = f.decode_body(f.encode_body(fact.body))
        apply(again, replace(fact, body=body))
    assert again.slips == hall.hall.state.slips
    kept = msgspec.msgpack.decode(msgspec.msgpack.encode(hall.hall.state), type=State)
    assert kept == hall.hall.state


def test_a_snapshot_of_before_there_were_printers_still_opens() -> None:
    old = msgspec.to_builtins(State(last_fact=3, day="2026-11-22"))
    del old["slips"]
    assert msgspec.convert(old, State).slips == {}


@pytest.mark.parametrize("reason", ["late", "unsure", "disk_full", "no_answer", "offline"])
def test_every_reason_is_written_down(reason: SlipFault) -> None:
    hall = Hall()
    hall.number()
    hall.report(hall.jobs()[0].id, reason)
    assert hall.slip_states() == [(False, reason)]
