"""Words of the technician's page and of the start page."""

from __future__ import annotations

from typing import Final

TECHNICIAN: Final[dict[str, tuple[str, str]]] = {}
"""Key -> the words in Vietnamese and in English."""
