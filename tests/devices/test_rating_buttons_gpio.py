"""What only the Pi's own pins do: edges that the kernel stamped, lost, or handed over late."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from gpiozero.exc import GPIOPinInUse

from devices.errors import PinUnavailableError, UnknownDriverError
from devices.rating_buttons import ButtonWiring, RatingButtons, chosen, open_lines
from devices.rating_buttons.gpio_lines import GpioLines
from devices.rating_buttons.standin import Finger, mock_factory
from tests.devices.i2c_kernel import I2cKernel
from tests.devices.rows import WIRING, Row, rows


@pytest.fixture
def row() -> Iterator[Row]:
    yield from rows("gpio", I2cKernel())


def pin(row: Row, level: int) -> Any:
    return row.wires.factory.pin(WIRING[level - 1].pin)


def test_an_edge_that_was_lost_leaves_no_button_deaf(row: Row) -> None:
    row.finger.down(1)
    row.wait(0.1)
    pin(row, 1)._change_state(True)  # the release happens, and nobody is told
    row.wait(0.3)
    row.press(1)
    assert row.presses == [1, 1]


def test_a_press_whose_edge_was_lost_is_found_by_looking(row: Row) -> None:
    pin(row, 3)._change_state(False)
    row.wait(0.15)
    assert row.presses == [3]


def test_gpiozeros_own_bounce_handling_stays_off(row: Row) -> None:
    assert [pin(row, level).bounce for level in (1, 2, 3, 4)] == [None] * 4
    assert [pin(row, level).pull for level in (1, 2, 3, 4)] == ["up"] * 4


def test_who_is_told_of_a_press_may_light_the_lamp_at_once() -> None:
    factory = mock_factory()
    heard: list[int] = []

    def take(level: int) -> None:
        heard.append(level)
        buttons.show(chosen(level))

    buttons = RatingButtons(GpioLines(WIRING, pin_factory=factory), on_press=take)
    with buttons:
        Finger(factory, WIRING).press(2)
        assert heard == [2]
        assert buttons.lamps_lit()[2]


def test_a_pin_that_is_taken_says_what_to_do_and_frees_the_others(row: Row) -> None:
    others = [
        ButtonWiring(1, 24, 25),
        ButtonWiring(2, 26, 27),
        ButtonWiring(3, WIRING[0].pin, 22),
    ]
    with pytest.raises(PinUnavailableError, match="check the pin numbers") as failure:
        GpioLines(others, pin_factory=row.wires.factory)
    assert isinstance(failure.value.__cause__, GPIOPinInUse)
    others[2] = ButtonWiring(3, 20, 21)
    GpioLines(others, pin_factory=row.wires.factory).close()


def test_a_pin_that_no_pi_has_says_what_to_do() -> None:
    wiring = [*WIRING[:3], ButtonWiring(4, 77, 20)]
    with pytest.raises(PinUnavailableError, match="GPIO cannot be used"):
        open_lines("mock", wiring, pin_factory=mock_factory())


def test_a_driver_that_is_not_there_is_named() -> None:
    with pytest.raises(UnknownDriverError, match="mcp23017"):
        open_lines("pigpio", WIRING)  # type: ignore[arg-type]


def test_presses_that_are_handed_over_together_and_late_both_count() -> None:
    factory = mock_factory()
    heard: list[int] = []
    lines = GpioLines(WIRING, pin_factory=factory)
    with RatingButtons(lines, on_press=heard.append) as buttons:
        first, second = (factory.pin(button.pin) for button in WIRING[:2])
        now = factory.ticks()
        buttons.poll()  # the loop was quicker than the edges
        first.when_changed(now - 0.300, 0)
        first.when_changed(now - 0.220, 1)
        second.when_changed(now - 0.100, 0)
        second.when_changed(now - 0.020, 1)
    assert heard == [1, 2]


def test_an_edge_stamped_with_another_clock_counts_now() -> None:
    factory = mock_factory()
    heard: list[int] = []
    lines = GpioLines(WIRING, pin_factory=factory)
    with RatingButtons(lines, on_press=heard.append, settle_ms=5_000) as buttons:
        for button in WIRING[:2]:
            factory.pin(button.pin)._change_state(False)
        first, second = (factory.pin(button.pin) for button in WIRING[:2])
        first.when_changed(1.79e9, 0)
        second.when_changed(factory.ticks(), 0)
        while not heard:
            buttons.wait(0.01)
            buttons.poll()
    # by its own stamp the first was half a century off, and not at once with the second
    assert heard == [1]


def test_a_word_of_the_kernel_that_is_no_edge_changes_nothing(row: Row) -> None:
    pin(row, 1).when_changed(0.0, 2)
    row.wait(0.1)
    assert row.presses == []


def test_a_pin_that_cannot_be_read_any_more_is_the_loops_to_begin_anew(row: Row) -> None:
    def broken() -> bool:
        raise OSError("GPIO chip gone")

    pin(row, 2)._get_state = broken
    with pytest.raises(PinUnavailableError, match="GPIO chip gone"):
        row.buttons.poll()


def test_five_wires_as_their_settings_name_them() -> None:
    factory = mock_factory()
    wiring = [*WIRING, ButtonWiring(5, 20, 21)]
    lines = open_lines("mock", wiring, pin_factory=factory)
    with RatingButtons(lines, on_press=print) as buttons:
        assert buttons.levels == 5
        assert lines.names(5) == ("GPIO20", "GPIO21")
