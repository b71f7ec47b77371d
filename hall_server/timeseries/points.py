"""What is measured: each fact of the journal, and each sample, as points without a person.

Pure.  A point carries as tags the hall, counter, service and node and a few words from closed
lists.  Tickets, tokens, persons, clerks, free text and the reason for a priority (which tells of
somebody's health) never become one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, assert_never

from msgspec import Struct

from devices.messages import Health
from hall_server import facts as f
from hall_server.clocks import credible_ms
from hall_server.facts import Fact

_TAG: Final = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ ", "\n": "", "\r": "", "\t": ""})


class Point(Struct, frozen=True):
    """One moment of one series: ``fields`` are ints (``3i``) or floats, in the unit they name."""

    measurement: str
    tags: tuple[tuple[str, str], ...]
    """Sorted by name, none empty."""
    fields: tuple[tuple[str, int | float], ...]
    at_ms: int

    @property
    def series(self) -> str:
        """Measurement and tags in line protocol: equal for points of the same series."""
        tags = "".join(f",{key}={_tag(value)}" for key, value in self.tags)
        return f"{self.measurement}{tags}"

    def line(self, at_ms: int | None = None) -> str:
        """The point in InfluxDB's line protocol with milliseconds, at ``at_ms`` if given."""
        fields = ",".join(
            f"{name}={value}i" if isinstance(value, int) else f"{name}={value!r}"
            for name, value in self.fields
        )
        return f"{self.series} {fields} {self.at_ms if at_ms is None else at_ms}"


class QueueSample(Struct, frozen=True):
    """The lines and counters of a hall at a moment."""

    waiting: Mapping[str, int]
    """Service -> tickets in line; services with an empty line too."""
    open_counters: int
    """Counters with a clerk that call, the ones that are serving included."""
    paused_counters: int = 0


def _tag(value: str) -> str:
    # a backslash at the end would escape the separator behind it, and line protocol has no
    # escape for it
    return value.translate(_TAG).rstrip("\\")


def _point(
    measurement: str,
    at_ms: int,
    fields: dict[str, int | float],
    **tags: str | None,
) -> Point:
    kept = sorted((key, value) for key, value in tags.items() if value and _tag(value))
    return Point(measurement, tuple(kept), tuple(fields.items()), at_ms)


def moment_of(fact: Fact) -> int:
    """When a fact counts, in ms: the device's time where it is credible, else the hall's.

    A rating pressed while the network was away belongs to the minute of the press.
    """
    return credible_ms(fact.happened_ms, fact.at_ms)


def points_of(fact: Fact, hall: str, service_of: Mapping[str, str]) -> list[Point]:
    """The points of one fact; the measurement is the fact's kind.

    ``service_of`` (ticket -> service) lends the service to facts that name the ticket alone; a
    ticket that it does not know gives a point without that tag.  Times are in seconds (``_s``).
    """
    at, body = moment_of(fact), fact.body
    kind = str(body.__struct_config__.tag)
    once: dict[str, int | float] = {"count": 1}

    def served(ticket: str | None) -> str | None:
        return service_of.get(ticket) if ticket else None

    match body:
        case f.DayOpened():
            return [_point(kind, at, {"lapsed": body.lapsed}, hall=hall)]
        case f.TicketTaken():
            return [
                _point(
                    kind,
                    at,
                    once,
                    hall=hall,
                    service=body.service,
                    channel=body.channel,
                    node=body.node,
                    priority="no" if body.priority is None else "yes",
                )
            ]
        case f.PriorityGiven():
            given = "no" if body.reason is None else "yes"
            service = served(body.ticket)
            return [_point(kind, at, once, hall=hall, service=service, priority=given)]
        case f.TicketCancelled() | f.MoreTimeAsked() | f.TicketUnparked():
            return [_point(kind, at, once, hall=hall, service=served(body.ticket))]
        case f.CounterOpened() | f.CounterPaused() | f.CounterResumed() | f.CounterClosed():
            return [_point(kind, at, once, hall=hall, counter=body.counter)]
        case f.ClerkLeft() | f.ClerkReturned():
            return [_point(kind, at, once, hall=hall, counter=body.counter, node=body.node)]
        case f.TicketCalled():
            return [
                _point(
                    kind,
                    at,
                    {"wait_s": body.wait_ms / 1000},
                    hall=hall,
                    counter=body.counter,
                    service=body.service,
                    chosen="hand" if body.by_hand else "policy",
                )
            ]
        case f.TicketRecalled() | f.ServiceStarted() | f.FinishUndone() | f.TicketParked():
            service = served(body.ticket)
            return [_point(kind, at, once, hall=hall, counter=body.counter, service=service)]
        case f.ServiceFinished():
            return [
                _point(
                    kind,
                    at,
                    {"service_s": body.service_ms / 1000},
                    hall=hall,
                    counter=body.counter,
                    service=body.service,
                )
            ]
        case f.NoShow():
            return [
                _point(
                    kind,
                    at,
                    {"times": body.times},
                    hall=hall,
                    counter=body.counter,
                    service=served(body.ticket),
                    outcome=body.outcome,
                )
            ]
        case f.TicketTransferred():
            return [
                _point(
                    kind,
                    at,
                    once,
                    hall=hall,
                    counter=body.counter,
                    service=body.service,
                    from_service=served(body.ticket),
                    to_counter=body.to_counter,
                )
            ]
        case f.RatingGiven():
            return [
                _point(
                    kind,
                    at,
                    {"level": body.level, "levels": body.levels},
                    hall=hall,
                    counter=body.counter,
                    service=body.service,
                    scale=body.scale,
                    via=body.via,
                )
            ]
        case f.RatingRefused():
            return [
                _point(
                    kind,
                    at,
                    {"level": body.level, "levels": body.levels},
                    hall=hall,
                    counter=body.counter,
                    node=body.node,
                    reason=body.reason,
                )
            ]
        case f.RatingWindowClosed():
            return [
                _point(
                    kind,
                    at,
                    once,
                    hall=hall,
                    counter=body.counter,
                    service=served(body.ticket),
                    why=body.why,
                )
            ]
        case f.ScanHandled():
            return [
                _point(
                    kind,
                    at,
                    once,
                    hall=hall,
                    counter=body.counter,
                    node=body.node,
                    what=body.what,
                    match=body.match,
                )
            ]
        case f.SlipAsked():
            again = "yes" if body.again else "no"
            service = served(body.ticket)
            return [_point(kind, at, once, hall=hall, service=service, node=body.node, again=again)]
        case f.SlipPrinted():
            printed: dict[str, int | float] = {"printed": int(body.ok)}
            return [_point(kind, at, printed, hall=hall, node=body.node, reason=body.reason)]
        case f.NodeAlarm():
            return [
                _point(
                    kind,
                    at,
                    {"raised": int(body.raised)},
                    hall=hall,
                    node=body.node,
                    device=body.device,
                    code=body.code,
                )
            ]
        case f.NodeClockSet() | f.NodeSettingsWanted():
            return [_point(kind, at, once, hall=hall, node=body.node)]
        case f.NodeSelfTest():
            failed = sum(not one.ok for one in body.results)
            tested: dict[str, int | float] = {
                "passed": int(body.passed),
                "steps": len(body.results),
                "failed": failed,
            }
            return [_point(kind, at, tested, hall=hall, node=body.node)]
        case f.EventUnreadable():
            return [_point(kind, at, once, hall=hall, node=body.node)]
        case f.StreamBegan():
            return [_point(kind, at, {"first_seq": body.first_seq}, hall=hall, node=body.node)]
        case f.StreamGap():
            missing = body.through_seq - body.from_seq + 1
            return [_point(kind, at, {"missing": missing}, hall=hall, node=body.node)]
    assert_never(body)


def follow(service_of: dict[str, str], fact: Fact) -> None:
    """Keep ``service_of`` (ticket -> service) of the day up to and including ``fact``."""
    match fact.body:
        case f.TicketTaken(ticket=ticket, service=service):
            service_of[ticket] = service
        case f.TicketTransferred(ticket=ticket, service=service):
            service_of[ticket] = service
        case f.DayOpened():
            service_of.clear()


def queue_points(hall: str, sample: QueueSample, at_ms: int) -> list[Point]:
    """``queue`` with the tickets waiting, one a service, and ``counters`` of the whole hall."""
    lines = [
        _point("queue", at_ms, {"waiting": waiting}, hall=hall, service=service)
        for service, waiting in sorted(sample.waiting.items())
    ]
    counters: dict[str, int | float] = {
        "open": sample.open_counters,
        "paused": sample.paused_counters,
    }
    return [*lines, _point("counters", at_ms, counters, hall=hall)]


def health_points(hall: str, node: str, health: Health, at_ms: int) -> list[Point]:
    """``node_health``, and ``node_loop`` with the age of each loop's last beat."""
    fields: dict[str, int | float] = {
        "uptime_s": health.uptime_s,
        "clock_synchronised": int(health.clock_synchronised),
        "outbox_depth": health.outbox_depth,
        "outbox_bytes": health.outbox_bytes,
        "events_total": health.events_total,
        "disk_free_bytes": health.disk_free_bytes,
        "rss_bytes": health.rss_bytes,
        "notes": len(health.notes),
    }
    if health.temperature_c is not None:
        fields["temperature_c"] = float(health.temperature_c)
    loops = [
        _point("node_loop", at_ms, {"age_ms": beat.age_ms}, hall=hall, node=node, loop=beat.name)
        for beat in health.loops
    ]
    return [_point("node_health", at_ms, fields, hall=hall, node=node), *loops]
