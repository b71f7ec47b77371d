"""Parts of a whole hall are killed in the middle of their work: nothing is lost, none doubled."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.hands import new_request
from tests.faults.judgement import Verdict
from tests.faults.load import Load, crowd
from tests.faults.whole_hall import WholeHall
from tests.parts import until

pytestmark = pytest.mark.faults

CLEAN = Verdict([], [], [])


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[WholeHall]:
    """Pages without nodes."""
    house = WholeHall(tmp_path)
    house.start()
    yield house
    house.close()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[WholeHall]:
    """With a node at counter 1."""
    house = WholeHall(tmp_path, nodes=1)
    house.start()
    yield house
    house.close()


def served(house: WholeHall) -> None:
    """One ticket taken, called, started and finished at counter 1; the buttons invite."""
    house.kiosk().take("chung-thuc")
    clerk = house.clerk("1")
    for verb in ("call-next", "start", "finish"):
        assert clerk.ask(verb)[0] == "ok"


def test_a_hall_killed_again_and_again_under_load_is_where_it_was(hall: WholeHall) -> None:
    dice = random.Random(1)
    with Load() as load:
        crowd(hall, load, "kills", kiosks=4, counters=4)
        for _ in range(4):
            time.sleep(dice.uniform(0.1, 0.7))
            hall.restart_hall()
        time.sleep(0.3)
    assert len(hall.seen.answers) > 100
    assert hall.verdict() == CLEAN


def test_a_request_repeated_after_a_crash_gets_its_first_answer(hall: WholeHall) -> None:
    kiosk, clerk = hall.kiosk(), hall.clerk("1")
    take, again = new_request(), new_request()
    ticket = kiosk.take("chung-thuc", take)
    kiosk.take("chung-thuc", again)
    steps = [(verb, new_request()) for verb in ("call-next", "start", "finish", "call-next")]
    answers = [clerk.ask(verb, request) for verb, request in steps]
    start = new_request()
    started = clerk.ask("start", start)
    hall.restart_hall()
    repeated = kiosk.take("ho-tich", take)
    assert ticket is not None
    assert repeated is not None
    assert (repeated["number"], repeated["token"]) == (ticket["number"], ticket["token"])
    assert [clerk.ask(verb, request) for verb, request in steps] == answers
    assert clerk.ask("start", start) == started == ("ok", "A002")
    assert hall.verdict() == CLEAN


def test_a_node_killed_between_press_and_publish_publishes_when_it_is_back(
    house: WholeHall,
) -> None:
    served(house)
    panel = house.panel("counter-1")
    assert panel.wait_invited(20)
    house.broker.kill()
    assert panel.press(5)
    assert panel.press(1), "a second press is refused and kept as well"
    assert house.seen.lamps["counter-1"] == 1, "the lamp was lit without a broker"
    house.nodes["counter-1"].kill()
    assert len(house.outboxes()["counter-1"].held_accepted) == 1
    house.nodes["counter-1"].start()
    house.broker.start()
    house.wait_empty("counter-1")
    assert house.verdict() == CLEAN
    rated = house.recovered().tickets
    assert [ticket.rated for ticket in rated.values()] == [5]


def test_presses_while_the_broker_is_killed_and_begun_again_come_once(house: WholeHall) -> None:
    panel = house.panel("counter-1")
    for number in range(40):
        if number in (7, 25):
            house.broker.kill()
        if number in (14, 32):
            house.broker.start()
        assert panel.press(number % 5 + 1)
    house.wait_empty("counter-1")
    assert house.verdict() == CLEAN
    assert house.recovered().refused_presses == 40


def test_presses_wait_at_the_node_while_the_hall_is_away(house: WholeHall) -> None:
    served(house)
    panel = house.panel("counter-1")
    assert panel.wait_invited(20)
    house.hall.kill()
    for level in (4, 1, 2, 3):
        assert panel.press(level)
    until(lambda: panel.state()["link"] == "connected", "the broker is there")
    assert panel.state()["outbox_depth"] == 4, "no PUBACK of a broker removes an event"
    house.hall.start()
    house.wait_empty("counter-1")
    assert house.verdict() == CLEAN
    assert house.recovered().refused_presses == 3


def test_what_was_answered_before_a_sigterm_under_load_is_on_the_disk(hall: WholeHall) -> None:
    with Load() as load:
        crowd(hall, load, "sigterm", kiosks=4, counters=4)
        until(lambda: len(hall.seen.answers) > 50, "there is load")
        assert hall.hall.terminate(within_s=3.0) == 0
        load.stop.set()
    assert "Traceback" not in hall.hall.log()
    assert hall.verdict(settled=False) == CLEAN


def test_a_hall_ends_in_time_though_the_broker_hangs(hall: WholeHall) -> None:
    hall.kiosk().take("chung-thuc")
    hall.broker.freeze()
    assert hall.hall.terminate(within_s=3.0) == 0
    hall.broker.thaw()
    assert hall.verdict(settled=False) == CLEAN
