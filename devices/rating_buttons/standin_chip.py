"""An MCP23017 without the chip: every register as the data sheet has it, behind its two wires.

Source: Microchip DS20001952, sections 3.2 (address pointer), 3.5 (registers), 3.6 (interrupts).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from devices.rating_buttons.lines import ButtonWiring

_IODIR, _IPOL, _GPINTEN, _DEFVAL, _INTCON, _IOCON, _GPPU, _INTF, _INTCAP, _GPIO, _OLAT = range(11)
_REGISTERS: Final = 22
_BANK: Final = 0x80
_SEQUENTIAL_OFF: Final = 0x20


class ChipStandIn:
    """Sixteen pins and two wires.

    ``pull_low`` and ``let_go`` are what hangs outside; ``write`` and ``read`` are what the bus
    does; ``on_int(is_low)`` is told when the (mirrored) interrupt pin changes.
    """

    def __init__(self, on_int: Callable[[bool], None] | None = None) -> None:
        self._on_int = on_int
        self._grounded = 0
        self.power_on()

    def power_on(self) -> None:
        """All registers as after a reset; what hangs outside stays."""
        self._of: dict[int, list[int]] = {register: [0, 0] for register in range(11)}
        self._of[_IODIR] = [0xFF, 0xFF]
        self._pointer = 0
        self._before = self._levels()
        self._is_low = False
        self._tell_int()

    # ------------------------------------------------------------------ what hangs outside

    def pull_low(self, pin: int) -> None:
        """Something closes the pin to ground."""
        self._grounded |= 1 << pin
        self._moved()

    def let_go(self, pin: int) -> None:
        """Nothing holds the pin any more."""
        self._grounded &= ~(1 << pin)
        self._moved()

    def level(self, pin: int) -> bool:
        """What a meter on the pin says; one that nothing holds floats low."""
        return bool(self._levels()[pin // 8] >> pin % 8 & 1)

    @property
    def int_is_low(self) -> bool:
        """The interrupt pin, open-drain: low while it asks to be read."""
        return self._is_low

    # ------------------------------------------------------------------ what the bus does

    def write(self, data: bytes) -> None:
        """A write transfer: the register, then its values."""
        if data:
            self._pointer = data[0] % 32
        for value in data[1:]:
            register, port = self._at_pointer()
            if register is not None:
                self._set(register, port, value)
            self._advance()

    def read(self, count: int) -> bytes:
        """A read transfer from where the pointer stands."""
        answer = bytearray()
        for _ in range(count):
            register, port = self._at_pointer()
            answer.append(0 if register is None else self._get(register, port))
            self._advance()
        return bytes(answer)

    def _at_pointer(self) -> tuple[int | None, int]:
        if self._of[_IOCON][0] & _BANK:
            register, port = self._pointer & 0x0F, self._pointer >> 4
        else:
            register, port = self._pointer >> 1, self._pointer & 1
        return (register if register <= _OLAT else None), port

    def _advance(self) -> None:
        if not self._of[_IOCON][0] & _SEQUENTIAL_OFF:
            self._pointer = (self._pointer + 1) % _REGISTERS
        elif not self._of[_IOCON][0] & _BANK:
            self._pointer ^= 1  # byte mode toggles between the ports of a register

    def _set(self, register: int, port: int, value: int) -> None:
        if register in (_INTF, _INTCAP):
            return
        if register == _IOCON:
            self._of[_IOCON] = [value & 0xFE] * 2  # one register under two addresses
        elif register in (_GPIO, _OLAT):
            self._of[_OLAT][port] = value
        else:
            self._of[register][port] = value
        self._moved()

    def _get(self, register: int, port: int) -> int:
        if register == _GPIO:
            value = self._levels()[port] ^ self._of[_IPOL][port] & self._of[_IODIR][port]
        else:
            value = self._of[register][port]
        if register in (_GPIO, _INTCAP):
            self._of[_INTF][port] = 0
            self._before[port] = self._levels()[port]
            self._moved()
        return value

    # ------------------------------------------------------------------ inside

    def _levels(self) -> list[int]:
        levels = []
        for port in (0, 1):
            inputs = self._of[_IODIR][port]
            outside = self._of[_GPPU][port] & ~(self._grounded >> 8 * port) & 0xFF
            levels.append(inputs & outside | ~inputs & self._of[_OLAT][port] & 0xFF)
        return levels

    def _moved(self) -> None:
        levels = self._levels()
        for port in (0, 1):
            compared = self._of[_INTCON][port]
            against = compared & self._of[_DEFVAL][port] | ~compared & self._before[port]
            differs = (levels[port] ^ against) & self._of[_GPINTEN][port] & self._of[_IODIR][port]
            if differs and not self._of[_INTF][port]:
                # the first to move is captured; later ones wait for it to be read
                self._of[_INTF][port] = differs
                self._of[_INTCAP][port] = levels[port]
        self._tell_int()

    def _tell_int(self) -> None:
        is_low = any(self._of[_INTF])
        if is_low != self._is_low:
            self._is_low = is_low
            if self._on_int:
                self._on_int(is_low)


class ChipFinger:
    """Presses the buttons that hang on a :class:`ChipStandIn`."""

    def __init__(self, chip: ChipStandIn, wiring: Sequence[ButtonWiring]) -> None:
        self._chip = chip
        self._pins = {button.level: button.pin for button in wiring}

    def down(self, level: int) -> None:
        """Press, and keep the finger there."""
        self._chip.pull_low(self._pins[level])

    def up(self, level: int) -> None:
        """Let go."""
        self._chip.let_go(self._pins[level])
