"""A node of the hall that sends what it should not, while the others work: counted, not obeyed."""

from __future__ import annotations

import json
import queue
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from devices.messages import MAX_PAYLOAD_BYTES, Ack, RatingPress, decode
from tests.faults.judgement import Outbox, judge
from tests.faults.load import Load, crowd
from tests.faults.whole_hall import HALL, WholeHall
from tests.parts import until

pytestmark = pytest.mark.faults

ROGUE = "counter-2"
STREAM = "d" * 32


class Rogue:
    """A bare client under a node's name."""

    def __init__(self, house: WholeHall) -> None:
        self.acks: queue.Queue[Ack] = queue.Queue()
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id="rogue", protocol=mqtt.MQTTv5
        )
        self._client.on_message = lambda _client, _data, message: self.acks.put(
            decode(bytes(message.payload), Ack)
        )
        self._client.connect(house.broker.host, house.broker.port)
        self._client.loop_start()
        self._client.subscribe(f"mc/1/{HALL}/{ROGUE}/ack", 1)

    def say(self, payload: bytes, leaf: str = "event", node: str = ROGUE) -> None:
        sent = self._client.publish(f"mc/1/{HALL}/{node}/{leaf}", payload, qos=1)
        sent.wait_for_publish(30)

    def acked(self) -> int:
        """The highest that the hall has acknowledged of its stream so far."""
        through = 0
        while not self.acks.empty():
            ack = self.acks.get()
            through = max(through, ack.through if ack.stream == STREAM else 0)
        return through

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[WholeHall]:
    house = WholeHall(tmp_path, nodes=1, counters=2)
    house.start()
    yield house
    house.close()


@pytest.fixture
def rogue(house: WholeHall) -> Iterator[Rogue]:
    rogue = Rogue(house)
    yield rogue
    rogue.close()


def event(seq: int, oldest: int = 1, stream: str = STREAM, **other: Any) -> dict[str, Any]:
    return {
        "stream": stream,
        "seq": seq,
        "oldest_seq": oldest,
        "boot_id": "b" * 32,
        "wall_us": 1,
        "monotonic_us": 1,
        "clock_synchronised": True,
        "body": {"kind": "rating", "level": 1, "levels": 5, "window_id": None, "refused": "closed"},
        **other,
    }


def misfits(dice: random.Random) -> list[tuple[str, bytes]]:
    """Payloads that fit no contract, with the leaf they come on."""
    good = json.dumps(event(1)).encode()
    wrong: list[tuple[str, bytes]] = [
        ("event", good[: dice.randrange(len(good))]) for _ in range(20)
    ]
    wrong += [("event", dice.randbytes(dice.randrange(1, 500))) for _ in range(20)]
    fields: dict[str, list[Any]] = {
        "seq": [0, -1, "1", 1.5, None, 2**63, 2**70, True, [], {}],
        "oldest_seq": [0, "x", None],
        "stream": ["", "A" * 32, "a" * 31, "a" * 33, "a" * 32 + "\n", 5, None, "../../x"],
        "boot_id": ["", None],
        "wall_us": [-1, 1e300, "now", 2**64],
        "clock_synchronised": ["yes", 1, None],
        "body": [
            None,
            [],
            {},
            {"kind": "secret"},
            {"kind": "scan", "text": "", "decoder": "zxing-cpp"},
            {"kind": "scan", "text": "x" * 5000, "decoder": "zxing-cpp"},
            {"kind": "scan", "text": "x", "decoder": "me"},
            {"kind": "rating", "level": 6, "levels": 5, "window_id": None},
            {"kind": "rating", "level": 1, "levels": 2, "window_id": None},
            {"kind": "rating", "level": 1, "levels": 5, "window_id": "a b"},
            {"kind": "alarm", "code": "x", "device": "x", "text": "x" * 501},
        ],
    }
    for field, values in fields.items():
        for value in values:
            # each of a stream of its own: what has an envelope is passed over and never read again
            stream = f"{dice.getrandbits(128):032x}"
            wrong.append(("event", json.dumps({**event(1, stream=stream), field: value}).encode()))
    wrong += [
        ("event", b"\xff\xfe" * 10),
        ("event", b'{"stream":' * 5000),
        ("event", b"[" * 60_000),
        ("event", good.replace(b'"closed"', b'"\\ud800"')),
        ("event", b"x" * (MAX_PAYLOAD_BYTES + 1)),
        ("event", good + b" " * 1_000_000),
        ("health", b"{}"),
        ("health", b'{"boot_id": NaN}'),
        ("state", b"[]"),
        ("state", b'{"status":"dead"}'),
    ]
    dice.shuffle(wrong)
    return wrong


def test_what_does_not_fit_is_counted_and_shown_and_disturbs_nobody(
    house: WholeHall, rogue: Rogue
) -> None:
    wrong = misfits(random.Random(3))
    strange = [f"stranger-{number}" for number in range(3)]
    with Load() as load:
        crowd(house, load, "rogue", kiosks=2, counters=2)
        for leaf, payload in wrong:
            rogue.say(payload, leaf)
        for node in strange:
            rogue.say(json.dumps(event(1)).encode(), node=node)
        until(lambda: house.seen.lamps["counter-1"] >= 2, "citizens rate all the while")
    technician = house.technician()
    expected = len(wrong) + len(strange)
    until(lambda: technician.view()["dead_letters_total"] >= expected, "the dead letters are shown")
    view = technician.view()
    assert view["dead_letters_total"] == expected
    assert f"mc/1/{HALL}/{ROGUE}/event" in {one["topic"] for one in view["dead_letters"]}
    assert all(one["reason"] for one in view["dead_letters"])
    assert "secret" not in json.dumps(view["dead_letters"])
    assert house.verdict() == ([], [], [])


def test_events_shuffled_and_repeated_come_into_the_journal_once_and_in_order(
    house: WholeHall, rogue: Rogue
) -> None:
    dice, last = random.Random(5), 40
    acked = 0
    while acked < last:
        seqs = [dice.randint(max(1, acked - 5), last) for _ in range(60)]
        for seq in (*seqs, acked + 1):
            # an old message still says which was the oldest when it was sent
            rogue.say(json.dumps(event(seq, oldest=1)).encode())
        acked = max(acked, rogue.acked())
    house.close()
    own = {ROGUE: Outbox(STREAM, last, frozenset(), frozenset())}
    facts = house.facts()
    assert judge(facts, house.seen, own) == ([], [], [])
    seqs = [one.source.seq for one in facts if one.source and one.source.stream == STREAM]
    assert seqs[1:] == list(range(1, last + 1)), "the first is where the stream began"
    assert house.verdict(settled=False) == ([], [], [])


def test_a_node_cannot_speak_for_another(house: WholeHall, rogue: Rogue) -> None:
    panel = house.panel("counter-1")
    assert panel.press(3)
    house.wait_empty("counter-1")
    stolen = next(one.source.stream for one in house.facts() if one.source)
    for seq in range(1, 10):
        rogue.say(json.dumps(event(seq, stream=stolen)).encode())
    technician = house.technician()
    until(lambda: technician.view()["dead_letters_total"] == 9, "they are dead letters")
    assert panel.press(4)
    house.wait_empty("counter-1")
    assert house.verdict() == ([], [], [])
    assert house.recovered().refused_presses == 2


def test_a_press_for_the_window_of_another_counter_rates_nobody(
    house: WholeHall, rogue: Rogue
) -> None:
    house.kiosk().take("chung-thuc")
    clerk = house.clerk("1")
    for verb in ("call-next", "start", "finish"):
        assert clerk.ask(verb)[0] == "ok"
    (ticket,) = house.recovered().tickets.values()
    press = RatingPress(1, 5, ticket.window)
    body = {"kind": "rating", "level": press.level, "levels": 5, "window_id": press.window_id}
    rogue.say(json.dumps(event(1, body=body)).encode())
    assert rogue.acks.get(timeout=20).through == 1
    panel = house.panel("counter-1")
    assert panel.wait_invited(20)
    assert panel.press(5)
    house.wait_empty("counter-1")
    assert house.verdict() == ([], [], [])
    (ticket,) = house.recovered().tickets.values()
    assert ticket.rated == 5
