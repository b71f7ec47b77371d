"""The face camera: hands each frame that is worth it to whoever looks, and blackens it at once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Final, NamedTuple, Protocol, Self

from devices.cameras import Frame
from devices.face_camera.pace import Pace
from devices.face_camera.quality import Figures, LightGate, QualityGate, figures

Looker = Callable[[Frame, Figures], None]
"""Looks at a frame, and keeps nothing of it: the frame is blackened when the call returns."""


class Source(Protocol):
    """Where frames come from; one thread reads it, any may close it."""

    def next(self, timeout_s: float) -> Frame | None:
        """The newest frame, within about ``timeout_s``; None when none came.  The caller's own.

        Raises:
            DeviceError: the source is gone; make a new one.
        """

    def pass_over(self, timeout_s: float) -> bool:
        """Let the next frame go by unread; False when none came in time.

        Raises:
            DeviceError: the source is gone; make a new one.
        """

    def close(self) -> None:
        """Let go of the source; again does nothing."""


class Seen(NamedTuple):
    """What became of one frame."""

    figures: Figures
    flaw: str | None
    """Why it was not handed on; None where it was."""


class FaceCamera:
    """Frames of ``source`` at the ``pace``, past the ``gate``; takes the source over.

    No frame is written, sent or kept: when :meth:`run_once` returns, the frame that it had is
    black, whether the gate let it pass or not, and also when the looker raised.
    """

    def __init__(
        self,
        source: Source,
        *,
        pace: Pace,
        gate: QualityGate | None = None,
        monotonic_us: Callable[[], int] = lambda: time.monotonic_ns() // 1000,
    ) -> None:
        self._source = source
        self._pace = pace
        self._gate: QualityGate = gate or LightGate()
        self._monotonic_us = monotonic_us
        self.flaws: Final[Counter[str]] = Counter()
        """Why frames were not handed on, and how many."""
        self.handed_on = 0
        self.passed_over = 0

    def run_once(self, look: Looker, timeout_s: float = 0.5) -> Seen | None:
        """Take the next frame, if its time has come; None where none was looked at.

        Raises:
            DeviceError: the frames have stopped, or are none; make a new camera.
            Exception: whatever ``look`` raises.
        """
        if not self._pace.is_due(self._monotonic_us()):
            self.passed_over += self._source.pass_over(timeout_s)
            return None
        frame = self._source.next(timeout_s)
        if frame is None:
            return None
        try:
            seen = figures(frame)
            flaw = self._gate.flaw(frame, seen)
            if flaw is None:
                look(frame, seen)
                self.handed_on += 1
            else:
                self.flaws[flaw] += 1
            return Seen(seen, flaw)
        finally:
            frame.fill(0)

    def close(self) -> None:
        """Let go of the camera; again does nothing."""
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
