"""Every page in both languages, with what browsers must be told; faults are pages too."""

from __future__ import annotations

import re

import pytest

from hall_server.web.words import WORDS
from tests.hall_server.web.web_hall import Answer, Browser, WebHall
from tests.parts import until


def every_page(hall: WebHall, lang: str) -> dict[str, Answer]:
    browser = hall.browser()
    token = browser.take()["token"]
    clerk = hall.signed_in("ha", "1")
    technician = hall.browser()
    assert technician.sign_in("ky-thuat", role="technician").status == 303
    visits = [
        (browser, "/"),
        (browser, "/board"),
        (browser, "/kiosk/kiosk-1"),
        (browser, "/counter/1"),
        (browser, f"/t/{token}"),
        (browser, "/p/khai-sinh"),
        (browser, "/clerk/sign-in"),
        (clerk, "/clerk"),
        (browser, "/technician/sign-in"),
        (technician, "/technician"),
        (browser, "/no-such-page"),
    ]
    return {path: who.get(f"{path}?lang={lang}") for who, path in visits}


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_page_is_there_in_both_languages(hall: WebHall, lang: str) -> None:
    for path, page in every_page(hall, lang).items():
        assert page.status == (404 if path == "/no-such-page" else 200), path
        assert f'<html lang="{lang}"' in page.text, path
        if path != "/p/khai-sinh":
            assert page.state["hall"] == "Bộ phận một cửa phường Kiến Hưng"
        missing = re.findall(r"(?:common|error|refusals)\.[a-z_.]+(?=[<\s])", page.text)
        assert missing == [], path


def test_no_page_runs_what_is_not_the_halls_own(hall: WebHall) -> None:
    for path, page in every_page(hall, "vi").items():
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert "base-uri 'none'" in policy
        assert ("http://127.0.0.1:9101" in policy) == (path == "/"), path
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["x-frame-options"] == "DENY"
        assert page.headers["referrer-policy"] == "same-origin"
        assert page.headers["cache-control"] == "no-store"
        # Nothing inline runs: scripts without a source are data.
        for attributes in re.findall(r"<script([^>]*)>", page.text):
            assert "src=" in attributes or "application/json" in attributes, path
        assert not re.search(r"\son[a-z]+=|\sstyle=", page.text), path


def test_a_language_once_chosen_stays(browser: Browser) -> None:
    assert '<html lang="vi"' in browser.get("/board").text
    assert '<html lang="en"' in browser.get("/board?lang=en").text
    assert '<html lang="en"' in browser.get("/counter/1").text
    assert '<html lang="vi"' in browser.get("/counter/1?lang=vi").text
    assert '<html lang="vi"' in browser.get("/board?lang=xx").text


def test_a_view_cannot_break_out_of_its_page(hall: WebHall, browser: Browser) -> None:
    clerk = hall.signed_in("ha", "1")
    reason = "</script><script>alert(1)</script>"
    clerk.clerk("pause", reason=reason)
    page = clerk.get("/clerk")
    assert page.state["pause_reason"] == reason
    assert "</script><script>alert" not in page.text


def test_the_start_page_lists_what_may_be_opened(browser: Browser) -> None:
    view = browser.get("/").state
    assert view["counters"] == ["1", "2", "3"]
    assert view["kiosks"] == ["kiosk-1", "kiosk-2"]
    assert view["nodes"] == [
        {
            "node": "counter-1",
            "kind": "counter",
            "counter": "1",
            "panel_url": "http://127.0.0.1:9101",
        }
    ]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("127.0.0.1", True),
        ("localhost:8080", True),
        ("[::1]:8080", True),
        ("evil.example", False),
        ("127.0.0.1.evil.example:8080", False),
        ("[::1", False),
    ],
)
def test_a_kiosks_key_is_told_only_to_a_browser_that_came_by_this_machines_own_address(
    hall: WebHall, browser: Browser, monkeypatch: pytest.MonkeyPatch, name: str, told: bool
) -> None:
    monkeypatch.setattr(hall.views, "_keys_at_home", lambda: {"kiosk-2": "a-long-kiosk-key"})
    page = browser.get("/", Host=name)
    assert page.status == 200
    assert ("a-long-kiosk-key" in page.text) == told


def test_the_technician_sees_every_node_and_every_dead_letter(hall: WebHall) -> None:
    from hall_server.journal import DeadLetter

    hall.journal.bury([DeadLetter(hall.wall_ms(), "mc/1/h/n/event", "not JSON", 3)])
    technician = hall.browser()
    technician.sign_in("ky-thuat", role="technician")
    view = technician.get("/api/view/technician").json
    assert [node["status"] for node in view["nodes"]] == ["never_seen"] * 3
    assert view["nodes"][0]["panel_url"] == "http://127.0.0.1:9101"
    assert view["dead_letters"][0]["reason"] == "not JSON"
    assert view["dead_letters_total"] == 1
    assert (view["broker"], view["points_written"]) == ("away", None)


def test_a_full_disk_is_said_and_what_is_committed_stays(hall: WebHall, browser: Browser) -> None:
    token = browser.take()["token"]
    db = hall.journal._db
    pages = db.execute("PRAGMA page_count").fetchone()[0]
    db.execute(f"PRAGMA max_page_count = {pages}")
    answers = []

    def refused() -> bool:
        answers.append(browser.post("/api/kiosk/kiosk-1/take", {"service": "chung-thuc"}))
        return answers[-1].status != 200

    until(refused, "the disk is full")
    assert (answers[-1].status, answers[-1].json["code"]) == (503, "disk")
    assert "kỹ thuật viên" in answers[-1].json["message"]
    assert browser.get("/healthz").status == 503
    assert browser.get(f"/t/{token}").status == 200
    db.execute("PRAGMA max_page_count = 1000000")
    assert browser.take()["number"] == f"A{len(answers) + 1:03d}"
    assert browser.get("/healthz").json["ok"] is True


def test_a_hall_that_has_stopped_says_so(hall: WebHall, browser: Browser) -> None:
    hall.runtime.stop()
    answer = browser.post("/api/kiosk/kiosk-1/take", {"service": "chung-thuc"})
    assert (answer.status, answer.json["code"]) == (503, "stopped")
    assert browser.get("/healthz").json["writer_alive"] is False


def test_a_fault_of_ours_is_told_without_its_inside(
    hall: WebHall, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fall(*_: object) -> None:
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr(hall.views, "named", fall)
    for path in ("/board", "/api/view/board"):
        answer = browser.get(path)
        assert answer.status == 500
        assert "inside" not in answer.text
        assert "Traceback" not in answer.text


def test_what_is_not_there_is_told_to_scripts_as_json(browser: Browser) -> None:
    answer = browser.get("/api/nothing")
    assert (answer.status, answer.json["ok"]) == (404, False)
    answer = browser.get("/api/clerk/call-next")
    assert (answer.status, answer.json["ok"]) == (405, False)


def test_every_refusal_of_the_hall_has_its_words() -> None:
    from typing import get_args

    from hall_server.commands import Code

    assert [
        code for code in get_args(Code) if code != "ok" and f"refusals.{code}" not in WORDS
    ] == []
