"""A counter that its clerk has left says so to her and to those who wait."""

from __future__ import annotations

from hall_server import commands as c
from tests.hall_server.web.web_hall import Browser, WebHall


def switch(hall: WebHall, *, present: bool) -> None:
    outcome = hall.runtime.ask(
        c.PresenceSeen(
            request="", node="counter-1", present=present, for_ms=60_000, happened_ms=None
        )
    )
    assert outcome.ok


def test_console_and_display_say_why_and_stop_saying_it_when_she_is_back(
    hall: WebHall, browser: Browser
) -> None:
    clerk = hall.signed_in("ha", "1")
    switch(hall, present=False)
    console = clerk.get("/api/view/clerk").json
    assert (console["phase"], console["away"]) == ("paused", True)
    assert console["pause_reason"] == "Cán bộ tạm rời quầy"
    display = browser.get("/api/view/counter/1").json
    assert (display["phase"], display["away"]) == ("paused", True)
    assert clerk.clerk("call-next").json["code"] == "counter_paused"
    switch(hall, present=True)
    assert clerk.get("/api/view/clerk").json["away"] is False
    assert browser.get("/api/view/counter/1").json["phase"] == "idle"


def test_a_reason_that_she_chose_is_not_shown_to_those_who_wait(
    hall: WebHall, browser: Browser
) -> None:
    clerk = hall.signed_in("ha", "1")
    assert clerk.clerk("pause", reason="Nghỉ trưa").status == 200
    display = browser.get("/api/view/counter/1").json
    assert (display["phase"], display["away"]) == ("paused", False)
    assert "Nghỉ trưa" not in str(display)
    assert clerk.get("/api/view/clerk").json["away"] is False
