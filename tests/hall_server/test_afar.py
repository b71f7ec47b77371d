"""From the hall to a node and back: settings that stay, commands that expire, on a real broker."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from devices import topics
from devices.messages import (
    AppliedSettings,
    ClockSet,
    CommandAnswer,
    DesiredSettings,
    NodeCommand,
    decode,
    encode,
)
from hall_server import commands as c
from hall_server import facts as f
from tests.hall_server.test_gateway import BOOT, HALL, Desk, Node_, refused
from tests.parts import Broker, until

ID = "1" * 32


class Listener:
    """A node that hears settings and commands."""

    def __init__(self, broker: Broker, node: str = "counter-1") -> None:
        self.heard: queue.Queue[tuple[str, Any]] = queue.Queue()
        self.node = node
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self._client.on_message = lambda _c, _d, message: self.heard.put((message.topic, message))
        self._client.on_subscribe = lambda *_: self.heard.put(("subscribed", None))
        self._client.connect(broker.host, broker.port)
        self._client.loop_start()
        leaves: tuple[topics.Leaf, ...] = ("settings", "command")
        self._client.subscribe([(topics.node_topic(HALL, node, leaf), 1) for leaf in leaves])
        assert self.heard.get(timeout=20)[0] == "subscribed"

    def next(self) -> Any:
        return self.heard.get(timeout=20)[1]

    def say(self, leaf: topics.Leaf, payload: bytes) -> None:
        retain = topics.TOPICS[leaf].retain
        self._client.publish(
            topics.node_topic(HALL, self.node, leaf), payload, 1, retain
        ).wait_for_publish(20)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path / "broker") as one:
        yield one


@pytest.fixture
def desk(tmp_path: Path, broker: Broker) -> Iterator[Desk]:
    desk = Desk(tmp_path, broker)
    yield desk
    desk.close()


@pytest.fixture
def node(broker: Broker) -> Iterator[Listener]:
    one = Listener(broker)
    yield one
    one.close()


def want(desk: Desk, text: str, request: str = "") -> None:
    command = c.WantSettings(request=request, node="counter-1", text=text, by="ky-thuat")
    assert desk.runtime.ask(command).ok


def test_wanted_settings_reach_the_node_stay_at_the_broker_and_are_a_fact(
    desk: Desk, broker: Broker, node: Listener
) -> None:
    want(desk, "[node]\nhealth_s = 5\n", request="r" * 16)
    want(desk, "[node]\nhealth_s = 5\n", request="r" * 16)
    assert decode(node.next().payload, DesiredSettings) == DesiredSettings(
        1, "[node]\nhealth_s = 5\n"
    )
    want(desk, "")
    assert decode(node.next().payload, DesiredSettings) == DesiredSettings(2, "")
    late = Listener(broker)
    message = late.next()
    assert message.retain
    assert decode(message.payload, DesiredSettings).version == 2
    late.close()
    assert [fact.body for fact in desk.facts(f.NodeSettingsWanted)] == [
        f.NodeSettingsWanted("counter-1", 1, "[node]\nhealth_s = 5\n", "ky-thuat"),
        f.NodeSettingsWanted("counter-1", 2, "", "ky-thuat"),
    ]


def test_a_broker_that_forgot_them_is_told_the_wanted_settings_again(
    desk: Desk, broker: Broker
) -> None:
    want(desk, "[node]\nhealth_s = 5\n")
    broker.restart()
    late = Listener(broker)
    assert decode(late.next().payload, DesiredSettings).version == 1
    late.close()


def test_what_a_node_goes_by_is_known_also_to_a_hall_that_comes_later(
    tmp_path: Path, broker: Broker, node: Listener
) -> None:
    node.say("settings/applied", encode(AppliedSettings(3, "x = 1", 4, "refused", "x", "no")))
    desk = Desk(tmp_path, broker)

    def told() -> AppliedSettings | None:
        one = desk.nodes.one("counter-1")
        return one.applied if one else None

    until(told, "the retained word is heard")
    assert told() == AppliedSettings(3, "x = 1", 4, "refused", "x", "no")
    desk.close()


def test_a_command_travels_with_its_expiry_and_its_answer_is_known(
    desk: Desk, node: Listener
) -> None:
    assert desk.gateway.command("counter-1", "identify", ID)
    assert desk.gateway.command("counter-1", "identify", ID), "a click that is sent again"
    message = node.next()
    assert not message.retain
    assert message.properties.MessageExpiryInterval == 10
    assert message.properties.ResponseTopic == f"mc/1/{HALL}/counter-1/command/answer"
    assert message.properties.CorrelationData == ID.encode()
    command = decode(message.payload, NodeCommand)
    assert (command.id, command.command) == (ID, "identify")
    node.say("command/answer", encode(CommandAnswer("2" * 32, "done")))
    node.say("command/answer", encode(CommandAnswer(ID, "refused", "no-self-test", "none")))

    def answer() -> CommandAnswer | None:
        one = desk.nodes.one("counter-1")
        return one.command.answer if one and one.command else None

    until(answer, "the answer is heard")
    assert answer() == CommandAnswer(ID, "refused", "no-self-test", "none")
    assert node.heard.empty(), "it was sent once"


def test_no_command_is_sent_or_kept_while_the_broker_is_away(desk: Desk, broker: Broker) -> None:
    broker.kill()
    until(lambda: not desk.gateway.connected, "the hall knows it")
    assert not desk.gateway.command("counter-1", "reboot", ID)
    broker.start()
    late = Listener(broker)
    until(lambda: desk.gateway.connected, "the hall is back")
    assert desk.gateway.command("counter-1", "identify", "3" * 32)
    assert decode(late.next().payload, NodeCommand).id == "3" * 32
    late.close()


def test_a_clock_that_was_set_is_a_fact_and_what_came_before_keeps_its_own_time(
    desk: Desk, broker: Broker
) -> None:
    counter = Node_(broker, "counter-1")
    counter.event(1, refused())
    counter.event(2, ClockSet(BOOT, 1_000_000))
    counter.hear("ack", lambda ack: ack.through == 2)
    (press,) = desk.facts(f.RatingRefused)
    assert press.happened_ms is None
    assert press.undated is not None
    assert press.undated.boot == BOOT
    (told,) = desk.facts(f.NodeClockSet)
    assert told.body == f.NodeClockSet("counter-1", BOOT, 1_000_000)
    assert desk.gateway.paths_ms() == [], "a clock of 1970 says nothing of the way's length"
    counter.close()
