"""What somebody asks of the hall: a clerk, a kiosk, a phone, a node; plain frozen structs.

``request`` is drawn by whoever asks: a command repeated with the same one does nothing more and
gets the same answer.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from devices.messages import SlipFault, StepResult
from hall_server.facts import Channel


class Command(Struct, frozen=True, kw_only=True):
    """Base of every command."""

    request: str


class TakeTicket(Command, frozen=True):
    """Join the line of ``service``.  ``token`` opens the ticket's phone page: 128 random bits."""

    service: str
    channel: Channel
    token: str
    by: str
    person: str | None = None
    priority: str | None = None
    node: str | None = None
    """The kiosk: a card scanned there within the last seconds makes the ticket that person's."""
    slip_at: str | None = None
    """The kiosk whose printer prints the slip, if it has one."""


class GivePriority(Command, frozen=True):
    """Give (or with None take back) a reason to go first.  A clerk asks at her ``counter``."""

    ticket: str
    reason: str | None
    by: str
    counter: str | None = None


class CancelTicket(Command, frozen=True):
    """Leave the line.  A clerk asks at her ``counter``; the ticket's own page at none."""

    ticket: str
    by: str
    counter: str | None = None


class PrintSlip(Command, frozen=True):
    """Print a ticket's slip at a kiosk, once more or for the first time; the number stays.

    A clerk asks at her ``counter``; the kiosk at none.
    """

    ticket: str
    node: str
    by: str
    counter: str | None = None


class AskMoreTime(Command, frozen=True):
    """Let the next ones go first."""

    ticket: str
    by: str


class AtCounter(Command, frozen=True):
    """Base of what a clerk asks at her counter."""

    counter: str
    clerk: str


class OpenCounter(AtCounter, frozen=True):
    """Sign in at the counter."""


class PauseCounter(AtCounter, frozen=True):
    """No calls for a while, for a reason."""

    reason: str


class ResumeCounter(AtCounter, frozen=True):
    """Call again."""


class CloseCounter(AtCounter, frozen=True):
    """Sign out."""


class CallNext(AtCounter, frozen=True):
    """Call whoever the policy says."""


class CallTicket(AtCounter, frozen=True):
    """Call one ticket by hand, out of order, for a reason."""

    ticket: str
    reason: str


class Recall(AtCounter, frozen=True):
    """Call the counter's ticket once more."""


class StartService(AtCounter, frozen=True):
    """The person is here."""


class FinishService(AtCounter, frozen=True):
    """Served: open the buttons."""


class MarkNoShow(AtCounter, frozen=True):
    """Nobody came."""


class ParkTicket(AtCounter, frozen=True):
    """Set the counter's ticket aside."""

    reason: str


class UnparkTicket(AtCounter, frozen=True):
    """Put a parked ticket back in line."""

    ticket: str


class TransferTicket(AtCounter, frozen=True):
    """Send the counter's ticket to another service, or to one counter of it."""

    service: str
    to_counter: str | None = None


class UndoFinish(AtCounter, frozen=True):
    """The last finish at this counter was a mistake."""


class RateByPhone(Command, frozen=True):
    """Rate a served ticket on its phone page."""

    ticket: str
    level: int


class Tick(Command, frozen=True):
    """Time has passed: close what is due, open a new day."""


# ------------------------------------------------------------------ what nodes saw


class PressSeen(Command, frozen=True):
    """A press of a rating button; ``happened_ms`` is None where the node's clock was not set."""

    node: str
    level: int
    levels: int
    window: str | None
    refused: Literal["closed", "already_rated", "paused"] | None
    happened_ms: int | None


class CardShown(Command, frozen=True):
    """A citizen card before a scanner, already reduced to its keyed hash."""

    node: str
    person: str


class TicketShown(Command, frozen=True):
    """A ticket's QR before a scanner."""

    node: str
    token: str


class ProcedureShown(Command, frozen=True):
    """A wall QR before a scanner.  ``token`` is for the ticket it may take."""

    node: str
    code: str
    token: str


class WrongCardShown(Command, frozen=True):
    """Something else before a scanner."""

    node: str
    what: Literal["health_insurance", "damaged", "unknown"]


class SlipSeen(Command, frozen=True):
    """A node says what became of a print job."""

    node: str
    slip: int
    ok: bool
    reason: SlipFault | None


class PresenceSeen(Command, frozen=True):
    """The clerk's switch: she has been away for ``for_ms``, or is back.

    ``happened_ms`` is None where the node's clock was not set.
    """

    node: str
    present: bool
    for_ms: int
    happened_ms: int | None


class AlarmRaised(Command, frozen=True):
    """A fault at a node, or its end."""

    node: str
    code: str
    device: str
    text: str
    raised: bool


class ClockSetSeen(Command, frozen=True):
    """A node knows the time now, and what to add to the times of this boot."""

    node: str
    boot: str
    offset_us: int


class SelfTestSeen(Command, frozen=True):
    """A node's devices were gone through; times by its own clock."""

    node: str
    started_ms: int
    finished_ms: int
    by: str
    results: tuple[StepResult, ...]
    passed: bool
    unattended: bool


class WantSettings(Command, frozen=True):
    """Have a node go by ``text`` (TOML, checked already) over its own settings file."""

    node: str
    text: str
    by: str


class UnreadableSeen(Command, frozen=True):
    """An event that names itself and does not fit otherwise."""

    node: str


Code = Literal[
    "ok",
    "unknown_service",
    "unknown_ticket",
    "unknown_counter",
    "not_your_counter",
    "counter_taken",
    "counter_not_open",
    "counter_paused",
    "counter_busy",
    "nobody_waiting",
    "no_ticket_here",
    "wrong_state",
    "not_served_here",
    "reason_needed",
    "unknown_reason",
    "nothing_to_undo",
    "already_rated",
    "rating_closed",
    "wrong_level",
    "line_full",
    "no_printer",
    "being_printed",
    "printed_enough",
]
"""Why a command was refused; ``hall_server.web.words`` says each to people."""


class Outcome(Struct, frozen=True):
    """The answer to a command."""

    code: Code = "ok"
    ticket: str | None = None
    existing: bool = False
    """The person was in this line already: ``ticket`` is that first one."""

    @property
    def ok(self) -> bool:
        """True where the command did what was asked."""
        return self.code == "ok"
