"""What is printed on a ticket's slip: drawn as a picture, since code pages mangle diacritics.

The type is DejaVu Sans, which has every Vietnamese letter and is in Debian (fonts-dejavu-core).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

import segno
from PIL import Image, ImageDraw, ImageFont

from devices.errors import FontMissingError
from devices.messages import PrintJob

PAPER_DOTS: Final[dict[int, int]] = {58: 384, 80: 576}
"""Width of the paper in mm -> dots that are printed on it, at 203 dots an inch."""
QUIET_ZONE: Final = 4
"""Modules of white around a QR code (ISO/IEC 18004)."""
VIETNAMESE: Final = (
    "aàảãáạăằẳẵắặâầẩẫấậbcdđeèẻẽéẹêềểễếệfghiìỉĩíịjklmnoòỏõóọôồổỗốộơờởỡớợpqrstuùủũúụưừửữứựvwxyỳỷỹýỵz"
)

_FOLDERS: Final = (
    Path("/usr/share/fonts/truetype/dejavu"),
    Path("/usr/share/fonts/dejavu"),
    Path("/usr/share/fonts/TTF"),
)
_FILES: Final = {"plain": "DejaVuSans.ttf", "bold": "DejaVuSans-Bold.ttf"}
Weight = Literal["plain", "bold"]
_INK: Final = 0
_THRESHOLD: Final = 150


def type_is_there() -> bool:
    """Whether slips can be drawn on this machine."""
    try:
        return bool(font("plain", 20) and font("bold", 20))
    except FontMissingError:
        return False


@lru_cache(maxsize=32)
def font(weight: Weight, size: int) -> ImageFont.FreeTypeFont:
    """The type in one size, in dots.

    Raises:
        FontMissingError: it is not on this machine.
    """
    for folder in _FOLDERS:
        path = folder / _FILES[weight]
        if path.is_file():
            return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)
    raise FontMissingError(
        f"{_FILES[weight]} is not on this machine: apt install fonts-dejavu-core"
    )


class Slip:
    """A slip that grows downwards; :meth:`picture` is what goes to the printer."""

    def __init__(self, width: int) -> None:
        self.width: Final = width
        self._unit = width / 576
        self._margin = self.dots(12)
        self._image = Image.new("L", (width, self.dots(2400)), 255)
        self._draw = ImageDraw.Draw(self._image)
        self._y = self.dots(10)

    def dots(self, at_80_mm: float) -> int:
        """A length that is ``at_80_mm`` dots on the wide paper, on this one."""
        return max(1, round(at_80_mm * self._unit))

    def gap(self, height: float) -> None:
        """Leave some white."""
        self._y += self.dots(height)

    def rule(self) -> None:
        """A line across."""
        thick = self.dots(3)
        box = (self._margin, self._y, self.width - self._margin, self._y + thick - 1)
        self._draw.rectangle(box, fill=_INK)
        self._y += thick

    def text(self, text: str, size: float, weight: Weight = "plain", *, least: float = 22) -> None:
        """A text in the middle, broken between words; a word too long is set smaller."""
        room = self.width - 2 * self._margin
        words = unicodedata.normalize("NFC", text).split()
        dots = self.dots(size)
        widest = max((font(weight, dots).getlength(word) for word in words), default=0.0)
        if widest > room:
            dots = max(self.dots(least), int(dots * room / widest))
        face = font(weight, dots)
        step = round(dots * 1.32)  # the marks above and below one another need it
        for line in _broken(words, face, room):
            self._draw.text(
                (self.width / 2, self._y + step / 2), line, font=face, fill=_INK, anchor="mm"
            )
            self._y += step

    def number(self, text: str, height: float) -> None:
        """The ticket's number, as large as the paper allows."""
        room = self.width - 2 * self._margin
        dots = self.dots(height)
        face = font("bold", dots)
        if (width := face.getlength(text)) > room:
            face = font("bold", int(dots * room / width))
        left, top, right, bottom = face.getbbox(text)
        at = ((self.width - (right - left)) / 2 - left, self._y - top)
        self._draw.text(at, text, font=face, fill=_INK)
        self._y += round(bottom - top)

    def code(self, text: str, size: float) -> None:
        """A QR code, error correction M, of whole dots a module, with its quiet zone."""
        matrix = segno.make_qr(text, error="m", boost_error=False).matrix
        modules = len(matrix) + 2 * QUIET_ZONE
        scale = max(3, min(self.dots(size), self.width) // modules)
        left = (self.width - len(matrix) * scale) // 2
        top = self._y + QUIET_ZONE * scale
        for row, line in enumerate(matrix):
            for column, dark in enumerate(line):
                if dark:
                    x, y = left + column * scale, top + row * scale
                    box = (x, y, x + scale - 1, y + scale - 1)
                    self._draw.rectangle(box, fill=_INK)
        self._y = top + (len(matrix) + QUIET_ZONE) * scale

    def picture(self) -> Image.Image:
        """One bit a dot: no greys, which a print head would only make grainy."""
        whole = self._image.crop((0, 0, self.width, self._y + self.dots(16)))
        return whole.point(lambda grey: 255 if grey > _THRESHOLD else 0).convert("1")


def _broken(words: list[str], face: ImageFont.FreeTypeFont, room: float) -> list[str]:
    """As few lines as fit, and those about as long as each other."""
    lines = list(_filled(words, face, room))
    narrow, wide = room / 2, room
    while len(lines) > 1 and wide - narrow > 4:
        middle = (narrow + wide) / 2
        tried = list(_filled(words, face, middle))
        if len(tried) > len(lines) or max(map(face.getlength, tried)) > room:
            narrow = middle
        else:
            lines, wide = tried, middle
    return lines


def _filled(words: list[str], face: ImageFont.FreeTypeFont, room: float) -> Iterator[str]:
    line = ""
    for word in words:
        longer = f"{line} {word}".strip()
        if line and face.getlength(longer) > room:
            yield line
            line = word
        else:
            line = longer
    if line:
        yield line


def draw(job: PrintJob, width: int) -> Image.Image:
    """The slip of a ticket, ``width`` dots wide (384 or 576).

    Raises:
        FontMissingError: the type is not on this machine.
    """
    slip = Slip(width)
    slip.text(job.hall, 30, "bold")
    slip.gap(10)
    slip.rule()
    slip.gap(14)
    slip.text("Số của ông, bà", 30)
    slip.gap(14)
    slip.number(job.number, 210)
    slip.gap(22)
    slip.text(job.service, 40, "bold")
    slip.gap(8)
    for line in waiting_words(job):
        slip.text(line, 32)
    slip.code(job.url, 330)
    slip.text("Quét mã bằng điện thoại để xem còn bao lâu", 27)
    slip.gap(8)
    slip.rule()
    slip.gap(6)
    slip.text(("In lại " if job.again else "In ") + printed_at(job), 25)
    return slip.picture()


def waiting_words(job: PrintJob) -> list[str]:
    """Place in line and wait, as they were when the slip was asked for."""
    words: list[str] = []
    if job.place == 1:
        words.append("Ông, bà là người tiếp theo")
    elif job.place is not None:
        words.append(f"Trước ông, bà còn {job.place - 1} người")
    if job.wait_low_minutes is not None and job.wait_high_minutes is not None:
        words.append(_wait_words(job.wait_low_minutes, job.wait_high_minutes))
    elif job.place is not None:
        words.append("Chưa có quầy mở cho việc này")
    return words


def _wait_words(low: int, high: int) -> str:
    """As the pages say it; from two hours on in hours and halves."""
    if high <= 1:
        return "Sắp đến lượt"
    if high > 120:
        first, last = f"{low // 30 / 2:g}", f"{-(-high // 30) / 2:g}"
        span = first if first == last else f"{first}-{last}"
        return f"Còn khoảng {span.replace('.', ',')} giờ"
    first, last = f"{max(1, low)}", f"{high}"
    return f"Còn khoảng {first if first == last else f'{first}-{last}'} phút"


def printed_at(job: PrintJob) -> str:
    """When it was asked for, by the hall's clock: ``lúc 09:12, 23/11/2026``."""
    at = datetime.fromtimestamp(job.asked_wall_ms / 1000 + job.utc_offset_minutes * 60, UTC)
    return at.strftime("lúc %H:%M, %d/%m/%Y")


def draw_test(width: int) -> Image.Image:
    """The slip of the self-test: all letters, both weights, a code and lines to the edges."""
    slip = Slip(width)
    slip.rule()
    slip.text("Phiếu thử máy in", 40, "bold")
    for weight in ("plain", "bold"):
        for start in range(0, len(VIETNAMESE), 13):
            part = VIETNAMESE[start : start + 13]
            slip.text(" ".join(part), 30, weight)
            slip.text(" ".join(part.upper()), 30, weight)
    slip.number("A0123", 210)
    slip.gap(16)
    slip.code("https://motcua.example/t/thu-may-in", 330)
    slip.rule()
    return slip.picture()
