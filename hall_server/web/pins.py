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
LONGEST_LOCKED_S: Final = 900.0
"""An address is shut for twice as long each time: at a minute each, four digits would be guessed in
a day.  A name stays at a minute, or a stranger could keep its clerk out."""
REMEMBERED_S: Final = 600.0
"""After which wrong PINs are forgotten, once the name or address is open again."""
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
    locked_s: float = 0.0
    """How long it was shut the last time; 0 where never."""


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
            LockedOutError: after :data:`WRONG_PINS` wrong ones, for :data:`LOCKED_S` or longer.
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
            and self._monotonic() - wrong.last_s < wrong.locked_s
        )

    def _count(self, key: str) -> None:
        now_s = self._monotonic()
        before = self._wrong.pop(key, None) or _Wrong(0, now_s)
        if now_s - before.last_s > before.locked_s + REMEMBERED_S:
            before = _Wrong(0, now_s)
        times = before.times + 1 if before.times < WRONG_PINS else 1
        locked_s = before.locked_s
        if times == WRONG_PINS:
            longest_s = LONGEST_LOCKED_S if key.startswith("address ") else LOCKED_S
            locked_s = min(max(LOCKED_S, 2 * locked_s), longest_s)
        self._wrong[key] = _Wrong(times, now_s, locked_s)
        while len(self._wrong) > REMEMBERED:
            self._wrong.popitem(last=False)
