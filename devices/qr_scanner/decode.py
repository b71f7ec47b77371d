"""One frame of the camera in, the texts of its QR codes out, or nothing: never a wrong text.

zxing-cpp looks first; if it finds nothing it looks again at twice the size, and then zbar looks.
Bytes that are UTF-8 to the last one become text, whatever alphabet the code declares; all others
are refused and counted, because what they say would have to be guessed.
"""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable, Sequence
from typing import Final, Literal, NamedTuple

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray

from devices.errors import FrameError
from devices.qr_scanner import zbar

Frame = NDArray[np.uint8]
"""A picture, H x W grey or H x W x 3 blue-green-red, 8 bits a channel."""

DecoderName = Literal["zxing-cpp", "pyzbar"]

MAX_PIXELS: Final = 20_000_000
"""Larger frames are refused: no camera of a counter makes them."""

_MAX_DOUBLED_PIXELS: Final = 1_000_000
"""Above this, small modules are large enough, and doubling would eat the budget."""

_WHOLE_QR: Final = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCodeModel2)
"""Neither micro nor rectangular QR codes: nothing in a hall prints them."""

_FLAT: Final = 10
"""Between the darkest and the brightest grey level there must be more than this."""


class Look(NamedTuple):
    """One decoder: its name, and grey frame in, each code's text or None (not UTF-8) out."""

    decoder: DecoderName
    find: Callable[[Frame], list[str | None]]


class Decoded(NamedTuple):
    """A code that was read. ``text`` (NFC, otherwise as printed) may be personal: never log it."""

    text: str
    decoder: DecoderName

    def __repr__(self) -> str:
        return f"Decoded(text=<{len(self.text)} characters withheld>, decoder={self.decoder!r})"


class Reading(NamedTuple):
    """What one frame held."""

    codes: list[Decoded]
    refused: int
    """Whole codes whose bytes are not UTF-8."""


def decode(frame: Frame, *, budget_ms: float = 20.0) -> list[Decoded]:
    """The QR codes in ``frame``; see :func:`read`."""
    return read(frame, budget_ms=budget_ms).codes


def read(
    frame: Frame,
    *,
    budget_ms: float = 20.0,
    looks: Sequence[Look] | None = None,
    clock_s: Callable[[], float] = time.perf_counter,
) -> Reading:
    """The QR codes in ``frame``, by the first decoder that finds any.

    After ``budget_ms`` no further decoder begins; one that has begun ends its work.  ``looks``
    are the decoders in their order, by default :data:`LOOKS`.

    Raises:
        FrameError: not uint8, not H x W or H x W x 3, empty, or above :data:`MAX_PIXELS`.
        DecoderMissingError: see :func:`devices.qr_scanner.zbar.read`.
    """
    ends_s = clock_s() + budget_ms / 1000
    grey = to_grey(frame)
    if int(grey.max()) - int(grey.min()) <= _FLAT:
        return Reading([], 0)
    for decoder, find in LOOKS if looks is None else looks:
        found = find(grey)
        if found:
            texts = dict.fromkeys(text for text in found if text is not None)
            codes = [Decoded(text, decoder) for text in texts]
            return Reading(codes, sum(text is None for text in found))
        if clock_s() >= ends_s:
            break
    return Reading([], 0)


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


def by_zxing(grey: Frame) -> list[str | None]:
    """Each code that zxing-cpp finds in ``grey``: its text, or None where it is not UTF-8.

    zxing-cpp, too, guesses the alphabet of a code that declares none, and takes short Vietnamese
    texts such as "ềA" for Shift_JIS: its own text is not asked for, its bytes are.
    """
    found = zxingcpp.read_barcodes(grey, formats=_WHOLE_QR)
    return [_strict(code.bytes) for code in found]


def by_zxing_doubled(grey: Frame) -> list[str | None]:
    """As :func:`by_zxing` at twice the size, for codes with modules of a pixel or two."""
    if grey.size > _MAX_DOUBLED_PIXELS:
        return []
    doubled = cv2.resize(grey, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    return by_zxing(np.asarray(doubled, dtype=np.uint8))


def by_zbar(grey: Frame) -> list[str | None]:
    """Each code that zbar finds in ``grey``: its text, or None where it is not UTF-8."""
    return [_strict(code) for code in zbar.read(grey)]


LOOKS: Final[tuple[Look, ...]] = (
    Look("zxing-cpp", by_zxing),
    Look("zxing-cpp", by_zxing_doubled),
    Look("pyzbar", by_zbar),
)
"""Every decoder, the surest and quickest first."""


def _strict(code: bytes) -> str | None:
    try:
        return unicodedata.normalize("NFC", code.decode("utf-8"))
    except UnicodeDecodeError:
        return None
