"""What happens at the node goes into the outbox here, and the alarms about the outbox itself."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

import msgspec

from devices.messages import Alarm, ClerkPresence, EventBody, RatingPress
from edge.clock import Clock, Stamps
from edge.outbox import Outbox, OutboxError

_log = logging.getLogger(__name__)

ALARM_FILL: Final = 0.8
"""From here on the hall is told, and lesser events leave the room to ratings and scans."""
CALM_FILL: Final = 0.5
STANDING: Final = "alarms"
"""Name under which the outbox keeps which alarms stand, over restarts."""
DOUBT_S: Final = 60.0
"""An alarm whose part began anew ends when it was not raised again for so long."""
LOOP_FAILED: Final = "loop-failed"
NEARLY_FULL: Final = ("outbox-nearly-full", "outbox")
_FORGETFUL: Final = {
    "rating_buttons": "rating-button-",
    "qr_scanner": "qr_scanner",
    "speaker": "speaker",
}
"""Loops that begin anew without knowing which alarms they raised, and how their devices begin."""
_ONCE: Final = "outbox-damaged"
"""Something that happened, and no state that ends."""


class Recorder:
    """Commits events, wakes the link, and raises the alarm when room gets scarce.

    ``on_change()`` is called after each event.  Any thread may call it.
    """

    def __init__(
        self,
        outbox: Outbox,
        clock: Clock,
        *,
        wake: Callable[[], None],
        on_change: Callable[[], None],
    ) -> None:
        self._outbox = outbox
        self._clock = clock
        self._wake = wake
        self._on_change = on_change
        self._lock = threading.Lock()
        self._alarm_lock = threading.Lock()
        self._standing = _read_standing(outbox.kept(STANDING))
        self._doubted = dict.fromkeys(self._standing - {NEARLY_FULL}, time.monotonic() + DOUBT_S)
        """Code and device of alarms from before, and when they end by themselves."""
        self._nearly_full = NEARLY_FULL in self._standing
        self._told_set_aside = 0
        self.failure: str | None = None
        """Why the last event was not kept; None when it was."""

    def record(
        self, body: EventBody, stamps: Stamps | None = None, *, keep: tuple[str, str] | None = None
    ) -> int:
        """Commit ``body`` and return its ``seq``; ``keep`` as in :meth:`Outbox.append`.

        The link still sleeps: call :meth:`send` when the lamp is lit.

        Raises:
            OutboxError: it is not kept.
        """
        lesser = isinstance(body, Alarm | ClerkPresence) or (
            isinstance(body, RatingPress) and body.refused is not None
        )
        try:
            seq = self._outbox.append(
                body,
                stamps or self._clock.now(),
                fill_up_to=ALARM_FILL if lesser else 1.0,
                keep=keep,
            )
        except OutboxError as error:
            if not lesser or self.failure is None:
                _log.error("%s", error)
            self.failure = str(error)
            raise
        self.failure = None
        return seq

    def send(self) -> None:
        """Let the link send what was recorded, and look after the outbox."""
        self._wake()
        self.look_after()
        self._on_change()

    def alarm(self, code: str, device: str, text: str, *, raised: bool = True) -> None:
        """Tell the hall of a fault or its end; one that cannot be kept is in the log alone."""
        _log.warning("%s: %s %s: %s", "alarm" if raised else "well again", device, code, text)
        try:
            with self._alarm_lock:
                self._doubted.pop((code, device), None)
                standing = self._standing_with(code, device, raised)
                self.record(
                    Alarm(code, device, text[:500], raised=raised),
                    keep=(STANDING, _as_kept(standing)) if standing != self._standing else None,
                )
                self._standing = standing
        except OutboxError:
            return
        self._wake()
        self._on_change()

    def doubt(self, loop: str) -> None:
        """``loop`` has begun anew, and may know nothing of the alarms that it raised before.

        Those end by themselves, unless they are raised again within :data:`DOUBT_S`.
        """
        if loop not in _FORGETFUL:
            return
        with self._alarm_lock:
            ends_s = time.monotonic() + DOUBT_S
            for one in self._standing:
                # its failure itself has an end of its own
                if one[1].startswith(_FORGETFUL[loop]) and one[0] != LOOP_FAILED:
                    self._doubted[one] = ends_s

    def _end_doubted(self) -> None:
        if self._outbox.fill >= ALARM_FILL:
            return  # ended when there is room: now it would not be kept
        now_s = time.monotonic()
        with self._alarm_lock:
            over = [one for one, ends_s in self._doubted.items() if now_s >= ends_s]
        for code, device in over:
            self.alarm(code, device, "not seen again since the node began anew", raised=False)

    def _standing_with(self, code: str, device: str, raised: bool) -> frozenset[tuple[str, str]]:
        one = frozenset({(code, device)})
        return self._standing | one if raised and code != _ONCE else self._standing - one

    def look_after(self) -> None:
        """Raise or end the alarms about the outbox, and end those of which nothing is seen."""
        self._end_doubted()
        with self._lock:
            fill = self._outbox.fill
            turned = self._nearly_full
            if fill >= ALARM_FILL:
                self._nearly_full = True
            elif fill < CALM_FILL:
                self._nearly_full = False
            turned = turned != self._nearly_full
            aside = self._outbox.set_aside[self._told_set_aside :]
            self._told_set_aside += len(aside)
        for path in aside:
            self.alarm(
                "outbox-damaged",
                "outbox",
                f"set aside as {path.name}, a new stream begun: check the card, keep the file",
            )
        if turned:
            self._tell_fill(fill)

    def _tell_fill(self, fill: float) -> None:
        full = fill >= ALARM_FILL
        body = Alarm(
            *NEARLY_FULL,
            f"{fill:.0%} full: see that broker and hall are up" if full else "there is room again",
            raised=full,
        )
        try:
            with self._alarm_lock:
                standing = self._standing_with(*NEARLY_FULL, full)
                kept = (STANDING, _as_kept(standing))
                self._outbox.append(body, self._clock.now(), keep=kept)
                self._standing = standing
        except OutboxError as error:
            _log.error("%s", error)
            return
        self._wake()

    @property
    def is_full(self) -> bool:
        """Nothing more is taken until the hall acknowledges some."""
        return self._outbox.fill >= 1.0

    def notes(self) -> list[str]:
        """What a technician should know of the outbox just now."""
        notes = [] if self.failure is None else [self.failure]
        if self._nearly_full:
            notes.append(f"outbox {self._outbox.fill:.0%} full")
        return notes


def _read_standing(kept: str | None) -> frozenset[tuple[str, str]]:
    if kept is None:
        return frozenset()
    try:
        return msgspec.json.decode(kept, type=frozenset[tuple[str, str]])
    except msgspec.MsgspecError:
        return frozenset()


def _as_kept(standing: frozenset[tuple[str, str]]) -> str:
    return msgspec.json.encode(sorted(standing)).decode()
