"""What hangs in the hall: the board and the display over a counter.  Numbers, never names."""

from __future__ import annotations

from typing import Final, Literal

from hall_server.web.projections.moment import (
    Moment,
    call_line,
    counter_state,
    names,
    open_window,
    service_lines,
)
from hall_server.web.views import BoardView, CallLine, CounterView, Rating

CALLS_SHOWN: Final = 8
THANKS_MS: Final = 5_000
"""How long a display says thank you for a rating."""


def board(moment: Moment) -> BoardView:
    """The hall's board."""
    calls: list[CallLine] = []
    seen: set[str] = set()
    for call in reversed(moment.state.calls):
        if call.ticket not in seen and len(calls) < CALLS_SHOWN:
            seen.add(call.ticket)
            calls.append(call_line(moment, call))
    return BoardView(
        moment.state.last_fact,
        moment.now_ms,
        moment.hall,
        calls,
        service_lines(moment),
        moment.state.waiting(),
        sum(
            counter_state(moment, counter).phase == "open" for counter in moment.catalogue.counters
        ),
    )


def counter(moment: Moment, counter: str) -> CounterView:
    """The display over ``counter``, which is one of the catalogue's; no level of any rating."""
    one = counter_state(moment, counter)
    ticket = moment.state.tickets.get(one.ticket or "")
    phase: Literal["closed", "paused", "idle", "called", "serving"] = "idle"
    if ticket is not None and one.phase != "closed":
        phase = "called" if ticket.phase == "called" else "serving"
    elif one.phase != "open":
        phase = "closed" if one.phase == "closed" else "paused"
    service, service_en = names(moment, ticket.service) if ticket else (None, None)
    window = open_window(moment, counter)
    served = [names(moment, service) for service in moment.catalogue.counters[counter].services]
    return CounterView(
        moment.state.last_fact,
        moment.now_ms,
        moment.hall,
        counter,
        phase,
        ticket.number if ticket else None,
        service,
        service_en,
        [vi for vi, _ in served],
        [en for _, en in served],
        ticket.called_ms if ticket else None,
        _call_id(moment, ticket.id) if ticket else None,
        Rating(window.levels, window.opened_ms + window.duration_ms) if window else None,
        _thanks_until_ms(moment, one.last_finished),
        phase == "paused" and one.paused_by == "presence",
    )


def _call_id(moment: Moment, ticket: str) -> int | None:
    for call in reversed(moment.state.calls):
        if call.ticket == ticket:
            return call.id
    return None


def _thanks_until_ms(moment: Moment, last_finished: str | None) -> int | None:
    ticket = moment.state.tickets.get(last_finished or "")
    window = moment.state.windows.get((ticket.window if ticket else None) or "")
    if window is None or not window.rated or window.closed_ms is None:
        return None
    until_ms = window.closed_ms + THANKS_MS
    return until_ms if moment.now_ms < until_ms else None
