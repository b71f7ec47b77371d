"""What an OLED of 128x64 dots shows in each state of its counter, as a picture; no time, no device.

Above stands what the state is, in Vietnamese; below, as large as it fits, the number.
"""

from __future__ import annotations

from typing import Final

from PIL import Image

from devices.messages import Display, Phase
from devices.ticket_display import glyphs, lettering

HEIGHT: Final = 64
HEAD: Final = 16
"""Rows of the words above; two-coloured OLEDs have their other colour there."""
AWAY: Final = "Mất liên lạc"
"""The sign of a hall that cannot be heard, instead of what the state was."""

_HEADS: Final[dict[Phase, str]] = {
    "called": "Mời số",
    "serving": "Đang phục vụ",
    "idle": "Quầy số",
    "paused": "Tạm nghỉ",
    "closed": "Quầy đóng",
    "rating": "Mời bạn đánh giá",
    "thanks": "Xin cảm ơn",
}


def picture_of(display: Display, *, width: int, stale: bool) -> Image.Image:
    """The picture for ``display``, ``width`` dots wide and 64 high.

    ``stale`` puts the sign for a lost hall above, dark on light: what the state was then is
    not said as if it were now.
    """
    image = Image.new("1", (width, HEIGHT))
    room = (width - 2, HEIGHT - HEAD - 2)
    _put(image, _body(display, *room), top=HEAD, height=HEIGHT - HEAD)
    if stale:
        image.paste(1, (0, 0, width, HEAD))
        _put(image, lettering.words(AWAY, width - 2, HEAD - 1), top=0, height=HEAD, ink=0)
    else:
        _put(image, lettering.words(_head(display), width - 2, HEAD), top=0, height=HEAD)
    return image


def written(text: str, *, width: int) -> Image.Image:
    """``text`` alone, over the whole height."""
    image = Image.new("1", (width, HEIGHT))
    _put(image, lettering.number(text, width - 2, HEIGHT - 2), top=0, height=HEIGHT)
    return image


def _head(display: Display) -> str:
    if display.phase == "called" and display.counter:
        return f"Quầy {display.counter} mời số"
    if display.phase == "idle" and not display.counter:
        return "Xin chào"
    return _HEADS[display.phase]


def _body(display: Display, width: int, height: int) -> Image.Image:
    match display.phase:
        case "called" | "serving" if display.ticket:
            return lettering.number(display.ticket, width, height)
        case "rating":
            faces = [glyphs.SAD_FACE, glyphs.PLAIN_FACE, glyphs.SMILE]
            return lettering.of_columns(glyphs.joined(faces, gap=3), width, height)
        case "thanks":
            return lettering.of_columns(glyphs.HEART, width, height - 6)
        case "paused":
            return lettering.of_columns(glyphs.PAUSE, width, height - 6)
        case "closed":
            return lettering.of_columns(glyphs.CROSS, width, height - 6)
        case _:
            if display.counter:
                return lettering.number(display.counter, width, height)
            return lettering.of_columns(glyphs.DASH, width, height)


def _put(image: Image.Image, part: Image.Image, *, top: int, height: int, ink: int = 1) -> None:
    """``part`` in the middle of the rows from ``top`` on."""
    at = ((image.width - part.width) // 2, top + (height - part.height) // 2)
    image.paste(ink, (*at, at[0] + part.width, at[1] + part.height), part)
