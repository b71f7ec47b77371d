"""Made-up states of the clerk's console, the technician's page, sign-in and the start page."""

from __future__ import annotations

from tests.browser.looks.made_up import Scene


def scenes() -> dict[str, Scene]:
    """Name of a scene -> what it shows."""
    return {}
