"""Place in line and the wait to expect: the policy run forward over learnt service times."""

from __future__ import annotations

from typing import Final, NamedTuple

from hall_server.catalogue import Catalogue
from hall_server.queue.forward import Forward
from hall_server.state import State

LOW: Final = 0.7
HIGH: Final = 1.4
"""The range told around the forward run.  Set by hand so far, not calibrated."""


class Wait(NamedTuple):
    """Milliseconds until the call: a range, and the middle of it."""

    low_ms: int
    median_ms: int
    high_ms: int


class Place(NamedTuple):
    """Where a waiting ticket stands in the line of its service, from 1, and its wait.

    ``wait`` is None while no open counter serves it.
    """

    place: int
    wait: Wait | None
    turn: int
    """Among all who wait, in the order of the calls to come, from 0."""


class Estimates(NamedTuple):
    """Every waiting ticket's place and wait, and for each service the wait of a newcomer."""

    tickets: dict[str, Place]
    services: dict[str, Wait | None]


def estimate(hall: Catalogue, state: State, now_ms: int) -> Estimates:
    """Run the queue forward from ``state``: which counter frees when, whom it calls then.

    Reads the state and changes nothing.  Paused and closed counters call nobody.  The place is
    among those of the same service, in the order in which they will be called.
    """
    forward = Forward(hall, state, state.lines, now_ms)
    run = forward.run()
    starts = {forward.groups[call.group].tickets[call.place]: call.at_ms for call in run.called}
    turns = {
        forward.groups[call.group].tickets[call.place]: turn for turn, call in enumerate(run.called)
    }
    # nobody is open for these: the most urgent of today first
    urgency = {
        key: forward.index(number, place, now_ms)
        for number, group in enumerate(forward.groups)
        for place, key in enumerate(group.tickets)
        if key not in turns
    }
    tickets: dict[str, Place] = {}
    for line in state.lines.values():
        order = sorted(
            line, key=lambda one: (turns.get(one[2], len(turns)), -urgency.get(one[2], 0.0), one)
        )
        for index, (_, _, key) in enumerate(order, start=1):
            turn = turns.get(key, len(turns))
            tickets[key] = Place(index, _wait(starts.get(key), now_ms), turn)
    return Estimates(
        tickets, {service: _wait(run.nobody_ms.get(service), now_ms) for service in hall.services}
    )


def _wait(start_ms: float | None, now_ms: int) -> Wait | None:
    if start_ms is None:
        return None
    middle = max(0.0, start_ms - now_ms)
    return Wait(round(middle * LOW), round(middle), round(middle * HIGH))
