"""The agent's loops: each in a thread of its own, watched, and begun again when it fails."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from devices.errors import DeviceError

_log = logging.getLogger(__name__)

FIRST_REST_S: Final = 0.5
LONGEST_REST_S: Final = 30.0
IN_VAIN: Final = 6
"""Failures one after the other after which a loop that the node cannot do without is hopeless."""
_STEADY_S: Final = 30.0
"""A loop that ran this long begins again after the short rest."""


class Loop:
    """One supervised loop.

    ``body(loop)`` opens its part, calls :meth:`beat` at least every few seconds and
    :meth:`well` once its part works, and returns only when :attr:`stopping` is set.  When it
    raises, ``on_trouble(name, reason)`` is told, and the body begins again after a rest that
    grows; ``on_trouble(name, None)`` tells that it is well again.
    """

    def __init__(
        self,
        name: str,
        body: Callable[[Loop], None],
        *,
        on_trouble: Callable[[str, str | None], None],
        stall_s: float = 15.0,
        first_rest_s: float = FIRST_REST_S,
    ) -> None:
        self.name: Final = name
        self.stopping: Final = threading.Event()
        self.trouble: str | None = None
        self.failures = 0
        self.is_well = False
        """Whether its part has worked since it was begun last."""
        self._short_runs = 0
        self._body = body
        self._on_trouble = on_trouble
        self._stall_s = stall_s
        self._first_rest_s = first_rest_s
        self._beat_s = time.monotonic()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self.beat()
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end; :meth:`join` waits for that."""
        self.stopping.set()

    def join(self, timeout_s: float) -> bool:
        """Wait for its end; False when it has not ended in time."""
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def beat(self) -> None:
        """It goes round."""
        self._beat_s = time.monotonic()

    def well(self) -> None:
        """Its part works."""
        self.is_well = True
        self._short_runs = 0
        if self.trouble is not None:
            self.trouble = None
            self._on_trouble(self.name, None)

    @property
    def age_ms(self) -> int:
        """Milliseconds since the last beat."""
        return max(0, int((time.monotonic() - self._beat_s) * 1000))

    @property
    def beats(self) -> bool:
        """Alive, and not stalled: resting after a failure counts, hanging does not."""
        return self._thread.is_alive() and self.age_ms < self._stall_s * 1000

    @property
    def goes_in_vain(self) -> bool:
        """It fails again and again without ever having worked in between."""
        return self._short_runs >= IN_VAIN

    def rest(self, seconds: float) -> bool:
        """Wait with beats; True when it must end."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.beat()
            if self.stopping.wait(min(left, 1.0)):
                return True
        return self.stopping.is_set()

    def _run(self) -> None:
        rest_s = self._first_rest_s
        while not self.stopping.is_set():
            began_s = time.monotonic()
            try:
                self.beat()
                self._body(self)
                if self.stopping.is_set():
                    return
                reason = "ended by itself"
            except Exception as error:  # noqa: BLE001 - whatever a part raises, the others go on
                reason = describe(error)
            self.failures += 1
            self.is_well = False
            self._short_runs += 1
            if self.trouble is None:
                _log.warning("%s: %s; it is begun again", self.name, reason)
                self.trouble = reason
                self._on_trouble(self.name, reason)
            if time.monotonic() - began_s > _STEADY_S:
                self._short_runs = 0
                rest_s = self._first_rest_s
            if self.rest(rest_s):
                return
            rest_s = min(rest_s * 2, LONGEST_REST_S)


def describe(error: Exception) -> str:
    """What failed, without what was scanned: only our own errors and the system's speak."""
    if isinstance(error, DeviceError | OSError):
        return f"{type(error).__name__}: {error}"[:400]
    place = ""
    if trace := error.__traceback__:
        while trace.tb_next:
            trace = trace.tb_next
        code = trace.tb_frame.f_code
        place = f" in {code.co_name}, line {trace.tb_lineno}"
    return f"{type(error).__name__}{place}"
