"""The chips of ticket displays, as their data sheets describe them: bytes in, dots out."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from PIL import Image

from devices.ticket_display import Matrix, RecordingMatrix
from devices.ticket_display.max7219 import Max7219Chain
from devices.ticket_display.oled import I2cBus, Oled


class Part(Protocol):
    """A display as a person before it sees it."""

    def open(self) -> Matrix:
        """The driver on it."""

    def dots(self) -> Image.Image:
        """What is lit; all dark where it is switched off."""

    def level(self) -> int:
        """How bright, by the chip's own steps."""

    def forget(self) -> None:
        """Its supply dips."""


class LedModules:
    """Four MAX7219 in a row on one chip-select, each a board of 8x8 turned as FC-16 are."""

    def __init__(self) -> None:
        self.registers = [bytearray(16) for _ in range(4)]

    def data(self, data: Sequence[int]) -> None:
        """Latch one write; the first pair of bytes is shifted to the farthest module."""
        assert len(data) == 8
        for place, (register, value) in enumerate(zip(data[::2], data[1::2], strict=True)):
            self.registers[3 - place][register] = value

    def command(self, *cmd: int) -> None:
        """The chips know no difference."""
        self.data(cmd)

    def cleanup(self) -> None:
        """The bus is let go."""

    def open(self) -> Matrix:
        return Max7219Chain(self, modules=4)

    def dots(self) -> Image.Image:
        image = Image.new("1", (32, 8))
        for number, module in enumerate(self.registers):
            is_on = module[0x0C] == 1 and module[0x0F] == 0
            assert not is_on or (module[0x09], module[0x0B]) == (0, 7), "not set up for dots"
            for y in range(8):
                for x in range(8):
                    if is_on and module[8 - y] >> x & 1:
                        image.putpixel((8 * number + x, y), 1)
        return image

    def level(self) -> int:
        return self.registers[0][0x0A]

    def forget(self) -> None:
        for module in self.registers:
            module[:] = bytes(16)


class OledGlass:
    """An OLED of 128x64 on a bus that records every write; ``sh1106`` has 132 columns of memory."""

    ADDRESS = 0x3C

    def __init__(self, chip: str) -> None:
        self.chip = chip
        self.writes: list[bytes] = []
        self.is_plugged_in = True
        self.forget()

    def forget(self) -> None:
        self.memory = [bytearray(132) for _ in range(8)]
        self.is_on = False
        self.contrast = 0x7F
        self.horizontal = False
        self.columns, self.pages = (0, 127), (0, 7)
        self.column = self.page = 0

    # ------------------------------------------------------------ smbus2, as luma uses it

    def write_i2c_block_data(self, address: int, register: int, data: list[int]) -> None:
        """One write: address, control byte, at most 32 bytes."""
        assert len(data) <= 32
        self._written(address, bytes([register, *data]))

    def i2c_rdwr(self, message: Any) -> None:
        """One write of any length."""
        self._written(message.addr, bytes(list(message)))

    def close(self) -> None:
        """The bus is let go."""
        self.writes.append(b"closed")

    def _written(self, address: int, written: bytes) -> None:
        if address != self.ADDRESS or not self.is_plugged_in:
            raise OSError(errno.EREMOTEIO, "Remote I/O error")
        self.writes.append(written)
        if written[0] == 0x00:
            self._obey(iter(written[1:]))
        else:
            assert written[0] == 0x40
            for byte in written[1:]:
                self._put(byte)

    # ------------------------------------------------------------ the chip

    def _obey(self, commands: Iterable[int]) -> None:
        words = iter(commands)
        for word in words:
            match word:
                case 0xAE | 0xAF:
                    self.is_on = word == 0xAF
                case 0x81:
                    self.contrast = next(words)
                case 0x20 if self.chip == "ssd1306":
                    self.horizontal = next(words) == 0
                case 0x21 if self.chip == "ssd1306":
                    self.columns = (next(words), next(words))
                    self.column = self.columns[0]
                case 0x22 if self.chip == "ssd1306":
                    self.pages = (next(words), next(words))
                    self.page = self.pages[0]
                case 0xA8 | 0xD3 | 0xD5 | 0xD9 | 0xDA | 0xDB | 0x8D:
                    next(words)
                case _ if 0xB0 <= word <= 0xB7 and self.chip == "sh1106":
                    self.page = word - 0xB0
                case _ if word <= 0x0F and self.chip == "sh1106":
                    self.column = self.column & 0xF0 | word
                case _ if 0x10 <= word <= 0x1F and self.chip == "sh1106":
                    self.column = self.column & 0x0F | (word & 0x0F) << 4

    def _put(self, byte: int) -> None:
        self.memory[self.page][self.column] = byte
        self.column += 1
        if self.chip == "ssd1306":
            assert self.horizontal
            if self.column > self.columns[1]:
                self.column = self.columns[0]
                self.page = self.page + 1 if self.page < self.pages[1] else self.pages[0]

    # ------------------------------------------------------------ what a person sees

    def open(self) -> Matrix:
        return Oled(I2cBus(), chip="sh1106" if self.chip == "sh1106" else "ssd1306")

    def dots(self) -> Image.Image:
        image = Image.new("1", (128, 64))
        left = 2 if self.chip == "sh1106" else 0
        for y in range(64):
            for x in range(128):
                if self.is_on and self.memory[y // 8][left + x] >> y % 8 & 1:
                    image.putpixel((x, y), 1)
        return image

    def level(self) -> int:
        return self.contrast


class StandIn:
    """The stand-ins, which nothing makes forget."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.matrix = RecordingMatrix(size=size)

    def open(self) -> Matrix:
        return self.matrix

    def dots(self) -> Image.Image:
        return self.matrix.dots

    def level(self) -> int:
        return self.matrix.level

    def forget(self) -> None:
        self.matrix.cleanup()


def part(name: str) -> LedModules | OledGlass | StandIn:
    """The part that the driver ``name`` is for."""
    match name:
        case "max7219":
            return LedModules()
        case "ssd1306" | "sh1106":
            return OledGlass(name)
        case "recording":
            return StandIn((32, 8))
        case _:
            return StandIn((128, 64))
