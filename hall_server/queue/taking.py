"""Coming into line and leaving it: take, priority, more time, cancel."""

from __future__ import annotations

from hall_server import commands as c
from hall_server import facts as f
from hall_server.catalogue import PRIORITY_REASONS, Catalogue
from hall_server.commands import Code, Outcome
from hall_server.decision import Decision, accept, refuse
from hall_server.queue.policy import seniority_ms
from hall_server.queue.slips import slip_with
from hall_server.state import State, Ticket

MOST_TICKETS_A_DAY = 99_999
"""Of one service; beyond it a display could not show the number."""


def ticket_number(prefix: str, ordinal: int) -> str:
    """``A012``; from the thousandth on ``A1000``."""
    return f"{prefix}{ordinal:03d}"


def take(hall: Catalogue, state: State, command: c.TakeTicket, now_ms: int) -> Decision:
    """A new ticket, or the first one of a person who is in this line already."""
    service = hall.services.get(command.service)
    if service is None:
        return refuse("unknown_service")
    if command.priority is not None and command.priority not in PRIORITY_REASONS:
        return refuse("unknown_reason")
    person = command.person or _card_just_shown(hall, state, command.node, now_ms)
    if person and (first := state.persons.get(f"{person}/{service.id}")):
        return Decision((), Outcome("ok", first, existing=True))
    ordinal = state.ordinals.get(service.id, 0) + 1
    day = state.day.replace("-", "")
    # a service that was given another's prefix during the day goes on behind that one's numbers
    while (ticket := f"{day}-{ticket_number(service.prefix, ordinal)}") in state.tickets:
        ordinal += 1
    if ordinal > MOST_TICKETS_A_DAY:
        return refuse("line_full")
    number = ticket_number(service.prefix, ordinal)
    taken = f.TicketTaken(
        ticket,
        number,
        service.id,
        ordinal,
        command.channel,
        command.token,
        seniority_ms(hall.queue, now_ms, command.priority),
        person=person,
        priority=command.priority,
        priority_by=command.by if command.priority else None,
        node=command.node,
    )
    if command.slip_at in hall.slips.printers:
        slip = slip_with(hall, state, taken, command.slip_at, now_ms)
        return accept(taken, slip, ticket=ticket)
    return accept(taken, ticket=ticket)


def _card_just_shown(hall: Catalogue, state: State, node: str | None, now_ms: int) -> str | None:
    screen = state.kiosks.get(node) if node else None
    if screen is None or now_ms - screen.at_ms > hall.queue.kiosk_forgets_after_s * 1000:
        return None
    return screen.person


def give_priority(hall: Catalogue, state: State, command: c.GivePriority, now_ms: int) -> Decision:
    """Move a waiting ticket by a reason from the list; None takes the reason back.

    A clerk moves those alone whom her counter serves.
    """
    ticket = state.tickets.get(command.ticket)
    if ticket is None:
        return refuse("unknown_ticket")
    if code := _not_hers(hall, state, command, ticket):
        return refuse(code, ticket.id)
    if ticket.phase not in ("waiting", "parked"):
        return refuse("wrong_state", ticket.id)
    if command.reason is not None and command.reason not in PRIORITY_REASONS:
        return refuse("unknown_reason", ticket.id)
    # The credit of the old reason goes back before the new one counts, so that a ticket which
    # fell behind after a no-show stays behind.
    since = ticket.seniority_ms - seniority_ms(hall.queue, 0, ticket.priority)
    return accept(
        f.PriorityGiven(
            ticket.id, command.reason, command.by, seniority_ms(hall.queue, since, command.reason)
        ),
        ticket=ticket.id,
    )


def cancel(hall: Catalogue, state: State, command: c.CancelTicket, now_ms: int) -> Decision:
    """Leave the line; a ticket that is being served is the clerk's to end.

    A clerk strikes off those alone whom her counter serves, and what a counter has called is that
    counter's and the citizen's, not another clerk's.
    """
    ticket = state.tickets.get(command.ticket)
    if ticket is None:
        return refuse("unknown_ticket")
    if code := _not_hers(hall, state, command, ticket):
        return refuse(code, ticket.id)
    if ticket.phase not in ("waiting", "parked", "called"):
        return refuse("wrong_state", ticket.id)
    return accept(f.TicketCancelled(ticket.id, command.by), ticket=ticket.id)


def _not_hers(
    hall: Catalogue, state: State, command: c.GivePriority | c.CancelTicket, ticket: Ticket
) -> Code | None:
    """Why a clerk who asks at her counter has no say over ``ticket``; None where she has."""
    if command.counter is None:
        return None
    one, counter = state.counters.get(command.counter), hall.counters.get(command.counter)
    if one is None or counter is None or one.phase == "closed" or one.clerk != command.by:
        return "not_your_counter"
    if ticket.phase in ("called", "serving"):
        return None if ticket.counter == command.counter else "not_your_counter"
    if ticket.service not in counter.services:
        return "not_served_here"
    return None


def more_time(hall: Catalogue, state: State, command: c.AskMoreTime, now_ms: int) -> Decision:
    """Fall behind the next two of the line, so that nobody is called while still on the way."""
    ticket = state.tickets.get(command.ticket)
    if ticket is None:
        return refuse("unknown_ticket")
    if ticket.phase != "waiting":
        return refuse("wrong_state", ticket.id)
    line = state.lines[ticket.service]
    place = line.index((ticket.seniority_ms, ticket.ordinal, ticket.id))
    behind = line[place + 1 : place + 3]
    later = (behind[-1][0] + 1) if behind else max(now_ms, ticket.seniority_ms)
    return accept(f.MoreTimeAsked(ticket.id, later), ticket=ticket.id)
