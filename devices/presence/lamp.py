"""The lamp over a counter: green while it is open, red while it is not, blinking when it calls."""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType
from typing import Any, Final, Literal, NamedTuple, Self

from gpiozero import LED

from devices.errors import PinUnavailableError, WiringError
from devices.gpio_errors import GPIO_ERRORS, gpio_remedy
from devices.messages import Display

Sign = Literal["dark", "open", "shut", "call"]
HALF_BLINK_US: Final = 500_000
"""On and off in turn: 1 Hz, far below what harms anybody (WCAG 2.3.1: at most three a second)."""


class Light(NamedTuple):
    """What burns."""

    green: bool
    red: bool


def sign_of(display: Display | None, *, stale: bool) -> Sign:
    """What the lamp says of the hall's last word; nothing of one that may be the past."""
    if display is None or stale:
        return "dark"
    match display.phase:
        case "closed" | "paused":
            return "shut"
        case "called":
            return "call"
        case _:
            return "open"


def light_of(sign: Sign, now_us: int) -> Light:
    """What burns at that time of the node's clock."""
    blink = now_us // HALF_BLINK_US % 2 == 0
    return Light(sign == "open" or (sign == "call" and blink), sign == "shut")


class CounterLamp:
    """A green and a red lamp; each is lit while its pin is high, through a transistor.

    Raises:
        WiringError: one pin for both.
        PinUnavailableError: a pin that does not exist or is taken, or no GPIO at all.
    """

    def __init__(self, green_pin: int, red_pin: int, *, pin_factory: Any = None) -> None:
        if green_pin == red_pin:
            raise WiringError(
                f"Chân GPIO {green_pin} dùng hai lần / GPIO {green_pin} is used twice: give the "
                "green and the red lamp a pin each"
            )
        self._pins = ExitStack()
        try:
            self._green = self._pins.enter_context(LED(green_pin, pin_factory=pin_factory))
            self._red = self._pins.enter_context(LED(red_pin, pin_factory=pin_factory))
        except GPIO_ERRORS as error:
            self._pins.close()
            raise PinUnavailableError(gpio_remedy(error)) from error

    def show(self, light: Light) -> None:
        """Burn.

        Raises:
            PinUnavailableError: the pins cannot be driven any more.
        """
        try:
            # never both: what goes out goes first
            for lamp, on in sorted(
                ((self._green, light.green), (self._red, light.red)), key=lambda one: one[1]
            ):
                lamp.value = on
        except GPIO_ERRORS as error:
            raise PinUnavailableError(gpio_remedy(error)) from error

    def shown(self) -> Light:
        """As read back from the pins."""
        return Light(bool(self._green.value), bool(self._red.value))

    @property
    def names(self) -> tuple[str, str]:
        """The pins of green and red, such as GPIO20 and GPIO21."""
        return str(self._green.pin), str(self._red.pin)

    def close(self) -> None:
        """Lamps out, pins free; a second call does nothing."""
        for lamp in (self._green, self._red):
            if not lamp.closed:
                lamp.off()
        self._pins.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
