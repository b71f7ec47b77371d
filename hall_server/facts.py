"""What happened in a hall: the bodies of the journal, each a small frozen struct.

Facts hold no names, no ID numbers and no raw scans; ``person`` is a keyed hash that cannot be
linked across days.  A fact stands on its own: replay needs no settings.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Struct

from devices.messages import SlipFault, StepResult

Channel = Literal["kiosk", "card", "wall_qr", "staff", "phone"]


class Body(Struct, frozen=True, tag_field="kind", omit_defaults=True):
    """Base of every fact's body."""


# ------------------------------------------------------------------ the day and the line


class DayOpened(Body, frozen=True, tag="day_opened"):
    """A new local day: numbers start again, what was left of the old one has lapsed."""

    day: str
    lapsed: int = 0
    """Tickets of the day before that were still in line, called, parked or being served."""


class TicketTaken(Body, frozen=True, tag="ticket_taken"):
    """Somebody is in line.  ``seniority_ms`` orders the line: earlier goes first."""

    ticket: str
    number: str
    service: str
    ordinal: int
    channel: Channel
    token: str
    seniority_ms: int
    person: str | None = None
    priority: str | None = None
    priority_by: str | None = None
    node: str | None = None


class PriorityGiven(Body, frozen=True, tag="priority_given"):
    """A reason to go first, and who gave it."""

    ticket: str
    reason: str | None
    by: str
    seniority_ms: int


class TicketCancelled(Body, frozen=True, tag="ticket_cancelled"):
    """Taken out of line by the citizen or a clerk."""

    ticket: str
    by: str


class MoreTimeAsked(Body, frozen=True, tag="more_time_asked"):
    """The citizen lets others go first: the ticket's seniority falls behind."""

    ticket: str
    seniority_ms: int


# ------------------------------------------------------------------ counters


class CounterOpened(Body, frozen=True, tag="counter_opened"):
    """A clerk signed in at a counter and calls."""

    counter: str
    clerk: str


PausedBy = Literal["clerk", "presence"]
"""The clerk herself, or the switch at her place."""


class CounterPaused(Body, frozen=True, tag="counter_paused"):
    """No calls for a while."""

    counter: str
    clerk: str
    reason: str
    by: PausedBy = "clerk"


class CounterResumed(Body, frozen=True, tag="counter_resumed"):
    """Calls again."""

    counter: str
    clerk: str
    by: PausedBy = "clerk"


class ClerkLeft(Body, frozen=True, tag="clerk_left"):
    """The switch at a counter says that its clerk has been away for ``for_ms``."""

    node: str
    counter: str | None
    for_ms: int
    late: bool = False
    """Told after she had opened, paused or resumed it: it pauses nothing."""


class ClerkReturned(Body, frozen=True, tag="clerk_returned"):
    """The switch at a counter says that its clerk is back."""

    node: str
    counter: str | None


class CounterClosed(Body, frozen=True, tag="counter_closed"):
    """The clerk signed out."""

    counter: str
    clerk: str


# ------------------------------------------------------------------ serving


class TicketCalled(Body, frozen=True, tag="ticket_called"):
    """A ticket was called to a counter; ``reason`` says why this one: words of
    :mod:`hall_server.queue.reasons`, or the clerk's own of a call by hand."""

    ticket: str
    counter: str
    clerk: str
    service: str
    wait_ms: int
    reason: str
    by_hand: bool = False
    passed: list[str] = []
    """Tickets that came before it and that this counter could have called."""


class TicketRecalled(Body, frozen=True, tag="ticket_recalled"):
    """Called once more."""

    ticket: str
    counter: str


class ServiceStarted(Body, frozen=True, tag="service_started"):
    """The person is at the counter."""

    ticket: str
    counter: str
    clerk: str


class ServiceFinished(Body, frozen=True, tag="service_finished"):
    """Served; the buttons of the counter open for this ticket."""

    ticket: str
    counter: str
    clerk: str
    service: str
    service_ms: int
    window: str
    levels: int
    scale: str
    window_ms: int


class FinishUndone(Body, frozen=True, tag="finish_undone"):
    """The finish was a mistake: the ticket is being served again, its window is void."""

    ticket: str
    counter: str
    clerk: str


class NoShow(Body, frozen=True, tag="no_show"):
    """Nobody came; the ticket goes back, aside, or out."""

    ticket: str
    counter: str
    clerk: str
    times: int
    outcome: Literal["tail", "parked", "dropped"]
    seniority_ms: int


class TicketParked(Body, frozen=True, tag="ticket_parked"):
    """Set aside, e.g. to fetch a missing paper; it keeps its seniority."""

    ticket: str
    counter: str
    clerk: str
    reason: str


class TicketUnparked(Body, frozen=True, tag="ticket_unparked"):
    """Back in line where its seniority puts it."""

    ticket: str
    by: str


class TicketTransferred(Body, frozen=True, tag="ticket_transferred"):
    """On to another service, or to one counter, with its seniority."""

    ticket: str
    counter: str
    clerk: str
    service: str
    to_counter: str | None = None


# ------------------------------------------------------------------ ratings


class RatingGiven(Body, frozen=True, tag="rating_given"):
    """A score, bound to the served ticket, its counter, clerk and service."""

    ticket: str
    counter: str
    clerk: str
    service: str
    window: str
    level: int
    levels: int
    scale: str
    via: Literal["buttons", "phone"]


RefusedRating = Literal[
    "closed",
    "already_rated",
    "paused",
    "unknown_window",
    "undone",
    "late",
    "wrong_counter",
    "wrong_scale",
]


class RatingRefused(Body, frozen=True, tag="rating_refused"):
    """A press that does not count, with its reason."""

    node: str
    counter: str | None
    level: int
    levels: int
    reason: RefusedRating
    window: str | None = None


class RatingWindowClosed(Body, frozen=True, tag="rating_window_closed"):
    """The buttons closed without a rating."""

    window: str
    ticket: str
    counter: str
    why: Literal["time", "next_ticket"]


# ------------------------------------------------------------------ scans, nodes, streams


class ScanHandled(Body, frozen=True, tag="scan_handled"):
    """A code was held before a scanner; what it was and what came of it."""

    node: str
    what: Literal[
        "card",
        "ticket",
        "procedure",
        "wrong_health_insurance",
        "wrong_damaged",
        "wrong_unknown",
        "unknown_ticket",
        "unknown_procedure",
    ]
    counter: str | None = None
    ticket: str | None = None
    person: str | None = None
    match: Literal["first", "same", "other"] | None = None
    """Card at a counter: the first for this ticket, that of the taker, or another person's."""
    procedure: str | None = None


class SlipAsked(Body, frozen=True, tag="slip_asked"):
    """A ticket's slip is to be printed at a kiosk; the fact's id names the print job."""

    ticket: str
    node: str
    by: str
    """The kiosk itself, or the clerk who wants it printed."""
    place: int | None = None
    """Place in line then, from 1; None where the ticket did not wait."""
    wait_low_ms: int | None = None
    wait_high_ms: int | None = None
    again: bool = False
    """By hand, not with the taking of the number."""


class SlipPrinted(Body, frozen=True, tag="slip_printed"):
    """What a node says became of a print job: printed and cut, or why not."""

    node: str
    slip: int
    ok: bool
    reason: SlipFault | None = None


class NodeAlarm(Body, frozen=True, tag="node_alarm"):
    """A fault that a node reported, or that it has gone."""

    node: str
    code: str
    device: str
    text: str
    raised: bool


class NodeClockSet(Body, frozen=True, tag="node_clock_set"):
    """A node's clock is right: what it stamped in this boot happened ``offset_us`` after it."""

    node: str
    boot: str
    offset_us: int


class NodeSelfTest(Body, frozen=True, tag="node_self_test"):
    """Somebody has gone through a node's devices and signed for it; times by the node's clock."""

    node: str
    started_ms: int
    finished_ms: int
    by: str
    """The technician's name, as signed there; ``unattended`` where nobody was."""
    results: tuple[StepResult, ...]
    passed: bool
    unattended: bool = False


class NodeSettingsWanted(Body, frozen=True, tag="node_settings_wanted"):
    """A technician wants a node to go by these settings over those of its own file."""

    node: str
    version: int
    text: str
    """TOML; empty for the node's own file alone."""
    by: str


class EventUnreadable(Body, frozen=True, tag="event_unreadable"):
    """An event whose body did not fit: a dead letter, passed over so that those behind it come."""

    node: str


class StreamBegan(Body, frozen=True, tag="stream_began"):
    """A node's outbox not seen before; ``first_seq`` above 1 means an older hall had the rest."""

    node: str
    first_seq: int


class StreamGap(Body, frozen=True, tag="stream_gap"):
    """Events that neither this journal nor the node holds any more."""

    node: str
    from_seq: int
    through_seq: int


AnyBody = (
    DayOpened
    | TicketTaken
    | PriorityGiven
    | TicketCancelled
    | MoreTimeAsked
    | CounterOpened
    | CounterPaused
    | CounterResumed
    | ClerkLeft
    | ClerkReturned
    | CounterClosed
    | TicketCalled
    | TicketRecalled
    | ServiceStarted
    | ServiceFinished
    | FinishUndone
    | NoShow
    | TicketParked
    | TicketUnparked
    | TicketTransferred
    | RatingGiven
    | RatingRefused
    | RatingWindowClosed
    | ScanHandled
    | SlipAsked
    | SlipPrinted
    | NodeAlarm
    | NodeClockSet
    | NodeSelfTest
    | NodeSettingsWanted
    | EventUnreadable
    | StreamBegan
    | StreamGap
)


class Source(Struct, frozen=True):
    """The device event that a fact came from: ``seq`` of ``stream``."""

    stream: str
    seq: int


class BootTime(Struct, frozen=True):
    """A moment of a node without a set clock: microseconds since the boot of that name."""

    boot: str
    monotonic_us: int


class Fact(Struct, frozen=True):
    """One line of the journal.  ``id`` counts from 1 without a gap; ``at_ms`` never falls."""

    id: int
    at_ms: int
    body: AnyBody
    source: Source | None = None
    request: str | None = None
    """The command's request id, on the last fact that it led to, which names its ticket."""
    happened_ms: int | None = None
    """When the device says it happened (wall time), where that differs from ``at_ms``."""
    undated: BootTime | None = None
    """The device's own time, where it could not tell the wall time; see ``hall_server.clocks``."""


_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(AnyBody)


def encode_body(body: AnyBody) -> bytes:
    """The JSON of a body, as the journal keeps it."""
    return _encoder.encode(body)


def decode_body(data: bytes | str) -> AnyBody:
    """Read a body back; raises ``msgspec.ValidationError`` where it is none."""
    body: AnyBody = _decoder.decode(data)
    return body
