"""The kiosk by the entrance: cards, codes of the wall, quiet, and what a phone can do later."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from hall_server import facts as f
from motcua.demo import house
from tests.browser.real_hall import RealHall
from tests.browser.screens import (
    PHONE,
    Screens,
    hold_card,
    hold_card_again,
    read_code,
    touch_for_number,
)

pytestmark = pytest.mark.browser

KIOSK = "Máy lấy số"
CHOOSE = "Mời ông, bà chọn việc cần làm"
WALL = house.PROCEDURES[0]


def test_a_card_held_before_the_scanner_gives_its_person_one_number(
    hall: RealHall, screens: Screens
) -> None:
    kiosk, start = screens.kiosk(), screens.open("/")
    asked = kiosk.get_by_role("heading", level=1)
    hold_card(start, KIOSK, "tran-thi-mau")
    expect(asked).to_have_text("Đã đọc thẻ. Mời ông, bà chọn việc")
    assert "MẪU" not in kiosk.locator("body").inner_text().upper(), "the kiosk shows no name"

    # nobody is asked for a card that the kiosk holds, not even after a look at something else
    scan_a_card = kiosk.get_by_role("button", name="Quét thẻ căn cước")
    kiosk.get_by_role("button", name="Cần người giúp").click()
    kiosk.get_by_role("button", name="Quay lại").click()
    expect(asked).to_have_text("Đã đọc thẻ. Mời ông, bà chọn việc")
    expect(scan_a_card).to_have_count(0)

    number = touch_for_number(kiosk, "Chứng thực")
    kiosk.get_by_role("button", name="Xong").click()
    expect(asked).to_have_text(CHOOSE)
    expect(scan_a_card).to_be_visible()

    # somebody else holds a card of another kind, and is told which one it is and what to do
    hold_card(start, KIOSK, "the-bao-hiem-y-te")
    expect(asked).to_have_text("Đây là thẻ bảo hiểm y tế")
    expect(kiosk.locator("#page")).to_contain_text("Mời ông, bà đưa mã QR trên thẻ căn cước")
    kiosk.get_by_role("button", name="Về màn hình chọn việc").click()
    expect(asked).to_have_text(CHOOSE)

    # she comes back for the same: no second number
    hold_card_again(start, KIOSK, "tran-thi-mau", kiosk.get_by_text("Đã đọc thẻ. Mời ông, bà"))
    assert touch_for_number(kiosk, "Chứng thực") == number
    expect(kiosk.locator("#page")).to_contain_text("Ông, bà đã có số này")

    taken = [one.body for one in hall.facts() if isinstance(one.body, f.TicketTaken)][-1]
    assert (taken.number, taken.channel) == (number, "card")
    assert taken.person is not None


def test_a_code_of_the_wall_takes_a_number_without_a_touch(
    hall: RealHall, screens: Screens
) -> None:
    kiosk, start = screens.kiosk(), screens.open("/")
    hold_card(start, KIOSK, f"thu-tuc-{WALL.code}")
    number = kiosk.locator("h1.number")
    expect(number).to_be_visible()
    expect(kiosk.locator(".papers")).to_contain_text(WALL.documents[0])
    taken = [one.body for one in hall.facts() if isinstance(one.body, f.TicketTaken)][-1]
    assert (taken.number, taken.service) == (number.inner_text(), WALL.service)


def test_the_code_of_the_wall_reads_as_its_page(screens: Screens) -> None:
    page = screens.open(f"/p/{WALL.code}", PHONE)
    expect(page.get_by_role("heading", level=1)).to_have_text(WALL.name)
    assert read_code(page, ".code img") == page.url


def test_a_kiosk_left_alone_says_so_and_goes_back_to_its_start(screens: Screens) -> None:
    kiosk = screens.kiosk()
    kiosk.get_by_role("button", name="Hộ tịch").click()
    expect(kiosk.get_by_role("heading", level=1)).to_have_text("Hộ tịch")
    kiosk.clock.fast_forward(37_000)
    expect(kiosk.locator("#soon")).to_contain_text("màn hình về trang đầu. Chạm để giữ lại.")

    kiosk.get_by_role("heading", level=1).click()
    expect(kiosk.locator("#soon")).to_be_hidden()
    kiosk.clock.fast_forward(37_000)
    expect(kiosk.locator("#soon")).to_be_visible()
    kiosk.clock.fast_forward(9_000)
    expect(kiosk.get_by_role("heading", level=1)).to_have_text(CHOOSE)


def test_a_number_left_on_the_kiosk_is_gone_for_the_next_person(screens: Screens) -> None:
    kiosk = screens.kiosk()
    number = touch_for_number(kiosk, "Cư trú")
    # as long as a slip may come, whoever waits for it is not sent away
    expect(kiosk.locator(".take-along")).to_contain_text("Mời ông, bà lấy phiếu")
    kiosk.clock.fast_forward(46_000)
    expect(kiosk.get_by_role("heading", level=1)).to_have_text(CHOOSE)
    assert number not in kiosk.content()


def test_a_kiosk_left_in_english_is_vietnamese_again(screens: Screens) -> None:
    kiosk = screens.kiosk()
    kiosk.get_by_role("link", name="English").click()
    expect(kiosk.get_by_role("heading", level=1)).to_have_text("What have you come for?")
    kiosk.clock.fast_forward(46_000)
    expect(kiosk.get_by_role("heading", level=1)).to_have_text(CHOOSE)


def test_no_other_browser_takes_numbers_at_the_kiosk(screens: Screens) -> None:
    phone = screens.open(f"/kiosk/{house.KIOSK}", PHONE)
    expect(phone.get_by_role("heading", level=1)).to_have_text("Trang này không dành cho ông, bà")
    screens.forgive_status(403)


def test_a_phone_rates_after_the_buttons_have_closed(hall: RealHall, screens: Screens) -> None:
    first = hall.take("chung-thuc")
    hall.take("chung-thuc")
    clerk = hall.clerk("1")
    assert clerk.serve_next() == first["number"]
    # the next person is served: whoever presses now is not the one who was
    clerk.ask("call-next")
    clerk.ask("start")
    assert f.RatingWindowClosed in [type(one.body) for one in hall.facts()[-2:]]

    phone = screens.open(f"/t/{first['token']}", PHONE)
    phone.get_by_role("button", name="Rất hài lòng", exact=True).click()
    expect(phone.locator("#page")).to_contain_text("Cảm ơn ông, bà. Ý kiến đã được ghi nhận.")
    expect(phone.get_by_role("button", name="Rất hài lòng", exact=True)).to_have_count(0)
    given = [one.body for one in hall.facts() if isinstance(one.body, f.RatingGiven)][-1]
    assert given.ticket.endswith(f"-{first['number']}")
    assert (given.level, given.via) == (5, "phone")


def test_a_phone_lets_others_go_first_and_gives_its_number_up(
    hall: RealHall, screens: Screens
) -> None:
    hall.clerk("1")
    one, _, _ = (hall.take("chung-thuc") for _ in range(3))
    phone = screens.open(f"/t/{one['token']}", PHONE)
    expect(phone.locator("#page")).to_contain_text("Ông, bà là người tiếp theo.")

    phone.get_by_role("button", name="Tôi cần thêm thời gian").click()
    phone.get_by_role("button", name="Nhường hai người").click()
    expect(phone.locator("#page")).to_contain_text("Trước ông, bà còn 2 người.")

    # a slip gives nothing up
    phone.get_by_role("button", name="Huỷ số này").click()
    phone.get_by_role("button", name="Giữ nguyên").click()
    expect(phone.locator("#page")).to_contain_text("Trước ông, bà còn 2 người.")
    phone.get_by_role("button", name="Huỷ số này").click()
    phone.get_by_role("button", name="Huỷ số", exact=True).click()
    expect(phone.get_by_role("heading", level=2)).to_have_text("Số này đã được huỷ")
