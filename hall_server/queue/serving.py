"""From the call to the finish: call, recall, start, finish, undo, no-show, park, transfer."""

from __future__ import annotations

from hall_server import commands as c
from hall_server import facts as f
from hall_server.catalogue import Catalogue
from hall_server.decision import Decision, accept, refuse
from hall_server.queue.counters import not_hers, state_of
from hall_server.queue.policies import POLICIES
from hall_server.queue.policy import HallNow, passed_over
from hall_server.ratings.windows import close_for_next, opened_by_finish
from hall_server.state import State, Ticket


def _may_call(hall: Catalogue, state: State, command: c.AtCounter) -> Decision | None:
    if code := not_hers(hall, state, command):
        return refuse(code)
    one = state_of(state, command.counter)
    if one.phase == "paused":
        return refuse("counter_paused")
    if one.ticket is not None:
        return refuse("counter_busy", one.ticket)
    return None


def call_next(hall: Catalogue, state: State, command: c.CallNext, now_ms: int) -> Decision:
    """Call whoever the policy chooses."""
    if refusal := _may_call(hall, state, command):
        return refusal
    counter = hall.counters[command.counter]
    choice = POLICIES[hall.queue.policy].next_ticket(
        counter, state.lines, HallNow(hall, state), now_ms
    )
    if choice is None:
        return refuse("nobody_waiting")
    ticket = state.tickets[choice.ticket]
    return _call(hall, state, ticket, command, choice.reason, now_ms, by_hand=False)


def call_ticket(hall: Catalogue, state: State, command: c.CallTicket, now_ms: int) -> Decision:
    """Call one ticket by hand; the reason is kept."""
    if refusal := _may_call(hall, state, command):
        return refusal
    ticket = state.tickets.get(command.ticket)
    if ticket is None:
        return refuse("unknown_ticket")
    if not command.reason.strip():
        return refuse("reason_needed", ticket.id)
    if ticket.phase not in ("waiting", "parked"):
        return refuse("wrong_state", ticket.id)
    if ticket.service not in hall.counters[command.counter].services:
        return refuse("not_served_here", ticket.id)
    reason = command.reason.strip()[:200]
    return _call(hall, state, ticket, command, reason, now_ms, by_hand=True)


def _call(
    hall: Catalogue,
    state: State,
    ticket: Ticket,
    command: c.AtCounter,
    reason: str,
    now_ms: int,
    *,
    by_hand: bool,
) -> Decision:
    counter = hall.counters[command.counter]
    return accept(
        f.TicketCalled(
            ticket.id,
            command.counter,
            command.clerk,
            ticket.service,
            max(0, now_ms - ticket.taken_ms),
            reason,
            by_hand,
            passed_over(counter, state.lines, HallNow(hall, state), ticket),
        ),
        ticket=ticket.id,
    )


def _here(hall: Catalogue, state: State, command: c.AtCounter, *phases: str) -> Ticket | Decision:
    """The counter's ticket if it is in one of ``phases``, else the refusal."""
    if code := not_hers(hall, state, command):
        return refuse(code)
    held = state_of(state, command.counter).ticket
    if held is None:
        return refuse("no_ticket_here")
    ticket = state.tickets[held]
    return ticket if ticket.phase in phases else refuse("wrong_state", ticket.id)


def recall(hall: Catalogue, state: State, command: c.Recall, now_ms: int) -> Decision:
    """Say and show the call once more."""
    ticket = _here(hall, state, command, "called")
    if isinstance(ticket, Decision):
        return ticket
    return accept(f.TicketRecalled(ticket.id, command.counter), ticket=ticket.id)


def start(hall: Catalogue, state: State, command: c.StartService, now_ms: int) -> Decision:
    """The person is here; the buttons close for the one before."""
    ticket = _here(hall, state, command, "called")
    if isinstance(ticket, Decision):
        return ticket
    started = f.ServiceStarted(ticket.id, command.counter, command.clerk)
    return accept(*close_for_next(state, command.counter), started, ticket=ticket.id)


def finish(hall: Catalogue, state: State, command: c.FinishService, now_ms: int) -> Decision:
    """Served; the counter's buttons open for this ticket."""
    ticket = _here(hall, state, command, "serving")
    if isinstance(ticket, Decision):
        return ticket
    return accept(
        *close_for_next(state, command.counter),
        opened_by_finish(hall, ticket, command, now_ms),
        ticket=ticket.id,
    )


def undo_finish(hall: Catalogue, state: State, command: c.UndoFinish, now_ms: int) -> Decision:
    """Take back the last finish here, unless its citizen has rated or the next is here."""
    if code := not_hers(hall, state, command):
        return refuse(code)
    one = state_of(state, command.counter)
    if one.last_finished is None or one.last_finished not in state.tickets:
        return refuse("nothing_to_undo")
    if one.ticket is not None:
        return refuse("counter_busy", one.ticket)
    ticket = state.tickets[one.last_finished]
    if ticket.rated is not None:
        return refuse("already_rated", ticket.id)
    live = f"{ticket.person}/{ticket.service}"
    if ticket.person and live in state.persons:
        return refuse("wrong_state", state.persons[live])
    return accept(f.FinishUndone(ticket.id, command.counter, command.clerk), ticket=ticket.id)


def no_show(hall: Catalogue, state: State, command: c.MarkNoShow, now_ms: int) -> Decision:
    """Nobody came: to the tail or aside; out at the last of the calls that the rules allow."""
    ticket = _here(hall, state, command, "called")
    if isinstance(ticket, Decision):
        return ticket
    times = ticket.no_shows + 1
    last = times >= hall.queue.no_shows_until_dropped
    tail = hall.queue.after_no_show == "tail"
    return accept(
        f.NoShow(
            ticket.id,
            command.counter,
            command.clerk,
            times,
            "dropped" if last else hall.queue.after_no_show,
            max(now_ms, ticket.seniority_ms) if tail else ticket.seniority_ms,
        ),
        ticket=ticket.id,
    )


def park(hall: Catalogue, state: State, command: c.ParkTicket, now_ms: int) -> Decision:
    """Set aside with its seniority, e.g. for a missing paper."""
    ticket = _here(hall, state, command, "called", "serving")
    if isinstance(ticket, Decision):
        return ticket
    reason = command.reason.strip()[:200]
    if not reason:
        return refuse("reason_needed", ticket.id)
    return accept(
        f.TicketParked(ticket.id, command.counter, command.clerk, reason), ticket=ticket.id
    )


def unpark(hall: Catalogue, state: State, command: c.UnparkTicket, now_ms: int) -> Decision:
    """Back in line: its seniority puts it near the front."""
    if code := not_hers(hall, state, command):
        return refuse(code)
    ticket = state.tickets.get(command.ticket)
    if ticket is None:
        return refuse("unknown_ticket")
    if ticket.phase != "parked":
        return refuse("wrong_state", ticket.id)
    if ticket.service not in hall.counters[command.counter].services:
        return refuse("not_served_here", ticket.id)
    return accept(f.TicketUnparked(ticket.id, command.clerk), ticket=ticket.id)


def transfer(hall: Catalogue, state: State, command: c.TransferTicket, now_ms: int) -> Decision:
    """On to another service, or to one counter, with the seniority it has."""
    ticket = _here(hall, state, command, "called", "serving")
    if isinstance(ticket, Decision):
        return ticket
    if command.service not in hall.services:
        return refuse("unknown_service", ticket.id)
    if command.to_counter is not None:
        other = hall.counters.get(command.to_counter)
        if other is None:
            return refuse("unknown_counter", ticket.id)
        if command.service not in other.services:
            return refuse("not_served_here", ticket.id)
    taken = state.persons.get(f"{ticket.person}/{command.service}") if ticket.person else None
    if taken is not None and taken != ticket.id:
        return refuse("wrong_state", taken)
    if command.service == ticket.service and command.to_counter in (None, command.counter):
        return refuse("not_served_here", ticket.id)
    return accept(
        f.TicketTransferred(
            ticket.id, command.counter, command.clerk, command.service, command.to_counter
        ),
        ticket=ticket.id,
    )
