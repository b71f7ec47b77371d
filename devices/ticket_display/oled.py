"""An OLED of 128x64 dots (SSD1306 or SH1106) on the Pi's I2C bus, through luma."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

import luma.core.error
import luma.core.interface.serial
import luma.oled.device
from PIL import Image

from devices.errors import DeviceNotFoundError, DevicePermissionError
from devices.ticket_display.transport import Transport

Chip = Literal["ssd1306", "sh1106"]

SIZE: Final = (128, 64)
_NOP: Final = 0xE3
_DISPLAY_ON: Final = 0xAF
_LUMA: Final = {"ssd1306": luma.oled.device.ssd1306, "sh1106": luma.oled.device.sh1106}


class I2cBus:
    """luma's transport over I2C, with errors that say what to do.

    Raises:
        DeviceNotFoundError: the bus is switched off.
        DevicePermissionError: this account may not use it.
    """

    def __init__(self, *, port: int = 1, address: int = 0x3C) -> None:
        try:
            self._wire: Any = luma.core.interface.serial.i2c(port=port, address=address)
        except (luma.core.error.DevicePermissionError, PermissionError) as error:
            raise DevicePermissionError(
                f"Không được dùng I2C {port} / I2C {port} may not be used: {error}; add the "
                "account of the node to the group i2c"
            ) from error
        except (luma.core.error.Error, OSError) as error:
            raise DeviceNotFoundError(
                f"Không mở được I2C {port} / I2C {port} cannot be opened: {error}; switch it on "
                "(dtparam=i2c_arm=on in config.txt, module i2c-dev) and start the Pi again, or "
                "choose the driver 'recording-oled'"
            ) from error

    def command(self, *cmd: int) -> None:
        """Write commands, at most 32 bytes in one go."""
        self._wire.command(*cmd)

    def data(self, data: Sequence[int]) -> None:
        """Write dots."""
        self._wire.data(data)

    def cleanup(self) -> None:
        """Let go of the bus; a second call does nothing."""
        self._wire.cleanup()


class Oled:
    """One OLED; ``upside_down`` turns its picture by half a turn.

    Raises:
        DeviceNotFoundError: nothing answers, or it stops answering while it is set up.
    """

    def __init__(self, transport: Transport, *, chip: Chip, upside_down: bool = False) -> None:
        self._transport = transport
        self._noted = _Noted(transport)
        # luma keeps every device until the program ends, also those that never answered; and a
        # display that is missing is tried again for days
        self._luma: Any = _LUMA[chip].__new__(_LUMA[chip])
        try:
            transport.command(_NOP)
            self._luma.__init__(self._noted, rotate=2 if upside_down else 0)
        except (luma.core.error.Error, OSError) as error:
            self._forget()
            raise DeviceNotFoundError(
                f"Không thấy bảng số OLED / no OLED answers: {error or type(error).__name__}; "
                "check its cable and supply, and i2c_address against `i2cdetect -y 1`"
            ) from error
        self._settings = self._noted.first

    @property
    def size(self) -> tuple[int, int]:
        """Dots across and down."""
        return SIZE

    @property
    def mode(self) -> str:
        """Dots that are on or off."""
        return "1"

    def display(self, image: Image.Image) -> None:
        """Write all dots."""
        self._luma.display(image)

    def contrast(self, level: int) -> None:
        """Brightness, 0 to 255; OLEDs need about twice the number of an LED matrix."""
        self._luma.contrast(min(255, 2 * level))

    def refresh(self) -> None:
        """Set every register again but the dots and the brightness, without going dark.

        A chip whose supply dipped wakes dark (SSD1306 data sheet, 8.9), and answers all the same.
        """
        display_off, *settings = self._settings
        assert display_off == 0xAE
        self._transport.command(*settings)
        self._transport.command(_DISPLAY_ON)

    def cleanup(self) -> None:
        """Go dark and let go of the bus."""
        try:
            self._luma.cleanup()
        finally:
            self._forget()

    def _forget(self) -> None:
        vars(self._luma).clear()


class _Noted:
    """Passes everything on, and keeps the first command: luma's settings of the chip."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.first: tuple[int, ...] = ()

    def command(self, *cmd: int) -> None:
        self.first = self.first or cmd
        self._transport.command(*cmd)

    def data(self, data: Sequence[int]) -> None:
        self._transport.data(data)

    def cleanup(self) -> None:
        self._transport.cleanup()
