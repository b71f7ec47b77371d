"""Ratings: bound to a served ticket, once, in its window."""

from __future__ import annotations

import pytest

from hall_server import commands as c
from hall_server import facts as f
from hall_server.catalogue import RatingRules
from tests.hall_server.halls import Day, catalogue


def last(day: Day) -> f.AnyBody:
    return day.facts[-1].body


def refusal(day: Day) -> str:
    body = last(day)
    assert isinstance(body, f.RatingRefused)
    return body.reason


@pytest.fixture
def day() -> Day:
    day = Day()
    day.open("1", "ha")
    day.open("2", "binh")
    return day


def served(day: Day) -> str:
    ticket = day.taken()
    for step in (c.CallNext, c.StartService):
        assert day.at(step, "1", "ha").ok
    day.later(300)
    assert day.at(c.FinishService, "1", "ha").ok
    window = day.ticket(ticket.id).window
    assert window is not None
    return window


def test_a_press_in_the_window_is_bound_to_ticket_counter_clerk_and_service(day: Day) -> None:
    window = served(day)
    day.later(5)
    day.press("counter-1", 4, window, happened_ms=day.at_ms)
    given = last(day)
    assert isinstance(given, f.RatingGiven)
    assert (given.counter, given.clerk, given.service) == ("1", "ha", "chung-thuc")
    assert (given.level, given.levels, given.scale) == (4, 5, "hai-long-5.v1")
    assert day.ticket(given.ticket).rated == 4


def test_a_ticket_is_rated_once_whatever_the_way(day: Day) -> None:
    window = served(day)
    ticket = window.rsplit(".", 1)[0]
    day.press("counter-1", 4, window)
    day.press("counter-1", 1, window)
    assert refusal(day) == "already_rated"
    again = day.ask(c.RateByPhone(request="1", ticket=ticket, level=1))
    assert again.code == "already_rated"
    assert day.ticket(ticket).rated == 4


def test_a_press_with_no_window_open_is_kept_as_refused(day: Day) -> None:
    day.press("counter-1", 5, None, refused="closed")
    assert refusal(day) == "closed"
    day.press("counter-1", 5, "20261123-A999.1")
    assert refusal(day) == "unknown_window"


def test_a_press_that_the_node_refused_stays_refused(day: Day) -> None:
    window = served(day)
    day.press("counter-1", 5, window, refused="already_rated")
    assert refusal(day) == "already_rated"
    assert day.ticket(window.rsplit(".", 1)[0]).rated is None


def test_a_clerk_is_told_of_ratings_five_at_a_time(day: Day) -> None:
    told = []
    for level in (5, 5, 5, 5, 1, 1):
        day.press("counter-1", level, served(day))
        told.append((day.counter("1").told_ratings, day.counter("1").told_sum))
    assert told == [(0, 0)] * 4 + [(5, 21), (5, 21)]


def test_the_buttons_of_another_counter_do_not_rate(day: Day) -> None:
    window = served(day)
    day.press("counter-2", 5, window)
    assert refusal(day) == "wrong_counter"


def test_a_window_closes_by_its_time(day: Day) -> None:
    window = served(day)
    day.later(29)
    assert day.counter("1").window == window
    day.later(1)
    closed = last(day)
    assert isinstance(closed, f.RatingWindowClosed)
    assert closed.why == "time"
    assert day.counter("1").window is None


def test_a_press_made_in_time_counts_though_it_arrives_much_later(day: Day) -> None:
    window = served(day)
    pressed_ms = day.at_ms + 12_000
    day.later(3600)
    day.press("counter-1", 2, window, happened_ms=pressed_ms)
    assert isinstance(last(day), f.RatingGiven)


def test_a_press_of_yesterday_that_arrives_today_still_counts(day: Day) -> None:
    window = served(day)
    pressed_ms = day.at_ms + 12_000
    day.later(24 * 3600)
    day.press("counter-1", 2, window, happened_ms=pressed_ms)
    given = last(day)
    assert isinstance(given, f.RatingGiven)
    assert given.window == window


def test_a_press_made_too_late_is_refused(day: Day) -> None:
    window = served(day)
    day.later(300)
    day.press("counter-1", 5, window, happened_ms=day.at_ms)
    assert refusal(day) == "late"


def test_the_next_persons_start_closes_the_window(day: Day) -> None:
    window = served(day)
    day.taken()
    day.later(10)
    day.at(c.CallNext, "1", "ha")
    assert day.counter("1").window == window, "the called one is still on the way"
    day.at(c.StartService, "1", "ha")
    assert day.counter("1").window is None
    day.later(10)
    day.press("counter-1", 1, window, happened_ms=day.at_ms)
    assert refusal(day) == "late"


@pytest.mark.parametrize("levels", [3, 4, 5])
def test_a_hall_asks_with_three_four_or_five_levels(levels: int) -> None:
    day = Day(catalogue(ratings=RatingRules(levels=levels, scale=f"hai-long-{levels}.v2")))
    day.open("1", "ha")
    window = served(day)
    day.press("counter-1", levels, window, levels=levels)
    given = last(day)
    assert isinstance(given, f.RatingGiven)
    assert (given.level, given.levels, given.scale) == (levels, levels, f"hai-long-{levels}.v2")


def test_buttons_wired_for_another_scale_do_not_rate(day: Day) -> None:
    window = served(day)
    day.press("counter-1", 3, window, levels=3)
    assert refusal(day) == "wrong_scale"


def test_the_phone_may_rate_when_the_buttons_have_closed(day: Day) -> None:
    window = served(day)
    ticket = window.rsplit(".", 1)[0]
    day.later(20 * 60)
    assert day.ask(c.RateByPhone(request="1", ticket=ticket, level=5)).ok
    given = last(day)
    assert isinstance(given, f.RatingGiven)
    assert given.via == "phone"


def test_the_phone_cannot_rate_before_the_service_or_long_after_or_off_the_scale(
    day: Day,
) -> None:
    waiting = day.taken("ho-tich")
    early = day.ask(c.RateByPhone(request="1", ticket=waiting.id, level=5))
    assert early.code == "rating_closed"
    day.ask(c.CancelTicket(request="2", ticket=waiting.id, by="x"))
    ticket = served(day).rsplit(".", 1)[0]
    assert day.ask(c.RateByPhone(request="3", ticket=ticket, level=6)).code == "wrong_level"
    day.later(31 * 60)
    assert day.ask(c.RateByPhone(request="4", ticket=ticket, level=5)).code == "rating_closed"


def test_a_card_at_the_counter_says_whether_it_is_the_taker(day: Day) -> None:
    day.taken(person="p1")
    day.at(c.CallNext, "1", "ha")
    day.ask(c.CardShown(request="", node="counter-1", person="p1"))
    assert day.counter("1").match == "same"
    day.ask(c.CardShown(request="", node="counter-1", person="p2"))
    assert day.counter("1").match == "other"
    day.at(c.StartService, "1", "ha")
    day.at(c.FinishService, "1", "ha")
    nameless = day.taken()
    day.at(c.CallNext, "1", "ha")
    day.ask(c.CardShown(request="", node="counter-1", person="p3"))
    assert day.counter("1").match == "first"
    assert day.ticket(nameless.id).person == "p3"
