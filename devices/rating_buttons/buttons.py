"""The row of rating buttons with a lamp in each, over whichever lines they hang on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Final, Self

from devices.errors import DeviceError
from devices.rating_buttons.debounce import STUCK_US, Debouncer, Outcome
from devices.rating_buttons.lamps import DARK, Lamps
from devices.rating_buttons.lines import Lines

_OLD_EDGE_US: Final = 1_000_000
_CHECK_US: Final = 1_000_000
Told = list[tuple[int, Outcome, int]]
"""Level, what, and when the contact closed."""


class RatingButtons:
    """Three to five buttons, 1 the worst, and their lamps; takes the ``lines`` over.

    ``on_press(level)`` and ``on_fault(level, stuck)`` are called by the thread that calls
    :meth:`poll`, or by the lines' own: they must be quick.  Of two buttons pressed within the
    settling time the first wins.

    Each line has its own :class:`~devices.rating_buttons.debounce.Debouncer`.  The loop of the
    buttons is ``wait`` and ``poll`` in turn.

    Without ``monotonic_us`` an edge counts at the time that the kernel saw it.
    """

    def __init__(
        self,
        lines: Lines,
        *,
        on_press: Callable[[int], None],
        on_fault: Callable[[int, bool], None] | None = None,
        monotonic_us: Callable[[], int] | None = None,
        settle_ms: int = 25,
        stuck_us: int = STUCK_US,
    ) -> None:
        self._lines = lines
        self._on_press = on_press
        self._on_fault = on_fault
        self._clock_us = monotonic_us
        self._settle_us = settle_ms * 1000
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._is_open = True
        self._failure: DeviceError | None = None
        self._last_press_us: int | None = None
        self._shown = DARK
        self._checked_us = self._now_us()
        try:
            held = lines.read()
            self._debouncers: dict[int, Debouncer] = {
                level: Debouncer(
                    self._settle_us, stuck_us, down_at_us=self._now_us() if held[level] else None
                )
                for level in sorted(held)
            }
            lines.listen(self._hear, self._wake.set)
        except BaseException:
            lines.close()
            raise

    @property
    def levels(self) -> int:
        """How many buttons there are; the best level."""
        return len(self._debouncers)

    def show(self, lamps: Lamps) -> None:
        """Light the lamps; nothing happens after :meth:`close`.

        Lamps out of reach are told by the next :meth:`poll`, to the loop that can begin anew.
        """
        with self._lock:
            self._shown = lamps
            if not self._is_open:
                return
            try:
                self._lines.light(self._wanted())
            except DeviceError as error:
                self._failure = error
                self._wake.set()

    def lamps_lit(self) -> dict[int, bool]:
        """Level -> whether its lamp's pin is high, as read back from the pins."""
        with self._lock:
            return self._lines.lit() if self._is_open else {}

    def stuck_levels(self) -> list[int]:
        """Buttons that are masked until somebody frees them."""
        with self._lock:
            return [level for level, line in self._debouncers.items() if line.is_stuck]

    def due_us(self) -> int | None:
        """When the lines should be read; None while their usual pace will do."""
        with self._lock:
            dues = [line.due_us() for line in self._debouncers.values()]
        return min((due for due in dues if due is not None), default=None)

    def wait(self, at_most_s: float) -> None:
        """Wait until it is time for :meth:`poll`: an edge, a line that is due, or its pace."""
        due_us = self.due_us()
        left_s = min(at_most_s, self._lines.every_s)
        if due_us is not None:
            left_s = min(left_s, (due_us - self._now_us()) / 1e6)
        if left_s > 0:
            self._wake.wait(left_s)
        self._wake.clear()

    def poll(self) -> None:
        """Read the lines: finds presses, stuck buttons, lost edges and lamps out of reach.

        Raises:
            DeviceError: the lines cannot be read, or the lamps of the last :meth:`show` not lit.
        """
        told: Told = []
        # read under the lock: a reading overtaken by an edge would look like a new press
        with self._lock:
            if not self._is_open:
                return
            if self._failure is not None:
                raise self._failure
            down = self._lines.read()
            now_us = self._now_us()
            if now_us - self._checked_us >= _CHECK_US:
                self._checked_us = now_us
                self._lines.check()
            # a microsecond apart, so that of two seen together the one named first closed first
            for order, (level, pressed) in enumerate(down.items()):
                told += self._outcomes(level, self._debouncers[level].saw(pressed, now_us + order))
            # whoever closed first, in whatever order the lines were read
            told = self._first_wins(sorted(told, key=lambda one: one[2]))
        self._tell(told)

    def self_test(self) -> list[str]:
        """What is wrong with the buttons and lamps now, one sentence each; empty is well.

        The lamps flash for an instant and go back to what they showed.
        """
        problems: list[str] = []
        with self._lock:
            if not self._is_open:
                return ["Các nút đã ngắt / the buttons are closed: start the node again"]
            try:
                for level, is_down in sorted(self._lines.read().items()):
                    if is_down:
                        problems.append(
                            f"Nút {level} đang bị giữ hoặc chạm mát / button {level} is held down "
                            f"or shorted: free it, then check the cable of "
                            f"{self._lines.names(level)[0]}"
                        )
                lazy: set[int] = set()
                for wanted in (True, False):
                    self._lines.light(dict.fromkeys(self._debouncers, wanted))
                    lazy |= {level for level, on in self._lines.lit().items() if on != wanted}
                problems += [
                    f"Đèn {level} không đổi / lamp {level} does not follow: check the cable and "
                    f"transistor of {self._lines.names(level)[1]}"
                    for level in sorted(lazy)
                ]
                self._lines.light(self._wanted())
            except DeviceError as error:
                problems.append(str(error))
        return problems

    def close(self) -> None:
        """Lamps out, pins free; a second call does nothing."""
        with self._lock:
            was_open, self._is_open = self._is_open, False
        if was_open:
            # outside the lock: freeing a line waits for gpiozero's thread, which may be in _hear
            self._lines.deafen()
            self._lines.close()
            self._wake.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _wanted(self) -> Mapping[int, bool]:
        return {level: self._shown.is_lit(level) for level in self._debouncers}

    def _hear(self, level: int, pressed: bool, edge_us: int | None) -> None:
        at_us = self._time_of(edge_us)
        with self._lock:
            if not self._is_open:
                return
            told = self._first_wins(
                self._outcomes(level, self._debouncers[level].edge(pressed, at_us))
            )
        self._tell(told)

    def _outcomes(self, level: int, outcomes: tuple[Outcome, ...]) -> Told:
        pressed_us = self._debouncers[level].pressed_us
        return [(level, outcome, pressed_us) for outcome in outcomes]

    def _first_wins(self, told: Told) -> Told:
        """Two at once: the first wins, the second counts when it is pressed again."""
        kept: Told = []
        for level, outcome, at_us in told:
            if outcome is Outcome.PRESSED:
                last_us = self._last_press_us
                if last_us is not None and abs(at_us - last_us) < self._settle_us:
                    continue
                self._last_press_us = at_us
            kept.append((level, outcome, at_us))
        return kept

    def _tell(self, told: Told) -> None:
        # outside the lock, so that the one who is told may ask for lamps at once
        for level, outcome, _ in told:
            if outcome is Outcome.PRESSED:
                self._on_press(level)
            elif self._on_fault:
                self._on_fault(level, outcome is Outcome.STUCK)

    def _now_us(self) -> int:
        return self._clock_us() if self._clock_us else time.monotonic_ns() // 1000

    def _time_of(self, edge_us: int | None) -> int:
        now_us = self._now_us()
        if self._clock_us or edge_us is None:
            return now_us
        # before Linux 5.7 the kernel stamps edges with another clock than ours
        return edge_us if 0 <= now_us - edge_us < _OLD_EDGE_US else now_us
