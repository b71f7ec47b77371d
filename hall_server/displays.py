"""What each node must show and say, from the state: pure, the same at every restart."""

from __future__ import annotations

from typing import Final, Literal

from devices.messages import Announcement, Display, Phase, PrintJob, RatingWindow
from hall_server.catalogue import Catalogue
from hall_server.queue.wording import call_text
from hall_server.state import State

SPOKEN_FOR_MS: Final = 60_000
"""A call older than this is not handed to a voice any more."""
MOST_SPOKEN: Final = 8
PRINT_FOR_MS: Final = 300_000
"""A slip asked for before this is not handed to a printer any more; nodes give up earlier."""
MOST_PRINTED: Final = 16
_MINUTE_MS: Final = 60_000


def display_of(
    hall: Catalogue, state: State, node: str, kind: Literal["counter", "kiosk", "board"]
) -> Display:
    """The whole display of ``node``, but for ``rev`` and ``wall_ms``, which are 0."""
    if kind == "counter":
        return _of_counter(hall, state, hall.counter_of_node.get(node, ""))
    announcements = _announcements(state) if kind == "board" else []
    slips = _slips(hall, state, node) if node in hall.slips.printers else []
    return Display(0, 0, "idle", announcements=announcements, slips=slips)


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
        called_wall_ms=ticket.called_ms if ticket and phase == "called" else None,
    )


def _window(state: State, counter: str) -> RatingWindow | None:
    one = state.counters.get(counter)
    window = state.windows.get(one.window) if one and one.window else None
    if window is None:
        return None
    return RatingWindow(window.id, window.levels, window.opened_ms, window.duration_ms)


def _slips(hall: Catalogue, state: State, node: str) -> list[PrintJob]:
    """Those that the node has not reported yet; what is too old is told as failed by the pages."""
    wanted = [
        slip
        for slip in state.slips.values()
        if slip.node == node and slip.printed is None and state.last_ms - slip.at_ms <= PRINT_FOR_MS
    ]
    wanted.sort(key=lambda slip: slip.id)
    return [
        PrintJob(
            slip.id,
            slip.at_ms,
            ticket.number,
            known.name if (known := hall.services.get(ticket.service)) else ticket.service,
            hall.slips.hall,
            f"{hall.slips.public_url}/t/{ticket.token}",
            hall.queue.utc_offset_minutes,
            slip.place,
            None if slip.wait_low_ms is None else slip.wait_low_ms // _MINUTE_MS,
            None if slip.wait_high_ms is None else -(-slip.wait_high_ms // _MINUTE_MS),
            slip.again,
        )
        for slip in wanted[-MOST_PRINTED:]
        if (ticket := state.tickets.get(slip.ticket)) is not None
    ]


def _announcements(state: State) -> list[Announcement]:
    return [
        Announcement(call.id, call_text(call.number, call.counter), call.at_ms)
        for call in state.calls[-MOST_SPOKEN:]
        if state.last_ms - call.at_ms <= SPOKEN_FOR_MS
    ]
