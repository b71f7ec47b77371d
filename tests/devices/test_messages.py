"""What travels is read as it was sent, or refused with its field and without its value."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import inspect

from devices.messages import (
    MAX_PAYLOAD_BYTES,
    MAX_SCAN_CHARS,
    PAYLOADS,
    Ack,
    Alarm,
    Display,
    Event,
    HallState,
    Health,
    NodeState,
    PayloadError,
    RatingPress,
    Scan,
    decode,
    encode,
)
from devices.topics import TOPICS

KINDS = [*PAYLOADS.values(), HallState]

SECRET = "012345678901|NGUYEN THI BI MAT"

SCAN = Event(
    stream="a" * 32,
    seq=7,
    oldest_seq=3,
    boot_id="b" * 32,
    wall_us=1_700_000_000_000_000,
    monotonic_us=5,
    clock_synchronised=True,
    body=Scan(text=SECRET, decoder="zxing-cpp"),
)


def values(shape: Any) -> st.SearchStrategy[Any]:
    """Everything that fits a field, from the contract's own bounds."""
    match shape:
        case inspect.Metadata():
            return values(shape.type)
        case inspect.StructType():
            fields = {one.name: values(one.type) for one in shape.fields}
            return st.builds(shape.cls, **fields)
        case inspect.UnionType():
            return st.one_of([values(one) for one in shape.types])
        case inspect.ListType():
            return st.lists(values(shape.item_type), max_size=min(shape.max_length or 3, 3))
        case inspect.LiteralType():
            return st.sampled_from(shape.values)
        case inspect.IntType():
            return st.integers(shape.ge, shape.le)
        case inspect.FloatType():
            return st.floats(shape.ge, shape.le, allow_nan=False)
        case inspect.BoolType():
            return st.booleans()
        case inspect.NoneType():
            return st.none()
        case inspect.StrType(pattern=pattern) if pattern:
            longest = shape.max_length or 10**6
            return st.from_regex(pattern, fullmatch=True).filter(lambda one: len(one) <= longest)
        case inspect.StrType():
            letters = st.characters(exclude_categories=["Cs"])
            return st.text(letters, min_size=shape.min_length or 0, max_size=shape.max_length)
    raise AssertionError(shape)


def changed(message: msgspec.Struct, path: str, value: object) -> bytes:
    tree = json.loads(encode(message))
    *above, last = path.split(".")
    place = tree
    for step in above:
        place = place[step]
    place[last] = value
    return json.dumps(tree).encode()


def refusal(payload: bytes, kind: type[msgspec.Struct] = Event) -> str:
    with pytest.raises(PayloadError) as caught:
        decode(payload, kind)
    return str(caught.value)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@settings(max_examples=40)
@given(data=st.data())
def test_what_is_sent_is_what_is_read(kind: type[msgspec.Struct], data: st.DataObject) -> None:
    message = data.draw(values(inspect.type_info(kind)))
    payload = encode(message)
    assert len(payload) <= MAX_PAYLOAD_BYTES
    assert decode(payload, kind) == message


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@settings(max_examples=40)
@given(payload=st.binary(max_size=200) | st.recursive(st.none() | st.integers(), st.lists).map(str))
def test_whatever_else_arrives_is_refused_and_nothing_worse(
    kind: type[msgspec.Struct], payload: bytes | str
) -> None:
    raw = payload.encode() if isinstance(payload, str) else payload
    assert refusal(raw, kind)


def test_every_topic_has_its_payload() -> None:
    assert set(PAYLOADS) == set(TOPICS)


def test_the_longest_code_fits_into_a_payload() -> None:
    # four bytes a letter is the worst that UTF-8 does
    body = Scan(text="\U0001f600" * MAX_SCAN_CHARS, decoder="serial")
    event = msgspec.structs.replace(SCAN, body=body)
    assert decode(encode(event), Event) == event


def test_a_full_display_fits_into_a_payload() -> None:
    announcement = {"id": 2**62, "text": "\U0001f600" * 500, "called_wall_ms": 2**62}
    display = {"rev": 2**62, "wall_ms": 2**62, "phase": "serving"}
    payload = json.dumps({**display, "announcements": [announcement] * 16}, ensure_ascii=False)
    assert len(decode(payload.encode(), Display).announcements) == 16


def test_an_oversized_payload_is_refused_unread() -> None:
    padded = encode(SCAN) + b" " * MAX_PAYLOAD_BYTES
    assert refusal(padded) == f"{len(padded)} bytes, at most {MAX_PAYLOAD_BYTES} are read"
    just_fits = encode(SCAN).ljust(MAX_PAYLOAD_BYTES)
    assert decode(just_fits, Event) == SCAN


def test_an_older_hall_reads_a_newer_node() -> None:
    assert decode(changed(SCAN, "battery", {"mv": 3300}), Event) == SCAN
    assert decode(changed(SCAN, "body.angle", 12), Event) == SCAN


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("seq", "7", "Expected `int`, got `str` - at `$.seq`"),
        ("seq", 0, "Expected `int` >= 1 - at `$.seq`"),
        ("seq", 1.5, "Expected `int`, got `float` - at `$.seq`"),
        ("seq", 2**70, "- at `$.seq`"),
        ("seq", None, "Expected `int`, got `null` - at `$.seq`"),
        ("wall_us", -1, "Expected `int` >= 0 - at `$.wall_us`"),
        ("wall_us", True, "Expected `int`, got `bool` - at `$.wall_us`"),
        ("clock_synchronised", 1, "Expected `bool`, got `int` - at `$.clock_synchronised`"),
        ("stream", "A" * 32, "- at `$.stream`"),
        ("stream", "a" * 33, "- at `$.stream`"),
        ("body", [], "Expected `object`, got `array` - at `$.body`"),
        ("body.text", "", "Expected `str` of length >= 1 - at `$.body.text`"),
        ("body.text", "x" * (MAX_SCAN_CHARS + 1), "of length <= 4296 - at `$.body.text`"),
        ("body.decoder", "eye", "Invalid enum value - at `$.body.decoder`"),
        ("body.kind", "dance", "Invalid value - at `$.body.kind`"),
    ],
)
def test_a_field_that_does_not_fit_is_named(path: str, value: object, reason: str) -> None:
    assert refusal(changed(SCAN, path, value)).endswith(reason)


def test_a_field_within_a_list_is_named_with_its_place() -> None:
    health = Health(
        boot_id="b" * 32,
        wall_us=1,
        uptime_s=1,
        clock_synchronised=False,
        outbox_depth=0,
        outbox_bytes=0,
        events_total=0,
        disk_free_bytes=0,
        rss_bytes=0,
    )
    loops = [{"name": "link", "age_ms": 3}, {"name": "link", "age_ms": "3"}]
    reason = refusal(changed(health, "loops", loops), Health)
    assert reason.endswith("- at `$.loops[1].age_ms`")


def test_a_missing_field_is_named() -> None:
    assert refusal(b"{}", Ack) == "Object missing required field `stream`"


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        (Ack, changed(Ack(stream="a" * 32, through=1), "stream", "a" * 32 + "\n")),
        (NodeState, changed(NodeState("online", "b" * 32, "1"), "devices", ["scanner\n"])),
        (NodeState, changed(NodeState("online", "b" * 32, "1"), "devices", ["a b"])),
        (NodeState, changed(NodeState("online", "b" * 32, "1"), "boot_id", "b" * 32 + "\n")),
    ],
)
def test_no_name_carries_a_line_feed_into_a_log(kind: type[msgspec.Struct], payload: bytes) -> None:
    assert "matching regex" in refusal(payload, kind)


@pytest.mark.parametrize(
    "path",
    ["stream", "seq", "wall_us", "clock_synchronised", "body", "body.kind", "body.decoder"],
)
@given(tail=st.text(max_size=30))
def test_a_refusal_never_tells_the_value(path: str, tail: str) -> None:
    for value in (SECRET + tail, {SECRET: SECRET}, [SECRET + tail], f"' - at `$.{SECRET}`{tail}"):
        reason = refusal(changed(SCAN, path, value))
        assert "BI MAT" not in reason
        assert "012345678901" not in reason
        assert f"`$.{path}" in reason


@given(st.text(min_size=1))
def test_a_refused_rating_or_alarm_tells_no_value_either(word: str) -> None:
    press = msgspec.structs.replace(SCAN, body=RatingPress(level=5, levels=5, window_id=None))
    alarm = msgspec.structs.replace(SCAN, body=Alarm(code="x", device="y", text=""))
    for payload in (
        changed(press, "body.refused", SECRET + word),
        changed(press, "body.level", SECRET + word),
        changed(alarm, "body.raised", SECRET + word),
        changed(alarm, "body.code", SECRET + word),
    ):
        assert "BI MAT" not in refusal(payload)


def test_a_scan_keeps_its_text_out_of_logs() -> None:
    assert "BI MAT" not in repr(SCAN)
    assert "BI MAT" not in f"{SCAN.body} {[SCAN]}"
    assert f"<{len(SECRET)} characters withheld>" in repr(SCAN)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"null",
        b"{",
        b"[" * 60_000,
        b'{"stream":' + b"[" * 60_000,
        b'{"unknown":' + b'{"a":' * 10_000,
        b'{"unknown":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
        encode(SCAN) + b"x",
        encode(SCAN) * 2,
        b"\xef\xbb\xbf" + encode(SCAN),
        encode(SCAN).decode().encode("utf-16"),
        encode(SCAN).replace(b'"seq":7', b'"seq":NaN'),
        encode(SCAN).replace(b'"seq":7', b'"seq":1e400'),
        encode(SCAN).replace(b'"seq":7', b'"seq":' + b"9" * 5000),
    ],
    ids=lambda payload: f"{payload[:14]!r}",
)
def test_what_is_no_json_of_ours_is_refused(payload: bytes) -> None:
    assert len(refusal(payload)) < 300


@pytest.mark.parametrize("letters", [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\\ud800", b"\\u12"])
def test_text_that_is_not_unicode_is_refused(letters: bytes) -> None:
    payload = encode(SCAN).replace(SECRET.encode(), b"BI MAT" + letters)
    assert "BI MAT" not in refusal(payload)
