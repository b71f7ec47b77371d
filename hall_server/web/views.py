"""What each page shows, as typed structs: the JSON of the live streams and of the first paint.

Times are ``_ms`` since the Unix epoch in UTC; waits are ranges in whole minutes.  ``rev`` is the
journal's last fact that the view knows; it rises, also across restarts of the hall.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from devices.messages import CommandKind, SlipFault
from hall_server.card_forms import CardForm, WrongCard


class Wait(Struct, frozen=True):
    """A wait told to people: ``low``-``high`` minutes, half of all waits end by ``median``."""

    low_minutes: int
    high_minutes: int
    median_minutes: int


class ServiceLine(Struct, frozen=True):
    """A service with its line, for boards and kiosks."""

    id: str
    prefix: str
    name: str
    name_en: str
    waiting: int
    wait: Wait | None
    """For who comes now; None where no open counter serves it."""
    counters: list[str]
    """Open counters that serve it."""


class CallLine(Struct, frozen=True):
    """A call on the board; ``id`` rises, a recall has a new one."""

    id: int
    at_ms: int
    number: str
    service: str
    service_en: str
    counter: str


class BoardView(Struct, frozen=True):
    """The hall's board.  Numbers, never names."""

    rev: int
    at_ms: int
    hall: str
    calls: list[CallLine]
    """Newest first, at most 8, each ticket once."""
    services: list[ServiceLine]
    waiting: int
    open_counters: int


class Rating(Struct, frozen=True):
    """A rating that can be given now."""

    levels: int
    until_ms: int


class TicketView(Struct, frozen=True):
    """A citizen's own page, by the ticket's token."""

    rev: int
    at_ms: int
    hall: str
    number: str
    service: str
    service_en: str
    documents: str
    documents_en: str
    phase: Literal["waiting", "called", "serving", "parked", "finished", "dropped", "cancelled"]
    taken_ms: int
    place: int | None
    """Place in the line of the service, from 1; None where not waiting."""
    wait: Wait | None
    counters: list[str]
    """Open counters that serve it."""
    counter: str | None
    """Where it was called to."""
    called_ms: int | None
    now_serving: list[CallLine]
    """The latest call of each open counter that serves this service."""
    rating: Rating | None
    rated: int | None
    can_cancel: bool
    can_wait_longer: bool


class ProcedureView(Struct, frozen=True):
    """A procedure as a wall code shows it."""

    code: str
    name: str
    name_en: str
    service: str
    service_en: str
    documents: list[str]
    days: float


class KioskTicket(Struct, frozen=True):
    """A ticket just taken (or found again) at the kiosk."""

    number: str
    token: str
    url: str
    """Address of its phone page; the kiosk shows it as a QR code."""
    service: str
    service_en: str
    place: int | None
    wait: Wait | None
    counters: list[str]


class KioskScan(Struct, frozen=True):
    """What was last held before the kiosk's scanner; gone at ``until_ms``."""

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
    at_ms: int
    until_ms: int
    ticket: KioskTicket | None = None
    procedure: ProcedureView | None = None


class SlipLine(Struct, frozen=True):
    """The latest slip of a ticket: where it is printed, and what became of it."""

    number: str
    node: str
    state: Literal["printing", "printed", "failed"]
    """Failed too where the printer has not said anything for too long."""
    reason: SlipFault | None
    asked_ms: int
    lost_ms: int
    """From here on it counts as lost where nothing was heard of it."""
    again: bool


class KioskView(Struct, frozen=True):
    """A kiosk."""

    rev: int
    at_ms: int
    hall: str
    services: list[ServiceLine]
    scan: KioskScan | None
    forget_after_s: int
    printer: bool
    """It prints slips."""
    slips: list[SlipLine]
    """Those of the last minutes here; each for whoever stands before its number."""


class CounterView(Struct, frozen=True):
    """The display over a counter, and its rating screen."""

    rev: int
    at_ms: int
    hall: str
    counter: str
    phase: Literal["closed", "paused", "idle", "called", "serving"]
    number: str | None
    service: str | None
    service_en: str | None
    services: list[str]
    services_en: list[str]
    called_ms: int | None
    call_id: int | None
    rating: Rating | None
    thanks_until_ms: int | None
    """Just rated: say thank you until then; which level is never shown."""
    away: bool = False
    """Paused because its clerk has left it; why she paused it herself is not shown."""


class WaitingLine(Struct, frozen=True):
    """A ticket in the clerk's list."""

    ticket: str
    number: str
    service: str
    service_en: str
    since_ms: int
    priority: str | None
    no_shows: int


class AtCounterTicket(Struct, frozen=True):
    """The ticket a clerk has called or is serving."""

    ticket: str
    number: str
    service: str
    service_en: str
    phase: Literal["called", "serving"]
    taken_ms: int
    called_ms: int
    started_ms: int | None
    wait_ms: int
    reason: str
    """``longest_wait``, ``priority``, or the clerk's own words of a call by hand."""
    priority: str | None
    channel: str
    times_called: int
    no_shows: int
    match: Literal["first", "same", "other"] | None


class Today(Struct, frozen=True):
    """A counter's day so far."""

    served: int
    mean_service_ms: int | None
    ratings: int
    rating_mean: float | None
    """Moves with every fifth rating, so that it tells of no single one; None before."""
    levels: int


class OtherCounter(Struct, frozen=True):
    """Where a ticket may be sent."""

    counter: str
    open: bool
    services: list[str]


class ClerkView(Struct, frozen=True):
    """The console of one clerk at one counter."""

    rev: int
    at_ms: int
    hall: str
    counter: str
    clerk: str
    clerk_name: str
    yours: bool
    """False once another clerk has the counter, or nobody: nothing of the visit is told."""
    phase: Literal["closed", "open", "paused"]
    pause_reason: str
    services: list[ServiceLine]
    """Those this counter serves."""
    all_services: list[ServiceLine]
    ticket: AtCounterTicket | None
    waiting: list[WaitingLine]
    """In the order in which this counter would call them, at most 200."""
    waiting_total: int
    parked: list[WaitingLine]
    undo: str | None
    """Number of the ticket whose finish may be undone."""
    rating_open: bool
    card: CardForm | None
    card_message: WrongCard | Literal["other_person"] | None
    today: Today
    recall_after_s: int
    counters: list[OtherCounter]
    printers: list[str]
    """Kiosks that print slips."""
    slip: SlipLine | None
    """The last one that this clerk asked for, for a minute."""
    away: bool = False
    """Paused by the switch at her place, because she left it."""


class PanelLine(Struct, frozen=True):
    """A node whose stand-in devices the start page shows."""

    node: str
    kind: str
    counter: str | None
    panel_url: str


class StartView(Struct, frozen=True):
    """The start page: what there is to open."""

    rev: int
    at_ms: int
    hall: str
    counters: list[str]
    kiosks: list[str]
    """Nodes."""
    procedures: list[ProcedureView]
    """The first few, whose wall codes one may try."""
    nodes: list[PanelLine]
    kiosk_keys: dict[str, str]
    """Stand-in kiosks of a hall that this machine alone can reach, with the keys of their pages."""


class SignInCounter(Struct, frozen=True):
    """A counter that a clerk may sign in at."""

    counter: str
    services: list[str]
    services_en: list[str]
    open: bool
    """Some clerk is signed in there; who is not told."""


class SignInView(Struct, frozen=True):
    """The sign-in page."""

    rev: int
    at_ms: int
    hall: str
    role: Literal["clerk", "technician"]
    counters: list[SignInCounter]
    """Empty for a technician."""
    clerk: str
    """What was entered before."""
    counter: str
    message: str | None
    """Why signing in failed, in the page's language."""


class NodeSettingsLine(Struct, frozen=True):
    """What a node's settings should be, and what they are."""

    wanted: int
    """The version that the hall wants; 0 for the node's own file alone."""
    wanted_text: str
    by: str
    applied: int | None
    """The version in force; None where the node has not told."""
    applied_text: str
    status: Literal["applied", "trying", "refused", "untold"]
    path: str
    reason: str


class NodeCommandLine(Struct, frozen=True):
    """The last thing a node was asked to do at once."""

    command: CommandKind
    asked_ms: int
    outcome: Literal["waiting", "done", "refused", "expired", "no_answer"]
    reason: str
    text: str


class NodeLine(Struct, frozen=True):
    """A node on the technician's page."""

    node: str
    kind: str
    counter: str | None
    status: Literal["online", "offline", "never_seen"]
    last_seen_ms: int | None
    version: str
    devices: list[str]
    outbox_depth: int | None
    events_total: int | None
    committed: int
    """Events of this node in the journal."""
    clock_synchronised: bool | None
    clock_offset_ms: int | None
    temperature_c: float | None
    disk_free_bytes: int | None
    rss_bytes: int | None
    notes: list[str]
    panel_url: str | None
    settings: NodeSettingsLine | None = None
    command: NodeCommandLine | None = None


class DeadLetterLine(Struct, frozen=True):
    """A payload that did not fit."""

    at_ms: int
    topic: str
    reason: str
    bytes: int


class AlarmLine(Struct, frozen=True):
    """An alarm of a node."""

    at_ms: int
    node: str
    code: str
    device: str
    text: str
    raised: bool
    """It stands: nothing newer was said of it."""


class FailedStep(Struct, frozen=True):
    """A step of a self-test that was not right."""

    device: str
    step: str
    text: str


class SelfTestLine(Struct, frozen=True):
    """The last self-test of a node."""

    node: str
    at_ms: int
    took_ms: int
    by: str
    passed: bool
    unattended: bool
    steps: int
    failed: list[FailedStep]


class TechnicianView(Struct, frozen=True):
    """The technician's page."""

    rev: int
    at_ms: int
    hall: str
    version: str
    nodes: list[NodeLine]
    alarms: list[AlarmLine]
    dead_letters: list[DeadLetterLine]
    dead_letters_total: int
    broker: Literal["connected", "away"]
    journal_facts: int
    journal_full: bool
    inbox_depth: int
    path_p50_ms: float | None
    """From a press or scan at a node to after its commit, over the latest events."""
    path_p99_ms: float | None
    live_pages: int
    points_written: int | None
    """None where no time-series store is set."""
    spool_depth: int | None
    store_error: str | None
    self_tests: list[SelfTestLine] = []
    """The last of each node that ever had one, in the order of the settings."""
