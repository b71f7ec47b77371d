"""The OLED over a counter: bytes on its bus, words with their marks, and what can be wrong."""

from __future__ import annotations

import errno
import gc
import subprocess
import sys
from pathlib import Path
from typing import Any

import luma.oled.device
import pytest
import smbus2
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from devices.errors import (
    DeviceNotFoundError,
    DevicePermissionError,
    DisplayUnavailableError,
)
from devices.messages import Display, Phase
from devices.ticket_display import RecordingMatrix, TicketDisplay, lettering, open_display
from devices.ticket_display.oled_frames import picture_of
from devices.ticket_display.self_test import steps
from tests.devices.display_chips import OledGlass

pytestmark = pytest.mark.filterwarnings("ignore:Image.Image.getdata:DeprecationWarning")

CHIPS = ("ssd1306", "sh1106")
# data sheets: clock, multiplex of 64 rows, no offset, line 0, charge pump, addressing mode,
# turned so that the plug is above, all rows, precharge, level of the deselected, dots as written
SETTINGS = {
    "ssd1306": "00 d5 80 a8 3f d3 00 40 8d 14 20 00 a1 c8 da 12 d9 f1 db 40 a4 a6",
    "sh1106": "00 20 10 b0 c8 00 10 40 a1 a6 a8 3f a4 d3 00 d5 f0 d9 22 da 12 db 20 8d 14",
}


@pytest.fixture(params=CHIPS)
def glass(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> OledGlass:
    one = OledGlass(request.param)
    monkeypatch.setattr(smbus2, "SMBus", lambda port: one)
    return one


def corner_picture() -> Image.Image:
    """The top left dot, the bottom right dot, and a bar in the third column of page 1."""
    image = Image.new("1", (128, 64))
    image.putpixel((0, 0), 1)
    image.putpixel((127, 63), 1)
    for y in range(8, 16):
        image.putpixel((2, y), 1)
    return image


def pages_of(image: Image.Image) -> list[bytes]:
    """Eight pages of 128 bytes, the lowest bit above, as both data sheets draw them."""
    dots = image.load()
    assert dots is not None
    return [
        bytes(sum(bool(dots[x, 8 * page + bit]) << bit for bit in range(8)) for x in range(128))
        for page in range(8)
    ]


def expected(chip: str, image: Image.Image) -> list[bytes]:
    """What is written for ``image``: control byte 00 for commands, 40 for dots."""
    pages = pages_of(image)
    if chip == "ssd1306":
        return [bytes.fromhex("00 21 00 7f 22 00 07"), b"\x40" + b"".join(pages)]
    writes: list[bytes] = []
    for number, page in enumerate(pages):
        writes += [bytes([0x00, 0xB0 + number, 0x02, 0x10]), b"\x40" + page]
    return writes


def test_the_chip_is_set_up_cleared_and_only_then_switched_on(glass: OledGlass) -> None:
    glass.open()
    asked, settings, contrast, *dots, on = glass.writes
    assert asked == b"\x00\xe3"
    assert settings.hex(" ") == "00 ae" + SETTINGS[glass.chip][2:]
    assert contrast[:2] == b"\x00\x81"
    assert dots == expected(glass.chip, Image.new("1", (128, 64)))
    assert on == b"\x00\xaf"


def test_a_picture_is_written_byte_for_byte(glass: OledGlass) -> None:
    oled = glass.open()
    glass.writes.clear()
    oled.display(corner_picture())
    assert glass.writes == expected(glass.chip, corner_picture())
    data = b"".join(write[1:] for write in glass.writes if write[0] == 0x40)
    assert data == b"\x01" + bytes(127) + b"\0\0\xff" + bytes(125) + bytes(767) + b"\x80"


def test_a_call_is_written_to_the_glass_byte_for_byte(glass: OledGlass) -> None:
    display = TicketDisplay(glass.open())
    glass.writes.clear()
    call = Display(rev=1, wall_ms=1, phase="called", counter="3", ticket="A012")
    display.show(call)
    *refreshed, contrast = (write.hex(" ") for write in glass.writes[:3])
    assert refreshed == [SETTINGS[glass.chip], "00 af"]
    assert contrast == "00 81 e0"
    assert glass.writes[3:] == expected(glass.chip, picture_of(call, width=128, stale=False))


def test_a_glass_that_hangs_upside_down_is_drawn_upside_down(glass: OledGlass) -> None:
    chip: Any = glass.chip
    oled = open_display(chip, upside_down=True)
    glass.writes.clear()
    oled.display(corner_picture())
    turned = corner_picture().transpose(Image.Transpose.ROTATE_180)
    assert glass.writes == expected(glass.chip, turned)


def test_closing_darkens_the_glass_and_lets_the_bus_go(glass: OledGlass) -> None:
    TicketDisplay(glass.open()).close()
    assert b"\x00\xae" in glass.writes
    assert glass.writes[-1] == b"closed"


def test_nothing_at_the_address_says_how_to_find_it(glass: OledGlass) -> None:
    chip: Any = glass.chip
    with pytest.raises(DeviceNotFoundError, match="i2cdetect"):
        open_display(chip, i2c_address=0x3D)
    assert glass.writes == [b"closed"]


def test_a_glass_that_is_away_for_days_takes_no_memory(glass: OledGlass) -> None:
    """luma keeps each device until the program ends, with 16,000 numbers in it."""
    chip: Any = glass.chip

    def kept() -> int:
        gc.collect()
        classes = (luma.oled.device.ssd1306, luma.oled.device.sh1106)
        return sum(bool(vars(one)) for one in gc.get_objects() if type(one) in classes)

    before = kept()
    for is_there in (False, True, False):
        glass.is_plugged_in = is_there
        if is_there:
            TicketDisplay(open_display(chip)).close()
        else:
            with pytest.raises(DeviceNotFoundError):
                open_display(chip)
    assert kept() == before


def test_a_cable_that_is_pulled_out_is_a_fault_and_put_back_is_none(glass: OledGlass) -> None:
    display = TicketDisplay(glass.open())
    serving = Display(rev=1, wall_ms=1, phase="serving", counter="3", ticket="A012")
    glass.is_plugged_in = False
    with pytest.raises(DisplayUnavailableError, match="check its cable"):
        display.show(serving)
    with pytest.raises(DisplayUnavailableError):
        steps(display)[0].run(1.0)
    glass.forget()
    glass.is_plugged_in = True
    display.tick(0)
    assert glass.dots().tobytes() == picture_of(serving, width=128, stale=False).tobytes()


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        (errno.ENOENT, DeviceNotFoundError, "dtparam=i2c_arm=on"),
        (errno.EACCES, DevicePermissionError, "group i2c"),
        (errno.ENODEV, DeviceNotFoundError, "start the Pi again"),
    ],
)
def test_a_bus_that_cannot_be_used_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, number: int, kind: type[Exception], words: str
) -> None:
    def refuse(port: int) -> None:
        raise OSError(number, "no", f"/dev/i2c-{port}")

    monkeypatch.setattr(smbus2, "SMBus", refuse)
    with pytest.raises(kind, match=words):
        open_display("ssd1306")


# ---------------------------------------------------------------- words and numbers

LETTERS = "aáàảãạăắằẳẵặâấầẩẫậeéèẻẽẹêếềểễệiíìỉĩịoóòỏõọôốồổỗộơớờởỡợuúùủũụưứừửữựyýỳỷỹỵđĐÂƠƯ"


def test_every_vietnamese_letter_has_a_picture_of_its_own() -> None:
    pictures = {lettering.words(letter, 126, 16).tobytes() for letter in LETTERS}
    assert len(pictures) == len(LETTERS)
    assert lettering.missing_font() is None


def test_letters_and_marks_sent_apart_are_drawn_as_one() -> None:
    assert lettering.words("Mời", 126, 16) == lettering.words("Mời", 126, 16)


@settings(deadline=None)
@given(
    st.text(st.characters(min_codepoint=32, max_codepoint=0x1EF9), max_size=24),
    st.sampled_from(["closed", "paused", "idle", "called", "serving", "rating", "thanks"]),
    st.booleans(),
)
def test_no_text_is_too_long_or_too_strange_for_the_glass(
    text: str, phase: Phase, stale: bool
) -> None:
    display = Display(rev=1, wall_ms=1, phase=phase, counter=text, ticket=text[:12])
    picture = picture_of(display, width=128, stale=stale)
    assert picture.size == (128, 64)
    assert picture.crop((0, 0, 128, 16)).getbbox() is not None


@pytest.mark.parametrize(("ticket", "least"), [("A012", 32), ("A1000", 24), ("Đ012", 32)])
def test_the_number_is_as_large_as_the_glass_allows(ticket: str, least: int) -> None:
    number = lettering.number(ticket, 126, 46)
    assert least <= number.height <= 46
    assert number.width > 100


def test_without_its_font_the_number_is_still_large_and_the_technician_is_told(
    tmp_path: Path,
) -> None:
    assert lettering.number("A012", 126, 46, tmp_path).height >= 21
    assert lettering.words("Mời số", 126, 16, tmp_path).getbbox() is not None
    assert "apt install fonts-dejavu-core" in (lettering.missing_font(tmp_path) or "")


def test_only_a_glass_speaks_of_its_font(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lettering, "missing_font", lambda: "no font")
    assert TicketDisplay(RecordingMatrix()).notes() == []
    assert TicketDisplay(RecordingMatrix(size=(128, 64))).notes() == ["no font"]


def test_the_stand_ins_picture_is_brighter_where_a_dot_is_lit() -> None:
    matrix = RecordingMatrix(size=(128, 64))
    matrix.contrast(0x70)
    matrix.display(Image.new("1", (128, 64)))
    dark = matrix.picture_png()
    matrix.display(corner_picture())
    bright = matrix.picture_png()
    matrix.contrast(0x10)
    assert len({dark, bright, matrix.picture_png()}) == 3


@pytest.mark.parametrize(
    ("driver", "loaded"), [("recording", []), ("recording-oled", []), ("ssd1306", ["luma.oled"])]
)
def test_a_display_loads_no_other_displays_library(driver: str, loaded: list[str]) -> None:
    program = f"""
import sys
from contextlib import suppress
from devices.errors import DeviceError
from devices.ticket_display import open_display
with suppress(DeviceError):
    open_display({driver!r}, i2c_port=31)
print([one for one in ("luma.led_matrix", "luma.oled") if one in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == str(loaded), done.stderr
