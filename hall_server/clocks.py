"""When things happened at nodes whose clock was not set yet: pure, out of the journal alone.

A node without a clock of its own stamps what happens with its boot and the time since then.  Once
it knows the time it says what to add (:class:`~hall_server.facts.NodeClockSet`), and all of that
boot has its place.  Nothing is decided by it: a rating counts by its window's name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec.structs import replace

from hall_server import facts as f
from hall_server.facts import BootTime, Fact

OLDEST_HAPPENED_MS: Final = 7 * 24 * 3600 * 1000
"""A device's own time counts when it lies at most this long before the hall heard of it."""


def credible_ms(happened_ms: int | None, at_ms: int) -> int:
    """The device's time where it can be true, else ``at_ms``, when the hall heard of it.

    A time after the hall's own, or more than a week before it, comes from a clock that was wrong.
    """
    if happened_ms is not None and at_ms - OLDEST_HAPPENED_MS <= happened_ms <= at_ms:
        return happened_ms
    return at_ms


def wall_ms(undated: BootTime, offset_us: int) -> int:
    """The wall time, in ms, of a moment of a boot whose clock is ahead of it by ``offset_us``."""
    return (undated.monotonic_us + offset_us) // 1000


def dated(facts: Iterable[Fact]) -> Iterator[Fact]:
    """The facts with ``happened_ms`` wherever the journal tells it, by the newest word of a boot.

    For whoever reads the journal afterwards: all of ``facts`` is read before the first comes back.
    """
    every = list(facts)
    offsets = {
        fact.body.boot: fact.body.offset_us
        for fact in every
        if isinstance(fact.body, f.NodeClockSet)
    }
    for fact in every:
        if fact.undated is not None and fact.undated.boot in offsets:
            happened_ms = wall_ms(fact.undated, offsets[fact.undated.boot])
            if credible_ms(happened_ms, fact.at_ms) == happened_ms:
                yield replace(fact, happened_ms=happened_ms)
                continue
        yield fact
