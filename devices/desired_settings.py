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
NOT_FROM_AFAR: Final[dict[str, frozenset[str]]] = {
    "qr_scanner": frozenset({"folder"}),
    "speaker": frozenset({"folder", "clips"}),
    "face_camera": frozenset({"folder"}),
}
"""What of a device's table may not: the node writes into these folders, or empties them."""


def read(text: str, *, name: str = "settings") -> dict[str, Any]:
    """The tables of desired settings; whether each value fits, only the node knows.

    Raises:
        SettingsError: not TOML, or a setting that only the node's own file may have.
    """
    tree = parse(text, name=name)
    for table, values in tree.items():
        if not isinstance(values, dict):
            raise at(text, f"$.{table}", "một bảng như [node] / a table such as [node]", name=name)
        allowed, barred = FROM_AFAR.get(table), NOT_FROM_AFAR.get(table, frozenset())
        for key in values:
            if key in barred or (allowed is not None and key not in allowed):
                fits = ", ".join(sorted(allowed or ())) or "–"
                others = f"; từ xa / from afar: {fits}" if allowed is not None else ""
                raise at(
                    text,
                    f"$.{table}.{key}",
                    "chỉ đặt được trong tệp của thiết bị / stands in the node's own file alone"
                    f"{others}",
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
