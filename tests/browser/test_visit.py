"""One citizen's whole visit, through the pages and the devices that people really use."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from hall_server import facts as f
from tests.browser.real_hall import RealHall
from tests.browser.screens import (
    BOARD,
    COUNTER,
    PHONE,
    Screens,
    press_next,
    read_code,
    touch_for_number,
)

pytestmark = pytest.mark.browser


def test_a_citizen_takes_a_number_is_called_is_served_and_rates(
    hall: RealHall, screens: Screens
) -> None:
    board = screens.open("/board", BOARD)
    kiosk = screens.kiosk()
    start = screens.open("/")
    counter = screens.open("/counter/1", COUNTER)
    devices = start.get_by_role("article", name="Quầy 1", exact=True)

    # she touches what she came for, and has a number
    expect(kiosk.get_by_role("heading", level=1)).to_have_text("Mời ông, bà chọn việc cần làm")
    number = touch_for_number(kiosk, "Chứng thực")
    expect(kiosk.locator("#page")).to_contain_text("Số của ông, bà")
    line = board.locator("article.line").filter(has_text="Chứng thực")
    expect(line.locator(".queue b")).to_have_text("1")

    # her phone reads the code, and follows from here on
    phone = screens.open(read_code(kiosk, ".take-along img"), PHONE)
    expect(phone.get_by_role("heading", level=1)).to_have_text(number)
    expect(phone.locator("#page")).to_contain_text("Ông, bà là người tiếp theo.")

    # the clerk opens the counter and calls with one key
    console = screens.sign_in("1")
    expect(console.locator("#queue")).to_contain_text(number)
    expect(console.locator("#act")).to_contain_text("Gọi số tiếp theo")
    press_next(console)
    expect(console.locator("#work .number")).to_have_text(number)

    # the whole hall says so
    expect(board.locator(".called .number")).to_have_text(number)
    expect(board.locator(".called .counter")).to_have_text("Quầy 1")
    expect(line.locator(".queue b")).to_have_count(0)
    expect(counter.locator(".number")).to_have_text(number)
    expect(counter.locator("#page")).to_contain_text("Mời số")
    expect(phone.locator(".go")).to_contain_text("Mời ông, bà đến ngay")
    expect(phone.locator(".go .big")).to_have_text("Quầy 1")
    expect(devices.get_by_alt_text(f"Bảng LED hiện số {number}")).to_be_visible()
    assert (state := hall.panels["counter-1"].state())
    assert (state["ticket"], state["phase"]) == (number, "called")
    if not hall.layout.has_sound:
        expect(start.get_by_role("article", name="Bảng gọi số")).to_contain_text("đến quầy số")

    # served
    expect(console.locator("#act")).to_contain_text("Bắt đầu phục vụ")
    press_next(console)
    expect(console.locator("#act")).to_contain_text("Hoàn thành và mời đánh giá")
    expect(counter.locator("#page")).to_contain_text("Đang phục vụ")
    expect(phone.locator("#page")).to_contain_text("Đang được phục vụ ở quầy 1")
    press_next(console)

    # all buttons invite; one press, and its lamp alone says so
    question = "Ông, bà có hài lòng không?"
    expect(counter.get_by_role("heading", level=1)).to_have_text(question)
    expect(phone.get_by_role("heading", level=1)).to_have_text(question)
    expect(devices.locator(".pad[data-lit]")).to_have_count(5)
    devices.locator(".pad[data-mood=good]").click()
    expect(devices.locator(".pad[data-lit]")).to_have_count(1)
    expect(devices.locator(".pad[data-lit]")).to_contain_text("Hài lòng")

    # thanked, and nobody is told what she chose
    expect(counter.get_by_role("heading", level=1)).to_have_text("Cảm ơn ông, bà")
    assert "hài lòng" not in counter.locator("#page").inner_text().lower()
    expect(phone.locator("#page")).to_contain_text("Cảm ơn ông, bà. Ý kiến đã được ghi nhận.")
    assert "hài lòng" not in phone.locator("#page").inner_text().lower()
    assert "hài lòng" not in console.locator("body").inner_text().lower()

    # and all of it is written down
    ours = [
        fact.body
        for fact in hall.facts()
        if str(getattr(fact.body, "ticket", "")).endswith(f"-{number}")
    ]
    kinds = [type(body) for body in ours]
    assert f.SlipAsked in kinds
    # when the kiosk has printed it is the printer's affair
    assert [kind for kind in kinds if kind not in (f.SlipAsked, f.SlipPrinted)] == [
        f.TicketTaken,
        f.TicketCalled,
        f.ServiceStarted,
        f.ServiceFinished,
        f.RatingGiven,
    ]
    rating = ours[-1]
    assert isinstance(rating, f.RatingGiven)
    assert (rating.level, rating.via, rating.counter) == (4, "buttons", "1")
