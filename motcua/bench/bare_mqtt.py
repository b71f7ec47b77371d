"""The bare round trip: a paho publisher, Mosquitto, a paho subscriber, and nothing else."""

from __future__ import annotations

import secrets
import socket
import threading
import time
from multiprocessing.connection import Connection
from typing import Any, Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from devices.messages import Event, RatingPress, decode, encode
from motcua.bench.errors import BenchError
from motcua.bench.parts import LOOPBACK, PATIENCE_S

TOPIC: Final = "mc/1/bare/counter-1/event"
RECEIVE_MAXIMUM: Final = 2_000
"""As the hall's."""
LOST_AFTER_S: Final = 5.0


def press_event(stream: str, seq: int, *, oldest_seq: int = 1, refused: bool = False) -> bytes:
    """A press as a node sends it."""
    window = None if refused else "20261123-A012.1"
    return encode(
        Event(
            stream,
            seq,
            oldest_seq,
            "b" * 32,
            time.time_ns() // 1000,
            time.monotonic_ns() // 1000,
            True,
            RatingPress(3, 5, window, "closed" if refused else None),
        )
    )


def client(name: str) -> mqtt.Client:
    """A client with the hall's connect properties, not connected yet."""
    made = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=mqtt.MQTTv5)
    made.max_inflight_messages_set(RECEIVE_MAXIMUM)
    return made


def connect(one: mqtt.Client, port: int) -> None:
    """Connect, each packet on its way at once."""
    properties: Any = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = 0
    properties.ReceiveMaximum = RECEIVE_MAXIMUM
    one.connect(LOOPBACK, port, 60, clean_start=True, properties=properties)
    if isinstance(line := one.socket(), socket.socket):
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def publisher(pipe: Connection, port: int) -> None:
    """Publish at the times asked for; answers with when each was handed to paho.

    A request is a list of (seq, at_ns); times are of CLOCK_MONOTONIC, the same in all processes.
    """
    one = client("bare-publisher")
    connect(one, port)
    one.loop_start()
    stream = secrets.token_hex(16)
    pipe.send("ready")
    while True:
        sent: dict[int, int] = {}
        for seq, at_ns in pipe.recv():
            payload = press_event(stream, seq)
            time.sleep(max(0.0, (at_ns - time.monotonic_ns()) / 1e9))
            sent[seq] = time.monotonic_ns()
            one.publish(TOPIC, payload, qos=1)
        pipe.send(sent)


def subscriber(pipe: Connection, port: int) -> None:
    """Note when each message came; a request is a list of seqs, the answer when they came.

    One that does not come within :data:`LOST_AFTER_S` is missing in the answer.
    """
    came: dict[int, int] = {}
    changed = threading.Condition()

    def on_message(_client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
        now_ns = time.monotonic_ns()
        seq = decode(bytes(message.payload), Event).seq
        with changed:
            came.setdefault(seq, now_ns)
            changed.notify()

    one = client("bare-subscriber")
    subscribed = threading.Event()
    one.on_subscribe = lambda *_: subscribed.set()
    one.on_message = on_message
    connect(one, port)
    one.loop_start()
    one.subscribe(TOPIC, qos=1)
    if not subscribed.wait(PATIENCE_S):
        raise BenchError("the broker does not answer a subscription")
    pipe.send("ready")
    while True:
        wanted: set[int] = set(pipe.recv())
        end_s = time.monotonic() + LOST_AFTER_S
        with changed:
            while not came.keys() >= wanted and (left_s := end_s - time.monotonic()) > 0:
                changed.wait(left_s)
            pipe.send({seq: at_ns for seq, at_ns in came.items() if seq in wanted})
            came.clear()
