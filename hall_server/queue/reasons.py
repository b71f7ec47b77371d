"""Why a ticket was called, in words: the codes that facts keep, and what people read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "longest_wait": (
        "lâu nhất trong các số quầy này phục vụ",
        "the longest of those this counter serves",
    ),
    "balance": (
        "để mọi người cùng chờ ít nhất",
        "so that all together wait least",
    ),
    "overtaken": (
        "đã nhường đủ số lượt",
        "passed over as often as is allowed",
    ),
    "priority": ("thuộc diện ưu tiên", "has a priority reason"),
    "only_here": ("chỉ quầy này đang phục vụ", "only this counter serves it now"),
    "in_turn": ("theo lượt xen kẽ", "its turn between ordinary and priority"),
}
"""Code -> Vietnamese, English.  A call by hand has the clerk's own words instead of codes."""


def codes(reason: str) -> list[str] | None:
    """The codes of a reason; None where it is a clerk's own words."""
    parts = reason.split(";")
    return parts if all(part in WORDS for part in parts) else None


def in_words(reason: str, wait_ms: int) -> str:
    """The reason with the wait, in English: ``waited 34 min, has a priority reason``."""
    known = codes(reason)
    told = [reason] if known is None else [WORDS[code][1] for code in known]
    return ", ".join([f"waited {round(wait_ms / 60_000)} min", *told])
