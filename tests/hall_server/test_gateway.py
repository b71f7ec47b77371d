"""The gateway on a real broker: lets events in once, acknowledges what is committed, shows all."""

from __future__ import annotations

import json
import queue
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from devices import topics
from devices.messages import (
    Ack,
    Alarm,
    ClerkPresence,
    Display,
    Event,
    EventBody,
    HallState,
    Health,
    NodeState,
    RatingPress,
    Scan,
    decode,
    encode,
)
from hall_server import commands as c
from hall_server import facts as f
from hall_server.card_forms import CardForms
from hall_server.facts import Fact
from hall_server.gateway import Gateway
from hall_server.hall import DECIDE, Hall
from hall_server.journal import Journal, JournalReader
from hall_server.nodes import NodeRegistry
from hall_server.runtime import Runtime
from hall_server.settings import BrokerTable, Node
from tests.hall_server.halls import catalogue
from tests.parts import Broker, until

HALL = "kien-hung"
STREAM = "a" * 32
BOOT = "b" * 32
CARD = "001190000123||TRẦN THỊ MẪU|02091990|Nữ|Tổ 5, phường Kiến Hưng, Hà Nội|01012022"


class Node_:
    """A node played by the test: a bare MQTT client."""

    def __init__(self, broker: Broker, node: str) -> None:
        self.node = node
        self.heard: queue.Queue[tuple[str, Any]] = queue.Queue()
        self._of_others: dict[str, list[Any]] = {}
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=node, protocol=mqtt.MQTTv5
        )
        self._client.on_message = self._on_message
        self._client.connect(broker.host, broker.port)
        self._client.loop_start()
        for leaf in ("ack", "display"):
            self._client.subscribe(topics.node_topic(HALL, node, leaf), 1)
        self._client.subscribe(topics.hall_state(HALL), 1)

    def _on_message(self, _client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
        leaf = message.topic.rsplit("/", 1)[1]
        kinds: dict[str, type[Any]] = {"ack": Ack, "display": Display, "state": HallState}
        self.heard.put((leaf, decode(bytes(message.payload), kinds[leaf])))

    def say(self, leaf: str, payload: bytes) -> None:
        info = self._client.publish(topics.node_topic(HALL, self.node, leaf), payload, qos=1)  # type: ignore[arg-type]
        info.wait_for_publish(10)

    def event(
        self, seq: int, body: EventBody, *, oldest: int = 1, stream: str = STREAM, wall_us: int = 0
    ) -> None:
        self.say("event", encode(Event(stream, seq, oldest, BOOT, wall_us, 1, wall_us > 0, body)))

    def hear(self, leaf: str, fits: Callable[[Any], bool] = lambda _: True) -> Any:
        kept = self._of_others.setdefault(leaf, [])
        while True:
            if kept:
                message = kept.pop(0)
            else:
                came, message = self.heard.get(timeout=20)
                if came != leaf:
                    self._of_others.setdefault(came, []).append(message)
                    continue
            if fits(message):
                return message

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


class Desk:
    """Journal, writer and gateway without pages."""

    def __init__(self, folder: Path, broker: Broker) -> None:
        self.path = folder / "hall.db"
        nodes = [
            Node("counter-1", "counter", "1"),
            Node("counter-2", "counter", "2"),
            Node("kiosk-1", "kiosk"),
            Node("board-1", "board"),
        ]
        rules = msgspec.structs.replace(
            catalogue(), counter_of_node={"counter-1": "1", "counter-2": "2"}
        )
        self.journal = Journal(self.path)
        self.runtime = Runtime(Hall(rules, self.journal.recover()), self.journal)
        self.nodes = NodeRegistry(nodes)
        self.forms = CardForms()
        self.gateway = Gateway(
            hall=HALL,
            broker=BrokerTable(port=broker.port),
            catalogue=rules,
            kinds={node.id: node.kind for node in nodes},
            runtime=self.runtime,
            nodes=self.nodes,
            forms=self.forms,
            master_key=b"k" * 32,
            token=lambda: "t" * 22,
            version="test",
        )
        self.runtime.start()
        self.gateway.start()
        assert self.gateway.wait_connected(20)

    def ask(self, kind: type[c.AtCounter], counter: str = "1", **words: Any) -> c.Outcome:
        self._asked = getattr(self, "_asked", 0) + 1
        return self.runtime.ask(
            kind(request=f"q{self._asked}", counter=counter, clerk=f"clerk-{counter}", **words)
        )

    def take(self, request: str, service: str = "chung-thuc") -> str:
        taken = self.runtime.ask(
            c.TakeTicket(
                request=request, service=service, channel="kiosk", token=request * 4, by="kiosk"
            )
        )
        assert taken.ticket is not None
        return taken.ticket

    def serve(self, request: str) -> str:
        """Take, call, start and finish one ticket at counter 1; its rating window."""
        ticket = self.take(request)
        for kind in (c.CallNext, c.StartService, c.FinishService):
            assert self.ask(kind).ok
        return f"{ticket}.1"

    def facts(self, kind: type[f.Body] = f.Body) -> list[Fact]:
        reader = JournalReader(self.path)
        try:
            return [fact for fact in reader.facts(0, 100_000) if isinstance(fact.body, kind)]
        finally:
            reader.close()

    def letters(self) -> list[tuple[str, str]]:
        reader = JournalReader(self.path)
        try:
            return [(letter.topic, letter.reason) for letter in reader.dead_letters()]
        finally:
            reader.close()

    def close(self) -> None:
        self.gateway.stop()
        self.runtime.stop()
        self.journal.close()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(tmp_path / "broker")
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def desk(tmp_path: Path, broker: Broker) -> Iterator[Desk]:
    desk = Desk(tmp_path, broker)
    yield desk
    desk.close()


@pytest.fixture
def counter(broker: Broker) -> Iterator[Node_]:
    node = Node_(broker, "counter-1")
    yield node
    node.close()


def refused(level: int = 3) -> RatingPress:
    return RatingPress(level, 5, None, "closed")


def test_a_press_is_acknowledged_once_it_is_in_the_journal(desk: Desk, counter: Node_) -> None:
    desk.ask(c.OpenCounter)
    window = desk.serve("r1")
    counter.hear("display", lambda d: d.rating is not None and d.rating.window_id == window)
    counter.event(1, RatingPress(5, 5, window))
    assert counter.hear("ack") == Ack(STREAM, 1)
    (given,) = desk.facts(f.RatingGiven)
    assert given.source is not None
    assert (given.source.stream, given.source.seq) == (STREAM, 1)


def test_an_event_that_comes_again_changes_nothing_and_is_acknowledged_again(
    desk: Desk, counter: Node_
) -> None:
    for _ in range(3):
        counter.event(1, refused())
        assert counter.hear("ack") == Ack(STREAM, 1)
    assert len(desk.facts(f.RatingRefused)) == 1


def test_an_event_after_a_gap_is_not_let_in_and_the_gap_is_asked_for(
    desk: Desk, counter: Node_
) -> None:
    counter.event(1, refused())
    counter.hear("ack", lambda a: a.through == 1)
    counter.event(3, refused())
    assert counter.hear("ack").through == 1
    counter.event(2, refused())
    counter.event(3, refused())
    counter.hear("ack", lambda a: a.through == 3)
    seqs = [fact.source.seq for fact in desk.facts(f.RatingRefused) if fact.source]
    assert seqs == [1, 2, 3]


def test_what_the_node_no_longer_holds_is_written_down_as_a_gap(desk: Desk, counter: Node_) -> None:
    counter.event(1, refused())
    counter.hear("ack", lambda a: a.through == 1)
    counter.event(5, refused(), oldest=5)
    counter.hear("ack", lambda a: a.through == 5)
    (gap,) = desk.facts(f.StreamGap)
    assert gap.body == f.StreamGap("counter-1", 2, 4)


def test_a_new_hall_takes_a_stream_up_where_its_node_still_holds_it(
    desk: Desk, counter: Node_
) -> None:
    counter.event(42, refused(), oldest=41)
    assert counter.hear("ack").through == 0
    counter.event(41, refused(), oldest=41)
    counter.event(42, refused(), oldest=41)
    counter.hear("ack", lambda a: a.through == 42)
    (began,) = desk.facts(f.StreamBegan)
    assert began.body == f.StreamBegan("counter-1", 41)


def test_a_stream_that_another_node_sends_is_a_dead_letter(
    desk: Desk, broker: Broker, counter: Node_
) -> None:
    counter.event(1, refused())
    counter.hear("ack")
    other = Node_(broker, "counter-2")
    other.event(2, refused())
    until(lambda: desk.letters(), "the dead letter is kept")
    other.close()
    assert "a copied card?" in desk.letters()[0][1]
    assert len(desk.facts(f.RatingRefused)) == 1


@pytest.mark.parametrize(
    ("leaf", "payload", "reason"),
    [
        ("event", b"", "truncated"),
        ("event", b"{", "truncated"),
        ("event", b"[]", "object"),
        ("event", b"\xff\xfe", "JSON"),
        ("event", b"{" + b'"a":' * 3000, "JSON"),
        ("event", b'{"stream":"' + b"a" * 70_000 + b'"}', "bytes"),
        (
            "event",
            encode(Event(STREAM, 1, 1, BOOT, 0, 0, False, refused())).replace(
                b'"seq":1', b'"seq":"1"'
            ),
            "$.seq",
        ),
        (
            "event",
            encode(Event(STREAM, 1, 1, BOOT, 0, 0, False, refused())).replace(
                b'"level":3', b'"level":9'
            ),
            "$.body.level",
        ),
        (
            "event",
            json.dumps({"kind": "secret"}).encode(),
            "stream",
        ),
        ("health", b"{}", "boot_id"),
        ("state", b"[1]", "object"),
    ],
)
def test_a_payload_that_does_not_fit_is_kept_as_a_dead_letter_and_stops_nothing(
    desk: Desk, counter: Node_, leaf: str, payload: bytes, reason: str
) -> None:
    counter.say(leaf, payload)
    until(lambda: desk.letters(), "the dead letter is kept")
    ((topic, why),) = desk.letters()
    assert topic == f"mc/1/{HALL}/counter-1/{leaf}"
    assert reason in why
    counter.event(1, refused())
    assert counter.hear("ack") == Ack(STREAM, 1)


def test_an_event_whose_body_does_not_fit_does_not_hold_up_those_behind_it(
    desk: Desk, counter: Node_
) -> None:
    counter.event(1, refused())
    counter.hear("ack", lambda a: a.through == 1)
    odd = encode(Event(STREAM, 2, 2, BOOT, 0, 0, False, refused()))
    counter.say("event", odd.replace(b'"kind":"rating"', b'"kind":"of a later version"'))
    counter.hear("ack", lambda a: a.through == 2)
    counter.event(3, refused())
    counter.hear("ack", lambda a: a.through == 3)
    until(lambda: desk.letters(), "the dead letter is kept")
    (passed,) = desk.facts(f.EventUnreadable)
    assert passed.source is not None
    assert passed.source.seq == 2


def test_an_event_at_which_deciding_fails_ends_neither_the_hall_nor_its_stream(
    desk: Desk, counter: Node_, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter.event(1, refused())
    counter.hear("ack", lambda a: a.through == 1)

    def fail(*_: object) -> None:
        raise RuntimeError("a fault in the hall")

    press: type[c.Command] = c.PressSeen
    monkeypatch.setitem(DECIDE, press, fail)
    counter.event(2, refused())
    counter.hear("ack", lambda a: a.through == 2)
    ticket = desk.take("r1")
    monkeypatch.undo()
    counter.event(3, refused())
    counter.hear("ack", lambda a: a.through == 3)
    assert [fact.body for fact in desk.facts(f.EventUnreadable)] == [f.EventUnreadable("counter-1")]
    assert "its log says how" in desk.letters()[0][1]
    assert desk.runtime.view.tickets[ticket].number == "A001"


def test_a_node_that_the_settings_do_not_know_is_not_let_in(desk: Desk, broker: Broker) -> None:
    stranger = Node_(broker, "counter-99")
    stranger.event(1, refused())
    until(lambda: desk.letters(), "the dead letter is kept")
    stranger.close()
    assert "add it to the settings" in desk.letters()[0][1]


def test_a_display_that_comes_late_is_told_the_whole_state(desk: Desk, broker: Broker) -> None:
    desk.ask(c.OpenCounter)
    ticket = desk.take("r1")
    desk.ask(c.CallNext)
    number = desk.runtime.view.tickets[ticket].number
    late = Node_(broker, "counter-1")
    shown = late.hear("display", lambda d: d.ticket == number)
    assert (shown.phase, shown.counter) == ("called", "1")
    late.close()


def test_the_board_is_given_each_call_to_speak_once(desk: Desk, broker: Broker) -> None:
    board = Node_(broker, "board-1")
    desk.ask(c.OpenCounter)
    desk.take("r1")
    desk.ask(c.CallNext)
    first = board.hear("display", lambda d: len(d.announcements) == 1).announcements
    desk.ask(c.Recall)
    second = board.hear("display", lambda d: len(d.announcements) == 2).announcements
    board.close()
    assert second[0] == first[0]
    assert second[1].id > first[0].id
    assert "không không một" in second[1].text


def test_revisions_rise_across_a_restart_of_the_hall(
    tmp_path: Path, desk: Desk, broker: Broker
) -> None:
    desk.ask(c.OpenCounter)
    node = Node_(broker, "counter-1")
    before = node.hear("display", lambda d: d.phase == "idle")
    desk.close()
    again = Desk(tmp_path, broker)
    started = node.hear("state", lambda s: s.status == "online")
    shown = node.hear("display", lambda d: d.phase == "idle" and d.rev >= before.rev)
    node.close()
    again.close()
    assert shown.rev >= before.rev
    assert started.version == "test"


def test_after_the_broker_was_killed_the_hall_is_back_by_itself(desk: Desk, broker: Broker) -> None:
    desk.ask(c.OpenCounter)
    broker.kill()
    until(lambda: not desk.gateway.connected, "the hall notices")
    desk.take("r1")
    desk.ask(c.CallNext)
    broker.start()
    node = Node_(broker, "counter-1")
    assert node.hear("display", lambda d: d.phase == "called").ticket == "A001"
    node.event(1, refused())
    assert node.hear("ack") == Ack(STREAM, 1)
    node.close()


def test_a_card_at_the_counter_fills_the_form_of_this_visit_alone(
    desk: Desk, counter: Node_
) -> None:
    desk.ask(c.OpenCounter)
    ticket = desk.take("r1")
    desk.ask(c.CallNext)
    counter.event(1, Scan(CARD, "zxing-cpp"))
    counter.hear("ack")
    form = desk.forms.form_for("1", "clerk-1", ticket, 0)
    assert form is not None
    assert (form.name, form.number_masked) == ("TRẦN THỊ MẪU", "001 1 90 ••••••")
    assert desk.forms.form_for("1", "another", ticket, 0) is None
    desk.ask(c.StartService)
    desk.ask(c.FinishService)
    until(lambda: desk.forms.form_for("1", "clerk-1", ticket, 0) is None, "the form is forgotten")


def test_nothing_of_a_card_is_in_the_journal_or_on_the_wire(
    tmp_path: Path, desk: Desk, broker: Broker, counter: Node_
) -> None:
    kiosk = Node_(broker, "kiosk-1")
    kiosk.event(1, Scan(CARD, "pyzbar"), stream="c" * 32)
    kiosk.hear("ack")
    desk.ask(c.OpenCounter)
    desk.take("r1")
    desk.ask(c.CallNext)
    counter.event(1, Scan(CARD, "pyzbar"))
    counter.hear("ack")
    kiosk.close()
    scans = desk.facts(f.ScanHandled)
    assert len(scans) == 2
    people = {fact.body.person for fact in scans if isinstance(fact.body, f.ScanHandled)}
    assert len(people) == 1, "the same card is the same person today"
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("hall.db*"))
    for secret in ("001190000123", "TRẦN THỊ MẪU", "Kiến Hưng, Hà"):
        assert secret.encode() not in kept


def test_the_presence_and_health_of_a_node_are_known(desk: Desk, counter: Node_) -> None:
    counter.say("state", encode(NodeState("online", BOOT, "0.1.0", ["rating_buttons"])))
    counter.say("health", encode(Health(BOOT, 0, 5, True, 2, 400, 9, 10**9, 10**7)))
    until(lambda: desk.nodes.all()[0].health is not None, "the health is known")
    presence = desk.nodes.all()[0]
    assert presence.state is not None
    assert presence.health is not None
    assert (presence.state.status, presence.state.devices) == ("online", ["rating_buttons"])
    assert (presence.health.events_total, presence.health.outbox_depth) == (9, 2)


def test_an_alarm_of_a_node_is_kept(desk: Desk, counter: Node_) -> None:
    counter.event(1, Alarm("stuck", "button-3", "held for 10 s"))
    counter.hear("ack")
    (alarm,) = desk.facts(f.NodeAlarm)
    assert alarm.body == f.NodeAlarm("counter-1", "stuck", "button-3", "held for 10 s", True)


def test_a_clerk_who_left_pauses_her_counter_and_a_word_sent_twice_does_so_once(
    desk: Desk, counter: Node_
) -> None:
    assert desk.ask(c.OpenCounter).ok
    for _ in range(2):
        counter.event(1, ClerkPresence(present=False, for_ms=60_000))
        counter.hear("ack")
    (paused,) = desk.facts(f.CounterPaused)
    assert paused.body == f.CounterPaused("1", "clerk-1", "Cán bộ tạm rời quầy", "presence")
    assert len(desk.facts(f.ClerkLeft)) == 1
