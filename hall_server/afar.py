"""What goes to one node at a technician's wish: settings that stay, commands that expire."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from devices import topics
from devices.messages import DesiredSettings
from hall_server.state import State

COMMAND_EXPIRES_S: Final = 10
"""After so long nobody carries a command out: whoever asked has turned away."""


class SettingsSaid:
    """Which wanted settings the broker has been told."""

    def __init__(self) -> None:
        self._said: dict[str, int] = {}

    def forget(self) -> None:
        """The broker may have forgotten them."""
        self._said.clear()

    def unsaid(self, state: State) -> Iterator[tuple[str, DesiredSettings]]:
        """Nodes whose wanted settings are to be said now, each once."""
        for node, wanted in state.node_settings.items():
            if self._said.get(node) != wanted.version:
                self._said[node] = wanted.version
                yield node, DesiredSettings(wanted.version, wanted.text)


def command_words(hall: str, node: str, id_: str) -> Any:
    """The MQTT 5 properties of a command: when it expires, where its answer goes, and its mark."""
    words: Any = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    words.MessageExpiryInterval = COMMAND_EXPIRES_S
    words.ResponseTopic = topics.node_topic(hall, node, "command/answer")
    words.CorrelationData = id_.encode()
    return words
