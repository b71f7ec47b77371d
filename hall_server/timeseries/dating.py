"""Points of nodes without a set clock wait a while for their time: pure, by the journal alone.

A point cannot be moved once a store has it.  So the points of a fact whose device could not tell
the time are held until its node says how its clock stood, or until later facts show that this
took too long; then they stand where the hall heard of them.  Nothing but facts decides, so a
spool that is made anew gets the same points.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from hall_server import facts as f
from hall_server.clocks import credible_ms, wall_ms
from hall_server.facts import BootTime, Fact
from hall_server.timeseries.points import Point

WAIT_MS: Final = 10 * 60_000
"""How long, in the times of the journal's facts, points wait for their node's clock."""
MOST_HELD: Final = 500
"""Facts whose points wait; the oldest go first."""
BOOTS_KNOWN: Final = 200


class Held(Struct, frozen=True):
    """The points of one fact, and what its device said of its time."""

    at_ms: int
    undated: BootTime
    points: list[Point]


class Dating(Struct):
    """What waits, oldest first, and how far the clocks of boots are from the wall's."""

    held: list[Held] = field(default_factory=list)
    offsets: dict[str, int] = field(default_factory=dict)

    def take(self, fact: Fact, points: list[Point]) -> list[Point]:
        """The points that have their time now: those of ``fact`` or of others before it."""
        ready: list[Point] = []
        if isinstance(fact.body, f.NodeClockSet):
            ready += self._clock_set(fact.body)
        waiting = [one for one in self.held if fact.at_ms - one.at_ms < WAIT_MS]
        if isinstance(fact.body, f.DayOpened):
            waiting = []
        waiting = waiting[-MOST_HELD:]
        for one in self.held[: len(self.held) - len(waiting)]:
            ready += one.points
        self.held = waiting
        if fact.undated is None or isinstance(fact.body, f.NodeClockSet):
            return ready + points
        held = Held(fact.at_ms, fact.undated, points)
        offset_us = self.offsets.get(fact.undated.boot)
        if offset_us is not None:
            return ready + _dated(held, offset_us)
        self.held = [*self.held, held]
        return ready

    def _clock_set(self, body: f.NodeClockSet) -> list[Point]:
        self.offsets = {**self.offsets, body.boot: body.offset_us}
        while len(self.offsets) > BOOTS_KNOWN:
            self.offsets.pop(next(iter(self.offsets)))
        ready: list[Point] = []
        for one in self.held:
            if one.undated.boot == body.boot:
                ready += _dated(one, body.offset_us)
        self.held = [one for one in self.held if one.undated.boot != body.boot]
        return ready

    def copy(self) -> Dating:
        """For a batch that may fail; what it holds is replaced, never changed."""
        return Dating(self.held, self.offsets)


def _dated(held: Held, offset_us: int) -> list[Point]:
    at_ms = credible_ms(wall_ms(held.undated, offset_us), held.at_ms)
    return [replace(point, at_ms=at_ms) for point in held.points]


encode: Final = msgspec.msgpack.Encoder().encode
decode: Final = msgspec.msgpack.Decoder(Dating).decode
