"""What the hall asks at once: done once, answered, and never done late."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.messages import (
    CommandAnswer,
    CommandKind,
    Display,
    NodeCommand,
    PayloadError,
    decode,
    encode,
)
from edge.link import Heard, Letter
from edge.loops import Loop
from edge.node_commands import EXPIRES_MS, HallTime, NodeCommands
from tests.edge.halls import HallStandIn, rating_display, wall_ms
from tests.edge.nodes import NodeProcess
from tests.parts import Broker, until

NOON_MS = 1_795_410_000_000


class Desk:
    """The node's commands with clocks and answers in the test's hand."""

    def __init__(self, *, reboot: list[str] | None = None, under_systemd: bool = False) -> None:
        self.up_us = 0
        self.answers: queue.Queue[tuple[CommandAnswer, bytes | None]] = queue.Queue()
        self.shown_for: list[float] = []
        self.self_test: Callable[[], str] | None = None
        self.commands = NodeCommands(
            monotonic_us=lambda: self.up_us,
            say=self._say,
            identify=self.shown_for.append,
            self_test=lambda: self.self_test,
            reboot=reboot or [],
            under_systemd=under_systemd,
        )
        self.loop = Loop("commands", self.commands.run, on_trouble=lambda *_: None)
        self.loop.start()

    def _say(self, letter: Letter) -> None:
        assert letter.leaf == "command/answer"
        self.answers.put((decode(letter.payload, CommandAnswer), letter.correlation))

    def ask(
        self,
        what: CommandKind,
        number: int = 1,
        *,
        sent_ms: int = NOON_MS,
        live: bool = True,
    ) -> CommandAnswer:
        command = NodeCommand(f"{number:032x}", what, sent_ms)
        self.commands.heard(Heard(encode(command), live, None, b"mark"))
        answer, correlation = self.answers.get(timeout=20)
        assert (answer.id, correlation) == (command.id, b"mark")
        return answer


@pytest.fixture
def desk() -> Iterator[Desk]:
    one = Desk()
    yield one
    one.loop.stop()
    assert one.loop.join(5)


def test_a_node_that_is_asked_to_show_itself_does_so_once_for_ten_seconds(desk: Desk) -> None:
    assert desk.ask("identify").outcome == "done"
    assert desk.ask("identify").outcome == "done", "the same command, sent twice"
    assert desk.shown_for == [10.0]
    desk.ask("identify", 2)
    assert desk.shown_for == [10.0, 10.0]


def test_a_command_that_comes_late_is_not_done(desk: Desk) -> None:
    desk.commands.hall_time.age_ms(NOON_MS, desk.up_us)  # a display of this moment
    desk.up_us += (EXPIRES_MS + 1) * 1000
    assert desk.ask("identify").outcome == "expired"
    assert desk.ask("identify").outcome == "expired"
    assert desk.shown_for == []
    assert desk.ask("identify", 2, sent_ms=NOON_MS + EXPIRES_MS).outcome == "done"


def test_a_command_that_somebody_had_the_broker_keep_is_not_done(desk: Desk) -> None:
    assert desk.ask("identify", live=False).outcome == "expired"
    assert desk.shown_for == []


def test_what_is_no_command_is_refused_to_the_link(desk: Desk) -> None:
    with pytest.raises(PayloadError, match="Invalid enum value"):
        desk.commands.heard(
            Heard(
                b'{"id":"%s","command":"explode","sent_wall_ms":1}' % (b"1" * 32), True, None, None
            )
        )


@given(
    st.integers(0, 10**9),
    st.lists(st.tuples(st.integers(0, 60_000), st.integers(0, 60_000)), min_size=1),
)
def test_an_age_is_never_more_than_it_was_and_right_beside_one_that_came_at_once(
    apart_ms: int, story: list[tuple[int, int]]
) -> None:
    hall_time, now_ms = HallTime(), NOON_MS
    hall_time.age_ms(now_ms, (now_ms - apart_ms) * 1000)
    for later_ms, waited_ms in story:
        now_ms += later_ms
        arrived_us = (now_ms + waited_ms - apart_ms) * 1000
        assert hall_time.age_ms(now_ms, arrived_us) == waited_ms


def test_a_new_connection_forgets_the_clock_of_the_hall_before() -> None:
    hall_time = HallTime()
    hall_time.age_ms(NOON_MS + 3_600_000, 0)
    assert hall_time.age_ms(NOON_MS, 0) == 3_600_000
    hall_time.begin()
    assert hall_time.age_ms(NOON_MS, 0) == 0


def test_the_self_test_begins_where_there_is_one(desk: Desk) -> None:
    assert desk.ask("self-test").reason == "no-self-test"
    desk.self_test = lambda: "3 steps"
    assert desk.ask("self-test", 2) == CommandAnswer(f"{2:032x}", "done", text="3 steps")


@pytest.mark.parametrize(
    ("reboot", "under_systemd", "reason"),
    [
        ([], True, "no-reboot-command"),
        (["true"], False, "not-under-systemd"),
        (["no-such-program-here"], True, "no-such-program"),
    ],
)
def test_a_reboot_is_refused_with_what_to_do(
    reboot: list[str], under_systemd: bool, reason: str
) -> None:
    desk = Desk(reboot=reboot, under_systemd=under_systemd)
    answer = desk.ask("reboot")
    assert (answer.outcome, answer.reason) == ("refused", reason)
    assert answer.text
    desk.loop.stop()
    assert desk.loop.join(5)


def test_a_reboot_runs_its_program_after_the_answer(tmp_path: Path) -> None:
    mark = tmp_path / "rebooted"
    desk = Desk(reboot=["touch", str(mark)], under_systemd=True)
    assert desk.ask("reboot").outcome == "done"
    until(mark.exists, "the program ran")
    desk.loop.stop()
    assert desk.loop.join(5)


# ------------------------------------------------------------------ a whole node


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[HallStandIn]:
    with Broker(tmp_path / "broker") as broker, HallStandIn(broker) as one:
        yield one


@pytest.fixture
def node(tmp_path: Path, hall: HallStandIn) -> Iterator[NodeProcess]:
    one = NodeProcess(
        tmp_path / "node", hall.port, devices='[ticket_display]\ndriver = "recording"\n'
    )
    one.start()
    one.wait_for(lambda state: state["link"] == "connected", "connected")
    yield one
    one.close()


def ask(hall: HallStandIn, what: CommandKind, number: int = 1) -> CommandAnswer:
    command = NodeCommand(f"{number:032x}", what, wall_ms())
    hall.send("command", encode(command))
    until(lambda: any(one.id == command.id for one in hall.answers), "the node answers")
    return next(one for one in hall.answers if one.id == command.id)


def test_lamps_blink_and_the_display_names_the_node_and_then_all_is_as_before(
    node: NodeProcess, hall: HallStandIn
) -> None:
    hall.show(Display(1, wall_ms(), "called", counter="3", ticket="A012"))
    node.wait_for(lambda state: state["ticket"] == "A012", "the call is shown")
    assert ask(hall, "identify").outcome == "done"
    node.wait_for(lambda state: state["ticket"] == "counter-3", "it names itself")
    for lit in ([1, 2, 3, 4], [], [1, 2, 3, 4]):
        until(lambda levels=lit: node.lamps() == levels, "the lamps blink", each_s=0.02)  # type: ignore[misc]
    hall.show(Display(2, wall_ms(), "called", counter="3", ticket="A013"))
    state = node.wait_for(lambda state: state["ticket"] == "A013", "the newest call comes after it")
    assert not state["stale"]
    until(lambda: node.lamps() == [], "the lamps are dark again")


def test_a_press_while_it_names_itself_counts_and_lights_its_lamp(
    node: NodeProcess, hall: HallStandIn
) -> None:
    hall.show(rating_display(1))
    until(lambda: node.lamps() == [1, 2, 3, 4], "the lamps invite")
    ask(hall, "identify")
    node.press(3)
    hall.wait_for(1)
    until(lambda: node.lamps() == [3], "the lamp of the press is lit")


def test_a_node_outside_of_systemd_says_why_it_does_not_reboot(
    node: NodeProcess, hall: HallStandIn
) -> None:
    answer = ask(hall, "reboot")
    assert (answer.outcome, answer.reason) == ("refused", "no-reboot-command")
    assert ask(hall, "self-test", 2).reason == "no-self-test"
    assert node.state()["link"] == "connected"
