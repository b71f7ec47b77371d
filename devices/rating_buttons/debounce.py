"""One button without its chatter, as a pure state machine with the clock handed in.

A press counts as soon as the line has been down for :data:`SOLID_US` without a break: longer than
any spike that a lift motor or a fluorescent tube sends through the cable, and too short to be
noticed by a hand.  Contacts bounce for some milliseconds at make and break (5 to 20 ms with worn
arcade buttons): all of that unrest is one press, until the line has been up, without a single
edge, for the settling time.

What is known of a line comes two ways: edges, with the time at which the kernel saw them, and
readings.  Neither is complete: the kernel drops edges when its queue is full and hands others over
late, and a reading knows nothing of what was between two of them.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

SETTLE_US: Final = 25_000
SOLID_US: Final = 2_000
STUCK_US: Final = 10_000_000


class Outcome(Enum):
    """What a line has told."""

    PRESSED = "pressed"
    STUCK = "stuck"
    """Held, or chattering, for longer than any person presses; masked until it recovers."""
    RECOVERED = "recovered"
    """Was stuck, and has been up and quiet for the settling time."""


class Debouncer:
    """Turns the edges and readings of one line into presses.

    Times are microseconds of one clock; one that runs back is taken as standing still.
    A line that is down at the start is no press: nobody has been asked anything yet.
    """

    def __init__(
        self,
        settle_us: int = SETTLE_US,
        stuck_us: int = STUCK_US,
        *,
        solid_us: int = SOLID_US,
        down_at_us: int | None = None,
    ) -> None:
        if not 0 < solid_us < settle_us < stuck_us:
            raise ValueError(
                f"solid after {solid_us} us, settled after {settle_us} us, stuck after "
                f"{stuck_us} us: each must be above 0 and below the next"
            )
        self._settle_us = settle_us
        self._stuck_us = stuck_us
        self._solid_us = solid_us
        self._is_down = down_at_us is not None
        self._edge_us = down_at_us
        self._since_us = down_at_us or 0
        """When the unrest began that is going on, or was the last."""
        self._counted = self._is_down
        """This unrest has given its press, or may give none."""
        self._is_stuck = False
        self._seen_us = down_at_us or 0
        self._doubt_us: int | None = None
        """When a reading first said up and no edge has said so: lost, or yet to be handed over."""
        self.pressed_us = 0
        """When the contact of the last press closed for good."""

    @property
    def is_stuck(self) -> bool:
        """Reported stuck, and not yet recovered."""
        return self._is_stuck

    def due_us(self) -> int | None:
        """When the line should be read again; None while any time will do."""
        if self._is_stuck:
            return None
        if self._is_down and self._doubt_us is None:
            if self._counted or self._edge_us is None:
                return None
            return self._edge_us + self._solid_us
        if self._is_down or not self._rests(self._seen_us):
            # a lost edge must be found before the line passes for settled
            return self._seen_us + self._settle_us // 4
        return None

    def edge(self, pressed: bool, at_us: int) -> tuple[Outcome, ...]:
        """The kernel saw the line go down (``pressed``) or up; what that tells, in order."""
        at_us = self._not_before(at_us)
        told: tuple[Outcome, ...] = ()
        if self._doubt_us is not None and (pressed or at_us > self._doubt_us):
            # it was up between: the edge that said so was lost
            self._change(False, min(self._doubt_us, at_us), rested=False)
        elif pressed != self._is_down:
            self._doubt_us = None  # that edge was only late
            told = self._look(at_us)
        # the same level twice: the edge between was lost, so nothing is known of how long it was
        self._change(pressed, at_us, rested=self._rests(at_us))
        return told

    def saw(self, pressed: bool, at_us: int) -> tuple[Outcome, ...]:
        """The line was read; what that and the time tell, in order."""
        at_us = self._not_before(at_us)
        last_seen_us, self._seen_us = self._seen_us, max(self._seen_us, at_us)
        if pressed and not self._is_down:
            # it may have gone down right after it was last seen up
            self._change(True, at_us, rested=self._rests(last_seen_us))
        elif pressed and self._doubt_us is not None:
            self._change(False, self._doubt_us, rested=False)
            self._change(True, at_us, rested=self._rests(last_seen_us))
        elif not pressed and self._is_down:
            if self._doubt_us is None:
                self._doubt_us = at_us
            elif at_us - self._doubt_us >= self._settle_us:
                self._change(False, self._doubt_us, rested=False)
        return self._look(at_us)

    def _not_before(self, at_us: int) -> int:
        return at_us if self._edge_us is None else max(at_us, self._edge_us)

    def _rests(self, at_us: int) -> bool:
        """Up and quiet for the settling time."""
        return not self._is_down and (
            self._edge_us is None or at_us - self._edge_us >= self._settle_us
        )

    def _change(self, pressed: bool, at_us: int, *, rested: bool) -> None:
        if rested:
            self._since_us = at_us
            self._counted = False
        self._is_down = pressed
        self._edge_us = at_us
        self._doubt_us = None

    def _look(self, at_us: int) -> tuple[Outcome, ...]:
        told: list[Outcome] = []
        is_solid = (
            self._is_down
            and self._doubt_us is None
            and self._edge_us is not None
            and at_us - self._edge_us >= self._solid_us
        )
        if is_solid and not self._counted and not self._is_stuck:
            self._counted = True
            self.pressed_us = self._edge_us or 0
            told.append(Outcome.PRESSED)
        if self._rests(at_us):
            if self._is_stuck:
                self._is_stuck = False
                told.append(Outcome.RECOVERED)
        # a line that chatters without end counts from its first edge, as one that is held
        elif not self._is_stuck and at_us - self._since_us >= self._stuck_us:
            self._is_stuck = True
            told.append(Outcome.STUCK)
        return tuple(told)
