"""How every settings file of the house is read: TOML into typed structs, errors with a line.

A settings struct gives each field a type, bounds and a description in its annotation
(``msgspec.Meta``); :func:`loads` refuses a file that does not fit with the line to mend, and
:func:`describe` lists the fields for the docs.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec
from msgspec import Struct

T = TypeVar("T", bound=Struct)

_PIECE = re.compile(
    r'''
      """(?:\\.|[^\\])*?"{3,5} | \'{3}.*?\'{3,5}           # strings over many lines
    | "(?:\\.|[^"\\\n])*" | \'[^\'\n]*\' | \#[^\n]*        # strings and comments
    | [\[\]{}\n=] | [^\[\]{}\n="\'\#]+
    ''',
    re.VERBOSE | re.DOTALL,
)
"""The pieces of TOML text that tell where a statement ends."""

_KEY = re.compile(r""""(?:\\.|[^"\\])*"|'[^']*'|[\w-]+""")


class SettingsError(ValueError):
    """A settings file that cannot be used; the text says where, what is wrong and what fits."""

    path: str = ""
    """The setting to blame, such as ``node.health_s``; empty where it is the file as a whole."""


class Field(NamedTuple):
    """One setting as the docs list it."""

    path: str
    allowed: str
    default: str
    description: str


def read_text(path: str | Path) -> str:
    """The text of the settings file at ``path``.

    Raises:
        SettingsError: no such file, or one that may not or cannot be read.
    """
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise SettingsError(
            f"{path}: không đọc được ({reason}); kiểm tra đường dẫn và quyền đọc / "
            f"cannot be read ({reason}); check the path and who may read it"
        ) from None


def read_password(path: str | Path) -> str:
    """The password on the first line of the file at ``path``, its owner's alone.

    Raises:
        SettingsError: it cannot be read, is empty, or others than its owner may read it.
    """
    words = read_text(path).splitlines()
    mode = Path(path).stat().st_mode & 0o777
    if mode & 0o077:
        raise SettingsError(
            f"{path}: others may read the broker's password (mode {mode:04o}): run chmod 600 {path}"
        )
    if not words or not words[0]:
        raise SettingsError(f"{path}: is empty: put the password on its first line")
    return words[0]


def loads(text: str, kind: type[T], *, name: str = "settings") -> T:
    """Read TOML ``text`` as ``kind``; ``name`` stands before the line in errors.

    Raises:
        SettingsError: not TOML, an unknown name, or a value that does not fit.
    """
    return fit(parse(text, name=name), kind, text=text, name=name)


def parse(text: str, *, name: str = "settings") -> dict[str, Any]:
    """The tables of TOML ``text``, not looked at.

    Raises:
        SettingsError: not TOML.
    """
    text = text.removeprefix("\ufeff")  # some editors write a mark before the first letter
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        where = re.search(r"\(at line (\d+)", str(error))
        line = where.group(1) if where else str(text.count("\n") + 1)
        reason = str(error).split(" (at ")[0]
        raise SettingsError(
            f"{name}:{line}: không đúng cú pháp TOML / not valid TOML: {reason}"
        ) from None
    except RecursionError:
        raise SettingsError(f"{name}:1: lồng quá sâu / nested too deep") from None


def fit(tree: dict[str, Any], kind: type[T], *, text: str, name: str = "settings") -> T:
    """``tree`` as ``kind``; errors name the line of ``text`` that is to be mended.

    Raises:
        SettingsError: an unknown name, or a value that does not fit.
    """
    try:
        settings: T = msgspec.convert(tree, kind)
    except msgspec.ValidationError as error:
        reason, path = _taken_apart(str(error))
        path = _with_name(path, tree, kind, str(error))
        missing = re.search(r"missing required field `([^`]+)`", reason)
        unknown = re.search(r"unknown field `([^`]+)`", reason)
        if missing:
            what = f"thiếu mục `{missing.group(1)}` / `{missing.group(1)}` is missing: add it here"
        elif unknown:
            path = f"{path or '$'}.{unknown.group(1)}"
            what = "không có mục này / there is no such setting: mend its name or take it out"
        else:
            what = f"giá trị không phù hợp / does not fit: {reason}{_what_fits(kind, path)}"
        raise at(text, path, what, name=name) from None
    return settings


def _taken_apart(error: str) -> tuple[str, str]:
    """msgspec's reason, and the path that it gives; no path for the file as a whole."""
    where = re.search(r" - at (`key` in )?`([^`]*)`$", error)
    if where is None:
        return error, ""
    return error[: where.start()], where.group(2) + ("[...]" if where.group(1) else "")


def _with_name(path: str, tree: dict[str, Any], kind: type[Struct], error: str) -> str:
    """The path with the name that msgspec writes as ``[...]``: the one that fails by itself too."""
    above, gap, below = path.partition("[...]")
    if not gap:
        return path
    table: Any = tree
    for step in _steps(above):
        table = table[step]
    every = dict(table)
    for name, value in every.items():
        table.clear()
        table[name] = value
        try:
            msgspec.convert(tree, kind)
        except msgspec.ValidationError as alone:
            if str(alone) == error:
                return f"{above}.{name}{below}"
    return path


def _what_fits(kind: type[Struct], path: str) -> str:
    wanted = re.sub(r"\[\d+\]", "[]", path.partition("[...]")[0].removeprefix("$."))
    for field in describe(kind):
        # an element of a list, or a name in a table, is told with the whole of it
        if wanted in (field.path, f"{field.path}[]") or (
            field.allowed.startswith("table of") and wanted.rpartition(".")[0] == field.path
        ):
            return f"; cho phép / allowed: {field.allowed}"
    return ""


def at(text: str, path: str, reason: str, *, name: str = "settings") -> SettingsError:
    """The error for the setting at ``path`` (``$.queue.policy``, ``$.counter[1].id``)."""
    shown = path.removeprefix("$").removeprefix(".") or "(file)"
    error = SettingsError(f"{name}:{line_of(text, path)}: {shown}: {reason}")
    error.path = shown
    return error


def line_of(text: str, path: str) -> int:
    """The line, from 1, of the setting at ``path``; of its table where it stands nowhere itself.

    Follows table headers and ``key = value``; inside inline tables and arrays the line is that
    of the outermost key.  ``[...]``, a name that the path keeps to itself, ends it.
    """
    wanted = _steps(path.partition("[...]")[0])
    best, best_length = 1, 0
    for number, place in _places(text):
        shared = _shared(wanted, place)
        if shared > best_length and shared in (len(place), len(wanted)):
            best, best_length = number, shared
    return best


def _steps(path: str) -> list[str | int]:
    return [
        int(part[1:-1]) if part.startswith("[") else part
        for part in re.findall(r"\[\d+\]|[^.\[\]$]+", path)
    ]


def _shared(one: Sequence[str | int], other: Sequence[str | int]) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(one), len(other)))


def _places(text: str) -> Iterator[tuple[int, list[str | int]]]:
    """The line and the path of each header and each pair, in order."""
    table: list[str | int] = []
    counts: dict[tuple[str | int, ...], int] = {}
    for number, statement in _statements(text):
        if header := re.fullmatch(r"\[\[(.*)\]\]", statement):
            *above, last = _keys(header.group(1))
            table = [*_newest(above, counts), last]
            key = tuple(table)
            counts[key] = counts.get(key, -1) + 1
            table.append(counts[key])
            yield number, table
        elif header := re.fullmatch(r"\[(.*)\]", statement):
            table = _newest(_keys(header.group(1)), counts)
            yield number, table
        else:
            yield number, [*table, *_keys(statement)]


def _newest(keys: Sequence[str], counts: dict[tuple[str | int, ...], int]) -> list[str | int]:
    """A table's path, where each array of tables on the way stands for its newest element."""
    table: list[str | int] = []
    for part in keys:
        table.append(part)
        if tuple(table) in counts:
            table.append(counts[tuple(table)])
    return table


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Each header, and each pair up to its ``=``, with the line where it begins."""
    line = start = 1
    depth, statement, in_value = 0, "", False
    for piece in _PIECE.findall(text + "\n"):
        if piece == "\n" and depth == 0:
            if statement.strip():
                yield start, statement.strip()
            statement, in_value = "", False
            start = line + 1
        elif piece == "=":
            in_value = True
        elif piece in ("[", "{", "]", "}"):
            depth += 1 if piece in ("[", "{") else -1
        if not in_value and not piece.startswith(("#", "\n")):
            statement += piece
        line += piece.count("\n")


def _keys(dotted: str) -> list[str]:
    return [key.strip("\"'") for key in _KEY.findall(dotted)]


def describe(kind: type[Struct], prefix: str = "") -> Iterator[Field]:
    """Every setting of ``kind`` and of the tables in it, in order.

    ``[]`` in a path stands for each element of a list, ``<name>`` for a name of one's choice.
    """
    for field in msgspec.structs.fields(kind):
        path = f"{prefix}{field.encode_name}"
        info = msgspec.inspect.type_info(field.type)
        yield Field(path, _allowed(_unwrap(info)), _default(field), _description(info))
        for suffix, inner in _tables(info):
            yield from describe(inner, f"{path}{suffix}.")


def _tables(info: Any) -> Iterator[tuple[str, type[Struct]]]:
    """The structs that a setting may hold, each with how its path goes on."""
    shape = _unwrap(info)
    match shape:
        case msgspec.inspect.StructType():
            yield "", shape.cls
        case msgspec.inspect.UnionType():
            for one in shape.types:
                yield from _tables(one)
        case msgspec.inspect.ListType() | msgspec.inspect.VarTupleType():
            for suffix, inner in _tables(shape.item_type):
                yield f"[]{suffix}", inner
        case msgspec.inspect.DictType():
            for suffix, inner in _tables(shape.value_type):
                yield f".<name>{suffix}", inner


def _unwrap(shape: Any) -> Any:
    while isinstance(shape, msgspec.inspect.Metadata):
        shape = shape.type
    return shape


def _description(info: Any) -> str:
    if isinstance(info, msgspec.inspect.Metadata):
        return str((info.extra_json_schema or {}).get("description", ""))
    return ""


def _default(field: msgspec.structs.FieldInfo) -> str:
    """The value of a setting that is left out, as TOML writes it; nothing for a table."""
    if field.required:
        return "required"
    value = field.default
    if value is msgspec.NODEFAULT:
        value = field.default_factory()
    if isinstance(value, Struct):
        return ""
    return "none" if value is None else _toml(value)


def _toml(value: object) -> str:
    if isinstance(value, list | tuple | set | frozenset):
        return f"[{', '.join(_toml(one) for one in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name} = {_toml(one)}' for name, one in value.items())}}}"
    if isinstance(value, str | bool):
        return msgspec.json.encode(value).decode()
    return str(value)


def _range(low: float | None, high: float | None, word: str = "") -> str:
    match low, high:
        case None, None:
            return word
        case _, None:
            return f"{word} {low} or more".strip()
        case None, _:
            return f"{word} at most {high}".strip()
    return f"{word} {low}".strip() if low == high else f"{word} {low} to {high}".strip()


def _allowed(shape: Any) -> str:
    shape = _unwrap(shape)
    match shape:
        case msgspec.inspect.IntType() | msgspec.inspect.FloatType():
            low = shape.ge if shape.ge is not None else shape.gt
            high = shape.le if shape.le is not None else shape.lt
            whole = isinstance(shape, msgspec.inspect.IntType)
            return _range(low, high, "whole number" if whole else "number")
        case msgspec.inspect.StrType():
            length = _range(shape.min_length, shape.max_length)
            words = ["text", f"of {length} characters" if length else ""]
            words.append(f"like {shape.pattern}" if shape.pattern else "")
            return " ".join(word for word in words if word)
        case msgspec.inspect.BoolType():
            return "true or false"
        case msgspec.inspect.LiteralType():
            return " or ".join(_toml(value) for value in shape.values)
        case msgspec.inspect.EnumType():
            return " or ".join(_toml(value.value) for value in shape.cls)
        case msgspec.inspect.ListType() | msgspec.inspect.VarTupleType():
            length = _range(shape.min_length, shape.max_length)
            return f"list of {length + ' × ' if length else ''}{_allowed(shape.item_type)}"
        case msgspec.inspect.StructType():
            return "table"
        case msgspec.inspect.DictType():
            return f"table of {_allowed(shape.key_type)} = {_allowed(shape.value_type)}"
        case msgspec.inspect.UnionType():
            kinds = [one for one in shape.types if not isinstance(one, msgspec.inspect.NoneType)]
            left_out = " or left out" if len(kinds) < len(shape.types) else ""
            return " or ".join(_allowed(one) for one in kinds) + left_out
        case msgspec.inspect.AnyType():
            return "anything"
    return type(shape).__name__.removesuffix("Type").lower()
