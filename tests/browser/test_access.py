"""Everybody can read the pages: by screen reader, at 200 %, in English."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from motcua.demo import house
from tests.browser.real_hall import RealHall
from tests.browser.screens import (
    BOARD,
    CLERK,
    COUNTER,
    KIOSK,
    PHONE,
    Screens,
    Size,
    axe_findings,
    hold_card,
    is_wider_than_screen,
    press_next,
)

pytestmark = pytest.mark.browser

AXE: Final = Path(__file__).parents[2] / ".build/axe.min.js"
SEVEN_TO_ONE: Final = {"color-contrast-enhanced": {"enabled": True}}
"""For what is read from afar, or by people who do not see well."""
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


@pytest.fixture(scope="module")
def axe() -> str:
    """axe-core's source."""
    assert AXE.is_file(), "no axe-core: run `make setup`"
    return AXE.read_text("utf-8")


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


def test_axe_finds_nothing_on_any_page_of_a_busy_hall(
    busy_hall: dict[str, str], hall: RealHall, screens: Screens, axe: str
) -> None:
    found: list[str] = []

    def check(page: Page, *, far: bool = False) -> Page:
        found.extend(axe_findings(page, axe, **(SEVEN_TO_ONE if far else {})))
        return page

    board = screens.open("/board", BOARD)
    expect(board.locator(".called .number")).to_be_visible()
    check(board, far=True)
    check(screens.open("/counter/1", COUNTER))
    check(screens.open(f"/t/{busy_hall['called']}", PHONE))
    phone = check(screens.open(f"/t/{busy_hall['waiting']}", PHONE))
    phone.get_by_role("button", name="Huỷ số này").click()
    check(phone)
    check(screens.open(f"/p/{house.PROCEDURES[0].code}", PHONE))
    start = screens.open("/")
    expect(start.locator("article.node select").first).to_be_visible()
    check(start)
    check(screens.open("/clerk/sign-in"))
    check(screens.technician())
    check(screens.open("/nothing-here"))
    screens.forgive_status(404)

    # the console: called, a question, serving with a card
    console = check(screens.clerk("1"))
    console.keyboard.press("p")
    expect(console.get_by_role("dialog")).to_be_visible()
    check(console)
    console.keyboard.press("Escape")
    press_next(console)
    expect(console.locator("#act")).to_contain_text("Hoàn thành")
    hold_card(start, "Quầy 1", "tran-thi-mau")
    expect(console.locator("section.card")).to_be_visible()
    check(console)

    # the question how it was, on the counter and on the phone
    press_next(console)
    counter = screens.open("/counter/1", COUNTER)
    expect(counter.locator(".question")).to_be_visible()
    check(counter)
    rating = screens.open(f"/t/{busy_hall['called']}", PHONE)
    expect(rating.locator(".rate")).to_be_visible()
    check(rating)
    assert not found, "\n".join(found)


def test_axe_finds_nothing_on_any_screen_of_the_kiosk(
    busy_hall: dict[str, str], screens: Screens, axe: str
) -> None:
    kiosk, start = screens.kiosk(), screens.open("/")
    found = axe_findings(kiosk, axe, **SEVEN_TO_ONE)
    for what in ("Quét thẻ căn cước", "Cần người giúp"):
        kiosk.get_by_role("button", name=what).click()
        found += axe_findings(kiosk, axe, **SEVEN_TO_ONE)
        kiosk.get_by_role("button", name="Quay lại").click()
    kiosk.get_by_role("button", name="Chứng thực").click()
    found += axe_findings(kiosk, axe, **SEVEN_TO_ONE)
    kiosk.locator("button.go").click()
    expect(kiosk.locator("h1.number")).to_be_visible()
    found += axe_findings(kiosk, axe, **SEVEN_TO_ONE)
    hold_card(start, "Máy lấy số", "the-bao-hiem-y-te")
    expect(kiosk.get_by_role("alert")).to_be_visible()
    found += axe_findings(kiosk, axe, **SEVEN_TO_ONE)
    assert not found, "\n".join(found)


@contextmanager
def at_200_percent(page: Page, size: Size) -> Iterator[None]:
    """Everything twice as large on the same screen."""
    page.set_viewport_size(
        {"width": size.at_200_percent.width, "height": size.at_200_percent.height}
    )
    yield
    page.set_viewport_size({"width": size.width, "height": size.height})


def test_at_200_percent_nothing_has_to_be_pushed_sideways(
    busy_hall: dict[str, str], screens: Screens
) -> None:
    wide: list[str] = []

    def check(page: Page, size: Size, what: str) -> None:
        with at_200_percent(page, size):
            if is_wider_than_screen(page):
                wide.append(what)

    console = screens.clerk("1")
    check(console, CLERK, "console, called")
    console.keyboard.press("p")
    check(console, CLERK, "console, question")
    for state, token in busy_hall.items():
        check(screens.open(f"/t/{token}", PHONE), PHONE, f"phone, {state}")
    check(screens.open(f"/p/{house.PROCEDURES[5].code}", PHONE), PHONE, "procedure")
    kiosk = screens.kiosk()
    check(kiosk, KIOSK, "kiosk, start")
    kiosk.get_by_role("button", name="Bảo trợ xã hội").click()
    check(kiosk, KIOSK, "kiosk, service")
    kiosk.locator("button.go").click()
    expect(kiosk.locator("h1.number")).to_be_visible()
    check(kiosk, KIOSK, "kiosk, number")
    check(screens.open("/"), CLERK, "start")
    check(screens.technician(), CLERK, "technician")
    check(screens.open("/clerk/sign-in"), CLERK, "sign-in")
    assert not wide


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
