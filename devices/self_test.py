"""What a device's self-test is made of: steps that a technician goes through, one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Step(NamedTuple):
    """One thing that a technician does or looks at.

    ``run(patience_s)`` does it, waiting at most so many seconds for the technician, and returns
    what was measured, in words.  It raises :class:`devices.errors.DeviceError` where it failed.
    """

    name: str
    """Such as ``press-1``, ``show-card``, ``read-display``."""
    ask_vi: str
    """What to do, or what to look at, in Vietnamese."""
    ask_en: str
    confirm: bool
    """True where only a person can tell whether it was right; False where the machine sees it."""
    run: Callable[[float], str]
