"""All that a hall knows at a moment.

The state is derived from the journal alone: the same facts give the same state, bit for bit.
Tickets, counters and windows are frozen structs that are replaced, never changed, so a shallow
copy of the dictionaries is a snapshot that other threads may read.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct, field

from devices.messages import StepResult
from hall_server.facts import BootTime, PausedBy

TicketPhase = Literal["waiting", "called", "serving", "parked", "finished", "dropped", "cancelled"]
LIVE: Final = frozenset({"waiting", "called", "serving", "parked"})


class Ticket(Struct, frozen=True):
    """A place in line, today's."""

    id: str
    number: str
    service: str
    ordinal: int
    channel: str
    token: str
    taken_ms: int
    seniority_ms: int
    phase: TicketPhase = "waiting"
    person: str | None = None
    priority: str | None = None
    counter: str | None = None
    """Counter that called it last, or the one it was transferred to."""
    only_counter: str | None = None
    clerk: str | None = None
    called_ms: int | None = None
    started_ms: int | None = None
    finished_ms: int | None = None
    times_called: int = 0
    no_shows: int = 0
    call_reason: str = ""
    finishes: int = 0
    window: str | None = None
    rated: int | None = None
    overtaken: int = 0
    """Later tickets called before it, at counters that could have called it."""


class CounterState(Struct, frozen=True):
    """What a counter is doing."""

    id: str
    phase: Literal["closed", "open", "paused"] = "closed"
    clerk: str | None = None
    since_ms: int = 0
    pause_reason: str = ""
    ticket: str | None = None
    """The ticket called or being served here."""
    last_finished: str | None = None
    """The ticket whose finish may still be undone."""
    window: str | None = None
    """The rating window open here."""
    served: int = 0
    service_ms: int = 0
    """Sum of today's service times here."""
    ratings: int = 0
    rating_sum: int = 0
    told_ratings: int = 0
    told_sum: int = 0
    """The ratings that the clerk is told of: they grow by
    :data:`hall_server.changes.TOLD_TOGETHER` at a time."""
    match: Literal["first", "same", "other"] | None = None
    """What the last card shown here said of the ticket."""
    paused_by: PausedBy | None = None
    """Who paused it; None while it is not paused, and for a pause of before this was kept."""
    away_ms: int | None = None
    """Since when the switch says that the clerk is away and she has done nothing here."""
    ordinary_since_priority: int = 0
    """Calls here since the last of a ticket with a priority reason."""


class Window(Struct, frozen=True):
    """A rating window; it outlives its day by one, for presses that come late."""

    id: str
    ticket: str
    counter: str
    clerk: str
    service: str
    levels: int
    scale: str
    opened_ms: int
    duration_ms: int
    closed_ms: int | None = None
    void: bool = False
    rated: bool = False


class Call(Struct, frozen=True):
    """A call as boards show it; ``id`` is the fact's."""

    id: int
    at_ms: int
    ticket: str
    number: str
    service: str
    counter: str


class Learnt(Struct, frozen=True):
    """Running estimate of a service's time."""

    mean_ms: float
    count: int


class Pace(Struct, frozen=True):
    """A counter's service times by what was expected of them."""

    ratio: float
    count: int


class KioskScreen(Struct, frozen=True):
    """What was last held before a kiosk's scanner."""

    at_ms: int
    what: str
    ticket: str | None = None
    person: str | None = None
    procedure: str | None = None


class Slip(Struct, frozen=True):
    """A ticket's slip as a kiosk prints it; ``id`` is the fact's that asked for it."""

    id: int
    at_ms: int
    node: str
    ticket: str
    by: str
    place: int | None = None
    wait_low_ms: int | None = None
    wait_high_ms: int | None = None
    again: bool = False
    printed: bool | None = None
    """None until the node has reported."""
    reason: str | None = None
    told_ms: int | None = None
    """When it did."""
    copies: int = 0
    """Slips of the ticket that were printed before this one."""


class StreamPosition(Struct, frozen=True):
    """How far the journal holds a node's stream."""

    node: str
    seq: int
    events: int = 0
    """Events held, with those of the streams of its node that were forgotten for it."""
    day: str = ""
    """On which it began."""
    last_ms: int = 0
    """When it was last heard."""


class AlarmNote(Struct, frozen=True):
    """A node's alarm as the technician's page lists it."""

    at_ms: int
    node: str
    code: str
    device: str
    text: str
    raised: bool
    undated: BootTime | None = None
    """Its node's own time, until that node knows the wall time and ``at_ms`` is set right."""


class SelfTestNote(Struct, frozen=True):
    """The last self-test of a node, as the technician's page shows it."""

    at_ms: int
    took_ms: int
    by: str
    passed: bool
    unattended: bool
    results: tuple[StepResult, ...]
    undated: BootTime | None = None
    """As for :class:`AlarmNote`."""
    day: str = ""
    """On which the hall heard of it."""
    of_day: int = 0
    """Which one of its node that was on that day, from 1."""


class WantedSettings(Struct, frozen=True):
    """What a node's settings should be."""

    version: int
    text: str
    by: str
    at_ms: int


Line = list[tuple[int, int, str]]
"""Waiting tickets of a service, sorted: (seniority_ms, ordinal, ticket id)."""


class State(Struct):
    """Everything, mutable only through :func:`hall_server.changes.apply`."""

    last_fact: int = 0
    last_ms: int = 0
    day: str = ""
    tickets: dict[str, Ticket] = field(default_factory=dict)
    by_token: dict[str, str] = field(default_factory=dict)
    lines: dict[str, Line] = field(default_factory=dict)
    counters: dict[str, CounterState] = field(default_factory=dict)
    ordinals: dict[str, int] = field(default_factory=dict)
    persons: dict[str, str] = field(default_factory=dict)
    """``person/service`` -> its live ticket."""
    windows: dict[str, Window] = field(default_factory=dict)
    old_windows: dict[str, Window] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    learnt: dict[str, Learnt] = field(default_factory=dict)
    kiosks: dict[str, KioskScreen] = field(default_factory=dict)
    streams: dict[str, StreamPosition] = field(default_factory=dict)
    alarms: list[AlarmNote] = field(default_factory=list)
    refused_presses: int = 0
    requests: dict[str, str | None] = field(default_factory=dict)
    """Request id -> the ticket of its answer; today's."""
    old_requests: dict[str, str | None] = field(default_factory=dict)
    slips: dict[str, Slip] = field(default_factory=dict)
    """Ticket -> its latest slip; today's."""
    node_settings: dict[str, WantedSettings] = field(default_factory=dict)
    self_tests: dict[str, SelfTestNote] = field(default_factory=dict)
    """Node -> its last self-test."""
    paces: dict[str, Pace] = field(default_factory=dict)
    """Counter -> how quick it is."""

    def view(self) -> State:
        """A copy that stays as it is while this state goes on (frozen values are shared)."""
        return State(
            self.last_fact,
            self.last_ms,
            self.day,
            self.tickets.copy(),
            self.by_token.copy(),
            {service: line.copy() for service, line in self.lines.items()},
            self.counters.copy(),
            self.ordinals.copy(),
            self.persons.copy(),
            self.windows.copy(),
            {},
            self.calls.copy(),
            self.learnt.copy(),
            self.kiosks.copy(),
            self.streams.copy(),
            self.alarms.copy(),
            self.refused_presses,
            slips=self.slips.copy(),
            node_settings=self.node_settings.copy(),
            self_tests=self.self_tests.copy(),
            paces=self.paces.copy(),
        )

    def waiting(self) -> int:
        """People in line, all services."""
        return sum(map(len, self.lines.values()))
