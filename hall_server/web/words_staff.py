"""Words of the pages that the hall's own people read: clerk, technician, start page."""

from __future__ import annotations

from typing import Final

STAFF: Final[dict[str, tuple[str, str]]] = {}
"""Key -> the words in Vietnamese and in English."""
