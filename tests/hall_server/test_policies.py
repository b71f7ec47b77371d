"""Who is called next: what each policy promises, and that it keeps it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hall_server import commands as c
from hall_server import facts as f
from hall_server.catalogue import Catalogue, Counter, QueueRules, Service
from hall_server.queue.policies import POLICIES
from hall_server.queue.policies.plain import heads
from hall_server.queue.policy import HallNow
from tests.hall_server.halls import Day

QUICK, SLOW, RARE = "quick", "slow", "rare"


def two_counters(rules: QueueRules) -> Catalogue:
    """Counter 1 serves everything; counter 2 the quick service alone."""
    return Catalogue(
        {
            QUICK: Service(QUICK, "A", "Chứng thực", expected_minutes=4),
            SLOW: Service(SLOW, "B", "Đất đai", expected_minutes=25),
            RARE: Service(RARE, "C", "Hộ tịch", expected_minutes=10),
        },
        {"1": Counter("1", [QUICK, SLOW, RARE]), "2": Counter("2", [QUICK])},
        queue=rules,
    )


def a_day(**rules: object) -> Day:
    day = Day(two_counters(QueueRules(**rules)))  # type: ignore[arg-type]
    day.open("1")
    day.open("2")
    return day


def serve(day: Day, counter: str, seconds: float) -> str | None:
    called = day.at(c.CallNext, counter)
    if not called.ok:
        return None
    day.at(c.StartService, counter)
    day.later(seconds)
    day.at(c.FinishService, counter)
    return called.ticket


def calls(day: Day) -> list[f.TicketCalled]:
    return [fact.body for fact in day.facts if isinstance(fact.body, f.TicketCalled)]


def test_with_priority_first_whoever_has_a_reason_goes_before_who_came_earlier() -> None:
    day = a_day(policy="priority")
    day.taken(SLOW)
    day.later(1200)
    old = day.taken(RARE, priority="elderly")
    assert day.at(c.CallNext, "1").ticket == old.id


def test_interleaved_some_ordinary_tickets_are_called_to_each_with_a_priority() -> None:
    day = a_day(policy="interleave", interleave_ordinary=2)
    for _ in range(4):
        day.taken(RARE)
    for _ in range(2):
        day.taken(RARE, priority="pregnant")
    order = [serve(day, "1", 60) for _ in range(6)]
    has_priority = [day.ticket(key or "").priority is not None for key in order]
    assert has_priority == [False, False, True, False, False, True]


def test_a_generalist_leaves_to_the_specialist_what_it_frees_up_for() -> None:
    """Counter 2 serves the quick service alone and is nearly done; the slow line has only 1."""
    day = a_day()
    first = day.taken(QUICK)
    assert day.at(c.CallNext, "2").ticket == first.id
    day.at(c.StartService, "2")
    day.later(200)
    day.taken(QUICK)
    day.later(1)
    slow = day.taken(SLOW)
    assert day.at(c.CallNext, "1").ticket == slow.id
    assert day.ticket(slow.id).call_reason == "balance;only_here"


def test_a_priority_ticket_that_nears_its_time_goes_first_whatever_it_costs_the_others() -> None:
    day = a_day(priority_within_minutes=5.0)
    day.taken(SLOW)
    day.taken(QUICK)
    day.later(60)
    old = day.taken(SLOW, priority="elderly")
    day.later(240)
    assert day.at(c.CallNext, "1").ticket == old.id


def test_the_tickets_that_a_call_passed_over_are_kept_with_it() -> None:
    day = a_day(policy="priority")
    early = day.taken(QUICK)
    elsewhere = day.taken(SLOW)
    old = day.taken(QUICK, priority="elderly")
    day.at(c.CallNext, "2")
    assert calls(day)[-1].passed == [early.id]
    assert (day.ticket(early.id).overtaken, day.ticket(elsewhere.id).overtaken) == (1, 0)
    assert day.ticket(old.id).phase == "called"


arrivals = st.lists(
    st.tuples(
        st.sampled_from([QUICK, SLOW, RARE]),
        st.sampled_from([None, None, None, "elderly", "merit"]),
        st.integers(0, 300),
        st.integers(30, 2400),
    ),
    min_size=1,
    max_size=60,
)


def lived(day: Day, people: list[tuple[str, str | None, int, int]]) -> Iterator[None]:
    """A day in which both counters call whenever they are free; yields before each call."""
    free = {"1": day.at_ms, "2": day.at_ms}
    serving: dict[str, str] = {}
    for service, priority, gap_s, took_s in people:
        day.later(gap_s)
        day.taken(service, priority=priority)
        for counter in ("1", "2"):
            if day.at_ms < free[counter]:
                continue
            if counter in serving:
                day.at(c.FinishService, counter)
                del serving[counter]
            yield
            called = day.at(c.CallNext, counter)
            if called.ok and called.ticket:
                day.at(c.StartService, counter)
                serving[counter] = called.ticket
                free[counter] = day.at_ms + took_s * 1000


@settings(max_examples=40, deadline=None)
@given(arrivals, st.integers(0, 6))
def test_nobody_is_passed_over_more_often_than_the_settings_allow(
    people: list[tuple[str, str | None, int, int]], most: int
) -> None:
    day = a_day(overtaken_at_most=most, priority_within_minutes=240.0)
    for _ in lived(day, people):
        pass
    assert all(one.overtaken <= most for one in day.hall.state.tickets.values())


@settings(max_examples=40, deadline=None)
@given(arrivals)
def test_a_due_priority_ticket_is_what_the_next_counter_that_serves_it_calls(
    people: list[tuple[str, str | None, int, int]],
) -> None:
    day = a_day(overtaken_at_most=1000, priority_within_minutes=6.0)
    for _ in lived(day, people):
        state = day.hall.state
        for counter in day.hall.catalogue.counters.values():
            _, priority = heads(counter, state.lines, HallNow(day.hall.catalogue, state))
            if priority is None or day.at_ms - priority.seniority_ms < 6 * 60_000:
                continue
            choice = POLICIES["balanced"].next_ticket(
                counter, state.lines, HallNow(day.hall.catalogue, state), day.at_ms
            )
            assert choice is not None
            assert state.tickets[choice.ticket].priority is not None


@pytest.mark.parametrize("policy", sorted(POLICIES))
@settings(max_examples=25, deadline=None)
@given(people=arrivals)
def test_every_policy_calls_somebody_while_the_counter_has_somebody_to_call(
    policy: str, people: list[tuple[str, str | None, int, int]]
) -> None:
    day = a_day(policy=policy)
    for _ in lived(day, people):
        state = day.hall.state
        for counter in day.hall.catalogue.counters.values():
            choice = POLICIES[policy].next_ticket(
                counter, state.lines, HallNow(day.hall.catalogue, state), day.at_ms
            )
            waits = {
                key for service in counter.services for *_, key in state.lines.get(service, [])
            }
            assert (choice.ticket in waits) if choice else not waits


def test_a_parked_ticket_that_comes_back_is_near_the_front() -> None:
    day = a_day()
    first = day.taken(RARE)
    day.at(c.CallNext, "1")
    day.ask(c.ParkTicket(request="p", counter="1", clerk="clerk-1", reason="thiếu giấy"))
    for _ in range(5):
        day.later(60)
        day.taken(RARE)
    serve(day, "1", 60)
    day.ask(c.UnparkTicket(request="u", counter="1", clerk="clerk-1", ticket=first.id))
    assert day.at(c.CallNext, "1").ticket == first.id
