"""What a display shows in each state of its counter, as a picture; no time, no device."""

from __future__ import annotations

from typing import Final, NamedTuple

from PIL import Image

from devices.messages import Display
from devices.ticket_display import glyphs, oled_frames

HEIGHT: Final = 8
"""Rows of an LED matrix."""


class Frame(NamedTuple):
    """One picture, 1 bit a dot, and whether it is to be dimmed."""

    image: Image.Image
    is_dim: bool


def frame_of(display: Display, *, size: tuple[int, int], stale: bool) -> Frame:
    """The picture for ``display`` on a device ``size`` dots across and down.

    ``stale`` (the hall cannot be heard) dims it and adds a sign: a dotted line under an LED
    matrix, words on an OLED.
    """
    width, height = size
    is_dim = stale or not _asks(display)
    if height == oled_frames.HEIGHT:
        return Frame(oled_frames.picture_of(display, width=width, stale=stale), is_dim)
    image = _picture(_columns(display, width), width)
    if stale:
        for x in range(0, width, 4):
            image.putpixel((x, HEIGHT - 1), 1)
    return Frame(image, is_dim)


def written(text: str, *, size: tuple[int, int]) -> Frame:
    """``text`` alone, as large as it fits, for a technician to read."""
    width, height = size
    if height == oled_frames.HEIGHT:
        return Frame(oled_frames.written(text, width=width), False)
    return Frame(_picture(glyphs.text(text, width), width), False)


def dark(size: tuple[int, int]) -> Frame:
    """No dot lit."""
    return Frame(Image.new("1", size), False)


def _asks(display: Display) -> bool:
    """Whether somebody should look at it: a ticket, a pause, a question."""
    if display.phase in ("called", "serving"):
        return bool(display.ticket)
    return display.phase not in ("idle", "closed")


def _columns(display: Display, width: int) -> glyphs.Columns:
    match display.phase:
        case "called" | "serving" if display.ticket:
            return glyphs.text(display.ticket, width)
        case "rating":
            faces = [glyphs.SAD_FACE, glyphs.PLAIN_FACE, glyphs.SMILE]
            return glyphs.joined(faces, gap=3) if width >= 27 else glyphs.SMILE
        case "thanks":
            return glyphs.HEART
        case "paused":
            return glyphs.PAUSE
        case "closed":
            return glyphs.CROSS
        case _:
            return glyphs.text(display.counter, width) if display.counter else glyphs.DASH


def _picture(columns: glyphs.Columns, width: int) -> Image.Image:
    image = Image.new("1", (width, HEIGHT))
    left = (width - len(columns)) // 2
    for x, column in enumerate(columns):
        for y in range(HEIGHT):
            if column >> y & 1:
                image.putpixel((left + x, y), 1)
    return image
