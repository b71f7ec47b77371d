"""The journal knows a person for a day, and by a hash that tells nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hall_server.identity.person import day_key, person_key

MASTER = bytes(range(32))
NUMBER = "001190012345"
NUMBERS = st.integers(0, 10**12 - 1).map("{:012}".format)


def test_a_person_is_the_same_person_all_day() -> None:
    key = day_key(MASTER, "2026-11-22")
    assert person_key(key, NUMBER) == person_key(day_key(MASTER, "2026-11-22"), NUMBER)


def test_the_hash_stays_what_it_is_so_that_a_day_replays() -> None:
    key = day_key(MASTER, "2026-11-22")
    assert key.hex() == "0e176798f27ddcb8a5ac215e48b0724bb1c054999b065adcc09e58f09e4ceeae"
    assert person_key(key, NUMBER) == "6f14eda5938956e67eaa456441356ab4"


def test_two_days_of_a_person_cannot_be_put_together() -> None:
    days = [day_key(MASTER, f"2026-11-{day:02}") for day in range(1, 31)]
    assert len({person_key(key, NUMBER) for key in days}) == 30


def test_two_halls_do_not_know_each_others_people() -> None:
    other = day_key(bytes(32), "2026-11-22")
    assert person_key(other, NUMBER) != person_key(day_key(MASTER, "2026-11-22"), NUMBER)


@given(NUMBERS, NUMBERS)
def test_two_people_are_two_and_neither_number_shows(one: str, two: str) -> None:
    key = day_key(MASTER, "2026-11-22")
    first, second = person_key(key, one), person_key(key, two)
    assert (first == second) == (one == two)
    assert one not in first
    assert len(first) == 32
    assert set(first) <= set("0123456789abcdef")


@pytest.mark.parametrize("number", ["", "00119001234", NUMBER + "6", "٠" * 12, NUMBER + "\n"])
def test_what_is_no_citizen_number_is_refused_without_being_told(number: str) -> None:
    with pytest.raises(ValueError, match="12 digits") as error:
        person_key(day_key(MASTER, "2026-11-22"), number)
    assert not number or number not in str(error.value)


@pytest.mark.parametrize("day", ["", "22/11/2026", "2026-11-22\n", "2026-11-2"])
def test_a_day_is_written_in_one_way_only(day: str) -> None:
    with pytest.raises(ValueError, match="YYYY-MM-DD"):
        day_key(MASTER, day)


def test_a_weak_key_is_refused() -> None:
    with pytest.raises(ValueError, match="32 random bytes"):
        day_key(b"secret", "2026-11-22")
    with pytest.raises(ValueError, match="take it from day_key"):
        person_key(b"", NUMBER)
