"""What a technician signed at a node stands in the hall's journal and on the technician's page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.messages import ClockSet, SelfTest, StepResult
from hall_server import commands as c
from hall_server import facts as f
from hall_server.hall import SELF_TESTS_A_DAY
from hall_server.journal import Journal
from hall_server.queue.estimates import estimate
from hall_server.settings import Node
from hall_server.web.projections.moment import Known, Moment
from hall_server.web.projections.technician import Engine, technician
from tests.hall_server.halls import Day, catalogue
from tests.hall_server.test_gateway import BOOT, Desk, Node_
from tests.parts import Broker, until

RESULTS = [
    StepResult("rating_buttons", "press-1", True, "heard as level 1"),
    StepResult("speaker", "hear-voice", False, "quá nhỏ / too quiet"),
]
SIGNED = SelfTest(1_000, 61_000, "Nguyễn Văn Mẫu", RESULTS, passed=False)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path / "broker") as one:
        yield one


@pytest.fixture
def desk(tmp_path: Path, broker: Broker) -> Iterator[Desk]:
    desk = Desk(tmp_path, broker)
    yield desk
    desk.close()


@pytest.fixture
def counter(broker: Broker) -> Iterator[Node_]:
    one = Node_(broker, "counter-1")
    yield one
    one.close()


def test_a_report_sent_twice_is_kept_once(desk: Desk, counter: Node_) -> None:
    for _ in range(2):
        counter.event(1, SIGNED)
        counter.hear("ack")
    (fact,) = desk.facts(f.NodeSelfTest)
    assert fact.body == f.NodeSelfTest(
        "counter-1", 1_000, 61_000, "Nguyễn Văn Mẫu", tuple(RESULTS), False
    )


def test_only_the_last_report_of_a_node_is_shown_and_a_restart_forgets_none(
    desk: Desk, counter: Node_
) -> None:
    counter.event(1, SIGNED)
    counter.hear("ack")
    mended = SelfTest(70_000, 90_000, "Mẫu", RESULTS[:1], passed=True)
    counter.event(2, mended)
    counter.hear("ack", lambda ack: ack.through == 2)
    note = desk.runtime.view.self_tests["counter-1"]
    assert (note.by, note.passed, note.took_ms) == ("Mẫu", True, 20_000)
    desk.close()
    journal = Journal(desk.path)
    try:
        assert journal.recover().self_tests == {"counter-1": note}
    finally:
        journal.close()


def test_a_report_before_the_clock_was_set_gets_its_time_later(desk: Desk, counter: Node_) -> None:
    counter.event(1, SIGNED)  # stamped with the boot alone
    counter.hear("ack")
    before = desk.runtime.view.self_tests["counter-1"]
    assert before.undated is not None
    set_ms = before.at_ms - 5_000
    counter.event(2, ClockSet(BOOT, set_ms * 1000))
    until(
        lambda: desk.runtime.view.self_tests["counter-1"].undated is None, "the time is corrected"
    )
    assert desk.runtime.view.self_tests["counter-1"].at_ms == set_ms


def test_the_technicians_page_names_who_signed_and_what_was_not_right(
    desk: Desk, counter: Node_
) -> None:
    counter.event(1, SIGNED)
    counter.hear("ack")
    rules = catalogue()
    state = desk.runtime.view
    moment = Moment(rules, state, estimate(rules, state, 0), state.last_ms, "h", "u", Known(state))
    engine = Engine("1", [], [], 0, True, [], False, 0, 0, None, None, None)
    nodes = [Node("kiosk-1", "kiosk"), Node("counter-1", "counter", "1")]
    (line,) = technician(moment, nodes, engine).self_tests
    assert (line.node, line.by, line.passed, line.steps) == (
        "counter-1",
        "Nguyễn Văn Mẫu",
        False,
        2,
    )
    assert line.took_ms == 60_000
    assert [(one.device, one.step) for one in line.failed] == [("speaker", "hear-voice")]


def test_a_node_that_tests_itself_without_end_does_not_fill_the_journal() -> None:
    day = Day()

    def seen(node: str, by: str) -> f.AnyBody:
        day.ask(
            c.SelfTestSeen(
                request="",
                node=node,
                started_ms=0,
                finished_ms=1,
                by=by,
                results=tuple(RESULTS),
                passed=False,
                unattended=False,
            )
        )
        return day.facts[-1].body

    for _ in range(SELF_TESTS_A_DAY):
        assert isinstance(seen("counter-1", "Mẫu"), f.NodeSelfTest)
    assert seen("counter-1", "Kẻ lạ") == f.EventUnreadable("counter-1")
    assert day.hall.state.self_tests["counter-1"].by == "Mẫu"
    assert isinstance(seen("counter-2", "Mẫu"), f.NodeSelfTest)
    day.later(24 * 3600)
    assert isinstance(seen("counter-1", "Mẫu"), f.NodeSelfTest)
