"""The road to the hall over a real broker: nothing is lost, and every silence is seen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from devices import topics
from devices.messages import Ack, Display, HallState, NodeState, RatingPress, encode
from edge.clock import Clock
from edge.link import Address, Link
from edge.loops import Loop
from edge.outbox import Outbox
from edge.sending import SendWindow
from tests.edge.halls import HALL, NODE, HallStandIn
from tests.parts import Broker, until

PRESS = RatingPress(3, 4, "w1")


class Road:
    """A link with its loop and outbox, as the agent joins them."""

    def __init__(self, broker: Broker, folder: Path, password: str | None = None) -> None:
        self.clock = Clock()
        self.outbox = Outbox(folder)
        self.displays: list[tuple[Display, bool]] = []
        self.halls: list[HallState] = []
        self.troubles: list[str | None] = []
        self.link = Link(
            Address(broker.host, broker.port, password and "node", password, keepalive_s=1),
            HALL,
            NODE,
            self.outbox,
            birth=lambda: NodeState("online", self.clock.boot_id, "test", ["rating_buttons"]),
            on_display=self.take,
            on_hall=self.halls.append,
            on_change=lambda: None,
            window=SendWindow(size=50, patience_s=0.3, gap_rest_s=0.05),
        )
        self.loop = Loop(
            "link",
            self.link.run,
            on_trouble=lambda name, reason: self.troubles.append(reason),
            first_rest_s=0.05,
        )

    def take(self, display: Display, live: bool) -> None:
        self.displays.append((display, live))
        if display.ticket == "BOOM":
            raise RuntimeError("a fault in what hears the display")

    def press(self, count: int = 1) -> None:
        for _ in range(count):
            self.outbox.append(PRESS, self.clock.now())
            self.link.wake()

    def wait_connected(self, connected: bool = True) -> None:
        until(lambda: self.link.connected == connected, f"connected is {connected}")

    def wait_empty(self) -> None:
        until(lambda: self.outbox.depth == 0, "the hall has acknowledged all")

    def close(self) -> None:
        self.loop.stop()
        self.link.wake()
        assert self.loop.join(5)
        self.outbox.close()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path / "broker") as one:
        yield one


@pytest.fixture
def road(broker: Broker, tmp_path: Path) -> Iterator[Road]:
    one = Road(broker, tmp_path / "data")
    one.loop.start()
    yield one
    one.close()


def test_a_press_reaches_the_hall_and_leaves_the_outbox_with_its_acknowledgement(
    broker: Broker, road: Road
) -> None:
    with HallStandIn(broker) as hall:
        road.press()
        (event,) = hall.wait_for(1)
        assert (event.seq, event.oldest_seq, event.body) == (1, 1, PRESS)
        assert event.stream == road.outbox.stream
        assert event.boot_id == road.clock.boot_id
        road.wait_empty()


def test_events_arrive_in_order_through_a_window_smaller_than_their_number(
    broker: Broker, road: Road
) -> None:
    with HallStandIn(broker) as hall:
        road.press(300)
        assert [event.seq for event in hall.wait_for(300)] == list(range(1, 301))
        road.wait_empty()


def test_presses_while_the_broker_is_away_arrive_when_it_is_back(
    broker: Broker, road: Road
) -> None:
    road.wait_connected()
    broker.kill()
    road.wait_connected(False)
    road.press(5)
    assert any("not reached" in note or "broker" in note for note in road.link.notes())
    broker.start()
    with HallStandIn(broker) as hall:
        assert [event.seq for event in hall.wait_for(5)] == [1, 2, 3, 4, 5]
        road.wait_empty()
    assert road.link.notes() == []


def test_while_the_hall_is_away_presses_wait_though_the_broker_took_them(
    broker: Broker, road: Road
) -> None:
    road.wait_connected()
    road.press(3)
    until(lambda: road.link._window.sent == 3, "the broker took them")
    assert road.outbox.depth == 3
    with HallStandIn(broker) as hall:
        hall.wait_for(3)
        road.wait_empty()


def test_a_hall_that_starts_anew_is_sent_all_again_at_once(broker: Broker, tmp_path: Path) -> None:
    road = Road(broker, tmp_path / "data")
    road.link._window = SendWindow(patience_s=3600)
    road.loop.start()
    with HallStandIn(broker, acks=False) as hall:
        until(lambda: road.halls, "the hall was heard")
        road.press(2)
        hall.wait_for(2)
        hall.acks = True
        hall.say_online(anew=True)
        road.wait_empty()
        assert [event.seq for event in hall.events][:4] == [1, 2, 1, 2]
    road.close()


def test_a_gap_that_the_hall_asks_for_is_sent_again_at_once(broker: Broker, tmp_path: Path) -> None:
    road = Road(broker, tmp_path / "data")
    road.link._window = SendWindow(patience_s=3600)
    with HallStandIn(broker) as hall:
        hall.deaf_to = {3}
        road.press(6)
        road.loop.start()
        assert [event.seq for event in hall.wait_for(6)] == [1, 2, 3, 4, 5, 6]
        road.wait_empty()
    road.close()


def test_acknowledgements_of_another_stream_or_beyond_are_ignored_and_counted(
    broker: Broker, road: Road
) -> None:
    with HallStandIn(broker, acks=False) as hall:
        road.press()
        hall.wait_for(1)
        hall.send("ack", encode(Ack("f" * 32, 1)))
        hall.send("ack", encode(Ack(road.outbox.stream, 2)))
        until(lambda: road.link.ignored_acks == 2, "both are counted")
        assert road.outbox.depth == 1
        hall.send("ack", encode(Ack(road.outbox.stream, 1)))
        road.wait_empty()


@pytest.mark.parametrize("leaf", ["ack", "display"])
def test_a_message_that_does_not_fit_is_counted_and_the_next_one_is_heard(
    broker: Broker, road: Road, leaf: topics.Leaf
) -> None:
    payloads = [
        b"{",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"stream": 1, "rev": "x"}',
        b"x" * 100_000,
        b"[" * 5000,
    ]
    with HallStandIn(broker) as hall:
        road.wait_connected()
        until(lambda: road.halls, "subscribed")
        for payload in payloads:
            hall.send(leaf, payload)
        until(lambda: road.link.refused_payloads == len(payloads), "all are counted")
        assert any("does not fit" in note for note in road.link.notes())
        road.press()
        road.wait_empty()
        hall.show(Display(1, 1, "idle"))
        until(lambda: road.displays, "the display is heard")
        assert road.troubles == []


def test_a_display_is_live_or_retained_as_the_broker_says(broker: Broker, tmp_path: Path) -> None:
    with HallStandIn(broker) as hall:
        hall.show(Display(1, 1, "idle"))
        road = Road(broker, tmp_path / "data")
        road.loop.start()
        until(lambda: road.displays, "the retained display")
        hall.show(Display(2, 2, "idle"))
        until(lambda: len(road.displays) == 2, "the live display")
        assert [(display.rev, live) for display, live in road.displays] == [(1, False), (2, True)]
        road.close()


def test_a_fault_in_what_hears_the_hall_is_reported_and_the_link_begins_again(
    broker: Broker, road: Road
) -> None:
    with HallStandIn(broker) as hall:
        road.wait_connected()
        until(lambda: road.halls, "subscribed")
        hall.send("display", encode(Display(1, 1, "called", ticket="BOOM")))
        until(lambda: road.troubles, "the fault is seen")
        assert "RuntimeError" in str(road.troubles[0])
        road.press()
        road.wait_empty()
        assert road.troubles[-1] is None


def test_the_broker_tells_of_a_node_that_went_and_of_one_that_died(
    broker: Broker, tmp_path: Path
) -> None:
    with HallStandIn(broker) as hall:
        road = Road(broker, tmp_path / "data")
        road.loop.start()
        birth = hall.wait_for_state("online")
        assert birth.devices == ["rating_buttons"]
        road.close()
        hall.wait_for_state("offline", after=1)


def test_a_refused_password_is_not_a_connection_and_says_what_to_check(tmp_path: Path) -> None:
    with Broker(tmp_path / "broker", passwords={"node": "right"}) as broker:
        road = Road(broker, tmp_path / "data", password="wrong")
        road.loop.start()
        until(lambda: road.link.notes(), "a note")
        assert "refuses this node" in road.link.notes()[0]
        assert "check user name and password" in road.link.notes()[0]
        assert not road.link.connected
        road.close()
        road = Road(broker, tmp_path / "data", password="right")
        road.loop.start()
        road.wait_connected()
        road.close()


def test_a_broker_that_forbids_the_topic_is_told_of_and_the_press_waits(tmp_path: Path) -> None:
    acl = tmp_path / "acl"
    acl.write_text("topic read #\ntopic write mc/1/+/+/state\n")
    with Broker(tmp_path / "broker", lines=[f"acl_file {acl}"]) as broker:
        road = Road(broker, tmp_path / "data")
        road.loop.start()
        road.wait_connected()
        road.press()
        until(lambda: any("refuses what" in note for note in road.link.notes()), "a note")
        assert road.outbox.depth == 1
        road.close()


def test_a_broker_that_falls_silent_is_left_for_a_new_connection(
    broker: Broker, road: Road
) -> None:
    road.wait_connected()
    broker.freeze()
    road.press()
    road.wait_connected(False)
    broker.thaw()
    with HallStandIn(broker) as hall:
        hall.wait_for(1)
        road.wait_empty()


def test_two_nodes_of_one_name_are_told_so(broker: Broker, road: Road, tmp_path: Path) -> None:
    road.wait_connected()
    with ExitStack() as ends:
        other = Road(broker, tmp_path / "other")
        ends.callback(other.close)
        other.loop.start()
        until(
            lambda: any(
                "no other node has the name" in note
                for note in road.link.notes() + other.link.notes()
            ),
            "a note",
        )


def test_the_outbox_that_began_a_new_stream_is_sent_from_its_first_event(
    broker: Broker, road: Road, tmp_path: Path
) -> None:
    with HallStandIn(broker) as hall:
        road.press(20)
        road.wait_empty()
        with road.outbox._lock:
            road.outbox._replace_damaged("scratched card")
        road.press(2)
        road.wait_empty()
        fresh = [event.seq for event in hall.held() if event.stream == road.outbox.stream]
        assert fresh == [21, 22]
