"""The console of a clerk: her counter's visit, the line before it, and her day.

Whoever does not hold the counter is told nothing of its visit.
"""

from __future__ import annotations

from itertools import islice
from typing import Final, Literal

from hall_server.card_forms import CardForms, WrongCard
from hall_server.state import CounterState, Ticket
from hall_server.web.projections.moment import (
    Moment,
    counter_state,
    names,
    open_window,
    service_lines,
    slip_line,
)
from hall_server.web.views import (
    AtCounterTicket,
    ClerkView,
    OtherCounter,
    SlipLine,
    Today,
    WaitingLine,
)

WAITING_SHOWN: Final = 200
SLIP_SHOWN_MS: Final = 60_000


def holds(moment: Moment, counter: str, clerk: str) -> bool:
    """True while ``clerk`` is the one at ``counter``."""
    one = counter_state(moment, counter)
    return one.phase != "closed" and one.clerk == clerk


def console(
    moment: Moment, counter: str, clerk: str, clerk_name: str, forms: CardForms
) -> ClerkView:
    """The console at ``counter``, which is one of the catalogue's."""
    if not holds(moment, counter, clerk):
        return _not_hers(moment, counter, clerk, clerk_name)
    one = counter_state(moment, counter)
    served = moment.catalogue.counters[counter].services
    ticket = moment.state.tickets.get(one.ticket or "")
    waiting, total = _waiting(moment, counter, served)
    return ClerkView(
        moment.state.last_fact,
        moment.now_ms,
        moment.hall,
        counter,
        clerk,
        clerk_name,
        True,
        one.phase,
        one.pause_reason,
        service_lines(moment, served),
        service_lines(moment),
        _at_counter(moment, ticket, one) if ticket else None,
        waiting,
        total,
        _parked(moment, served),
        _undo(moment, one),
        open_window(moment, counter) is not None,
        forms.form_for(counter, clerk, one.ticket, moment.now_ms),
        _card_message(forms.message_for(counter, clerk, moment.now_ms), one),
        _today(moment, one),
        moment.catalogue.queue.recall_after_s,
        [
            OtherCounter(
                other.id, counter_state(moment, other.id).phase == "open", list(other.services)
            )
            for other in moment.catalogue.counters.values()
            if other.id != counter
        ],
        list(moment.catalogue.slips.printers),
        _slip(moment, clerk),
        away=one.phase == "paused" and one.paused_by == "presence",
    )


def _slip(moment: Moment, clerk: str) -> SlipLine | None:
    hers = [
        slip
        for slip in moment.state.slips.values()
        if slip.by == clerk and moment.now_ms - slip.at_ms < SLIP_SHOWN_MS
    ]
    latest = max(hers, key=lambda slip: slip.id, default=None)
    ticket = moment.state.tickets.get(latest.ticket) if latest else None
    return slip_line(moment, latest, ticket) if latest and ticket else None


def _not_hers(moment: Moment, counter: str, clerk: str, clerk_name: str) -> ClerkView:
    return ClerkView(
        moment.state.last_fact,
        moment.now_ms,
        moment.hall,
        counter,
        clerk,
        clerk_name,
        yours=False,
        phase="closed",
        pause_reason="",
        services=[],
        all_services=[],
        ticket=None,
        waiting=[],
        waiting_total=0,
        parked=[],
        undo=None,
        rating_open=False,
        card=None,
        card_message=None,
        today=Today(0, None, 0, None, moment.catalogue.ratings.levels),
        recall_after_s=moment.catalogue.queue.recall_after_s,
        counters=[],
        printers=[],
        slip=None,
    )


def _line(moment: Moment, ticket: Ticket) -> WaitingLine:
    return WaitingLine(
        ticket.id,
        ticket.number,
        *names(moment, ticket.service),
        ticket.taken_ms,
        ticket.priority,
        ticket.no_shows,
    )


def _waiting(moment: Moment, counter: str, served: list[str]) -> tuple[list[WaitingLine], int]:
    """In the order in which they are expected to be called, and how many there are in all."""
    tickets = moment.state.tickets
    before = moment.estimates.tickets
    last = len(before)
    places = [
        (before[place[2]].turn if place[2] in before else last, place)
        for service in served
        for place in moment.state.lines.get(service, ())
    ]
    for_here = [
        ticket
        for _, place in sorted(places)
        if (ticket := tickets[place[2]]).only_counter in (None, counter)
    ]
    return [_line(moment, one) for one in islice(for_here, WAITING_SHOWN)], len(for_here)


def _parked(moment: Moment, served: list[str]) -> list[WaitingLine]:
    parked = [
        ticket
        for ticket in moment.state.tickets.values()
        if ticket.phase == "parked" and ticket.service in served
    ]
    parked.sort(key=lambda ticket: (ticket.seniority_ms, ticket.ordinal))
    return [_line(moment, ticket) for ticket in parked[:WAITING_SHOWN]]


def _at_counter(moment: Moment, ticket: Ticket, one: CounterState) -> AtCounterTicket:
    called_ms = ticket.called_ms or moment.now_ms
    return AtCounterTicket(
        ticket.id,
        ticket.number,
        *names(moment, ticket.service),
        "called" if ticket.phase == "called" else "serving",
        ticket.taken_ms,
        called_ms,
        ticket.started_ms,
        max(0, called_ms - ticket.taken_ms),
        ticket.call_reason,
        ticket.priority,
        ticket.channel,
        ticket.times_called,
        ticket.no_shows,
        one.match,
    )


def _card_message(
    wrong: WrongCard | None, one: CounterState
) -> WrongCard | Literal["other_person"] | None:
    return wrong or ("other_person" if one.match == "other" else None)


def _undo(moment: Moment, one: CounterState) -> str | None:
    if one.ticket is not None:
        return None
    ticket = moment.state.tickets.get(one.last_finished or "")
    if ticket is None or ticket.rated is not None:
        return None
    # its person waits for the same service again: the hall opens no second visit
    back = ticket.person and f"{ticket.person}/{ticket.service}" in moment.state.persons
    return None if back else ticket.number


def _today(moment: Moment, one: CounterState) -> Today:
    return Today(
        one.served,
        round(one.service_ms / one.served) if one.served else None,
        one.ratings,
        round(one.told_sum / one.told_ratings, 2) if one.told_ratings else None,
        moment.catalogue.ratings.levels,
    )
