"""What kiosk and console tell of slips: printing, printed, and why not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from devices.messages import NodeState, SlipFault
from hall_server import commands as c
from hall_server.queue.slips import REPORT_WITHIN_MS
from tests.hall_server.web import web_hall
from tests.hall_server.web.web_hall import Browser, WebHall, request_id


@pytest.fixture
def hall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WebHall]:
    plain = web_hall.settings

    def with_printer(folder: Path, **web: Any) -> Any:
        settings = plain(folder, **web)
        nodes = [replace(one, printer=one.id == "kiosk-1") for one in settings.node]
        return replace(settings, node=nodes)

    monkeypatch.setattr(web_hall, "settings", with_printer)
    hall = WebHall(tmp_path)
    yield hall
    hall.close()


def slips(browser: Browser, node: str = "kiosk-1") -> list[tuple[str, str, str | None]]:
    view = browser.get(f"/api/view/kiosk/{node}").json
    return [(one["number"], one["state"], one["reason"]) for one in view["slips"]]


def report(hall: WebHall, reason: SlipFault | None = None) -> None:
    slip = max(one.id for one in hall.runtime.view.slips.values())
    command = c.SlipSeen(request="", node="kiosk-1", slip=slip, ok=reason is None, reason=reason)
    assert hall.runtime.ask(command, 5).ok


def test_the_kiosk_is_told_how_far_the_slip_is(hall: WebHall, browser: Browser) -> None:
    browser.take()
    assert browser.get("/api/view/kiosk/kiosk-1").json["printer"] is True
    assert slips(browser) == [("A001", "printing", None)]
    report(hall)
    assert slips(browser) == [("A001", "printed", None)]


def test_a_slip_that_failed_is_told_with_its_reason_and_printed_again_for_the_asking(
    hall: WebHall, browser: Browser
) -> None:
    ticket = browser.take()
    report(hall, "paper_out")
    assert slips(browser) == [("A001", "failed", "paper_out")]
    asked = {"request_id": request_id(), "token": ticket["token"]}
    for _ in range(2):  # the answer was lost: the same request comes again
        assert browser.post("/api/kiosk/kiosk-1/print", asked).json == {"ok": True}
    assert slips(browser) == [("A001", "printing", None)]
    again = browser.post("/api/kiosk/kiosk-1/print", {**asked, "request_id": request_id()})
    assert (again.status, again.json["code"]) == (409, "being_printed")
    assert browser.take()["number"] == "A002"


def test_a_printer_of_which_nothing_is_heard_is_told_of(hall: WebHall, browser: Browser) -> None:
    browser.take()
    hall.shift_ms = REPORT_WITHIN_MS
    assert slips(browser) == [("A001", "failed", "no_answer")]
    report(hall)
    assert slips(browser) == [("A001", "printed", None)]


def test_nobody_waits_for_a_node_that_is_away(hall: WebHall, browser: Browser) -> None:
    hall.nodes.state("kiosk-1", NodeState("offline", "0" * 32, "1"), hall.wall_ms())
    browser.take()
    assert slips(browser) == [("A001", "failed", "no_answer")]
    hall.nodes.state("kiosk-1", NodeState("online", "0" * 32, "1"), hall.wall_ms())
    assert slips(browser) == [("A001", "printing", None)]


def test_a_kiosk_without_a_printer_says_so(hall: WebHall) -> None:
    locked = hall.browser()
    locked.get("/kiosk/kiosk-2?key=a-long-kiosk-key")
    view = locked.get("/api/view/kiosk/kiosk-2").json
    assert (view["printer"], view["slips"]) == (False, [])
    ticket = locked.post(
        "/api/kiosk/kiosk-2/take", {"request_id": request_id(), "service": "ho-tich"}
    ).json["ticket"]
    asked = {"request_id": request_id(), "token": ticket["token"]}
    refused = locked.post("/api/kiosk/kiosk-2/print", asked)
    assert (refused.status, refused.json["code"]) == (409, "no_printer")


def test_a_token_of_nobody_prints_nothing(browser: Browser) -> None:
    asked = {"request_id": request_id(), "token": "0" * 22}
    assert browser.post("/api/kiosk/kiosk-1/print", asked).status == 404


def test_a_card_that_was_forgotten_still_gives_the_next_one_a_slip(
    hall: WebHall, browser: Browser
) -> None:
    card = c.CardShown(request="", node="kiosk-1", person="p" * 32)
    assert hall.runtime.ask(card, 5).ok
    browser.post("/api/kiosk/kiosk-1/forget", {})
    browser.take()
    assert slips(browser) == [("A001", "printing", None)]


def test_the_clerk_prints_again_and_hears_what_came_of_it(hall: WebHall, browser: Browser) -> None:
    browser.take()
    report(hall, "paper_out")
    clerk = hall.signed_in("ha", "1")
    view = clerk.get("/api/view/clerk").json
    assert (view["printers"], view["slip"]) == (["kiosk-1"], None)
    waiting = view["waiting"][0]["ticket"]
    assert clerk.clerk("print", ticket=waiting, node="kiosk-1").json["number"] == "A001"
    report(hall, "cover_open")
    slip = clerk.get("/api/view/clerk").json["slip"]
    assert (slip["number"], slip["state"], slip["reason"]) == ("A001", "failed", "cover_open")
    hall.shift_ms = 61_000
    assert clerk.get("/api/view/clerk").json["slip"] is None


def test_a_clerk_without_a_counter_prints_nothing(hall: WebHall, browser: Browser) -> None:
    browser.take()
    report(hall)
    first = hall.signed_in("ha", "1")
    waiting = first.get("/api/view/clerk").json["waiting"][0]["ticket"]
    hall.signed_in("ha", "2")
    answer = first.clerk("print", ticket=waiting, node="kiosk-1")
    assert (answer.status, answer.json["code"]) == (409, "not_your_counter")
