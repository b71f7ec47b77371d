"""Vietnamese words and large numbers as dots, in DejaVu Sans; in scaled glyphs where it is missing.

Seven dots show no marks; a screen of 64 rows does, with a font that has all Vietnamese letters.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from devices.ticket_display import glyphs

FONT_FOLDER: Final = Path("/usr/share/fonts/truetype/dejavu")
"""Where Debian's package fonts-dejavu-core puts it."""
WORDS_FONT: Final = "DejaVuSans.ttf"
NUMBER_FONT: Final = "DejaVuSans-Bold.ttf"

_NUMBER_SIZE: Final = 60
_WORDS_SIZE: Final = 13
_SMALLEST: Final = 8


def missing_font(folder: Path = FONT_FOLDER) -> str | None:
    """What a technician should do about a missing font; None where it is there."""
    absent = [name for name in (WORDS_FONT, NUMBER_FONT) if not (folder / name).is_file()]
    if not absent:
        return None
    return (
        f"Bảng số thiếu phông chữ / the ticket display has no {absent[0]} and shows words "
        "without their marks: apt install fonts-dejavu-core"
    )


def words(text: str, width: int, height: int, folder: Path = FONT_FOLDER) -> Image.Image:
    """``text`` in one line of at most ``width`` by ``height`` dots; its end goes where it must."""
    return _fitted(
        unicodedata.normalize("NFC", text), width, height, folder / WORDS_FONT, _WORDS_SIZE
    )


def number(text: str, width: int, height: int, folder: Path = FONT_FOLDER) -> Image.Image:
    """``text`` as large and bold as ``width`` by ``height`` dots allow."""
    return _fitted(
        unicodedata.normalize("NFC", text), width, height, folder / NUMBER_FONT, _NUMBER_SIZE
    )


@lru_cache(maxsize=64)
def _fitted(text: str, width: int, height: int, font: Path, largest: int) -> Image.Image:
    # no size beyond the box's own height can fit: letters are about as high as their size
    size = min(largest, height * 3 // 2)
    try:
        while size >= _SMALLEST:
            drawn = _cut_out(text, _opened(font, size))
            if drawn.width <= width and drawn.height <= height:
                return drawn
            share = min(width / drawn.width, height / drawn.height)
            size = min(size - 1, max(_SMALLEST, int(size * share) + 1))
        smallest = _opened(font, _SMALLEST)
    except OSError:
        return of_columns(glyphs.text(text, width), width, height)
    while text and smallest.getlength(text) > width:
        text = text[:-1]
    return _cut_out(text, smallest).crop((0, 0, width, height))


@lru_cache(maxsize=64)
def _opened(font: Path, size: int) -> ImageFont.FreeTypeFont:
    # Pillow's other engine fails on some characters, and these letters need no shaping
    return ImageFont.truetype(str(font), size, layout_engine=ImageFont.Layout.BASIC)


def _cut_out(text: str, font: ImageFont.FreeTypeFont) -> Image.Image:
    left, top, right, bottom = (round(edge) for edge in font.getbbox(text))
    image = Image.new("1", (max(1, right - left) + 8, max(1, bottom - top) + 8))
    ImageDraw.Draw(image).text((4 - left, 4 - top), text, fill=1, font=font)
    return image.crop(image.getbbox() or (0, 0, 1, 1))


def of_columns(columns: glyphs.Columns, width: int, height: int) -> Image.Image:
    """A shape of :mod:`glyphs`, each of its dots a square as large as fits."""
    shape = Image.new("1", (max(1, len(columns)), 7))
    for x, column in enumerate(columns):
        for y in range(7):
            if column >> y & 1:
                shape.putpixel((x, y), 1)
    scale = max(1, min(width // shape.width, height // shape.height))
    return shape.resize((shape.width * scale, shape.height * scale), Image.Resampling.NEAREST)
