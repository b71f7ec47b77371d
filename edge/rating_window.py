"""When the buttons of a counter count: pure, with every clock handed in.

The hall opens a window by showing it; the node closes it by its own monotonic time, or with the
first press that it could commit.  At most one press is accepted a window.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from devices.messages import Display, RatingPress
from devices.rating_buttons.lamps import DARK, INVITE, Lamps, chosen

CHOSEN_US: Final = 3_000_000
"""How long the chosen lamp stays lit."""

_REMEMBERED: Final = 64


@dataclass(frozen=True)
class Now:
    """The node's times at one instant."""

    monotonic_us: int
    wall_us: int
    synchronised: bool


class RatingWindows:
    """The window on one counter with ``levels`` buttons.

    ``rated`` is the window in which a press was accepted before this process began, if any.
    A press goes in two steps, so that the lamp tells the truth: :meth:`press` says what it is,
    and only after that is committed does :meth:`accepted` close the window and light the lamp.
    """

    def __init__(self, levels: int, *, rated: str | None = None) -> None:
        self._levels = levels
        self._shown_id: str | None = None
        self._closes_us: int | None = None
        self._paused = False
        self._rated: OrderedDict[str, None] = OrderedDict()
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._chosen: tuple[int, int] | None = None
        self.misfit: str | None = None
        """Why the hall's windows do not open here; None while they fit."""
        if rated is not None:
            _remember(self._rated, rated)
            _remember(self._seen, rated)

    def show(self, display: Display, *, live: bool, now: Now) -> None:
        """The hall shows ``display``; ``live`` is False for one that the broker had retained.

        A live one is timed by the hall's own clock.  A retained one may be of any age: it opens
        its window only where the node's clock can tell how much is left.
        """
        self._paused = display.phase == "paused"
        window = display.rating
        if window is None:
            self._shown_id, self._closes_us = None, None
            return
        if window.window_id != self._shown_id:
            self._shown_id, self._closes_us = window.window_id, None
        self.misfit = self._misfit(window.levels)
        if self.misfit:
            return  # the hall would refuse what a lamp had thanked for
        if window.window_id in self._seen:
            return
        if live:
            left_ms = window.duration_ms - max(0, display.wall_ms - window.opened_wall_ms)
        elif now.synchronised:
            left_ms = window.opened_wall_ms + window.duration_ms - now.wall_us // 1000
        else:
            return
        _remember(self._seen, window.window_id)
        left_ms = min(left_ms, window.duration_ms)
        if left_ms > 0:
            self._closes_us = now.monotonic_us + left_ms * 1000
            self._chosen = None

    def _misfit(self, levels: int) -> str | None:
        if levels == self._levels:
            return None
        return (
            f"the hall asks with {levels} levels and this counter has {self._levels} buttons, so "
            f"they stay dark: set [ratings] levels = {self._levels} in hall.toml, or wire {levels}"
        )

    def press(self, level: int, monotonic_us: int) -> RatingPress:
        """What a press at that time is; changes nothing."""
        window_id = self._shown_id
        if self._paused:
            return RatingPress(level, self._levels, window_id, refused="paused")
        if window_id is not None and window_id in self._rated:
            return RatingPress(level, self._levels, window_id, refused="already_rated")
        if window_id is None or not self._is_open(monotonic_us):
            return RatingPress(level, self._levels, window_id, refused="closed")
        return RatingPress(level, self._levels, window_id)

    def accepted(self, press: RatingPress, monotonic_us: int) -> None:
        """``press`` is committed: its window is done and its lamp is lit for a while."""
        assert press.window_id is not None
        assert press.refused is None
        _remember(self._rated, press.window_id)
        if press.window_id == self._shown_id:
            self._closes_us = None
        self._chosen = (press.level, monotonic_us + CHOSEN_US)

    def lamps(self, monotonic_us: int) -> Lamps:
        """What the lamps say at that time."""
        if self._chosen and monotonic_us < self._chosen[1]:
            return chosen(self._chosen[0])
        return INVITE if self._is_open(monotonic_us) else DARK

    def next_change_us(self, monotonic_us: int) -> int | None:
        """When the lamps change by themselves; None when they do not."""
        times = [self._closes_us, self._chosen[1] if self._chosen else None]
        return min((at for at in times if at is not None and at > monotonic_us), default=None)

    def _is_open(self, monotonic_us: int) -> bool:
        return not self._paused and self._closes_us is not None and monotonic_us < self._closes_us


def _remember(names: OrderedDict[str, None], name: str) -> None:
    names[name] = None
    while len(names) > _REMEMBERED:
        names.popitem(last=False)
