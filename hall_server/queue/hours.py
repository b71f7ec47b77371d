"""When a counter works, by the hours in the settings: pure, in the hall's local day."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from hall_server.catalogue import Catalogue, Counter

_DAY_MS: Final = 24 * 3_600_000


class Hours(NamedTuple):
    """A counter's stretches of work today, in hall time; none where its hours are not known."""

    stretches: list[tuple[int, int]]

    def next_from(self, at_ms: float) -> float | None:
        """``at_ms`` itself where the counter works then, else when it next does; None: not today.

        A counter that works beyond its hours is believed to go on.
        """
        if not self.stretches:
            return at_ms
        for begin, end in self.stretches:
            if at_ms < end:
                return max(at_ms, begin)
        return None


ALWAYS: Final = Hours([])


def minutes(clock: str) -> int:
    """``07:30`` in minutes after midnight."""
    hour, _, minute = clock.partition(":")
    return int(hour) * 60 + int(minute)


def faults(counter: Counter) -> Iterator[tuple[str, str]]:
    """(setting, what is wrong) of hours that cannot be meant."""
    if bool(counter.opens) != bool(counter.closes):
        yield "opens", "`opens` và `closes` đi cùng nhau / go together: set both or neither"
    elif counter.opens and minutes(counter.closes) <= minutes(counter.opens):
        yield "closes", "phải sau `opens` / must be later than `opens`"
    for begin, end in counter.breaks:
        if not begin or not end or minutes(end) <= minutes(begin):
            yield "breaks", 'từ giờ đến giờ sau đó / from a time to a later one: ["11:30", "13:30"]'


def of(hall: Catalogue, counter: str, now_ms: int) -> Hours:
    """The hours of ``counter`` on the local day of ``now_ms``."""
    one = hall.counters[counter]
    if not one.opens or not one.closes:
        return ALWAYS
    offset_ms = hall.queue.utc_offset_minutes * 60_000
    midnight = now_ms - (now_ms + offset_ms) % _DAY_MS
    at = minutes(one.opens)
    stretches: list[tuple[int, int]] = []
    for begin, end in sorted(one.breaks):
        if minutes(begin) > at:
            stretches.append((at, minutes(begin)))
        at = max(at, minutes(end))
    if minutes(one.closes) > at:
        stretches.append((at, minutes(one.closes)))
    return Hours([(midnight + a * 60_000, midnight + b * 60_000) for a, b in stretches])
