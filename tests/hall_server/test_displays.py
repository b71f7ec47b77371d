"""What a counter's node is told to show."""

from __future__ import annotations

from hall_server import commands as c
from hall_server.displays import display_of
from tests.hall_server.halls import Day


def test_a_recall_changes_the_display_of_its_counter_by_its_time_alone() -> None:
    day = Day()
    day.open("1")
    day.taken()
    day.at(c.CallNext, "1")
    first = display_of(day.hall.catalogue, day.hall.state, "counter-1", "counter")
    assert first.called_wall_ms == day.at_ms
    day.later(45)
    assert display_of(day.hall.catalogue, day.hall.state, "counter-1", "counter") == first
    day.at(c.Recall, "1")
    again = display_of(day.hall.catalogue, day.hall.state, "counter-1", "counter")
    assert again.called_wall_ms == first.called_wall_ms + 45_000
    assert again.ticket == first.ticket


def test_who_is_being_served_is_not_being_called() -> None:
    day = Day()
    day.open("1")
    day.taken()
    day.at(c.CallNext, "1")
    day.at(c.StartService, "1")
    shown = display_of(day.hall.catalogue, day.hall.state, "counter-1", "counter")
    assert (shown.phase, shown.called_wall_ms) == ("serving", None)
