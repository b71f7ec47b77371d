"""A moment of the hall, and the small things that several pages show of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, cast

from devices.messages import SlipFault
from hall_server.catalogue import Catalogue
from hall_server.queue import estimates
from hall_server.queue.estimates import Estimates
from hall_server.queue.slips import REPORT_WITHIN_MS
from hall_server.state import Call, CounterState, Slip, State, Ticket, Window
from hall_server.web.views import CallLine, KioskTicket, ServiceLine, SlipLine, Wait

_MINUTE_MS: Final = 60_000


class Known:
    """What many pages show of one state, looked up once; for :class:`Moment` alone."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.open_counters: dict[tuple[str, str | None], list[str]] = {}
        self.now_serving: dict[str, list[CallLine]] = {}
        self.places: dict[str, tuple[Estimates, dict[str, int]]] = {}


@dataclass(frozen=True)
class Moment:
    """What every page is built from: read-only, and the same for all pages of one fan-out."""

    catalogue: Catalogue
    state: State
    estimates: Estimates
    """Waits; they may be of a moment before ``state``, so places are counted in ``state``."""
    now_ms: int
    hall: str
    """Name of the hall."""
    public_url: str
    known: Known
    """Of ``state``; kept from moment to moment while nothing happens."""
    away: frozenset[str] = frozenset()
    """Kiosks with a printer whose node is not there: nobody waits for their slips."""


def wait(estimated: estimates.Wait | None) -> Wait | None:
    """A wait in whole minutes: the range widened to them, the median to the nearest."""
    if estimated is None:
        return None
    low = estimated.low_ms // _MINUTE_MS
    high = -(-estimated.high_ms // _MINUTE_MS)
    return Wait(low, high, min(high, max(low, round(estimated.median_ms / _MINUTE_MS))))


def wait_for_service(moment: Moment, service: str) -> Wait | None:
    """For who comes now; None where no open counter serves it."""
    return wait(moment.estimates.services.get(service))


def wait_of(moment: Moment, ticket: Ticket) -> Wait | None:
    """For a waiting ticket; one newer than the estimate gets that of who comes now."""
    if ticket.phase != "waiting":
        return None
    found = moment.estimates.tickets.get(ticket.id)
    return wait(found.wait) if found else wait_for_service(moment, ticket.service)


def place_of(moment: Moment, ticket: Ticket) -> int | None:
    """Place among those of its service, from 1, in the order in which they will be called.

    None where it does not wait.
    """
    if ticket.phase != "waiting":
        return None
    known = moment.known.places.get(ticket.service)
    if known is None or known[0] is not moment.estimates:
        known = (moment.estimates, _places(moment, ticket.service))
        moment.known.places[ticket.service] = known
    return known[1].get(ticket.id)


def _places(moment: Moment, service: str) -> dict[str, int]:
    """Of all who wait now; those whom the estimates do not know yet stand behind the others.

    The estimates may be of a moment before: within one class the newest line says who is first.
    """
    line = moment.state.lines.get(service, [])
    before = moment.estimates.tickets
    last = len(before) + 1
    classes: dict[bool, list[tuple[int, int, str]]] = {}
    for one in line:
        classes.setdefault(moment.state.tickets[one[2]].priority is not None, []).append(one)
    order: list[tuple[int, tuple[int, int, str]]] = []
    for members in classes.values():
        places = sorted(before[key].place if key in before else last for _, _, key in members)
        order += zip(places, members, strict=True)
    return {key: place for place, (_, (_, _, key)) in enumerate(sorted(order), start=1)}


def counter_state(moment: Moment, counter: str) -> CounterState:
    """The counter as it is; closed where nothing has happened at it."""
    return moment.state.counters.get(counter) or CounterState(counter)


def open_counters(moment: Moment, service: str, only: str | None = None) -> list[str]:
    """Open counters that serve ``service``, in the order of the settings; not to be changed."""
    known = moment.known.open_counters
    if (found := known.get((service, only))) is None:
        found = known[service, only] = [
            counter.id
            for counter in moment.catalogue.counters.values()
            if service in counter.services
            and (only is None or counter.id == only)
            and counter_state(moment, counter.id).phase == "open"
        ]
    return found


def now_serving(moment: Moment, service: str) -> list[CallLine]:
    """The latest call of each open counter for ``service``; not to be changed."""
    known = moment.known.now_serving
    if (shown := known.get(service)) is None:
        counters = open_counters(moment, service)
        latest: dict[str, CallLine] = {}
        for call in reversed(moment.state.calls):
            if call.service == service and call.counter in counters:
                latest.setdefault(call.counter, call_line(moment, call))
        shown = known[service] = list(latest.values())
    return shown


def names(moment: Moment, service: str) -> tuple[str, str]:
    """A service's names, Vietnamese and English; its id where the settings no longer have it."""
    known = moment.catalogue.services.get(service)
    return (known.name, known.name_en or known.name) if known else (service, service)


def service_lines(moment: Moment, services: list[str] | None = None) -> list[ServiceLine]:
    """Services with their lines, all of them or those named."""
    chosen = [
        one for one in moment.catalogue.services.values() if services is None or one.id in services
    ]
    return [
        ServiceLine(
            one.id,
            one.prefix,
            one.name,
            one.name_en or one.name,
            len(moment.state.lines.get(one.id, ())),
            wait_for_service(moment, one.id),
            open_counters(moment, one.id),
        )
        for one in chosen
    ]


def call_line(moment: Moment, call: Call) -> CallLine:
    """A call as people may read it."""
    return CallLine(call.id, call.at_ms, call.number, *names(moment, call.service), call.counter)


def open_window(moment: Moment, counter: str) -> Window | None:
    """The rating window whose buttons count at ``counter`` now."""
    window = moment.state.windows.get(counter_state(moment, counter).window or "")
    if window is None or window.void or window.closed_ms is not None:
        return None
    return window if moment.now_ms < window.opened_ms + window.duration_ms else None


def slip_line(moment: Moment, slip: Slip, ticket: Ticket) -> SlipLine:
    """A ticket's slip; one of which nothing was heard in time has failed."""
    lost_ms = slip.at_ms + (0 if slip.node in moment.away else REPORT_WITHIN_MS)
    told: Literal["printing", "printed", "failed"] = "printed" if slip.printed else "failed"
    reason: SlipFault | None = cast(Any, slip.reason)  # the hall keeps one of the literals
    if slip.printed is None:
        told = "printing" if moment.now_ms < lost_ms else "failed"
        reason = None if told == "printing" else "no_answer"
    return SlipLine(ticket.number, slip.node, told, reason, slip.at_ms, lost_ms, slip.again)


def kiosk_ticket(moment: Moment, ticket: Ticket) -> KioskTicket:
    """A ticket as it is handed to whoever took it."""
    return KioskTicket(
        ticket.number,
        ticket.token,
        f"{moment.public_url}/t/{ticket.token}",
        *names(moment, ticket.service),
        place_of(moment, ticket),
        wait_of(moment, ticket),
        open_counters(moment, ticket.service, ticket.only_counter),
    )
