"""Everybody can read the pages: by screen reader, at 200 %, in English."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from motcua.demo import house
from tests.browser.chromium import axe_findings, pixels_too_wide
from tests.browser.real_hall import RealHall
from tests.browser.screens import (
    BOARD,
    CLERK,
    COUNTER,
    KIOSK,
    PHONE,
    Screens,
    Size,
    hold_card,
    press_next,
)

pytestmark = pytest.mark.browser

VIETNAMESE: Final = re.compile(
    "[àáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵđ]", re.IGNORECASE
)
SEEN_AND_HEARD: Final = """() => {
  const said = [document.title];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT);
  for (let one = walk.currentNode; one; one = walk.nextNode()) {
    if (["SCRIPT", "NOSCRIPT"].includes(one.tagName) || one.closest("[lang=vi]")) continue;
    for (const name of ["alt", "aria-label", "title", "placeholder"])
      if (one.hasAttribute(name)) said.push(one.getAttribute(name));
    for (const child of one.childNodes)
      if (child.nodeType === Node.TEXT_NODE && child.data.trim()) said.push(child.data.trim());
  }
  return said;
}"""


@pytest.fixture
def busy_hall(hall: RealHall) -> Iterator[dict[str, str]]:
    """Counter 1 has called somebody, others wait; phone tokens of the called and a waiting one."""
    called = hall.take("chung-thuc")
    waiting = hall.take("chung-thuc")
    hall.take("ho-tich")
    hall.take("dat-dai")
    hall.clerk("1").ask("call-next")
    hall.clerk("2")
    yield {"called": called["token"], "waiting": waiting["token"]}
    hall.tidy(["3"])


class Inspection:
    """Holds axe-core against pages as they are, and makes everything twice as large on them."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def of(self, page: Page, size: Size, *, from_afar: bool = False) -> Page:
        """The same page, inspected: at its ``size``, then at 200 %."""
        self.found += axe_findings(page, from_afar=from_afar)
        twice = size.at_200_percent
        page.set_viewport_size({"width": twice.width, "height": twice.height})
        if wide := pixels_too_wide(page):
            self.found.append(f"{page.url} {wide} px too wide at 200 %")
        page.set_viewport_size({"width": size.width, "height": size.height})
        return page


@pytest.fixture
def inspection() -> Iterator[Inspection]:
    """Nothing may have been found when the test is over."""
    inspection = Inspection()
    yield inspection
    assert not inspection.found, "\n".join(inspection.found)


def test_everybody_can_read_every_page_of_a_busy_hall_also_at_200_percent(
    busy_hall: dict[str, str], screens: Screens, inspection: Inspection
) -> None:
    board = screens.open("/board", BOARD)
    expect(board.locator(".called .number")).to_be_visible()
    inspection.of(board, BOARD, from_afar=True)
    counter = inspection.of(screens.open("/counter/1", COUNTER), COUNTER)
    called = inspection.of(screens.open(f"/t/{busy_hall['called']}", PHONE), PHONE)
    phone = inspection.of(screens.open(f"/t/{busy_hall['waiting']}", PHONE), PHONE)
    phone.get_by_role("button", name="Huỷ số này").click()
    inspection.of(phone, PHONE)
    for procedure in (house.PROCEDURES[0], house.PROCEDURES[5]):
        inspection.of(screens.open(f"/p/{procedure.code}", PHONE), PHONE)
    start = screens.open("/", CLERK)
    expect(start.locator("article.node select").first).to_be_visible()
    inspection.of(start, CLERK)
    inspection.of(screens.open("/clerk/sign-in", CLERK), CLERK)
    inspection.of(screens.technician(), CLERK)
    inspection.of(screens.open("/nothing-here", CLERK), CLERK)
    screens.forgive_status(404)

    # the console: called, a question, serving with a card
    console = inspection.of(screens.clerk("1"), CLERK)
    console.keyboard.press("p")
    expect(console.get_by_role("dialog")).to_be_visible()
    inspection.of(console, CLERK)
    console.keyboard.press("Escape")
    press_next(console)
    expect(console.locator("#act")).to_contain_text("Hoàn thành")
    hold_card(start, "Quầy 1", "tran-thi-mau")
    expect(console.locator("section.card")).to_be_visible()
    inspection.of(console, CLERK)

    # the question how it was, on the counter and on the phone
    press_next(console)
    expect(counter.locator(".question")).to_be_visible()
    inspection.of(counter, COUNTER)
    expect(called.locator(".rate")).to_be_visible()
    inspection.of(called, PHONE)


def test_everybody_can_read_every_screen_of_the_kiosk_also_at_200_percent(
    busy_hall: dict[str, str], screens: Screens, inspection: Inspection
) -> None:
    kiosk, start = screens.kiosk(), screens.open("/")

    def inspect() -> None:
        inspection.of(kiosk, KIOSK, from_afar=True)

    inspect()
    for what in ("Quét thẻ căn cước", "Cần người giúp"):
        kiosk.get_by_role("button", name=what).click()
        inspect()
        kiosk.get_by_role("button", name="Quay lại").click()
    kiosk.get_by_role("button", name="Bảo trợ xã hội").click()
    inspect()
    kiosk.locator("button.go").click()
    expect(kiosk.locator("h1.number")).to_be_visible()
    inspect()
    hold_card(start, "Máy lấy số", "the-bao-hiem-y-te")
    expect(kiosk.get_by_role("alert")).to_be_visible()
    inspect()


def english_of(page: Page) -> list[str]:
    """What the page shows or tells that has Vietnamese letters and is no name of the settings."""
    names = [house.NAME, *(one.name for one in house.WORKERS)]
    left = []
    for text in page.evaluate(SEEN_AND_HEARD):
        bare = text
        for name in names:
            bare = bare.replace(name, "")
        if VIETNAMESE.search(bare):
            left.append(text)
    return left


def test_the_english_pages_are_english_throughout(
    busy_hall: dict[str, str], screens: Screens
) -> None:
    pages: dict[str, Callable[[], Page]] = {
        "board": lambda: screens.open("/board", BOARD, lang="en"),
        "counter": lambda: screens.open("/counter/1", COUNTER, lang="en"),
        "phone, called": lambda: screens.open(f"/t/{busy_hall['called']}", PHONE, lang="en"),
        "phone, waiting": lambda: screens.open(f"/t/{busy_hall['waiting']}", PHONE, lang="en"),
        "sign-in": lambda: screens.open("/clerk/sign-in", lang="en"),
        "console": lambda: screens.clerk("1", lang="en"),
    }
    left = {name: found for name, page in pages.items() if (found := english_of(page()))}
    kiosk = screens.kiosk(lang="en")
    left["kiosk"] = english_of(kiosk)
    kiosk.get_by_role("button", name="Certification").click()
    left["kiosk, service"] = english_of(kiosk)
    kiosk.locator("button.go").click()
    expect(kiosk.locator("h1.number")).to_be_visible()
    left["kiosk, number"] = english_of(kiosk)
    assert not {name: found for name, found in left.items() if found}
