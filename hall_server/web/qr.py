"""QR codes of the hall's own addresses, as pictures that stay sharp at any size."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Final

import segno
from flask import Response

QUIET_ZONE: Final = 4
"""Modules of white around the code (ISO/IEC 18004)."""


def qr_svg(text: str) -> Response:
    """The code of ``text`` as SVG, dark on white; the same text always gives the same code."""
    response = Response(_svg(text), content_type="image/svg+xml")
    response.headers["Cache-Control"] = "private, max-age=86400"
    return response


@lru_cache(maxsize=1024)
def _svg(text: str) -> bytes:
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out,
        kind="svg",
        border=QUIET_ZONE,
        dark="#000",
        light="#fff",
        xmldecl=False,
        svgclass=None,
        lineclass=None,
        omitsize=True,
    )
    return out.getvalue()
