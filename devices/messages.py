"""Every MQTT payload between a node and its hall, as typed structs; JSON on the wire.

Units stand in the field names: ``_ms`` and ``_us`` are milli- and microseconds, ``wall`` is
time since the Unix epoch in UTC, ``monotonic`` is time since the node's boot.  Unknown fields
are ignored, so that an older hall can read a newer node; wrong types are refused with the path
of the field.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

MAX_PAYLOAD_BYTES: Final = 64 * 1024
"""Longest payload that either side reads; longer ones are refused unread."""

MAX_SCAN_CHARS: Final = 4296
"""Characters in the largest QR code, version 40-L alphanumeric (ISO/IEC 18004)."""

# `$` alone lets a line feed at the end through in Python, though not in JSON Schema.
Identifier = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:-]+$(?!\n)")]
RandomId = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$(?!\n)")]
"""128 random bits, as 32 hexadecimal digits."""
Positive = Annotated[int, Meta(ge=1, le=2**62)]
Natural = Annotated[int, Meta(ge=0, le=2**62)]
ShortText = Annotated[str, Meta(max_length=500)]


# ---------------------------------------------------------------- events, node to hall


class Scan(Struct, frozen=True, tag_field="kind", tag="scan"):
    """A code held before the scanner.  ``text`` may be personal: never log it."""

    text: Annotated[str, Meta(min_length=1, max_length=MAX_SCAN_CHARS)]
    """What the code says, in Unicode as it was decoded, without a check of its meaning."""
    decoder: Literal["zxing-cpp", "pyzbar", "serial", "keyboard"]
    """The reader that found it."""

    def __repr__(self) -> str:
        return f"Scan(text=<{len(self.text)} characters withheld>, decoder={self.decoder!r})"


class RatingPress(Struct, frozen=True, tag_field="kind", tag="rating"):
    """A press of a satisfaction button, accepted at the counter or refused there."""

    level: Annotated[int, Meta(ge=1, le=5, description="1 is the worst, `levels` the best")]
    levels: Annotated[int, Meta(ge=3, le=5, description="buttons on this counter")]
    window_id: Identifier | None
    """The rating window that the display showed; None when none was open."""
    refused: Literal["closed", "already_rated", "paused"] | None = None
    """Why the node lit no lamp; None when it did."""


class Alarm(Struct, frozen=True, tag_field="kind", tag="alarm"):
    """Something about the node that a technician must know."""

    code: Identifier
    """What kind of fault, e.g. ``camera-gone``."""
    device: Identifier
    """The device that has it, as the node's settings name it."""
    text: ShortText
    """What is wrong and what to do, for a person."""
    raised: bool = True
    """False when the fault has gone."""


SlipFault = Literal[
    "paper_out", "cover_open", "offline", "no_answer", "disk_full", "late", "unsure"
]
"""Why a slip is not in somebody's hand.  ``late``: too old to be printed when the node heard of it;
``unsure``: the node stopped while it was printed, so it is not printed again by itself."""


class TicketPrinted(Struct, frozen=True, tag_field="kind", tag="printed"):
    """What became of a print job: printed and cut, or given up."""

    slip: Positive
    """The job's ``id``."""
    ok: bool
    """True when the printer itself has said that the slip is cut."""
    reason: SlipFault | None = None
    """Why it was given up; None when it is printed."""


class ClockSet(Struct, frozen=True, tag_field="kind", tag="clock_set"):
    """The node's wall clock is right from now on, or was set anew while it was.

    What happened earlier in the same boot happened at its ``monotonic_us`` + ``offset_us``.
    """

    boot_id: RandomId
    """The boot whose times this corrects."""
    offset_us: Annotated[int, Meta(ge=-(2**62), le=2**62)]
    """Wall time less monotonic time."""


class ClerkPresence(Struct, frozen=True, tag_field="kind", tag="presence"):
    """The switch at the clerk's place: she has been away for longer than a setting, or is back."""

    present: bool
    """True when she is back."""
    for_ms: Natural
    """How long it had been so when it was told."""


MAX_STEPS: Final = 64
MAX_STEP_CHARS: Final = 200
"""So bounded, the longest report of a self-test stays below :data:`MAX_PAYLOAD_BYTES`."""


class StepResult(Struct, frozen=True):
    """What became of one step of a self-test."""

    device: Identifier
    """As the node's settings name it."""
    step: Identifier
    """Such as ``press-1``; ``open`` where the device could not be opened."""
    ok: bool
    """Whether it was right."""
    text: Annotated[str, Meta(max_length=MAX_STEP_CHARS)] = ""
    """What was measured, or what was wrong."""


class SelfTest(Struct, frozen=True, tag_field="kind", tag="self_test"):
    """A technician has gone through the devices of a node, and signs for it."""

    started_wall_ms: Natural
    """When it began, by the node's wall clock."""
    finished_wall_ms: Natural
    """When it was signed."""
    by: Annotated[str, Meta(min_length=1, max_length=80)]
    """The technician's name; ``unattended`` where nobody was there."""
    results: Annotated[list[StepResult], Meta(max_length=MAX_STEPS)]
    """Each step, in order."""
    passed: bool
    """Whether all of them were right."""
    unattended: bool = False
    """Whether stand-ins did what a technician does."""


EventBody = Scan | RatingPress | Alarm | TicketPrinted | ClockSet | ClerkPresence | SelfTest


class Event(Struct, frozen=True):
    """One thing that happened at a node, as it left the outbox.

    ``stream`` is drawn once an outbox file and ``seq`` counts from 1 in it without a gap;
    together they name the event for ever.  ``oldest_seq`` is the lowest that the node still
    holds: below it, nothing can be asked for again.
    """

    stream: RandomId
    """Which outbox file; drawn at random when the file was made."""
    seq: Positive
    """Which event of the stream, from 1 without a gap."""
    oldest_seq: Positive
    """The lowest ``seq`` that the node still holds."""
    boot_id: RandomId
    """Which boot of the node ``monotonic_us`` counts from."""
    wall_us: Natural
    """When it happened by the node's wall clock."""
    monotonic_us: Natural
    """When it happened by the clock that never goes back."""
    clock_synchronised: bool
    """Whether the wall clock could be trusted then."""
    body: EventBody
    """What happened."""


class EventHead(Struct, frozen=True):
    """The part of an :class:`Event` that names it: read where its body does not fit."""

    stream: RandomId
    seq: Positive
    oldest_seq: Positive


# ---------------------------------------------------------------- state and health, node to hall


class NodeState(Struct, frozen=True):
    """Birth certificate and last will of a node (retained)."""

    status: Literal["online", "offline"]
    """The broker says offline for a node that went away without a word."""
    boot_id: RandomId
    """Which boot of the node this is."""
    version: Annotated[str, Meta(max_length=40)]
    """Version of the node's program."""
    devices: Annotated[list[Identifier], Meta(max_length=32)] = []
    """What hangs on the node, as its settings name it."""


class LoopBeat(Struct, frozen=True):
    """When one loop of the agent last went round."""

    name: Identifier
    """Which loop."""
    age_ms: Natural
    """How long ago it went round."""


class Health(Struct, frozen=True):
    """How a node is, every 30 s."""

    boot_id: RandomId
    """Which boot of the node this is."""
    wall_us: Natural
    """When this was measured, by the node's wall clock."""
    uptime_s: Natural
    """Time since the node's boot."""
    clock_synchronised: bool
    """Whether the wall clock can be trusted."""
    outbox_depth: Natural
    """Events that the hall has not acknowledged yet."""
    outbox_bytes: Natural
    """Size of the outbox's file."""
    events_total: Natural
    """Highest ``seq`` that this outbox has given out."""
    disk_free_bytes: Natural
    """Room left where the outbox lies."""
    rss_bytes: Natural
    """Memory that the agent takes."""
    temperature_c: Annotated[float, Meta(ge=-60, le=200)] | None = None
    """Temperature of the processor; None where nothing measures it."""
    loops: Annotated[list[LoopBeat], Meta(max_length=32)] = []
    """The beat of each loop of the agent."""
    notes: Annotated[list[ShortText], Meta(max_length=16)] = []
    """What works with less than it should, e.g. no sound device."""


# ---------------------------------------------------------------- hall to node


class Ack(Struct, frozen=True):
    """The hall's journal holds this stream up to and including ``through``."""

    stream: RandomId
    """Which outbox file is meant."""
    through: Natural
    """No ``seq`` up to this one is missing there: the node forgets them."""


class RatingWindow(Struct, frozen=True):
    """The time in which the buttons of a counter count, for one served ticket."""

    window_id: Identifier
    """Names the window; a press carries it back."""
    levels: Annotated[int, Meta(ge=3, le=5)]
    """Buttons that count."""
    opened_wall_ms: Natural
    """When it opened, by the hall's clock."""
    duration_ms: Annotated[int, Meta(ge=1_000, le=600_000)]
    """How long it stays open."""


class Announcement(Struct, frozen=True):
    """A call to be spoken once; ``id`` rises through the life of a hall."""

    id: Positive
    """A node speaks only what is higher than the last it spoke."""
    text: ShortText
    """The words to speak."""
    called_wall_ms: Natural
    """When the ticket was called; what is too old stays unspoken."""


class PrintJob(Struct, frozen=True):
    """A ticket's slip to be printed once; ``id`` and ``asked_wall_ms`` rise with each asking.

    ``url`` opens the ticket's page: never log it.
    """

    id: Positive
    """Names the job; a node prints none that does not come after the last it dealt with."""
    asked_wall_ms: Natural
    """When it was asked for, by the hall's clock; what is too old stays unprinted."""
    number: Annotated[str, Meta(min_length=1, max_length=12)]
    """The ticket's number, e.g. ``A012``."""
    service: ShortText
    """What the ticket is for, as people read it."""
    hall: ShortText
    """The hall's name."""
    url: Annotated[str, Meta(min_length=1, max_length=400)]
    """Address of the ticket's page, for the QR code."""
    utc_offset_minutes: Annotated[int, Meta(ge=-720, le=840)]
    """Local time less UTC, for the time on the slip."""
    place: Positive | None = None
    """Place in line, from 1, when it was asked for; None where the ticket did not wait."""
    wait_low_minutes: Natural | None = None
    """Wait to expect then; None where no counter was open for it."""
    wait_high_minutes: Natural | None = None
    """The same, at the most."""
    again: bool = False
    """Asked for by hand, after a first slip or where none was printed."""

    def __repr__(self) -> str:
        return f"PrintJob(id={self.id}, number={self.number!r}, url=<withheld>)"


Phase = Literal["closed", "paused", "idle", "called", "serving", "rating", "thanks"]
"""What a counter is doing, as far as the people before it need to know."""


class Display(Struct, frozen=True):
    """All that a node must show and say (retained).

    ``rev`` rises with every change through the life of the hall, also across its restarts:
    a node keeps the highest it has seen.
    """

    rev: Natural
    """Which state this is; higher is newer."""
    wall_ms: Natural
    """When it came to be, by the hall's clock."""
    phase: Phase
    """What the counter is doing."""
    counter: Annotated[str, Meta(max_length=24)] | None = None
    """Number of the counter as people read it, e.g. ``3``; None on a node of the whole hall."""
    ticket: Annotated[str, Meta(max_length=12)] | None = None
    """The ticket that is called or served, e.g. ``A012``."""
    service: ShortText | None = None
    """What the ticket is for, as people read it."""
    rating: RatingWindow | None = None
    """The open rating window; None when the buttons do not count."""
    announcements: Annotated[list[Announcement], Meta(max_length=16)] = []
    """The latest calls to speak, oldest first; empty on a node without a voice."""
    called_wall_ms: Natural | None = None
    """When ``ticket`` was last called, by the hall's clock: a later time is a recall, and a time
    long past is no new call, whenever the display was sent; None where nobody is called."""
    slips: Annotated[list[PrintJob], Meta(max_length=16)] = []
    """Slips that no report has come for yet, oldest first; empty on a node without a printer."""


class DesiredSettings(Struct, frozen=True):
    """What the hall wants a node's settings to be, over those of the node's own file (retained)."""

    version: Positive
    """Rises with each wish; the node's answer names it."""
    text: Annotated[str, Meta(max_length=20_000)]
    """TOML: the settings that differ from the node's own file; empty for none."""


class AppliedSettings(Struct, frozen=True):
    """Which settings a node goes by, and what became of the last ones it was sent (retained)."""

    version: Natural
    """The version in force; 0 while it goes by its own file alone."""
    text: Annotated[str, Meta(max_length=20_000)]
    """The TOML in force over the node's own file."""
    asked: Natural = 0
    """The version it was sent last."""
    status: Literal["applied", "trying", "refused"] = "applied"
    """What became of ``asked``; while trying, a failure brings the old ones back."""
    path: Annotated[str, Meta(max_length=200)] = ""
    """The setting for which it was refused; empty where none is to blame."""
    reason: ShortText = ""
    """Why it was refused, for a person."""


CommandKind = Literal["identify", "self-test", "reboot"]


class NodeCommand(Struct, frozen=True):
    """Something to be done at once or not at all; expires after 10 s."""

    id: RandomId
    """Names the command: one that comes twice is done once."""
    command: CommandKind
    """What to do."""
    sent_wall_ms: Natural
    """When it was asked for, by the hall's clock."""


class CommandAnswer(Struct, frozen=True):
    """What became of a command."""

    id: RandomId
    """Which command."""
    outcome: Literal["done", "refused", "expired"]
    """Expired: it came too late, and was not done."""
    reason: Annotated[str, Meta(max_length=64)] = ""
    """Why it was refused, as a short code, e.g. ``not-under-systemd``."""
    text: ShortText = ""
    """The same for a person, with what to do."""


class HallState(Struct, frozen=True):
    """Birth and last will of the hall (retained): nodes send again when it comes online."""

    status: Literal["online", "offline"]
    """The broker says offline for a hall that went away without a word."""
    started_wall_ms: Natural
    """When this run of the hall began."""
    version: Annotated[str, Meta(max_length=40)]
    """Version of the hall's program."""


PAYLOADS: Final[dict[str, type[Struct]]] = {
    "state": NodeState,
    "event": Event,
    "ack": Ack,
    "display": Display,
    "health": Health,
    "settings": DesiredSettings,
    "settings/applied": AppliedSettings,
    "command": NodeCommand,
    "command/answer": CommandAnswer,
}
"""The payload of each leaf of the topic tree."""

_KINDS: Final[list[type[Struct]]] = [*PAYLOADS.values(), HallState, EventHead]
_DECODERS: Final[dict[type[Struct], msgspec.json.Decoder[Any]]] = {
    kind: msgspec.json.Decoder(kind) for kind in _KINDS
}
_ENCODER: Final = msgspec.json.Encoder()


class PayloadError(ValueError):
    """A payload that does not fit its contract; the text names the field and never its value."""


T = TypeVar("T", bound=Struct)


def encode(message: Struct) -> bytes:
    """The JSON bytes of a message."""
    return _ENCODER.encode(message)


def decode(payload: bytes, kind: type[T]) -> T:
    """Read a payload as ``kind``, one of the structs above.

    Raises:
        PayloadError: too long, not JSON, or a field of the wrong type or out of bounds.
    """
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise PayloadError(f"{len(payload)} bytes, at most {MAX_PAYLOAD_BYTES} are read")
    try:
        message: T = _DECODERS[kind].decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PayloadError(_without_values(str(error))) from None
    return message


def _without_values(reason: str) -> str:
    """msgspec quotes the offending value of a wrong tag or enum: it may be personal."""
    head, separator, path = reason.rpartition(" - at ")
    if not separator:
        head, path = reason, ""
    quoted = re.match(r"(Invalid (?:enum )?value) ", head)
    return f"{quoted.group(1) if quoted else head[:200]}{separator}{path[:200]}"
