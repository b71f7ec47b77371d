"""Many hands at once over HTTP: one number each, one call a ticket, one effect a click."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from tests.faults.hands import Clerk, Line, new_request
from tests.faults.whole_hall import PIN, WholeHall

pytestmark = pytest.mark.faults


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[WholeHall]:
    house = WholeHall(tmp_path)
    house.start()
    yield house
    assert house.verdict() == ([], [], [])


def test_two_hundred_clicks_at_once_give_two_hundred_numbers(hall: WholeHall) -> None:
    together = Barrier(200)

    def click(_: int) -> str:
        kiosk = hall.kiosk()
        together.wait(60)
        ticket = kiosk.take("chung-thuc")
        assert ticket is not None
        return str(ticket["number"])

    with ThreadPoolExecutor(200) as hands:
        numbers = sorted(hands.map(click, range(200)))
    assert numbers == [f"A{number:03d}" for number in range(1, 201)]


def test_one_click_sent_fifty_times_at_once_gives_one_number(hall: WholeHall) -> None:
    request = new_request()
    with ThreadPoolExecutor(50) as hands:
        tickets = list(hands.map(lambda _: hall.kiosk().take("ho-tich", request), range(50)))
    assert {str(ticket and ticket["number"]) for ticket in tickets} == {"B001"}


def test_four_clerks_who_click_at_once_call_four_people(hall: WholeHall) -> None:
    for _ in range(3):
        hall.kiosk().take("chung-thuc")
    clerks = [hall.clerk(counter) for counter in hall.counters]
    for clerk in clerks:
        assert clerk.ask("recall") == ("no_ticket_here", None)
    together = Barrier(4)

    def call(clerk: Clerk) -> tuple[str, str | None]:
        together.wait(60)
        return clerk.ask("call-next")

    with ThreadPoolExecutor(4) as hands:
        called = Counter(hands.map(call, clerks))
    assert called == {
        ("ok", "A001"): 1,
        ("ok", "A002"): 1,
        ("ok", "A003"): 1,
        ("nobody_waiting", None): 1,
    }


def test_two_windows_of_one_clerk_that_click_the_same_call_one_person(hall: WholeHall) -> None:
    for _ in range(2):
        hall.kiosk().take("chung-thuc")
    windows = [hall.clerk("1") for _ in range(2)]
    together = Barrier(2)

    def steps(clerk: Clerk) -> list[str]:
        codes = []
        for verb in ("call-next", "start", "finish"):
            together.wait(60)
            codes.append(clerk.ask(verb)[0])
        return codes

    with ThreadPoolExecutor(2) as hands:
        first, second = hands.map(steps, windows)
    assert [{one, other} for one, other in zip(first, second, strict=True)] == [
        {"ok", "counter_busy"},
        {"ok", "wrong_state"},
        {"ok", "no_ticket_here"},
    ]


def test_whoever_takes_over_a_counter_shares_no_visit_with_the_one_before(
    hall: WholeHall,
) -> None:
    """A counter without a visit may be taken over; the one before can then do nothing there."""
    hall.kiosk().take("chung-thuc")
    first = hall.clerk("1")
    second = Clerk(Line(hall.port), hall.seen, "1")
    second.id = "clerk-2"
    second.sign_in(PIN)
    assert first.ask("call-next")[0] == "not_your_counter"
    assert second.ask("call-next") == ("ok", "A001")
