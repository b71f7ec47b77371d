"""What a hall offers and the rules it keeps: services, counters, procedures; plain data."""

from __future__ import annotations

from typing import Annotated, Final, Literal, get_args

from msgspec import Meta, Struct, field

Name = Annotated[str, Meta(min_length=1, max_length=120)]
Key = Annotated[str, Meta(min_length=1, max_length=24, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]

LocalTime = Annotated[str, Meta(pattern=r"^(([01]?[0-9]|2[0-3]):[0-5][0-9]|24:00)?$")]

PriorityReason = Literal["merit", "elderly", "disabled", "pregnant", "poor", "orphan", "social"]

PRIORITY_REASONS: Final[tuple[PriorityReason, ...]] = get_args(PriorityReason)
"""Whom Decree 63/2010 art. 18 lets go first: people with merit, the elderly, the disabled,
pregnant women, poor households, orphans, people under social protection."""


class Service(Struct, frozen=True, forbid_unknown_fields=True):
    """A line of business with a number series of its own."""

    id: Annotated[Key, Meta(description="short name used by counters and commands")]
    prefix: Annotated[
        str, Meta(pattern=r"^[A-Z]{1,2}$", description="letter before the ticket's number")
    ]
    name: Annotated[Name, Meta(description="name in Vietnamese, as citizens read it")]
    name_en: Annotated[str, Meta(max_length=120, description="name in English")] = ""
    expected_minutes: Annotated[
        float, Meta(ge=0.5, le=240, description="how long serving takes, until the hall has learnt")
    ] = 8.0
    documents: Annotated[str, Meta(max_length=300, description="papers to bring")] = ""
    documents_en: Annotated[str, Meta(max_length=300, description="papers, in English")] = ""


class Counter(Struct, frozen=True, forbid_unknown_fields=True):
    """A counter with the services it serves."""

    id: Annotated[Key, Meta(description="number of the counter as people read it")]
    services: Annotated[
        list[Key], Meta(min_length=1, max_length=64, description="ids of the services it serves")
    ]
    opens: Annotated[
        LocalTime, Meta(description="when it opens, such as 07:30; none where no hours are kept")
    ] = ""
    closes: Annotated[
        LocalTime, Meta(description="when it closes, such as 17:00; waits are told with it")
    ] = ""
    breaks: Annotated[
        list[tuple[LocalTime, LocalTime]],
        Meta(max_length=12, description='its breaks, such as [["11:30", "13:30"]]'),
    ] = []


class Procedure(Struct, frozen=True, forbid_unknown_fields=True):
    """A procedure (thủ tục) with a QR code on the wall."""

    code: Annotated[Key, Meta(description="code in the wall QR, after /p/")]
    service: Annotated[Key, Meta(description="id of the service whose line it joins")]
    name: Annotated[Name, Meta(description="name in Vietnamese")]
    name_en: Annotated[str, Meta(max_length=120, description="name in English")] = ""
    documents: Annotated[
        list[Annotated[str, Meta(max_length=200)]],
        Meta(max_length=40, description="papers to bring, one a line"),
    ] = []
    days: Annotated[float, Meta(ge=0, le=365, description="working days it takes by law")] = 0.0


class QueueRules(Struct, frozen=True, forbid_unknown_fields=True):
    """How the queue is kept."""

    policy: Annotated[
        Literal["balanced", "priority", "interleave", "weighted", "arrival"],
        Meta(
            description="who is called next: what lets all wait least, priorities first, some "
            "ordinary tickets to one priority, the longest wait with priorities weighed, or first "
            "come, first served"
        ),
    ] = "balanced"
    overtaken_at_most: Annotated[
        int,
        Meta(
            ge=0,
            le=1_000,
            description="later tickets that a counter may call before one it serves, under "
            "balanced",
        ),
    ] = 20
    priority_within_minutes: Annotated[
        float,
        Meta(
            ge=0,
            le=240,
            description="minutes within which balanced calls a ticket with a priority reason, as "
            "far as its counters free up",
        ),
    ] = 8.0
    interleave_ordinary: Annotated[
        int, Meta(ge=1, le=20, description="ordinary tickets to one priority under interleave")
    ] = 2
    priority_minutes: Annotated[
        dict[PriorityReason, Annotated[float, Meta(ge=0, le=240)]],
        Meta(description="minutes of waiting that each priority reason counts for, under weighted"),
    ] = field(default_factory=lambda: dict.fromkeys(PRIORITY_REASONS, 20.0))
    recall_after_s: Annotated[
        int, Meta(ge=5, le=600, description="seconds until the clerk is asked to call again")
    ] = 45
    no_shows_until_dropped: Annotated[
        int, Meta(ge=1, le=10, description="calls in vain after which a ticket is dropped")
    ] = 3
    after_no_show: Annotated[
        Literal["tail", "parked"],
        Meta(description="where a ticket goes that did not come: the line's tail, or aside"),
    ] = "tail"
    kiosk_forgets_after_s: Annotated[
        int, Meta(ge=5, le=300, description="seconds after which the kiosk forgets a scanned card")
    ] = 45
    utc_offset_minutes: Annotated[
        int,
        Meta(ge=-720, le=840, description="local time less UTC; numbers start anew at midnight"),
    ] = 420


class RatingRules(Struct, frozen=True, forbid_unknown_fields=True):
    """How satisfaction is asked."""

    levels: Annotated[int, Meta(ge=3, le=5, description="buttons: 3, 4 or 5 levels")] = 5
    scale: Annotated[
        Key, Meta(description="version of the scale, kept with each rating; change it with levels")
    ] = "hai-long-5.v1"
    window_s: Annotated[
        int, Meta(ge=5, le=600, description="seconds the buttons stay open after a service")
    ] = 30
    late_s: Annotated[
        int, Meta(ge=0, le=60, description="seconds a press may lie after the window by the clocks")
    ] = 5
    phone_minutes: Annotated[
        int, Meta(ge=0, le=1440, description="minutes the phone page may still rate; 0 is never")
    ] = 30


class Slips(Struct, frozen=True):
    """What a ticket's slip says of the hall, and the kiosks that print some."""

    hall: str = ""
    public_url: str = ""
    """Address of the pages as phones reach it, without a slash at the end."""
    printers: tuple[str, ...] = ()
    """Nodes, in the order of the settings."""


class Catalogue(Struct, frozen=True):
    """Services, counters, procedures and nodes by id, with the rules: all that deciding needs."""

    services: dict[str, Service]
    counters: dict[str, Counter]
    procedures: dict[str, Procedure] = {}
    counter_of_node: dict[str, str] = {}
    """Node -> the counter it stands on; kiosks and boards are not in it."""
    queue: QueueRules = field(default_factory=QueueRules)
    ratings: RatingRules = field(default_factory=RatingRules)
    slips: Slips = Slips()
