"""Pictures in a folder, as stand-ins for cameras look at them: whole ones alone, none too large."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from devices.cameras import Frame

MAX_FILE_BYTES: Final = 32 * 1024 * 1024
MAX_PIXELS: Final = 20_000_000
SUFFIXES: Final = (".png", ".jpg", ".jpeg", ".bmp", ".webp")
"""Files that are taken for pictures; a name that begins with a dot is not looked at."""

_FORMATS: Final = ("PNG", "JPEG", "BMP", "WEBP")


def pictures_in(folder: Path) -> list[Path]:
    """The pictures in ``folder``, by name.

    Raises:
        OSError: the folder cannot be read.
    """
    with os.scandir(folder) as entries:
        return sorted(
            Path(entry.path)
            for entry in entries
            if not entry.name.startswith(".")
            and entry.name.lower().endswith(SUFFIXES)
            and entry.is_file(follow_symlinks=False)
        )


def read_picture(path: Path, *, colour: bool = False) -> Frame | None:
    """The picture at ``path``, grey or blue-green-red; None if it is none, torn, or too large.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        return None
    try:
        # Pillow reads the size alone here; a small file can unpack to gigabytes
        with Image.open(io.BytesIO(data), formats=_FORMATS) as header:
            width, height = header.size
    except (UnidentifiedImageError, Image.DecompressionBombError, ValueError, SyntaxError):
        return None
    if not 0 < width * height <= MAX_PIXELS:
        return None
    how = cv2.IMREAD_COLOR if colour else cv2.IMREAD_GRAYSCALE
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), how)
    except cv2.error:
        return None
    return None if picture is None else np.asarray(picture, dtype=np.uint8)
