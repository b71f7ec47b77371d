"""One button without its chatter, as a pure state machine with the clock handed in.

A press counts on its leading edge, so that the lamp answers at once.  Contacts then bounce for
some milliseconds, and bounce again when the button is let go (5 to 20 ms with the arcade
buttons of the counters): the next press counts only after the line has been up, without a
single edge, for the settling time.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

SETTLE_US: Final = 25_000
STUCK_US: Final = 10_000_000


class Outcome(Enum):
    """What a line has told."""

    PRESSED = "pressed"
    STUCK = "stuck"
    """Held, or chattering, for longer than any person presses; masked until it recovers."""
    RECOVERED = "recovered"
    """Was stuck, and has been up and quiet for the settling time."""


class Debouncer:
    """Turns the edges of one line into presses.

    Times are microseconds of one clock; one that runs back is taken as standing still.
    A line that is down at the start is no press: nobody has been asked anything yet.
    """

    def __init__(
        self,
        settle_us: int = SETTLE_US,
        stuck_us: int = STUCK_US,
        *,
        down_at_us: int | None = None,
    ) -> None:
        if not 0 < settle_us < stuck_us:
            raise ValueError(
                f"settling {settle_us} us, stuck after {stuck_us} us: "
                "the first must be above 0 and below the second"
            )
        self._settle_us = settle_us
        self._stuck_us = stuck_us
        self._is_down = down_at_us is not None
        self._now_us = down_at_us or 0
        self._edge_us = self._now_us
        # when the press that is going on began; None while the line is up and settled
        self._since_us = down_at_us
        self._is_stuck = False

    @property
    def is_armed(self) -> bool:
        """The next leading edge is a press."""
        return self._since_us is None

    @property
    def is_stuck(self) -> bool:
        """Reported stuck, and not yet recovered."""
        return self._is_stuck

    def edge(self, pressed: bool, at_us: int) -> tuple[Outcome, ...]:
        """The line went down (``pressed``) or up; what that tells, in order.

        The same level again is no edge: a node may hand in what it reads from the pin.
        """
        told = self.poll(at_us)
        if pressed == self._is_down:
            return told
        self._is_down = pressed
        self._edge_us = self._now_us
        if pressed and self._since_us is None:
            self._since_us = self._now_us
            return (*told, Outcome.PRESSED)
        return told

    def poll(self, at_us: int) -> tuple[Outcome, ...]:
        """Time has passed without an edge; what that tells."""
        self._now_us = max(self._now_us, at_us)
        if self._since_us is None:
            return ()
        if not self._is_down and self._now_us - self._edge_us >= self._settle_us:
            self._since_us = None
            if self._is_stuck:
                self._is_stuck = False
                return (Outcome.RECOVERED,)
            return ()
        # a line that chatters without end counts from its first edge, as one that is held
        if not self._is_stuck and self._now_us - self._since_us >= self._stuck_us:
            self._is_stuck = True
            return (Outcome.STUCK,)
        return ()
