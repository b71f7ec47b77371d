"""Which nodes are there and how they are: what they said of themselves since the hall started."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import NamedTuple

from devices.messages import AppliedSettings, CommandAnswer, CommandKind, Health, NodeState
from hall_server.settings import Node


class CommandNote(NamedTuple):
    """The last thing a node was asked to do at once, and what came of it."""

    id: str
    command: CommandKind
    asked_ms: int
    answer: CommandAnswer | None = None


class NodePresence(NamedTuple):
    """The newest word of a node."""

    node: str
    state: NodeState | None = None
    health: Health | None = None
    last_seen_ms: int | None = None
    clock_offset_ms: int | None = None
    """The node's wall clock less the hall's, as the last health message arrived."""
    applied: AppliedSettings | None = None
    """Which settings it goes by."""
    command: CommandNote | None = None


class NodeRegistry:
    """The presence of each node of the settings; any thread may read."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self._lock = threading.Lock()
        self._nodes = {node.id: NodePresence(node.id) for node in nodes}

    def __contains__(self, node: str) -> bool:
        return node in self._nodes

    def state(self, node: str, state: NodeState, now_ms: int) -> None:
        """A birth or a last will."""
        with self._lock:
            self._nodes[node] = self._nodes[node]._replace(state=state, last_seen_ms=now_ms)

    def health(self, node: str, health: Health, now_ms: int) -> None:
        """A health message; a node that speaks is online, whatever the broker said before."""
        with self._lock:
            self._nodes[node] = self._nodes[node]._replace(
                health=health,
                last_seen_ms=now_ms,
                clock_offset_ms=health.wall_us // 1000 - now_ms,
            )

    def seen(self, node: str, now_ms: int) -> None:
        """An event came from it."""
        with self._lock:
            self._nodes[node] = self._nodes[node]._replace(last_seen_ms=now_ms)

    def applied(self, node: str, applied: AppliedSettings) -> None:
        """It told which settings it goes by."""
        with self._lock:
            self._nodes[node] = self._nodes[node]._replace(applied=applied)

    def asked(self, node: str, note: CommandNote) -> bool:
        """It is about to be asked; False where the same was asked already."""
        with self._lock:
            before = self._nodes[node].command
            if before is not None and before.id == note.id:
                return False
            self._nodes[node] = self._nodes[node]._replace(command=note)
            return True

    def answered(self, node: str, answer: CommandAnswer) -> None:
        """It answered; what nobody waits for any more is let go."""
        with self._lock:
            note = self._nodes[node].command
            if note is not None and note.id == answer.id:
                self._nodes[node] = self._nodes[node]._replace(command=note._replace(answer=answer))

    def one(self, node: str) -> NodePresence | None:
        """The node of that name."""
        with self._lock:
            return self._nodes.get(node)

    def all(self) -> list[NodePresence]:
        """Every node, in the order of the settings."""
        with self._lock:
            return list(self._nodes.values())
