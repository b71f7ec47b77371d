"""The streams of a node: taken up once each, and never so many that the hall chokes on them."""

from __future__ import annotations

from hall_server import commands as c
from hall_server import facts as f
from hall_server.facts import Source
from hall_server.streams import KEPT, NEW_A_DAY, let_in
from tests.hall_server.halls import Day

DAY_S = 24 * 3600


def send(day: Day, stream: str, seq: int, *, oldest: int = 1, node: str = "counter-1") -> str:
    """What the hall does with an event: ``taken``, or why not."""
    before = let_in(day.hall.state, node, stream, seq, oldest)
    if isinstance(before, str):
        return before
    command = c.UnreadableSeen(request="", node=node)
    day.facts += day.hall.handle(command, day.at_ms, Source(stream, seq), None, before).facts
    return "taken"


def opened() -> Day:
    day = Day()
    day.later(0)
    return day


def test_a_node_that_begins_one_outbox_after_the_other_has_to_wait_for_tomorrow() -> None:
    day = opened()
    assert send(day, "its own", 1) == "taken"
    for number in range(NEW_A_DAY - 1):
        assert send(day, f"new {number}", 1) == "taken"
    assert send(day, "one more", 1) == "too_many"
    assert send(day, "its own", 2) == "taken", "what began before goes on"
    assert send(day, "another's", 1, node="counter-2") == "taken"
    day.later(DAY_S)
    assert send(day, "one more", 1) == "taken"


def test_the_hall_remembers_so_many_streams_of_a_node_and_never_forgets_the_one_in_use() -> None:
    day = opened()
    send(day, "its own", 1)
    seq = 1
    for number in range(KEPT * 2):
        if number % (NEW_A_DAY // 2) == 0:
            day.later(DAY_S)
            seq += 1
            assert send(day, "its own", seq) == "taken"
        assert send(day, f"new {number}", 1) == "taken"
    assert len(day.hall.state.streams) == KEPT
    assert send(day, "its own", seq) == "say_again"
    held = sum(one.events for one in day.hall.state.streams.values())
    assert held == sum(isinstance(one.body, f.EventUnreadable) for one in day.facts)


def test_a_stream_that_was_forgotten_and_comes_back_loses_nothing() -> None:
    day = opened()
    send(day, "away for long", 1)
    for number in range(KEPT):
        if number % NEW_A_DAY == 0:
            day.later(DAY_S)
        send(day, f"new {number}", 1)
    assert "away for long" not in day.hall.state.streams
    day.later(DAY_S)
    assert send(day, "away for long", 3, oldest=2) == "say_again"
    assert send(day, "away for long", 2, oldest=2) == "taken"
    assert send(day, "away for long", 3, oldest=2) == "taken"
