"""Write the pages of ``docs/`` that the code itself tells: messages, settings and commands.

``make docs`` writes them; a test compares them with :func:`render`, so that no topic, setting or
command stays untold.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import json
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import msgspec

from devices import messages, topics
from devices.settings_file import describe
from motcua import __version__
from motcua.cli import GROUPS

HOUSE: Final = Path(__file__).resolve().parents[1]

SETTINGS: Final = {
    "node.toml": ("edge.settings", "NodeSettings", "A node", "motcua node --config node.toml"),
    "hall.toml": (
        "hall_server.settings",
        "HallSettings",
        "The hall",
        "motcua hall --config hall.toml",
    ),
}
"""File -> the module and the struct that read it, whose it is, and who asks for it."""

PAYLOADS: Final[dict[str, type[msgspec.Struct]]] = {
    **{kind.__name__: kind for kind in messages.PAYLOADS.values()},
    "HallState": messages.HallState,
}

GENERATED: Final = "Written by `make docs` from {}: change it there."

Schema = dict[str, Any]


def render() -> dict[Path, str]:
    """Each generated page: its path within the house, and its text."""
    pages = {Path("docs/asyncapi.json"): as_json(asyncapi())}
    for name in PAYLOADS:
        path = Path(f"docs/schemas/{kebab(name)}.schema.json")
        pages[path] = as_json(standalone_schema(name))
    pages[Path("docs/messages.md")] = messages_page()
    pages[Path("docs/settings.md")] = settings_page()
    pages[Path("docs/commands.md")] = commands_page()
    return pages


# ---------------------------------------------------------------- schemas


def kebab(name: str) -> str:
    """``HallState`` -> ``hall-state``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


def prose(text: str) -> str:
    """A docstring as running text in Markdown."""
    plain = re.sub(r":\w+:`([^`]+)`", r"`\1`", inspect.cleandoc(text)).replace("``", "`")
    return re.sub(r"[ \n]*\n[ \n]*|  +", " ", plain)


def field_words(kind: type[msgspec.Struct]) -> dict[str, str]:
    """What stands under each field of ``kind`` in its source."""
    body = ast.parse(inspect.getsource(kind).lstrip()).body[0]
    assert isinstance(body, ast.ClassDef)
    words = {}
    for field, below in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            match below:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    words[field.target.id] = prose(text)
    return words


@cache
def _schemas(template: str) -> dict[str, Schema]:
    _, components = msgspec.json.schema_components(PAYLOADS.values(), ref_template=template)
    for name, schema in components.items():
        kind = getattr(messages, name)
        schema["description"] = prose(schema.get("description", ""))
        for field, words in field_words(kind).items():
            schema["properties"][field].setdefault("description", words)
        for shape in schema["properties"].values():
            shape.pop("discriminator", None)  # OpenAPI's; `kind` already tells them apart
    return dict(sorted(components.items()))


def standalone_schema(name: str) -> Schema:
    """The JSON Schema of one payload, with everything that it refers to."""
    every = _schemas("#/$defs/{name}")
    wanted, waiting = set[str](), [name]
    while waiting:
        wanted.add(one := waiting.pop())
        referred = re.findall(r'"#/\$defs/(\w+)"', json.dumps(every[one]))
        waiting.extend(set(referred) - wanted)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": name,
        "$ref": f"#/$defs/{name}",
        "$defs": {one: every[one] for one in sorted(wanted)},
    }


def as_json(tree: Schema) -> str:
    return json.dumps(tree, indent=2, ensure_ascii=False) + "\n"


# ---------------------------------------------------------------- AsyncAPI


def channels() -> Iterator[tuple[str, str, topics.TopicRule, str]]:
    """Name, address, rule and payload of every topic."""
    for leaf, rule in topics.TOPICS.items():
        address = f"{topics.ROOT}/{{hall}}/{{node}}/{leaf}"
        yield f"node-{leaf.replace('/', '-')}", address, rule, messages.PAYLOADS[leaf].__name__
    rule = topics.TopicRule("hall", 1, True, "birth and last will of the hall")
    yield "hall-state", f"{topics.ROOT}/{{hall}}/state", rule, "HallState"


def asyncapi() -> Schema:
    """The whole contract as an AsyncAPI 3.0.0 document, told from the hall server's side."""
    name_of = {
        "hall": {"description": "name of the hall: 1 to 48 of a-z, 0-9 and inner hyphens"},
        "node": {"description": "name of the node, in the same letters; never `state`"},
    }
    tree: Schema = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "motcua: a hall and its nodes",
            "version": __version__,
            "description": "Every MQTT 5 message of a one-stop-shop hall, told from the hall "
            "server's side: it receives what nodes send, and sends what they must show. "
            + GENERATED.format("`devices/topics.py` and `devices/messages.py`"),
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "broker": {
                "host": "{broker}",
                "protocol": "mqtt",
                "protocolVersion": "5",
                "description": "the hall's own broker",
                "variables": {"broker": {"default": "127.0.0.1:1883"}},
            }
        },
        "channels": {},
        "operations": {},
        "components": {"messages": {}, "schemas": _schemas("#/components/schemas/{name}")},
    }
    for name, address, rule, payload in channels():
        tree["channels"][name] = {
            "address": address,
            "description": rule.purpose,
            "parameters": {key: name_of[key] for key in re.findall(r"{(\w+)}", address)},
            "messages": {payload: {"$ref": f"#/components/messages/{payload}"}},
        }
        action = "send" if rule.sender == "hall" else "receive"
        tree["operations"][f"{action}-{name}"] = {
            "action": action,
            "channel": {"$ref": f"#/channels/{name}"},
            "summary": f"{rule.sender} sends: {rule.purpose}",
            "messages": [{"$ref": f"#/channels/{name}/messages/{payload}"}],
            "bindings": {
                "mqtt": {"qos": rule.qos, "retain": rule.retain, "bindingVersion": "0.2.0"}
            },
        }
        tree["components"]["messages"][payload] = {
            "name": payload,
            "contentType": "application/json",
            "summary": tree["components"]["schemas"][payload]["description"],
            "payload": {"$ref": f"#/components/schemas/{payload}"},
        }
    return tree


# ---------------------------------------------------------------- messages.md


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    lines = [list(head)]
    lines.append(["---"] * len(lines[0]))
    lines.extend([cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def number(value: float) -> str:
    """A bound as people read it: the contract's large ones are powers of two."""
    whole = int(value)
    exponent = whole.bit_length() - 1
    return f"2^{exponent}" if exponent > 31 and whole == 2**exponent else f"{value}"


def bounds(schema: Schema, low: str, high: str) -> str:
    """How small and how large, in words that follow the type."""
    least, most = schema.get(low), schema.get(high)
    if least is not None and most is not None:
        return f", {number(least)} to {number(most)}"
    if least is not None:
        return f", {number(least)} or more"
    return f", at most {number(most)}" if most is not None else ""


def what_fits(schema: Schema) -> str:
    """What a field may hold, in words."""
    if reference := schema.get("$ref"):
        name = reference.rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        kinds = [what_fits(one) for one in schema["anyOf"] if one != {"type": "null"}]
        return " or ".join(kinds) + ("; or null" if len(kinds) < len(schema["anyOf"]) else "")
    if "enum" in schema:
        return " or ".join(f"`{json.dumps(one)}`" for one in schema["enum"])
    match schema["type"]:
        case "integer":
            return "whole number" + bounds(schema, "minimum", "maximum")
        case "number":
            return "number" + bounds(schema, "minimum", "maximum")
        case "string":
            length = bounds(schema, "minLength", "maxLength")
            like = schema.get("pattern", "").removesuffix("(?!\\n)")
            return (
                "text"
                + (f"{length} characters" if length else "")
                + (f", like `{like}`" if like else "")
            )
        case "array":
            return f"list{bounds(schema, 'minItems', 'maxItems')}: {what_fits(schema['items'])}"
        case "boolean":
            return "true or false"
        case other:
            return str(other)


def struct_section(name: str, schema: Schema) -> str:
    rows = []
    for field, shape in schema["properties"].items():
        needed = (
            "required" if field in schema["required"] else f"`{json.dumps(shape.get('default'))}`"
        )
        words = shape.get("description", "names the kind" if field == "kind" else "")
        rows.append((f"`{field}`", what_fits(shape), needed, words))
    head = ("field", "what fits", "when left out", "meaning")
    return f"### {name}\n\n{schema['description']}\n\n{table(head, rows)}"


def messages_page() -> str:
    """The contract as people read it: every topic, every payload, every field."""
    head = ("topic", "from", "QoS", "retained", "payload", "what")
    rows = [
        (
            f"`{address}`",
            rule.sender,
            str(rule.qos),
            "yes" if rule.retain else "no",
            f"[{payload}](#{payload.lower()})",
            rule.purpose,
        )
        for _, address, rule, payload in channels()
    ]
    sections = [struct_section(*one) for one in _schemas("#/$defs/{name}").items()]
    return "\n".join(
        [
            "# What nodes and the hall say to each other\n",
            GENERATED.format("`devices/topics.py` and `devices/messages.py`"),
            "The same for programs: [asyncapi.json](asyncapi.json) and the JSON Schemas in "
            "[schemas/](schemas/).\n",
            prose(messages.__doc__ or "") + "\n",
            f"A payload is JSON in UTF-8, at most {messages.MAX_PAYLOAD_BYTES} bytes. One that "
            "does not fit is refused with the path of its field, never with its value.\n",
            "## Topics (MQTT 5)\n",
            table(head, rows),
            prose(topics.__doc__ or "") + "\n",
            "## Payloads\n",
            *sections,
        ]
    )


# ---------------------------------------------------------------- settings.md and commands.md


def module_or_none(name: str) -> ModuleType | None:
    """The module, or None while its room is not built."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and name.startswith(error.name):
            return None
        raise


def settings_page() -> str:
    """Every setting of every settings file."""
    parts = [
        "# Settings\n",
        GENERATED.format("the settings modules"),
        "Settings files are TOML. `--check` reads one and says with file and line what does not "
        "fit. `[]` stands for each table of a list (`[[service]]`), `<name>` for a name of your "
        "choice.\n",
    ]
    for file, (module_name, kind_name, whose, command) in SETTINGS.items():
        module = module_or_none(module_name)
        if module is None:
            continue
        head = ("setting", "what fits", "when left out", "what it is for")
        rows = [
            (f"`{one.path}`", one.allowed, left_out(one.default), one.description)
            for one in describe(getattr(module, kind_name))
        ]
        parts += [f"## {whose}: `{file}`\n", f"Read by `{command}`.\n", table(head, rows)]
    return "\n".join(parts)


def left_out(default: str) -> str:
    """What stands for a setting that is left out, as the table says it."""
    return f"`{default}`" if default not in ("required", "none", "") else default


def commands_page() -> str:
    """Every group of the program, with its arguments."""
    parts = [
        "# Commands\n",
        GENERATED.format("`motcua/cli.py` and the modules that it names"),
        "`motcua GROUP --help` says the same.\n",
    ]
    for group, (module_name, what) in GROUPS.items():
        module = module_or_none(module_name)
        if module is None:
            continue
        parser = argparse.ArgumentParser(prog=f"motcua {group}")
        module.add_arguments(parser)
        parts += [f"## `motcua {group}`: {what}\n", *arguments_of(parser)]
    return "\n".join(parts)


def arguments_of(parser: argparse.ArgumentParser) -> Iterator[str]:
    """A table of the parser's arguments, then a section for each of its sub-commands."""
    rows, below = [], []
    for action in parser._actions:
        if isinstance(action, argparse._HelpAction):
            continue
        if isinstance(action, argparse._SubParsersAction):
            below += list(action.choices.items())
            continue
        taken = action.metavar or (action.dest if action.option_strings else "")
        if action.nargs == 0:
            taken = ""
        if action.choices is not None:
            taken = " or ".join(str(one) for one in action.choices)
        named = ", ".join(action.option_strings) or str(action.metavar or action.dest)
        written = f"{named} {taken if action.option_strings else ''}".strip()
        words = (action.help or "") % {"default": action.default, "prog": parser.prog}
        rows.append((f"`{written}`", words))
    if rows:
        yield table(("argument", "what it does"), rows)
    for name, one in below:
        yield f"### `{parser.prog} {name}`\n"
        yield from arguments_of(one)


def main() -> int:
    """Write every page that is not as it should be; remove schemas of payloads that are gone."""
    pages = render()
    for old in (HOUSE / "docs/schemas").glob("*.schema.json"):
        if old.relative_to(HOUSE) not in pages:
            old.unlink()
    for path, text in pages.items():
        target = HOUSE / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.is_file() or target.read_text(encoding="utf-8") != text:
            target.write_text(text, encoding="utf-8")
            print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
