"""The MCP23017 on its I2C bus, register by register.

Source: Microchip DS20001952, "MCP23017/MCP23S17 16-Bit I/O Expander".  Pins 0 to 7 are GPA0 to
GPA7, 8 to 15 are GPB0 to GPB7.  From revision D (2022) on the data sheet calls GPA7 and GPB7
outputs only: as inputs they can disturb SDA while a port is read.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from devices.errors import BusError, DeviceNotFoundError, DevicePermissionError, WiringError

PINS: Final = 16
OUTPUT_ONLY: Final = frozenset({7, 15})
IODIR: Final = 0x00
IPOL: Final = 0x02
GPINTEN: Final = 0x04
DEFVAL: Final = 0x06
INTCON: Final = 0x08
IOCON: Final = 0x0A
GPPU: Final = 0x0C
INTF: Final = 0x0E
INTCAP: Final = 0x10
GPIO: Final = 0x12
OLAT: Final = 0x14
_IOCON_OF_BANK_1: Final = 0x05
_MIRROR: Final = 0x40
_OPEN_DRAIN: Final = 0x04


class Reading(NamedTuple):
    """The ports at one instant; bit n is pin n."""

    flags: int
    """The pins that raised the interrupt, since the last reading."""
    captured: int
    """The ports as that interrupt found them."""
    pins: int
    """The ports now."""


class Mcp23017:
    """One chip, given its bus (``smbus2.SMBus``).  Inputs are pulled up, outputs begin low.

    Pins that are neither are inputs with their pull-up, but for :data:`OUTPUT_ONLY`.  INTA and
    INTB are one, open-drain and active low: either can be wired, or none.

    Raises:
        WiringError: an input on a pin that is an output only.
        BusError: nobody answers at ``address``, or the bus is disturbed.
    """

    def __init__(
        self,
        bus: Any,
        address: int,
        *,
        inputs: Iterable[int],
        outputs: Iterable[int],
        name: str = "I2C",
    ) -> None:
        self._bus = bus
        self._address = address
        self._name = name
        self._inputs = _bits(inputs)
        self._outputs = _bits(outputs)
        if self._inputs & _bits(OUTPUT_ONLY):
            raise WiringError(
                "MCP23017: chân 7 và 15 (GPA7, GPB7) chỉ là đầu ra / pins 7 and 15 (GPA7, GPB7) "
                "are outputs only: hang the button on another pin"
            )
        self._latch = 0
        directions = 0xFFFF & ~(self._outputs | _bits(OUTPUT_ONLY))
        self._settings: Final[dict[int, int]] = {
            IODIR: directions,
            IPOL: 0,
            GPINTEN: self._inputs,
            DEFVAL: 0,
            INTCON: 0,
            IOCON: (_MIRROR | _OPEN_DRAIN) * 0x101,
            GPPU: directions,
        }
        self._set_up()

    def _set_up(self) -> None:
        # a chip left with BANK = 1 has its IOCON here; with BANK = 0 this stops interrupts
        self._write(_IOCON_OF_BANK_1, 0)
        # lamps dark before their pins drive anything
        for register in (IOCON, GPINTEN, OLAT, IPOL, DEFVAL, INTCON, GPPU, IODIR, GPINTEN):
            word = 0 if register == OLAT else self._settings[register]
            self._write(register, word & 0xFF, word >> 8)
        self.read_interrupt()  # what was captured before is nobody's press

    def read(self) -> int:
        """The ports now; clears the interrupt."""
        return _word(self._read(GPIO, 2))

    def read_interrupt(self) -> Reading:
        """What raised the interrupt and the ports now, in one go; clears the interrupt."""
        answer = self._read(INTF, 6)
        return Reading(_word(answer[0:2]), _word(answer[2:4]), _word(answer[4:6]))

    def drive(self, high: int) -> None:
        """Set the outputs; bit n is pin n."""
        self._latch = high & self._outputs
        self._write(OLAT, self._latch & 0xFF, self._latch >> 8)

    def driven(self) -> int:
        """The outputs' levels, read back from the pins themselves."""
        return self.read() & self._outputs

    def check(self) -> None:
        """Read the settings back.

        Raises:
            BusError: they are not what was set: the supply dipped, or another program writes.
        """
        answer = self._read(IODIR, 14)
        kept = {register: _word(answer[register : register + 2]) for register in self._settings}
        if kept != self._settings or _word(self._read(OLAT, 2)) != self._latch:
            raise BusError(
                f"{self._name}, 0x{self._address:02x}: bộ mở rộng chân đã mất thiết lập / the "
                "expander has lost its settings: check its 3.3 V supply and RESET pin, and that "
                "no other program uses it; it is set up again by itself"
            )

    def _write(self, register: int, *values: int) -> None:
        from smbus2 import i2c_msg

        try:
            self._bus.i2c_rdwr(i2c_msg.write(self._address, [register, *values]))
        except OSError as error:
            raise self._fault(error) from error

    def _read(self, register: int, count: int) -> bytes:
        from smbus2 import i2c_msg

        ask, answer = i2c_msg.write(self._address, [register]), i2c_msg.read(self._address, count)
        try:
            self._bus.i2c_rdwr(ask, answer)
        except OSError as error:
            raise self._fault(error) from error
        return bytes(answer)

    def _fault(self, error: OSError) -> BusError:
        nobody = error.errno in (errno.ENXIO, errno.EREMOTEIO)
        what = "nobody answers" if nobody else f"the bus is disturbed ({error.strerror})"
        return BusError(
            f"{self._name}, 0x{self._address:02x}: bộ mở rộng chân không trả lời / {what}: check "
            "SDA, SCL, ground and the 3.3 V supply, then the address (A0 to A2) with `i2cdetect`"
        )

    def close(self) -> None:
        """Close the bus."""
        self._bus.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_bus(number: int) -> Any:
    """The machine's I2C bus ``/dev/i2c-NUMBER``.

    Raises:
        DeviceNotFoundError: there is no such bus, or smbus2 is not installed.
        DevicePermissionError: the account may not use it.
    """
    try:
        from smbus2 import SMBus

        return SMBus(number)
    except ImportError as error:
        raise DeviceNotFoundError(
            "Thiếu smbus2 / smbus2 is missing: pip install 'motcua[node]'"
        ) from error
    except PermissionError as error:
        raise DevicePermissionError(
            f"/dev/i2c-{number}: không có quyền / not allowed: add the account to the group i2c"
        ) from error
    except OSError as error:
        raise DeviceNotFoundError(
            f"/dev/i2c-{number}: không có bus I2C / cannot be opened ({error.strerror}): switch "
            "I2C on with dtparam=i2c_arm=on in config.txt and start the Pi again"
        ) from error


def _bits(pins: Iterable[int]) -> int:
    bits = 0
    for pin in pins:
        if not 0 <= pin < PINS:
            raise WiringError(
                f"MCP23017: không có chân {pin} / there is no pin {pin}: 0 to 7 are GPA0 to GPA7, "
                "8 to 15 are GPB0 to GPB7"
            )
        bits |= 1 << pin
    return bits


def _word(two: bytes) -> int:
    return two[0] | two[1] << 8
