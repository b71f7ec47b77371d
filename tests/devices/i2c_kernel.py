"""Linux's ``/dev/i2c-1`` with chips in memory on it: what smbus2 hands to the kernel ends here."""

from __future__ import annotations

import ctypes
import errno
import os
from typing import Any, Final

import pytest
import smbus2
from smbus2.smbus2 import I2C_FUNCS, I2C_RDWR

from devices.rating_buttons.standin_chip import ChipStandIn

_READ: Final = 0x0001


class I2cKernel:
    """Answers ``ioctl(I2C_RDWR)`` on ``/dev/i2c-1`` for the chips of ``chips`` by address."""

    def __init__(self) -> None:
        self.chips: dict[int, ChipStandIn] = {}
        self.fault: int | None = None
        """An errno that every transfer ends with: the bus is disturbed."""
        self.open_fault: int | None = None
        self.transfers = 0
        self.opened: set[int] = set()

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Stand between smbus2 and the real kernel."""
        real_open, real_close = os.open, os.close

        def open_(path: Any, flags: int, *rest: Any, **more: Any) -> int:
            if not str(path).startswith("/dev/i2c-"):
                return real_open(path, flags, *rest, **more)
            if self.open_fault or str(path) != "/dev/i2c-1":
                number = self.open_fault or errno.ENOENT
                raise OSError(number, os.strerror(number), str(path))
            line = real_open(os.devnull, os.O_RDWR)
            self.opened.add(line)
            return line

        def close(line: int) -> None:
            self.opened.discard(line)
            real_close(line)

        monkeypatch.setattr(os, "open", open_)
        monkeypatch.setattr(os, "close", close)
        monkeypatch.setattr(smbus2.smbus2, "ioctl", self._ioctl)

    def _ioctl(self, line: int, request: int, data: Any) -> int:
        assert line in self.opened
        if request == I2C_FUNCS:
            data.value = 0x0EFF0001
            return 0
        assert request == I2C_RDWR
        for index in range(data.nmsgs):
            message = data.msgs[index]
            self.transfers += 1
            if self.fault is not None:
                raise OSError(self.fault, os.strerror(self.fault))
            chip = self.chips.get(message.addr)
            if chip is None:
                raise OSError(errno.EREMOTEIO, os.strerror(errno.EREMOTEIO))
            if message.flags & _READ:
                answer = chip.read(message.len)
                ctypes.memmove(message.buf, answer, len(answer))
            else:
                chip.write(ctypes.string_at(message.buf, message.len))
        return int(data.nmsgs)
