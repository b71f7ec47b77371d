"""MQTT in and out: hands raw messages to the one writer, reads them there, publishes after commits.

The client's callbacks only put into the runtime's inbox; decoding happens in the writer's thread
(:meth:`Gateway.admit`), acknowledgements and displays go out in its listener, after the commit.
"""

from __future__ import annotations

import logging
import random
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final, Literal, NamedTuple

from msgspec.structs import replace
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from devices import topics
from devices.messages import (
    MAX_PAYLOAD_BYTES,
    Ack,
    Alarm,
    AppliedSettings,
    ClerkPresence,
    ClockSet,
    CommandAnswer,
    CommandKind,
    Display,
    Event,
    EventHead,
    HallState,
    Health,
    NodeCommand,
    NodeState,
    PayloadError,
    RatingPress,
    Scan,
    SelfTest,
    TicketPrinted,
    decode,
    encode,
)
from hall_server import commands as c
from hall_server.afar import SettingsSaid, command_words
from hall_server.card_forms import CardForms
from hall_server.catalogue import Catalogue
from hall_server.commands import Command
from hall_server.displays import display_of
from hall_server.facts import BootTime, Source
from hall_server.hall import day_at
from hall_server.identity.person import day_key, person_key
from hall_server.identity.scan import CitizenCard, ProcedureCode, TicketCode, read
from hall_server.journal import DeadLetter
from hall_server.nodes import CommandNote, NodeRegistry
from hall_server.runtime import Arrival, Committed, Runtime, TellAnyway
from hall_server.settings import BrokerTable, read_password
from hall_server.state import State
from hall_server.streams import let_in

log = logging.getLogger(__name__)

Kind = Literal["counter", "kiosk", "board"]
RECEIVE_MAXIMUM: Final = 2_000
"""QoS 1 messages that the broker may have under way to the hall at once."""
PATHS_KEPT: Final = 5_000
RETRY_S: Final = (0.2, 5.0)
ROUND_S: Final = 1.0


class RawMessage(NamedTuple):
    """A message as it came, not yet read."""

    topic: str
    payload: bytes
    """Cut off where it is longer than anything that is read."""
    received_ms: int
    size: int


class Gateway:
    """The hall's MQTT client."""

    def __init__(
        self,
        *,
        hall: str,
        broker: BrokerTable,
        catalogue: Catalogue,
        kinds: Mapping[str, Kind],
        runtime: Runtime,
        nodes: NodeRegistry,
        forms: CardForms,
        master_key: bytes,
        token: Callable[[], str],
        version: str,
        on_health: Callable[[str, Health], None] = lambda _node, _health: None,
        wall_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._hall = hall
        self._broker = broker
        self._password = read_password(broker)
        self._catalogue = catalogue
        self._kinds = dict(kinds)
        self._runtime = runtime
        self._nodes = nodes
        self._forms = forms
        self._master_key = master_key
        self._token = token
        self._on_health = on_health
        self._version = version
        self._wall_ms = wall_ms
        self._started_ms = wall_ms()
        self._shown: dict[str, Display] = {}
        self._settings_said = SettingsSaid()
        self._stop = threading.Event()
        self._connected = threading.Event()
        self._unsaid = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hall-mqtt", daemon=True)
        self._client: Client | None = None
        self._in_batch: list[int] = []
        self._paths_us: deque[int] = deque(maxlen=PATHS_KEPT)
        self.refused = 0
        """Messages for which the inbox had no room; their nodes send them again."""
        runtime.admit_with(self)
        runtime.listen(self.after_commit)

    # ------------------------------------------------------------------ life

    def start(self) -> None:
        """Connect, and keep connecting; returns at once."""
        self._thread.start()

    def stop(self, timeout_s: float = 2.0) -> None:
        """Say offline and leave; may be called twice."""
        self._stop.set()
        client = self._client
        if client is not None and self._connected.is_set():
            with suppress(RuntimeError, ValueError):  # just gone: its last will says it
                client.publish(
                    topics.hall_state(self._hall), encode(self._state("offline")), 1, retain=True
                ).wait_for_publish(timeout_s / 2)
            client.disconnect()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    @property
    def connected(self) -> bool:
        """True while the broker has the hall's subscriptions."""
        return self._connected.is_set()

    @property
    def alive(self) -> bool:
        """True while the client's loop goes round or tries again."""
        return self._thread.is_alive()

    def wait_connected(self, timeout_s: float) -> bool:
        """Wait until :attr:`connected`; False where it took longer."""
        return self._connected.wait(timeout_s)

    def paths_ms(self) -> list[float]:
        """Times from a press or scan to after its commit, the newest :data:`PATHS_KEPT`, sorted.

        By the node's and the hall's wall clocks: means nothing where they differ.
        """
        return sorted(us / 1000 for us in tuple(self._paths_us))

    def _state(self, status: Literal["online", "offline"]) -> HallState:
        return HallState(status, self._started_ms, self._version)

    def _run(self) -> None:
        delay_s = RETRY_S[0]
        while not self._stop.is_set():
            client = self._client = self._new_client()
            try:
                properties: Any = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
                properties.SessionExpiryInterval = 0
                properties.ReceiveMaximum = RECEIVE_MAXIMUM
                client.connect(
                    self._broker.host,
                    self._broker.port,
                    self._broker.keepalive_s,
                    clean_start=True,
                    properties=properties,
                )
                if isinstance(line := client.socket(), socket.socket):
                    # an acknowledgement must not wait for the answer to the one before
                    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                while client.loop(ROUND_S) is MQTTErrorCode.MQTT_ERR_SUCCESS:
                    if self._stop.is_set() and not self._connected.is_set():
                        break
            except OSError as error:
                log.debug("broker away: %s", error)
            except Exception:  # paho's loop died in a callback: a new client, and say so
                log.exception("the MQTT loop failed; connecting anew")
            if self._connected.is_set():
                delay_s = RETRY_S[0]
            self._connected.clear()
            self._stop.wait(delay_s * random.uniform(0.8, 1.2))  # noqa: S311  (only spreads load)
            delay_s = min(delay_s * 2, RETRY_S[1])

    def _new_client(self) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"hall-{self._hall}",
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
        )
        client.max_inflight_messages_set(RECEIVE_MAXIMUM)
        client.max_queued_messages_set(100_000)
        if self._password is not None:
            client.username_pw_set(self._broker.username, self._password)
        will = encode(self._state("offline"))
        client.will_set(topics.hall_state(self._hall), will, qos=1, retain=True)
        # paho writes in whatever thread publishes, and two at once change the order of messages
        # or cut into each other: with this set, only the loop's own thread writes.
        client.on_socket_register_write = _left_to_the_loop
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect
        return client

    # ------------------------------------------------------------------ callbacks: put, no more

    def _on_connect(
        self, client: Client, _data: object, _flags: object, reason: Any, _properties: object
    ) -> None:
        if reason.is_failure:
            log.error("the broker refuses the hall: %s; check its password and access list", reason)
            client.disconnect()
            return
        client.subscribe(
            [(topics.every_node(self._hall, leaf), _options(leaf)) for leaf in _FROM_NODES]
        )

    def _on_subscribe(
        self, client: Client, _data: object, _mid: int, reasons: list[Any], _properties: object
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            log.error("the broker refuses the hall's subscriptions: check its access list")
            client.disconnect()
            return
        self._unsaid.set()
        self._connected.set()
        self._runtime.offer(TellAnyway())  # where the inbox is full, the next commit tells

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        payload = bytes(message.payload[: MAX_PAYLOAD_BYTES + 1])
        raw = RawMessage(message.topic, payload, self._wall_ms(), len(message.payload))
        if not self._runtime.offer(raw):
            self.refused += 1

    def _on_disconnect(self, *_arguments: object) -> None:
        self._connected.clear()

    # ------------------------------------------------------------------ in the writer's thread

    def admit(self, message: object, state: State) -> Arrival | DeadLetter | tuple[str, str] | None:
        """Read a message; see :class:`hall_server.runtime.Doorkeeper`."""
        if not isinstance(message, RawMessage):
            return None
        try:
            topic = topics.parse(message.topic)
        except topics.TopicError as error:
            return _dead(message, str(error))
        node = topic.node
        if topic.hall != self._hall or node not in self._nodes:
            return _dead(message, f"{node} is no node of this hall: add it to the settings")
        if topic.leaf == "state" and not message.payload:
            return None  # somebody cleared the retained message
        if topic.leaf == "event":
            return self._event(node, message, state)
        try:
            if topic.leaf == "state":
                self._nodes.state(node, decode(message.payload, NodeState), message.received_ms)
            elif topic.leaf == "health":
                health = decode(message.payload, Health)
                self._nodes.health(node, health, message.received_ms)
                self._on_health(node, health)
            elif topic.leaf == "settings/applied" and message.payload:
                self._nodes.applied(node, decode(message.payload, AppliedSettings))
            elif topic.leaf == "command/answer":
                self._nodes.answered(node, decode(message.payload, CommandAnswer))
        except PayloadError as error:
            return _dead(message, str(error))
        return None

    def refuse(
        self, message: object, state: State
    ) -> Arrival | DeadLetter | tuple[str, str] | None:
        """Pass over what the hall cannot decide; see :class:`hall_server.runtime.Doorkeeper`."""
        if not isinstance(message, RawMessage):
            return None
        letter = _dead(message, "the hall failed at it: its log says how")
        try:
            node = topics.parse(message.topic).node
            head = decode(message.payload, EventHead)
        except (topics.TopicError, PayloadError):
            return letter
        before = let_in(state, node, head.stream, head.seq, head.oldest_seq)
        if isinstance(before, str):
            return letter
        command = c.UnreadableSeen(request="", node=node)
        return Arrival(command, Source(head.stream, head.seq), None, before, letter)

    def _event(
        self, node: str, message: RawMessage, state: State
    ) -> Arrival | DeadLetter | tuple[str, str]:
        event: Event | EventHead
        letter = None
        try:
            event = decode(message.payload, Event)
        except PayloadError as error:
            letter = _dead(message, str(error))
            try:
                # Its node would send it for ever, and everything behind it would wait.
                event = decode(message.payload, EventHead)
            except PayloadError:
                return letter
        before = let_in(state, node, event.stream, event.seq, event.oldest_seq)
        if before == "not_its_own":
            return _dead(message, f"a stream of another node sent by {node}: a copied card?")
        if before == "too_many":
            return _dead(
                message,
                f"{node} begins one outbox after the other: see its disk, and that nobody else has "
                "its password; its events are taken tomorrow",
            )
        if before == "say_again":
            return (node, event.stream)
        self._nodes.seen(node, message.received_ms)
        source = Source(event.stream, event.seq)
        if isinstance(event, EventHead):
            return Arrival(c.UnreadableSeen(request="", node=node), source, None, before, letter)
        happened_ms = event.wall_us // 1000 if event.clock_synchronised else None
        command = self._command(node, event, happened_ms, state, message.received_ms)
        if event.clock_synchronised:
            self._in_batch.append(event.wall_us)
            return Arrival(command, source, happened_ms, before)
        undated = BootTime(event.boot_id, event.monotonic_us)
        return Arrival(command, source, None, before, undated=undated)

    def _command(
        self, node: str, event: Event, happened_ms: int | None, state: State, now_ms: int
    ) -> Command:
        body = event.body
        if isinstance(body, RatingPress):
            return c.PressSeen(
                request="",
                node=node,
                level=body.level,
                levels=body.levels,
                window=body.window_id,
                refused=body.refused,
                happened_ms=happened_ms,
            )
        if isinstance(body, Alarm):
            return c.AlarmRaised(
                request="",
                node=node,
                code=body.code,
                device=body.device,
                text=body.text,
                raised=body.raised,
            )
        if isinstance(body, ClerkPresence):
            return c.PresenceSeen(
                request="",
                node=node,
                present=body.present,
                for_ms=body.for_ms,
                happened_ms=happened_ms,
            )
        if isinstance(body, TicketPrinted):
            return c.SlipSeen(request="", node=node, slip=body.slip, ok=body.ok, reason=body.reason)
        if isinstance(body, SelfTest):
            return c.SelfTestSeen(
                request="",
                node=node,
                started_ms=body.started_wall_ms,
                finished_ms=body.finished_wall_ms,
                by=body.by,
                results=tuple(body.results),
                passed=body.passed,
                unattended=body.unattended,
            )
        if isinstance(body, ClockSet):
            return c.ClockSetSeen(
                request="", node=node, boot=body.boot_id, offset_us=body.offset_us
            )
        return self._scan(node, body, state, now_ms)

    def _scan(self, node: str, scan: Scan, state: State, now_ms: int) -> Command:
        seen = read(scan.text)
        counter = self._catalogue.counter_of_node.get(node)
        if isinstance(seen, TicketCode):
            return c.TicketShown(request="", node=node, token=seen.token)
        if isinstance(seen, ProcedureCode):
            return c.ProcedureShown(request="", node=node, code=seen.code, token=self._token())
        if isinstance(seen, CitizenCard):
            if counter is not None:
                one = state.counters.get(counter)
                self._forms.fill(
                    counter, one.clerk if one else None, one.ticket if one else None, seen, now_ms
                )
            # the first event of a day comes before the hall has opened it
            key = day_key(self._master_key, day_at(self._catalogue, state, now_ms))
            return c.CardShown(request="", node=node, person=person_key(key, seen.number))
        if counter is not None:
            self._forms.wrong(counter, _WRONG[seen.kind], now_ms)
        return c.WrongCardShown(request="", node=node, what=seen.kind)

    def after_commit(self, committed: Committed) -> None:
        """Acknowledge, then show: the runtime's listener."""
        now_us = time.time_ns() // 1000
        self._paths_us.extend(now_us - wall_us for wall_us in self._in_batch)
        self._in_batch.clear()
        for stream, (node, through) in committed.acks.items():
            self._publish(topics.node_topic(self._hall, node, "ack"), encode(Ack(stream, through)))
        if self._unsaid.is_set():
            self._unsaid.clear()
            self._say_everything(committed.view)
        elif committed.facts:
            self._show(committed.view)
            self._say_settings(committed.view)
        if committed.facts:
            self._forms.keep_only(
                {key: (one.clerk, one.ticket) for key, one in committed.view.counters.items()}
            )

    def _say_everything(self, state: State) -> None:
        self._publish(topics.hall_state(self._hall), encode(self._state("online")), retain=True)
        self._shown.clear()
        self._show(state)
        self._settings_said.forget()
        self._say_settings(state)

    def _say_settings(self, state: State) -> None:
        for node, desired in self._settings_said.unsaid(state):
            if node in self._nodes:
                topic = topics.node_topic(self._hall, node, "settings")
                self._publish(topic, encode(desired), retain=True)

    def command(self, node: str, command: CommandKind, id_: str) -> bool:
        """Have ``node`` do something at once; False while the broker is away.

        The answer comes to the registry.  The same ``id_`` once more asks nothing twice.  Any
        thread may call it.
        """
        client = self._client
        if client is None or not self._connected.is_set():
            return False
        now_ms = self._wall_ms()
        if not self._nodes.asked(node, CommandNote(id_, command, now_ms)):
            return True
        client.publish(
            topics.node_topic(self._hall, node, "command"),
            encode(NodeCommand(id_, command, now_ms)),
            qos=1,
            properties=command_words(self._hall, node, id_),
        )
        return True

    def _show(self, state: State) -> None:
        for node, kind in self._kinds.items():
            display = display_of(self._catalogue, state, node, kind)
            if self._shown.get(node) == display:
                continue
            self._shown[node] = display
            stamped = replace(display, rev=state.last_fact, wall_ms=self._wall_ms())
            self._publish(
                topics.node_topic(self._hall, node, "display"), encode(stamped), retain=True
            )

    def _publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        # What is not sent now is said again: acknowledgements when the event comes again,
        # displays when the broker is back.
        if self._client is not None and self._connected.is_set():
            self._client.publish(topic, payload, qos=1, retain=retain)


_FROM_NODES: Final[tuple[topics.Leaf, ...]] = (
    "state",
    "event",
    "health",
    "settings/applied",
    "command/answer",
)
_WRONG: Final[dict[str, Literal["wrong_health_insurance", "wrong_damaged", "wrong_unknown"]]] = {
    "health_insurance": "wrong_health_insurance",
    "damaged": "wrong_damaged",
    "unknown": "wrong_unknown",
}


def _left_to_the_loop(*_: object) -> None:
    """The loop is woken by paho's own pair of sockets."""


def _options(leaf: topics.Leaf) -> Any:
    return SubscribeOptions(qos=topics.TOPICS[leaf].qos)


def _dead(message: RawMessage, reason: str) -> DeadLetter:
    log.warning("dead letter on %.120s: %.200s", message.topic, reason)
    return DeadLetter(message.received_ms, message.topic[:200], reason[:300], message.size)
