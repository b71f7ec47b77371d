"""Opening, pausing and closing a counter."""

from __future__ import annotations

from hall_server import commands as c
from hall_server import facts as f
from hall_server.catalogue import Catalogue
from hall_server.commands import Code
from hall_server.decision import Decision, accept, refuse
from hall_server.state import CounterState, State


def state_of(state: State, counter: str) -> CounterState:
    """The counter as it is; closed where nothing has happened at it."""
    return state.counters.get(counter) or CounterState(counter)


def not_hers(hall: Catalogue, state: State, command: c.AtCounter) -> Code | None:
    """Why this clerk cannot act at this counter now, or None where she can."""
    if command.counter not in hall.counters:
        return "unknown_counter"
    one = state_of(state, command.counter)
    if one.phase == "closed":
        return "counter_not_open"
    if one.clerk != command.clerk:
        return "not_your_counter"
    return None


def open_counter(hall: Catalogue, state: State, command: c.OpenCounter, now_ms: int) -> Decision:
    """Sign in; a counter with a visit going on is not taken over from its clerk."""
    if command.counter not in hall.counters:
        return refuse("unknown_counter")
    one = state_of(state, command.counter)
    if one.clerk == command.clerk and one.phase != "closed":
        return accept()
    if one.ticket is not None and one.clerk not in (None, command.clerk):
        return refuse("counter_taken")
    elsewhere = [
        f.CounterClosed(other.id, command.clerk)
        for other in state.counters.values()
        if other.clerk == command.clerk and other.id != command.counter and other.ticket is None
    ]
    if any(o.clerk == command.clerk and o.ticket for o in state.counters.values()):
        return refuse("counter_busy")
    return accept(*elsewhere, f.CounterOpened(command.counter, command.clerk))


def pause(hall: Catalogue, state: State, command: c.PauseCounter, now_ms: int) -> Decision:
    """No calls until resumed; a visit going on may be finished.

    A pause by hand takes the place of one that her absence made: coming back does not end it.
    """
    if code := not_hers(hall, state, command):
        return refuse(code)
    if not command.reason.strip():
        return refuse("reason_needed")
    one = state_of(state, command.counter)
    if one.phase == "paused" and one.paused_by != "presence":
        return refuse("counter_paused")
    return accept(f.CounterPaused(command.counter, command.clerk, command.reason.strip()[:200]))


def resume(hall: Catalogue, state: State, command: c.ResumeCounter, now_ms: int) -> Decision:
    """Call again."""
    if code := not_hers(hall, state, command):
        return refuse(code)
    if state_of(state, command.counter).phase != "paused":
        return refuse("wrong_state")
    return accept(f.CounterResumed(command.counter, command.clerk))


def close(hall: Catalogue, state: State, command: c.CloseCounter, now_ms: int) -> Decision:
    """Sign out; not while a ticket is called or served."""
    if code := not_hers(hall, state, command):
        return refuse(code)
    one = state_of(state, command.counter)
    if one.ticket is not None:
        return refuse("counter_busy", one.ticket)
    return accept(f.CounterClosed(command.counter, command.clerk))
