"""The ways to look at a picture for codes: two decoders, and what makes a code plainer for them.

Each look takes a grey picture and gives what it found in it; none guesses an alphabet.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from typing import Final, Literal, NamedTuple

import cv2
import numpy as np
import zxingcpp

from devices.qr_scanner import zbar
from devices.qr_scanner.decoded import DecoderName
from devices.qr_scanner.place import Area, Frame

_MAX_ENLARGED_PIXELS: Final = 4_000_000
"""Above this, small modules are large enough, and enlarging would eat the time of a frame."""

_WHOLE_QR: Final = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCodeModel2)
"""Neither micro nor rectangular QR codes: nothing in a hall prints them."""


class Found(NamedTuple):
    """A whole code in a picture: its text (NFC), or None where it is not UTF-8; and where."""

    text: str | None
    area: Area

    def __repr__(self) -> str:
        return f"Found(text=<withheld>, area={self.area!r})"


Finder = Callable[[Frame], list[Found]]


class Look(NamedTuple):
    """One way to look."""

    decoder: DecoderName
    find: Finder
    at: Literal["frame", "part"] = "frame"
    """The whole frame, or the part that is likeliest to hold a code."""
    begin_by: float = 1.0
    """It does not begin when this share of the time for a frame is spent."""


def by_zxing(grey: Frame) -> list[Found]:
    """Each code that zxing-cpp finds in ``grey``.

    zxing-cpp guesses the alphabet of a code that declares none, and takes short Vietnamese
    texts such as "ềA" for Shift_JIS: its own text is not asked for, its bytes are.
    """
    found = []
    for code in zxingcpp.read_barcodes(grey, formats=_WHOLE_QR):
        at = code.position
        corners = (at.top_left, at.top_right, at.bottom_right, at.bottom_left)
        found.append(Found(_strict(code.bytes), _around([(one.x, one.y) for one in corners])))
    return found


def by_zbar(grey: Frame) -> list[Found]:
    """Each code that zbar finds in ``grey``."""
    return [Found(_strict(code.data), _around(code.corners)) for code in zbar.read(grey)]


def enlarged(find: Finder, factor: float = 2.0) -> Finder:
    """``find`` at ``factor`` times the size (cubic), for codes with modules of a pixel or two."""

    def look(grey: Frame) -> list[Found]:
        if grey.size * factor**2 > _MAX_ENLARGED_PIXELS:
            return []
        return _at_size(find, grey, factor, cv2.INTER_CUBIC)

    return look


def by_zxing_halved(grey: Frame) -> list[Found]:
    """zxing-cpp at half the size: averaging four pixels takes the noise out of large modules."""
    return _at_size(by_zxing, grey, 0.5, cv2.INTER_AREA)


def sharpened(picture: Frame, sigma: float = 2.5, amount: float = 4.0) -> Frame:
    """Against a lens out of focus: what a blur of ``sigma`` pixels took is put back in excess."""
    soft = cv2.GaussianBlur(picture, (0, 0), sigma)
    return np.asarray(cv2.addWeighted(picture, 1 + amount, soft, -amount, 0), dtype=np.uint8)


def evenly_lit(picture: Frame) -> Frame:
    """Against glare, shadow and faded print: each pixel by the mean of its surroundings."""
    mean = np.maximum(cv2.blur(picture, (41, 41)), 1)
    return np.asarray(cv2.divide(picture, mean, scale=128), dtype=np.uint8)


def calmed(picture: Frame) -> Frame:
    """Against the noise of a dark sensor: the median of nine pixels."""
    return np.asarray(cv2.medianBlur(picture, 3), dtype=np.uint8)


def refocused(picture: Frame, sigma: float) -> Frame:
    """Against a lens far out of focus: Wiener's filter for a blur of ``sigma`` pixels."""
    border = 16
    height, width = picture.shape
    tall = cv2.getOptimalDFTSize(height + 2 * border)
    broad = cv2.getOptimalDFTSize(width + 2 * border)
    framed = cv2.copyMakeBorder(
        picture,
        border,
        tall - height - border,
        border,
        broad - width - border,
        cv2.BORDER_REFLECT,
    )
    # the transform of a Gaussian is known: none of its own has to be made
    blur = np.outer(
        np.exp(-2 * (np.pi * sigma * np.fft.fftfreq(tall)) ** 2),
        np.exp(-2 * (np.pi * sigma * np.fft.rfftfreq(broad)) ** 2),
    ).astype(np.float32)
    light = np.fft.rfft2(framed.astype(np.float32))
    sharp = np.fft.irfft2(light * (blur / (blur**2 + _NOISE)), s=(tall, broad))
    kept = sharp[border : border + height, border : border + width]
    return np.clip(kept, 0, 255).astype(np.uint8)


_NOISE: Final = 0.003
"""Power of the noise beside the light's, as Wiener's filter wants it."""


def after(change: Callable[[Frame], Frame], find: Finder) -> Finder:
    """``find`` in a picture that ``change`` has made plainer."""
    return lambda grey: find(change(grey))


_DOUBLED: Final = enlarged(by_zxing)

LOOKS: Final[tuple[Look, ...]] = (
    Look("zxing-cpp", by_zxing),
    Look("zxing-cpp", _DOUBLED, "part"),
    Look("zxing-cpp", by_zxing_halved),
    Look("zxing-cpp", after(evenly_lit, _DOUBLED), "part"),
    Look("zxing-cpp", after(sharpened, _DOUBLED), "part"),
    Look("zxing-cpp", after(calmed, by_zxing), "part"),
    Look("zxing-cpp", after(lambda grey: refocused(grey, 2.5), _DOUBLED), "part", 0.9),
    Look("pyzbar", by_zbar, "part", 0.9),
    Look("zxing-cpp", enlarged(by_zxing, 4.0), "part", 0.8),
    Look("zxing-cpp", _DOUBLED, "frame", 0.65),
    Look("pyzbar", after(lambda grey: sharpened(grey, 2.0, 2.0), by_zbar), "part", 0.9),
    Look("zxing-cpp", after(lambda grey: refocused(grey, 1.8), _DOUBLED), "part", 0.9),
    Look("pyzbar", by_zbar, "frame", 0.35),
)
"""Every look; the first is the surest and quickest, the others follow when it finds nothing."""


def without(decoder: DecoderName, looks: Sequence[Look] = LOOKS) -> tuple[Look, ...]:
    """``looks`` on a machine that lacks ``decoder``."""
    return tuple(look for look in looks if look.decoder != decoder)


def _at_size(find: Finder, grey: Frame, factor: float, smooth: int) -> list[Found]:
    other = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=smooth)
    return [
        Found(found.text, found.area.times(1 / factor))
        for found in find(np.asarray(other, dtype=np.uint8))
    ]


def _around(corners: Sequence[tuple[int, int]]) -> Area:
    if not corners:
        return Area(0, 0, 0, 0)
    rights, downs = [x for x, _ in corners], [y for _, y in corners]
    return Area(min(rights), min(downs), max(rights) + 1, max(downs) + 1)


def _strict(code: bytes) -> str | None:
    try:
        return unicodedata.normalize("NFC", code.decode("utf-8"))
    except UnicodeDecodeError:
        return None
