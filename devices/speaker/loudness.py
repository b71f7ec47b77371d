"""How loud the voice is at which time of the day: pure, with the time handed in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

DAY_MIN: Final = 24 * 60
_TIME: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|(24:00)")


class Span(NamedTuple):
    """From one minute of the day to another, that one left out; ``percent`` of the full loudness.

    A span whose end lies before its beginning goes over midnight.
    """

    from_min: int
    to_min: int
    percent: int

    def holds(self, minute: int) -> bool:
        """Whether ``minute`` of the day lies in it."""
        if self.from_min < self.to_min:
            return self.from_min <= minute < self.to_min
        return minute >= self.from_min or minute < self.to_min


def minute_of(time: str) -> int:
    """``11:30`` as minutes since midnight; ``24:00`` is the day's end.

    Raises:
        ValueError: no such time.
    """
    found = _TIME.fullmatch(time)
    if not found:
        raise ValueError(f"{time!r} is no time of day: write it as 07:30, from 00:00 to 24:00")
    return DAY_MIN if found[3] else int(found[1]) * 60 + int(found[2])


def overlap(spans: Sequence[Span]) -> int | None:
    """The place of the first span that shares a minute with one before it; None where none does."""
    taken: set[int] = set()
    for place, span in enumerate(spans):
        own = {minute for minute in range(DAY_MIN) if span.holds(minute)}
        if taken & own:
            return place
        taken |= own
    return None


def percent_at(spans: Sequence[Span], minute: int | None, *, otherwise: int) -> int:
    """The loudness at ``minute`` of the day; ``otherwise`` outside the spans.

    ``minute`` None (the clock cannot be trusted) is ``otherwise`` as well: a call that is too
    loud is better than one that nobody hears.
    """
    if minute is not None:
        for span in spans:
            if span.holds(minute):
                return span.percent
    return otherwise
