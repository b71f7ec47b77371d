"""What each page shows of a hall, and what it must not show."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import msgspec
import pytest

from hall_server import commands as c
from hall_server.card_forms import CardForms
from hall_server.catalogue import Catalogue, QueueRules
from hall_server.queue.estimates import Wait, estimate
from hall_server.web.projections import board, citizen, clerk
from hall_server.web.projections.moment import Known, Moment, place_of, wait
from tests.hall_server.halls import Day, catalogue


@pytest.fixture
def day() -> Day:
    return Day()


def now(day: Day, rules: Catalogue | None = None) -> Moment:
    rules = rules or catalogue()
    state = day.hall.state.view()
    waits = estimate(rules, state, day.at_ms)
    return Moment(rules, state, waits, day.at_ms, "Hội trường", "http://hall.example", Known(state))


def text(view: object) -> str:
    return msgspec.json.encode(view).decode()


def test_the_board_shows_the_last_eight_numbers_each_once(day: Day) -> None:
    day.open("1")
    for _ in range(10):
        day.served()
    last = day.taken()
    day.at(c.CallNext, "1")
    day.at(c.Recall, "1")
    day.at(c.Recall, "1")
    numbers = [call.number for call in board.board(now(day)).calls]
    assert numbers == [last.number, *(f"A{one:03d}" for one in range(10, 3, -1))]


def test_the_board_knows_no_person_and_no_token(day: Day) -> None:
    day.open("1")
    ticket = day.taken(person="a-keyed-hash")
    day.at(c.CallNext, "1")
    for view in (board.board(now(day)), board.counter(now(day), "1")):
        assert "a-keyed-hash" not in text(view)
        assert ticket.token not in text(view)
        assert "clerk-1" not in text(view)


def test_a_display_goes_through_the_phases_of_its_counter(day: Day) -> None:
    phases = [board.counter(now(day), "1").phase]
    day.open("1")
    phases.append(board.counter(now(day), "1").phase)
    ticket = day.taken()
    for act in (c.CallNext, c.StartService, c.FinishService):
        day.at(act, "1")
        view = board.counter(now(day), "1")
        phases.append(view.phase)
        assert view.number == (ticket.number if act is not c.FinishService else None)
    day.at(c.PauseCounter, "1", reason="họp")
    phases.append(board.counter(now(day), "1").phase)
    assert phases == ["closed", "idle", "called", "serving", "idle", "paused"]


def test_a_display_asks_for_a_rating_thanks_for_it_and_never_tells_it(day: Day) -> None:
    day.open("1")
    ticket = day.served()
    asked = board.counter(now(day), "1")
    assert asked.rating is not None
    assert asked.rating.until_ms == day.at_ms + 30_000
    day.press("counter-1", 1, ticket.window)
    bad = board.counter(now(day), "1")
    assert (bad.rating, bad.thanks_until_ms) == (None, day.at_ms + board.THANKS_MS)
    good_day = Day()
    good_day.open("1")
    good_day.press("counter-1", 5, good_day.served().window)
    assert text(board.counter(now(good_day), "1")) == text(bad)
    day.later(6)
    assert board.counter(now(day), "1").thanks_until_ms is None


def test_places_in_line_are_counted_in_the_newest_state_also_with_older_waits(day: Day) -> None:
    day.open("1")
    tickets = [day.taken() for _ in range(3)]
    before = now(day)
    late = day.taken()
    day.at(c.CallNext, "1")
    after = now(day)
    mixed = replace(after, estimates=before.estimates)
    live = [day.ticket(one.id) for one in (*tickets, late)]
    assert [place_of(mixed, one) for one in live] == [None, 1, 2, 3]
    assert citizen.ticket(mixed, live[3]).wait is not None


@pytest.mark.parametrize(
    ("low_ms", "median_ms", "high_ms", "told"),
    [
        (0, 0, 0, (0, 0, 0)),
        (59_999, 60_000, 60_001, (0, 2, 1)),
        (420_000, 600_000, 840_000, (7, 14, 10)),
    ],
)
def test_a_wait_is_told_in_whole_minutes_that_hold_the_range(
    low_ms: int, median_ms: int, high_ms: int, told: tuple[int, int, int]
) -> None:
    found = wait(Wait(low_ms, median_ms, high_ms))
    assert found is not None
    assert (found.low_minutes, found.high_minutes, found.median_minutes) == told


def test_no_wait_is_told_where_no_open_counter_serves(day: Day) -> None:
    ticket = day.taken("dat-dai")
    view = citizen.ticket(now(day), ticket)
    assert (view.wait, view.counters, view.place) == (None, [], 1)


def test_the_console_lists_the_line_in_the_order_in_which_it_would_call() -> None:
    rules = catalogue(QueueRules(policy="priority"))
    day = Day(rules)
    day.open("1")
    day.taken("chung-thuc")
    day.later(60)
    day.taken("ho-tich")
    day.later(60)
    day.taken("chung-thuc", priority="elderly")
    day.taken("dat-dai")
    shown = clerk.console(now(day, rules), "1", "clerk-1", "Hà", CardForms())
    called = []
    for _ in shown.waiting:
        outcome = day.at(c.CallNext, "1")
        called.append(outcome.ticket)
        day.at(c.StartService, "1")
        day.at(c.FinishService, "1")
    assert [line.ticket for line in shown.waiting] == called
    assert shown.waiting_total == 3


def test_a_full_hall_is_listed_up_to_200_and_counted_in_all(day: Day) -> None:
    day.open("1")
    for _ in range(205):
        day.taken()
    shown = clerk.console(now(day), "1", "clerk-1", "Hà", CardForms())
    assert (len(shown.waiting), shown.waiting_total) == (200, 205)


def test_a_finish_is_offered_to_be_undone_only_while_the_hall_would_do_it(day: Day) -> None:
    def offered() -> bool:
        shown = clerk.console(now(day), "1", "clerk-1", "Hà", CardForms()).undo is not None
        assert shown == tried.at(c.UndoFinish, "1").ok
        return shown

    day.open("1")
    first = day.taken(person="a-keyed-hash")
    for step in (c.CallNext, c.StartService, c.FinishService):
        day.at(step, "1")
    tried = deepcopy(day)
    assert offered()
    day.taken(person="a-keyed-hash")  # waits for the same service again
    tried = deepcopy(day)
    assert not offered()
    assert day.ticket(first.id).rated is None


def test_who_does_not_hold_the_counter_is_told_nothing_of_it(day: Day) -> None:
    day.open("1")
    ticket = day.taken()
    day.at(c.CallNext, "1")
    view = clerk.console(now(day), "1", "clerk-2", "Bình", CardForms())
    assert view.yours is False
    assert ticket.number not in text(view)
    assert ticket.id not in text(view)


def test_a_phone_page_may_rate_for_half_an_hour_and_once(day: Day) -> None:
    day.open("1")
    ticket = day.served()
    assert citizen.ticket(now(day), ticket).rating is not None
    day.later(29 * 60)
    assert citizen.ticket(now(day), ticket).rating is not None
    day.later(2 * 60)
    assert citizen.ticket(now(day), ticket).rating is None
