"""PINs: checked slowly, and not for ever."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from hall_server.settings import Clerk

WRONG_PINS: Final = 5
LOCKED_S: Final = 60.0
REMEMBERED_S: Final = 600.0
"""After which wrong PINs are forgotten."""
REMEMBERED: Final = 10_000
"""Names and addresses whose wrong PINs are counted; the oldest are forgotten first."""
CHECK_WAIT_S: Final = 3.0
LONGEST_PIN: Final = 64
_NOBODY: Final = (
    "$argon2id$v=19$m=65536,t=3,p=4$jhe0xWWt2A/5uThXD9ALDw"
    "$WdhXIWlPa2BFV49f6GOcrZOieqpSbp6hE3yleX2OljQ"
)
"""The hash of 256 random bits that nobody kept: no PIN fits."""


class WrongPinError(Exception):
    """The name or the PIN is wrong; which of them is not told."""


class LockedOutError(Exception):
    """Too many wrong PINs of this name or from this address."""


class PinsBusyError(Exception):
    """Too many people sign in at once."""


class _Wrong(NamedTuple):
    times: int
    last_s: float


class PinDesk:
    """Checks who signs in, one at a time: a hash takes tens of milliseconds of a whole core."""

    def __init__(
        self, clerks: Iterable[Clerk], *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._clerks = {clerk.id: clerk for clerk in clerks}
        self._monotonic = monotonic
        self._hasher = PasswordHasher()
        self._checking = threading.Lock()
        self._wrong: OrderedDict[str, _Wrong] = OrderedDict()

    def check(self, clerk: str, pin: str, address: str) -> Clerk:
        """The clerk whose PIN this is.

        Raises:
            WrongPinError: it is not.
            LockedOutError: after :data:`WRONG_PINS` wrong ones, for :data:`LOCKED_S`.
            PinsBusyError: others are being checked.
        """
        if not self._checking.acquire(timeout=CHECK_WAIT_S):
            raise PinsBusyError
        try:
            keys = (f"clerk {clerk[:64]}", f"address {address}")
            if any(self._locked(key) for key in keys):
                raise LockedOutError
            known = self._clerks.get(clerk)
            if not self._fits(known.pin_hash if known else _NOBODY, pin) or known is None:
                for key in keys:
                    self._count(key)
                raise WrongPinError
            self._wrong.pop(keys[0], None)
            return known
        finally:
            self._checking.release()

    def _fits(self, pin_hash: str, pin: str) -> bool:
        # Nobody's hash is checked as slowly, so that the time tells no names.
        try:
            return self._hasher.verify(pin_hash, pin[:LONGEST_PIN])
        except (VerificationError, InvalidHashError):
            return False

    def _locked(self, key: str) -> bool:
        wrong = self._wrong.get(key)
        return (
            wrong is not None
            and wrong.times >= WRONG_PINS
            and self._monotonic() - wrong.last_s < LOCKED_S
        )

    def _count(self, key: str) -> None:
        now_s = self._monotonic()
        before = self._wrong.pop(key, None)
        if before is not None and (
            now_s - before.last_s > REMEMBERED_S
            or (before.times >= WRONG_PINS and now_s - before.last_s >= LOCKED_S)
        ):
            before = None
        self._wrong[key] = _Wrong(before.times + 1 if before else 1, now_s)
        while len(self._wrong) > REMEMBERED:
            self._wrong.popitem(last=False)
