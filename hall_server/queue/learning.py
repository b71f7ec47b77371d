"""How long a service is expected to take at a counter, as the hall has learnt it."""

from __future__ import annotations

from typing import Final

from hall_server.catalogue import Catalogue
from hall_server.state import State

PRIOR_WEIGHT: Final = 10
"""Services that the expected minutes of the settings count for, against those measured."""
PACE_WEIGHT: Final = 12
"""Services that a counter's being like the others counts for."""
UNKNOWN_MS: Final = 480_000.0
"""For a service that the settings no longer have."""


def service_ms(hall: Catalogue, state: State, service: str) -> float:
    """How long a service is expected to take: the settings' word, outweighed as the hall learns."""
    known = hall.services.get(service)
    prior = known.expected_minutes * 60_000 if known else UNKNOWN_MS
    learnt = state.learnt.get(service)
    if learnt is None:
        return prior
    return (prior * PRIOR_WEIGHT + learnt.mean_ms * learnt.count) / (PRIOR_WEIGHT + learnt.count)


def pace(state: State, counter: str) -> float:
    """A counter's times by what is expected of them all: above 1 where it is slower."""
    learnt = state.paces.get(counter)
    if learnt is None:
        return 1.0
    return (PACE_WEIGHT + learnt.ratio * learnt.count) / (PACE_WEIGHT + learnt.count)


def expected_ms(hall: Catalogue, state: State) -> tuple[dict[str, float], dict[str, float]]:
    """(service -> ms, counter -> pace): a service takes the product of both."""
    return (
        {service: service_ms(hall, state, service) for service in hall.services},
        {counter: pace(state, counter) for counter in hall.counters},
    )
