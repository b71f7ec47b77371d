"""What the buttons hang on, whichever way they are wired: lines to read and lamps to light."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from devices.errors import WiringError

Hear = Callable[[int, bool, int | None], None]
"""``hear(level, pressed, at_us)``: an edge; None where nobody knows when it was."""


class ButtonWiring(NamedTuple):
    """Where one button hangs; the pins are numbered as BCM or as the expander counts them.

    The button closes its pin to ground (a pull-up holds it otherwise); the lamp is lit when its
    pin is high, through a transistor.
    """

    level: int
    pin: int
    lamp_pin: int


class Lines(Protocol):
    """The lines of a row of buttons.  Every method may raise :class:`devices.errors.DeviceError`.

    Levels are those of the wiring.
    """

    @property
    def every_s(self) -> float:
        """How often the lines must be read at least, in seconds."""

    def read(self) -> dict[int, bool]:
        """Level -> whether its button is down now; what was first, where that is known, first."""

    def light(self, lit: Mapping[int, bool]) -> None:
        """Light and put out the lamps."""

    def lit(self) -> dict[int, bool]:
        """Level -> whether its lamp's pin is high, as read back."""

    def listen(self, hear: Hear, wake: Callable[[], None]) -> None:
        """From now on tell edges, by any thread, or only that it is time to read."""

    def deafen(self) -> None:
        """No more edges."""

    def check(self) -> None:
        """Raise when what hangs on the lines has lost its settings."""

    def names(self, level: int) -> tuple[str, str]:
        """The pins of a button and of its lamp, in words for a technician."""

    def close(self) -> None:
        """Free the pins; a second call does nothing."""


def check_wiring(wiring: Sequence[ButtonWiring]) -> None:
    """Refuse a wiring that cannot be meant.

    Raises:
        WiringError: not 3 to 5 buttons, levels other than 1, 2, 3 ..., or a pin used twice.
    """
    levels = sorted(button.level for button in wiring)
    if not 3 <= len(levels) <= 5 or levels != list(range(1, len(levels) + 1)):
        raise WiringError(
            f"Mức {levels} / levels {levels}: wire 3, 4 or 5 buttons with the levels 1, 2, 3 ... "
            "without a gap"
        )
    pins = [pin for button in wiring for pin in (button.pin, button.lamp_pin)]
    twice = sorted({pin for pin in pins if pins.count(pin) > 1})
    if twice:
        raise WiringError(
            f"Chân GPIO {twice} dùng hai lần / GPIO {twice} is used twice: "
            "give each button and each lamp a pin of its own"
        )
