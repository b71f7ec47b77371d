"""PINs: five wrong ones shut a name or an address for a minute, and no longer."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from hall_server.settings import Clerk
from hall_server.web.pins import LockedOutError, PinDesk, WrongPinError

HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("2468")


class Clock:
    at_s = 1000.0

    def __call__(self) -> float:
        return self.at_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(clock: Clock) -> PinDesk:
    return PinDesk([Clerk("ha", "Hà", HASH), Clerk("binh", "Bình", HASH)], monotonic=clock)


def wrong(desk: PinDesk, times: int, clerk: str = "ha", address: str = "10.0.0.1") -> None:
    for _ in range(times):
        with pytest.raises(WrongPinError):
            desk.check(clerk, "1111", address)


def test_the_right_pin_is_let_in_and_clears_the_name(desk: PinDesk) -> None:
    wrong(desk, 4)
    assert desk.check("ha", "2468", "10.0.0.2").id == "ha"
    wrong(desk, 4, address="10.0.0.3")
    assert desk.check("ha", "2468", "10.0.0.2").id == "ha"


def test_a_name_is_shut_from_every_address(desk: PinDesk) -> None:
    wrong(desk, 5)
    with pytest.raises(LockedOutError):
        desk.check("ha", "2468", "10.0.0.2")
    assert desk.check("binh", "2468", "10.0.0.2").id == "binh"


def test_an_address_is_shut_for_every_name(desk: PinDesk) -> None:
    for number in range(5):
        wrong(desk, 1, clerk=f"guess-{number}")
    with pytest.raises(LockedOutError):
        desk.check("binh", "2468", "10.0.0.1")


def test_after_a_minute_five_more_may_be_tried(desk: PinDesk, clock: Clock) -> None:
    wrong(desk, 5)
    clock.at_s += 59
    with pytest.raises(LockedOutError):
        desk.check("ha", "2468", "10.0.0.1")
    clock.at_s += 2
    wrong(desk, 4)
    assert desk.check("ha", "2468", "10.0.0.1").id == "ha"


def test_an_address_that_goes_on_guessing_is_shut_for_longer_and_longer(
    desk: PinDesk, clock: Clock
) -> None:
    for shut_s in (60, 120, 240, 480, 900, 900):
        for number in range(5):
            wrong(desk, 1, clerk=f"guess-{shut_s}-{number}")
        clock.at_s += shut_s - 1
        with pytest.raises(LockedOutError):
            desk.check("binh", "2468", "10.0.0.1")
        clock.at_s += 2
    assert desk.check("binh", "2468", "10.0.0.1").id == "binh"


def test_a_stranger_keeps_no_clerk_out_for_longer_than_a_minute(
    desk: PinDesk, clock: Clock
) -> None:
    for number in range(4):
        wrong(desk, 5, address=f"10.0.1.{number}")
        clock.at_s += 61
        assert desk.check("ha", "2468", "10.0.0.9").id == "ha"


def test_an_address_that_has_given_up_begins_anew(desk: PinDesk, clock: Clock) -> None:
    wrong(desk, 5)
    clock.at_s += 60 + 601
    wrong(desk, 5)
    clock.at_s += 61
    assert desk.check("ha", "2468", "10.0.0.1").id == "ha"


def test_an_attempt_while_shut_is_not_checked_and_does_not_lengthen_it(
    desk: PinDesk, clock: Clock
) -> None:
    wrong(desk, 5)
    for _ in range(10):
        clock.at_s += 5
        with pytest.raises(LockedOutError):
            desk.check("ha", "1111", "10.0.0.1")
    clock.at_s += 11
    assert desk.check("ha", "2468", "10.0.0.1").id == "ha"


def test_guesses_of_many_names_take_no_more_memory_than_they_may(
    desk: PinDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hall_server.web.pins.REMEMBERED", 6)
    monkeypatch.setattr(desk, "_fits", lambda *_: False)
    for number in range(20):
        wrong(desk, 1, clerk=f"guess-{number}", address=f"10.0.0.{number}")
    assert len(desk._wrong) == 6
