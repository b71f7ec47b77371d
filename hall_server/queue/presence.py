"""A clerk who leaves her counter pauses it, and resumes it by coming back: what her switch says."""

from __future__ import annotations

from typing import Final

from hall_server import commands as c
from hall_server import facts as f
from hall_server.catalogue import Catalogue
from hall_server.decision import Decision, accept
from hall_server.facts import AnyBody
from hall_server.queue.counters import state_of
from hall_server.state import CounterState, State

AWAY_REASON: Final = "Cán bộ tạm rời quầy"
"""The reason of such a pause, as the journal keeps it."""


def seen(hall: Catalogue, state: State, command: c.PresenceSeen, now_ms: int) -> Decision:
    """She has been away for longer than her node's setting, or is back.

    A return resumes what her absence paused, and nothing that she paused herself.
    """
    counter = hall.counter_of_node.get(command.node)
    if not command.present:
        if counter is None:
            return accept(f.ClerkLeft(command.node, None, command.for_ms))
        one = state_of(state, counter)
        late = _is_past(one, command.happened_ms)
        left = f.ClerkLeft(command.node, counter, command.for_ms, late)
        return accept(left, *(() if late else _pause(one)))
    returned = f.ClerkReturned(command.node, counter)
    paused = state_of(state, counter) if counter else None
    if paused is None or paused.phase != "paused" or paused.paused_by != "presence":
        return accept(returned)
    return accept(returned, f.CounterResumed(paused.id, paused.clerk or "", by="presence"))


def pause_due(state: State) -> list[AnyBody]:
    """Pauses of counters that came free while their clerks were away."""
    return [
        pause for one in state.counters.values() if one.away_ms is not None for pause in _pause(one)
    ]


def _pause(one: CounterState) -> tuple[AnyBody, ...]:
    """Only a counter that could call somebody is paused: a visit going on is not broken off."""
    if one.phase != "open" or one.ticket is not None:
        return ()
    return (f.CounterPaused(one.id, one.clerk or "", AWAY_REASON, by="presence"),)


def _is_past(one: CounterState, happened_ms: int | None) -> bool:
    """Told late: since then she has opened, paused or resumed the counter."""
    return happened_ms is not None and happened_ms < one.since_ms
