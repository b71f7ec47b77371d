"""What is measured, and that nobody can be found in it."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from influxdb_client.client.write.point import Point as InfluxPoint
from influxdb_client.domain.write_precision import WritePrecision

from devices.messages import Health, LoopBeat, StepResult
from hall_server import facts as f
from hall_server.facts import AnyBody, Fact
from hall_server.timeseries.points import (
    Point,
    QueueSample,
    follow,
    health_points,
    moment_of,
    points_of,
    queue_points,
)

KINDS: list[type[Any]] = list(get_args(AnyBody))
OF_A_PERSON = {
    "ticket",
    "number",
    "token",
    "person",
    "clerk",
    "by",
    "priority",
    "priority_by",
    "window",
    "text",
    "procedure",
}
MARK = "MARKED"


def marked(kind: type[Any], only: set[str]) -> Any:
    """A fact of ``kind`` with a marker in the fields named, plain values elsewhere."""
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        shape = str(field.type)
        if field.name in only:
            values[field.name] = f"{MARK}-{field.name}"
        elif "int" in shape:
            values[field.name] = 3
        elif "bool" in shape:
            values[field.name] = True
        elif "tuple" in shape:
            values[field.name] = (StepResult("qr_scanner", "look", False, f"{MARK}-text"),)
        elif choices := [one for one in get_args(field.type) if isinstance(one, str)]:
            values[field.name] = choices[0]
        else:
            values[field.name] = "plain"
    return kind(**values)


def lines_of(body: Any) -> list[str]:
    return [p.line() for p in points_of(Fact(1, 1_000, body), "kien-hung", {})]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_fact_is_measured(kind: type[Any]) -> None:
    body = marked(kind, set())
    lines = lines_of(body)
    assert lines
    assert all(line.startswith(f"{kind.__struct_config__.tag},") for line in lines)
    assert all("hall=kien-hung" in line and line.endswith(" 1000") for line in lines)


@pytest.mark.parametrize("kind", KINDS)
def test_no_person_clerk_or_ticket_is_in_a_line(kind: type[Any]) -> None:
    assert MARK not in "\n".join(lines_of(marked(kind, OF_A_PERSON)))


@pytest.mark.parametrize("kind", [f.TicketCalled, f.CounterPaused, f.TicketParked])
def test_words_that_a_clerk_typed_are_in_no_line(kind: type[Any]) -> None:
    assert MARK not in "\n".join(lines_of(marked(kind, {"reason"})))


def test_why_somebody_goes_first_is_not_told() -> None:
    taken = f.TicketTaken("t", "A001", "ho-tich", 1, "kiosk", "x", 0, None, "disabled")
    assert lines_of(taken) == [
        "ticket_taken,channel=kiosk,hall=kien-hung,priority=yes,service=ho-tich count=1i 1000"
    ]
    assert "disabled" not in lines_of(f.PriorityGiven("t", "disabled", "lan", 0))[0]


def test_a_call_tells_its_wait_and_a_finish_its_service_time_in_seconds() -> None:
    called = f.TicketCalled("t", "3", "lan", "ho-tich", 61_234, "longest wait")
    finished = f.ServiceFinished("t", "3", "lan", "ho-tich", 300_500, "w", 5, "v1", 30_000)
    assert lines_of(called) == [
        "ticket_called,chosen=policy,counter=3,hall=kien-hung,service=ho-tich wait_s=61.234 1000"
    ]
    assert lines_of(finished) == [
        "service_finished,counter=3,hall=kien-hung,service=ho-tich service_s=300.5 1000"
    ]


def test_a_refused_press_tells_its_reason_and_node() -> None:
    assert lines_of(f.RatingRefused("quay-3", None, 2, 5, "closed")) == [
        "rating_refused,hall=kien-hung,node=quay-3,reason=closed level=2i,levels=5i 1000"
    ]


def test_a_ticket_alone_is_counted_to_its_service_until_the_day_ends() -> None:
    service_of: dict[str, str] = {}
    story: list[AnyBody] = [
        f.TicketTaken("t", "A001", "ho-tich", 1, "kiosk", "x", 0),
        f.NoShow("t", "3", "lan", 1, "tail", 0),
        f.TicketTransferred("t", "3", "lan", "dat-dai"),
        f.TicketCancelled("t", "citizen"),
        f.DayOpened("2026-02-17", lapsed=1),
        f.TicketCancelled("t", "citizen"),
    ]
    seen = []
    for number, body in enumerate(story, start=1):
        fact = Fact(number, 1_000, body)
        seen.append(dict(points_of(fact, "h", service_of)[0].tags).get("service"))
        follow(service_of, fact)
    assert seen == ["ho-tich", "ho-tich", "dat-dai", "dat-dai", None, None]


@pytest.mark.parametrize(
    ("happened_ms", "counted_ms"),
    [(None, 10**12), (10**12 - 3_600_000, 10**12 - 3_600_000), (10**12 + 1, 10**12), (0, 10**12)],
)
def test_a_press_counts_when_it_happened_unless_that_clock_was_wrong(
    happened_ms: int | None, counted_ms: int
) -> None:
    body = f.RatingRefused("quay-3", None, 2, 5, "closed")
    assert moment_of(Fact(1, 10**12, body, happened_ms=happened_ms)) == counted_ms


WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["C"], exclude_characters="\\"), min_size=1
)
NUMBERS = st.integers(0, 2**62) | st.floats(0, 1e12).map(lambda one: round(one, 3))


@given(
    st.dictionaries(st.sampled_from(["hall", "node", "code"]), WORDS, min_size=1),
    st.dictionaries(st.sampled_from(["level", "wait_s"]), NUMBERS, min_size=1),
    st.integers(0, 2**41),
)
def test_a_line_says_what_the_stores_own_client_would_say(
    tags: dict[str, str], fields: dict[str, int | float], at_ms: int
) -> None:
    # its annotations are incomplete
    make: Any = InfluxPoint
    theirs = make("m").time(at_ms, WritePrecision.MS)
    for key, value in tags.items():
        theirs.tag(key, value)
    for key, number in fields.items():
        theirs.field(key, number)
    ours = Point("m", tuple(sorted(tags.items())), tuple(sorted(fields.items())), at_ms)
    # their client writes 1.0 as 1 in a float field: the same number
    assert ours.line().replace(".0 ", " ").replace(".0,", ",") == (
        theirs.to_line_protocol().replace(".0 ", " ").replace(".0,", ",")
    )


def test_a_name_that_would_break_the_line_is_made_harmless() -> None:
    alarm = f.NodeAlarm("quay-3", "a b,c=d\n,hall=evil x=1", "disk\\", "text", raised=True)
    assert lines_of(alarm) == [
        r"node_alarm,code=a\ b\,c\=d\,hall\=evil\ x\=1,device=disk,hall=kien-hung,node=quay-3"
        " raised=1i 1000"
    ]


def test_the_queue_is_sampled_by_service_beside_the_open_counters() -> None:
    sample = QueueSample({"ho-tich": 4, "dat-dai": 0}, open_counters=3, paused_counters=1)
    assert [p.line() for p in queue_points("h", sample, 20_000)] == [
        "queue,hall=h,service=dat-dai waiting=0i 20000",
        "queue,hall=h,service=ho-tich waiting=4i 20000",
        "counters,hall=h open=3i,paused=1i 20000",
    ]


def test_a_nodes_health_is_measured_with_its_loops_and_without_its_notes() -> None:
    health = Health(
        "0" * 32, 1, 60, True, 2, 300, 40, 5_000, 6_000, 51.5, [LoopBeat("link", 7)], [MARK]
    )
    lines = [p.line() for p in health_points("h", "quay-3", health, 1_000)]
    assert lines == [
        "node_health,hall=h,node=quay-3 uptime_s=60i,clock_synchronised=1i,outbox_depth=2i,"
        "outbox_bytes=300i,events_total=40i,disk_free_bytes=5000i,rss_bytes=6000i,notes=1i,"
        "temperature_c=51.5 1000",
        "node_loop,hall=h,loop=link,node=quay-3 age_ms=7i 1000",
    ]
