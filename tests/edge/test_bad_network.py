"""Networks that swallow, crawl and repeat: the node notices, comes back, and nothing is lost."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.messages import Display, RatingPress
from edge.agent import Agent
from edge.loops import IN_VAIN, Loop
from edge.settings import read_settings
from edge.watchdog import Watchdog
from hall_server import facts as f
from tests.edge.clocks import DAY_US, MONDAY_US, HandClock
from tests.edge.halls import HALL, NODE, HallStandIn
from tests.edge.proxy import Proxy
from tests.hall_server.test_gateway import Desk
from tests.parts import Broker, until


class FedWatchdog(Watchdog):
    """Counts how often it is fed."""

    def __init__(self) -> None:
        super().__init__({})
        self.every_s = 0.02  # type: ignore[misc]
        self.fed = 0

    def alive(self) -> None:
        self.fed += 1


class Node:
    """An agent without devices behind ``port``."""

    def __init__(
        self,
        folder: Path,
        port: int,
        *,
        name: str = NODE,
        keepalive_s: int = 2,
        clock: HandClock | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        self.watchdog = FedWatchdog()
        self.agent = Agent(
            read_settings(
                f'[node]\nid = "{name}"\nhall = "{HALL}"\nkind = "counter"\n'
                f'data_dir = "{folder}"\nassume_synchronised = true\n'
                f'[broker]\nhost = "{host}"\nport = {port}\nkeepalive_s = {keepalive_s}\n'
            ),
            folder,
            watchdog=self.watchdog,
            clock=clock,
        )
        self.agent.start()
        self._watch = threading.Thread(target=self.agent.wait)
        self._watch.start()

    @property
    def link_loop(self) -> Loop:
        return next(loop for loop in self.agent.loops if loop.name == "link")

    def starves(self) -> bool:
        """Whether the watchdog gets nothing while the other loops go round and round."""
        counter = next(loop for loop in self.agent.loops if loop.name == "counter")
        fed = self.watchdog.fed + 1  # one may be under way
        for _ in range(2):
            beat_s = counter._beat_s
            until(lambda beat_s=beat_s: counter._beat_s > beat_s, "the others go on")  # type: ignore[misc]
        return self.watchdog.fed <= fed

    def press(self, count: int = 1) -> None:
        for _ in range(count):
            self.agent.recorder.record(RatingPress(3, 5, None, refused="closed"))
            self.agent.recorder.send()

    def wait_connected(self, connected: bool = True) -> None:
        until(lambda: self.agent.link.connected == connected, f"connected is {connected}")

    def wait_empty(self) -> None:
        until(lambda: self.agent.outbox.depth == 0, "the hall has acknowledged all", within_s=60)

    def close(self) -> None:
        self.agent.end()
        self._watch.join(10)
        self.agent.stop()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path / "broker") as one:
        yield one


@pytest.fixture
def proxy(broker: Broker) -> Iterator[Proxy]:
    with Proxy(broker.port) as one:
        yield one


@pytest.fixture
def node(tmp_path: Path, proxy: Proxy) -> Iterator[Node]:
    one = Node(tmp_path / "data", proxy.port)
    yield one
    one.close()


@pytest.fixture
def hall(broker: Broker) -> Iterator[HallStandIn]:
    with HallStandIn(broker) as one:
        yield one


def test_a_network_that_swallows_everything_and_closes_nothing_is_noticed_and_left(
    node: Node, proxy: Proxy, hall: HallStandIn
) -> None:
    node.wait_connected()
    node.press()
    node.wait_empty()
    proxy.swallows = True
    node.press(3)
    node.wait_connected(False)
    assert node.agent.outbox.depth == 3
    proxy.swallows = False
    node.wait_connected()
    node.wait_empty()
    assert [event.seq for event in hall.held()] == [1, 2, 3, 4]


def test_while_no_name_server_answers_the_node_says_so_and_its_watchdog_is_fed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers.wait(30))
    monkeypatch.setattr("edge.names.PATIENCE_S", 0.2)
    node = Node(tmp_path / "data", 1883, host="hall.local")
    node.link_loop._stall_s = 2.0
    try:
        until(
            lambda: any("no name server answers" in note for note in node.agent.link.notes()),
            "the technician is told",
        )
        fed = node.watchdog.fed
        until(lambda: node.watchdog.fed > fed + 3, "the watchdog is fed")
        assert node.link_loop.failures == 0
    finally:
        node.close()
        answers.set()


def test_a_silent_broker_is_left_after_one_and_a_half_keepalives_at_the_latest(
    node: Node, proxy: Proxy
) -> None:
    node.wait_connected()
    link = node.agent.link
    assert link._silence_s == 3.0
    client = link._client
    assert client is not None
    # paho asks and waits as long again: its own patience must end before
    assert 2 * client.keepalive <= link._silence_s
    client.loop_misc = lambda: None  # type: ignore[assignment,return-value]  # it never asks now
    proxy.swallows = True
    node.wait_connected(False)
    assert any("says nothing for 3 s" in note for note in link.notes())


def test_over_a_slow_line_all_arrives_over_one_connection(
    tmp_path: Path, proxy: Proxy, hall: HallStandIn
) -> None:
    proxy.delay_s, proxy.bytes_per_s = 0.2, 40_000
    node = Node(tmp_path / "data", proxy.port, keepalive_s=10)
    try:
        node.wait_connected()
        node.press(250)
        node.wait_empty()
        assert [event.seq for event in hall.held()] == list(range(1, 251))
        assert proxy.connections == 1
    finally:
        node.close()


def test_what_a_network_repeats_is_once_in_the_journal(
    tmp_path: Path, broker: Broker, proxy: Proxy
) -> None:
    desk = Desk(tmp_path / "hall", broker)
    proxy.doubles = True
    node = Node(tmp_path / "data", proxy.port, name="counter-1")
    try:
        node.press(120)
        node.wait_empty()
        assert proxy.doubled >= 120
        seqs = [fact.source.seq for fact in desk.facts(f.RatingRefused) if fact.source]
        assert seqs == list(range(1, 121))
    finally:
        node.close()
        desk.close()


def test_a_day_without_the_broker_arrives_in_its_order_with_its_times(
    tmp_path: Path, broker: Broker
) -> None:
    broker.stop()
    clock = HandClock(wall_us=MONDAY_US)
    clock.is_set = True
    node = Node(tmp_path / "data", broker.port, clock=clock)
    try:
        times = []
        for _ in range(400):
            clock.pass_by(DAY_US // 400)
            times.append(clock.wall)
            node.press()
        broker.start()
        with HallStandIn(broker) as hall:
            node.wait_empty()
            events = hall.held()
        assert [event.seq for event in events] == list(range(1, 401))
        assert [event.wall_us for event in events] == times
    finally:
        node.close()


def test_while_the_hall_is_away_and_the_broker_there_presses_wait_and_arrive_once(
    node: Node, broker: Broker, tmp_path: Path
) -> None:
    node.wait_connected()
    node.press(5)
    assert node.agent.outbox.depth == 5
    with HallStandIn(broker) as hall:
        node.wait_empty()
        assert [event.seq for event in hall.held()] == [1, 2, 3, 4, 5]


def test_a_callback_that_raises_ends_the_connection_and_is_told_and_the_node_comes_back(
    node: Node, hall: HallStandIn
) -> None:
    node.wait_connected()
    client = node.agent.link._client
    assert client is not None

    def raises(*_: object) -> None:
        raise RuntimeError("a fault in a callback")

    client.on_message = raises
    hall.show(Display(1, 1, "idle"))
    until(lambda: node.link_loop.failures == 1, "its supervisor sees it")
    node.press()
    alarm, *_ = hall.wait_for(2)
    assert "loop-failed" in str(alarm.body)
    assert "RuntimeError" in str(alarm.body)
    assert "a fault in a callback" not in str(alarm.body)
    node.wait_connected()
    until(lambda: node.link_loop.trouble is None, "it is well again")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_link_whose_thread_dies_starves_the_watchdog(node: Node, hall: HallStandIn) -> None:
    node.wait_connected()
    until(lambda: node.watchdog.fed > 3, "the watchdog is fed")

    def dies(*_: object) -> None:
        raise SystemExit

    node.agent.link._hear_hall = dies  # type: ignore[method-assign,assignment]
    hall.say_online(anew=True)
    until(lambda: not node.link_loop.beats, "its thread is dead")
    assert node.starves()


def test_a_link_that_hangs_while_it_drains_the_outbox_starves_the_watchdog(
    node: Node, hall: HallStandIn
) -> None:
    node.wait_connected()
    node.link_loop._stall_s = 0.3
    go_on = threading.Event()
    pending = node.agent.outbox.pending

    def hangs(stream: str, after_seq: int, limit: int) -> object:
        go_on.wait(30)
        return pending(stream, after_seq, limit)

    node.agent.outbox.pending = hangs  # type: ignore[method-assign,assignment]
    node.press()
    until(lambda: not node.link_loop.beats, "the hanging link is seen")
    assert node.starves()
    fed = node.watchdog.fed
    go_on.set()
    until(lambda: node.watchdog.fed > fed, "it is fed once the link goes on")
    node.wait_empty()


def test_a_link_that_fails_again_and_again_is_left_to_systemd(
    node: Node, hall: HallStandIn
) -> None:
    node.wait_connected()

    def fails(*_: object) -> None:
        # the failures before it are left out: between them are rests of many seconds
        node.link_loop._short_runs = max(node.link_loop._short_runs, IN_VAIN - 1)
        raise RuntimeError

    node.agent.link._on_connect = fails  # type: ignore[method-assign,assignment]
    assert node.agent.link._client is not None
    node.agent.link._came.append(("disconnect", None, "test"))
    node.agent.link.wake()
    until(lambda: node.link_loop.goes_in_vain, "it is known to go in vain")
    assert node.link_loop.beats, "it rests, and rests well"
    assert node.starves()


def test_settings_and_commands_that_do_not_fit_are_noted_and_harm_nothing(
    node: Node, hall: HallStandIn
) -> None:
    node.wait_connected()
    until(lambda: hall.states, "the node was heard")
    hall.send("settings", b'{"version": "7"}')
    hall.send("command", b'{"id": 7}')
    until(lambda: node.agent.link.refused_payloads == 2, "both are counted")
    hall.show(Display(1, 1, "idle"))
    until(lambda: node.agent.counter.screen.get()[1].display, "what comes next is heard")
    assert node.link_loop.failures == 0
