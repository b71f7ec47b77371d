"""The hall's screens in Chromium, and what people do at them."""

from __future__ import annotations

import io
import re
from contextlib import suppress
from typing import Final, NamedTuple

import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from motcua.demo import house
from tests.browser.real_hall import CLERK_OF, RealHall

PATIENCE_MS: Final = 15_000
"""Far beyond what anything needs."""
BETWEEN_STEPS_MS: Final = 600
"""The console takes a second Enter so soon after the first for a slip."""
MOST_LIVE_PAGES: Final = 4
"""Chromium opens six connections of a profile to one hall, and each live page keeps one."""


class Size(NamedTuple):
    """A screen in CSS pixels."""

    width: int
    height: int

    @property
    def at_200_percent(self) -> Size:
        """What is left of it when everything is twice as large."""
        return Size(self.width // 2, self.height // 2)


BOARD: Final = Size(1920, 1080)
KIOSK: Final = Size(1080, 1920)
CLERK: Final = Size(1366, 768)
PHONE: Final = Size(390, 844)
COUNTER: Final = Size(1280, 800)
DESK: Final = Size(1440, 1000)


class Screens:
    """All screens of one test; :attr:`complaints` has every error that a page met."""

    def __init__(self, browser: Browser, hall: RealHall) -> None:
        self._browser = browser
        self.hall = hall
        self.complaints: list[str] = []
        self._contexts: list[BrowserContext] = []
        self._shared: dict[str, BrowserContext] = {}

    def open(self, path: str, size: Size = DESK, *, lang: str = "vi", own: bool = False) -> Page:
        """A page; ``own`` in a browser profile of its own, whose clock can be moved on."""
        context = None if own else self._shared.get(lang)
        if context is None or len(context.pages) >= MOST_LIVE_PAGES:
            context = self._profile(lang)
        if not own:
            self._shared[lang] = context
        return self._page(context, path, size, clock=own)

    def _page(self, context: BrowserContext, path: str, size: Size, *, clock: bool) -> Page:
        page = context.new_page()
        page.set_viewport_size({"width": size.width, "height": size.height})
        if clock:
            page.clock.install()
        page.on("pageerror", lambda error: self.complaints.append(f"{path}: {error}"))
        page.on("console", lambda message: self._heard(path, message))
        page.goto(path)
        return page

    def _profile(self, lang: str) -> BrowserContext:
        context = self._browser.new_context(base_url=self.hall.origin, reduced_motion="reduce")
        context.set_default_timeout(PATIENCE_MS)
        if lang != "vi":
            context.add_cookies([{"name": "lang", "value": lang, "url": self.hall.origin}])
        self._contexts.append(context)
        return context

    def _heard(self, path: str, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{path}: {message.text} ({message.location.get('url', '')})")

    def forgive_lost_connections(self) -> None:
        """The hall was killed: that requests failed meanwhile is as it should be."""
        self.complaints = [
            one for one in self.complaints if "net::ERR_" not in one or self.hall.origin not in one
        ]

    def forgive_status(self, status: int) -> None:
        """A page was refused, as it should be; Chromium says so among its errors."""
        self.complaints = [one for one in self.complaints if f"status of {status}" not in one]

    def close(self) -> None:
        """Close them all."""
        for context in self._contexts:
            context.close()

    # ------------------------------------------------------------------ people at the screens

    def kiosk(self, size: Size = KIOSK, *, lang: str = "vi") -> Page:
        """The kiosk by the entrance, at its start."""
        return self.open(self.hall.kiosk_address, size, lang=lang, own=True)

    def clerk(self, counter: str, size: Size = CLERK, *, lang: str = "vi", who: str = "") -> Page:
        """The console at ``counter``, where its clerk (or ``who``) has signed in before."""
        name = who or CLERK_OF[counter]
        context = self._profile(lang)
        form = context.request.get("/clerk/sign-in").text()
        token = re.search(r'name="csrf_token" value="([^"]+)"', form)
        assert token is not None, form
        entered = {"clerk": name, "pin": self.hall.layout.pins[name], "counter": counter}
        answer = context.request.post(
            "/clerk/sign-in", form={**entered, "csrf_token": token[1]}, max_redirects=0
        )
        assert answer.status == 303, answer.text()
        page = self._page(context, "/clerk", size, clock=True)
        expect(page.locator("#act")).to_be_visible()
        return page

    def sign_in(self, counter: str) -> Page:
        """The console at ``counter``, whose clerk signs in as people do."""
        page = self.open("/clerk/sign-in", CLERK, own=True)
        page.locator("#clerk").fill(CLERK_OF[counter])
        page.locator("#counter").select_option(counter)
        page.locator("#pin").fill(self.hall.layout.pins[CLERK_OF[counter]])
        page.keyboard.press("Enter")
        expect(page.locator("#act")).to_be_visible()
        return page

    def technician(self) -> Page:
        """The technician's page, signed in."""
        page = self.open("/technician/sign-in")
        name = next(one.id for one in house.WORKERS if one.role == "technician")
        page.locator("#clerk").fill(name)
        page.locator("#pin").fill(self.hall.layout.pins[name])
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_contain_text("kiosk-1")
        return page


def press_next(page: Page) -> None:
    """Enter at the console, as somebody does who has looked up since the last time."""
    page.clock.fast_forward(BETWEEN_STEPS_MS)
    page.keyboard.press("Enter")


def call_next(page: Page) -> None:
    """Call the next number at the console, and see that the hall has done it."""
    press_next(page)
    expect(page.locator("#act")).to_contain_text("Bắt đầu phục vụ")
    expect(page.locator("#work .told")).to_contain_text("Đã gọi")


def touch_for_number(kiosk: Page, service: str) -> str:
    """Touch ``service`` and then the button that takes a number; the number."""
    kiosk.get_by_role("button", name=service).click()
    kiosk.locator("button.go").click()
    number = kiosk.locator("h1.number")
    expect(number).to_be_visible()
    return number.inner_text()


def hold_card(start: Page, place: str, card: str) -> None:
    """Hold a made-up ``card`` (its id) before the scanner at ``place`` of the start page."""
    node = start.get_by_role("article", name=place, exact=True)
    node.locator("select").select_option(card)
    node.get_by_role("button", name="Đưa trước máy quét").click()


def hold_card_again(start: Page, place: str, card: str, then: Locator) -> None:
    """Hold ``card`` a second time, until ``then`` shows: held too soon it is the same holding."""
    for _ in range(4):
        hold_card(start, place, card)
        with suppress(PlaywrightTimeoutError):
            then.wait_for(timeout=6_000)
            return
    raise AssertionError(f"{card} held again at {place}: nothing came of it")


def read_code(page: Page, selector: str) -> str:
    """What a phone's camera reads from a QR code on the screen."""
    picture = page.locator(selector)
    page.wait_for_function(
        "one => document.querySelector(one).complete && document.querySelector(one).naturalWidth",
        arg=selector,
    )
    found = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture.screenshot())))
    assert len(found) == 1, f"{len(found)} codes in {selector}"
    return found[0].text
