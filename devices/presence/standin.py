"""A clerk's place without a Pi: mock pins, a chair to sit on, and a lamp to look at."""

from __future__ import annotations

from typing import Any

from gpiozero.pins.mock import MockFactory, MockPin

from devices.presence.switch import Active


def mock_factory() -> Any:
    """A fresh set of mock pins (gpiozero's own ``MockFactory``), shared with nobody."""
    return MockFactory(pin_class=MockPin)


class Chair:
    """What the clerk sits on: moves the switch's pin as a seat switch or a sensor does.

    It works whether the driver has the pin or not; a driver that opens it finds her as she sits.
    """

    def __init__(self, factory: Any, pin: int, *, active: Active = "low") -> None:
        self._pin = factory.pin(pin)
        self._active = active
        self._is_taken = False
        set_pull = self._pin._set_pull

        def pulled(pull: str) -> None:
            set_pull(pull)
            self._move()  # whoever sits there outdoes the pull

        self._pin._set_pull = pulled

    def sit(self) -> None:
        """She sits down."""
        self._is_taken = True
        self._move()

    def leave(self) -> None:
        """She gets up."""
        self._is_taken = False
        self._move()

    @property
    def is_taken(self) -> bool:
        """She sits there."""
        return self._is_taken

    def _move(self) -> None:
        if self._is_taken == (self._active == "high"):
            self._pin.drive_high()
        else:
            self._pin.drive_low()
