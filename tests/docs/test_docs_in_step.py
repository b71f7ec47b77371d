"""The docs tell every topic, field, setting and command, as the code has them today."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from devices import messages
from devices.settings_file import describe
from devices.topics import TOPICS
from motcua.cli import GROUPS
from scripts import generate_docs

HOUSE = generate_docs.HOUSE
PAGES = generate_docs.render()


def page(name: str) -> str:
    return PAGES[Path("docs") / name]


@pytest.mark.parametrize("path", PAGES, ids=str)
def test_a_generated_page_is_in_step_with_the_code(path: Path) -> None:
    file = HOUSE / path
    assert file.is_file(), f"{path} is missing: run `make docs` and commit it"
    written = file.read_text(encoding="utf-8")
    assert written == PAGES[path], f"{path} is not in step: run `make docs` and commit it"


def test_no_schema_outlives_its_payload() -> None:
    kept = {file.relative_to(HOUSE) for file in (HOUSE / "docs/schemas").glob("*.json")}
    assert kept == {path for path in PAGES if path.parent.name == "schemas"}


def test_every_topic_has_its_line() -> None:
    lines = page("messages.md").splitlines()
    for leaf, rule in TOPICS.items():
        (line,) = [one for one in lines if f"`mc/1/{{hall}}/{{node}}/{leaf}`" in one]
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        assert cells[1:4] == [rule.sender, str(rule.qos), "yes" if rule.retain else "no"]
    assert any("`mc/1/{hall}/state`" in line for line in lines)


def structs() -> list[type[msgspec.Struct]]:
    """All but the head of an event, which is no payload: the fields are those of the event."""
    return [
        one
        for one in vars(messages).values()
        if isinstance(one, type)
        and issubclass(one, msgspec.Struct)
        and one not in (msgspec.Struct, messages.EventHead)
    ]


@pytest.mark.parametrize("kind", structs(), ids=lambda kind: kind.__name__)
def test_every_field_of_every_payload_says_what_it_means(kind: type[msgspec.Struct]) -> None:
    section = page("messages.md").split(f"\n### {kind.__name__}\n")[1].split("\n### ")[0]
    for field in msgspec.structs.fields(kind):
        (line,) = re.findall(rf"^\| `{field.encode_name}` \|.*$", section, re.MULTILINE)
        assert line.strip("| ").rpartition("|")[2].strip(), f"{field.name} has no word of meaning"


@pytest.mark.parametrize("file", generate_docs.SETTINGS)
def test_every_setting_has_a_line_that_says_what_it_is_for(file: str) -> None:
    module, kind, _, _ = generate_docs.SETTINGS[file]
    section = page("settings.md").split(f"`{file}`\n")[1].split("\n## ")[0]
    settings = list(describe(getattr(importlib.import_module(module), kind)))
    assert settings
    for setting in settings:
        assert f"| `{setting.path}` |" in section
        assert setting.description, f"{file}: {setting.path} has no description"


@pytest.mark.parametrize("group", GROUPS)
def test_every_command_has_its_section_and_its_arguments_their_words(group: str) -> None:
    section = page("commands.md").split(f"\n## `motcua {group}`: ")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(.*?)` \| (.*) \|$", section, re.MULTILINE)
    assert rows
    assert all(words.strip() for _, words in rows)


# ---------------------------------------------------------------- AsyncAPI and JSON Schema


def asyncapi() -> dict[str, Any]:
    tree: dict[str, Any] = json.loads(page("asyncapi.json"))
    return tree


def test_the_asyncapi_document_is_what_asyncapi_3_allows() -> None:
    rules = HOUSE / ".build/asyncapi-3.0.0.schema.json"
    assert rules.is_file(), "the rules of AsyncAPI are missing: run `make setup`"
    checker = jsonschema.Draft7Validator(json.loads(rules.read_text(encoding="utf-8")))
    faults = [
        f"{error.json_path}: {error.message[:200]}" for error in checker.iter_errors(asyncapi())
    ]
    assert faults == []


def test_the_rules_of_asyncapi_would_notice_a_fault() -> None:
    rules = json.loads((HOUSE / ".build/asyncapi-3.0.0.schema.json").read_text(encoding="utf-8"))
    checker = jsonschema.Draft7Validator(rules)
    broken = asyncapi()
    broken["operations"]["send-node-ack"]["action"] = "shout"
    assert not checker.is_valid(broken)
    broken = asyncapi()
    broken["operations"]["send-node-ack"]["bindings"]["mqtt"]["qos"] = 7
    assert not checker.is_valid(broken)


def references(tree: Any) -> list[str]:
    if isinstance(tree, dict):
        own = [tree["$ref"]] if isinstance(tree.get("$ref"), str) else []
        return own + [one for value in tree.values() for one in references(value)]
    if isinstance(tree, list):
        return [one for value in tree for one in references(value)]
    return []


@pytest.mark.parametrize("path", [path for path in PAGES if path.suffix == ".json"], ids=str)
def test_every_reference_leads_somewhere(path: Path) -> None:
    tree = json.loads(PAGES[path])
    found = references(tree)
    assert found
    for reference in found:
        place = tree
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
        assert place


def test_every_topic_has_one_channel_and_one_operation_with_its_binding() -> None:
    tree = asyncapi()
    assert len(tree["channels"]) == len(tree["operations"]) == len(TOPICS) + 1
    for leaf, rule in TOPICS.items():
        name = f"node-{leaf.replace('/', '-')}"
        assert tree["channels"][name]["address"] == f"mc/1/{{hall}}/{{node}}/{leaf}"
        action = "send" if rule.sender == "hall" else "receive"
        mqtt = tree["operations"][f"{action}-{name}"]["bindings"]["mqtt"]
        assert (mqtt["qos"], mqtt["retain"]) == (rule.qos, rule.retain)


EXAMPLES: list[msgspec.Struct] = [
    messages.Event(
        stream="a" * 32,
        seq=1,
        oldest_seq=1,
        boot_id="b" * 32,
        wall_us=1,
        monotonic_us=1,
        clock_synchronised=True,
        body=messages.RatingPress(level=5, levels=5, window_id="w-1"),
    ),
    messages.Ack(stream="a" * 32, through=0),
    messages.NodeState("online", "b" * 32, "1", ["scanner"]),
    messages.HallState("online", 1, "1"),
    messages.Display(rev=1, wall_ms=1, phase="called", ticket="A012"),
]


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda message: type(message).__name__)
def test_the_schemas_allow_what_travels_and_refuse_what_the_hall_refuses(
    message: msgspec.Struct,
) -> None:
    name = generate_docs.kebab(type(message).__name__)
    schema = json.loads(page(f"schemas/{name}.schema.json"))
    jsonschema.Draft202012Validator.check_schema(schema)
    checker = jsonschema.Draft202012Validator(schema)
    tree = json.loads(messages.encode(message))
    assert checker.is_valid(tree)
    for field in type(message).__struct_fields__:
        broken = {**tree, field: {"not": "this"}}
        assert not checker.is_valid(broken), field
        with pytest.raises(messages.PayloadError):
            messages.decode(json.dumps(broken).encode(), type(message))
    if "stream" in tree:
        assert not checker.is_valid({**tree, "stream": "a" * 32 + "\n"})
