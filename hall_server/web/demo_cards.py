"""Made-up cards to hold before an on-screen scanner; there only where a node has such a panel."""

from __future__ import annotations

import io
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import segno
from flask import Blueprint, Response
from PIL import Image, ImageDraw, ImageFont

from hall_server.catalogue import Procedure
from hall_server.web.answers import House, RefusedError, as_json

WIDTH: Final = 640
HEIGHT: Final = 480
"""A frame of the scanner's camera."""
CODE_PX: Final = 330
"""Longest side of the code, with its quiet zone."""

_INK: Final = (16, 35, 63)
_PALE: Final = (92, 104, 122)
_DESK: Final = (201, 193, 180)
_FONTS: Final = Path(__file__).parent / "static" / "vendor" / "fonts"


class DemoCard(NamedTuple):
    """A card: what its code says, and what is printed beside it."""

    id: str
    label: str
    label_en: str
    code: str
    heading: str
    name: str
    lines: tuple[str, ...]
    paper: tuple[int, int, int]
    edge: tuple[int, int, int]


def _citizen(
    key: str, number: str, old: str, name: str, born: str, sex: str, address: str, issued: str
) -> DemoCard:
    """A citizen card; the seven fields stand as on real ones, the person does not exist."""
    day = f"{born[:2]}/{born[2:4]}/{born[4:]}"
    label = name.title()
    return DemoCard(
        key,
        f"{label} (thẻ mẫu)",
        f"{label} (made-up card)",
        f"{number}|{old}|{name}|{born}|{sex}|{address}|{issued}",
        "CĂN CƯỚC",
        name,
        (f"Sinh ngày {day}", sex, f"Số {number[:3]} ••• ••• •••"),
        (226, 240, 232),
        (11, 107, 93),
    )


PEOPLE: Final = (
    _citizen(
        "tran-thi-mau", "001190000001", "012000001", "TRẦN THỊ MẪU", "02091990", "Nữ",
        "Tổ 5, phường Mẫu, thành phố Thử Nghiệm", "15082021",
    ),
    _citizen(
        "nguyen-van-thu", "001055000002", "", "NGUYỄN VĂN THỬ", "01011955", "Nam",
        "Thôn Ví Dụ, xã Mẫu, tỉnh Thử Nghiệm", "20052022",
    ),
    _citizen(
        "le-thi-vi-du", "001304000003", "", "LÊ THỊ VÍ DỤ", "29022004", "Nữ",
        "Số 1, ngõ Mẫu, phường Thử, thành phố Ví Dụ", "01072024",
    ),
)  # fmt: skip
"""Plainly made-up people."""

INSURANCE: Final = DemoCard(
    "the-bao-hiem-y-te",
    "Thẻ bảo hiểm y tế (thẻ khác)",
    "Health-insurance card (the wrong card)",
    f"DN4010000000001|{'PHẠM VĂN THÍ'.encode().hex()}|05/06/1980|1|"
    f"{'Phường Mẫu'.encode().hex()}|01 - 001|01/01/2026|-|02/01/2026|01000000000001|4|"
    "01/01/2031|0123456789abcdef-0000|$",
    "BẢO HIỂM Y TẾ",
    "PHẠM VĂN THÍ",
    ("Sinh ngày 05/06/1980", "Nam", "Thẻ mẫu"),
    (232, 238, 250),
    (34, 82, 160),
)


def wall_card(procedure: Procedure, public_url: str) -> DemoCard:
    """The code on the wall beside a procedure."""
    return DemoCard(
        f"thu-tuc-{procedure.code}",
        f"Mã trên tường: {procedure.name}",
        f"Code on the wall: {procedure.name_en or procedure.name}",
        f"{public_url}/p/{procedure.code}",
        "THỦ TỤC",
        procedure.name,
        ("Quét mã để xem giấy tờ", "và lấy số thứ tự"),
        (255, 246, 219),
        (150, 104, 0),
    )


def demo_pages(house: House) -> Blueprint:
    """``/demo/...``; not found in a hall whose devices are all real."""
    pages = Blueprint("demo", __name__)
    settings = house.settings
    cards: dict[str, DemoCard] = {}
    if any(node.panel_url for node in settings.node):
        wall = [wall_card(one, settings.public_url) for one in settings.procedure[:1]]
        cards = {card.id: card for card in (*PEOPLE, INSURANCE, *wall)}

    @pages.get("/demo/cards.json")
    def listed() -> Response:
        if not cards:
            raise RefusedError("not_found", 404)
        return as_json(
            [
                {
                    "id": card.id,
                    "label": card.label,
                    "label_en": card.label_en,
                    "png_url": f"/demo/card/{card.id}.png",
                }
                for card in cards.values()
            ]
        )

    @pages.get("/demo/card/<card>.png")
    def picture(card: str) -> Response:
        if card not in cards:
            raise RefusedError("not_found", 404)
        response = Response(drawn(cards[card]), content_type="image/png")
        response.headers["Cache-Control"] = "private, max-age=3600"
        return response

    return pages


# ------------------------------------------------------------------ drawing


@lru_cache(maxsize=16)
def drawn(card: DemoCard) -> bytes:
    """The card on a desk, as the scanner's camera sees it: PNG, 640 x 480."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), _DESK)
    pen = ImageDraw.Draw(picture)
    pen.rounded_rectangle((18, 34, 628, 452), 22, fill=(178, 170, 157))
    pen.rounded_rectangle((12, 26, 622, 444), 22, fill=card.paper, outline=card.edge, width=3)
    pen.rounded_rectangle((12, 26, 622, 84), 22, fill=card.edge)
    pen.rectangle((12, 60, 622, 84), fill=card.edge)
    _write(pen, (36, 38), card.heading, 26, (255, 255, 255), heavy=True)
    _write(pen, (430, 44), "THẺ MẪU", 18, (255, 255, 255))
    code = _code(card.code)
    left = 606 - code.width
    picture.paste(code, (left, 100 + (CODE_PX - code.height) // 2))
    top = 116
    for line in _folded(card.name, 24, left - 36 - 14):
        _write(pen, (36, top), line, 24, _INK, heavy=True)
        top += 32
    top += 10
    for line in card.lines:
        for part in _folded(line, 17, left - 36 - 14):
            _write(pen, (36, top), part, 17, _PALE)
            top += 25
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def _code(text: str) -> Image.Image:
    code = segno.make(text, error="m", micro=False, encoding="utf-8", eci=False)
    scale = max(2, CODE_PX // code.symbol_size(border=4)[0])
    out = io.BytesIO()
    code.save(out, kind="png", scale=scale, border=4)
    return Image.open(out).convert("RGB")


_Font = Any
"""Pillow has two classes of fonts with the same methods."""


@lru_cache(maxsize=8)
def _fonts(size: int, heavy: bool) -> tuple[_Font, _Font] | None:
    """The face's letters in two files: plain Latin, and those that only Vietnamese has."""
    weight = 700 if heavy else 500
    try:
        latin, vietnamese = (
            ImageFont.truetype(str(_FONTS / f"be-vietnam-pro-{part}-{weight}-normal.woff2"), size)
            for part in ("latin", "vietnamese")
        )
    except OSError:  # the type is fetched when the machine is set up
        return None
    return latin, vietnamese


def _runs(text: str, size: int, heavy: bool) -> list[tuple[str, _Font]]:
    """Letters and the font that has each."""
    fonts = _fonts(size, heavy)
    if fonts is None:
        plain = unicodedata.normalize("NFD", text.replace("Đ", "D").replace("đ", "d"))
        ascii_only = plain.encode("ascii", "ignore").decode()
        return [(ascii_only, ImageFont.load_default(size))]
    latin, vietnamese = fonts
    return [
        (letter, latin if ord(letter) < 0x100 or 0x2000 <= ord(letter) < 0x2100 else vietnamese)
        for letter in text
    ]


def _write(
    pen: ImageDraw.ImageDraw,
    at: tuple[int, int],
    text: str,
    size: int,
    colour: tuple[int, int, int],
    *,
    heavy: bool = False,
) -> None:
    x: float = at[0]
    for letters, font in _runs(text, size, heavy):
        pen.text((x, at[1] + size), letters, fill=colour, font=font, anchor="ls")
        x += font.getlength(letters)


def _folded(text: str, size: int, width: int) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else ""
        if lines and sum(font.getlength(part) for part, font in _runs(longer, size, True)) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines[:5]
