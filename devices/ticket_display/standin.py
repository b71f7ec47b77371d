"""A ticket display without hardware: keeps the last picture, and paints it as it would look."""

from __future__ import annotations

import io
import threading
from functools import lru_cache
from typing import Final

from luma.core.device import dummy
from PIL import Image, ImageChops, ImageDraw, ImageFilter

_BOARD: Final = (22, 17, 16)
_SEAM: Final = (12, 9, 9)
_UNLIT: Final = (52, 30, 24)
_LIT: Final = (255, 96, 20)
_CORE: Final = (255, 176, 84)
_GLASS: Final = (8, 10, 14)
_OLED: Final = (206, 232, 255)
_SMOOTH: Final = 4


class RecordingMatrix:
    """A luma ``dummy`` device; any thread may ask for its picture.

    It stands for a chain of ``modules`` LED modules or, with ``size``, for an OLED.
    """

    def __init__(self, *, modules: int = 4, size: tuple[int, int] | None = None) -> None:
        across, down = size or (modules * 8, 8)
        self._dummy = dummy(width=across, height=down, mode="1")
        self._lock = threading.Lock()
        self._dots = Image.new("1", (across, down))
        self._level = 0x70

    @property
    def size(self) -> tuple[int, int]:
        """Dots across and down."""
        return self._dots.size

    @property
    def mode(self) -> str:
        """Dots that are on or off."""
        return "1"

    @property
    def dots(self) -> Image.Image:
        """The last picture, 1 bit a dot."""
        with self._lock:
            return self._dots.copy()

    @property
    def level(self) -> int:
        """The brightness, 0 to 255."""
        return self._level

    def display(self, image: Image.Image) -> None:
        """Keep ``image``."""
        self._dummy.display(image)
        with self._lock:
            self._dots = self._dummy.image

    def contrast(self, level: int) -> None:
        """Keep the brightness."""
        self._level = level

    def cleanup(self) -> None:
        """Go dark."""
        self.display(Image.new("1", self.size))

    def picture_png(self, scale: int = 16) -> bytes:
        """The board as a PNG: round dots, ``scale`` picture points each, on a dark board.

        The dots of an OLED are square and a quarter as wide.
        """
        scale = max(4, min(scale, 64))
        if self.size[1] > 8:
            return _glowing(self.dots.tobytes(), self.size, self._level, scale // 4)
        return _painted(self.dots.tobytes(), self.size, self._level, scale)


@lru_cache(maxsize=8)
def _glowing(bits: bytes, size: tuple[int, int], level: int, scale: int) -> bytes:
    dots = Image.frombytes("1", size, bits).convert("L")
    margin = 4 * scale
    across, down = (side * scale for side in size)
    screen = Image.new("RGB", (across + 2 * margin, down + 2 * margin), _GLASS)
    mask = dots.resize((across, down), Image.Resampling.NEAREST)
    strength = 0.45 + 0.55 * min(level / 0x70, 1.0)
    screen.paste(_faded(_OLED, strength), (margin, margin), mask)
    stream = io.BytesIO()
    screen.save(stream, "PNG", optimize=False)
    return stream.getvalue()


@lru_cache(maxsize=8)
def _painted(bits: bytes, size: tuple[int, int], level: int, scale: int) -> bytes:
    dots = Image.frombytes("1", size, bits)
    across, down = size
    margin = scale // 2
    board = Image.new("RGB", (across * scale + 2 * margin, down * scale + 2 * margin), _BOARD)
    draw = ImageDraw.Draw(board)
    for module in range(8, across, 8):
        x = margin + module * scale
        draw.line([(x, 0), (x, board.height)], fill=_SEAM, width=max(1, scale // 12))
    # a quarter of the full brightness still looks like more than half to the eye
    strength = (0.3 + 0.7 * min(level / 0x70, 1.0)) if level else 0.15
    unlit = _dot(scale, 0.36)
    core = _dot(scale, 0.24)
    lit = _dot(scale, 0.42)
    glow = Image.new("RGB", board.size)
    for y in range(down):
        for x in range(across):
            at = (margin + x * scale, margin + y * scale)
            if not dots.getpixel((x, y)):
                board.paste(_UNLIT, at, unlit)
                continue
            board.paste(_faded(_LIT, strength), at, lit)
            board.paste(_faded(_CORE, strength), at, core)
            glow.paste(_faded(_LIT, strength * 0.45), at, lit)
    board = ImageChops.add(board, glow.filter(ImageFilter.GaussianBlur(scale * 0.45)))
    stream = io.BytesIO()
    board.save(stream, "PNG", optimize=False)
    return stream.getvalue()


def _dot(scale: int, radius: float) -> Image.Image:
    """A round mask with a smooth edge; ``radius`` is a share of the cell."""
    big = scale * _SMOOTH
    mask = Image.new("L", (big, big))
    low, high = big * (0.5 - radius), big * (0.5 + radius)
    ImageDraw.Draw(mask).ellipse([low, low, high, high], fill=255)
    return mask.resize((scale, scale), Image.Resampling.BOX)


def _faded(colour: tuple[int, int, int], strength: float) -> tuple[int, int, int]:
    red, green, blue = (round(part * strength) for part in colour)
    return red, green, blue
