"""Whose the last hand at a counter was: a simulated clerk's, or a person's at the screen."""

from __future__ import annotations

from hall_server.facts import AnyBody, Fact, RatingGiven, ServiceStarted, TicketCalled
from motcua.demo.leavings import last_hands


def fact(body: AnyBody, request: str | None) -> Fact:
    return Fact(1, 0, body, None, request)


def called(counter: str) -> TicketCalled:
    return TicketCalled("20261123-A001", counter, "tuan", "dat-dai", 0, "next", False)


SIMULATED = "c:tuan:call-next:demo-0123456789abcdef"
BY_HAND = "c:tuan:start:0123456789abcdef0123456789abcdef"


def test_a_visit_that_a_simulated_clerk_called_is_left_by_her() -> None:
    assert last_hands([fact(called("4"), SIMULATED)]) == {"4": "tuan"}


def test_a_visit_that_a_person_has_gone_on_with_is_hers() -> None:
    started = ServiceStarted("20261123-A001", "4", "tuan")
    assert last_hands([fact(called("4"), SIMULATED), fact(started, BY_HAND)]) == {}


def test_what_citizens_and_devices_do_tells_nothing_of_who_sits_there() -> None:
    facts = [fact(called("4"), SIMULATED)]
    rated = RatingGiven("20261123-A000", "4", "lan", "dat-dai", "w", 5, 5, "five", "phone")
    facts += [fact(rated, "t:20261123-A000:rate:0123456789abcdef0123456789abcdef")]
    facts += [fact(rated, None)]
    assert last_hands(facts) == {"4": "tuan"}
