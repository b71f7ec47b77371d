"""When the hall goes away: every page says so, keeps what it knew, and comes back by itself."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.real_hall import RealHall
from tests.browser.screens import BOARD, COUNTER, PHONE, Screens
from tests.parts import until

pytestmark = pytest.mark.browser


def test_pages_keep_what_they_knew_while_the_hall_is_away_and_come_back(
    hall: RealHall, screens: Screens
) -> None:
    ticket = hall.take("chung-thuc")
    hall.take("chung-thuc")
    hall.clerk("1").ask("call-next")
    known = {
        screens.open("/board", BOARD): ticket["number"],
        screens.kiosk(): "Chứng thực",
        screens.open("/counter/1", COUNTER): ticket["number"],
        screens.open(f"/t/{ticket['token']}", PHONE): ticket["number"],
        screens.clerk("1"): ticket["number"],
        screens.technician(): "counter-1",
    }
    for page, words in known.items():
        expect(page.locator("body")).to_contain_text(words)
        expect(page.locator("#stale")).to_be_hidden()

    hall.hall.kill()
    for page, words in known.items():
        expect(page.locator("#stale")).to_contain_text("Mất kết nối, đang thử lại.")
        expect(page.locator("#stale")).to_contain_text("giây")
        assert page.evaluate("'stale' in document.documentElement.dataset")
        faded = page.locator(".fades").first
        expect(faded).to_contain_text(words) if page.url.endswith("board") else None
        assert words in page.locator("body").inner_text()

    hall.hall.start()
    for page, words in known.items():
        expect(page.locator("#stale")).to_be_hidden()
        expect(page.locator("body")).to_contain_text(words)
    # and they are alive: the next thing that happens is seen
    hall.clerk("1").ask("start")
    phone = next(page for page in known if "/t/" in page.url)
    expect(phone.locator("#page")).to_contain_text("Đang được phục vụ ở quầy 1")
    screens.forgive_lost_connections()


def test_a_phone_silent_for_long_says_how_old_its_news_is(hall: RealHall, screens: Screens) -> None:
    ticket = hall.take("ho-tich")
    phone = screens.open(f"/t/{ticket['token']}", PHONE, own=True)
    expect(phone.get_by_role("heading", level=1)).to_have_text(ticket["number"])
    phone.context.set_offline(True)
    phone.clock.fast_forward(125_000)
    expect(phone.locator("#stale")).to_contain_text("cách đây 2 phút")
    phone.context.set_offline(False)
    phone.clock.fast_forward(15_000)
    expect(phone.locator("#stale")).to_be_hidden()
    screens.forgive_lost_connections()


def test_a_page_in_a_hidden_tab_gives_its_connection_back_and_is_right_when_looked_at(
    hall: RealHall, screens: Screens
) -> None:
    ticket = hall.take("chung-thuc")
    hall.clerk("1")
    phone = screens.open(f"/t/{ticket['token']}", PHONE, own=True)
    expect(phone.locator(".wait")).to_be_visible()
    pages_before = hall.live_pages()
    look_away(phone, hidden=True)
    until(lambda: hall.live_pages() < pages_before, "the hall has one live page less")

    hall.clerk("1").ask("call-next")
    phone.clock.fast_forward(120_000)
    expect(phone.locator("#stale")).to_be_hidden()
    look_away(phone, hidden=False)
    expect(phone.locator(".go .big")).to_have_text("Quầy 1")
    expect(phone.locator("#stale")).to_be_hidden()


def look_away(page: Page, *, hidden: bool) -> None:
    """Another tab is before this one, or no longer."""
    page.evaluate(
        """hidden => {
          Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )
