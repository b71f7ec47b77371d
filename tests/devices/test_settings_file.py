"""A settings file is read whole, or refused with the line to mend and what would fit."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct, field

from devices.settings_file import Field, SettingsError, describe, line_of, loads, read_text


class Lamp(Struct, frozen=True, forbid_unknown_fields=True):
    pin: Annotated[int, Meta(ge=0, le=27, description="GPIO of the lamp")]
    shades: list[int] = []


class Button(Struct, frozen=True, forbid_unknown_fields=True):
    level: Annotated[int, Meta(ge=1, le=5, description="1 is the worst")]
    lamp: list[Lamp] = []


class Voice(Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(max_length=40, description="espeak-ng voice")] = "vi"
    sink: Annotated[Literal["alsa", "wav"], Meta(description="where it sounds")] = "alsa"


class Counter(Struct, frozen=True, forbid_unknown_fields=True):
    id: Annotated[str, Meta(min_length=1, max_length=48, description="name of the counter")]
    wait_s: Annotated[float, Meta(gt=0, le=600, description="seconds")] = 45.0
    open: Annotated[bool, Meta(description="open in the morning")] = True
    services: Annotated[list[str], Meta(description="codes")] = field(
        default_factory=lambda: ["ho-tich"]
    )
    voice: Annotated[Voice | None, Meta(description="the voice that calls")] = None
    button: Annotated[list[Button], Meta(max_length=5, description="buttons")] = []
    weights: dict[Literal["baby", "poor"], int] = {}
    minutes: Annotated[dict[str, int], Meta(description="minutes a reason is worth")] = {}


class Hall(Struct, frozen=True, forbid_unknown_fields=True):
    counter: Annotated[list[Counter], Meta(min_length=1, description="the counters")]
    title: Annotated[str, Meta(description="shown on the board")] = ""


def refusal(text: str, kind: type[Struct] = Hall) -> str:
    with pytest.raises(SettingsError) as caught:
        loads(text, kind, name="hall.toml")
    return str(caught.value)


def test_a_fitting_file_is_read_whole(tmp_path: Path) -> None:
    file = tmp_path / "hall.toml"
    file.write_text('title = "Kiến Hưng"\n[[counter]]\nid = "3"\n', encoding="utf-8")
    hall = loads(read_text(file), Hall)
    assert hall == Hall(title="Kiến Hưng", counter=[Counter(id="3")])


def test_the_mark_that_some_editors_put_first_does_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "hall.toml"
    file.write_text('[[counter]]\nid = "3"\n', encoding="utf-8-sig")
    assert loads(read_text(file), Hall).counter[0].id == "3"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no-such\.toml: .*check the path"):
        read_text(tmp_path / "no-such.toml")


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "hall.toml"
    file.write_bytes('title = "Hà Đông"'.encode("cp1258", errors="replace") + b"\xff")
    with pytest.raises(SettingsError, match="not UTF-8"):
        read_text(file)


def test_a_slip_of_the_pen_has_its_line() -> None:
    assert refusal("title = 'x'\n\n[[counter]]\nid = \n").startswith("hall.toml:4: ")
    assert "TOML" in refusal("title = 'x'\ntitle = 'y'\n")


def test_an_unfinished_file_has_its_last_line() -> None:
    assert refusal('title = """a\nb\n').startswith("hall.toml:3: ")


def test_nesting_beyond_reason_is_refused_and_not_a_crash() -> None:
    assert "nested too deep" in refusal("title = " + "[" * 20_000 + "]" * 20_000)


@pytest.mark.parametrize(
    ("text", "line", "place", "fits"),
    [
        ('[[counter]]\nid = "1"\nwait_s = 0\n', 3, "counter[0].wait_s", "number"),
        ('[[counter]]\nid = "1"\n\n[[counter]]\nid = 7\n', 5, "counter[1].id", "1 to 48 character"),
        ('[[counter]]\nid = "1"\n[counter.voice]\nsink = "usb"\n', 4, "sink", '"alsa" or "wav"'),
        ('[[counter]]\nid = "1"\nvoice.sink = "usb"\n', 3, "voice.sink", '"alsa" or "wav"'),
        ('[[counter]]\nid = "1"\nvoice = { sink = "usb" }\n', 3, "voice.sink", '"alsa" or "wav"'),
        ('[[counter]]\nid = "1"\nopen = "yes"\n', 3, "counter[0].open", "true or false"),
        (
            '[[counter]]\nid = "1"\nservices = [\n  "a",\n  4,\n]\n',
            3,
            "services[1]",
            "list of text",
        ),
        (
            '[[counter]]\nid = "1"\n[counter.minutes]\na = 1\nb = "x"\nc = 2\n',
            5,
            "minutes.b",
            "table",
        ),
        ('[[counter]]\nid = "1"\n[counter.weights]\nbaby = 1\nold = 2\n', 5, "weights", '"baby"'),
        ('[[counter]]\nid = "1"\nweights = {baby = 1, poor = ""}\n', 3, "weights.poor", '"baby"'),
        ("counter = []\n", 1, "counter", "list of 1 or more"),
    ],
)
def test_a_value_that_does_not_fit_has_its_line_and_what_would(
    text: str, line: int, place: str, fits: str
) -> None:
    message = refusal(text)
    assert message.startswith(f"hall.toml:{line}: ")
    assert place in message
    assert fits in message


def test_arrays_of_tables_within_arrays_of_tables_are_counted_apart() -> None:
    text = """
    [[counter]]
    id = "1"
    [[counter.button]]
    level = 1
    [[counter.button.lamp]]
    pin = 4
    [[counter.button.lamp]]
    pin = 5
    [[counter.button]]
    level = 2
    [[counter.button.lamp]]
    pin = 6
    [[counter]]
    id = "2"
    [[counter.button]]
    level = 1
    [[counter.button.lamp]]
    pin = 7
    [[counter.button.lamp]]
    pin = 99
    """
    message = refusal(text)
    assert message.startswith("hall.toml:21: counter[1].button[0].lamp[1].pin: ")


@pytest.mark.parametrize(
    "before",
    [
        'title = """\n[[counter]]\nid = 3\n"""',
        "title = '''\n[[counter]]\nid = 3\n'''",
        'title = "[[counter]] # no comment"',
        "# [[counter]]\n# id = 3",
        'title = "a \\" b"   # "[[counter]]"',
    ],
)
def test_what_stands_in_texts_and_comments_is_no_setting(before: str) -> None:
    text = f'{before}\n[[counter]]\nid = "1"\nopen = 3\n'
    assert refusal(text).startswith(f"hall.toml:{before.count(chr(10)) + 4}: ")


def test_a_list_over_many_lines_is_no_table() -> None:
    text = '[[counter]]\nid = "1"\nbutton = [\n  {level = 1, lamp = [\n    {pin = 1, shades = [\n'
    text += "      [7]\n    ]}\n  ]}\n]\nopen = 3\n"
    message = refusal(text.replace("[7]", "7"))
    assert message.startswith("hall.toml:10: counter[0].open: ")
    assert refusal(text).startswith("hall.toml:3: counter[0].button[0].lamp[0].shades[0]: ")


def test_an_unknown_name_is_pointed_at() -> None:
    message = refusal('[[counter]]\nid = "1"\n\nwait-s = 3\n')
    assert message.startswith("hall.toml:4: counter[0].wait-s: ")
    assert "no such setting" in message
    assert refusal('[[counter]]\nid = "1"\n[queue]\nsize = 3\n').startswith("hall.toml:3: queue: ")


def test_a_missing_setting_is_asked_for_where_its_table_begins() -> None:
    message = refusal('title = "x"\n[[counter]]\nid = "1"\n[[counter]]\nopen = true\n')
    assert message.startswith("hall.toml:4: counter[1]: ")
    assert "`id`" in message
    assert refusal("title = 'x'\n").startswith("hall.toml:1: (file): ")


def test_a_table_that_is_only_named_in_those_below_it_has_their_line() -> None:
    assert line_of("# a\n[queue.policy]\nweight = 1\n", "$.queue") == 2
    assert line_of("a.b = 1\n", "$.a") == 1


def test_quoted_names_are_followed() -> None:
    assert line_of('x = 1\n["queue" . \'policy\']\n"weight" = 2\n', "$.queue.policy.weight") == 3


def leaves(tree: Any, path: str) -> list[str]:
    if isinstance(tree, dict):
        return [leaf for key, one in tree.items() for leaf in leaves(one, f"{path}.{key}")]
    if isinstance(tree, list) and tree and isinstance(tree[0], dict):
        return [leaf for i, one in enumerate(tree) for leaf in leaves(one, f"{path}[{i}]")]
    return [path]


@given(
    st.recursive(
        st.just(()),
        lambda inner: st.lists(inner, max_size=3).map(tuple),
        max_leaves=12,
    )
)
def test_every_value_of_every_table_of_tables_is_found_on_its_own_line(shape: Any) -> None:
    lines: list[str] = []

    def write(node: Any, name: str) -> None:
        lines.append(f"[[{name}]]")
        lines.append(f"value = {len(lines) + 1}")
        for inner in node:
            write(inner, f"{name}.t")

    write(shape, "t")
    text = "\n".join(lines)
    tree = tomllib.loads(text)
    for path in leaves(tree, "$"):
        value: Any = tree
        for step in path.removeprefix("$.").replace("[", ".").replace("]", "").split("."):
            value = value[int(step)] if step.isdigit() else value[step]
        assert line_of(text, path) == value


def test_the_docs_list_every_setting_with_what_it_may_be() -> None:
    fields = {one.path: one for one in describe(Hall)}
    assert list(fields) == [
        "counter",
        "counter[].id",
        "counter[].wait_s",
        "counter[].open",
        "counter[].services",
        "counter[].voice",
        "counter[].voice.name",
        "counter[].voice.sink",
        "counter[].button",
        "counter[].button[].level",
        "counter[].button[].lamp",
        "counter[].button[].lamp[].pin",
        "counter[].button[].lamp[].shades",
        "counter[].weights",
        "counter[].minutes",
        "title",
    ]
    assert fields["counter[].id"] == Field(
        "counter[].id", "text of 1 to 48 characters", "required", "name of the counter"
    )
    assert fields["counter[].services"].default == '["ho-tich"]'
    assert fields["counter[].open"].default == "true"
    assert fields["counter[].voice"].allowed == "table or left out"
    assert fields["counter[].minutes"].allowed == "table of text = whole number"
    assert fields["counter[].button"].allowed == "list of at most 5 × table"
