"""The one writer: commits before it answers, whatever the number of hands."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hall_server import commands as c
from hall_server import facts as f
from hall_server.commands import Outcome
from hall_server.hall import DECIDE, Hall
from hall_server.journal import Journal, JournalReader
from hall_server.runtime import Committed, HallUnavailableError, Runtime
from tests.hall_server.halls import MONDAY_8_00_MS, catalogue


class Desk:
    """A runtime on a real journal with a clock in the test's hand."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.now_ms = MONDAY_8_00_MS
        self.journal = Journal(path)
        self.runtime = Runtime(
            Hall(catalogue(), self.journal.recover()), self.journal, wall_ms=lambda: self.now_ms
        )
        self.runtime.start()

    def take(self, request: str, service: str = "chung-thuc") -> Outcome:
        return self.runtime.ask(
            c.TakeTicket(
                request=request,
                service=service,
                channel="kiosk",
                token=f"token-of-{request}",
                by="kiosk",
            )
        )

    def open(self, counter: str) -> Outcome:
        return self.runtime.ask(
            c.OpenCounter(request=f"open-{counter}", counter=counter, clerk=f"clerk-{counter}")
        )

    def call(self, counter: str, request: str) -> Outcome:
        return self.runtime.ask(
            c.CallNext(request=request, counter=counter, clerk=f"clerk-{counter}")
        )

    def close(self) -> None:
        self.runtime.stop()
        self.journal.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "hall.db")
    yield desk
    desk.close()


def test_what_was_answered_is_on_the_disk(desk: Desk) -> None:
    taken = desk.take("r1")
    reader = JournalReader(desk.path)
    bodies = [fact.body for fact in reader.facts()]
    reader.close()
    assert taken.ticket in [body.ticket for body in bodies if isinstance(body, f.TicketTaken)]


def test_two_hundred_clicks_at_once_give_two_hundred_different_numbers(desk: Desk) -> None:
    with ThreadPoolExecutor(50) as hands:
        taken = list(hands.map(desk.take, [f"r{n}" for n in range(200)]))
    tickets = {one.ticket for one in taken}
    assert len(tickets) == 200
    numbers = sorted(desk.runtime.view.tickets[key or ""].ordinal for key in tickets)
    assert numbers == list(range(1, 201))


def test_the_same_click_two_hundred_times_gives_one_number(desk: Desk) -> None:
    with ThreadPoolExecutor(50) as hands:
        taken = list(hands.map(desk.take, ["the-same"] * 200))
    assert len({one.ticket for one in taken}) == 1
    assert len(desk.runtime.view.tickets) == 1


def test_counters_that_click_at_once_call_different_tickets(desk: Desk) -> None:
    for counter in ("1", "2"):
        desk.open(counter)
    for number in range(2):
        desk.take(f"r{number}")
    with ThreadPoolExecutor(8) as hands:
        called = list(hands.map(lambda n: desk.call("12"[n % 2], f"call-{n}"), range(40)))
    tickets = [one.ticket for one in called if one.ok]
    assert len(tickets) == 2
    assert len(set(tickets)) == 2
    assert {one.code for one in called} == {"ok", "counter_busy"}


def test_listeners_hear_of_facts_in_their_order_and_only_after_the_commit(desk: Desk) -> None:
    heard: list[int] = []
    on_disk: list[int] = []
    reader = JournalReader(desk.path)
    done = threading.Event()

    def listen(committed: Committed) -> None:
        heard.extend(fact.id for fact in committed.facts)
        on_disk.append(reader.facts(committed.facts[-1].id - 1, 1)[0].id)
        if len(heard) >= 51:
            done.set()

    desk.runtime.listen(listen)
    with ThreadPoolExecutor(10) as hands:
        list(hands.map(desk.take, [f"r{n}" for n in range(50)]))
    assert done.wait(10)
    reader.close()
    assert heard == list(range(1, len(heard) + 1))
    assert on_disk[-1] == heard[-1]


def test_a_listener_that_fails_does_not_stop_the_hall(desk: Desk) -> None:
    def fail(committed: Committed) -> None:
        raise RuntimeError("a page is broken")

    desk.runtime.listen(fail)
    assert desk.take("r1").ok
    assert desk.take("r2").ok


def test_a_command_at_which_deciding_fails_is_refused_and_the_others_go_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.take("before")

    def fail(*_: object) -> None:
        raise RuntimeError("a fault in the hall")

    opening: type[c.Command] = c.OpenCounter
    monkeypatch.setitem(DECIDE, opening, fail)
    with ThreadPoolExecutor(20) as hands:
        faults = [
            hands.submit(desk.open, "1") if n % 5 == 0 else hands.submit(desk.take, f"r{n}")
            for n in range(20)
        ]
    refused = [one.exception() for one in faults[::5]]
    assert all(isinstance(one, HallUnavailableError) and one.reason == "fault" for one in refused)
    assert len(desk.runtime.view.tickets) == 17


def test_a_full_disk_refuses_new_work_keeps_the_old_and_goes_on_when_there_is_room(
    desk: Desk,
) -> None:
    desk.take("before")
    db = desk.journal._db
    pages = db.execute("PRAGMA page_count").fetchone()[0]
    db.execute(f"PRAGMA max_page_count = {pages}")
    taken = 0

    def take_until_refused() -> None:
        nonlocal taken
        while taken < 500:
            desk.take(f"r{taken}")
            taken += 1

    with pytest.raises(HallUnavailableError, match="disk"):
        take_until_refused()
    assert desk.runtime.disk_full
    kept = len(desk.runtime.view.tickets)
    assert kept == taken + 1
    db.execute("PRAGMA max_page_count = 1000000")
    after = desk.take("after")
    assert not desk.runtime.disk_full
    assert desk.runtime.view.tickets[after.ticket or ""].ordinal == kept + 1


def test_a_window_closes_by_itself_when_nobody_does_anything(desk: Desk) -> None:
    desk.open("1")
    desk.take("r1")
    desk.call("1", "call")
    at = {"counter": "1", "clerk": "clerk-1"}
    desk.runtime.ask(c.StartService(request="start", **at))
    closed = threading.Event()

    def listen(committed: Committed) -> None:
        if any(isinstance(fact.body, f.RatingWindowClosed) for fact in committed.facts):
            closed.set()

    desk.runtime.listen(listen)
    desk.runtime.ask(c.FinishService(request="finish", **at))
    desk.now_ms += 30_000
    assert closed.wait(10)
    assert desk.runtime.view.counters["1"].window is None


def test_a_hall_that_stops_finishes_what_it_accepted(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "hall.db")
    answers = [
        desk.runtime.submit(
            c.TakeTicket(request=f"r{n}", service="ho-tich", channel="kiosk", token=f"t{n}", by="k")
        )
        for n in range(100)
    ]
    desk.close()
    assert all(answer.result(0).ok for answer in answers)
    again = Journal(tmp_path / "hall.db")
    assert len(again.recover().tickets) == 100
    again.close()
    with pytest.raises(HallUnavailableError, match="stopped"):
        desk.take("late")
