"""The switch at the clerk's place, on gpiozero: a seat switch, a mat or a motion sensor."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Literal, Self

from gpiozero import InputDevice

from devices.errors import PinUnavailableError
from devices.gpio_errors import GPIO_ERRORS, gpio_remedy

Active = Literal["low", "high"]


class PresenceSwitch:
    """One input.  ``active`` is its level while somebody is there.

    ``low``: a contact to ground that closes (seat switch, mat); the Pi's pull-up holds it open.
    ``high``: a sensor that drives its output (PIR, radar); the Pi's pull-down holds it, so that a
    torn cable says that nobody is there.

    Raises:
        PinUnavailableError: the pin does not exist or is taken, or there is no GPIO at all.
    """

    def __init__(self, pin: int, *, active: Active = "low", pin_factory: Any = None) -> None:
        try:
            self._line = InputDevice(pin, pull_up=active == "low", pin_factory=pin_factory)
        except GPIO_ERRORS as error:
            raise PinUnavailableError(gpio_remedy(error)) from error

    def is_there(self) -> bool:
        """What the switch says now.

        Raises:
            PinUnavailableError: it cannot be read any more.
        """
        try:
            return bool(self._line.is_active)
        except GPIO_ERRORS as error:
            raise PinUnavailableError(gpio_remedy(error)) from error

    @property
    def name(self) -> str:
        """Its pin, such as GPIO26."""
        return str(self._line.pin)

    def close(self) -> None:
        """Free the pin; a second call does nothing."""
        self._line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
