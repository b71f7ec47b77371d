"""Which event of a node's stream is the next: exactly once in effect, and no gap passed over."""

from __future__ import annotations

from typing import Final, Literal

from hall_server import facts as f
from hall_server.facts import AnyBody
from hall_server.state import State

NEW_A_DAY: Final = 16
"""Streams that a node may begin in a day.  An outbox that was lost or set aside begins one; a node
that begins one after the other is broken, or somebody else has its password."""
KEPT: Final = 128
"""Positions remembered of a node.  Beyond them the one heard least lately is forgotten: at
:data:`NEW_A_DAY` it has been silent for a week at least, and was followed by that many others.  If
it came back all the same, only what its node still holds would be taken, so nothing is lost."""


def let_in(
    state: State, node: str, stream: str, seq: int, oldest_seq: int
) -> tuple[AnyBody, ...] | Literal["say_again", "not_its_own", "too_many"]:
    """The facts about the stream that go before this event where it is the next one.

    ``say_again``: a repeat, or something before it is missing; the stream's position tells its
    node which.  ``not_its_own``: the stream is another node's.  ``too_many``: the node has begun
    :data:`NEW_A_DAY` today; it keeps its events, and they are taken tomorrow.  ``oldest_seq`` is
    the lowest that the node still holds: what lies between the journal and it cannot be had any
    more.
    """
    position = state.streams.get(stream)
    if position is None:
        begun = sum(one.node == node and one.day == state.day for one in state.streams.values())
        if begun >= NEW_A_DAY:
            return "too_many"
        return (f.StreamBegan(node, seq),) if seq == oldest_seq else "say_again"
    if position.node != node:
        return "not_its_own"
    if seq == position.seq + 1:
        return ()
    if seq > position.seq + 1 and seq == oldest_seq:
        return (f.StreamGap(node, position.seq + 1, seq - 1),)
    return "say_again"


def oldest_beyond(state: State, node: str) -> str | None:
    """The stream of ``node`` to forget before it begins another; None while there is room."""
    own = [(one.last_ms, stream) for stream, one in state.streams.items() if one.node == node]
    return min(own)[1] if len(own) >= KEPT else None
