"""Which event of a node's stream is the next: exactly once in effect, and no gap passed over."""

from __future__ import annotations

from typing import Literal

from hall_server import facts as f
from hall_server.facts import AnyBody
from hall_server.state import State


def let_in(
    state: State, node: str, stream: str, seq: int, oldest_seq: int
) -> tuple[AnyBody, ...] | Literal["say_again", "not_its_own"]:
    """The facts about the stream that go before this event where it is the next one.

    ``say_again``: a repeat, or something before it is missing; the stream's position tells its
    node which.  ``not_its_own``: the stream is another node's.  ``oldest_seq`` is the lowest that
    the node still holds: what lies between the journal and it cannot be had any more.
    """
    position = state.streams.get(stream)
    if position is None:
        return (f.StreamBegan(node, seq),) if seq == oldest_seq else "say_again"
    if position.node != node:
        return "not_its_own"
    if seq == position.seq + 1:
        return ()
    if seq > position.seq + 1 and seq == oldest_seq:
        return (f.StreamGap(node, position.seq + 1, seq - 1),)
    return "say_again"
