"""The rating buttons, the same on the Pi's pins and on an expander, with and without interrupt."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from devices.errors import WiringError
from devices.rating_buttons import DARK, INVITE, ButtonWiring, RatingButtons, chosen
from tests.devices.i2c_kernel import I2cKernel
from tests.devices.rows import WAYS, WIRING, Row, Way, Wires


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> I2cKernel:
    kernel = I2cKernel()
    kernel.install(monkeypatch)
    return kernel


@pytest.fixture(params=WAYS)
def wires(request: pytest.FixtureRequest, kernel: I2cKernel) -> Wires:
    way: Way = request.param
    return Wires(way, kernel)


@pytest.fixture
def row(wires: Wires) -> Iterator[Row]:
    row = Row(wires)
    yield row
    row.buttons.close()


def test_a_press_is_heard_while_the_finger_is_still_on_the_button(row: Row) -> None:
    row.finger.down(3)
    row.wait(0.015)
    assert row.presses == [3]


def test_each_button_gives_its_own_level(row: Row) -> None:
    for level in (1, 2, 3, 4):
        row.press(level)
        row.wait(0.2)
    assert row.presses == [1, 2, 3, 4]


def test_a_press_with_worn_contacts_counts_once(row: Row) -> None:
    row.chatter(2, bounces=8, gap_s=0.001)
    row.wait(0.2)
    assert row.presses == [2]


def test_a_spike_on_the_cable_is_no_press(row: Row) -> None:
    for _ in range(50):
        row.finger.down(1)
        row.wait(0.0009)
        row.finger.up(1)
        row.wait(0.05)
    assert row.presses == []
    assert row.faults == []


def test_two_buttons_at_once_give_the_first_alone(row: Row) -> None:
    row.finger.down(4)
    row.wait(0.012)
    row.finger.down(1)
    row.wait(0.1)
    row.finger.up(4)
    row.finger.up(1)
    row.wait(0.2)
    assert row.presses == [4]


def test_the_button_that_lost_counts_when_it_is_pressed_again(row: Row) -> None:
    row.finger.down(4)
    row.wait(0.012)
    row.finger.down(1)
    row.wait(0.012)
    row.finger.up(1)
    row.wait(0.1)
    row.press(1)
    assert row.presses == [4, 1]


def test_two_buttons_one_after_the_other_give_both(row: Row) -> None:
    row.finger.down(4)
    row.wait(0.05)
    row.finger.down(1)
    row.wait(0.05)
    assert row.presses == [4, 1]


def test_a_stuck_button_is_reported_once_and_once_more_when_it_is_free(row: Row) -> None:
    row.finger.down(2)
    row.wait(9.9)
    assert row.faults == []
    row.wait(30)
    assert row.faults == [(2, True)]
    assert row.buttons.stuck_levels() == [2]
    row.press(3)
    row.finger.up(2)
    row.wait(0.3)
    assert row.faults == [(2, True), (2, False)]
    assert row.buttons.stuck_levels() == []
    row.press(2)
    assert row.presses == [2, 3, 2]


def test_a_button_held_while_the_node_starts_is_no_press(wires: Wires) -> None:
    wires.hold_from_before(1)
    row = Row(wires)
    with row.buttons:
        row.wait(11)
        assert row.presses == []
        assert row.faults == [(1, True)]
        row.finger.up(1)
        row.wait(0.3)
        row.press(1)
        assert row.presses == [1]


def test_the_lamps_wait_invite_and_show_the_one_that_was_taken(row: Row) -> None:
    assert row.wires.lamps() == []
    row.buttons.show(INVITE)
    assert row.wires.lamps() == [1, 2, 3, 4]
    assert row.buttons.lamps_lit() == dict.fromkeys((1, 2, 3, 4), True)
    row.buttons.show(chosen(3))
    assert row.wires.lamps() == [3]
    assert row.buttons.lamps_lit() == {1: False, 2: False, 3: True, 4: False}
    row.buttons.show(DARK)
    assert row.wires.lamps() == []


def test_a_press_lights_no_lamp_by_itself(row: Row) -> None:
    row.press(4)
    assert row.presses == [4]
    assert row.wires.lamps() == []


def test_lamps_and_presses_do_not_disturb_each_other(row: Row) -> None:
    row.finger.down(2)
    row.buttons.show(INVITE)
    row.buttons.lamps_lit()
    row.wait(0.1)
    row.finger.up(2)
    row.buttons.show(chosen(2))
    row.buttons.lamps_lit()
    row.wait(0.2)
    assert row.presses == [2]
    row.press(3)
    assert row.presses == [2, 3]
    assert row.wires.lamps() == [2]


def test_the_self_test_names_a_held_button_and_a_dead_lamp(row: Row) -> None:
    row.buttons.show(INVITE)
    assert row.buttons.self_test() == []
    assert row.wires.lamps() == [1, 2, 3, 4]
    row.finger.down(2)
    row.wires.break_lamp(4)
    problems = row.buttons.self_test()
    assert len(problems) == 2
    assert "button 2 is held down" in problems[0]
    assert "lamp 4 does not follow" in problems[1]


def test_closing_puts_the_lamps_out_frees_the_pins_and_may_be_repeated(row: Row) -> None:
    row.buttons.show(INVITE)
    row.buttons.close()
    assert row.wires.lamps() == []
    assert row.wires.kernel.opened == set()
    row.buttons.close()
    row.buttons.show(INVITE)
    row.buttons.poll()
    row.press(1)
    assert row.presses == []
    assert row.buttons.lamps_lit() == {}
    assert row.buttons.self_test() != []
    again = Row(row.wires)
    with again.buttons:
        assert again.buttons.levels == 4
        again.finger.up(1)
        again.wait(0.2)
        again.press(3)
        assert again.presses == [3]


@pytest.mark.parametrize(
    ("wiring", "reason"),
    [
        (WIRING[:2], "wire 3, 4 or 5 buttons"),
        ([*WIRING[:2], ButtonWiring(4, 1, 2)], "without a gap"),
        ([*WIRING[:3], ButtonWiring(3, 1, 2)], "without a gap"),
        ([*WIRING[:3], ButtonWiring(4, 5, 2)], r"\[5\] is used twice"),
    ],
)
def test_a_wiring_that_cannot_be_meant_is_refused(
    kernel: I2cKernel, wires: Wires, wiring: list[ButtonWiring], reason: str
) -> None:
    wires.wiring = wiring
    with pytest.raises(WiringError, match=reason):
        wires.open()
    assert kernel.opened == set()


@pytest.mark.parametrize("count", [3, 4, 5])
def test_a_row_has_three_four_or_five_buttons(kernel: I2cKernel, wires: Wires, count: int) -> None:
    wiring = [*WIRING, ButtonWiring(5, 9, 10)][:count]
    row = Row(Wires(wires.way, kernel, wiring))
    with row.buttons:
        row.press(count)
        assert row.presses == [count]
        row.buttons.show(chosen(count))
        assert row.wires.lamps() == [count]


def in_real_time(wires: Wires, do: Callable[[RatingButtons, threading.Event], None]) -> list[int]:
    heard: list[int] = []
    came = threading.Event()
    ending = threading.Event()

    def hear(level: int) -> None:
        heard.append(level)
        came.set()

    with RatingButtons(wires.open(), on_press=hear) as buttons:

        def go_round() -> None:
            while not ending.is_set():
                buttons.wait(0.1)
                buttons.poll()

        loop = threading.Thread(target=go_round)
        loop.start()
        try:
            do(buttons, came)
        finally:
            ending.set()
            loop.join(10)
    return heard


def test_the_loop_hears_fingers_in_real_time_and_lights_what_it_is_told(wires: Wires) -> None:
    def five_presses(buttons: RatingButtons, came: threading.Event) -> None:
        for level in (1, 2, 3, 4, 1):
            came.clear()
            wires.finger.down(level)
            assert came.wait(10)
            buttons.show(chosen(level))
            assert wires.lamps() == [level]
            wires.finger.up(level)
            time.sleep(0.06)  # a finger needs longer to come back

    assert in_real_time(wires, five_presses) == [1, 2, 3, 4, 1]
