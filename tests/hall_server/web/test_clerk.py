"""Clerks sign in with a PIN and act at their own counter; nobody sees another's visit."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from hall_server.identity.scan import CitizenCard, read
from tests.hall_server.web.web_hall import PIN, Browser, WebHall, request_id, token_of

CARD = "001190000001|012000001|TRẦN THỊ MẪU|02091990|Nữ|Tổ 5, phường Mẫu|15082021"


def test_signing_in_opens_the_counter_and_signing_out_closes_it(hall: WebHall) -> None:
    clerk = hall.signed_in("ha", "1")
    assert hall.runtime.view.counters["1"].clerk == "ha"
    page = clerk.get("/clerk")
    assert (page.state["clerk_name"], page.state["counter"]) == ("Cán bộ Ha", "1")
    assert page.state["yours"] is True
    answer = clerk.form("/clerk/sign-out", csrf_token=clerk.csrf)
    assert (answer.status, answer.headers["location"]) == (303, "/clerk/sign-in")
    assert hall.runtime.view.counters["1"].phase == "closed"
    assert clerk.get("/clerk").status == 303


def test_a_visit_goes_from_the_call_to_the_finish(hall: WebHall, browser: Browser) -> None:
    browser.take()
    clerk = hall.signed_in("ha", "1")
    for verb, phase in (("call-next", "called"), ("recall", "called"), ("start", "serving")):
        assert clerk.clerk(verb).json == {"ok": True, "number": "A001"}
        assert clerk.get("/api/view/clerk").json["ticket"]["phase"] == phase
    assert clerk.clerk("finish").json == {"ok": True, "number": "A001"}
    view = clerk.get("/api/view/clerk").json
    assert (view["ticket"], view["undo"], view["rating_open"]) == (None, "A001", True)
    assert view["today"]["served"] == 1
    assert clerk.clerk("undo").json["number"] == "A001"
    assert clerk.get("/api/view/clerk").json["ticket"]["phase"] == "serving"


def test_a_ticket_is_parked_brought_back_sent_on_and_dropped(
    hall: WebHall, browser: Browser
) -> None:
    browser.take()
    clerk = hall.signed_in("ha", "1")
    clerk.clerk("call-next")
    assert clerk.clerk("park", reason=" ").json["code"] == "reason_needed"
    assert clerk.clerk("park", reason="thiếu giấy tờ").status == 200
    (parked,) = clerk.get("/api/view/clerk").json["parked"]
    assert clerk.clerk("unpark", ticket=parked["ticket"]).status == 200
    assert clerk.clerk("priority", ticket=parked["ticket"], reason="elderly").status == 200
    assert clerk.clerk("call", ticket=parked["ticket"], reason="đã hẹn").status == 200
    assert clerk.get("/api/view/clerk").json["ticket"]["reason"] == "đã hẹn"
    assert clerk.clerk("transfer", service="dat-dai", to_counter="3").status == 200
    other = hall.signed_in("chi", "3")
    assert other.get("/api/view/clerk").json["waiting"][0]["number"] == "A001"
    assert other.clerk("call-next").json["number"] == "A001"
    assert other.clerk("no-show").status == 200
    assert other.clerk("cancel", ticket=parked["ticket"]).status == 200
    assert other.get("/api/view/clerk").json["waiting_total"] == 0


def test_the_line_of_a_service_that_her_counter_does_not_serve_is_not_hers(
    hall: WebHall, browser: Browser
) -> None:
    browser.take("dat-dai")
    (ticket,) = hall.runtime.view.tickets
    clerk, other = hall.signed_in("ha", "1"), hall.signed_in("chi", "3")
    for verb, words in (("priority", {"reason": "elderly"}), ("cancel", {})):
        assert clerk.clerk(verb, ticket=ticket, **words).json["code"] == "not_served_here"
    assert other.clerk("call-next").status == 200
    assert other.clerk("park", reason="thiếu giấy tờ").status == 200
    assert clerk.clerk("unpark", ticket=ticket).json["code"] == "not_served_here"
    for verb, words in (("unpark", {}), ("priority", {"reason": "elderly"}), ("cancel", {})):
        assert other.clerk(verb, ticket=ticket, **words).status == 200


def test_a_break_has_a_reason_and_an_end(hall: WebHall) -> None:
    clerk = hall.signed_in("ha", "1")
    assert clerk.clerk("pause", reason="họp").status == 200
    assert clerk.clerk("call-next").json["code"] == "counter_paused"
    assert clerk.get("/api/view/clerk").json["pause_reason"] == "họp"
    assert clerk.clerk("resume").status == 200


def test_a_clerk_takes_a_ticket_for_somebody(hall: WebHall) -> None:
    clerk = hall.signed_in("ha", "1")
    answer = clerk.clerk("take", service="dat-dai", priority="disabled").json
    assert answer["ticket"]["number"] == "D001"
    (ticket,) = hall.runtime.view.tickets.values()
    assert (ticket.channel, ticket.priority) == ("staff", "disabled")


def test_a_click_that_is_sent_twice_calls_once(hall: WebHall, browser: Browser) -> None:
    browser.take()
    browser.take()
    clerk = hall.signed_in("ha", "1")
    same = request_id()
    first = clerk.clerk("call-next", request_id=same)
    assert clerk.clerk("call-next", request_id=same).json == first.json
    assert len(hall.runtime.view.calls) == 1


def test_two_clerks_who_call_at_once_get_different_tickets(hall: WebHall, browser: Browser) -> None:
    for _ in range(20):
        browser.take()
    clerks = [hall.signed_in("ha", "1"), hall.signed_in("binh", "2")]

    def serve_ten(clerk: Browser) -> list[str]:
        numbers = []
        for _ in range(10):
            numbers.append(clerk.clerk("call-next").json["number"])
            clerk.clerk("start")
            clerk.clerk("finish")
        return numbers

    with ThreadPoolExecutor(2) as both:
        served = [number for some in both.map(serve_ten, clerks) for number in some]
    assert sorted(served) == [f"A{one:03d}" for one in range(1, 21)]


def test_a_refusal_says_what_happened_and_what_to_do(hall: WebHall) -> None:
    answer = hall.signed_in("ha", "1").clerk("call-next")
    assert (answer.status, answer.json["code"]) == (409, "nobody_waiting")
    assert "quầy" in answer.json["message"]


# ------------------------------------------------------------------ who may


@pytest.mark.parametrize("path", ["/api/clerk/call-next", "/clerk/sign-out"])
def test_a_command_without_the_pages_token_is_refused(
    hall: WebHall, browser: Browser, path: str
) -> None:
    browser.take()
    clerk = hall.signed_in("ha", "1")
    clerk.csrf = ""
    assert clerk.post(path).status == 403
    clerk.csrf = "a guess"
    assert clerk.post(path).status == 403
    assert hall.runtime.view.calls == []
    assert hall.runtime.view.counters["1"].phase == "open"


def test_nobody_calls_without_signing_in(browser: Browser) -> None:
    browser.take()
    answer = browser.clerk("call-next")
    assert (answer.status, answer.json["code"]) == (401, "signed_out")
    assert browser.get("/api/view/clerk").status == 401
    assert browser.get("/api/view/technician").status == 401


def test_a_wrong_pin_opens_nothing_and_tells_no_names(hall: WebHall, browser: Browser) -> None:
    wrong = browser.sign_in("ha", "1", pin="0000")
    nobody = browser.sign_in("nobody-of-that-name", "1", pin="0000")
    assert (wrong.status, nobody.status) == (401, 401)
    assert wrong.state["message"] == nobody.state["message"]
    assert hall.runtime.view.counters == {}
    assert browser.get("/clerk").status == 303
    assert "0000" not in wrong.text


def test_five_wrong_pins_shut_the_name_and_the_address_for_a_while(
    hall: WebHall, browser: Browser
) -> None:
    for _ in range(5):
        assert browser.sign_in("ha", "1", pin="0000").status == 401
    assert browser.sign_in("ha", "1", pin=PIN).status == 429
    assert hall.browser().sign_in("binh", "2", pin=PIN).status == 429  # the same address
    assert hall.runtime.view.counters == {}


def test_a_sign_in_needs_the_token_of_its_page(hall: WebHall, browser: Browser) -> None:
    answer = browser.form("/clerk/sign-in", clerk="ha", counter="1", pin=PIN)
    assert (answer.status, answer.headers["location"]) == (303, "/clerk/sign-in")
    browser.get("/clerk/sign-in")
    answer = browser.form("/clerk/sign-in", clerk="ha", counter="1", pin=PIN, csrf_token="a guess")
    assert answer.headers["location"] == "/clerk/sign-in"
    assert hall.runtime.view.counters == {}


def test_a_script_may_sign_in_too(browser: Browser) -> None:
    browser.csrf = token_of(browser.get("/clerk/sign-in"))
    answer = browser.post("/clerk/sign-in", {"clerk": "ha", "counter": "1", "pin": PIN})
    assert answer.json == {"ok": True, "next": "/clerk"}


def test_a_counter_with_a_visit_going_on_is_not_taken_over(hall: WebHall, browser: Browser) -> None:
    browser.take()
    hall.signed_in("ha", "1").clerk("call-next")
    answer = hall.browser().sign_in("binh", "1")
    assert answer.status == 409
    assert "quầy khác" in answer.state["message"]


def test_signing_out_in_the_middle_of_a_visit_is_refused(hall: WebHall, browser: Browser) -> None:
    browser.take()
    clerk = hall.signed_in("ha", "1")
    clerk.clerk("call-next")
    answer = clerk.post("/clerk/sign-out")
    assert (answer.status, answer.json["code"]) == (409, "counter_busy")
    assert clerk.get("/clerk").status == 200


def test_a_session_ends_with_its_hours_and_with_signing_out_everywhere(hall: WebHall) -> None:
    clerk = hall.signed_in("ha", "1")
    copied = hall.browser()
    copied.cookies, copied.csrf = dict(clerk.cookies), clerk.csrf
    assert copied.get("/api/view/clerk").status == 200
    clerk.post("/clerk/sign-out")
    assert copied.get("/api/view/clerk").status == 401
    again = hall.signed_in("ha", "1")
    assert copied.get("/api/view/clerk").status == 401
    hall.shift_ms += round(hall.settings.web.session_hours * 3_600_000)
    assert again.get("/api/view/clerk").status == 401


def test_the_session_cookie_is_for_this_site_and_no_script(hall: WebHall) -> None:
    cookie = hall.browser().get("/clerk/sign-in").headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    key = hall.settings.data_dir / "web-secret.key"
    assert key.stat().st_mode & 0o777 == 0o600


def test_pages_for_everybody_set_no_session(hall: WebHall, browser: Browser) -> None:
    token = browser.take()["token"]
    for path in ("/", "/board", "/kiosk/kiosk-1", "/counter/1", f"/t/{token}", "/p/khai-sinh"):
        browser.get(path)
    assert browser.cookies == {}


def test_a_technician_is_no_clerk_and_a_clerk_no_technician(hall: WebHall) -> None:
    technician = hall.browser()
    assert technician.sign_in("ky-thuat", role="technician").status == 303
    assert technician.get("/api/view/technician").json["version"] == "1.2.3"
    assert technician.clerk("call-next").status == 401
    clerk = hall.signed_in("ha", "1")
    assert clerk.get("/api/view/technician").status == 401
    assert clerk.get("/technician").status == 303
    assert hall.browser().sign_in("ky-thuat", "2").status == 401
    assert hall.browser().sign_in("ha", role="technician").status == 401


# ------------------------------------------------------------------ another's visit


def test_a_clerk_never_sees_the_visit_or_the_card_of_another(
    hall: WebHall, browser: Browser
) -> None:
    browser.take()
    hers = hall.signed_in("ha", "1")
    hers.clerk("call-next")
    hers.clerk("start")
    one = hall.runtime.view.counters["1"]
    card = read(CARD)
    assert isinstance(card, CitizenCard)
    hall.forms.fill("1", one.clerk, one.ticket, card, hall.wall_ms())
    view = hers.get("/api/view/clerk").json
    assert view["card"]["name"] == "TRẦN THỊ MẪU"
    assert "000001" not in json.dumps(view["card"])
    other = hall.signed_in("binh", "2")
    everything = [
        other.get("/api/view/clerk"),
        other.get("/clerk"),
        browser.get("/board"),
        browser.get("/counter/1"),
        browser.get("/api/view/counter/1"),
    ]
    assert all("TRẦN" not in one.text for one in everything)
    assert other.get("/api/view/clerk").json["ticket"] is None
    ticket = view["ticket"]["ticket"]
    assert other.clerk("cancel", ticket=ticket).json["code"] == "not_your_counter"
    assert other.clerk("finish").json["code"] == "no_ticket_here"
    assert hall.runtime.view.tickets[ticket].phase == "serving"


def test_a_console_whose_counter_was_handed_over_tells_nothing(
    hall: WebHall, browser: Browser
) -> None:
    first = hall.signed_in("ha", "1")
    second = hall.signed_in("binh", "1")
    browser.take()
    second.clerk("call-next")
    view = first.get("/api/view/clerk").json
    assert (view["yours"], view["ticket"], view["waiting"]) == (False, None, [])
    assert first.get("/clerk").headers["location"] == "/clerk/sign-in"
    assert first.clerk("start").json["code"] == "not_your_counter"
    assert first.clerk("take", service="dat-dai").json["code"] == "not_your_counter"


def test_a_browser_holds_one_clerk(hall: WebHall) -> None:
    shared = hall.signed_in("ha", "1")
    assert shared.sign_in("binh", "2").status == 303
    assert hall.runtime.view.counters["1"].phase == "closed"
    assert shared.get("/api/view/clerk").json["clerk"] == "binh"
