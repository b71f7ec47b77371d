"""Which nodes are there and how they are: what they said of themselves since the hall started."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import NamedTuple

from devices.messages import Health, NodeState
from hall_server.settings import Node


class NodePresence(NamedTuple):
    """The newest word of a node."""

    node: str
    state: NodeState | None = None
    health: Health | None = None
    last_seen_ms: int | None = None
    clock_offset_ms: int | None = None
    """The node's wall clock less the hall's, as the last health message arrived."""


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

    def all(self) -> list[NodePresence]:
        """Every node, in the order of the settings."""
        with self._lock:
            return list(self._nodes.values())
