"""What happens at a counter, in one thread: presses and displays in, events and lamps out."""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Callable
from math import inf
from typing import Final, NamedTuple

from devices.messages import Announcement, Display, HallState
from devices.rating_buttons.lamps import DARK, INVITE, Lamps
from edge.clock import Clock, Stamps
from edge.latest import Latest
from edge.loops import Loop
from edge.outbox import OutboxError
from edge.rating_window import Now, RatingWindows
from edge.recorder import Recorder
from edge.shown import Shown, to_speak

_log = logging.getLogger(__name__)

AWAY_S: Final = 10.0
"""After so long without the hall, the display says that it shows the past; unless set."""
RATED: Final = "rated_window"
"""Name under which the outbox keeps the window of the last accepted press."""
_DARK_S: Final = 5.0
"""How long the lamps stay dark after a press that the disk did not take."""
_ROUND_S: Final = 0.5
_BLINK_S: Final = 0.25
_NAME_CHARS: Final = 12
"""As long as a ticket's number may be on a display."""
WAITING: Final = 1000


class Screen(NamedTuple):
    """What the display shows: the hall's last word, and whether it may be the past."""

    display: Display | None
    stale: bool
    names_node: bool = False
    """For some seconds it shows which node this is, and nothing of the hall."""


class _Press(NamedTuple):
    level: int
    stamps: Stamps


class _Told(NamedTuple):
    display: Display
    live: bool


class _Identify(NamedTuple):
    until_s: float


_Item = _Press | _Told | _Identify | HallState


class Counter:
    """Presses, displays and the hall's state come in by any thread; :meth:`run` deals with them.

    ``show_lamps(lamps)`` lights the lamps, ``speak(calls, last_id)`` takes the calls to be
    spoken, ``show_slips(display, live, now)`` those to be printed, ``hall_in_reach()``
    tells whether broker and hall are there.
    """

    def __init__(
        self,
        *,
        recorder: Recorder,
        clock: Clock,
        windows: RatingWindows | None,
        shown: Shown,
        spoken: int,
        show_lamps: Callable[[Lamps], None],
        speak: Callable[[list[Announcement], int], None],
        linked: Callable[[], bool],
        name: str = "",
        show_slips: Callable[[Display, bool, Now], None] = lambda _display, _live, _now: None,
        away_s: float | None = None,
    ) -> None:
        self._recorder = recorder
        self._clock = clock
        self._windows = windows
        self._shown = shown
        self._spoken = spoken
        self._show_lamps = show_lamps
        self._speak = speak
        self._linked = linked
        self._name = name
        self._show_slips = show_slips
        self._away_s = away_s
        self._inbox: queue.Queue[_Item] = queue.Queue(WAITING)
        self._named_until_s: float | None = None
        self._hall_online = True
        self._told_live = False
        self._reached_s = time.monotonic()
        self._lamps: Lamps | None = None
        self._dark_until_s = 0.0
        self.screen: Final = Latest(Screen(shown.display, stale=shown.display is not None))
        self.overrun = 0
        """Presses and displays that found the inbox full."""

    def notes(self) -> list[str]:
        """What a technician should know of the counter just now."""
        notes = []
        if self._windows is not None and self._windows.misfit:
            notes.append(self._windows.misfit)
        if self.overrun:
            notes.append(f"{self.overrun} presses or displays came too fast")
        return notes

    def pressed(self, level: int) -> None:
        """A button was pressed; returns at once."""
        self._put(_Press(level, self._clock.now()))

    def told(self, display: Display, live: bool) -> None:
        """The hall wants ``display`` shown; returns at once."""
        self._put(_Told(display, live))

    def heard_hall(self, state: HallState) -> None:
        """The hall came or went; returns at once."""
        self._put(state)

    def identify(self, seconds: float) -> None:
        """Blink, and show the node's name, for so long; returns at once."""
        self._put(_Identify(time.monotonic() + seconds))

    def _put(self, item: _Item) -> None:
        try:
            self._inbox.put_nowait(item)
        except queue.Full:
            self.overrun += 1

    def run(self, loop: Loop) -> None:
        """The body of the counter's loop."""
        self._lamps = None
        while not loop.stopping.is_set():
            loop.beat()
            try:
                item = self._inbox.get(timeout=self._patience_s())
            except queue.Empty:
                pass
            else:
                self._deal_with(item)
            loop.well()
            self._look_at_name()
            self._light()
            self._judge_age()

    def _patience_s(self) -> float:
        now_us = self._clock.monotonic_us()
        round_s = _ROUND_S if self._named_until_s is None else _BLINK_S / 2
        change_us = self._windows.next_change_us(now_us) if self._windows else None
        if change_us is None:
            return round_s
        return min(round_s, (change_us - now_us) / 1e6)

    def _deal_with(self, item: _Item) -> None:
        match item:
            case _Press():
                self._deal_with_press(item)
            case _Told():
                self._deal_with_display(item)
            case _Identify():
                self._named_until_s = item.until_s
                self._show_screen()
            case HallState():
                self._hall_online = item.status == "online"
                if not self._hall_online and not self._told_live:
                    self._reached_s = -inf  # the broker keeps the past of a hall that is away

    def _deal_with_press(self, item: _Press) -> None:
        if self._windows is None:
            return
        press = self._windows.press(item.level, item.stamps.monotonic_us)
        accepted = press.refused is None
        keep = (RATED, press.window_id) if accepted and press.window_id else None
        try:
            self._recorder.record(press, item.stamps, keep=keep)
        except OutboxError:
            if not self._recorder.is_full:
                self._dark_until_s = time.monotonic() + _DARK_S
            return
        self._dark_until_s = 0.0
        if accepted:
            self._windows.accepted(press, self._clock.monotonic_us())
            self._light()
        self._recorder.send()

    def _deal_with_display(self, item: _Told) -> None:
        if not self._shown.take(item.display):
            return
        now = self._now()
        if self._windows is not None:
            self._windows.show(item.display, live=item.live, now=now)
            self._light()
        self._told_live = item.live
        self._reached_s = time.monotonic() if item.live or self._hall_online else -inf
        self._show_screen()
        self._show_slips(item.display, item.live, now)
        last_id = max((call.id for call in item.display.announcements), default=0)
        if last_id > self._spoken:
            calls = to_speak(item.display, self._spoken, live=item.live, now=now)
            self._spoken = last_id
            self._speak(calls, last_id)

    def _light(self) -> None:
        if self._windows is None:
            return
        lamps = self._windows.lamps(self._clock.monotonic_us())
        if self._named_until_s is not None and lamps.sign != "chosen":
            lamps = DARK if int(time.monotonic() / _BLINK_S) % 2 else INVITE
        # no lamp may invite what cannot be kept
        if lamps == INVITE and (self._recorder.is_full or time.monotonic() < self._dark_until_s):
            lamps = DARK
        if lamps != self._lamps:
            self._show_lamps(lamps)
            self._lamps = lamps

    def _show_screen(self) -> None:
        shown = self._shown.display
        if self._named_until_s is None:
            if shown is not None:
                self.screen.set(Screen(shown, stale=self._is_stale()))
            return
        rev, wall_ms = (shown.rev, shown.wall_ms) if shown else (0, 0)
        name = Display(rev, wall_ms, "serving", ticket=self._name[:_NAME_CHARS])
        self.screen.set(Screen(name, stale=False, names_node=True))

    def _look_at_name(self) -> None:
        if self._named_until_s is not None and time.monotonic() >= self._named_until_s:
            self._named_until_s = None
            if self._shown.display is None:
                self.screen.set(Screen(Display(0, 0, "closed"), stale=True))
            self._show_screen()

    def _is_stale(self) -> bool:
        if self._shown.from_hall and self._hall_online and self._linked():
            self._reached_s = time.monotonic()
            return False
        away_s = AWAY_S if self._away_s is None else self._away_s
        return not self._shown.from_hall or time.monotonic() - self._reached_s > away_s

    def _judge_age(self) -> None:
        stale = self._is_stale()
        _, screen = self.screen.get()
        if screen.names_node:
            return
        if screen.display is not None and screen.stale != stale:
            self.screen.set(screen._replace(stale=stale))

    def _now(self) -> Now:
        stamps = self._clock.now()
        return Now(stamps.monotonic_us, stamps.wall_us, stamps.clock_synchronised)
