"""How often the face camera looks, with the clock handed in: pure."""

from __future__ import annotations

from typing import Final


class Pace:
    """Lets through at most ``frames_per_second``, evenly; those between go by unread.

    What a slow moment missed is not made up for: a burst would look at the same instant twice.
    """

    def __init__(self, frames_per_second: float) -> None:
        self._every_us: Final = round(1_000_000 / frames_per_second)
        self._due_us: int | None = None

    def is_due(self, now_us: int) -> bool:
        """Whether a frame that comes now is looked at."""
        due_us = self._due_us
        if due_us is None:
            self._due_us = now_us + self._every_us
            return True
        if due_us - now_us > self._every_us:  # a clock that ran back
            due_us = now_us
        if now_us < due_us:
            return False
        # on the beat, so that a frame that comes a little late does not slow all after it
        self._due_us = max(due_us + self._every_us, now_us + self._every_us // 2)
        return True
