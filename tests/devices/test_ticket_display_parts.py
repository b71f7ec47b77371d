"""The parts under the ticket display: bytes to the LED chips, and the picture of the stand-in."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import pytest
from gpiozero.pins.mock import MockSPIDevice
from PIL import Image

from devices.errors import DeviceNotFoundError, UnknownDriverError
from devices.messages import Display
from devices.rating_buttons.standin import mock_factory
from devices.ticket_display import RecordingMatrix, TicketDisplay, open_display
from devices.ticket_display.max7219 import Max7219Chain

# luma 1.9 reads its pictures in a way that Pillow drops in version 14, which is not let in yet
pytestmark = pytest.mark.filterwarnings("ignore:Image.Image.getdata:DeprecationWarning")

CALLED = Display(rev=1, wall_ms=1, phase="called", counter="3", ticket="A012")

# settings, brightness, then "A012": one write a row of dots, from the lowest (digit 1) to the
# top (digit 8); in each write the farthest module comes first, and the lowest bit is its left dot
WRITTEN = [
    "0f 00 0f 00 0f 00 0f 00",
    "09 00 09 00 09 00 09 00",
    "0b 07 0b 07 0b 07 0b 07",
    "0c 01 0c 01 0c 01 0c 01",
    "0a 07 0a 07 0a 07 0a 07",
    "01 00 01 00 01 00 01 00",
    "02 7e 02 7e 02 3c 02 66",
    "03 66 03 18 03 66 03 66",
    "04 0c 04 18 04 66 04 7e",
    "05 38 05 18 05 66 05 66",
    "06 60 06 18 06 66 06 66",
    "07 66 07 1c 07 66 07 3c",
    "08 3c 08 18 08 3c 08 18",
]


class Wire:
    """A transport that keeps every write, as luma takes it."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []

    def data(self, data: Sequence[int]) -> None:
        self.writes.append(bytes(data))

    def command(self, *cmd: int) -> None:
        raise AssertionError("these chips know no commands")

    def cleanup(self) -> None:
        self.writes.append(b"closed")


def test_the_chips_are_set_up_cleared_and_switched_on() -> None:
    wire = Wire()
    Max7219Chain(wire, modules=4)
    assert wire.writes == [
        b"\x0b\x07" * 4,
        b"\x09\x00" * 4,
        b"\x0f\x00" * 4,
        b"\x0a\x07" * 4,
        *(bytes([digit, 0]) * 4 for digit in range(1, 9)),
        b"\x0c\x01" * 4,
    ]


def test_a_call_is_written_to_the_chips_byte_for_byte() -> None:
    wire = Wire()
    display = TicketDisplay(Max7219Chain(wire, modules=4))
    wire.writes.clear()
    display.show(CALLED)
    assert [write.hex(" ") for write in wire.writes] == WRITTEN


def test_every_dot_lands_on_the_module_and_row_where_it_belongs() -> None:
    for modules in (1, 4, 8):
        wire = Wire()
        matrix = Max7219Chain(wire, modules=modules)
        for x in range(8 * modules):
            image = Image.new("1", matrix.size)
            image.putpixel((x, x % 8), 1)
            wire.writes.clear()
            matrix.display(image)
            lit = [
                (modules - 1 - place // 2, write[place - 1], write[place])
                for write in wire.writes
                for place in range(1, len(write), 2)
                if write[place]
            ]
            assert lit == [(x // 8, 8 - x % 8, 1 << x % 8)]


def test_a_refresh_brings_chips_back_that_forgot_their_settings() -> None:
    wire = Wire()
    display = TicketDisplay(Max7219Chain(wire, modules=2))
    display.show(CALLED)
    display.tick(0)
    wire.writes.clear()
    display.tick(10_000_000)
    assert wire.writes[:5] == [
        b"\x0f\x00" * 2,
        b"\x09\x00" * 2,
        b"\x0b\x07" * 2,
        b"\x0c\x01" * 2,
        b"\x0a\x07" * 2,
    ]
    assert [write[0] for write in wire.writes[5:]] == [1, 2, 3, 4, 5, 6, 7, 8]


def test_closing_switches_the_chips_off() -> None:
    wire = Wire()
    TicketDisplay(Max7219Chain(wire, modules=4)).close()
    assert b"\x0c\x00" * 4 in wire.writes
    assert wire.writes[-1] == b"closed"


@pytest.fixture
def factory(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Mock pins, also for gpiozero's software SPI, which asks for the default ones."""
    factory = mock_factory()
    monkeypatch.setattr("gpiozero.Device.pin_factory", factory)
    return factory


def test_the_bytes_go_out_bit_for_bit_over_gpiozeros_bus(factory: Any) -> None:
    latched: list[str] = []
    chips = MockSPIDevice(11, 10, 9, 8, pin_factory=factory)

    def latch_when_full() -> None:
        if chips.rx_bit == 4 * 16:
            latched.append(chips.rx_word().to_bytes(8, "big").hex(" "))

    chips.on_bit = latch_when_full
    matrix = open_display("max7219", modules=4, pin_factory=factory)
    with TicketDisplay(matrix) as display:
        latched.clear()
        display.show(CALLED)
        assert latched == WRITTEN


def test_a_bus_whose_pins_are_taken_says_what_to_do(factory: Any) -> None:
    with (
        TicketDisplay(open_display("max7219", pin_factory=factory)),
        pytest.raises(DeviceNotFoundError, match="dtparam=spi=on"),
    ):
        open_display("max7219", pin_factory=factory)


def test_a_machine_without_pins_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "lgpio-is-not-here")
    monkeypatch.setattr("gpiozero.Device.pin_factory", None)
    with pytest.raises(DeviceNotFoundError, match="choose the driver 'recording'"):
        open_display("max7219")


def test_a_driver_that_does_not_exist_is_refused_by_name() -> None:
    no_driver: Any = "hd44780"
    with pytest.raises(UnknownDriverError, match="choose 'max7219', 'ssd1306'"):
        open_display(no_driver)


def picture_of(matrix: RecordingMatrix, scale: int = 16) -> Image.Image:
    return Image.open(io.BytesIO(matrix.picture_png(scale))).convert("RGB")


def brightness(picture: Image.Image, x: int, y: int, scale: int = 16) -> int:
    """Red of the middle of a dot."""
    colour = picture.getpixel((scale // 2 + x * scale + scale // 2, y * scale + scale))
    assert isinstance(colour, tuple)
    return int(colour[0])


def test_the_stand_ins_picture_has_a_round_dot_for_each_led() -> None:
    matrix = RecordingMatrix(modules=4)
    display = TicketDisplay(matrix)
    display.show(CALLED)
    picture = picture_of(matrix)
    assert picture.size == (33 * 16, 9 * 16)
    for y in range(8):
        for x in range(32):
            lit = brightness(picture, x, y) > 200
            assert lit == bool(matrix.dots.getpixel((x, y))), (x, y)
    corner = picture.getpixel((0, 0))
    assert isinstance(corner, tuple)
    assert max(corner) < 40


def test_a_dim_board_looks_dimmer() -> None:
    bright, dim = RecordingMatrix(), RecordingMatrix()
    for matrix, level in ((bright, 0x70), (dim, 0x10)):
        matrix.display(Image.new("1", matrix.size, 1))
        matrix.contrast(level)
    assert brightness(picture_of(dim), 5, 5) < brightness(picture_of(bright), 5, 5) - 40


def test_the_same_state_gives_the_same_picture_byte_for_byte() -> None:
    pictures = set()
    for _ in range(2):
        matrix = RecordingMatrix()
        TicketDisplay(matrix).show(CALLED)
        pictures.add(matrix.picture_png(scale=8))
    assert len(pictures) == 1
