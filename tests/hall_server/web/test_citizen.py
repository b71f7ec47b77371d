"""Citizens take numbers, follow them on the phone and rate; nobody does it for them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hall_server import commands as c
from hall_server.web.app import create_app
from tests.hall_server.web.web_hall import Browser, WebHall, request_id
from tests.parts import until


def test_a_number_taken_at_the_kiosk_tells_its_place_its_page_and_its_code(
    hall: WebHall, browser: Browser
) -> None:
    hall.signed_in("ha", "1")
    browser.take()
    ticket = browser.take()
    assert ticket["number"] == "A002"
    assert ticket["place"] == 2
    assert ticket["counters"] == ["1"]
    until(
        lambda: browser.get(f"/api/view/ticket/{ticket['token']}").json["wait"],
        "the wait is worked out",
    )
    assert ticket["url"] == f"{hall.settings.public_url}/t/{ticket['token']}"
    page = browser.get(f"/t/{ticket['token']}")
    assert page.state["number"] == "A002"
    code = browser.get(f"/qr/{ticket['token']}.svg")
    assert (code.status, code.headers["content-type"]) == (200, "image/svg+xml")
    assert code.body.startswith(b"<svg")


def test_a_kiosk_that_asks_twice_with_one_request_takes_one_number(browser: Browser) -> None:
    same = request_id()
    first = browser.take(request_id=same)
    again = browser.take(request_id=same)
    assert (again["number"], again["token"]) == (first["number"], first["token"])
    assert browser.take()["number"] == "A002"


def test_200_takes_at_once_give_200_numbers(hall: WebHall) -> None:
    def take_25(_: int) -> list[str]:
        browser = hall.browser()
        return [browser.take()["number"] for _ in range(25)]

    with ThreadPoolExecutor(8) as crowd:
        numbers = [number for some in crowd.map(take_25, range(8)) for number in some]
    assert sorted(numbers) == [f"A{one:03d}" for one in range(1, 201)]


def test_a_priority_reason_is_kept_and_an_invented_one_refused(
    hall: WebHall, browser: Browser
) -> None:
    browser.take(priority="elderly")
    (ticket,) = hall.runtime.view.tickets.values()
    assert ticket.priority == "elderly"
    answer = browser.post(
        "/api/kiosk/kiosk-1/take", {"service": "chung-thuc", "priority": "in-a-hurry"}
    )
    assert (answer.status, answer.json["code"]) == (409, "unknown_reason")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "bad_request"),
        (b"[]", 400, "bad_request"),
        (b'{"service": "chung-thuc"}', 400, "bad_request"),
        (b'{"service": 3, "request_id": "0123456789abcdef"}', 400, "bad_request"),
        (b'{"service": "chung-thuc", "request_id": "short"}', 400, "bad_request"),
        (b'{"service": "chung-thuc", "request_id": "0123456789abcde\\n"}', 400, "bad_request"),
        (b'{"service": "\xff", "request_id": "0123456789abcdef"}', 400, "bad_request"),
        (b"[" * 60_000, 400, "bad_request"),
        (b'{"service": "cho-ca", "request_id": "0123456789abcdef"}', 409, "unknown_service"),
    ],
)
def test_a_body_that_does_not_fit_is_refused_in_words(
    hall: WebHall, browser: Browser, body: bytes, status: int, code: str
) -> None:
    answer = browser.ask("POST", "/api/kiosk/kiosk-1/take", body, Content_Type="application/json")
    assert (answer.status, answer.json["code"]) == (status, code)
    assert answer.json["ok"] is False
    assert not answer.json["message"].startswith("refusals.")
    assert hall.runtime.view.tickets == {}


def test_refusals_are_told_in_the_language_of_the_page(browser: Browser) -> None:
    vietnamese = browser.post("/api/kiosk/kiosk-1/take", {"service": "cho-ca"}).json["message"]
    browser.get("/board?lang=en")
    english = browser.post("/api/kiosk/kiosk-1/take", {"service": "cho-ca"}).json["message"]
    assert "Mời" in vietnamese
    assert "Please" in english


def test_another_site_cannot_take_a_number_in_a_browsers_name(
    hall: WebHall, browser: Browser
) -> None:
    path, body = "/api/kiosk/kiosk-1/take", {"service": "chung-thuc"}
    assert browser.post(path, body, Sec_Fetch_Site="cross-site").status == 403
    assert browser.post(path, body, Origin="https://evil.example").status == 403
    assert browser.post(path, body, Origin="null").status == 403
    assert browser.post(path, body, Content_Type="text/plain").status == 400
    form = browser.form(path, service="chung-thuc", request_id=request_id())
    assert form.status == 400
    assert hall.runtime.view.tickets == {}
    own = f"http://127.0.0.1:{hall.port}"
    assert browser.post(path, body, Origin=own, Sec_Fetch_Site="same-origin").status == 200


def test_a_locked_kiosk_opens_with_its_key_alone(hall: WebHall, browser: Browser) -> None:
    path, body = "/api/kiosk/kiosk-2/take", {"service": "chung-thuc"}
    assert browser.get("/kiosk/kiosk-2").status == 403
    assert browser.get("/kiosk/kiosk-2?key=a-guess").status == 403
    refused = browser.post(path, body)
    assert (refused.status, refused.json["code"]) == (403, "kiosk_key")
    assert browser.post("/api/kiosk/kiosk-2/forget").status == 403
    assert browser.get("/api/view/kiosk/kiosk-2").status == 403
    opened = browser.get("/kiosk/kiosk-2?key=a-long-kiosk-key")
    assert (opened.status, opened.headers["location"]) == (303, "/kiosk/kiosk-2")
    assert "httponly" in opened.headers["set-cookie"].lower()
    assert browser.get("/kiosk/kiosk-2").status == 200
    assert browser.post(path, body).status == 200
    thief = hall.browser()
    thief.cookies = {key: value[:-2] + "xx" for key, value in browser.cookies.items()}
    assert thief.post(path, body).status == 403


def test_a_kiosk_with_a_new_key_no_longer_knows_the_browser_that_had_the_old(
    hall: WebHall, browser: Browser
) -> None:
    assert browser.get("/kiosk/kiosk-2?key=a-long-kiosk-key").status == 303
    (file,) = [Path(one.key_file) for one in hall.settings.node if one.key_file]
    file.write_text("another-long-key\n")
    with create_app(hall.context, hall.views).test_client() as client:
        for name, value in browser.cookies.items():
            client.set_cookie(name, value)
        assert client.get("/kiosk/kiosk-2").status_code == 403
        assert client.get("/kiosk/kiosk-2?key=another-long-key").status_code == 303
        assert client.get("/kiosk/kiosk-2").status_code == 200


def test_there_is_no_kiosk_that_the_settings_do_not_know(browser: Browser) -> None:
    assert browser.get("/kiosk/kiosk-9").status == 404
    assert browser.post("/api/kiosk/counter-1/take", {"service": "chung-thuc"}).status == 404


def card_shown(hall: WebHall, person: str = "person-1") -> None:
    hall.runtime.ask(c.CardShown(request="", node="kiosk-1", person=person))


def test_a_card_shown_at_the_kiosk_gives_its_person_one_number(
    hall: WebHall, browser: Browser
) -> None:
    card_shown(hall)
    assert browser.get("/api/view/kiosk/kiosk-1").json["scan"]["what"] == "card"
    first = browser.take()
    assert next(iter(hall.runtime.view.tickets.values())).channel == "card"
    card_shown(hall)
    answer = browser.post("/api/kiosk/kiosk-1/take", {"service": "chung-thuc"}).json
    assert answer["existing"] is True
    assert answer["ticket"]["number"] == first["number"]


def test_a_kiosk_that_was_told_to_forget_gives_the_next_person_a_number_of_her_own(
    hall: WebHall, browser: Browser
) -> None:
    card_shown(hall)
    browser.take()
    card_shown(hall)
    facts = hall.runtime.view.last_fact
    assert browser.post("/api/kiosk/kiosk-1/forget").json == {"ok": True}
    assert hall.runtime.view.last_fact == facts  # nothing is journalled
    assert browser.get("/api/view/kiosk/kiosk-1").json["scan"] is None
    answer = browser.post("/api/kiosk/kiosk-1/take", {"service": "chung-thuc"}).json
    assert answer["existing"] is False
    assert answer["ticket"]["number"] == "A002"


def test_a_kiosk_forgets_by_itself(hall: WebHall, browser: Browser) -> None:
    card_shown(hall)
    hall.shift_ms += 46_000
    assert browser.get("/api/view/kiosk/kiosk-1").json["scan"] is None


def test_the_phone_page_leaves_the_line_and_lets_others_go_first(
    hall: WebHall, browser: Browser
) -> None:
    one, two, three = browser.take(), browser.take(), browser.take()
    assert browser.post(f"/api/ticket/{one['token']}/wait-longer").json == {"ok": True}
    view = browser.get(f"/api/view/ticket/{one['token']}").json
    assert view["place"] == 3
    assert browser.post(f"/api/ticket/{two['token']}/cancel").json == {"ok": True}
    assert browser.get(f"/api/view/ticket/{two['token']}").json["phase"] == "cancelled"
    again = browser.post(f"/api/ticket/{two['token']}/cancel")
    assert (again.status, again.json["code"]) == (409, "wrong_state")
    assert browser.get(f"/api/view/ticket/{three['token']}").json["place"] == 1


def test_the_phone_page_rates_once_after_the_finish(hall: WebHall, browser: Browser) -> None:
    token = browser.take()["token"]
    clerk = hall.signed_in("ha", "1")
    early = browser.post(f"/api/ticket/{token}/rate", {"level": 5})
    assert (early.status, early.json["code"]) == (409, "rating_closed")
    for verb in ("call-next", "start", "finish"):
        assert clerk.clerk(verb).status == 200
    assert browser.get(f"/api/view/ticket/{token}").json["rating"]["levels"] == 5
    assert browser.post(f"/api/ticket/{token}/rate", {"level": 9}).status == 400
    assert browser.post(f"/api/ticket/{token}/rate", {"level": 4}).json == {"ok": True}
    twice = browser.post(f"/api/ticket/{token}/rate", {"level": 1})
    assert (twice.status, twice.json["code"]) == (409, "already_rated")
    view = browser.get(f"/api/view/ticket/{token}").json
    assert (view["rated"], view["rating"]) == (4, None)


def test_a_token_that_nobody_was_given_opens_nothing(browser: Browser) -> None:
    token = "A" * 22
    assert browser.get(f"/t/{token}").status == 404
    assert browser.get(f"/qr/{token}.svg").status == 404
    assert browser.get(f"/api/view/ticket/{token}").status == 404
    assert browser.post(f"/api/ticket/{token}/cancel").json["code"] == "unknown_ticket"


def test_a_wall_code_leads_to_its_procedure(browser: Browser) -> None:
    page = browser.get("/p/khai-sinh")
    assert page.state["documents"] == ["Đơn"]
    assert browser.get("/p/khai-sinh.svg").body.startswith(b"<svg")
    assert browser.get("/p/khai-tu").status == 404
    assert browser.get("/p/khai-tu.svg").status == 404
