"""What the GPIO libraries under the drivers raise when a pin or a bus cannot be used."""

from __future__ import annotations

from typing import Final

from gpiozero.exc import GPIOZeroError


def _raised() -> tuple[type[Exception], ...]:
    try:
        # lgpio's own error ("GPIO busy") passes through gpiozero as it is: a bare Exception
        from lgpio import error as lgpio_error
    except ImportError:  # a machine without pins needs no lgpio
        return (GPIOZeroError, OSError)
    return (GPIOZeroError, OSError, lgpio_error)


GPIO_ERRORS: Final = _raised()


def gpio_remedy(error: Exception) -> str:
    """What to do about one of :data:`GPIO_ERRORS`, in words for a technician."""
    return (
        f"Không dùng được chân GPIO / GPIO cannot be used: {error or type(error).__name__}; "
        "check the pin numbers in the settings, that no other program holds them, that the "
        "account is in the group gpio and that lgpio is installed, or choose the stand-in driver"
    )
