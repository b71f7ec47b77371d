"""The parts of ``motcua bench node``: a node whose times are taken, and a hall that notes them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import paho.mqtt.client as mqtt

from devices import topics
from devices.messages import (
    Ack,
    Display,
    Event,
    HallState,
    NodeState,
    RatingPress,
    RatingWindow,
    Scan,
    decode,
    encode,
)
from devices.rating_buttons.standin import Finger
from edge.agent import Agent, DataDir
from edge.watchdog import Watchdog
from motcua.bench import bare_mqtt, nodes
from motcua.bench.errors import BenchError
from motcua.bench.parts import HALL, PATIENCE_S

NODE: Final = "counter-1"
_BEFORE_PRESS_S: Final = 0.01
_HELD_S: Final = 0.05


def node(pipe: Connection, folder: Path, broker_port: int) -> None:
    """A whole agent with mock pins.  Requests and answers, times of CLOCK_MONOTONIC in ns:

    ``("press", window, level)``: presses once the lamps invite for ``window``; answers with when
    the button's pin was driven and when the lamps were seen to say that it was taken.
    ``("written",)``: answers with the bytes that this process has had written to disks so far.
    """
    logging.basicConfig(level=logging.WARNING)
    settings = nodes.node_settings(NODE, folder, broker_port)
    agent = Agent(settings, DataDir(settings.node.data_dir).path, watchdog=Watchdog({}))
    try:
        agent.start()
        _until(lambda: agent.link.connected and _all_open(agent))
        finger = Finger(_row(agent).pins, _row(agent).wiring)
        pipe.send("ready")
        while True:
            what, *words = pipe.recv()
            pipe.send(written_bytes() if what == "written" else _press(agent, finger, *words))
    finally:
        agent.stop()


def _row(agent: Agent) -> Any:
    if agent.buttons is None:
        raise BenchError("the node has no buttons")
    return agent.buttons


def _all_open(agent: Agent) -> bool:
    return bool(_row(agent).is_open)


def _press(agent: Agent, finger: Finger, window: str, level: int) -> tuple[int, int]:
    row = _row(agent)
    _until(lambda: _shown(agent) == window and all(row.lit().values()))
    time.sleep(_BEFORE_PRESS_S)
    version, _ = agent.changes.get()
    driven_ns = time.monotonic_ns()
    finger.down(level)
    end_s = time.monotonic() + PATIENCE_S
    while [one for one, is_lit in row.lit().items() if is_lit] != [level]:
        if time.monotonic() > end_s:
            raise BenchError("a press lit no lamp")
        version, _ = agent.changes.wait_beyond(version, 1.0)
    lit_ns = time.monotonic_ns()
    time.sleep(_HELD_S)
    finger.up(level)
    return driven_ns, lit_ns


def _shown(agent: Agent) -> str:
    display = agent.counter.screen.get()[1].display
    return display.rating.window_id if display and display.rating else ""


def written_bytes() -> int:
    """Bytes that this process has had written to disks (``write_bytes`` of /proc/self/io).

    Raises:
        BenchError: the kernel does not count them.
    """
    try:
        lines = Path("/proc/self/io").read_text().splitlines()
    except OSError as error:
        raise BenchError(f"/proc/self/io cannot be read ({error.strerror})") from None
    return int(dict(line.split(": ") for line in lines)["write_bytes"])


def hall(pipe: Connection, broker_port: int) -> None:
    """A hall that opens windows, acknowledges at once and notes when each event came.

    ``("open", node, window)``: shows an open window.  ``("came", window)``: when the press for it
    came.  ``("online", node)`` and ``("scanned", node)``: waits for a birth, or for a scan.
    """
    ears = _Ears()
    client = bare_mqtt.client("bench-hall")
    subscribed = threading.Event()
    client.on_subscribe = lambda *_: subscribed.set()
    client.on_message = ears.hear
    bare_mqtt.connect(client, broker_port)
    client.loop_start()
    client.subscribe([(topics.every_node(HALL, leaf), 1) for leaf in ("event", "state")])
    if not subscribed.wait(PATIENCE_S):
        raise BenchError("the broker does not answer a subscription")
    online = HallState("online", time.time_ns() // 1_000_000, "bench")
    client.publish(topics.hall_state(HALL), encode(online), qos=1, retain=True)
    pipe.send("ready")
    revision = 0
    while True:
        what, *words = pipe.recv()
        if what != "open":
            pipe.send(ears.wait_for((what, *words)))
            continue
        revision += 1
        _open(client, revision, *words)
        pipe.send("open")


def _open(client: mqtt.Client, revision: int, name: str, window: str) -> None:
    now_ms = time.time_ns() // 1_000_000
    opened = RatingWindow(window, nodes.LEVELS, now_ms, 600_000)
    display = Display(revision, now_ms, "rating", counter="1", ticket="A012", rating=opened)
    topic = topics.node_topic(HALL, name, "display")
    client.publish(topic, encode(display), qos=1, retain=True).wait_for_publish(PATIENCE_S)


class _Ears:
    def __init__(self) -> None:
        self._came: dict[tuple[str, str], int] = {}
        self._changed = threading.Condition()

    def hear(self, client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        now_ns = time.monotonic_ns()
        topic, payload = topics.parse(message.topic), bytes(message.payload)
        if topic.leaf == "state":
            if payload and decode(payload, NodeState).status == "online":
                self._note(("online", topic.node), now_ns)
            return
        event = decode(payload, Event)
        ack = topics.node_topic(HALL, topic.node, "ack")
        client.publish(ack, encode(Ack(event.stream, event.seq)), qos=1)
        if isinstance(event.body, RatingPress) and event.body.window_id:
            self._note(("came", event.body.window_id), now_ns)
        elif isinstance(event.body, Scan):
            self._note(("scanned", topic.node), now_ns)

    def _note(self, what: tuple[str, str], now_ns: int) -> None:
        with self._changed:
            self._came.setdefault(what, now_ns)
            self._changed.notify_all()

    def wait_for(self, what: tuple[str, ...]) -> int | None:
        """When it came; None where it did not within the patience."""
        end_s = time.monotonic() + PATIENCE_S
        with self._changed:
            while (came := self._came.get((what[0], what[1]))) is None:
                if (left_s := end_s - time.monotonic()) <= 0:
                    return None
                self._changed.wait(left_s)
            return came


def _until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > end:
            raise BenchError("the node does not hear its hall")
        time.sleep(0.002)
