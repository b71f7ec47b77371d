"""The road to the hall: one thread owns the MQTT client, sends the outbox, hears the hall.

paho-mqtt's own thread is not used: an exception in one of its callbacks ends that thread while
``is_connected()`` stays true.  Here the callbacks only note what came, the loop that reads the
socket is ours, and whatever it raises is seen by its supervisor, which begins a new connection
with a new client.  Nothing of an old connection is kept: the outbox is what must be sent.
"""

from __future__ import annotations

import logging
import random
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Final, NamedTuple

import msgspec
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from devices import topics
from devices.messages import Ack, Display, HallState, NodeState, PayloadError, decode, encode
from edge.loops import Loop
from edge.names import BrokerName
from edge.outbox import Outbox, OutboxError, Pending
from edge.sending import SendWindow

_log = logging.getLogger(__name__)

CONNECT_TIMEOUT_S: Final = 3.0
ANSWER_TIMEOUT_S: Final = 5.0
"""How long a broker that took the connection may keep silent."""
REST_FIRST_S: Final = 0.2
REST_LONGEST_S: Final = 10.0
STEADY_S: Final = 10.0
_RECEIVE_MAXIMUM: Final = 1000
_ROUND_S: Final = 1.0
_SHORT_LIVED: Final = 3
_WITH_LAST_WILL: Final = 0x04
"""MQTT 5 reason to disconnect: the broker publishes the last will all the same."""

_Properties: Final[Any] = Properties  # paho leaves its constructor untyped
_Note = tuple[Any, ...]


class Heard(NamedTuple):
    """What came on one of the node's topics, not yet read."""

    payload: bytes
    live: bool
    """False for what the broker had retained."""
    answer_to: str | None
    """The topic on which the sender waits for an answer."""
    correlation: bytes | None


class Letter(NamedTuple):
    """Something for the hall that needs no outbox: newer ones tell the same."""

    leaf: topics.Leaf
    payload: bytes
    correlation: bytes | None = None


class Address(NamedTuple):
    """Where the broker is and who this node is there."""

    host: str
    port: int
    username: str | None = None
    password: str | None = None
    keepalive_s: int = 10


class Link:
    """The connection of node ``node`` of hall ``hall``.

    ``birth()`` makes its birth certificate.  ``on_display(display, live)`` and
    ``on_hall(state)`` are called in the link's thread and must only put things into queues;
    ``on_change()`` tells that :attr:`connected` or the outbox has changed.  ``ears`` hear other
    topics of the node in the same way and raise :class:`PayloadError` for what does not fit;
    ``greetings()`` are said at each connection.
    """

    def __init__(
        self,
        address: Address,
        hall: str,
        node: str,
        outbox: Outbox,
        *,
        birth: Callable[[], NodeState],
        on_display: Callable[[Display, bool], None],
        on_hall: Callable[[HallState], None],
        on_change: Callable[[], None],
        ears: Mapping[topics.Leaf, Callable[[Heard], None]] | None = None,
        greetings: Callable[[], Iterable[Letter]] = tuple,
        window: SendWindow | None = None,
    ) -> None:
        self._address = address
        self._name = BrokerName(address.host, address.port)
        self._node = f"{hall}.{node}"
        self._outbox = outbox
        self._birth = birth
        self._on_display = on_display
        self._on_hall = on_hall
        self._on_change = on_change
        self._greetings = greetings
        self._topic: Final = {leaf: topics.node_topic(hall, node, leaf) for leaf in topics.TOPICS}
        self._ears: Final = {self._topic[leaf]: ear for leaf, ear in (ears or {}).items()}
        self._letters: deque[Letter] = deque(maxlen=64)
        self._heard_s = 0.0
        self._hall_topic: Final = topics.hall_state(hall)
        self._window = window or SendWindow()
        self._stream = outbox.stream
        self._hall_started_ms: int | None = None
        self._health: deque[bytes] = deque(maxlen=4)
        self._waker, self._wakes = socket.socketpair()
        self._waker.setblocking(False)
        self._wakes.setblocking(False)
        self._lock = threading.Lock()
        self._notes: dict[str, str] = {}
        self._client: mqtt.Client | None = None
        self._came: deque[_Note] = deque()
        self._under_way: set[int] = set()
        self._receive_maximum = 65_535
        self._answer_by_s: float | None = None
        self._short_lived = 0
        self._rest_s = REST_FIRST_S
        self.connected = False
        self.changed_s = time.monotonic()
        """When :attr:`connected` last changed, in monotonic seconds."""
        self.refused_payloads = 0
        self.ignored_acks = 0

    # ------------------------------------------------------------ from any thread

    def wake(self) -> None:
        """There is something new in the outbox: send it now."""
        # a full pipe wakes it as well
        with suppress(BlockingIOError, OSError):
            self._waker.send(b"\0")

    def report(self, health: bytes) -> None:
        """Send a health message soon; the oldest is dropped while there is no connection."""
        if self.connected:
            self._health.append(health)
            self.wake()

    def say(self, letter: Letter) -> None:
        """Send ``letter`` soon; it is dropped while there is no connection."""
        if self.connected:
            self._letters.append(letter)
            self.wake()

    def notes(self) -> list[str]:
        """What a technician should know of the road just now."""
        with self._lock:
            return list(self._notes.values())

    def _note(self, about: str, text: str | None) -> None:
        with self._lock:
            if self._notes.get(about) == text:
                return
            if text is None:
                self._notes.pop(about, None)
            else:
                self._notes[about] = text
        if text is not None:
            _log.warning("%s", text)

    # ------------------------------------------------------------ the link's own thread

    def run(self, loop: Loop) -> None:
        """The body of the link's loop: connect, and go on until it must end."""
        try:
            while not loop.stopping.is_set():
                loop.beat()
                try:
                    self._name.wait(loop)
                    self._connect()
                except OSError as error:
                    reason = error.strerror or str(error) or type(error).__name__
                    self._note(
                        "broker",
                        f"broker {self._address.host}:{self._address.port} not reached ({reason}): "
                        "check network, address and that it runs",
                    )
                else:
                    while self._client is not None and not loop.stopping.is_set():
                        loop.beat()
                        self._round()
                        if self.connected:
                            loop.well()
                if not loop.stopping.is_set():
                    self._pause(loop)
        finally:
            self._farewell()

    def _pause(self, loop: Loop) -> None:
        # jitter, so that the nodes of a hall do not all come back in the same instant
        end = time.monotonic() + self._rest_s * random.uniform(0.5, 1.0)  # noqa: S311
        self._rest_s = min(self._rest_s * 2, REST_LONGEST_S)
        while (left := end - time.monotonic()) > 0 and not loop.stopping.is_set():
            loop.beat()
            loop.stopping.wait(min(left, 0.5))

    def _connect(self) -> None:
        address = self._address
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=self._node, protocol=mqtt.MQTTv5
        )
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.max_inflight_messages = 0  # the send window counts instead
        if address.username is not None:
            client.username_pw_set(address.username, address.password)
        offline = msgspec.structs.replace(self._birth(), status="offline")
        client.will_set(self._topic["state"], encode(offline), qos=1, retain=True)
        came = self._came = deque()
        client.on_connect = partial(_put, came, "connect")
        client.on_disconnect = partial(_put, came, "disconnect")
        client.on_message = partial(_put, came, "message")
        client.on_publish = partial(_put, came, "publish")
        client.on_subscribe = partial(_put, came, "subscribe")
        wishes = _Properties(PacketTypes.CONNECT)
        wishes.SessionExpiryInterval = 0
        wishes.ReceiveMaximum = _RECEIVE_MAXIMUM
        self._under_way.clear()
        self._receive_maximum = 65_535
        client.connect(
            address.host,
            address.port,
            # paho asks after so long a silence and waits as long for the answer: together less
            # than the one and a half times after which _round leaves the broker
            keepalive=max(1, address.keepalive_s * 2 // 3),
            clean_start=True,
            properties=wishes,
        )
        if isinstance(line := client.socket(), socket.socket):
            # a press is one small packet: it must not wait for the answer to the one before
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._client = client
        self._heard_s = time.monotonic()
        self._answer_by_s = self._heard_s + ANSWER_TIMEOUT_S

    def _round(self) -> None:
        client = self._client
        assert client is not None
        line = client.socket()
        if line is None:
            self._drop("closed")
            return
        readable, writable, _ = select.select(
            [line, self._wakes], [line] if client.want_write() else [], [], self._patience_s()
        )
        if self._wakes in readable:
            with suppress(BlockingIOError):
                self._wakes.recv(4096)
        if line in readable:
            self._heard_s = time.monotonic()
            client.loop_read()
        if writable:
            client.loop_write()
        client.loop_misc()
        self._hear()
        if self._client is None:
            return
        if self._answer_by_s is not None and time.monotonic() > self._answer_by_s:
            self._drop("took the connection and does not answer")
        elif client.socket() is None:
            self._drop("closed the connection")
        elif time.monotonic() - self._heard_s > self._silence_s:
            self._drop(
                f"broker says nothing for {self._silence_s:g} s: see the network between, and "
                "that it is not overloaded"
            )
        elif self.connected:
            self._send()
            if self._rest_s > REST_FIRST_S and time.monotonic() - self.changed_s > STEADY_S:
                # only now: a connection that never lasts is tried less and less often
                self._rest_s = REST_FIRST_S
                self._short_lived = 0
                self._note("name", None)

    @property
    def _silence_s(self) -> float:
        """How long a broker that is asked in time may say nothing at all."""
        return self._address.keepalive_s * 1.5

    def _patience_s(self) -> float:
        round_s = min(_ROUND_S, self._address.keepalive_s / 8)
        resend_at_s = self._window.resend_at_s
        if resend_at_s is None:
            return round_s
        return max(0.0, min(round_s, resend_at_s - time.monotonic()))

    def _hear(self) -> None:
        while self._came and self._client is not None:
            kind, *words = self._came.popleft()
            match kind:
                case "connect":
                    self._on_connect(words[1], words[2])
                case "disconnect":
                    self._drop(f"broker ended the connection ({words[1]})")
                case "publish":
                    self._under_way.discard(words[0])
                    self._hear_puback(words[1])
                case "subscribe":
                    if any(code.is_failure for code in words[1]):
                        self._note(
                            "subscribe",
                            f"broker refuses a subscription ({words[1][0]}): check its access list",
                        )
                case "message":
                    self._hear_message(words[0])

    def _on_connect(self, reason: ReasonCode, offers: Properties | None) -> None:
        assert self._client is not None
        if reason.is_failure:
            self._drop(f"broker refuses this node ({reason}): check user name and password")
            return
        self._answer_by_s = None
        self._receive_maximum = int(getattr(offers, "ReceiveMaximum", 65_535))
        self._client.subscribe(
            [
                (topic, 1)
                for topic in (
                    self._topic["ack"],
                    self._topic["display"],
                    self._hall_topic,
                    *self._ears,
                )
            ]
        )
        birth = encode(self._birth())
        self._under_way.add(self._client.publish(self._topic["state"], birth, 1, retain=True).mid)
        self._window.begin(self._outbox.oldest_seq - 1)
        self._note("broker", None)
        self._note("subscribe", None)
        self._change_to(connected=True)
        self._letters.extend(self._greetings())
        _log.info("connected to %s:%d", self._address.host, self._address.port)

    def _hear_puback(self, reason: ReasonCode) -> None:
        if reason.is_failure:
            self._note(
                "publish", f"broker refuses what this node sends ({reason}): check its access list"
            )

    def _hear_message(self, message: mqtt.MQTTMessage) -> None:
        topic, payload = message.topic, bytes(message.payload)
        try:
            if topic == self._topic["ack"]:
                self._hear_ack(decode(payload, Ack))
            elif topic == self._topic["display"] and payload:
                self._on_display(decode(payload, Display), not message.retain)
            elif topic == self._hall_topic and payload:
                self._hear_hall(decode(payload, HallState), not message.retain)
            elif payload and (ear := self._ears.get(topic)):
                words = message.properties
                ear(
                    Heard(
                        payload,
                        not message.retain,
                        getattr(words, "ResponseTopic", None),
                        getattr(words, "CorrelationData", None),
                    )
                )
            self._note(topic, None)
        except PayloadError as error:
            self.refused_payloads += 1
            self._note(topic, f"{topic} does not fit ({str(error)[:200]}): which hall sends it?")

    def _hear_ack(self, ack: Ack) -> None:
        self._note("publish", None)
        try:
            if not self._outbox.acknowledge(ack.stream, ack.through):
                self.ignored_acks += 1
                return
        except OutboxError as error:
            self._note("outbox", str(error))
            return
        self._note("outbox", None)
        self._window.acknowledged(ack.through, time.monotonic())
        self._on_change()

    def _hear_hall(self, state: HallState, live: bool) -> None:
        # what was sent before the hall listened is lost: a hall that says online in this
        # moment, or a start of it that was not known, is sent all from the oldest
        is_new = live or self._hall_started_ms not in (None, state.started_wall_ms)
        if state.status == "online" and is_new:
            self._window.begin(self._outbox.oldest_seq - 1)
        self._hall_started_ms = state.started_wall_ms
        self._on_hall(state)

    def _send(self) -> None:
        assert self._client is not None
        if self._stream != self._outbox.stream:
            self._stream = self._outbox.stream
            self._window.begin(self._outbox.oldest_seq - 1)
        now_s = time.monotonic()
        self._window.check(now_s)
        room = min(self._window.room, self._receive_maximum - len(self._under_way))
        if room > 0:
            try:
                waiting = self._outbox.pending(self._stream, self._window.sent, room)
            except OutboxError as error:
                self._note("outbox", str(error))
                waiting = []
            oldest_seq = self._outbox.oldest_seq
            for event in waiting:
                payload = envelope(self._stream, oldest_seq, event)
                sent = self._client.publish(self._topic["event"], payload, qos=1)
                if sent.rc != mqtt.MQTT_ERR_SUCCESS:
                    break  # the connection is going; the next one begins from the oldest
                self._under_way.add(sent.mid)
                self._window.was_sent(event.seq, now_s)
        while self._health:
            self._client.publish(self._topic["health"], self._health.popleft(), qos=0)
        while self._letters:
            letter = self._letters.popleft()
            words = None
            if letter.correlation is not None:
                words = _Properties(PacketTypes.PUBLISH)
                words.CorrelationData = letter.correlation
            topic, rule = self._topic[letter.leaf], topics.TOPICS[letter.leaf]
            sent = self._client.publish(topic, letter.payload, rule.qos, rule.retain, words)
            if rule.qos:
                self._under_way.add(sent.mid)

    def _drop(self, reason: str) -> None:
        self._note("broker", reason)
        if self.connected:
            self._short_lived += 1
        if self._short_lived >= _SHORT_LIVED:
            # Mosquitto 2.0 gives no reason to the one whose name is taken
            self._note(
                "name",
                f"the broker ended {_SHORT_LIVED} connections in a row within {STEADY_S:g} s: "
                f"see that no other node has the name {self._node}",
            )
        client, self._client = self._client, None
        if client is not None and (line := client.socket()) is not None:
            line.close()
        self._change_to(connected=False)

    def _change_to(self, *, connected: bool) -> None:
        if connected != self.connected:
            self.connected = connected
            self.changed_s = time.monotonic()
            self._health.clear()
            self._letters.clear()
            self._on_change()

    def _farewell(self) -> None:
        client, self._client = self._client, None
        if client is not None and client.socket() is not None:
            if self.connected:
                client.disconnect(ReasonCode(PacketTypes.DISCONNECT, identifier=_WITH_LAST_WILL))
            if (line := client.socket()) is not None:
                line.close()
        self._change_to(connected=False)


def _put(came: deque[_Note], kind: str, client: mqtt.Client, userdata: Any, *words: Any) -> None:
    # all that a callback may do: what raises here would be lost in paho
    del client, userdata
    came.append((kind, *words))


def envelope(stream: str, oldest_seq: int, event: Pending) -> bytes:
    """The JSON of a :class:`devices.messages.Event` around a body that is JSON already."""
    return msgspec.json.encode(
        {
            "stream": stream,
            "seq": event.seq,
            "oldest_seq": oldest_seq,
            "boot_id": event.stamps.boot_id,
            "wall_us": event.stamps.wall_us,
            "monotonic_us": event.stamps.monotonic_us,
            "clock_synchronised": event.stamps.clock_synchronised,
            "body": msgspec.Raw(event.body),
        }
    )
