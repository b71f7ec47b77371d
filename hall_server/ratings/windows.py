"""The rating window: opened by a finish, closed by time, by the next ticket or by its rating."""

from __future__ import annotations

from hall_server import commands as c
from hall_server import facts as f
from hall_server.catalogue import Catalogue
from hall_server.decision import Decision, accept, refuse
from hall_server.facts import RefusedRating
from hall_server.state import State, Ticket, Window


def opened_by_finish(
    hall: Catalogue, ticket: Ticket, command: c.AtCounter, now_ms: int
) -> f.ServiceFinished:
    """The finish of ``ticket``, with the window that it opens.

    The window is named after the ticket and how often it was finished: an undone finish and the
    real one later never share a window.
    """
    return f.ServiceFinished(
        ticket.id,
        command.counter,
        command.clerk,
        ticket.service,
        max(0, now_ms - (ticket.started_ms or now_ms)),
        f"{ticket.id}.{ticket.finishes + 1}",
        hall.ratings.levels,
        hall.ratings.scale,
        hall.ratings.window_s * 1000,
    )


def close_for_next(state: State, counter: str) -> tuple[f.RatingWindowClosed, ...]:
    """The next person is here: whoever presses now is not the one who was served."""
    window = _open_at(state, counter)
    if window is None:
        return ()
    return (f.RatingWindowClosed(window.id, window.ticket, counter, "next_ticket"),)


def close_due(state: State, now_ms: int) -> tuple[f.RatingWindowClosed, ...]:
    """The windows whose time has run out."""
    return tuple(
        f.RatingWindowClosed(window.id, window.ticket, window.counter, "time")
        for window in _open(state)
        if now_ms >= window.opened_ms + window.duration_ms
    )


def next_due_ms(state: State) -> int | None:
    """When the next open window ends, in hall time; None where none is open."""
    return min((w.opened_ms + w.duration_ms for w in _open(state)), default=None)


def _open_at(state: State, counter: str) -> Window | None:
    one = state.counters.get(counter)
    return state.windows.get(one.window) if one and one.window else None


def _open(state: State) -> list[Window]:
    windows = (_open_at(state, counter) for counter in state.counters)
    return [window for window in windows if window is not None]


def press(hall: Catalogue, state: State, command: c.PressSeen, now_ms: int) -> Decision:
    """A button was pressed: a rating, or a refusal with its reason; never lost."""
    counter = hall.counter_of_node.get(command.node)
    window = state.windows.get(command.window or "") or state.old_windows.get(command.window or "")
    reason = command.refused or _why_not(hall, command, window, counter)
    if reason is not None or window is None:
        return accept(
            f.RatingRefused(
                command.node,
                counter,
                command.level,
                command.levels,
                reason or "unknown_window",
                command.window,
            )
        )
    return accept(_given(window, command.level, "buttons"), ticket=window.ticket)


def _why_not(
    hall: Catalogue, command: c.PressSeen, window: Window | None, counter: str | None
) -> RefusedRating | None:
    if command.window is None:
        return "closed"
    if window is None:
        return "unknown_window"
    if window.counter != counter:
        return "wrong_counter"
    if window.void:
        return "undone"
    if window.rated:
        return "already_rated"
    if command.levels != window.levels or command.level > window.levels:
        return "wrong_scale"
    # The node keeps the window by its own clock; the hall checks what the wall clocks say, with
    # room for the news on its way.  A press of a node without a set clock is the node's word.
    if command.happened_ms is not None:
        late_ms = hall.ratings.late_s * 1000
        end_ms = window.opened_ms + window.duration_ms
        if window.closed_ms is not None:
            end_ms = min(end_ms, window.closed_ms)
        if not window.opened_ms - late_ms <= command.happened_ms <= end_ms + late_ms:
            return "late"
    return None


def rate_by_phone(hall: Catalogue, state: State, command: c.RateByPhone, now_ms: int) -> Decision:
    """The phone page may rate once, for a while longer than the buttons."""
    ticket = state.tickets.get(command.ticket)
    if ticket is None:
        return refuse("unknown_ticket")
    window = state.windows.get(ticket.window or "")
    if window is None or window.void or ticket.phase != "finished":
        return refuse("rating_closed", ticket.id)
    if window.rated:
        return refuse("already_rated", ticket.id)
    if now_ms > window.opened_ms + hall.ratings.phone_minutes * 60_000:
        return refuse("rating_closed", ticket.id)
    if not 1 <= command.level <= window.levels:
        return refuse("wrong_level", ticket.id)
    return accept(_given(window, command.level, "phone"), ticket=ticket.id)


def _given(window: Window, level: int, via: str) -> f.RatingGiven:
    return f.RatingGiven(
        window.ticket,
        window.counter,
        window.clerk,
        window.service,
        window.id,
        level,
        window.levels,
        window.scale,
        "phone" if via == "phone" else "buttons",
    )
