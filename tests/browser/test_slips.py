"""The kiosk's printer, from the touch to the paper and back to the screen: every part is real
but the paper."""

from __future__ import annotations

import http.client
import io

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from hall_server import facts as f
from motcua.demo import house
from tests.browser.real_hall import RealHall
from tests.browser.screens import Screens, touch_for_number
from tests.parts import LOOPBACK, until

pytestmark = pytest.mark.browser


def slip_in_hand(hall: RealHall) -> str:
    """What a phone reads on the last slip that came out of the kiosk."""
    line = http.client.HTTPConnection(LOOPBACK, hall.layout.panel_ports[house.KIOSK], timeout=10)
    line.request("GET", "/slip.png")
    answer = line.getresponse()
    picture = answer.read()
    line.close()
    assert answer.status == 200, picture
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)).convert("L"))
    return found.text


def slips(hall: RealHall) -> list[f.SlipAsked | f.SlipPrinted]:
    return [one.body for one in hall.facts() if isinstance(one.body, f.SlipAsked | f.SlipPrinted)]


def test_a_number_has_its_slip_and_a_second_one_for_the_asking(
    hall: RealHall, screens: Screens
) -> None:
    kiosk = screens.kiosk()
    told = kiosk.locator(".take-along h2")
    numbers = len([one for one in hall.facts() if isinstance(one.body, f.TicketTaken)])
    before = len(slips(hall))
    number = touch_for_number(kiosk, "Chứng thực")
    expect(told).to_have_text("Mời ông, bà lấy phiếu")
    taken = [one.body for one in hall.facts() if isinstance(one.body, f.TicketTaken)]
    assert slip_in_hand(hall) == f"{hall.origin}/t/{taken[-1].token}"
    assert taken[-1].number == number

    kiosk.get_by_role("button", name="In lại").click()
    until(lambda: len(slips(hall)) == before + 4, "a second slip is asked for and printed")
    expect(told).to_have_text("Mời ông, bà lấy phiếu")
    first, first_end, second, second_end = slips(hall)[before:]
    assert isinstance(first, f.SlipAsked)
    assert isinstance(second, f.SlipAsked)
    assert (first.ticket, first.again, second.again) == (second.ticket, False, True)
    assert isinstance(first_end, f.SlipPrinted)
    assert isinstance(second_end, f.SlipPrinted)
    assert first_end.ok
    assert second_end.ok
    assert len([one for one in hall.facts() if isinstance(one.body, f.TicketTaken)]) == numbers + 1


def test_a_clerk_has_a_slip_printed_again(hall: RealHall, screens: Screens) -> None:
    kiosk = screens.kiosk()
    number = touch_for_number(kiosk, "Chứng thực")
    expect(kiosk.locator(".take-along h2")).to_have_text("Mời ông, bà lấy phiếu")
    console: Page = screens.clerk("1")
    console.locator("#queue button", has_text=number).click()
    console.get_by_role("button", name="In lại phiếu").click()
    expect(console.locator("#work")).to_contain_text(f"Đã in phiếu {number} ở {house.KIOSK}.")


def test_a_kiosk_whose_node_is_gone_tells_of_it_and_shows_number_and_code(
    hall: RealHall, screens: Screens
) -> None:
    technician = screens.technician()
    kiosk = screens.kiosk()
    hall.nodes[house.KIOSK].kill()
    try:
        expect(technician.locator("main")).to_contain_text("Mất kết nối")
        number = touch_for_number(kiosk, "Hộ tịch")
        told = kiosk.locator(".take-along")
        expect(told).to_contain_text("Máy in không trả lời")
        expect(told).to_contain_text(f"Số của ông, bà là {number} và vẫn được giữ.")
        expect(kiosk.locator(".take-along img")).to_be_visible()
    finally:
        hall.nodes[house.KIOSK].launch()
        hall.nodes[house.KIOSK].wait_up()
    # the node heard of it too late, or just in time; either way the screen knows at the end
    expect(told).not_to_contain_text("Đang in phiếu")
