"""How each fact changes what a hall knows: the only place where anything of it changes."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec.structs import replace

from hall_server import facts as f
from hall_server import node_changes
from hall_server.facts import Fact
from hall_server.state import (
    LIVE,
    Call,
    CounterState,
    KioskScreen,
    Learnt,
    Pace,
    Slip,
    State,
    Ticket,
    TicketPhase,
    Window,
)

RECENT_CALLS: Final = 16
TOLD_TOGETHER: Final = 5
"""A mean that moved with each rating would tell the clerk what the last citizen chose."""
LEARNING_WEIGHT: Final = 0.1
"""Weight of the newest service time in the running estimate of its service."""
PACE_WEIGHT: Final = 0.03
PACE_LIMIT: Final = 4.0
"""One visit that took very long says little of its counter."""


def _leave_line(state: State, ticket: Ticket) -> None:
    line = state.lines.get(ticket.service)
    if line is None:
        return
    key = (ticket.seniority_ms, ticket.ordinal, ticket.id)
    place = bisect_left(line, key)
    if place < len(line) and line[place] == key:
        del line[place]


def _join_line(state: State, ticket: Ticket) -> None:
    line = state.lines.setdefault(ticket.service, [])
    insort(line, (ticket.seniority_ms, ticket.ordinal, ticket.id))


def _put(state: State, ticket: Ticket) -> None:
    """Replace a ticket, keeping line and person index in step with its phase."""
    before = state.tickets.get(ticket.id)
    if before is not None and before.phase == "waiting":
        _leave_line(state, before)
    if before is not None and before.person:
        state.persons.pop(f"{before.person}/{before.service}", None)
    state.tickets[ticket.id] = ticket
    if ticket.phase == "waiting":
        _join_line(state, ticket)
    if ticket.person and ticket.phase in LIVE:
        state.persons[f"{ticket.person}/{ticket.service}"] = ticket.id


def _counter(state: State, counter: str) -> CounterState:
    return state.counters.get(counter) or CounterState(counter)


# ------------------------------------------------------------------ the facts


def _day_opened(state: State, fact: Fact, body: f.DayOpened) -> None:
    state.day = body.day
    state.tickets = {}
    state.by_token = {}
    state.lines = {}
    state.ordinals = {}
    state.persons = {}
    state.calls = []
    state.kiosks = {}
    state.slips = {}
    state.old_windows, state.windows = state.windows, {}
    state.old_requests, state.requests = state.requests, {}
    state.refused_presses = 0
    state.counters = {
        key: CounterState(
            key,
            one.phase,
            one.clerk,
            one.since_ms,
            one.pause_reason,
            paused_by=one.paused_by,
            away_ms=one.away_ms,
        )
        for key, one in state.counters.items()
    }


def _ticket_taken(state: State, fact: Fact, body: f.TicketTaken) -> None:
    state.ordinals[body.service] = max(state.ordinals.get(body.service, 0), body.ordinal)
    state.by_token[body.token] = body.ticket
    _put(
        state,
        Ticket(
            body.ticket,
            body.number,
            body.service,
            body.ordinal,
            body.channel,
            body.token,
            fact.at_ms,
            body.seniority_ms,
            person=body.person,
            priority=body.priority,
        ),
    )
    if body.node in state.kiosks:
        state.kiosks[body.node] = KioskScreen(fact.at_ms, "ticket", body.ticket)


def _priority_given(state: State, fact: Fact, body: f.PriorityGiven) -> None:
    ticket = state.tickets[body.ticket]
    _put(state, replace(ticket, priority=body.reason, seniority_ms=body.seniority_ms))


def _ticket_cancelled(state: State, fact: Fact, body: f.TicketCancelled) -> None:
    ticket = state.tickets[body.ticket]
    if ticket.phase in ("called", "serving") and ticket.counter:
        _clear_counter(state, ticket.counter)
    _put(state, replace(ticket, phase="cancelled"))


def _more_time(state: State, fact: Fact, body: f.MoreTimeAsked) -> None:
    _put(state, replace(state.tickets[body.ticket], seniority_ms=body.seniority_ms))


def _counter_opened(state: State, fact: Fact, body: f.CounterOpened) -> None:
    one = _counter(state, body.counter)
    state.counters[body.counter] = replace(
        one,
        phase="open",
        clerk=body.clerk,
        since_ms=fact.at_ms,
        pause_reason="",
        match=None,
        paused_by=None,
        away_ms=None,
    )


def _counter_paused(state: State, fact: Fact, body: f.CounterPaused) -> None:
    state.counters[body.counter] = replace(
        _counter(state, body.counter),
        phase="paused",
        since_ms=fact.at_ms,
        pause_reason=body.reason,
        paused_by=body.by,
    )


def _counter_resumed(state: State, fact: Fact, body: f.CounterResumed) -> None:
    state.counters[body.counter] = replace(
        _counter(state, body.counter),
        phase="open",
        since_ms=fact.at_ms,
        pause_reason="",
        paused_by=None,
    )


def _clerk_left(state: State, fact: Fact, body: f.ClerkLeft) -> None:
    if body.counter is not None and not body.late:
        state.counters[body.counter] = replace(_counter(state, body.counter), away_ms=fact.at_ms)


def _clerk_returned(state: State, fact: Fact, body: f.ClerkReturned) -> None:
    if body.counter is not None:
        state.counters[body.counter] = replace(_counter(state, body.counter), away_ms=None)


def _counter_closed(state: State, fact: Fact, body: f.CounterClosed) -> None:
    state.counters[body.counter] = replace(
        _counter(state, body.counter),
        phase="closed",
        clerk=None,
        since_ms=fact.at_ms,
        pause_reason="",
        last_finished=None,
        match=None,
        paused_by=None,
        away_ms=None,
    )


def _clear_counter(state: State, counter: str) -> None:
    state.counters[counter] = replace(_counter(state, counter), ticket=None, match=None)


def _ticket_called(state: State, fact: Fact, body: f.TicketCalled) -> None:
    ticket = state.tickets[body.ticket]
    _put(
        state,
        replace(
            ticket,
            phase="called",
            counter=body.counter,
            clerk=body.clerk,
            called_ms=fact.at_ms,
            times_called=1,
            call_reason=body.reason,
        ),
    )
    for key in body.passed:
        if (passed := state.tickets.get(key)) is not None:
            state.tickets[key] = replace(passed, overtaken=passed.overtaken + 1)
    one = _counter(state, body.counter)
    state.counters[body.counter] = replace(
        one,
        ticket=body.ticket,
        match=None,
        last_finished=None,
        ordinary_since_priority=0 if ticket.priority else one.ordinary_since_priority + 1,
    )
    _announce(state, fact, ticket, body.counter)


def _ticket_recalled(state: State, fact: Fact, body: f.TicketRecalled) -> None:
    ticket = state.tickets[body.ticket]
    state.tickets[ticket.id] = replace(
        ticket, called_ms=fact.at_ms, times_called=ticket.times_called + 1
    )
    _announce(state, fact, ticket, body.counter)


def _announce(state: State, fact: Fact, ticket: Ticket, counter: str) -> None:
    call = Call(fact.id, fact.at_ms, ticket.id, ticket.number, ticket.service, counter)
    state.calls = [*state.calls[-(RECENT_CALLS - 1) :], call]


def _service_started(state: State, fact: Fact, body: f.ServiceStarted) -> None:
    ticket = state.tickets[body.ticket]
    state.tickets[ticket.id] = replace(ticket, phase="serving", started_ms=fact.at_ms)


def _service_finished(state: State, fact: Fact, body: f.ServiceFinished) -> None:
    ticket = state.tickets[body.ticket]
    _put(
        state,
        replace(
            ticket,
            phase="finished",
            finished_ms=fact.at_ms,
            finishes=ticket.finishes + 1,
            window=body.window,
        ),
    )
    state.windows[body.window] = Window(
        body.window,
        body.ticket,
        body.counter,
        body.clerk,
        body.service,
        body.levels,
        body.scale,
        fact.at_ms,
        body.window_ms,
    )
    one = _counter(state, body.counter)
    state.counters[body.counter] = replace(
        one,
        ticket=None,
        match=None,
        last_finished=body.ticket,
        window=body.window,
        served=one.served + 1,
        service_ms=one.service_ms + body.service_ms,
    )
    learnt = state.learnt.get(body.service)
    _learn_pace(state, body, learnt)
    if learnt is None:
        state.learnt[body.service] = Learnt(float(body.service_ms), 1)
    else:
        weight = max(LEARNING_WEIGHT, 1 / (learnt.count + 1))
        mean = learnt.mean_ms + weight * (body.service_ms - learnt.mean_ms)
        state.learnt[body.service] = Learnt(mean, learnt.count + 1)


def _learn_pace(state: State, body: f.ServiceFinished, learnt: Learnt | None) -> None:
    """How quick the counter is beside the others; from the second service of a kind on."""
    if learnt is None or learnt.mean_ms <= 0:
        return
    ratio = min(PACE_LIMIT, body.service_ms / learnt.mean_ms)
    known = state.paces.get(body.counter, Pace(1.0, 0))
    weight = max(PACE_WEIGHT, 1 / (known.count + 1))
    state.paces[body.counter] = Pace(known.ratio + weight * (ratio - known.ratio), known.count + 1)


def _finish_undone(state: State, fact: Fact, body: f.FinishUndone) -> None:
    ticket = state.tickets[body.ticket]
    one = _counter(state, body.counter)
    served_ms = (ticket.finished_ms or 0) - (ticket.started_ms or ticket.finished_ms or 0)
    if ticket.window in state.windows:
        window = state.windows[ticket.window]
        state.windows[window.id] = replace(
            window, void=True, closed_ms=window.closed_ms or fact.at_ms
        )
    _put(
        state,
        replace(ticket, phase="serving", finished_ms=None, window=None, rated=None),
    )
    state.counters[body.counter] = replace(
        one,
        ticket=body.ticket,
        last_finished=None,
        window=None,
        served=one.served - 1,
        service_ms=one.service_ms - served_ms,
    )


_AFTER_NO_SHOW: Final[Mapping[str, TicketPhase]] = {
    "tail": "waiting",
    "parked": "parked",
    "dropped": "dropped",
}


def _no_show(state: State, fact: Fact, body: f.NoShow) -> None:
    ticket = state.tickets[body.ticket]
    _clear_counter(state, body.counter)
    _put(
        state,
        replace(
            ticket,
            phase=_AFTER_NO_SHOW[body.outcome],
            no_shows=body.times,
            seniority_ms=body.seniority_ms,
            counter=None,
            clerk=None,
        ),
    )


def _ticket_parked(state: State, fact: Fact, body: f.TicketParked) -> None:
    _clear_counter(state, body.counter)
    _put(
        state,
        replace(state.tickets[body.ticket], phase="parked", counter=body.counter, started_ms=None),
    )


def _ticket_unparked(state: State, fact: Fact, body: f.TicketUnparked) -> None:
    _put(state, replace(state.tickets[body.ticket], phase="waiting", counter=None, clerk=None))


def _ticket_transferred(state: State, fact: Fact, body: f.TicketTransferred) -> None:
    _clear_counter(state, body.counter)
    _put(
        state,
        replace(
            state.tickets[body.ticket],
            phase="waiting",
            service=body.service,
            only_counter=body.to_counter,
            counter=None,
            clerk=None,
            started_ms=None,
        ),
    )


def _rating_given(state: State, fact: Fact, body: f.RatingGiven) -> None:
    windows = state.windows if body.window in state.windows else state.old_windows
    if body.window in windows:
        windows[body.window] = replace(
            windows[body.window],
            rated=True,
            closed_ms=windows[body.window].closed_ms or fact.at_ms,
        )
    if ticket := state.tickets.get(body.ticket):
        state.tickets[body.ticket] = replace(ticket, rated=body.level)
        one = _counter(state, body.counter)
        one = replace(
            one,
            window=None if one.window == body.window else one.window,
            ratings=one.ratings + 1,
            rating_sum=one.rating_sum + body.level,
        )
        if one.ratings % TOLD_TOGETHER == 0:
            one = replace(one, told_ratings=one.ratings, told_sum=one.rating_sum)
        state.counters[body.counter] = one


def _rating_refused(state: State, fact: Fact, body: f.RatingRefused) -> None:
    state.refused_presses += 1


def _window_closed(state: State, fact: Fact, body: f.RatingWindowClosed) -> None:
    if window := state.windows.get(body.window):
        state.windows[body.window] = replace(window, closed_ms=window.closed_ms or fact.at_ms)
    one = _counter(state, body.counter)
    if one.window == body.window:
        state.counters[body.counter] = replace(one, window=None)


def _scan_handled(state: State, fact: Fact, body: f.ScanHandled) -> None:
    if body.counter is None:
        state.kiosks[body.node] = KioskScreen(
            fact.at_ms, body.what, body.ticket, body.person, body.procedure
        )
        return
    if body.match is None or body.ticket is None:
        return
    one = _counter(state, body.counter)
    state.counters[body.counter] = replace(one, match=body.match)
    ticket = state.tickets.get(body.ticket)
    if body.match == "first" and ticket is not None:
        _put(state, replace(ticket, person=body.person))


def _slip_asked(state: State, fact: Fact, body: f.SlipAsked) -> None:
    # the latest stands: an older one that was not printed yet is asked for no more
    before = state.slips.get(body.ticket)
    state.slips[body.ticket] = Slip(
        fact.id,
        fact.at_ms,
        body.node,
        body.ticket,
        body.by,
        body.place,
        body.wait_low_ms,
        body.wait_high_ms,
        body.again,
        copies=before.copies + (before.printed is True) if before else 0,
    )


def _slip_printed(state: State, fact: Fact, body: f.SlipPrinted) -> None:
    for slip in state.slips.values():
        # the first word counts: a node that was cut off afterwards is not sure of what it said
        if slip.id == body.slip and slip.node == body.node and slip.printed is None:
            state.slips[slip.ticket] = replace(
                slip, printed=body.ok, reason=body.reason, told_ms=fact.at_ms
            )
            return


_APPLY: Final[dict[type[Any], Callable[[State, Fact, Any], None]]] = {
    f.DayOpened: _day_opened,
    f.TicketTaken: _ticket_taken,
    f.PriorityGiven: _priority_given,
    f.TicketCancelled: _ticket_cancelled,
    f.MoreTimeAsked: _more_time,
    f.CounterOpened: _counter_opened,
    f.CounterPaused: _counter_paused,
    f.CounterResumed: _counter_resumed,
    f.ClerkLeft: _clerk_left,
    f.ClerkReturned: _clerk_returned,
    f.CounterClosed: _counter_closed,
    f.TicketCalled: _ticket_called,
    f.TicketRecalled: _ticket_recalled,
    f.ServiceStarted: _service_started,
    f.ServiceFinished: _service_finished,
    f.FinishUndone: _finish_undone,
    f.NoShow: _no_show,
    f.TicketParked: _ticket_parked,
    f.TicketUnparked: _ticket_unparked,
    f.TicketTransferred: _ticket_transferred,
    f.RatingGiven: _rating_given,
    f.RatingRefused: _rating_refused,
    f.RatingWindowClosed: _window_closed,
    f.ScanHandled: _scan_handled,
    f.SlipAsked: _slip_asked,
    f.SlipPrinted: _slip_printed,
    **node_changes.APPLY,
}


def _acted(state: State, body: Any) -> None:
    """Whoever asks for something at her counter is there, whatever the switch says."""
    clerk, counter = getattr(body, "clerk", None), getattr(body, "counter", None)
    one = state.counters.get(counter) if clerk and counter else None
    if one is not None and one.away_ms is not None and one.clerk == clerk:
        state.counters[one.id] = replace(one, away_ms=None)


def apply(state: State, fact: Fact) -> None:
    """Change ``state`` by one fact; facts must come in the order of their ids."""
    body = fact.body
    _APPLY[type(body)](state, fact, body)
    if fact.request is not None and not isinstance(body, f.RatingGiven):
        _acted(state, body)
    state.last_fact = fact.id
    state.last_ms = fact.at_ms
    if fact.request is not None:
        state.requests[fact.request] = getattr(body, "ticket", None)
    if fact.source is not None:
        position = state.streams.get(fact.source.stream)
        if position is not None and fact.source.seq > position.seq:
            state.streams[fact.source.stream] = replace(
                position, seq=fact.source.seq, events=position.events + 1, last_ms=fact.at_ms
            )
