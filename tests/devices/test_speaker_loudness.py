"""The loudness of the voice by the time of the day."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.speaker.loudness import DAY_MIN, Span, minute_of, overlap, percent_at

LUNCH = Span(minute_of("11:30"), minute_of("13:00"), 30)
NIGHT = Span(minute_of("17:30"), minute_of("07:00"), 0)


@pytest.mark.parametrize(
    ("time", "percent"),
    [
        ("06:59", 0),
        ("07:00", 90),
        ("11:29", 90),
        ("11:30", 30),
        ("12:59", 30),
        ("13:00", 90),
        ("17:30", 0),
        ("23:59", 0),
        ("00:00", 0),
    ],
)
def test_lunch_is_quiet_and_the_night_silent(time: str, percent: int) -> None:
    assert percent_at([LUNCH, NIGHT], minute_of(time), otherwise=90) == percent


def test_while_the_clock_cannot_be_trusted_calls_are_heard() -> None:
    assert percent_at([Span(0, DAY_MIN, 0)], None, otherwise=90) == 90


@pytest.mark.parametrize("time", ["7:00", "24:01", "12:60", "noon", "", "12:00 "])
def test_what_is_no_time_of_day_is_refused(time: str) -> None:
    with pytest.raises(ValueError, match="as 07:30"):
        minute_of(time)


def test_spans_that_share_a_minute_are_found() -> None:
    assert overlap([LUNCH, NIGHT]) is None
    assert overlap([LUNCH, Span(minute_of("12:59"), minute_of("13:30"), 50)]) == 1
    assert overlap([NIGHT, LUNCH, Span(0, 10, 50)]) == 2


@given(st.integers(0, DAY_MIN - 1), st.integers(0, DAY_MIN), st.integers(0, DAY_MIN - 1))
def test_a_span_and_its_opposite_share_the_day(begin: int, end: int, minute: int) -> None:
    one, other = Span(begin, end, 1), Span(end % DAY_MIN, begin, 2)
    if begin != end % DAY_MIN:
        assert one.holds(minute) != other.holds(minute)
