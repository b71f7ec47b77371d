"""Letters, digits and signs as columns of dots, in sizes from 3x5 to 6x7.

A column is a whole number whose bit 0 is the top dot, as in luma's fonts, where most of the
shapes come from.  The bottom row (bit 7) stays free for the sign of a lost hall.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Final

from luma.core.legacy.font import CP437_FONT, LCD_FONT, TINY_FONT

Columns = tuple[int, ...]


def drawn(*rows: str) -> Columns:
    """Columns of a shape drawn with ``#`` for a lit dot, top row first."""
    return tuple(
        sum(1 << y for y, row in enumerate(rows) if row[x] == "#") for x in range(len(rows[0]))
    )


# luma's zero of this size has a stroke through it, and reads as an 8 from some metres off
_OPEN_ZERO: Final = drawn(
    ".####.",
    "##..##",
    "##..##",
    "##..##",
    "##..##",
    "##..##",
    ".####.",
)
_OPEN_ZERO_NARROW: Final = drawn(
    ".###.",
    "#...#",
    "#...#",
    "#...#",
    "#...#",
    "#...#",
    ".###.",
)

PAUSE: Final = drawn(*["###..###"] * 7)
CROSS: Final = drawn(
    "##...##",
    "###.###",
    ".#####.",
    "..###..",
    ".#####.",
    "###.###",
    "##...##",
)
DASH: Final = drawn("......", "......", "......", "######")
SMILE: Final = drawn(
    ".#...#.",
    ".#...#.",
    ".......",
    ".......",
    "#.....#",
    ".#...#.",
    "..###..",
)
PLAIN_FACE: Final = drawn(
    ".#...#.",
    ".#...#.",
    ".......",
    ".......",
    ".......",
    "#######",
    ".......",
)
SAD_FACE: Final = drawn(
    ".#...#.",
    ".#...#.",
    ".......",
    ".......",
    "..###..",
    ".#...#.",
    "#.....#",
)
HEART: Final = drawn(
    ".##.##.",
    "#######",
    "#######",
    "#######",
    ".#####.",
    "..###..",
    "...#...",
)


def text(words: str, width: int) -> Columns:
    """``words`` in the largest size that fits ``width`` dots.

    Where no size fits, the end stays: it is what tells two tickets apart.  Vietnamese letters
    lose the marks that seven dots cannot show; Đ keeps its bar.
    """
    for glyph, gap in ((_large, 2), (_large, 1), (_middle, 1), (_small, 1)):
        columns = joined([glyph(letter) for letter in words], gap)
        if len(columns) <= width:
            return columns
    return text(words[1:], width) if words else ()


def joined(shapes: Sequence[Columns], gap: int) -> Columns:
    """The shapes side by side, ``gap`` dark columns between."""
    columns: list[int] = []
    for shape in shapes:
        columns += ([0] * gap if columns else []) + list(shape)
    return tuple(columns)


def _large(letter: str) -> Columns:
    return _OPEN_ZERO if letter == "0" else _from(CP437_FONT, letter)


def _middle(letter: str) -> Columns:
    return _OPEN_ZERO_NARROW if letter == "0" else _from(LCD_FONT, letter)


def _small(letter: str) -> Columns:
    return _from(TINY_FONT, letter)


def _from(font: Sequence[Sequence[int]], letter: str) -> Columns:
    base = unicodedata.normalize("NFD", letter.upper())[0]
    code = ord("D" if base == "Đ" else base)
    # commas and tails hang into the bottom row, which is not theirs
    shape = [column & 0x7F for column in font[code if code < 128 else ord("?")]]
    while shape and not shape[-1]:
        shape.pop()
    while shape and not shape[0]:
        shape.pop(0)
    if base == "Đ":
        middle = 1 << (max(shape).bit_length() // 2)
        shape = [middle, shape[0] | middle, shape[1] | middle, *shape[2:]]
    return tuple(shape) or (0, 0)
