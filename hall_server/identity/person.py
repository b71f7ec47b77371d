"""A person in the journal: a keyed hash of the day, so that no two days can be put together.

The 12-digit number has few enough values to try them all, so a plain hash would give it away:
without the hall's master key these hashes say nothing.
"""

from __future__ import annotations

import hmac
import re
from typing import Final

MASTER_BYTES: Final = 32
"""Least length of the hall's master key, in random bytes."""

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER: Final = re.compile(r"[0-9]{12}")
_PURPOSE: Final = b"motcua person of a day, 1\0"


def day_key(master: bytes, day: str) -> bytes:
    """The 32-byte key of one day (``2026-11-22``, the hall's local date).

    One step of HMAC-SHA256 from a random master key, as in HKDF-Expand (RFC 5869).

    Raises:
        ValueError: ``master`` is shorter than :data:`MASTER_BYTES`, or ``day`` is not a date.
    """
    if len(master) < MASTER_BYTES:
        raise ValueError(f"the hall's master key needs {MASTER_BYTES} random bytes: draw a new one")
    if not _DAY.fullmatch(day):
        raise ValueError("a day is written as YYYY-MM-DD")
    return hmac.digest(master, _PURPOSE + day.encode() + b"\x01", "sha256")


def person_key(key: bytes, number: str) -> str:
    """The person with the citizen number ``number`` on the day of ``key``: 32 hex digits.

    Raises:
        ValueError: ``key`` is not one of :func:`day_key`, or ``number`` not 12 digits; the
            text of the error does not tell them.
    """
    if len(key) != 32:
        raise ValueError("the key of a day has 32 bytes: take it from day_key")
    if not _NUMBER.fullmatch(number):
        raise ValueError("a citizen number has 12 digits")
    return hmac.digest(key, number.encode(), "sha256").hex()[:32]
