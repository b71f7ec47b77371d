"""What happens at the node goes into the outbox here, and the alarms about the outbox itself."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

from devices.messages import Alarm, ClerkPresence, EventBody, RatingPress
from edge.clock import Clock, Stamps
from edge.outbox import Outbox, OutboxError

_log = logging.getLogger(__name__)

ALARM_FILL: Final = 0.8
"""From here on the hall is told, and lesser events leave the room to ratings and scans."""
CALM_FILL: Final = 0.5


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
        self._nearly_full = outbox.fill >= ALARM_FILL
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
            self.record(Alarm(code, device, text[:500], raised=raised))
        except OutboxError:
            return
        self._wake()
        self._on_change()

    def look_after(self) -> None:
        """Raise or end the alarms about the outbox."""
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
            "outbox-nearly-full",
            "outbox",
            f"{fill:.0%} full: see that broker and hall are up" if full else "there is room again",
            raised=full,
        )
        try:
            self._outbox.append(body, self._clock.now())
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
