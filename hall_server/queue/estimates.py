"""Place in line and the wait to expect: the policy run forward over learnt service times."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from hall_server.catalogue import Catalogue
from hall_server.queue.forward import Forward
from hall_server.queue.learning import service_ms
from hall_server.state import State

LOW: Final = 0.8
LOW_ROOT: Final = 0.4
HIGH: Final = 1.2
HIGH_ROOT: Final = 0.5
HIGH_MS: Final = 60_000
"""The range around the run: a share of the wait, and of the root of wait times service time, as
the sum of many visits spreads.  Calibrated on simulated days so that nine in ten wait no longer
than the upper end and nine in ten no shorter than the lower; ``motcua bench queue`` measures it
on days that it was not calibrated on."""
MOST_LOOKS: Final = 15_000
"""At the first of a group, for one ticket's wait: some 6 ms, as the hall decides nothing else
meanwhile.  A hall where 375 wait for 20 services is run to its end."""


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
            mean_ms = service_ms(hall, state, state.tickets[key].service)
            tickets[key] = Place(index, _wait(starts.get(key), now_ms, mean_ms), turn)
    return Estimates(
        tickets,
        {
            service: _wait(run.nobody_ms.get(service), now_ms, service_ms(hall, state, service))
            for service in hall.services
        },
    )


def estimate_one(hall: Catalogue, state: State, ticket: str, now_ms: int) -> Place | None:
    """:func:`estimate` of one ticket alone; None where it does not wait.

    Where too many wait to be run forward until its call (:data:`MOST_LOOKS`), its wait is the work
    of all who are more urgent now, shared by the counters that could do it.
    """
    forward = Forward(hall, state, state.lines, now_ms)
    groups = forward.groups
    here = next(
        (
            (number, group.tickets.index(ticket))
            for number, group in enumerate(groups)
            if ticket in group.tickets
        ),
        None,
    )
    if here is None:
        return None
    most = max(1, MOST_LOOKS // len(groups))
    called = forward.run(most=most, until=here).called
    service = groups[here[0]].service
    mean_ms = service_ms(hall, state, service)
    line = {number for number, group in enumerate(groups) if group.service == service}
    before = sum(call.group in line for call in called)
    if called and (called[-1].group, called[-1].place) == here:
        return Place(before, _wait(called[-1].at_ms, now_ms, mean_ms), len(called) - 1)
    reached = {(call.group, call.place) for call in called}

    def turn(number: int, place: int) -> tuple[float, int, int, str]:
        key = groups[number].tickets[place]
        urgency = forward.index(number, place, now_ms)
        return -urgency, groups[number].since_ms[place], state.tickets[key].ordinal, key

    own = turn(*here)
    place = before + sum(
        (number, behind) not in reached and turn(number, behind) <= own
        for number in line
        for behind in range(len(groups[number].tickets))
    )
    start_ms = _by_work(forward, here) if len(called) == most else None
    return Place(place, _wait(start_ms, now_ms, mean_ms), len(called))


def _by_work(forward: Forward, here: tuple[int, int]) -> float | None:
    """When the group and place would be called if those more urgent went first, at one pace."""
    own = forward.index(*here, forward.now_ms)
    rivals = {rival for serves in forward.serves.values() if here[0] in serves for rival in serves}
    counters = [one for one, serves in forward.serves.items() if rivals.intersection(serves)]
    if not counters:
        return None
    usual_ms = forward.took_ms(here[0], counters[0])
    slower = sum(forward.took_ms(here[0], one) for one in counters) / len(counters) / usual_ms
    work_ms = 0.0
    for number in rivals:
        more_urgent = sum(
            forward.index(number, place, forward.now_ms) >= own
            for place in range(len(forward.groups[number].tickets))
        )
        if number == here[0]:
            more_urgent = here[1]
        work_ms += forward.took_ms(number, counters[0]) * slower * more_urgent
    return forward.now_ms + work_ms / len(counters)


def _wait(start_ms: float | None, now_ms: int, mean_ms: float) -> Wait | None:
    if start_ms is None:
        return None
    middle = max(0.0, start_ms - now_ms)
    spread = math.sqrt(middle * mean_ms)
    low = max(0.0, middle * LOW - spread * LOW_ROOT)
    return Wait(round(low), round(middle), round(middle * HIGH + spread * HIGH_ROOT + HIGH_MS))
