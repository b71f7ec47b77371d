"""The node's times: the wall, the time since boot, and whether the wall can be believed."""

from __future__ import annotations

import ctypes
import os
import time
import uuid
from pathlib import Path
from typing import Final, NamedTuple

from devices.messages import ClockSet

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_TIMESYNCD: Final = Path("/run/systemd/timesync/synchronized")
_TIME_ERROR: Final = 5
_STA_UNSYNC: Final = 0x0040


class Stamps(NamedTuple):
    """When something happened, as far as this node can tell."""

    boot_id: str
    wall_us: int
    monotonic_us: int
    clock_synchronised: bool


class Clock:
    """The machine's clocks.  ``assume_synchronised`` believes the wall clock without asking."""

    def __init__(self, *, assume_synchronised: bool = False) -> None:
        self._assume = assume_synchronised
        self.boot_id: Final[str] = read_boot_id()

    def wall_us(self) -> int:
        """Microseconds since the Unix epoch; may jump either way."""
        return time.time_ns() // 1000

    def monotonic_us(self) -> int:
        """Microseconds since boot (CLOCK_MONOTONIC): the same scale for every process of it."""
        return time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000

    def synchronised(self) -> bool:
        """Whether the wall clock has been set from the network since boot."""
        return self._assume or kernel_synchronised() or _TIMESYNCD.exists()

    def now(self) -> Stamps:
        """All of it at once."""
        return Stamps(self.boot_id, self.wall_us(), self.monotonic_us(), self.synchronised())


STEP_US: Final = 1_000_000
"""A wall clock that is moved by more than this was set anew; less is its daily care."""
_TOGETHER_US: Final = 5_000


def offset_us(clock: Clock) -> int:
    """How far the wall clock is ahead of the time since boot, read as one as far as it can be."""
    for _ in range(10):
        before_us, wall_us, after_us = clock.monotonic_us(), clock.wall_us(), clock.monotonic_us()
        if after_us - before_us <= _TOGETHER_US:
            break
    return wall_us - (before_us + after_us) // 2


class ClockWatch:
    """Notices that the wall clock became right in this boot, and that it was set anew: pure.

    ``told`` is what was reported last, as :meth:`noted` gave it, over restarts of the node.
    A clock that is ``assumed`` right from the start corrects nothing: only its steps are told.
    """

    def __init__(self, told: str | None, *, assumed: bool = False) -> None:
        boot_id, _, offset = (told or "").partition(" ")
        self._told = (boot_id, int(offset)) if offset.lstrip("-").isdigit() else None
        self._assumed = assumed

    def look(self, boot_id: str, offset_us: int, *, synchronised: bool) -> ClockSet | None:
        """What is to be reported now; the same again until it is :meth:`noted`."""
        if not synchronised:
            return None
        if self._told is None or self._told[0] != boot_id:
            if self._assumed:
                self._told = (boot_id, offset_us)
                return None
        elif abs(offset_us - self._told[1]) <= STEP_US:
            return None
        return ClockSet(boot_id, offset_us)

    def noted(self, report: ClockSet) -> None:
        """``report`` is on the disk."""
        self._told = (report.boot_id, report.offset_us)


def as_told(report: ClockSet) -> str:
    """``report`` as :class:`ClockWatch` takes it back after a restart."""
    return f"{report.boot_id} {report.offset_us}"


def read_boot_id() -> str:
    """32 hex digits that change with each boot; random where the kernel tells none."""
    try:
        return _BOOT_ID.read_text().strip().replace("-", "")
    except OSError:
        return uuid.uuid4().hex


class _Timex(ctypes.Structure):
    # adjtimex(2): only the first fields are read, the padding takes the rest on any machine
    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def kernel_synchronised() -> bool:
    """What the kernel says of its clock (adjtimex with no change); False where it says nothing."""
    try:
        state: int = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex := _Timex()))
    except (OSError, AttributeError):
        return False
    return state >= 0 and state != _TIME_ERROR and not timex.status & _STA_UNSYNC


def uptime_s() -> int:
    """Seconds since boot."""
    return int(time.clock_gettime(time.CLOCK_MONOTONIC))


def rss_bytes() -> int:
    """Memory that this process holds resident; 0 where /proc does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def temperature_c() -> float | None:
    """Temperature of the processor; None where the machine tells none."""
    try:
        millis = int(Path("/sys/class/thermal/thermal_zone0/temp").read_text())
    except (OSError, ValueError):
        return None
    return millis / 1000 if -60_000 <= millis <= 200_000 else None
