"""How every settings file of the house is read: TOML into typed structs, errors with a line.

A settings struct gives each field a type, bounds and a description in its annotation
(``msgspec.Meta``); :func:`load` refuses a file that does not fit with the line to mend, and
:func:`describe` lists the fields for the docs.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec
from msgspec import Struct

T = TypeVar("T", bound=Struct)

_PAIR = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*[\w"'-]+)*)\s*=""")


class SettingsError(ValueError):
    """A settings file that cannot be used; the text says where, what is wrong and what fits."""


class Field(NamedTuple):
    """One setting as the docs list it."""

    path: str
    allowed: str
    default: str
    description: str


def load(path: str | Path, kind: type[T]) -> T:
    """Read the TOML file at ``path`` as ``kind``.

    Raises:
        SettingsError: no such file, not TOML, an unknown name, or a value that does not fit.
    """
    source = Path(path)
    try:
        text = source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise SettingsError(
            f"{source}: không đọc được ({reason}); kiểm tra đường dẫn và quyền đọc / "
            f"cannot be read ({reason}); check the path and who may read it"
        ) from None
    return loads(text, kind, name=str(source))


def loads(text: str, kind: type[T], *, name: str = "settings") -> T:
    """Read TOML ``text`` as ``kind``; ``name`` stands before the line in errors."""
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        where = re.search(r"\(at line (\d+)", str(error))
        line = where.group(1) if where else str(text.count("\n") + 1)
        reason = str(error).split(" (at ")[0]
        raise SettingsError(
            f"{name}:{line}: không đúng cú pháp TOML / not valid TOML: {reason}"
        ) from None
    try:
        settings: T = msgspec.convert(tree, kind)
    except msgspec.ValidationError as error:
        reason, _, where_text = str(error).partition(" - at `")
        path = where_text.rstrip("`")
        missing = re.search(r"missing required field `(\w+)`", reason)
        unknown = re.search(r"unknown field `(\w+)`", reason)
        extra = missing or unknown
        if unknown:
            path = f"{path or '$'}.{unknown.group(1)}"
        raise at(text, path, _explain(reason, extra), name=name) from None
    return settings


def at(text: str, path: str, reason: str, *, name: str = "settings") -> SettingsError:
    """The error for the setting at ``path`` (``$.queue.policy``, ``$.counter[1].id``)."""
    shown = path.removeprefix("$").removeprefix(".") or "(file)"
    return SettingsError(f"{name}:{line_of(text, path)}: {shown}: {reason}")


def _explain(reason: str, extra: re.Match[str] | None) -> str:
    if extra and "missing" in reason:
        return f"thiếu mục `{extra.group(1)}` / `{extra.group(1)}` is missing: add it here"
    if extra:
        return "không có mục này / there is no such setting: mend its name or take it out"
    return f"giá trị không phù hợp / does not fit: {reason}"


def line_of(text: str, path: str) -> int:
    """The line, from 1, of the setting at ``path``; of its table where it stands nowhere itself.

    Follows table headers and plain ``key = value`` lines; inside inline tables and arrays the
    line is that of the outermost key.
    """
    wanted = [
        int(part[1:-1]) if part.startswith("[") else part
        for part in re.findall(r"\[\d+\]|[^.\[\]$]+", path)
    ]
    best, best_length = 1, 0
    for number, place in _places(text):
        if len(place) > best_length and place == wanted[: len(place)]:
            best, best_length = number, len(place)
    return best


def _places(text: str) -> Iterator[tuple[int, list[str | int]]]:
    table: list[str | int] = []
    counts: dict[tuple[str | int, ...], int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[\[\s*([^\]]+?)\s*\]\]", line):
            keys: list[str | int] = list(_keys(header.group(1)))
            # a sub-array belongs to the newest element of the array above it
            for length in range(1, len(keys)):
                above = tuple(keys[:length])
                if above in counts and not isinstance(keys[length], int):
                    keys.insert(length, counts[above])
            key = tuple(keys)
            counts[key] = counts.get(key, -1) + 1
            table = [*keys, counts[key]]
            yield number, table
        elif header := re.match(r"\s*\[\s*([^\[\]]+?)\s*\]", line):
            table = []
            for part in _keys(header.group(1)):
                table.append(part)
                if tuple(table) in counts:
                    table.append(counts[tuple(table)])
            yield number, table
        elif pair := _PAIR.match(line):
            yield number, [*table, *_keys(pair.group(1))]


def _keys(dotted: str) -> list[str]:
    return [part.strip().strip("\"'") for part in dotted.split(".")]


def describe(kind: type[Struct], prefix: str = "") -> Iterator[Field]:
    """Every setting of ``kind`` and of the tables in it, in order."""
    for field in msgspec.structs.fields(kind):
        path = f"{prefix}{field.encode_name}"
        shape = _unwrap(msgspec.inspect.type_info(field.type))
        yield Field(path, _allowed(shape), _default(field), _description(field.type))
        inner: Any = shape
        suffix = "."
        if isinstance(shape, msgspec.inspect.ListType):
            inner, suffix = _unwrap(shape.item_type), "[]."
        if isinstance(inner, msgspec.inspect.StructType):
            yield from describe(inner.cls, path + suffix)


def _unwrap(shape: Any) -> Any:
    while isinstance(shape, msgspec.inspect.Metadata):
        shape = shape.type
    return shape


def _description(annotation: Any) -> str:
    info = msgspec.inspect.type_info(annotation)
    if isinstance(info, msgspec.inspect.Metadata):
        return str((info.extra_json_schema or {}).get("description", ""))
    return ""


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "required"
    value = field.default
    if value is msgspec.NODEFAULT:
        value = field.default_factory()
    return "" if isinstance(value, Struct) else repr(value)


def _allowed(shape: Any) -> str:
    match shape:
        case msgspec.inspect.IntType() | msgspec.inspect.FloatType():
            low = shape.ge if shape.ge is not None else shape.gt
            high = shape.le if shape.le is not None else shape.lt
            word = "whole number" if isinstance(shape, msgspec.inspect.IntType) else "number"
            return f"{word} {low} to {high}"
        case msgspec.inspect.StrType():
            return f"text, at most {shape.max_length} characters" if shape.max_length else "text"
        case msgspec.inspect.BoolType():
            return "true or false"
        case msgspec.inspect.LiteralType():
            return " or ".join(repr(value) for value in shape.values)
        case msgspec.inspect.ListType():
            return f"list of {_allowed(_unwrap(shape.item_type))}"
        case msgspec.inspect.StructType():
            return "table"
        case msgspec.inspect.DictType():
            return f"table of {_allowed(_unwrap(shape.value_type))}"
        case msgspec.inspect.UnionType():
            return " or ".join(_allowed(_unwrap(one)) for one in shape.types)
        case msgspec.inspect.NoneType():
            return "nothing"
    return type(shape).__name__
