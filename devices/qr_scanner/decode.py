"""One frame of the camera in, the texts of its QR codes out, or nothing: never a wrong text.

zxing-cpp looks first.  Only if it finds nothing is the likeliest part of the frame looked at
more closely, in many ways, by zxing-cpp and zbar, until the time for a frame is spent.  Bytes
that are UTF-8 to the last one become text, whatever alphabet the code declares; all others are
refused and counted, because what they say would have to be guessed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import cv2
import numpy as np

from devices.errors import FrameError
from devices.qr_scanner.decoded import Decoded, DecoderName
from devices.qr_scanner.looks import LOOKS, Finder, Found, Look, by_zbar, by_zxing
from devices.qr_scanner.place import Area, Frame, likeliest

__all__ = [
    "LOOKS",
    "Decoded",
    "DecoderName",
    "Finder",
    "Found",
    "Frame",
    "Look",
    "Reading",
    "by_zbar",
    "by_zxing",
    "decode",
    "read",
    "to_grey",
]

BUDGET_MS: Final = 18.0
"""Processor time for a frame before no further look begins; a setting of the node."""

MAX_PIXELS: Final = 20_000_000
"""Larger frames are refused: no camera of a counter makes them."""

_MAX_LOOKED_AT: Final = 1_000_000
"""Pixels; a larger frame is looked at shrunk, and its likeliest part as it came."""

_FLAT: Final = 2
"""Between the darkest and the brightest grey level there must be more than this."""

_FADED: Final = 96
"""A frame of fewer grey levels is spread over all of them: zxing-cpp wants some between modules."""

_WHOLE: Final = 0.7
"""A part larger than this share of the frame is no part."""


class Reading(NamedTuple):
    """What one frame held."""

    codes: list[Decoded]
    """The code that is held before the camera first: see :func:`read`."""
    refused: int
    """Whole codes whose bytes are not UTF-8."""
    around: Area | None = None
    """Where the first code is, in pixels of the frame."""
    left_off: int = 0
    """The first look that had no time; 0 where all had their turn or a code was found."""


def decode(frame: Frame, *, budget_ms: float = BUDGET_MS) -> list[Decoded]:
    """The QR codes in ``frame``; see :func:`read`."""
    return read(frame, budget_ms=budget_ms).codes


def read(
    frame: Frame,
    *,
    budget_ms: float = BUDGET_MS,
    looks: Sequence[Look] = LOOKS,
    begin_at: int = 0,
    clock_s: Callable[[], float] = time.thread_time,
) -> Reading:
    """The QR codes in ``frame``, by the first look that finds any.

    Several codes come in an order that depends on the frame alone: the larger and the nearer to
    the middle first.  The first of ``looks`` and one more always look, the one more being that of
    ``begin_at`` (``left_off`` of the frame before); the others follow in their order, but none
    begins after ``budget_ms`` of this thread's own time.  One that has begun ends its work.
    Other programs on the machine take nothing of that time.

    Raises:
        FrameError: not uint8, not H x W or H x W x 3, empty, or above :data:`MAX_PIXELS`.
        DecoderMissingError: see :func:`devices.qr_scanner.zbar.read`.
    """
    began_s = clock_s()
    grey = to_grey(frame)
    darkest, brightest = int(grey.min()), int(grey.max())
    if brightest - darkest <= _FLAT:
        return Reading([], 0)
    as_it_came = grey
    if brightest - darkest < _FADED:
        grey = _spread(grey, darkest, brightest)
    shrunk, by = _shrunk(grey)
    part: Area | None = None
    left_off = 0
    order = [0, *_round(len(looks), begin_at)]
    for turn, number in enumerate(order):
        look = looks[number]
        if turn:
            # one closer look there is, however slow the machine
            spent = (clock_s() - began_s) * 1000 / budget_ms if turn > 1 else 0.0
            if spent >= look.begin_by:
                left_off = left_off or number
                continue
            if part is None and (part := _part(as_it_came)) is None:
                break  # an empty desk, snow, or a covered lens
        whole = part is not None and part.pixels > _WHOLE * grey.size
        if look.at == "part" and part is not None and not whole:
            close, closer_by = _shrunk(part.of(grey))
            found = _moved(look.find(close), closer_by, part.left, part.top)
        else:
            found = _moved(look.find(shrunk), by, 0, 0)
        if found:
            return _reading(found, look.decoder, grey)
    return Reading([], 0, left_off=left_off)


def to_grey(frame: Frame) -> Frame:
    """``frame`` as H x W grey levels.

    Raises:
        FrameError: see :func:`read`.
    """
    if frame.dtype != np.uint8 or not (
        frame.ndim == 2 or (frame.ndim == 3 and frame.shape[2] == 3)
    ):
        raise FrameError(
            f"a frame of {frame.dtype} {frame.shape} cannot be read: "
            "hand in uint8, H x W or H x W x 3"
        )
    pixels = frame.shape[0] * frame.shape[1]
    if not 0 < pixels <= MAX_PIXELS:
        raise FrameError(f"a frame of {pixels} pixels cannot be read: 1 to {MAX_PIXELS} can")
    if frame.ndim == 2:
        return np.ascontiguousarray(frame)
    return np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), dtype=np.uint8)


def _round(count: int, begin_at: int) -> list[int]:
    first = begin_at if 0 < begin_at < count else 1
    return [*range(first, count), *range(1, first)]


def _shrunk(grey: Frame) -> tuple[Frame, float]:
    """``grey`` in at most :data:`_MAX_LOOKED_AT` pixels, and by how much it was larger."""
    by = math.sqrt(grey.size / _MAX_LOOKED_AT)
    if by <= 1:
        return grey, 1.0
    size = (max(1, int(grey.shape[1] / by)), max(1, int(grey.shape[0] / by)))
    smaller = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return smaller, grey.shape[1] / size[0]


def _spread(grey: Frame, darkest: int, brightest: int) -> Frame:
    gain = 255 / (brightest - darkest)
    return np.asarray(cv2.convertScaleAbs(grey, alpha=gain, beta=-darkest * gain), dtype=np.uint8)


def _part(grey: Frame) -> Area | None:
    shrunk, by = _shrunk(grey)
    part = likeliest(shrunk)
    return part and part.times(by).wider(0, grey.shape[1], grey.shape[0])


def _moved(found: list[Found], by: float, left: int, top: int) -> list[Found]:
    """``found`` in pixels of the whole frame."""
    moved = []
    for text, area in found:
        here = area.times(by)
        moved.append(
            Found(
                text, Area(here.left + left, here.top + top, here.right + left, here.bottom + top)
            )
        )
    return moved


def _reading(found: list[Found], decoder: DecoderName, grey: Frame) -> Reading:
    height, width = grey.shape

    def held_up(one: Found) -> tuple[float, str]:
        away = math.hypot(
            (one.area.left + one.area.right - width) / 2,
            (one.area.top + one.area.bottom - height) / 2,
        )
        return -math.sqrt(max(one.area.pixels, 0)) / (height / 4 + away), one.text or ""

    ordered = sorted(found, key=held_up)
    texts = {one.text: one.area for one in reversed(ordered) if one.text is not None}
    codes = [Decoded(text, decoder) for text in reversed(texts)]
    refused = sum(one.text is None for one in found)
    return Reading(codes, refused, texts[codes[0].text] if codes else None)
