"""The rating buttons on gpiozero's own mock pins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from gpiozero.exc import GPIOPinInUse

from devices.errors import PinUnavailableError, WiringError
from devices.rating_buttons import DARK, INVITE, ButtonWiring, RatingButtons, chosen
from devices.rating_buttons.standin import Finger, mock_factory

WIRING = [
    ButtonWiring(level=1, pin=5, lamp_pin=16),
    ButtonWiring(level=2, pin=6, lamp_pin=17),
    ButtonWiring(level=3, pin=13, lamp_pin=22),
    ButtonWiring(level=4, pin=19, lamp_pin=23),
]


class Counter:
    """Four buttons of a counter, a finger, and a clock that only the test moves."""

    def __init__(self, wiring: list[ButtonWiring] = WIRING, factory: Any = None) -> None:
        self.now_us = 1_000_000
        self.presses: list[int] = []
        self.faults: list[tuple[int, bool]] = []
        self.factory = factory or mock_factory()
        self.finger = Finger(self.factory, wiring, wait=self.wait)
        self.buttons = RatingButtons(
            wiring=wiring,
            on_press=self.presses.append,
            on_fault=lambda level, stuck: self.faults.append((level, stuck)),
            pin_factory=self.factory,
            monotonic_us=lambda: self.now_us,
        )

    def wait(self, seconds: float) -> None:
        self.now_us += round(seconds * 1_000_000)

    def pass_time(self, seconds: float) -> None:
        for _ in range(round(seconds * 10)):
            self.wait(0.1)
            self.buttons.poll()


@pytest.fixture
def counter() -> Iterator[Counter]:
    counter = Counter()
    yield counter
    counter.buttons.close()


def test_a_press_is_heard_while_the_finger_is_still_on_the_button(counter: Counter) -> None:
    counter.finger.down(3)
    assert counter.presses == [3]


def test_each_button_gives_its_own_level(counter: Counter) -> None:
    for level in (1, 2, 3, 4):
        counter.finger.press(level)
        counter.pass_time(0.2)
    assert counter.presses == [1, 2, 3, 4]


def test_a_press_with_worn_contacts_counts_once(counter: Counter) -> None:
    counter.finger.chatter(2, bounces=8, gap_ms=2)
    counter.pass_time(0.2)
    assert counter.presses == [2]


def test_two_buttons_at_once_give_the_first_alone(counter: Counter) -> None:
    counter.finger.down(4)
    counter.wait(0.024)
    counter.finger.down(1)
    counter.wait(0.1)
    counter.finger.up(4)
    counter.finger.up(1)
    counter.pass_time(0.2)
    assert counter.presses == [4]


def test_two_buttons_one_after_the_other_give_both(counter: Counter) -> None:
    counter.finger.down(4)
    counter.wait(0.025)
    counter.finger.down(1)
    assert counter.presses == [4, 1]


def test_the_button_that_lost_counts_when_it_is_pressed_again(counter: Counter) -> None:
    counter.finger.down(4)
    counter.finger.down(1)
    counter.finger.up(1)
    counter.pass_time(0.1)
    counter.finger.down(1)
    assert counter.presses == [4, 1]


def test_a_stuck_button_is_reported_once_and_once_more_when_it_is_free(counter: Counter) -> None:
    counter.finger.down(2)
    counter.pass_time(9.9)
    assert counter.faults == []
    counter.pass_time(30)
    assert counter.faults == [(2, True)]
    assert counter.buttons.stuck_levels() == [2]
    counter.finger.press(3)
    counter.finger.up(2)
    counter.pass_time(0.2)
    assert counter.faults == [(2, True), (2, False)]
    assert counter.buttons.stuck_levels() == []
    counter.finger.press(2)
    assert counter.presses == [2, 3, 2]


def test_a_button_held_while_the_node_starts_is_no_press() -> None:
    factory = mock_factory()
    line = factory.pin(WIRING[0].pin)
    line._set_pull = lambda _pull: line.drive_low()  # held down from outside, whatever its pull-up
    counter = Counter(factory=factory)
    with counter.buttons:
        counter.pass_time(11)
        assert counter.presses == []
        assert counter.faults == [(1, True)]
        counter.finger.up(1)
        counter.pass_time(0.2)
        counter.finger.press(1)
        assert counter.presses == [1]


def test_an_edge_that_was_lost_leaves_no_button_deaf(counter: Counter) -> None:
    pin = counter.factory.pin(WIRING[0].pin)
    counter.finger.down(1)
    pin._change_state(True)  # the release happens, and nobody is told
    counter.pass_time(0.2)
    counter.finger.down(1)
    assert counter.presses == [1, 1]


def test_a_press_whose_edge_was_lost_is_found_by_looking(counter: Counter) -> None:
    counter.factory.pin(WIRING[2].pin)._change_state(False)
    counter.buttons.poll()
    assert counter.presses == [3]


def test_gpiozeros_own_bounce_handling_stays_off(counter: Counter) -> None:
    assert [counter.factory.pin(button.pin).bounce for button in WIRING] == [None] * 4
    assert [counter.factory.pin(button.pin).pull for button in WIRING] == ["up"] * 4


def test_the_lamps_wait_invite_and_show_the_one_that_was_taken(counter: Counter) -> None:
    assert counter.buttons.lamps_lit() == dict.fromkeys((1, 2, 3, 4), False)
    counter.buttons.show(INVITE)
    assert counter.buttons.lamps_lit() == dict.fromkeys((1, 2, 3, 4), True)
    counter.buttons.show(chosen(3))
    assert counter.buttons.lamps_lit() == {1: False, 2: False, 3: True, 4: False}
    assert [counter.factory.pin(button.lamp_pin).state for button in WIRING] == [0, 0, 1, 0]
    counter.buttons.show(DARK)
    assert counter.buttons.lamps_lit() == dict.fromkeys((1, 2, 3, 4), False)


def test_a_press_lights_no_lamp_by_itself(counter: Counter) -> None:
    counter.finger.press(4)
    assert counter.buttons.lamps_lit() == dict.fromkeys((1, 2, 3, 4), False)


def test_who_is_told_of_a_press_may_light_the_lamp_at_once() -> None:
    factory = mock_factory()
    heard: list[int] = []

    def take(level: int) -> None:
        heard.append(level)
        buttons.show(chosen(level))

    buttons = RatingButtons(wiring=WIRING, on_press=take, pin_factory=factory)
    with buttons:
        Finger(factory, WIRING, wait=lambda _: None).press(2)
        assert heard == [2]
        assert buttons.lamps_lit()[2]


def test_the_self_test_names_a_held_button_and_a_dead_lamp(counter: Counter) -> None:
    counter.buttons.show(INVITE)
    assert counter.buttons.self_test() == []
    assert all(counter.buttons.lamps_lit().values())
    counter.finger.down(2)
    counter.factory.pin(WIRING[3].lamp_pin)._change_state = lambda _: False
    problems = counter.buttons.self_test()
    assert len(problems) == 2
    assert "button 2 is held down" in problems[0]
    assert "lamp 4 does not follow" in problems[1]


def test_closing_puts_the_lamps_out_frees_the_pins_and_may_be_repeated(counter: Counter) -> None:
    counter.buttons.show(INVITE)
    counter.buttons.close()
    counter.buttons.close()
    counter.buttons.show(INVITE)
    counter.buttons.poll()
    counter.finger.press(1)
    assert counter.presses == []
    assert counter.buttons.lamps_lit() == {}
    assert counter.buttons.self_test() != []
    with Counter(factory=counter.factory).buttons as again:
        assert again.levels == 4


def test_a_pin_that_is_taken_says_what_to_do_and_frees_the_others(counter: Counter) -> None:
    others = [
        ButtonWiring(1, 24, 25),
        ButtonWiring(2, 26, 27),
        ButtonWiring(3, WIRING[0].pin, 12),
    ]
    with pytest.raises(PinUnavailableError, match="check the pin numbers") as failure:
        RatingButtons(wiring=others, on_press=print, pin_factory=counter.factory)
    assert isinstance(failure.value.__cause__, GPIOPinInUse)
    others[2] = ButtonWiring(3, 20, 21)
    RatingButtons(wiring=others, on_press=print, pin_factory=counter.factory).close()


def test_a_pin_that_no_pi_has_says_what_to_do() -> None:
    wiring = [*WIRING[:3], ButtonWiring(4, 77, 20)]
    with pytest.raises(PinUnavailableError, match="GPIO cannot be used"):
        RatingButtons(wiring=wiring, on_press=print, pin_factory=mock_factory())


@pytest.mark.parametrize(
    ("wiring", "reason"),
    [
        (WIRING[:2], "wire 3, 4 or 5 buttons"),
        ([*WIRING[:2], ButtonWiring(4, 20, 21)], "without a gap"),
        ([*WIRING[:3], ButtonWiring(3, 20, 21)], "without a gap"),
        ([*WIRING[:3], ButtonWiring(4, 5, 21)], r"\[5\] is used twice"),
    ],
)
def test_a_wiring_that_cannot_be_meant_is_refused(wiring: list[ButtonWiring], reason: str) -> None:
    with pytest.raises(WiringError, match=reason):
        RatingButtons(wiring=wiring, on_press=print, pin_factory=mock_factory())


def test_without_a_clock_of_its_own_an_edge_counts_at_the_time_the_kernel_saw_it() -> None:
    factory = mock_factory()
    heard: list[int] = []
    with RatingButtons(wiring=WIRING, on_press=heard.append, pin_factory=factory):
        first, second = (factory.pin(button.pin) for button in WIRING[:2])
        now = factory.ticks()
        # both edges are delivered together, late; the kernel saw them 30 ms apart
        first.when_changed(now - 0.050, 0)
        second.when_changed(now - 0.020, 0)
    assert heard == [1, 2]


def test_an_edge_stamped_with_another_clock_counts_now() -> None:
    factory = mock_factory()
    heard: list[int] = []
    with RatingButtons(wiring=WIRING, on_press=heard.append, pin_factory=factory, settle_ms=5_000):
        first, second = (factory.pin(button.pin) for button in WIRING[:2])
        first.when_changed(1.79e9, 0)
        second.when_changed(factory.ticks(), 0)
    # by its own stamp the first was half a century off, and not at once with the second
    assert heard == [1]


def test_a_word_of_the_kernel_that_is_no_edge_changes_nothing(counter: Counter) -> None:
    line = counter.factory.pin(WIRING[0].pin)
    counter.finger.down(1)
    line.when_changed(0.0, 2)
    counter.wait(0.1)
    line.when_changed(0.0, 0)
    assert counter.presses == [1]
