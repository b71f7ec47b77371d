"""The policies that a hall may choose from, by the name in its settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hall_server.queue.policies.balanced import Balanced
from hall_server.queue.policies.plain import Arrival, Interleave, PriorityFirst
from hall_server.queue.policy import Policy

POLICIES: Final[Mapping[str, Policy]] = {
    "balanced": Balanced(),
    "priority": PriorityFirst(),
    "interleave": Interleave(),
    "weighted": Arrival(),
    "arrival": Arrival(),
}
"""``weighted`` is ``arrival`` over lines whose order has the priority in it already."""
