"""The newest value of something, for threads that wait for the next one."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Latest(Generic[T]):
    """One value with a version that rises; waiting threads may miss values, never the last."""

    def __init__(self, value: T) -> None:
        self._value = value
        self._version = 1
        self._changed = threading.Condition()

    def set(self, value: T) -> None:
        """Replace it, and wake all that wait."""
        with self._changed:
            self._value = value
            self._version += 1
            self._changed.notify_all()

    def get(self) -> tuple[int, T]:
        """Version and value."""
        with self._changed:
            return self._version, self._value

    def wait_beyond(self, version: int, timeout_s: float) -> tuple[int, T]:
        """Version and value once there is a newer one, or after the time."""
        with self._changed:
            self._changed.wait_for(lambda: self._version > version, timeout_s)
            return self._version, self._value
