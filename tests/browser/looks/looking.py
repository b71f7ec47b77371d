"""Looking at a page as Chromium shows it, and asking axe-core about it."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.chromium import axe_findings, pixels_too_wide
from tests.browser.looks.made_up import Scene

SEVEN_TO_ONE = ("board", "kiosk")
"""Pages that are read from afar, or by people who do not see well."""


def prepare(page: Page, scene: Scene) -> None:
    """Bring the page into the scene's state."""
    for step in scene.do:
        verb, _, what = step.partition(" ")
        if verb == "key":
            page.keyboard.press(what)
        elif verb == "press":
            page.locator(what).first.click()
        else:
            page.locator(what).first.wait_for()
    if scene.lost:
        page.locator("html[data-stale]").wait_for(state="attached")
    page.evaluate("document.fonts.ready")
    page.evaluate("Promise.all(document.getAnimations().map(one => one.finished))")


def findings(page: Page, scene: Scene) -> list[str]:
    """What axe-core and the width of the page say against it."""
    found = axe_findings(page, from_afar=scene.page in SEVEN_TO_ONE and not scene.lost)
    if wide := pixels_too_wide(page):
        found.append(f"{wide} px wider than the screen")
    return found


def listen(page: Page) -> list[str]:
    """What the page's scripts complain of, from now on and whatever it shows."""
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
    page.on(
        "console",
        lambda message: (
            wrong.append(f"console: {message.text}")
            if message.type == "error" and "Failed to load resource" not in message.text
            else None
        ),
    )
    return wrong


def visit(page: Page, address: str, name: str, scene: Scene, size: tuple[int, int]) -> None:
    """Have ``page`` show a scene at a size, ready to be looked at."""
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(f"{address}/look/{name}?{scene.query}")
    prepare(page, scene)
