"""The clerk's console: one key for each act, a form that fills itself, and nobody else's visit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import APIResponse, Page, Route, expect

from hall_server import facts as f
from tests.browser.real_hall import RealHall
from tests.browser.screens import PHONE, Screens, call_next, hold_card, press_next
from tests.faults.hands import Line, new_request

pytestmark = pytest.mark.browser

NAME = "TRẦN THỊ MẪU"
NUMBER = "001190000001"


def last(hall: RealHall, kind: type[f.Body]) -> f.Body:
    """The newest fact of a kind."""
    return [one.body for one in hall.facts() if isinstance(one.body, kind)][-1]


def test_a_card_at_the_counter_fills_the_form_which_goes_with_the_visit(
    hall: RealHall, screens: Screens
) -> None:
    hall.take("chung-thuc")
    console, start = screens.clerk("1"), screens.open("/")
    call_next(console)
    press_next(console)
    expect(console.locator("#act")).to_contain_text("Hoàn thành")
    expect(console.locator(".card-none")).to_contain_text("Chưa quét thẻ căn cước")

    hold_card(start, "Quầy 1", "tran-thi-mau")
    form = console.locator("section.card")
    expect(form).to_contain_text(NAME)
    expect(form).to_contain_text("02/09/1990")
    expect(form).to_contain_text("Tổ 5, phường Mẫu, thành phố Thử Nghiệm")
    assert NUMBER not in console.content(), "the number on the card is masked"

    press_next(console)
    expect(console.locator("#act")).not_to_contain_text("Hoàn thành")
    expect(form).to_have_count(0)
    assert NAME not in console.content()
    kept = b"".join(one.read_bytes() for one in hall.layout.journal.parent.rglob("*.db*"))
    assert NAME.encode() not in kept
    assert NUMBER.encode() not in kept


def test_the_wrong_card_at_the_counter_is_told_to_the_clerk(
    hall: RealHall, screens: Screens
) -> None:
    hall.take("chung-thuc")
    console, start = screens.clerk("1"), screens.open("/")
    call_next(console)
    hold_card(start, "Quầy 1", "the-bao-hiem-y-te")
    expect(console.locator("#work")).to_contain_text("Đây là thẻ bảo hiểm y tế")


def test_another_counter_never_sees_a_visit(hall: RealHall, screens: Screens) -> None:
    ticket = hall.take("chung-thuc")["number"]
    hers, other, start = screens.clerk("1"), screens.clerk("2"), screens.open("/")
    expect(other.locator("#queue")).to_contain_text(ticket)
    call_next(hers)
    expect(hers.locator("#work .number")).to_have_text(ticket)
    expect(other.locator("#queue")).not_to_contain_text(ticket)

    hold_card(start, "Quầy 1", "tran-thi-mau")
    expect(hers.locator("section.card")).to_contain_text(NAME)
    # what the other is sent, and what she is shown
    told = other.request.get("/api/view/clerk").text()
    for secret in (NAME, "MẪU", ticket):
        assert secret not in told
        assert secret not in other.locator("body").inner_text()
    stranger = screens.open("/", PHONE).request.get("/api/view/clerk")
    assert stranger.status == 401
    assert ticket not in stranger.text()


def test_whoever_takes_over_the_counter_empties_the_other_screen(
    hall: RealHall, screens: Screens
) -> None:
    ticket = hall.take("chung-thuc")["number"]
    first = screens.clerk("1")
    expect(first.locator("#queue")).to_contain_text(ticket)
    second = screens.clerk("1", who="minh")
    expect(first).to_have_url("/clerk/sign-in")
    expect(second.locator("#queue")).to_contain_text(ticket)
    assert ticket not in first.content()


def test_a_second_enter_at_once_does_only_one_step(hall: RealHall, screens: Screens) -> None:
    hall.take("chung-thuc")
    console = screens.clerk("1")
    console.clock.fast_forward(600)
    console.keyboard.press("Enter")
    console.keyboard.press("Enter")
    expect(console.locator("#act")).to_contain_text("Bắt đầu phục vụ")
    expect(console.locator("#work .state")).to_contain_text("đã gọi")


@contextmanager
def slow_to_answer(console: Page, verb: str) -> Iterator[None]:
    """The hall answers ``verb`` only when the block ends; what is pressed in it came before."""
    on_its_way: list[Route] = []
    console.route(f"**/api/clerk/{verb}", lambda route: on_its_way.append(route), times=1)
    with console.expect_request(f"**/api/clerk/{verb}"):
        press_next(console)
    yield
    while not on_its_way:
        console.wait_for_timeout(10)
    on_its_way[0].continue_()


def test_a_key_pressed_before_the_hall_has_answered_is_done_after_its_answer(
    hall: RealHall, screens: Screens
) -> None:
    ticket = hall.take("chung-thuc")["number"]
    console = screens.clerk("1")
    before = len(hall.facts())
    with slow_to_answer(console, "call-next"):
        console.keyboard.press("r")
    expect(console.locator("#work")).to_contain_text(f"Đã gọi lại {ticket}.")
    done = [type(one.body) for one in hall.facts()[before:]]
    assert done.count(f.TicketCalled) == 1
    assert done.count(f.TicketRecalled) == 1


def test_an_enter_for_the_step_that_the_screen_shows_already_is_done_after_the_answer(
    hall: RealHall, screens: Screens
) -> None:
    hall.take("chung-thuc")
    console = screens.clerk("1")
    call_next(console)
    on_its_way: list[tuple[Route, APIResponse]] = []

    def done_but_not_answered(route: Route) -> None:
        on_its_way.append((route, route.fetch()))

    console.route("**/api/clerk/start", done_but_not_answered, times=1)
    press_next(console)
    expect(console.locator("#act")).to_contain_text("Hoàn thành")
    press_next(console)
    while not on_its_way:
        console.wait_for_timeout(10)
    route, answer = on_its_way[0]
    route.fulfill(response=answer)
    expect(console.locator("#work .told")).to_contain_text("Đã xong")


def test_of_the_keys_pressed_before_an_answer_only_the_last_is_done(
    hall: RealHall, screens: Screens
) -> None:
    hall.take("chung-thuc")
    console = screens.clerk("1")
    with slow_to_answer(console, "call-next"):
        console.keyboard.press("n")
        console.keyboard.press("p")
    expect(console.get_by_role("dialog")).to_contain_text("Tạm gác")


def test_a_key_that_no_longer_fits_after_the_answer_is_said_to_have_done_nothing(
    hall: RealHall, screens: Screens
) -> None:
    ticket = hall.take("chung-thuc")["number"]
    console = screens.clerk("1")
    call_next(console)
    with slow_to_answer(console, "start"):
        console.keyboard.press("v")
    expect(console.locator("#work .told")).to_contain_text(f"Bắt đầu phục vụ {ticket}.")
    expect(console.locator("#work .told")).to_contain_text("Phím V bấm khi máy chưa kịp trả lời")


def test_an_impatient_enter_before_the_answer_goes_no_step_further_and_says_so(
    hall: RealHall, screens: Screens
) -> None:
    hall.take("chung-thuc")
    console = screens.clerk("1")
    with slow_to_answer(console, "call-next"):
        press_next(console)
    expect(console.locator("#work .told")).to_contain_text("Phím Enter bấm khi máy chưa kịp")
    expect(console.locator("#act")).to_contain_text("Bắt đầu phục vụ")
    assert not hall.clerk("1").view()["ticket"]["started_ms"]


def test_who_does_not_come_is_called_again_and_then_marked_absent(
    hall: RealHall, screens: Screens
) -> None:
    ticket = hall.take("chung-thuc")["number"]
    console = screens.clerk("1")
    call_next(console)
    console.keyboard.press("r")
    expect(console.locator("#work")).to_contain_text(f"Đã gọi lại {ticket}.")

    # a slip is taken back within five seconds, and nothing was done
    console.keyboard.press("v")
    expect(console.locator("#act")).to_contain_text(f"Ghi {ticket} vắng mặt")
    console.keyboard.press("z")
    expect(console.locator("#work")).to_contain_text(f"Giữ nguyên {ticket}.")
    console.clock.fast_forward(6_000)
    expect(console.locator("#work .number")).to_have_text(ticket)

    console.keyboard.press("v")
    expect(console.locator("#act")).to_contain_text(f"Ghi {ticket} vắng mặt")
    console.clock.fast_forward(5_100)
    expect(console.locator("#work")).to_contain_text(f"Đã ghi {ticket} vắng mặt.")
    expect(console.locator("#queue")).to_contain_text("vắng 1 lần")
    assert sum(isinstance(one.body, f.NoShow) for one in hall.facts()) == 1


def test_a_finish_is_undone_by_one_key(hall: RealHall, screens: Screens) -> None:
    ticket = hall.take("chung-thuc")["number"]
    console = screens.clerk("1")
    for label in ("Bắt đầu phục vụ", "Hoàn thành"):
        press_next(console)
        expect(console.locator("#act")).to_contain_text(label)
    press_next(console)
    expect(console.locator("#work")).to_contain_text(f"Đã xong {ticket}.")
    console.keyboard.press("z")
    expect(console.locator("#work .number")).to_have_text(ticket)
    expect(console.locator("#act")).to_contain_text("Hoàn thành")
    assert isinstance(last(hall, f.FinishUndone), f.FinishUndone)


def test_nobody_is_told_of_the_undo_key_once_the_citizen_has_rated(
    hall: RealHall, screens: Screens
) -> None:
    ticket = hall.take("chung-thuc")
    console = screens.clerk("1")
    call_next(console)
    press_next(console)
    expect(console.locator("#act")).to_contain_text("Hoàn thành")
    press_next(console)
    told = console.locator("#work .told")
    expect(told).to_have_text(f"Đã xong {ticket['number']}. Bấm Z nếu bấm nhầm.")
    rating = {"request_id": new_request(), "level": 5}
    sent = Line(hall.layout.web_port).post(f"/api/ticket/{ticket['token']}/rate", rating)
    assert sent[0] == 200, sent
    expect(told).to_have_text(f"Đã xong {ticket['number']}.")
    expect(console.locator("button[data-do=undo]")).to_be_disabled()


def test_a_number_is_set_aside_and_comes_back_by_keyboard_alone(
    hall: RealHall, screens: Screens
) -> None:
    ticket = hall.take("chung-thuc")["number"]
    console = screens.clerk("1")
    call_next(console)

    console.keyboard.press("p")
    question = console.get_by_role("dialog")
    expect(question).to_contain_text(f"Tạm gác {ticket} vì sao?")
    console.keyboard.press("Escape")
    expect(question).to_be_hidden()
    expect(console.locator("#work .number")).to_have_text(ticket)

    console.keyboard.press("p")
    console.keyboard.press("2")
    expect(console.locator("#queue")).to_contain_text("Đang tạm gác")
    parked = last(hall, f.TicketParked)
    assert isinstance(parked, f.TicketParked)
    assert parked.reason == "Đi photo giấy tờ"

    # into the list, on the ticket, and back into the line
    console.keyboard.press("g")
    expect(console.locator("#queue button.line")).to_be_focused()
    console.keyboard.press("Enter")
    expect(question).to_contain_text("Cho vào lại hàng chờ")
    console.keyboard.press("1")
    expect(console.locator("#queue")).not_to_contain_text("Đang tạm gác")
    expect(console.locator("#queue")).to_contain_text(ticket)


def test_a_reason_of_ones_own_is_written_by_keyboard_alone(
    hall: RealHall, screens: Screens
) -> None:
    hall.take("chung-thuc")
    console = screens.clerk("1")
    call_next(console)
    console.keyboard.press("p")
    console.get_by_label("Lý do khác").focus()
    console.keyboard.type("Chờ con mang giấy 12 đến")
    console.keyboard.press("Enter")
    expect(console.locator("#queue")).to_contain_text("Đang tạm gác")
    parked = last(hall, f.TicketParked)
    assert isinstance(parked, f.TicketParked)
    assert parked.reason == "Chờ con mang giấy 12 đến"


def test_a_visit_goes_on_at_another_counter(hall: RealHall, screens: Screens) -> None:
    hall.clerk("2")
    ticket = hall.take("chung-thuc")["number"]
    console = screens.clerk("1")
    call_next(console)
    console.keyboard.press("t")
    question = console.get_by_role("dialog")
    expect(question).to_contain_text(f"Chuyển {ticket} sang lĩnh vực nào?")
    console.keyboard.press("2")
    expect(question).to_contain_text(f"Chuyển {ticket} đến quầy nào?")
    expect(question).to_contain_text("Quầy 2đang mở")
    console.keyboard.press("ArrowDown")
    console.keyboard.press("Enter")
    expect(console.locator("#work")).to_contain_text(f"Đã chuyển {ticket}.")
    sent = last(hall, f.TicketTransferred)
    assert isinstance(sent, f.TicketTransferred)
    assert (sent.service, sent.to_counter) == ("ho-tich", "2")
    assert hall.clerk("2").view()["waiting"][0]["number"] == ticket


def test_a_break_stops_the_calling_until_it_is_over(hall: RealHall, screens: Screens) -> None:
    hall.take("chung-thuc")
    console, display = screens.clerk("2"), screens.open("/counter/2")
    console.keyboard.press("b")
    expect(console.get_by_role("dialog")).to_contain_text("Tạm nghỉ vì sao?")
    console.keyboard.press("1")
    expect(console.locator("#bar")).to_contain_text("Đang tạm nghỉ")
    expect(display.locator("#page")).to_contain_text("Quầy tạm nghỉ ít phút")
    expect(console.locator("#act")).to_contain_text("Phục vụ trở lại")
    press_next(console)
    expect(console.locator("#act")).to_contain_text("Gọi số tiếp theo")


def test_a_clerk_takes_a_number_for_somebody_who_cannot(hall: RealHall, screens: Screens) -> None:
    console = screens.clerk("1")
    expect(console.locator("#queue")).to_contain_text("Chưa có ai chờ.")
    console.keyboard.press("n")
    expect(console.get_by_role("dialog")).to_contain_text("Lấy số hộ: lĩnh vực nào?")
    console.keyboard.press("1")
    expect(console.get_by_role("dialog")).to_contain_text("Ông, bà thuộc diện ưu tiên nào?")
    console.keyboard.press("3")
    expect(console.locator("#work")).to_contain_text("Mời nói số này cho ông, bà.")
    expect(console.locator("#queue")).to_contain_text("★ Người cao tuổi")
    taken = last(hall, f.TicketTaken)
    assert isinstance(taken, f.TicketTaken)
    assert (taken.channel, taken.priority, taken.priority_by) == ("staff", "elderly", "hoa")


def test_a_wrong_pin_is_answered_politely_and_opens_nothing(
    hall: RealHall, screens: Screens
) -> None:
    page = screens.open("/clerk/sign-in")
    page.locator("#clerk").fill("lan")
    page.locator("#counter").select_option("4")
    page.locator("#pin").fill("not-a-pin")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("Tên hoặc mã PIN chưa đúng. Mời nhập lại.")
    expect(page.locator("#clerk")).to_have_value("lan")
    expect(page.locator("#pin")).to_be_focused()
    screens.forgive_status(401)
    screens.forgive_status(403)
    expect(screens.open("/counter/4").locator("#page")).to_contain_text("Quầy chưa mở")


def test_signing_out_closes_the_counter(screens: Screens) -> None:
    console, display = screens.clerk("2"), screens.open("/counter/2")
    expect(display.locator("#page")).not_to_contain_text("Quầy chưa mở")
    console.get_by_role("button", name="Đăng xuất").click()
    expect(console).to_have_url("/clerk/sign-in")
    expect(display.locator("#page")).to_contain_text("Quầy chưa mở")
