"""The topic tree: every MQTT topic of a hall, made and taken apart in one place.

The tree is ``mc/1/<hall>/<node>/<leaf>`` and, for the hall itself, ``mc/1/<hall>/state``.
The ``1`` is the version of the contract: a payload that an older hall could not read
gets a new number, so that both can live on one broker during a roll-out.
"""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple, get_args

ROOT: Final = "mc/1"

Leaf = Literal[
    "state",
    "event",
    "ack",
    "display",
    "health",
    "settings",
    "settings/applied",
    "command",
    "command/answer",
]
"""What a topic of a node carries; see :data:`TOPICS` for who sends it."""

_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?")


class TopicRule(NamedTuple):
    """How one leaf travels: sender, MQTT quality of service, retained or not, and why."""

    sender: Literal["node", "hall"]
    qos: Literal[0, 1]
    retain: bool
    purpose: str


TOPICS: Final[dict[Leaf, TopicRule]] = {
    "state": TopicRule("node", 1, True, "birth and last will of the node"),
    "event": TopicRule("node", 1, False, "a press, scan or alarm out of the node's outbox"),
    "ack": TopicRule("hall", 1, False, "how far the hall's journal holds a stream"),
    "display": TopicRule("hall", 1, True, "the whole state that the node must show"),
    "health": TopicRule("node", 0, False, "how the node is, every 30 s"),
    "settings": TopicRule("hall", 1, True, "what the node's settings should be"),
    "settings/applied": TopicRule("node", 1, True, "which settings the node goes by"),
    "command": TopicRule("hall", 1, False, "something to be done within 10 s or not at all"),
    "command/answer": TopicRule("node", 1, False, "what became of a command"),
}


class TopicError(ValueError):
    """A topic, hall name or node name that does not belong to the tree."""


class NodeTopic(NamedTuple):
    """A topic of one node, taken apart."""

    hall: str
    node: str
    leaf: Leaf


def check_name(name: str) -> str:
    """Return ``name`` if it may name a hall or a node.

    Raises:
        TopicError: not 1-48 of a-z, 0-9 and inner hyphens, or the reserved word ``state``.
    """
    if name == "state" or not _NAME.fullmatch(name):
        raise TopicError(
            f"{name[:60]!r} cannot name a hall or a node: use 1 to 48 of a-z, 0-9 and hyphens "
            "inside, and not the word 'state'"
        )
    return name


def node_topic(hall: str, node: str, leaf: Leaf) -> str:
    """The topic of a node's leaf, e.g. ``mc/1/kien-hung/counter-3/event``."""
    return f"{ROOT}/{check_name(hall)}/{check_name(node)}/{leaf}"


def every_node(hall: str, leaf: Leaf) -> str:
    """The hall's subscription to one leaf of all its nodes."""
    return f"{ROOT}/{check_name(hall)}/+/{leaf}"


def hall_state(hall: str) -> str:
    """The hall's own retained state and last will."""
    return f"{ROOT}/{check_name(hall)}/state"


def parse(topic: str) -> NodeTopic:
    """Take a node's topic apart.

    Raises:
        TopicError: the topic is not one of a node's in this version of the tree.
    """
    parts = topic.split("/", 4)
    if len(parts) != 5 or f"{parts[0]}/{parts[1]}" != ROOT:
        raise TopicError(f"{topic[:120]!r} is not {ROOT}/<hall>/<node>/<leaf>")
    _, _, hall, node, leaf = parts
    if leaf not in get_args(Leaf):
        raise TopicError(f"{leaf[:40]!r} is not one of {', '.join(get_args(Leaf))}")
    return NodeTopic(check_name(hall), check_name(node), leaf)  # type: ignore[arg-type]
