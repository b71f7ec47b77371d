"""Rating buttons without a Pi: mock pins, and a finger that presses them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from gpiozero.pins.mock import MockFactory, MockPin

from devices.rating_buttons.lines import ButtonWiring


def mock_factory() -> Any:
    """A fresh set of mock pins (gpiozero's own ``MockFactory``), shared with nobody."""
    return MockFactory(pin_class=MockPin)


class Finger:
    """Presses the buttons on mock pins, as a citizen does.

    The listeners of the buttons run in the calling thread.  ``wait`` takes seconds.
    """

    def __init__(
        self,
        factory: Any,
        wiring: Sequence[ButtonWiring],
        *,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._pins = {button.level: factory.pin(button.pin) for button in wiring}
        self._wait = wait

    def press(self, level: int, hold_ms: int = 80) -> None:
        """Press for ``hold_ms`` and let go."""
        self.down(level)
        self._wait(hold_ms / 1000)
        self.up(level)

    def down(self, level: int) -> None:
        """Press, and keep the finger there."""
        self._pins[level].drive_low()

    def up(self, level: int) -> None:
        """Let go."""
        self._pins[level].drive_high()
