"""A hall for the tests of the node: hears its topics and acknowledges when it is told to."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Any, Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from devices import topics
from devices.messages import (
    Ack,
    AppliedSettings,
    CommandAnswer,
    Display,
    Event,
    HallState,
    Health,
    NodeState,
    RatingWindow,
    decode,
    encode,
)
from tests.parts import Broker, until

HALL = "kien-hung"
NODE = "counter-3"
LEVELS = 4


def wall_ms() -> int:
    """Now, by the wall clock."""
    return time.time_ns() // 1_000_000


def rating_display(
    rev: int, window_id: str = "w1", *, opened_ms: int | None = None, duration_ms: int = 30_000
) -> Display:
    """A counter whose ticket was just finished: the buttons are open."""
    now_ms = wall_ms()
    window = RatingWindow(
        window_id, LEVELS, now_ms if opened_ms is None else opened_ms, duration_ms
    )
    return Display(rev, now_ms, "rating", counter="3", ticket="A012", rating=window)


class HallStandIn:
    """The hall at the other end of ``broker``.

    While ``acks`` is true it acknowledges what it holds, in order, and asks again at a gap, as
    the real one does.  ``deaf_to`` are seqs whose first coming it does not hear.
    """

    def __init__(self, broker: Broker, *, acks: bool = True, online: bool = True) -> None:
        self.acks = acks
        self.deaf_to: set[int] = set()
        self.events: list[Event] = []
        """Every event that came, repeats and all."""
        self.through: dict[str, int] = {}
        self.states: list[NodeState] = []
        self.healths: list[Health] = []
        self.applied: list[AppliedSettings] = []
        self.answers: list[CommandAnswer] = []
        self._lock = threading.Lock()
        self._broker = broker
        self._started_ms = wall_ms()
        self._online = online
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"hall-{time.monotonic_ns()}",
            protocol=mqtt.MQTTv5,
        )
        self._subscribed = threading.Event()
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._on_message

    @property
    def port(self) -> int:
        """The broker's."""
        return self._broker.port

    def __enter__(self) -> Self:
        self._client.connect(self._broker.host, self._broker.port, 30)
        self._client.loop_start()
        assert self._subscribed.wait(10)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, client: mqtt.Client, *_: Any) -> None:
        client.subscribe([(topics.every_node(HALL, leaf), 1) for leaf in topics.TOPICS])
        if self._online:
            self.say_online()

    def say_online(self, *, anew: bool = False) -> None:
        """Announce a start of the hall; ``anew`` a later one."""
        if anew:
            self._started_ms += 1
        state = HallState("online", self._started_ms, "test")
        self._client.publish(topics.hall_state(HALL), encode(state), qos=1, retain=True)

    def _on_message(self, client: mqtt.Client, data: Any, message: mqtt.MQTTMessage) -> None:
        leaf = topics.parse(message.topic).leaf
        payload = bytes(message.payload)
        with self._lock:
            if leaf == "state" and payload:
                self.states.append(decode(payload, NodeState))
            elif leaf == "health":
                self.healths.append(decode(payload, Health))
            elif leaf == "settings/applied":
                self.applied.append(decode(payload, AppliedSettings))
            elif leaf == "command/answer":
                self.answers.append(decode(payload, CommandAnswer))
            elif leaf == "event":
                self._take(decode(payload, Event))

    def _take(self, event: Event) -> None:
        if event.seq in self.deaf_to:
            self.deaf_to.discard(event.seq)
            return
        self.events.append(event)
        through = self.through.setdefault(event.stream, event.oldest_seq - 1)
        if event.seq == through + 1:
            self.through[event.stream] = event.seq
        if self.acks:
            self.ack(event.stream)

    def ack(self, stream: str) -> None:
        """Tell the node how far the stream is held."""
        self.send("ack", encode(Ack(stream, self.through[stream])))

    def show(self, display: Display) -> None:
        """Show ``display`` on the node."""
        self.send("display", encode(display), retain=True)

    def send(self, leaf: topics.Leaf, payload: bytes, *, retain: bool = False) -> None:
        """Send anything to the node."""
        self._client.publish(topics.node_topic(HALL, NODE, leaf), payload, qos=1, retain=retain)

    def held(self) -> list[Event]:
        """The events that the hall holds: each once, in order, whatever came twice."""
        with self._lock:
            first: dict[tuple[str, int], Event] = {}
            for event in self.events:
                first.setdefault((event.stream, event.seq), event)
            return [first[key] for key in sorted(first) if key[1] <= self.through.get(key[0], 0)]

    def wait_for(self, count: int) -> list[Event]:
        """Wait until the hall holds ``count`` events, and return them."""
        until(lambda: len(self.held()) >= count, f"{count} events held; {len(self.held())} are")
        return self.held()

    def wait_for_state(self, status: str, *, after: int = 0) -> NodeState:
        """Wait for the node's birth or last will beyond the first ``after`` ones."""
        until(
            lambda: any(state.status == status for state in self.states[after:]),
            f"the node says {status}",
        )
        return next(state for state in self.states[after:] if state.status == status)
