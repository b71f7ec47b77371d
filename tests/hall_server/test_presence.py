"""A clerk leaves her counter and comes back: what her switch pauses, and what it leaves alone."""

from __future__ import annotations

import msgspec
import pytest

from hall_server import commands as c
from hall_server import facts as f
from hall_server.changes import apply
from hall_server.facts import Fact, decode_body
from hall_server.queue.presence import AWAY_REASON
from hall_server.state import CounterState, State
from tests.hall_server.halls import Day


@pytest.fixture
def day() -> Day:
    day = Day()
    day.open("1")
    return day


def switch(
    day: Day, *, present: bool, node: str = "counter-1", happened_ms: int | None = None
) -> None:
    day.ask(
        c.PresenceSeen(
            request="", node=node, present=present, for_ms=60_000, happened_ms=happened_ms
        )
    )


def counter(day: Day, number: str = "1") -> CounterState:
    return day.hall.state.counters[number]


def kinds(day: Day) -> list[str]:
    return [str(fact.body.__struct_config__.tag) for fact in day.facts]


def test_an_open_counter_that_its_clerk_has_left_is_paused_with_the_reason(day: Day) -> None:
    switch(day, present=False)
    assert (counter(day).phase, counter(day).pause_reason) == ("paused", AWAY_REASON)
    assert kinds(day)[-2:] == ["clerk_left", "counter_paused"]
    day.taken()
    assert day.at(c.CallNext, "1").code == "counter_paused"


def test_her_return_resumes_what_her_absence_paused(day: Day) -> None:
    switch(day, present=False)
    switch(day, present=True)
    assert (counter(day).phase, counter(day).pause_reason) == ("open", "")
    assert kinds(day)[-2:] == ["clerk_returned", "counter_resumed"]
    day.taken()
    assert day.at(c.CallNext, "1").ok


def test_her_return_resumes_no_pause_that_she_made_by_hand(day: Day) -> None:
    day.at(c.PauseCounter, "1", reason="Nghỉ trưa")
    switch(day, present=False)
    switch(day, present=True)
    assert (counter(day).phase, counter(day).pause_reason) == ("paused", "Nghỉ trưa")


def test_a_pause_by_hand_over_one_of_her_absence_stays_when_she_is_back(day: Day) -> None:
    switch(day, present=False)
    assert day.at(c.PauseCounter, "1", reason="Họp").ok
    switch(day, present=True)
    assert (counter(day).phase, counter(day).pause_reason) == ("paused", "Họp")
    assert day.at(c.PauseCounter, "1", reason="Họp").code == "counter_paused"


def test_she_may_resume_by_hand_and_an_absence_that_goes_on_pauses_no_second_time(
    day: Day,
) -> None:
    switch(day, present=False)
    assert day.at(c.ResumeCounter, "1").ok
    day.later(600)
    assert counter(day).phase == "open"
    switch(day, present=True)
    assert counter(day).phase == "open"


@pytest.mark.parametrize("serving", [False, True])
def test_a_visit_is_never_broken_off_by_an_empty_seat(day: Day, serving: bool) -> None:
    day.taken()
    day.at(c.CallNext, "1")
    if serving:
        day.at(c.StartService, "1")
    switch(day, present=False)
    day.later(60)
    assert counter(day).phase == "open"
    if serving:
        # she who finishes a visit is there, whatever the switch says
        assert day.at(c.FinishService, "1").ok
        day.later(60)
        assert counter(day).phase == "open"


def test_a_counter_that_comes_free_while_she_is_away_is_paused_then(day: Day) -> None:
    ticket = day.taken()
    day.at(c.CallNext, "1")
    switch(day, present=False)
    day.later(5)
    assert counter(day).phase == "open"
    day.ask(c.CancelTicket(request=day.request(), ticket=ticket.id, by="phone"))
    day.later(1)
    assert (counter(day).phase, counter(day).pause_reason) == ("paused", AWAY_REASON)


def test_a_citizen_who_rates_is_no_sign_of_the_clerk(day: Day) -> None:
    first, second = day.taken(), day.taken()
    day.at(c.CallNext, "1")
    day.at(c.StartService, "1")
    day.at(c.FinishService, "1")
    day.at(c.CallNext, "1")
    switch(day, present=False)
    day.ask(c.RateByPhone(request=day.request(), ticket=first.id, level=5))
    day.ask(c.CancelTicket(request=day.request(), ticket=second.id, by="phone"))
    day.later(1)
    assert counter(day).phase == "paused"


def test_a_closed_counter_is_told_and_stays_closed(day: Day) -> None:
    day.at(c.CloseCounter, "1")
    switch(day, present=False)
    day.later(60)
    assert counter(day).phase == "closed"
    switch(day, present=True)
    assert counter(day).phase == "closed"
    assert kinds(day)[-2:] == ["clerk_left", "clerk_returned"]


def test_a_counter_that_is_opened_with_an_empty_seat_stays_open(day: Day) -> None:
    day.at(c.CloseCounter, "1")
    switch(day, present=False)
    day.open("1")
    day.later(60)
    assert counter(day).phase == "open"


def test_an_absence_that_is_told_late_pauses_no_counter_that_was_opened_since(day: Day) -> None:
    switch(day, present=False, happened_ms=day.at_ms - 3_600_000)
    day.later(60)
    assert counter(day).phase == "open"
    switch(day, present=True)
    assert counter(day).phase == "open"


def test_a_pause_of_an_absence_outlives_the_night_and_ends_with_her_return(day: Day) -> None:
    switch(day, present=False)
    day.later(24 * 3600)
    assert counter(day).phase == "paused"
    switch(day, present=True)
    assert counter(day).phase == "open"


def test_a_switch_on_a_node_without_a_counter_is_written_down_and_no_more(day: Day) -> None:
    switch(day, present=False, node="kiosk-1")
    switch(day, present=True, node="kiosk-1")
    assert kinds(day)[-2:] == ["clerk_left", "clerk_returned"]
    assert counter(day).phase == "open"


def test_a_journal_of_before_this_still_opens() -> None:
    state = State()
    for number, line in enumerate(
        (
            b'{"kind":"counter_opened","counter":"1","clerk":"lan"}',
            b'{"kind":"counter_paused","counter":"1","clerk":"lan","reason":"H\xe1\xbb\x8dp"}',
        ),
        1,
    ):
        apply(state, Fact(number, number, decode_body(line)))
    assert state.counters["1"].paused_by == "clerk"
    old = {"id": "1", "phase": "paused", "clerk": "lan", "pause_reason": "Họp"}
    assert msgspec.convert(old, CounterState).paused_by is None
    assert f.CounterResumed("1", "lan").by == "clerk"
