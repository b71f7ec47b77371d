"""The queue: who is in line, who is called, and what happens to a ticket."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from hall_server import commands as c
from hall_server import facts as f
from hall_server.catalogue import QueueRules
from hall_server.commands import Command
from hall_server.hall import Hall, day_at
from hall_server.queue.estimates import estimate
from tests.hall_server.halls import Day, catalogue

DAY_S = 24 * 3600


def test_each_service_has_a_number_series_of_its_own() -> None:
    day = Day()
    numbers = [day.taken(s).number for s in ("chung-thuc", "ho-tich", "chung-thuc", "ho-tich")]
    assert numbers == ["A001", "B001", "A002", "B002"]


def test_a_service_that_is_given_anothers_letter_during_the_day_repeats_no_number() -> None:
    day = Day()
    assert [day.taken("chung-thuc").number for _ in range(2)] == ["A001", "A002"]
    rules = catalogue()
    letters = {"chung-thuc": "C", "ho-tich": "A", "dat-dai": "D"}
    rules = replace(
        rules,
        services={key: replace(one, prefix=letters[key]) for key, one in rules.services.items()},
    )
    day.hall = Hall(rules, day.hall.state)
    assert [day.taken("ho-tich").number for _ in range(2)] == ["A003", "A004"]
    assert day.taken("chung-thuc").number == "C003"


def test_numbers_start_again_the_next_day_and_what_was_left_has_lapsed() -> None:
    day = Day()
    day.taken()
    day.later(DAY_S)
    again = day.taken()
    assert again.number == "A001"
    opened = [fact.body for fact in day.facts if isinstance(fact.body, f.DayOpened)]
    assert [(one.day, one.lapsed) for one in opened] == [("2026-11-23", 0), ("2026-11-24", 1)]
    assert list(day.hall.state.tickets) == [again.id]


def test_a_day_begins_at_local_midnight_not_at_that_of_utc() -> None:
    day = Day()
    first = day.taken()
    day.later(15 * 3600)  # 23:00 in Ha Noi
    assert day.taken().number == "A002"
    day.later(2 * 3600)
    assert day.taken().number == "A001"
    assert first.id not in day.hall.state.tickets


def test_a_number_of_a_cancelled_ticket_is_not_given_again() -> None:
    day = Day()
    first = day.taken()
    day.ask(c.CancelTicket(request="x", ticket=first.id, by="phone"))
    assert day.taken().number == "A002"


def test_what_a_counter_has_called_is_not_another_clerks_to_cancel() -> None:
    day = Day()
    called, waiting = day.taken(), day.taken()
    day.open("1")
    day.open("2")
    assert day.at(c.CallNext, "1").ticket == called.id

    def cancel(ticket: str, clerk: str, counter: str | None) -> str:
        request = day.request()
        return day.ask(
            c.CancelTicket(request=request, ticket=ticket, by=clerk, counter=counter)
        ).code

    assert cancel(called.id, "clerk-2", "2") == "not_your_counter"
    assert cancel(called.id, "clerk-2", "1") == "not_your_counter"
    assert cancel(waiting.id, "clerk-3", "3") == "not_your_counter"
    assert day.counter("1").ticket == called.id
    assert cancel(waiting.id, "clerk-2", "2") == "ok"
    assert cancel(called.id, "clerk-1", "1") == "ok"
    assert day.counter("1").ticket is None


@pytest.mark.parametrize("parked", [False, True], ids=["waiting", "parked"])
def test_a_clerk_has_no_say_over_a_line_that_her_counter_does_not_serve(parked: bool) -> None:
    day = Day()
    ticket = day.taken("dat-dai").id
    day.open("1")
    day.open("3")
    if parked:
        day.at(c.CallNext, "3")
        day.at(c.ParkTicket, "3", reason="thiếu bản sao")
    before = day.ticket(ticket)

    def by_clerk(counter: str) -> list[str]:
        """Of bringing back (where it is parked), going first and leaving, what is answered."""
        clerk = f"clerk-{counter}"
        codes: list[str] = []
        if parked:
            codes.append(day.at(c.UnparkTicket, counter, ticket=ticket).code)
        for kind, more in ((c.GivePriority, {"reason": "elderly"}), (c.CancelTicket, {})):
            words = {"ticket": ticket, "by": clerk, "counter": counter, **more}
            codes.append(day.ask(kind(request=day.request(), **words)).code)
        return codes

    assert set(by_clerk("1")) == {"not_served_here"}
    assert day.ticket(ticket) == before
    assert set(by_clerk("3")) == {"ok"}


def test_a_called_citizen_may_leave_by_phone() -> None:
    day = Day()
    called = day.taken()
    day.open("1")
    day.at(c.CallNext, "1")
    assert day.ask(c.CancelTicket(request="x", ticket=called.id, by="phone")).ok
    assert day.counter("1").ticket is None


def test_the_thousandth_number_has_four_digits() -> None:
    day = Day()
    for _ in range(999):
        day.take()
    assert day.taken().number == "A1000"


def test_whoever_waits_longest_among_the_counters_services_is_called() -> None:
    day = Day(catalogue(QueueRules(policy="arrival")))
    day.open("1")
    land = day.taken("dat-dai")
    civil = day.taken("ho-tich")
    day.later(60)
    day.taken("chung-thuc")
    assert day.at(c.CallNext, "1").ticket == civil.id
    assert day.ticket(land.id).phase == "waiting"


def test_under_the_weighted_rules_a_priority_counts_for_its_minutes_and_no_more() -> None:
    weighted = QueueRules(policy="weighted", priority_minutes={"elderly": 20.0})
    day = Day(catalogue(weighted))
    day.open("1")
    early = day.taken()
    day.later(19 * 60)
    old = day.taken(priority="elderly")
    assert day.at(c.CallNext, "1").ticket == old.id
    assert day.ticket(old.id).call_reason == "priority"

    day = Day(catalogue(weighted))
    day.open("1")
    early = day.taken()
    day.later(21 * 60)
    day.taken(priority="elderly")
    assert day.at(c.CallNext, "1").ticket == early.id
    assert day.ticket(early.id).call_reason == "longest_wait"


def test_under_the_arrival_rules_priorities_change_nothing() -> None:
    day = Day(catalogue(QueueRules(policy="arrival")))
    day.open("1")
    first = day.taken()
    day.taken(priority="elderly")
    assert day.at(c.CallNext, "1").ticket == first.id


def test_a_priority_given_and_taken_back_leaves_the_line_as_it_was() -> None:
    day = Day(catalogue(QueueRules(policy="weighted")))
    first = day.taken()
    day.later(60)
    second = day.taken()
    day.ask(c.GivePriority(request="1", ticket=second.id, reason="elderly", by="ha"))
    assert [key for _, _, key in day.hall.state.lines["chung-thuc"]] == [second.id, first.id]
    given = [fact.body for fact in day.facts if isinstance(fact.body, f.PriorityGiven)]
    assert (given[0].reason, given[0].by) == ("elderly", "ha")
    day.ask(c.GivePriority(request="2", ticket=second.id, reason=None, by="ha"))
    assert day.ticket(second.id) == second


def test_a_reason_that_is_not_on_the_list_gives_no_priority() -> None:
    day = Day()
    assert day.take(priority="in a hurry").code == "unknown_reason"
    ticket = day.taken()
    given = day.ask(c.GivePriority(request="1", ticket=ticket.id, reason="friend", by="ha"))
    assert given.code == "unknown_reason"


def test_one_person_has_one_live_ticket_a_service() -> None:
    day = Day()
    first = day.taken(person="p1")
    again = day.take(person="p1")
    assert (again.ticket, again.existing) == (first.id, True)
    assert day.taken("ho-tich", person="p1").number == "B001"
    assert day.taken(person="p2").number == "A002"


def test_after_being_served_the_same_person_may_take_a_number_again() -> None:
    day = Day()
    day.open("1")
    day.taken(person="p1")
    for step in (c.CallNext, c.StartService, c.FinishService):
        day.at(step, "1")
    assert day.taken(person="p1").number == "A002"


def test_a_card_shown_at_the_kiosk_makes_the_next_ticket_there_that_persons() -> None:
    day = Day()
    day.ask(c.CardShown(request="", node="kiosk-1", person="p1"))
    first = day.taken(node="kiosk-1")
    assert first.person == "p1"
    other = day.taken(node="kiosk-1")
    assert other.person is None, "the kiosk forgot the card with the ticket"
    day.ask(c.CardShown(request="", node="kiosk-1", person="p1"))
    assert day.take(node="kiosk-1").ticket == first.id


def test_the_kiosk_forgets_a_card_after_its_quiet_time() -> None:
    day = Day()
    day.ask(c.CardShown(request="", node="kiosk-1", person="p1"))
    day.later(46)
    assert day.taken(node="kiosk-1").person is None


def test_a_wall_code_takes_a_ticket_without_touching_anything() -> None:
    day = Day()
    shown = day.ask(c.ProcedureShown(request="", node="kiosk-1", code="khai-sinh", token="t" * 22))
    assert day.ticket(shown.ticket or "").service == "ho-tich"
    screen = day.hall.state.kiosks["kiosk-1"]
    assert (screen.what, screen.ticket, screen.procedure) == (
        "procedure",
        shown.ticket,
        "khai-sinh",
    )


def test_a_counter_calls_one_ticket_at_a_time() -> None:
    day = Day()
    day.open("1")
    first, _ = day.taken(), day.taken()
    assert day.at(c.CallNext, "1").ticket == first.id
    again = day.at(c.CallNext, "1")
    assert (again.code, again.ticket) == ("counter_busy", first.id)


def test_a_command_repeated_with_its_request_id_does_nothing_more() -> None:
    day = Day()
    day.open("1")
    day.open("2")
    day.taken()
    day.taken()
    call = c.CallNext(request="the-same-click", counter="1", clerk="clerk-1")
    first = day.ask(call)
    facts = len(day.facts)
    assert day.ask(call) == first
    assert len(day.facts) == facts


def test_two_counters_never_call_the_same_ticket() -> None:
    day = Day()
    day.open("1")
    day.open("2")
    only = day.taken()
    assert day.at(c.CallNext, "1").ticket == only.id
    assert day.at(c.CallNext, "2").code == "nobody_waiting"


def test_a_call_by_hand_needs_a_reason_and_keeps_it() -> None:
    day = Day()
    day.open("1")
    day.taken()
    second = day.taken()
    refused = day.at(c.CallTicket, "1", ticket=second.id, reason="  ")
    assert refused.code == "reason_needed"
    assert day.at(c.CallTicket, "1", ticket=second.id, reason="mẹ bế con nhỏ").ok
    called = day.facts[-1].body
    assert isinstance(called, f.TicketCalled)
    assert (called.by_hand, called.reason) == (True, "mẹ bế con nhỏ")


def test_no_show_goes_to_the_tail_and_the_third_one_is_dropped() -> None:
    day = Day()
    day.open("1")
    absent = day.taken()
    outcomes = []
    for _ in range(3):
        other = day.taken()
        called = day.at(c.CallNext, "1").ticket
        if called != absent.id:
            day.at(c.StartService, "1")
            day.at(c.FinishService, "1")
            day.at(c.CallNext, "1")
        day.later(45)
        day.at(c.MarkNoShow, "1")
        outcomes.append(day.ticket(absent.id).phase)
        del other
    assert outcomes == ["waiting", "waiting", "dropped"]


def test_a_parked_ticket_comes_back_where_its_seniority_puts_it() -> None:
    day = Day()
    day.open("1")
    first = day.taken()
    day.later(60)
    second = day.taken()
    day.at(c.CallNext, "1")
    day.at(c.StartService, "1")
    assert day.at(c.ParkTicket, "1", reason="thiếu bản sao").ok
    day.later(600)
    day.at(c.UnparkTicket, "1", ticket=first.id)
    assert day.at(c.CallNext, "1").ticket == first.id
    assert day.ticket(second.id).phase == "waiting"


def test_a_transferred_ticket_keeps_its_seniority_in_the_new_line() -> None:
    day = Day()
    day.open("1")
    day.open("3")
    first = day.taken("chung-thuc")
    day.later(60)
    later = day.taken("dat-dai")
    day.at(c.CallNext, "1")
    assert day.at(c.TransferTicket, "1", service="dat-dai").ok
    assert day.counter("1").ticket is None
    assert day.at(c.CallNext, "3").ticket == first.id
    assert day.ticket(later.id).phase == "waiting"


def test_a_ticket_sent_to_one_counter_is_called_by_no_other() -> None:
    day = Day()
    day.open("1")
    day.open("2")
    first = day.taken()
    second = day.taken()
    day.at(c.CallNext, "1")
    assert day.at(c.TransferTicket, "1", service="chung-thuc", to_counter="2").ok
    assert day.at(c.CallNext, "1").ticket == second.id
    assert day.at(c.CallNext, "2").ticket == first.id


def test_a_transfer_to_a_counter_that_does_not_serve_it_is_refused() -> None:
    day = Day()
    day.open("1")
    day.taken()
    day.at(c.CallNext, "1")
    refused = day.at(c.TransferTicket, "1", service="dat-dai", to_counter="2")
    assert refused.code == "not_served_here"
    assert day.counter("1").ticket is not None


def test_an_undone_finish_brings_the_ticket_back_and_voids_its_window() -> None:
    day = Day()
    day.open("1")
    ticket = day.served()
    assert day.at(c.UndoFinish, "1").ok
    assert (day.ticket(ticket.id).phase, day.counter("1").ticket) == ("serving", ticket.id)
    assert day.counter("1").served == 0
    day.press("counter-1", 5, ticket.window)
    refused = day.facts[-1].body
    assert isinstance(refused, f.RatingRefused)
    assert refused.reason == "undone"


def test_a_finish_that_was_rated_is_not_undone() -> None:
    day = Day()
    day.open("1")
    ticket = day.served()
    day.press("counter-1", 4, ticket.window)
    assert day.at(c.UndoFinish, "1").code == "already_rated"


def test_a_clerk_acts_at_her_own_counter_alone() -> None:
    day = Day()
    day.open("1", "ha")
    day.taken()
    assert day.at(c.CallNext, "1", "binh").code == "not_your_counter"
    assert day.at(c.CallNext, "2", "ha").code == "counter_not_open"
    assert day.at(c.CallNext, "9", "ha").code == "unknown_counter"


def test_a_counter_with_a_visit_going_on_is_not_taken_over() -> None:
    day = Day()
    day.open("1", "ha")
    day.taken()
    day.at(c.CallNext, "1", "ha")
    assert day.open("1", "binh").code == "counter_taken"
    day.at(c.StartService, "1", "ha")
    day.at(c.FinishService, "1", "ha")
    assert day.open("1", "binh").ok
    assert day.at(c.CallNext, "1", "ha").code == "not_your_counter"


def test_a_clerk_who_signs_in_elsewhere_leaves_her_former_counter() -> None:
    day = Day()
    day.open("1", "ha")
    day.open("2", "ha")
    assert (day.counter("1").phase, day.counter("2").clerk) == ("closed", "ha")


def test_a_paused_counter_calls_nobody_and_says_why() -> None:
    day = Day()
    day.open("1")
    day.taken()
    assert day.at(c.PauseCounter, "1", reason="").code == "reason_needed"
    assert day.at(c.PauseCounter, "1", reason="họp giao ban").ok
    assert day.at(c.CallNext, "1").code == "counter_paused"
    assert day.counter("1").pause_reason == "họp giao ban"
    assert day.at(c.ResumeCounter, "1").ok
    assert day.at(c.CallNext, "1").ok


def test_a_counter_does_not_close_over_a_visit() -> None:
    day = Day()
    day.open("1")
    day.taken()
    day.at(c.CallNext, "1")
    assert day.at(c.CloseCounter, "1").code == "counter_busy"


def test_asking_for_more_time_lets_the_next_two_go_first() -> None:
    day = Day()
    tickets = []
    for _ in range(4):
        tickets.append(day.taken())
        day.later(30)
    assert day.ask(c.AskMoreTime(request="1", ticket=tickets[0].id, by="phone")).ok
    line = [key for _, _, key in day.hall.state.lines["chung-thuc"]]
    assert line == [tickets[i].id for i in (1, 2, 0, 3)]


@pytest.mark.parametrize(
    "command",
    [
        c.CancelTicket(request="1", ticket="none", by="x"),
        c.GivePriority(request="1", ticket="none", reason="elderly", by="x"),
        c.AskMoreTime(request="1", ticket="none", by="x"),
        c.RateByPhone(request="1", ticket="none", level=5),
    ],
)
def test_a_ticket_that_is_not_there_is_said_to_be_unknown(command: Command) -> None:
    assert Day().ask(command).code == "unknown_ticket"


def test_places_are_told_in_the_line_of_the_service_alone() -> None:
    day = Day()
    for service in ("chung-thuc", "ho-tich", "chung-thuc", "ho-tich", "chung-thuc"):
        day.taken(service)
    places = estimate(day.hall.catalogue, day.hall.state, day.at_ms).tickets
    by_number = {day.ticket(key).number: place.place for key, place in places.items()}
    assert by_number == {"A001": 1, "A002": 2, "A003": 3, "B001": 1, "B002": 2}


def test_no_wait_is_told_while_no_counter_is_open_for_a_service() -> None:
    day = Day()
    ticket = day.taken()
    told = estimate(day.hall.catalogue, day.hall.state, day.at_ms)
    assert told.tickets[ticket.id].wait is None
    assert told.services["chung-thuc"] is None
    day.open("1")
    told = estimate(day.hall.catalogue, day.hall.state, day.at_ms)
    wait = told.tickets[ticket.id].wait
    assert wait is not None
    assert wait.median_ms == 0


def test_a_service_that_lasts_makes_those_behind_wait_less_than_one_that_has_just_begun() -> None:
    day = Day()
    day.open("1")
    day.taken("chung-thuc")
    behind = day.taken("chung-thuc").id
    day.at(c.CallNext, "1")
    day.at(c.StartService, "1")

    def median_s() -> float:
        place = estimate(day.hall.catalogue, day.hall.state, day.at_ms).tickets[behind]
        assert place.wait is not None
        return place.wait.median_ms / 1000

    assert median_s() == 6 * 60 + 20  # six minutes are usual, and 20 s to the next
    day.later(120)
    assert median_s() == 4 * 60 + 20
    day.later(3600)
    assert median_s() == 90 + 20  # far beyond what is usual: a quarter of it more


def test_the_wait_told_grows_with_the_line_and_shrinks_with_the_counters() -> None:
    day = Day()
    day.open("1")
    tickets = [day.taken() for _ in range(6)]
    alone = estimate(day.hall.catalogue, day.hall.state, day.at_ms).tickets
    waits = [alone[t.id].wait for t in tickets]
    medians = [wait.median_ms for wait in waits if wait]
    assert medians == sorted(medians)
    assert len(set(medians)) == 6
    day.open("2")
    shared = estimate(day.hall.catalogue, day.hall.state, day.at_ms).tickets
    last = shared[tickets[-1].id].wait
    assert last is not None
    assert last.median_ms < medians[-1]


def test_the_clock_of_the_hall_never_goes_back() -> None:
    day = Day()
    day.taken()
    day.at_ms -= 3_600_000
    day.taken()
    times = [fact.at_ms for fact in day.facts]
    assert times == sorted(times)


def test_the_halls_day_is_the_local_one_also_before_anything_has_happened_in_it() -> None:
    day = Day()
    hall, state = day.hall.catalogue, day.hall.state
    assert (state.day, day_at(hall, state, day.at_ms)) == ("", "2026-11-23")
    day.taken()
    assert day_at(hall, state, day.at_ms + 16 * 3_600_000) == "2026-11-24"
    assert day_at(hall, state, day.at_ms - 3 * 24 * 3_600_000) == "2026-11-23"
