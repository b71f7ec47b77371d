"""The clerk's place: a switch that flaps, a clerk who reaches for a stamp, a lamp overhead."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.errors import PinUnavailableError, WiringError
from devices.messages import Display, Phase
from devices.presence import Attendance, CounterLamp, PresenceSwitch, sign_of
from devices.presence.lamp import HALF_BLINK_US, Light, light_of
from devices.presence.standin import Chair, mock_factory
from devices.presence.switch import Active

AWAY_US = 60_000_000
LOOK_US = 200_000


class Shift:
    """A clerk's place that is looked at five times a second."""

    def __init__(self, told: bool | None = True) -> None:
        self.now_us = 5_000_000
        self.place = Attendance(AWAY_US, told=told, at_us=self.now_us)
        self.words: list[tuple[float, bool]] = []
        self.disk_is_full = False

    def spend(self, seconds: float, *, there: bool) -> None:
        for _ in range(round(seconds / 0.2)):
            self.now_us += LOOK_US
            word = self.place.see(there, self.now_us)
            if word is not None and not self.disk_is_full:
                self.words.append((self.now_us / 1e6, word.present))
                self.place.keep(word)

    @property
    def said(self) -> list[bool]:
        return [present for _, present in self.words]


def test_a_clerk_who_reaches_for_a_stamp_is_not_away() -> None:
    shift = Shift()
    shift.spend(600, there=True)
    shift.spend(59, there=False)
    shift.spend(0.4, there=True)
    shift.spend(59, there=False)
    assert shift.said == []


def test_a_clerk_who_has_left_is_told_once_and_once_more_when_she_is_back() -> None:
    shift = Shift()
    shift.spend(10, there=True)
    shift.spend(3600, there=False)
    assert shift.said == [False]
    shift.spend(3600, there=True)
    assert shift.said == [False, True]


def test_whoever_passes_by_the_sensor_is_not_the_clerk_who_comes_back() -> None:
    shift = Shift()
    shift.spend(100, there=False)
    for _ in range(50):
        shift.spend(0.6, there=True)
        shift.spend(5, there=False)
    assert shift.said == [False]


def test_a_sensor_that_loses_a_clerk_who_sits_still_finds_her_before_she_is_away() -> None:
    shift = Shift()
    for _ in range(100):
        shift.spend(2, there=True)
        shift.spend(50, there=False)
    assert shift.said == []


def test_what_was_told_before_a_restart_is_not_told_again() -> None:
    away = Shift(told=False)
    away.spend(600, there=False)
    here = Shift(told=True)
    here.spend(600, there=True)
    assert away.said == here.said == []


def test_a_clerk_who_came_back_while_the_node_was_off_is_told() -> None:
    shift = Shift(told=False)
    shift.spend(2, there=True)
    assert shift.said == [True]


def test_a_node_that_knows_nothing_tells_what_it_finds() -> None:
    here, away = Shift(told=None), Shift(told=None)
    here.spend(100, there=True)
    away.spend(100, there=False)
    assert (here.said, away.said) == ([True], [False])


def test_a_word_that_the_disk_did_not_take_is_told_when_it_does() -> None:
    shift = Shift()
    shift.disk_is_full = True
    shift.spend(100, there=False)
    assert not shift.place.is_away
    shift.disk_is_full = False
    shift.spend(1, there=False)
    assert shift.said == [False]


def test_a_word_that_was_not_kept_before_she_came_back_is_never_told() -> None:
    shift = Shift()
    shift.disk_is_full = True
    shift.spend(100, there=False)
    shift.disk_is_full = False
    shift.spend(100, there=True)
    assert shift.said == []


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 400)), max_size=60))
def test_a_switch_that_flaps_makes_two_words_in_each_away_time_at_most_and_never_one_twice(
    turns: list[tuple[bool, int]],
) -> None:
    shift = Shift()
    for there, looks in turns:
        shift.spend(looks * 0.2, there=there)
    assert all(earlier != later for earlier, later in pairwise([True, *shift.said]))
    aways = [at for at, present in shift.words if not present]
    assert all(later - earlier >= AWAY_US / 1e6 for earlier, later in pairwise(aways))


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(-10_000_000, 90_000_000)), max_size=40))
def test_a_clock_that_runs_back_makes_nobody_leave(steps: list[tuple[bool, int]]) -> None:
    place = Attendance(AWAY_US, told=True, at_us=0)
    clock = latest = seen = 0
    for there, step in steps:
        clock += step
        latest = max(latest, clock)
        word = place.see(there, clock)
        if there and not place.is_away:
            seen = latest
        if word is not None:
            assert word.present or latest - seen >= AWAY_US
            place.keep(word)
            seen = latest


@pytest.mark.parametrize("settle_us", [0, AWAY_US])
def test_times_that_cannot_be_meant_are_refused(settle_us: int) -> None:
    with pytest.raises(ValueError, match="above 0"):
        Attendance(AWAY_US, settle_us, at_us=0)


# ------------------------------------------------------------------ the switch


@pytest.mark.parametrize("active", ["low", "high"])
def test_the_switch_says_whether_somebody_sits_there_whichever_way_it_is_wired(
    active: Active,
) -> None:
    pins = mock_factory()
    chair = Chair(pins, 26, active=active)
    chair.sit()
    with PresenceSwitch(26, active=active, pin_factory=pins) as switch:
        assert switch.is_there()
        chair.leave()
        assert not switch.is_there()
        chair.sit()
        assert switch.is_there()
        assert switch.name == "GPIO26"


@pytest.mark.parametrize(("active", "pull"), [("low", "up"), ("high", "down")])
def test_a_torn_cable_says_that_nobody_is_there(active: Active, pull: str) -> None:
    pins = mock_factory()
    with PresenceSwitch(26, active=active, pin_factory=pins) as switch:
        assert pins.pin(26).pull == pull
        assert not switch.is_there()


def test_a_switch_that_cannot_be_opened_or_read_says_what_to_do() -> None:
    pins = mock_factory()
    with PresenceSwitch(26, pin_factory=pins) as switch:
        with pytest.raises(PinUnavailableError, match="check the pin numbers"):
            PresenceSwitch(26, pin_factory=pins)

        def broken() -> Any:
            raise OSError("GPIO chip gone")

        pins.pin(26)._get_state = broken
        with pytest.raises(PinUnavailableError, match="GPIO chip gone"):
            switch.is_there()
    switch.close()


# ------------------------------------------------------------------ the lamp


@pytest.mark.parametrize(
    ("phase", "sign"),
    [
        ("closed", "shut"),
        ("paused", "shut"),
        ("idle", "open"),
        ("called", "call"),
        ("serving", "open"),
        ("rating", "open"),
        ("thanks", "open"),
    ],
)
def test_the_lamp_says_what_the_counter_is_doing(phase: Phase, sign: str) -> None:
    assert sign_of(Display(1, 1, phase), stale=False) == sign


def test_the_lamp_says_nothing_of_what_may_be_the_past() -> None:
    assert sign_of(Display(1, 1, "idle"), stale=True) == "dark"
    assert sign_of(None, stale=False) == "dark"


def test_a_call_blinks_green_once_a_second() -> None:
    lights = [light_of("call", half * HALF_BLINK_US) for half in range(4)]
    assert lights == [Light(True, False), Light(False, False)] * 2


def test_the_pins_follow_and_closing_puts_the_lamps_out() -> None:
    pins = mock_factory()
    lamp = CounterLamp(20, 21, pin_factory=pins)
    assert lamp.names == ("GPIO20", "GPIO21")
    assert lamp.shown() == Light(False, False)
    for light in (Light(True, False), Light(False, True), Light(False, False), Light(False, True)):
        lamp.show(light)
        assert (bool(pins.pin(20).state), bool(pins.pin(21).state)) == light
        assert lamp.shown() == light
    lamp.close()
    assert not pins.pin(21).state
    lamp.close()
    with CounterLamp(20, 21, pin_factory=pins):
        pass


def test_green_and_red_never_burn_at_once_not_even_for_an_instant() -> None:
    pins = mock_factory()
    seen: list[tuple[bool, bool]] = []
    with CounterLamp(20, 21, pin_factory=pins) as lamp:
        green, red = pins.pin(20), pins.pin(21)
        for pin in (green, red):
            set_state = pin._set_state

            def watched(value: Any, set_state: Any = set_state) -> None:
                set_state(value)
                seen.append((bool(green.state), bool(red.state)))

            pin._set_state = watched
        for light in (Light(True, False), Light(False, True), Light(True, False)):
            lamp.show(light)
    assert seen
    assert (True, True) not in seen


def test_a_lamp_that_cannot_be_wired_says_what_to_do() -> None:
    pins = mock_factory()
    with pytest.raises(WiringError, match="used twice"):
        CounterLamp(20, 20, pin_factory=pins)
    with pytest.raises(PinUnavailableError, match="check the pin numbers"):
        CounterLamp(20, 99, pin_factory=pins)
    CounterLamp(20, 21, pin_factory=pins).close()
