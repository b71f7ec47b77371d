"""What a code before a scanner does: at a kiosk it takes a ticket, at a counter it matches one."""

from __future__ import annotations

from typing import Literal

from hall_server import commands as c
from hall_server import facts as f
from hall_server.catalogue import Catalogue
from hall_server.decision import Decision, accept
from hall_server.queue.taking import take
from hall_server.state import State


def card(hall: Catalogue, state: State, command: c.CardShown, now_ms: int) -> Decision:
    """A citizen card: at a kiosk the person is known for a while; at a counter the visit is."""
    counter = hall.counter_of_node.get(command.node)
    if counter is None:
        return accept(f.ScanHandled(command.node, "card", person=command.person))
    one = state.counters.get(counter)
    ticket = state.tickets.get(one.ticket) if one and one.ticket else None
    match: Literal["first", "same", "other"] | None = None
    if ticket is not None:
        elsewhere = state.persons.get(f"{command.person}/{ticket.service}")
        if ticket.person is None and elsewhere is None:
            match = "first"
        else:
            match = "same" if ticket.person == command.person else "other"
    return accept(
        f.ScanHandled(
            command.node,
            "card",
            counter=counter,
            ticket=ticket.id if ticket else None,
            person=command.person,
            match=match,
        )
    )


def ticket(hall: Catalogue, state: State, command: c.TicketShown, now_ms: int) -> Decision:
    """A ticket's QR: show its place."""
    found = state.by_token.get(command.token)
    return accept(
        f.ScanHandled(
            command.node,
            "ticket" if found else "unknown_ticket",
            counter=hall.counter_of_node.get(command.node),
            ticket=found,
        ),
        ticket=found,
    )


def procedure(hall: Catalogue, state: State, command: c.ProcedureShown, now_ms: int) -> Decision:
    """A wall QR: show the procedure and, at a kiosk, take a ticket for its service."""
    counter = hall.counter_of_node.get(command.node)
    known = hall.procedures.get(command.code)
    if known is None:
        return accept(f.ScanHandled(command.node, "unknown_procedure", counter=counter))
    if counter is not None:
        return accept(
            f.ScanHandled(command.node, "procedure", counter=counter, procedure=known.code)
        )
    taken = take(
        hall,
        state,
        c.TakeTicket(
            request="",
            service=known.service,
            channel="wall_qr",
            token=command.token,
            by=command.node,
            node=command.node,
            slip_at=command.node,
        ),
        now_ms,
    )
    return Decision(
        (
            *taken.facts,
            f.ScanHandled(
                command.node, "procedure", ticket=taken.outcome.ticket, procedure=known.code
            ),
        ),
        taken.outcome,
    )


def wrong_card(hall: Catalogue, state: State, command: c.WrongCardShown, now_ms: int) -> Decision:
    """Not a citizen card: say so politely."""
    what: Literal["wrong_health_insurance", "wrong_damaged", "wrong_unknown"] = (
        "wrong_health_insurance"
        if command.what == "health_insurance"
        else "wrong_damaged"
        if command.what == "damaged"
        else "wrong_unknown"
    )
    return accept(f.ScanHandled(command.node, what, counter=hall.counter_of_node.get(command.node)))
