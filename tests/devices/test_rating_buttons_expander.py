"""What only the expander does: a bus that fails, a supply that dips, a chip somebody else used."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from typing import Any

import pytest

from devices.errors import (
    BusError,
    DeviceNotFoundError,
    DevicePermissionError,
    PinUnavailableError,
    WiringError,
)
from devices.rating_buttons import INVITE, ButtonWiring, open_lines
from devices.rating_buttons.expander_lines import ExpanderLines
from devices.rating_buttons.mcp23017 import Mcp23017, open_bus
from devices.rating_buttons.standin_chip import ChipStandIn
from edge import settings
from edge.device_loops import ButtonRow
from edge.loops import Loop
from tests.devices.i2c_kernel import I2cKernel
from tests.devices.rows import INT_PIN, WIRING, Row, Wires, rows
from tests.parts import until


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> I2cKernel:
    kernel = I2cKernel()
    kernel.install(monkeypatch)
    return kernel


@pytest.fixture
def row(kernel: I2cKernel) -> Iterator[Row]:
    yield from rows("expander by interrupt", kernel)


def test_the_bytes_that_set_a_chip_up_are_those_of_its_data_sheet(
    kernel: I2cKernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    chip = ChipStandIn()
    kernel.chips[0x20] = chip
    take = chip.write

    def note(data: bytes) -> None:
        written.append(data.hex(" "))
        take(data)

    monkeypatch.setattr(chip, "write", note)
    # buttons on GPA5, GPA6, GPB5, GPB0; lamps on GPB3, GPB4, GPB7, GPA7
    with Mcp23017(open_bus(1), 0x20, inputs=[5, 6, 13, 8], outputs=[11, 12, 15, 7]) as one:
        assert written == [
            "05 00",  # IOCON where BANK = 1 was left behind, else GPINTENB
            "0a 44 44",  # MIRROR, ODR
            "04 60 21",  # GPINTEN
            "14 00 00",  # OLAT: dark before anything is driven
            "02 00 00",  # IPOL
            "06 00 00",  # DEFVAL
            "08 00 00",  # INTCON: on any change
            "0c 7f 67",  # GPPU
            "00 7f 67",  # IODIR: the lamps are driven
            "04 60 21",  # GPINTEN
            "0e",  # what was captured before is read and forgotten
        ]
        written.clear()
        one.drive(1 << 11 | 1 << 7)
        assert written == ["14 80 08"]
        assert one.driven() == 1 << 11 | 1 << 7


def test_a_chip_that_another_program_left_in_two_banks_is_set_up_all_the_same(
    kernel: I2cKernel,
) -> None:
    wires = Wires("expander in turn", kernel)
    wires.chip.write(bytes([0x0A, 0x80 | 0x20]))  # BANK = 1, byte mode
    row = Row(wires)
    with row.buttons:
        row.press(2)
        row.buttons.show(INVITE)
        assert row.presses == [2]
        assert wires.lamps() == [1, 2, 3, 4]


def test_the_chip_asks_to_be_read_and_is_left_alone_otherwise(row: Row, kernel: I2cKernel) -> None:
    row.wait(0.5)
    before = kernel.transfers
    row.wait(0.3)
    assert kernel.transfers - before <= 2 * 4
    row.finger.down(1)
    assert row.wires.chip.int_is_low
    row.wait(0.003)
    assert row.presses == [1]
    assert not row.wires.chip.int_is_low


def test_of_two_on_one_port_between_two_readings_the_one_that_moved_first_wins(row: Row) -> None:
    row.finger.down(2)
    row.finger.down(1)
    row.wait(0.1)
    assert row.presses == [2]


def test_an_interrupt_that_was_never_heard_costs_a_tenth_of_a_second_and_no_press(
    row: Row,
) -> None:
    row.wires.factory.pin(INT_PIN).when_changed = None
    row.finger.down(3)
    row.wait(0.15)
    assert row.presses == [3]


@pytest.mark.parametrize("number", [errno.EIO, errno.EREMOTEIO, errno.ENXIO, errno.ETIMEDOUT])
def test_a_bus_that_fails_says_what_to_check(row: Row, kernel: I2cKernel, number: int) -> None:
    kernel.fault = number
    with pytest.raises(BusError, match="check SDA, SCL") as failure:
        row.buttons.poll()
    text = str(failure.value)
    assert text.startswith("/dev/i2c-1, 0x20:")
    assert ("nobody answers" in text) == (number in (errno.EREMOTEIO, errno.ENXIO))


def test_lamps_out_of_reach_are_the_buttons_loops_to_tell_and_nobody_elses(
    row: Row, kernel: I2cKernel
) -> None:
    kernel.fault = errno.EIO
    row.buttons.show(INVITE)
    kernel.fault = None
    with pytest.raises(BusError):
        row.buttons.poll()


def test_a_supply_that_dipped_is_seen_within_two_seconds(row: Row) -> None:
    row.buttons.show(INVITE)
    row.wires.chip.power_on()
    assert row.wires.lamps() == []
    with pytest.raises(BusError, match="lost its settings"):
        row.wait(2)


def test_the_bus_is_closed_when_nobody_is_on_it(kernel: I2cKernel) -> None:
    with pytest.raises(BusError, match="nobody answers"):
        ExpanderLines(WIRING, address=0x27)
    assert kernel.opened == set()


def test_closing_a_dead_bus_frees_it_and_the_pin(kernel: I2cKernel) -> None:
    row = Row(Wires("expander by interrupt", kernel))
    kernel.fault = errno.EIO
    row.buttons.close()
    assert kernel.opened == set()
    kernel.fault = None
    Row(row.wires).buttons.close()


def test_without_a_bus_the_technician_is_told_how_to_get_one(kernel: I2cKernel) -> None:
    with pytest.raises(DeviceNotFoundError, match="dtparam=i2c_arm=on"):
        open_lines("mcp23017", WIRING, i2c_bus=7)
    kernel.open_fault = errno.EACCES
    with pytest.raises(DevicePermissionError, match="group i2c"):
        open_lines("mcp23017", WIRING)


def test_a_button_on_a_pin_that_is_an_output_only_is_refused(kernel: I2cKernel) -> None:
    Wires("expander in turn", kernel)
    with pytest.raises(WiringError, match="outputs only"):
        ExpanderLines([*WIRING[:2], ButtonWiring(3, 15, 9)])
    with pytest.raises(WiringError, match="no pin 16"):
        ExpanderLines([*WIRING[:3], ButtonWiring(4, 16, 9)])


def test_an_interrupt_pin_that_is_taken_frees_the_bus(kernel: I2cKernel) -> None:
    wires = Wires("expander by interrupt", kernel)
    with pytest.raises(PinUnavailableError, match="check the pin numbers"):
        ExpanderLines(WIRING, int_pin=99, pin_factory=wires.factory)
    assert kernel.opened == set()


def test_the_nodes_loop_begins_anew_when_the_bus_comes_back_and_restores_the_lamps(
    kernel: I2cKernel,
) -> None:
    wires = Wires("expander in turn", kernel)
    table = settings.RatingButtons(
        [settings.Button(one.level, one.pin, one.lamp_pin) for one in WIRING], "mcp23017"
    )
    heard: list[int] = []
    trouble: list[str | None] = []
    buttons = ButtonRow(
        table, on_press=heard.append, on_fault=lambda *_: None, on_change=lambda: None
    )
    loop = Loop(
        "rating_buttons",
        buttons.run,
        on_trouble=lambda _name, reason: trouble.append(reason),
        first_rest_s=0.02,
    )
    loop.start()
    try:
        until(lambda: buttons.is_open, "the buttons are open")
        buttons.show(INVITE)
        assert wires.lamps() == [1, 2, 3, 4]
        kernel.fault = errno.EIO
        until(lambda: bool(trouble), "the loop tells")
        buttons.show(INVITE)  # nobody else is troubled
        wires.chip.power_on()
        kernel.fault = None
        until(lambda: trouble[-1] is None, "it is well again")
        assert wires.lamps() == [1, 2, 3, 4]
        wires.finger.down(4)
        until(lambda: heard == [4], "the press is heard")
        told: Any = trouble[0]
        assert "the bus is disturbed" in told
    finally:
        loop.stop()
        assert loop.join(10)
