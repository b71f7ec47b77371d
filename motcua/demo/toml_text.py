"""Settings structs as TOML text, for the files that the demo writes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")


def toml_of(settings: Struct, *, heading: str = "") -> str:
    """``settings`` with every field, also those left at their default; None is left out."""
    lines = [f"# {line}" for line in heading.splitlines()]
    tree: dict[str, Any] = msgspec.to_builtins(settings)
    return "\n".join([*lines, *_table(tree, "")]).strip() + "\n"


def _table(tree: Mapping[str, Any], path: str) -> Iterator[str]:
    tables: list[tuple[str, Any]] = []
    for name, value in tree.items():
        if isinstance(value, dict) or (isinstance(value, list) and value and _is_tables(value)):
            tables.append((name, value))
        elif value is not None:
            yield f"{_key(name)} = {_value(value)}"
    for name, value in tables:
        place = f"{path}.{_key(name)}" if path else _key(name)
        if isinstance(value, dict):
            yield f"\n[{place}]"
            yield from _table(value, place)
        else:
            for one in value:
                yield f"\n[[{place}]]"
                yield from _table(one, place)


def _is_tables(values: list[Any]) -> bool:
    return all(isinstance(value, dict) for value in values)


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _string(name)


def _value(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, str):
        return _string(value)
    return json.dumps(value)


def _string(text: str) -> str:
    # JSON's escapes are among TOML's, which wants DEL escaped as well
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
