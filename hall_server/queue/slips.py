"""A ticket's slip: asked for with the number or by hand, and what became of it."""

from __future__ import annotations

from hall_server import commands as c
from hall_server import facts as f
from hall_server.catalogue import Catalogue
from hall_server.changes import apply
from hall_server.commands import Code
from hall_server.decision import Decision, accept, refuse
from hall_server.facts import Fact
from hall_server.queue.estimates import estimate_one
from hall_server.state import LIVE, Slip, State

REPORT_WITHIN_MS = 20_000
"""A slip of which nothing was heard for so long is taken for lost: the pages say so, and it may
be asked for again."""
MOST_AT_KIOSK = 3
"""Slips of one ticket that came out of the printer: from then on only a clerk has more printed, so
that no phone with a ticket's code empties the roll."""


def slip_with(
    hall: Catalogue, state: State, taken: f.TicketTaken, node: str, now_ms: int
) -> f.SlipAsked:
    """The slip of a ticket that is just being taken, with its place among those in line."""
    after = state.view()
    apply(after, Fact(state.last_fact + 1, now_ms, taken))
    return _asked(hall, after, taken.ticket, node, taken.node or node, now_ms, again=False)


def print_slip(hall: Catalogue, state: State, command: c.PrintSlip, now_ms: int) -> Decision:
    """Once more, or for the first time: the number and its place stay as they are."""
    ticket = state.tickets.get(command.ticket)
    if ticket is None:
        return refuse("unknown_ticket")
    if command.node not in hall.slips.printers:
        return refuse("no_printer", ticket.id)
    if command.counter is not None and (code := _not_hers(state, command)):
        return refuse(code, ticket.id)
    if ticket.phase not in LIVE:
        return refuse("wrong_state", ticket.id)
    if is_under_way(state.slips.get(ticket.id), now_ms):
        return refuse("being_printed", ticket.id)
    if command.counter is None and _copies(state.slips.get(ticket.id)) >= MOST_AT_KIOSK:
        return refuse("printed_enough", ticket.id)
    return accept(
        _asked(hall, state, ticket.id, command.node, command.by, now_ms, again=True),
        ticket=ticket.id,
    )


def _copies(slip: Slip | None) -> int:
    return slip.copies + (slip.printed is True) if slip is not None else 0


def is_under_way(slip: Slip | None, now_ms: int) -> bool:
    """Whether a printer may still be at it."""
    return slip is not None and slip.printed is None and now_ms - slip.at_ms < REPORT_WITHIN_MS


def _not_hers(state: State, command: c.PrintSlip) -> Code | None:
    one = state.counters.get(command.counter or "")
    if one is None or one.phase == "closed" or one.clerk != command.by:
        return "not_your_counter"
    return None


def _asked(
    hall: Catalogue, state: State, ticket: str, node: str, by: str, now_ms: int, *, again: bool
) -> f.SlipAsked:
    found = estimate_one(hall, state, ticket, now_ms)
    wait = found.wait if found else None
    return f.SlipAsked(
        ticket,
        node,
        by,
        found.place if found else None,
        wait.low_ms if wait else None,
        wait.high_ms if wait else None,
        again,
    )


def printed(hall: Catalogue, state: State, command: c.SlipSeen, now_ms: int) -> Decision:
    """What a node says of a print job is written down, also where the job is of yesterday."""
    return accept(f.SlipPrinted(command.node, command.slip, command.ok, command.reason))
