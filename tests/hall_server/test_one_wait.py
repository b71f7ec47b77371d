"""The wait of one ticket, for its slip: as told among all, and soon found however many wait."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hall_server.queue import estimates
from hall_server.queue.estimates import estimate, estimate_one
from hall_server.queue.forward import Forward, Run
from tests.hall_server.halls import Day


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["chung-thuc", "ho-tich", "dat-dai"]),
            st.sampled_from([None, None, "elderly"]),
            st.integers(0, 200),
        ),
        min_size=1,
        max_size=30,
    ),
    st.sets(st.sampled_from(["1", "2", "3"])),
)
@settings(deadline=None, max_examples=50)
def test_one_ticket_is_told_what_it_is_told_among_all(
    arrivals: list[tuple[str, str | None, int]], opened: set[str]
) -> None:
    day = Day()
    for counter in sorted(opened):
        day.open(counter)
    for service, priority, seconds in arrivals:
        day.taken(service, priority=priority)
        day.later(seconds)
    rules, state = day.hall.catalogue, day.hall.state
    for key, place in estimate(rules, state, day.at_ms).tickets.items():
        alone = estimate_one(rules, state, key, day.at_ms)
        assert alone is not None
        assert (alone.place, alone.wait) == (place.place, place.wait)


def test_the_wait_of_one_ticket_takes_no_longer_the_more_people_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked = 0

    class Counted(Forward):
        def run(self, *words: Any, **more: Any) -> Run:
            nonlocal looked
            run = super().run(*words, **more)
            looked = len(run.called) * len(self.groups)
            return run

    monkeypatch.setattr(estimates, "Forward", Counted)
    monkeypatch.setattr(estimates, "MOST_LOOKS", 60)
    day = Day()
    day.open("1")
    tickets = [day.taken(service) for _ in range(60) for service in ("chung-thuc", "ho-tich")]
    rules, state = day.hall.catalogue, day.hall.state
    waits = []
    for ticket in tickets[::10]:
        place = estimate_one(rules, state, ticket.id, day.at_ms)
        assert looked <= 60
        assert place is not None
        assert place.place == ticket.ordinal
        assert place.wait is not None
        waits.append(place.wait.median_ms)
    assert waits == sorted(waits)
    everybody_ms = estimate(rules, state, day.at_ms).tickets[tickets[110].id].wait
    assert everybody_ms is not None
    assert waits[-1] == pytest.approx(everybody_ms.median_ms, rel=0.3)
