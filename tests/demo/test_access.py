"""The demo's broker lets each node say its own words alone."""

from __future__ import annotations

import queue
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from devices import topics
from motcua.demo import broker, house
from motcua.demo.layout import Layout, write_layout
from tests.parts import free_port, until

NOT_AUTHORISED = 135
"""MQTT 5, 3.4.2.1."""


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Layout]:
    layout = write_layout(tmp_path_factory.mktemp("demo"))
    child = subprocess.Popen(broker.command(layout.broker_configuration), stderr=subprocess.DEVNULL)
    try:
        until(lambda: _can_connect(layout), "the broker takes the hall")
        yield layout
    finally:
        child.terminate()
        child.wait(10)


def _can_connect(layout: Layout) -> bool:
    try:
        with _connected(layout, "hall"):
            return True
    except (OSError, AssertionError):
        return False


def _password(layout: Layout, user: str) -> str:
    return (layout.folder / "keys" / f"{user}.password").read_text().strip()


class _Wire:
    """A client with what it heard and what the broker said to its publishes."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.heard: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.answers: queue.SimpleQueue[int] = queue.SimpleQueue()
        self.granted: queue.SimpleQueue[int] = queue.SimpleQueue()
        self.ended: queue.SimpleQueue[bool] = queue.SimpleQueue()

    def publish(self, topic: str) -> int:
        """The broker's reason code."""
        self.client.publish(topic, b"{}", qos=1)
        return self.answers.get(timeout=10)

    def subscribe(self, topic: str) -> int:
        self.client.subscribe(topic, qos=1)
        return self.granted.get(timeout=10)


@contextmanager
def _connected(
    layout: Layout, user: str, password: str | None = None, client_id: str = ""
) -> Iterator[_Wire]:
    client = Client(CallbackAPIVersion.VERSION2, client_id, protocol=MQTTProtocolVersion.MQTTv5)
    client.username_pw_set(user, password or _password(layout, user))
    wire, said = _Wire(client), queue.SimpleQueue[bool]()

    def heard(_c: Client, _u: object, message: MQTTMessage) -> None:
        wire.heard.put(message.topic)

    def answered(
        _c: Client, _u: object, _m: int, reason: ReasonCode, _p: Properties | None
    ) -> None:
        wire.answers.put(reason.value)

    def granted(
        _c: Client, _u: object, _m: int, reasons: list[ReasonCode], _p: Properties | None
    ) -> None:
        wire.granted.put(reasons[0].value)

    client.on_message = heard
    client.on_publish = answered
    client.on_subscribe = granted
    client.on_disconnect = lambda *_: wire.ended.put(True)
    client.on_connect = lambda _c, _u, _f, reason, _p: said.put(not reason.is_failure)
    client.connect("127.0.0.1", layout.broker_port)
    client.loop_start()
    try:
        assert said.get(timeout=10), f"{user} was refused"
        yield wire
    finally:
        client.disconnect()
        client.loop_stop()


def test_a_node_may_send_its_own_events_and_nobody_elses(layout: Layout) -> None:
    with _connected(layout, "counter-1") as node:
        assert node.publish(topics.node_topic(house.HALL, "counter-1", "event")) < 128
        other = topics.node_topic(house.HALL, "counter-2", "event")
        assert node.publish(other) == NOT_AUTHORISED


def test_a_node_may_not_speak_for_the_hall(layout: Layout) -> None:
    with _connected(layout, "counter-1") as node:
        for topic in (
            topics.node_topic(house.HALL, "counter-1", "ack"),
            topics.node_topic(house.HALL, "counter-1", "display"),
            topics.hall_state(house.HALL),
        ):
            assert node.publish(topic) == NOT_AUTHORISED


def test_a_node_hears_its_own_display_and_no_other(layout: Layout) -> None:
    with _connected(layout, "counter-1") as node, _connected(layout, "hall") as hall:
        # Mosquitto grants a pattern and holds each message against the list
        node.subscribe(topics.every_node(house.HALL, "display"))
        for name in ("counter-2", "kiosk-1", "counter-1"):
            hall.publish(topics.node_topic(house.HALL, name, "display"))
        first = node.heard.get(timeout=10)
    assert first == topics.node_topic(house.HALL, "counter-1", "display")


def test_the_hall_hears_every_node(layout: Layout) -> None:
    with _connected(layout, "hall") as hall:
        hall.subscribe(topics.every_node(house.HALL, "event"))
        for node in house.NODES:
            with _connected(layout, node.id) as wire:
                topic = topics.node_topic(house.HALL, node.id, "event")
                wire.publish(topic)
                assert hall.heard.get(timeout=10) == topic


def test_a_node_cannot_put_the_hall_off_the_broker_by_taking_its_client_id(
    layout: Layout,
) -> None:
    name = f"hall-{house.HALL}"
    with (
        _connected(layout, "hall", client_id=name) as hall,
        _connected(layout, "counter-1", client_id=name) as rogue,
    ):
        # the rogue's own words come through, so the broker has dealt with both by now
        hall.subscribe(topics.every_node(house.HALL, "event"))
        topic = topics.node_topic(house.HALL, "counter-1", "event")
        assert rogue.publish(topic) < 128
        assert hall.heard.get(timeout=10) == topic
        assert hall.ended.empty()


def test_a_wrong_password_opens_nothing(layout: Layout) -> None:
    with pytest.raises(AssertionError, match="refused"), _connected(layout, "hall", "guessed"):
        pass


def test_a_missing_program_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "SERVER_FOLDERS", "")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(broker.MissingProgramError, match="apt-get install mosquitto"):
        broker.command(Path("mosquitto.conf"))


def test_the_broker_listens_on_loopback_alone(layout: Layout) -> None:
    lines = layout.broker_configuration.read_text().splitlines()
    listeners = [line for line in lines if line.startswith("listener ")]
    assert listeners == [f"listener {layout.broker_port} 127.0.0.1"]
    assert free_port() != layout.broker_port
