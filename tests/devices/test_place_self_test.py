"""What a technician goes through at a counter's buttons, chair and lamp, over their stand-ins."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from devices.errors import DeviceError, UnheardError, WiringError
from devices.presence import CounterLamp, PresenceSwitch
from devices.presence import self_test as place
from devices.presence.standin import Chair, mock_factory
from devices.rating_buttons import INVITE, RatingButtons
from devices.rating_buttons.self_test import Presses, steps
from devices.self_test import Step
from tests.devices.i2c_kernel import I2cKernel
from tests.devices.rows import WAYS, Way, Wires


@pytest.fixture(params=WAYS)
def wires(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Wires:
    kernel = I2cKernel()
    kernel.install(monkeypatch)
    way: Way = request.param
    return Wires(way, kernel)


@pytest.fixture
def buttons_steps(wires: Wires) -> Iterator[dict[str, Step]]:
    heard = Presses()
    with RatingButtons(wires.open(), on_press=heard) as buttons:
        buttons.show(INVITE)
        yield {step.name: step for step in steps(buttons, heard)}


def with_a_hand(step: Step, do: Callable[[], None], patience_s: float = 10.0) -> str:
    hand = threading.Timer(0.05, do)
    hand.start()
    try:
        return step.run(patience_s)
    finally:
        hand.join()


def test_every_button_is_pressed_and_every_lamp_looked_at(
    wires: Wires, buttons_steps: dict[str, Step]
) -> None:
    names = list(buttons_steps)
    assert names[:3] == ["hands-off", "press-1", "lamp-1"]
    assert len(names) == 9
    assert "4 buttons are up" in buttons_steps["hands-off"].run(1)
    for level in (1, 2, 3, 4):
        press, lamp = buttons_steps[f"press-{level}"], buttons_steps[f"lamp-{level}"]
        assert (press.confirm, lamp.confirm) == (False, True)
        said = with_a_hand(press, lambda level=level: wires.finger.down(level))  # type: ignore[misc]
        assert f"heard as level {level}" in said
        wires.finger.up(level)
        lamp.run(1)
        assert wires.lamps() == [level]


def test_a_button_that_nobody_hears_fails_with_what_to_check(
    buttons_steps: dict[str, Step],
) -> None:
    with pytest.raises(UnheardError, match=r"button 3 was not heard .* check its cable"):
        buttons_steps["press-3"].run(0.05)


def test_crossed_cables_are_named(wires: Wires, buttons_steps: dict[str, Step]) -> None:
    with pytest.raises(UnheardError, match="button 2 was heard instead of 1"):
        with_a_hand(buttons_steps["press-1"], lambda: wires.finger.down(2))


def test_a_button_that_is_held_down_fails_before_anything_else(
    wires: Wires, buttons_steps: dict[str, Step]
) -> None:
    wires.finger.down(2)
    with pytest.raises(WiringError, match="button 2 is held down"):
        buttons_steps["hands-off"].run(1)


def test_a_bus_that_fails_fails_the_step(wires: Wires, buttons_steps: dict[str, Step]) -> None:
    if wires.way == "gpio":
        pytest.skip("the Pi's own pins hang on no bus")
    wires.kernel.fault = 5
    for step in buttons_steps.values():
        with pytest.raises(DeviceError, match="the bus is disturbed"):
            step.run(0.2)


def test_the_chair_is_left_and_taken() -> None:
    pins = mock_factory()
    chair = Chair(pins, 26)
    chair.sit()
    with PresenceSwitch(26, pin_factory=pins) as switch:
        get_up, sit_down = place.steps(switch)
        assert "GPIO26 says nobody" in with_a_hand(get_up, chair.leave)
        assert "GPIO26 says somebody" in with_a_hand(sit_down, chair.sit)
        with pytest.raises(UnheardError, match=r"still says somebody .* `active`"):
            get_up.run(0.05)


def test_the_counter_lamp_is_looked_at_in_both_colours() -> None:
    pins = mock_factory()
    with CounterLamp(20, 21, pin_factory=pins) as lamp:
        green, red = place.lamp_steps(lamp)
        assert (green.confirm, red.confirm) == (True, True)
        assert green.run(1) == "lit GPIO20"
        assert lamp.shown() == (True, False)
        assert red.run(1) == "lit GPIO21"
        assert lamp.shown() == (False, True)
        pins.pin(21)._change_state = lambda _: False
        pins.pin(20)._change_state = lambda _: False
        with pytest.raises(UnheardError, match="do not follow"):
            green.run(1)
