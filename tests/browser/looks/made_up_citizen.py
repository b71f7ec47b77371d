"""Made-up states of the kiosk, the counter display, the phone page and the procedure page."""

from __future__ import annotations

from tests.browser.looks.made_up import Scene

KIOSK_TICKET = None


def scenes() -> dict[str, Scene]:
    """Name of a scene -> what it shows."""
    return {}
