"""What each node must show and say, from the state: pure, the same at every restart."""

from __future__ import annotations

from typing import Final, Literal

from devices.messages import Announcement, Display, Phase, RatingWindow
from hall_server.catalogue import Catalogue
from hall_server.queue.wording import call_text
from hall_server.state import State

SPOKEN_FOR_MS: Final = 60_000
"""A call older than this is not handed to a voice any more."""
MOST_SPOKEN: Final = 8


def display_of(
    hall: Catalogue, state: State, node: str, kind: Literal["counter", "kiosk", "board"]
) -> Display:
    """The whole display of ``node``, but for ``rev`` and ``wall_ms``, which are 0."""
    if kind == "counter":
        return _of_counter(hall, state, hall.counter_of_node.get(node, ""))
    announcements = _announcements(state) if kind == "board" else []
    return Display(0, 0, "idle", announcements=announcements)


def _of_counter(hall: Catalogue, state: State, counter: str) -> Display:
    one = state.counters.get(counter)
    if one is None or one.phase == "closed":
        return Display(0, 0, "closed", counter=counter, rating=_window(state, counter))
    ticket = state.tickets.get(one.ticket) if one.ticket else None
    rating = _window(state, counter)
    phase: Phase
    if ticket is not None:
        phase = "serving" if ticket.phase == "serving" else "called"
    elif rating is not None:
        phase = "rating"
    else:
        phase = "paused" if one.phase == "paused" else "idle"
    service = hall.services.get(ticket.service) if ticket else None
    return Display(
        0,
        0,
        phase,
        counter=counter,
        ticket=ticket.number if ticket else None,
        service=service.name if service else None,
        rating=rating,
    )


def _window(state: State, counter: str) -> RatingWindow | None:
    one = state.counters.get(counter)
    window = state.windows.get(one.window) if one and one.window else None
    if window is None:
        return None
    return RatingWindow(window.id, window.levels, window.opened_ms, window.duration_ms)


def _announcements(state: State) -> list[Announcement]:
    return [
        Announcement(call.id, call_text(call.number, call.counter), call.at_ms)
        for call in state.calls[-MOST_SPOKEN:]
        if state.last_ms - call.at_ms <= SPOKEN_FOR_MS
    ]
