"""What the LED matrix shows in each state of its counter, as a picture; no time, no device."""

from __future__ import annotations

from typing import Final, NamedTuple

from PIL import Image

from devices.messages import Display
from devices.ticket_display import glyphs

HEIGHT: Final = 8


class Frame(NamedTuple):
    """One picture, 1 bit a dot, and whether it is to be dimmed."""

    image: Image.Image
    is_dim: bool


def frame_of(display: Display, *, width: int, stale: bool) -> Frame:
    """The picture for ``display`` on a matrix ``width`` dots wide and 8 high.

    ``stale`` (the hall cannot be heard) dims it and puts a dotted line under it.
    """
    is_dim = stale
    match display.phase:
        case "called" | "serving" if display.ticket:
            columns = glyphs.text(display.ticket, width)
        case "rating":
            faces = [glyphs.SAD_FACE, glyphs.PLAIN_FACE, glyphs.SMILE]
            columns = glyphs.joined(faces, gap=3) if width >= 27 else glyphs.SMILE
        case "thanks":
            columns = glyphs.HEART
        case "paused":
            columns = glyphs.PAUSE
        case "closed":
            columns, is_dim = glyphs.CROSS, True
        case _:
            columns = glyphs.text(display.counter, width) if display.counter else glyphs.DASH
            is_dim = True
    image = _picture(columns, width)
    if stale:
        for x in range(0, width, 4):
            image.putpixel((x, HEIGHT - 1), 1)
    return Frame(image, is_dim)


def dark(width: int) -> Frame:
    """No dot lit."""
    return Frame(_picture((), width), False)


def _picture(columns: glyphs.Columns, width: int) -> Image.Image:
    image = Image.new("1", (width, HEIGHT))
    left = (width - len(columns)) // 2
    for x, column in enumerate(columns):
        for y in range(HEIGHT):
            if column >> y & 1:
                image.putpixel((left + x, y), 1)
    return image
