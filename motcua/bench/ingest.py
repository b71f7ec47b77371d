"""``motcua bench ingest``: events committed and acknowledged, beside what a subscriber can count.

The same publishers send the same events, first to nobody, then in turns to a bare paho subscriber
and to the hall.  The window of each node is bounded in the same way: by what the subscriber has
counted, and by what the hall has acknowledged.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import ExitStack
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import paho.mqtt.client as mqtt

from devices import topics
from motcua.bench import bare_mqtt, publishers
from motcua.bench.child import Child
from motcua.bench.command import Figures, Plan
from motcua.bench.errors import BenchError
from motcua.bench.parts import (
    HALL,
    PATIENCE_S,
    broker,
    hall,
    hall_settings,
    own_folder,
    say,
)
from motcua.bench.publishers import BARE, NOBODY, Burst, Sent

PROCESSES: Final = 2
NODES_EACH: Final = 4
ROUNDS: Final = 4
AIM: Final = 0.6
_NODES: Final = [f"counter-{number}" for number in range(1, PROCESSES * NODES_EACH + 1)]


def subscriber(pipe: Connection, port: int, counts: Path) -> None:
    """A bare paho subscriber that counts the messages of each node in the file ``counts``."""
    counted = publishers.shared(counts)
    places = {topics.node_topic(BARE, name, "event"): at for at, name in enumerate(_NODES)}

    def on_message(_client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
        counted[places[message.topic]] += 1

    one = bare_mqtt.client("bare-subscriber")
    subscribed = threading.Event()
    one.on_subscribe = lambda *_: subscribed.set()
    one.on_message = on_message
    bare_mqtt.connect(one, port)
    one.loop_start()
    one.subscribe(topics.every_node(BARE, "event"), qos=1)
    if not subscribed.wait(PATIENCE_S):
        raise BenchError("the broker does not answer a subscription")
    pipe.send("ready")
    while True:
        pipe.recv()
        for place in range(len(_NODES)):
            counted[place] = 0
        pipe.send("begun")


class _Road:
    """Broker, hall, publishers, and the bare subscriber."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        port = stack.enter_context(broker(folder / "broker"))
        settings = hall_settings(folder, port, counters=len(_NODES), nodes=_NODES)
        self.journal = settings.data_dir / "hall.db"
        stack.enter_context(hall(settings, folder))
        counts = folder / "counts"
        counts.write_bytes(bytes(8 * len(_NODES)))
        self._subscriber = stack.enter_context(Child(subscriber, port, counts))
        self._publishers = [
            stack.enter_context(
                Child(publishers.work, port, _NODES[at : at + NODES_EACH], at, counts)
            )
            for at in range(0, len(_NODES), NODES_EACH)
        ]
        for child in (self._subscriber, *self._publishers):
            child.receive()
        self.acknowledged: dict[str, int] = {}
        self.busy = 0.0
        """Largest share of a core that a publisher took."""

    def burst(self, into: str, each: int) -> float:
        """Events a second that ``into`` has taken, each node sending ``each``."""
        self._subscriber.ask("begin")
        for child in self._publishers:
            child.send(Burst(into, each))
        for child in self._publishers:
            child.receive()
        for child in self._publishers:
            child.send("go")
        sent = [Sent(*child.receive(PATIENCE_S * 4)) for child in self._publishers]
        if into == HALL:
            for one in sent:
                self.acknowledged.update(one.through)
        if into != NOBODY:
            took = [(one.ended_ns - one.began_ns) / 1e9 for one in sent]
            shares = [one.cpu_s / s for one, s in zip(sent, took, strict=True)]
            self.busy = max(self.busy, *shares)
        began_ns, ended_ns = min(s.began_ns for s in sent), max(s.ended_ns for s in sent)
        return each * len(_NODES) * 1e9 / (ended_ns - began_ns)


def measure(plan: Plan) -> tuple[Figures, list[str]]:
    """Measure ``plan.amount`` events into each; see the module."""
    each = max(1, plan.amount // (ROUNDS * len(_NODES)))
    bare: list[float] = []
    durable: list[float] = []
    with own_folder(plan.folder) as folder, ExitStack() as stack:
        road = _Road(folder, stack)
        for into in (BARE, HALL):
            road.burst(into, min(each, 200))  # connections, caches and files are warm after it
        offered = road.burst(NOBODY, each)
        end = time.monotonic() + plan.seconds
        for number in range(ROUNDS):
            if number and time.monotonic() > end:
                break
            turn = ((BARE, bare), (HALL, durable))
            for into, rates in turn if number % 2 == 0 else turn[::-1]:
                rates.append(road.burst(into, each))
            say(f"bare {bare[-1]:,.0f} a second, hall {durable[-1]:,.0f} a second")
        faults = compare(road.journal, road.acknowledged)
    bare_per_s, hall_per_s = _mean_rate(bare), _mean_rate(durable)
    say(f"the hall takes {hall_per_s / bare_per_s:.2f} of the bare rate; the aim is {AIM}")
    return {
        "bare_per_s": round(bare_per_s, 1),
        "hall_per_s": round(hall_per_s, 1),
        "ratio": round(hall_per_s / bare_per_s, 3),
        "to_nobody_per_s": round(offered, 1),
        "publisher_core_share": round(road.busy, 3),
        "events": sum(road.acknowledged.values()),
    }, faults


def _mean_rate(rates: list[float]) -> float:
    """Of bursts of the same size: all events by all the time."""
    return len(rates) / sum(1 / rate for rate in rates)


def compare(journal: Path, acknowledged: dict[str, int]) -> list[str]:
    """What the journal holds beyond or short of the events that were acknowledged."""
    db = sqlite3.connect(f"{journal.absolute().as_uri()}?mode=ro", uri=True)
    rows = db.execute(
        "SELECT stream, count(*), count(DISTINCT seq), min(seq), max(seq) FROM facts "
        "WHERE kind = 'rating_refused' GROUP BY stream"
    ).fetchall()
    db.close()
    held = {stream: tuple(numbers) for stream, *numbers in rows}
    return [
        f"stream {stream[:8]}: acknowledged 1 to {through}, the journal holds "
        f"{held.get(stream, 'nothing')} (count, distinct, first, last)"
        for stream, through in acknowledged.items()
        if held.get(stream) != (through, through, 1, through)
    ] + [f"stream {stream[:8]} was never sent" for stream in held.keys() - acknowledged.keys()]
