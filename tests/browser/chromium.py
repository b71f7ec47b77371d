"""Debian's Chromium as every test of the pages starts it, and what is held against a page in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page, Playwright

from tests.parts import CHROMIUM

AXE: Final = Path(__file__).parents[2] / ".build/axe.min.js"
_FLAGS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
]


def launch(playwright: Playwright) -> Browser:
    """A Chromium without a window."""
    return playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)


def axe_findings(page: Page, *, from_afar: bool = False) -> list[str]:
    """What axe-core says against the page as it is now, once nothing on it moves.

    ``from_afar`` asks for a contrast of 7:1: for what is read from afar, or by people who do
    not see well.

    Raises:
        AssertionError: axe-core was not fetched.
    """
    if not page.evaluate("'axe' in window"):
        assert AXE.is_file(), "no axe-core: run `make setup`"
        page.evaluate(AXE.read_text("utf-8"))
    page.evaluate("Promise.all(document.getAnimations().map(one => one.finished))")
    options = {
        "rules": {"color-contrast-enhanced": {"enabled": from_afar}},
        "resultTypes": ["violations"],
    }
    result = page.evaluate(f"axe.run(document, {json.dumps(options)})")
    return [f"{page.url} {_told(one)}" for one in result["violations"]]


def _told(violation: dict[str, Any]) -> str:
    nodes = violation["nodes"]
    where = "; ".join(" ".join(map(str, node["target"])) for node in nodes[:4])
    why = nodes[0]["any"]
    told = f"{violation['id']}: {violation['help']} @ {where}"
    return f"{told} ({why[0]['message']})" if why else told


def pixels_too_wide(page: Page) -> int:
    """How far one would have to push the page sideways; 0 where nothing is cut off."""
    wide: int = page.evaluate("Math.max(0, document.documentElement.scrollWidth - innerWidth)")
    return wide
