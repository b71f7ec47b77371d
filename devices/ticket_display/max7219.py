"""A chain of MAX7219 LED modules on the Pi's SPI bus, through luma and gpiozero."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import luma.led_matrix.device
from gpiozero import Device
from gpiozero.exc import BadPinFactory, SPISoftwareFallback
from luma.led_matrix.const import max7219 as registers
from PIL import Image

from devices.errors import DeviceNotFoundError
from devices.gpio_errors import GPIO_ERRORS
from devices.ticket_display.transport import Transport


class SpiBus:
    """luma's transport over gpiozero's SPI.

    luma's own needs spidev, which comes as source alone and takes a compiler on every node;
    gpiozero speaks through lgpio, which the buttons need anyway, and sees two devices that want
    the same pin.

    Raises:
        DeviceNotFoundError: no GPIO here, the SPI bus is off, or its pins are taken.
    """

    def __init__(self, *, port: int = 0, device: int = 0, pin_factory: Any = None) -> None:
        try:
            with warnings.catch_warnings():
                # bit-banging through Python would work, but flicker: better to say what is off
                warnings.simplefilter(
                    "ignore" if _is_mock(pin_factory) else "error", SPISoftwareFallback
                )
                if pin_factory is None:
                    Device.ensure_pin_factory()
                    pin_factory = Device.pin_factory
                self._spi = pin_factory.spi(port=port, device=device)
        except (*GPIO_ERRORS, BadPinFactory, SPISoftwareFallback) as error:
            raise DeviceNotFoundError(
                f"Không mở được SPI {port}.{device} / SPI {port}.{device} cannot be opened: "
                f"{error or type(error).__name__}; switch it on (dtparam=spi=on in config.txt), "
                "start the Pi again, check that no other program holds it, or choose the driver "
                "'recording'"
            ) from error

    def data(self, data: Sequence[int]) -> None:
        """Write the bytes in one chip-select."""
        self._spi.write(list(data))

    def command(self, *cmd: int) -> None:
        """Write the bytes in one chip-select."""
        self._spi.write(list(cmd))

    def cleanup(self) -> None:
        """Let go of the bus; a second call does nothing."""
        self._spi.close()


def _is_mock(pin_factory: Any) -> bool:
    return type(pin_factory).__module__ == "gpiozero.pins.mock"


class Max7219Chain:
    """Modules of 8x8 dots side by side, the first at the left.

    ``block_orientation`` turns each module; -90 suits the common four-in-one boards (FC-16).
    """

    def __init__(self, transport: Transport, *, modules: int, block_orientation: int = -90) -> None:
        self._transport = transport
        self._modules = modules
        self._luma = luma.led_matrix.device.max7219(
            transport, cascaded=modules, block_orientation=block_orientation
        )

    @property
    def size(self) -> tuple[int, int]:
        """Dots across and down."""
        return self._modules * 8, 8

    @property
    def mode(self) -> str:
        """Dots that are on or off."""
        return "1"

    def display(self, image: Image.Image) -> None:
        """Write the eight rows of every module."""
        self._luma.display(image)

    def contrast(self, level: int) -> None:
        """Brightness, 0 to 255; the chips know sixteen steps."""
        self._luma.contrast(level)

    def refresh(self) -> None:
        """Set every register again but the dots and the brightness.

        A chip whose supply dipped wakes dark, in test mode or with one row (data sheet, table 2).
        """
        for register, value in (
            (registers.DISPLAYTEST, 0),
            (registers.DECODEMODE, 0),
            (registers.SCANLIMIT, 7),
            (registers.SHUTDOWN, 1),
        ):
            self._transport.data([register, value] * self._modules)

    def cleanup(self) -> None:
        """Go dark and let go of the bus."""
        self._luma.cleanup()
