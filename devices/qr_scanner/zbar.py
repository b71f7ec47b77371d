"""zbar read through pyzbar's own ctypes, in binary mode, so that UTF-8 comes through untouched.

Stock ``pyzbar.decode`` lets zbar guess the letters of a code and takes Vietnamese UTF-8 for
Shift_JIS or Big5 now and then (https://github.com/mchehab/zbar/issues/212).  Binary mode
(``ZBAR_CFG_BINARY`` of zbar 0.23.1, value 4, which pyzbar 0.1.9 does not name) hands out the
bytes as they are printed.
"""

from __future__ import annotations

from ctypes import string_at
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from devices.errors import DecoderMissingError

_EVERY_SYMBOL: Final = 0
_QRCODE: Final = 64
_CFG_ENABLE: Final = 0
_CFG_BINARY: Final = 4
_Y800: Final = int.from_bytes(b"Y800", "little")


class Symbol(NamedTuple):
    """One code: its bytes as printed, and points on its edge (right, down) in pixels."""

    data: bytes
    corners: list[tuple[int, int]]


def check() -> None:
    """See that zbar is there and new enough.

    Raises:
        DecoderMissingError: install the Debian package libzbar0, or a newer one.
    """
    read(np.zeros((8, 8), np.uint8))


def read(grey: NDArray[np.uint8]) -> list[Symbol]:
    """Every whole QR code in ``grey`` (H x W); other bar codes are not looked for.

    Parts of a message that is spread over several codes are left out: zbar marks them partial.

    Raises:
        DecoderMissingError: libzbar is missing or older than 0.23.1.
    """
    try:
        from pyzbar import wrapper
    except ImportError as error:
        raise DecoderMissingError(f"install the Debian package libzbar0 ({error})") from None
    height, width = grey.shape
    pixels = grey.tobytes()
    scanner = wrapper.zbar_image_scanner_create()
    image = wrapper.zbar_image_create()
    if not scanner or not image:
        raise MemoryError("zbar could not make a scanner")
    try:
        for symbol, setting, value in (
            (_EVERY_SYMBOL, _CFG_ENABLE, 0),
            (_QRCODE, _CFG_ENABLE, 1),
            (_QRCODE, _CFG_BINARY, 1),
        ):
            if wrapper.zbar_image_scanner_set_config(scanner, symbol, setting, value) != 0:
                raise DecoderMissingError("libzbar is older than 0.23.1: install a newer libzbar0")
        wrapper.zbar_image_set_format(image, _Y800)
        wrapper.zbar_image_set_size(image, width, height)
        # zbar does not copy: ``pixels`` must live until the image is destroyed
        wrapper.zbar_image_set_data(image, pixels, len(pixels), None)
        wrapper.zbar_scan_image(scanner, image)
        found: list[Symbol] = []
        symbol_at = wrapper.zbar_image_first_symbol(image)
        while symbol_at:
            if symbol_at.contents.type == _QRCODE:
                length = wrapper.zbar_symbol_get_data_length(symbol_at)
                data = string_at(wrapper.zbar_symbol_get_data(symbol_at), length)
                corners = [
                    (
                        wrapper.zbar_symbol_get_loc_x(symbol_at, corner),
                        wrapper.zbar_symbol_get_loc_y(symbol_at, corner),
                    )
                    for corner in range(wrapper.zbar_symbol_get_loc_size(symbol_at))
                ]
                found.append(Symbol(data, corners))
            symbol_at = wrapper.zbar_symbol_next(symbol_at)
        return found
    finally:
        wrapper.zbar_image_destroy(image)
        wrapper.zbar_image_scanner_destroy(scanner)
