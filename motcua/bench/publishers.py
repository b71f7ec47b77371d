"""The publishers of ``motcua bench ingest``: several nodes a process, events encoded beforehand."""

from __future__ import annotations

import mmap
import secrets
import selectors
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from devices import topics
from motcua.bench import wire
from motcua.bench.bare_mqtt import press_event
from motcua.bench.errors import BenchError
from motcua.bench.parts import HALL, PATIENCE_S

WINDOW: Final = 200
"""Events of a node that may be under way, as the node's own link has it."""
AT_BROKER: Final = 900
"""Of those, not yet in the broker's hands."""
BARE: Final = "bare"
NOBODY: Final = "nobody"
"""Halls in whose topics a bare subscriber, and nobody at all, listens."""
_POLL_S: Final = 0.001


class Burst(NamedTuple):
    """``each`` events of each node into ``hall``."""

    hall: str
    each: int


class Sent(NamedTuple):
    """What came of a burst: when it was all taken, and what it cost this process."""

    began_ns: int
    ended_ns: int
    cpu_s: float
    through: dict[str, int]
    """Stream -> how far the hall has acknowledged it; of a burst into the hall alone."""


class _Node:
    """One node's connection."""

    def __init__(self, port: int, name: str, place: int) -> None:
        self.name = name
        self.place = place
        self.stream = secrets.token_hex(16)
        self.seq = 0
        self.through = 0
        """As far as the hall has acknowledged its stream."""
        self.line = wire.Line(port, f"{HALL}.{name}")
        self.packets: list[bytes] = []
        self.sent = self.at_broker = self.taken = 0
        self.line.socket.sendall(wire.subscribe(topics.node_topic(HALL, name, "ack")))

    def encode(self, burst: Burst) -> None:
        """Make the packets of a burst."""
        topic = topics.node_topic(burst.hall, self.name, "event")
        first = self.seq + 1
        self.packets = [
            wire.publish(topic, seq - first + 1, press_event(self.stream, seq, refused=True))
            for seq in range(first, first + burst.each)
        ]
        self.sent = self.at_broker = self.taken = 0
        if burst.hall == HALL:
            self.seq += burst.each

    def send(self) -> None:
        """As much as the window lets out."""
        until = min(self.taken + WINDOW, self.at_broker + AT_BROKER, len(self.packets))
        if until > self.sent:
            self.line.socket.sendall(b"".join(self.packets[self.sent : until]))
            self.sent = until

    def hear(self) -> int:
        """Read what came; how many publishes the broker has taken with it."""
        pubacks = 0
        for packet in self.line.read():
            if packet.kind == wire.PUBACK:
                if len(packet.body) > 2 and packet.body[2] >= 0x80:
                    raise BenchError(f"the broker refuses an event (reason {packet.body[2]})")
                pubacks += 1
            elif packet.kind == wire.PUBLISH:
                payload, answer = wire.payload_of(packet)
                self.line.socket.sendall(answer)
                ack = msgspec.json.decode(payload)
                if ack["stream"] == self.stream:
                    self.through = max(self.through, ack["through"])
        self.at_broker += pubacks
        return pubacks


def shared(counts: Path) -> memoryview:
    """A file of 64-bit numbers, the same in all processes that map it."""
    with counts.open("r+b") as file:
        return memoryview(mmap.mmap(file.fileno(), 0)).cast("Q")


def work(pipe: Connection, port: int, names: Sequence[str], first: int, counts: Path) -> None:
    """Answer a :class:`Burst` with "encoded", and, told to go, publish it: :class:`Sent`.

    An event is taken once the hall has acknowledged it; in a bare burst, once the subscriber has
    counted it in the file ``counts``; in a burst to nobody, once the broker has it.
    """
    counted = shared(counts)
    nodes = [_Node(port, name, first + index) for index, name in enumerate(names)]
    lines = selectors.DefaultSelector()
    for node in nodes:
        lines.register(node.line.socket, selectors.EVENT_READ, node)
    pipe.send("ready")
    while True:
        burst = Burst(*pipe.recv())
        before = {node.name: node.seq for node in nodes}
        for node in nodes:
            node.encode(burst)
        pipe.send("encoded")
        pipe.recv()
        cpu_s, began_ns = time.process_time(), time.monotonic_ns()
        waiting = set(nodes)
        heard_s = time.monotonic()
        while waiting:
            for node in waiting:
                node.send()
            for key, _ in lines.select(_POLL_S if burst.hall == BARE else 0.1):
                key.data.hear()
            moved = False
            for node in list(waiting):
                taken = node.taken
                if burst.hall == HALL:
                    node.taken = node.through - before[node.name]
                elif burst.hall == BARE:
                    node.taken = counted[node.place]
                else:
                    node.taken = node.at_broker
                moved = moved or node.taken != taken
                if node.taken >= burst.each and node.at_broker >= burst.each:
                    waiting.discard(node)
            if moved:
                heard_s = time.monotonic()
            elif time.monotonic() - heard_s > PATIENCE_S:
                raise BenchError(f"nothing more is taken of the events to {burst.hall}")
        pipe.send(
            Sent(
                began_ns,
                time.monotonic_ns(),
                time.process_time() - cpu_s,
                {node.stream: node.through for node in nodes},
            )
        )
