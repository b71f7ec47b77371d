"""A real hall and a node's own agent: what a technician asks comes back as an answer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.messages import AppliedSettings, CommandAnswer, CommandKind, RatingPress
from edge.agent import Agent
from edge.desired_settings import SettingsDesk, own_settings
from edge.watchdog import Watchdog
from hall_server import commands as c
from hall_server import facts as f
from hall_server.clocks import dated
from tests.edge.clocks import HOUR_US, HandClock
from tests.edge.halls import HALL, wall_ms
from tests.hall_server.test_gateway import Desk
from tests.parts import Broker, until

NODE = "counter-1"


class LivingNode:
    """A node that lives on through changes of its settings, as its program does."""

    def __init__(self, folder: Path, port: int, clock: HandClock) -> None:
        own = own_settings(
            f'[node]\nid = "{NODE}"\nhall = "{HALL}"\nkind = "counter"\n'
            f'data_dir = "{folder}"\n[broker]\nport = {port}\n'
        )
        folder.mkdir()
        self._folder = folder
        self._clock = clock
        self._desk = SettingsDesk(folder, own, seconds=2)
        self._is_ending = False
        self.agent = self._begun()
        self._thread = threading.Thread(target=self._live)
        self._thread.start()

    def _begun(self) -> Agent:
        agent = Agent(
            self._desk.settings,
            self._folder,
            watchdog=Watchdog({}),
            desk=self._desk,
            clock=self._clock,
        )
        agent.start()
        return agent

    def _live(self) -> None:
        while self.agent.wait() == "anew":
            self.agent.stop(for_good=False)
            self.agent = self._begun()

    def close(self) -> None:
        self.agent.end()
        self._thread.join(20)
        self.agent.stop()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path / "broker") as one:
        yield one


@pytest.fixture
def hall(tmp_path: Path, broker: Broker) -> Iterator[Desk]:
    one = Desk(tmp_path, broker)
    yield one
    one.close()


@pytest.fixture
def clock() -> HandClock:
    return HandClock(up_us=2 * HOUR_US)


@pytest.fixture
def node(tmp_path: Path, broker: Broker, clock: HandClock) -> Iterator[LivingNode]:
    one = LivingNode(tmp_path / "data", broker.port, clock)
    yield one
    one.close()


def applied(hall: Desk) -> AppliedSettings | None:
    one = hall.nodes.one(NODE)
    return one.applied if one else None


def answer(hall: Desk) -> CommandAnswer | None:
    one = hall.nodes.one(NODE)
    return one.command.answer if one and one.command else None


def want(hall: Desk, text: str) -> None:
    command = c.WantSettings(request="", node=NODE, text=text, by="ky-thuat")
    assert hall.runtime.ask(command).ok


def test_settings_asked_for_at_the_hall_are_in_force_at_the_node_or_refused_with_why(
    hall: Desk, node: LivingNode
) -> None:
    until(lambda: applied(hall) == AppliedSettings(0, ""), "it goes by its own file")
    text = "[node]\nhealth_s = 7\n"
    want(hall, text)
    until(lambda: applied(hall) == AppliedSettings(1, text, 1), f"{applied(hall)} is in force")
    assert node.agent.settings.node.health_s == 7
    want(hall, "[node]\nhealth_s = 0\n")
    until(lambda: (one := applied(hall)) and one.status == "refused", "it is refused")
    told = applied(hall)
    assert told is not None
    assert (told.version, told.asked, told.path) == (1, 2, "node.health_s")
    want(hall, "")
    until(lambda: applied(hall) == AppliedSettings(3, "", 3), "its own file counts again")
    assert node.agent.settings.node.health_s == 30


@pytest.mark.parametrize(
    ("what", "outcome"), [("identify", "done"), ("self-test", "refused"), ("reboot", "refused")]
)
def test_a_command_of_the_hall_is_answered(
    hall: Desk, node: LivingNode, what: CommandKind, outcome: str
) -> None:
    until(lambda: applied(hall), "the node is there")
    assert hall.gateway.command(NODE, what, "1" * 32)
    until(lambda: answer(hall), "it answers")
    told = answer(hall)
    assert told is not None
    assert told.outcome == outcome


def test_a_press_of_two_hours_ago_has_its_time_once_the_node_knows_the_hour(
    hall: Desk, node: LivingNode, clock: HandClock
) -> None:
    node.agent.recorder.record(RatingPress(3, 5, None, refused="closed"))
    node.agent.recorder.send()
    clock.pass_by(2 * HOUR_US)
    now_ms = wall_ms()
    clock.set_to(now_ms * 1000)
    until(lambda: hall.facts(f.NodeClockSet), "the clock is told")
    times = {type(fact.body): fact.happened_ms for fact in dated(hall.facts())}
    assert times[f.RatingRefused] == now_ms - 2 * HOUR_US // 1000
