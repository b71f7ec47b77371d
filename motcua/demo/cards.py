"""Cards and codes that simulated citizens hold: of people who do not exist."""

from __future__ import annotations

from random import Random
from typing import Final

from devices.qr_scanner.standin import draw_code, png

_FAMILY: Final = ("NGUYỄN", "TRẦN", "LÊ", "PHẠM", "HOÀNG", "VŨ", "ĐẶNG", "BÙI", "ĐỖ", "NGÔ")
_MIDDLE: Final = {"Nam": ("VĂN", "ĐỨC", "QUANG"), "Nữ": ("THỊ", "NGỌC", "THU")}
_GIVEN: Final = ("MẪU", "THỬ", "VÍ DỤ", "BÌNH", "AN", "HÒA", "LỘC", "PHÚC", "TÂM", "XUÂN")


def citizen_card(rng: Random) -> str:
    """The text of a citizen card whose fields agree; the person is made up."""
    sex = rng.choice(("Nam", "Nữ"))
    year = rng.randint(1940, 2006)
    century = 2 if year >= 2000 else 0
    number = f"001{century + (sex == 'Nữ')}{year % 100:02d}{rng.randrange(10**6):06d}"
    name = f"{rng.choice(_FAMILY)} {rng.choice(_MIDDLE[sex])} {rng.choice(_GIVEN)}"
    born = f"{rng.randint(1, 28):02d}{rng.randint(1, 12):02d}{year}"
    place = f"Tổ {rng.randint(1, 20)}, phường Mẫu, thành phố Thử Nghiệm"
    return f"{number}||{name}|{born}|{sex}|{place}|15082021"


def picture_of(text: str) -> bytes:
    """The QR code of ``text`` as a PNG, as a scanner's camera sees it."""
    return png(draw_code(text))
