"""What a citizen sees: the kiosk, the page on the phone, a procedure of the wall."""

from __future__ import annotations

from typing import Any, Final, cast

from hall_server.catalogue import Procedure
from hall_server.state import KioskScreen, Ticket
from hall_server.web.projections.moment import (
    Moment,
    kiosk_ticket,
    names,
    now_serving,
    open_counters,
    place_of,
    service_lines,
    slip_line,
    wait_of,
)
from hall_server.web.views import (
    CallLine,
    KioskScan,
    KioskView,
    ProcedureView,
    Rating,
    SlipLine,
    TicketView,
)

SLIPS_SHOWN_MS: Final = 300_000
SLIPS_SHOWN: Final = 8


def ticket(moment: Moment, one: Ticket) -> TicketView:
    """The page of one ticket, for whoever has its token."""
    service = moment.catalogue.services.get(one.service)
    counters = open_counters(moment, one.service, one.only_counter)
    rating = _rating(moment, one)
    return TicketView(
        moment.state.last_fact,
        moment.now_ms,
        moment.hall,
        one.number,
        *names(moment, one.service),
        service.documents if service else "",
        (service.documents_en or service.documents) if service else "",
        one.phase,
        one.taken_ms,
        place_of(moment, one),
        wait_of(moment, one),
        counters,
        one.counter if one.phase in ("called", "serving", "finished") else None,
        one.called_ms if one.phase in ("called", "serving") else None,
        _calls_to_follow(moment, one, counters) if one.phase == "waiting" else [],
        rating,
        one.rated,
        one.phase in ("waiting", "parked", "called"),
        one.phase == "waiting",
    )


def _calls_to_follow(moment: Moment, one: Ticket, counters: list[str]) -> list[CallLine]:
    """The latest call of each of ``counters``, where the ticket can be called to."""
    calls = now_serving(moment, one.service)
    return calls if one.only_counter is None else [c for c in calls if c.counter in counters]


def _rating(moment: Moment, one: Ticket) -> Rating | None:
    window = moment.state.windows.get(one.window or "")
    if one.phase != "finished" or window is None or window.void or window.rated:
        return None
    until_ms = window.opened_ms + moment.catalogue.ratings.phone_minutes * 60_000
    return Rating(window.levels, until_ms) if moment.now_ms < until_ms else None


def procedure(moment: Moment, one: Procedure) -> ProcedureView:
    """A procedure as the wall code shows it."""
    return ProcedureView(
        one.code,
        one.name,
        one.name_en or one.name,
        *names(moment, one.service),
        one.documents,
        one.days,
    )


def kiosk(moment: Moment, node: str, screen: KioskScreen | None) -> KioskView:
    """A kiosk; ``screen`` is what was last held before its scanner, None where it forgot."""
    forget_s = moment.catalogue.queue.kiosk_forgets_after_s
    return KioskView(
        moment.state.last_fact,
        moment.now_ms,
        moment.hall,
        service_lines(moment),
        _scan(moment, screen, forget_s * 1000) if screen else None,
        forget_s,
        node in moment.catalogue.slips.printers,
        _slips(moment, node),
    )


def _slips(moment: Moment, node: str) -> list[SlipLine]:
    latest = [
        slip_line(moment, slip, ticket)
        for slip in moment.state.slips.values()
        if slip.node == node
        and moment.now_ms - (slip.told_ms or slip.at_ms) < SLIPS_SHOWN_MS
        and (ticket := moment.state.tickets.get(slip.ticket)) is not None
    ]
    return sorted(latest, key=lambda line: line.asked_ms)[-SLIPS_SHOWN:]


def _scan(moment: Moment, screen: KioskScreen, forget_ms: int) -> KioskScan | None:
    until_ms = screen.at_ms + forget_ms
    if moment.now_ms >= until_ms:
        return None
    found = moment.state.tickets.get(screen.ticket or "")
    known = moment.catalogue.procedures.get(screen.procedure or "")
    return KioskScan(
        cast(Any, screen.what),  # the hall keeps one of the literals
        screen.at_ms,
        until_ms,
        kiosk_ticket(moment, found) if found else None,
        procedure(moment, known) if known else None,
    )
