"""Codes to hold before a scanner where there is no paper: draw one, then hold it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import segno

from devices.qr_scanner.decode import Frame

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")


def draw_code(text: str, *, scale: int = 6, border: int = 4, error: str = "m") -> Frame:
    """The QR code of ``text`` in UTF-8, black (0) on white (255), as citizen cards have it.

    ``scale`` is the pixels a module, ``border`` the quiet zone in modules, ``error`` the level
    of correction (l, m, q or h).  No alphabet is declared in the code, as on the cards.
    """
    code = segno.make_qr(text, encoding="utf-8", eci=False, error=error, boost_error=False)
    modules = np.array([[0 if dark else 255 for dark in row] for row in code.matrix], np.uint8)
    framed = np.pad(modules, border, constant_values=255)
    return np.kron(framed, np.ones((scale, scale), np.uint8))


def png(picture: Frame) -> bytes:
    """``picture`` as the bytes of a PNG file."""
    made, data = cv2.imencode(".png", picture)
    if not made:
        raise ValueError("OpenCV made no PNG of this picture: hand in uint8, H x W or H x W x 3")
    return bytes(data.tobytes())


def hold(folder: str | Path, image: bytes, name: str) -> Path:
    """Hold ``image`` (the bytes of a PNG file) before the stand-in that looks at ``folder``.

    ``name`` (letters, digits, ``-`` and ``_``; never a person's) orders the cards that are held
    at once.  The file appears whole: written under another name, then renamed.

    Raises:
        ValueError: ``name`` does not fit.
        OSError: the folder is not there, full, or not to be written to.
    """
    if not _NAME.fullmatch(name):
        raise ValueError("name a card with 1 to 80 letters, digits, '-' and '_'")
    target = Path(folder) / f"{name}.png"
    draft = target.with_name(f".{name}.{os.getpid()}.part")
    try:
        draft.write_bytes(image)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return target
