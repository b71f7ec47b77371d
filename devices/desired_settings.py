"""What of a node's settings the hall may change from afar: TOML, checked by both sides.

Who a node is, which hall it belongs to and how it reaches the broker stand in its own file alone:
a slip there would cut it off, and only somebody beside it could mend that.
"""

from __future__ import annotations

from typing import Any, Final

from devices.settings_file import at, parse

FROM_AFAR: Final[dict[str, frozenset[str]]] = {
    "node": frozenset({"health_s", "max_events", "max_mbytes"}),
    "broker": frozenset({"keepalive_s"}),
    "panel": frozenset(),
}
"""Tables of which only these may be changed; every other table is a device, and may be."""


def read(text: str, *, name: str = "settings") -> dict[str, Any]:
    """The tables of desired settings; whether each value fits, only the node knows.

    Raises:
        SettingsError: not TOML, or a setting that only the node's own file may have.
    """
    tree = parse(text, name=name)
    for table, values in tree.items():
        if not isinstance(values, dict):
            raise at(text, f"$.{table}", "một bảng như [node] / a table such as [node]", name=name)
        allowed = FROM_AFAR.get(table)
        if allowed is None:
            continue
        for key in values:
            if key not in allowed:
                fits = ", ".join(sorted(allowed)) or "–"
                raise at(
                    text,
                    f"$.{table}.{key}",
                    "chỉ đặt được trong tệp của thiết bị / stands in the node's own file alone; "
                    f"từ xa / from afar: {fits}",
                    name=name,
                )
    return tree


def over(own: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
    """``own`` with what ``desired`` says in its place, table by table; a list as a whole."""
    merged = dict(own)
    for key, value in desired.items():
        before = merged.get(key)
        if isinstance(before, dict) and isinstance(value, dict):
            merged[key] = over(before, value)
        else:
            merged[key] = value
    return merged
