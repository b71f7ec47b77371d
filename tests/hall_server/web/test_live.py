"""Live pages have the news after each command, hold no thread, and leave when they must."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from hall_server import commands as c
from hall_server.web.live import LivePages
from tests.hall_server.web.web_hall import PATIENCE_S, Browser, LivePage, WebHall
from tests.parts import until

Open = Callable[..., WebHall]


@pytest.fixture
def open_hall(tmp_path: Path) -> Iterator[Open]:
    halls: list[WebHall] = []

    def make(**live: float) -> WebHall:
        halls.append(WebHall(tmp_path, None, **live))
        return halls[-1]

    yield make
    for hall in halls:
        hall.close()


def test_the_board_shows_a_call_as_it_happens(hall: WebHall, browser: Browser) -> None:
    browser.take()
    clerk = hall.signed_in("ha", "1")
    with LivePage(browser, "/live/board") as board:
        assert board.status == 200
        assert board.headers["content-type"].startswith("text/event-stream")
        assert "x-live-view" not in board.headers
        first = board.state()
        assert (first["waiting"], first["calls"]) == (1, [])
        clerk.clerk("call-next")
        state = board.until(lambda state: state["calls"])
        assert (state["calls"][0]["number"], state["calls"][0]["counter"]) == ("A001", "1")
        assert state["rev"] > first["rev"]


def test_every_live_page_begins_with_the_state_that_the_page_had(
    hall: WebHall, browser: Browser
) -> None:
    token = browser.take()["token"]
    clerk = hall.signed_in("ha", "1")
    technician = hall.browser()
    technician.sign_in("ky-thuat", role="technician")
    for who, live, page in (
        (browser, "/live/board", "/api/view/board"),
        (browser, "/live/counter/1", "/api/view/counter/1"),
        (browser, "/live/kiosk/kiosk-1", "/api/view/kiosk/kiosk-1"),
        (browser, f"/live/ticket/{token}", f"/api/view/ticket/{token}"),
        (clerk, "/live/clerk", "/api/view/clerk"),
    ):
        with LivePage(who, live) as stream:
            state = stream.state()
            assert {**state, "at_ms": 0} == {**who.get(page).json, "at_ms": 0}
    with LivePage(technician, "/live/technician") as stream:
        assert {node["node"] for node in stream.state()["nodes"]} == {
            "counter-1",
            "kiosk-1",
            "kiosk-2",
        }


def test_a_phone_page_moves_up_the_line(hall: WebHall, browser: Browser) -> None:
    browser.take()
    token = browser.take()["token"]
    clerk = hall.signed_in("ha", "1")
    with LivePage(browser, f"/live/ticket/{token}") as phone:
        assert phone.state()["place"] == 2
        clerk.clerk("call-next")
        assert phone.until(lambda state: state["place"] == 1)["now_serving"]
        clerk.clerk("start")
        clerk.clerk("finish")
        clerk.clerk("call-next")
        assert phone.until(lambda state: state["phase"] == "called")["counter"] == "1"


def test_a_page_that_nothing_changes_for_is_left_in_peace(open_hall: Open) -> None:
    hall = open_hall(beat_s=0.2)
    browser = hall.browser()
    browser.take("dat-dai")
    with LivePage(browser, "/live/counter/1") as display:
        display.state()
        hall.signed_in("chi", "3").clerk("call-next")
        name, data = display.event()
        assert name == "beat"
        assert data["at_ms"] >= hall.settings.web.port


def test_a_kiosk_goes_back_to_its_start_when_told_to_forget(
    hall: WebHall, browser: Browser
) -> None:
    with LivePage(browser, "/live/kiosk/kiosk-1") as kiosk:
        kiosk.state()
        hall.runtime.ask(c.CardShown(request="", node="kiosk-1", person="somebody"))
        assert kiosk.until(lambda state: state["scan"])["scan"]["what"] == "card"
        browser.post("/api/kiosk/kiosk-1/forget")
        name, data = kiosk.event()
        assert (name, data["scan"]) == ("state", None)


def test_50_open_live_pages_leave_two_threads_free(open_hall: Open) -> None:
    hall = open_hall(threads=2)
    browser = hall.browser()
    tokens = [browser.take()["token"] for _ in range(25)]
    pages = [LivePage(browser, "/live/board") for _ in range(25)]
    pages += [LivePage(browser, f"/live/ticket/{token}") for token in tokens]
    try:
        for page in pages:
            page.state()
        assert hall.live.count == 50
        assert browser.get("/healthz").json["live_pages"] == 50
        assert browser.take()["number"] == "A026"
        clerk = hall.signed_in("ha", "1")
        clerk.clerk("call-next")
        for board in pages[:25]:
            board.until(lambda state: state["calls"])
        for place, phone in enumerate(pages[25:]):
            phone.until(lambda state, place=place: state["place"] == (place or None))
    finally:
        for page in pages:
            page.close()
    until(lambda: hall.live.count == 0, "pages that left are no longer counted")


def test_the_console_leaves_when_its_counter_is_handed_over(
    hall: WebHall, browser: Browser
) -> None:
    first = hall.signed_in("ha", "1")
    with LivePage(first, "/live/clerk") as console:
        assert console.state()["yours"] is True
        second = hall.signed_in("binh", "1")
        browser.take()
        second.clerk("call-next")
        events = [console.event()]
        while events[-1][0] != "end":
            events.append(console.event())
        assert [name for name, _ in events] == ["state", "gone", "end"]
        assert events[0][1]["yours"] is False
        assert events[0][1]["waiting"] == []


def test_the_console_leaves_when_its_session_ends(open_hall: Open) -> None:
    hall = open_hall(beat_s=0.1)
    clerk = hall.signed_in("ha", "1")
    with LivePage(clerk, "/live/clerk") as console:
        console.state()
        hall.shift_ms += round(hall.settings.web.session_hours * 3_600_000)
        name = "beat"
        while name in ("beat", "state"):
            name, _ = console.event()
        assert name == "gone"
        assert console.event()[0] == "end"


@pytest.mark.parametrize(
    "path", ["/live/clerk", "/live/technician", "/live/ticket/none", "/live/kiosk/kiosk-2"]
)
def test_a_live_page_that_may_not_look_is_told_to_leave(browser: Browser, path: str) -> None:
    with LivePage(browser, path) as page:
        assert page.event() == ("gone", {})
        assert page.event()[0] == "end"


def test_a_browser_cannot_name_a_view_for_itself(browser: Browser) -> None:
    browser.headers = {"X-Live-View": "clerk:1:ha"}
    answer = browser.get("/api/view/board")
    assert answer.json["calls"] == []


def test_beyond_the_limit_live_pages_are_sent_away_and_requests_go_on(open_hall: Open) -> None:
    hall = open_hall(streams=2)
    browser = hall.browser()
    with LivePage(browser, "/live/board"), LivePage(browser, "/live/board"):
        until(lambda: hall.live.count == 2, "both are counted")
        refused = browser.get("/live/board")
        assert (refused.status, refused.json["code"]) == (503, "too_many_live_pages")
        assert browser.take()["number"] == "A001"


def test_however_many_look_on_a_clerks_console_has_its_place(open_hall: Open) -> None:
    hall = open_hall(streams=10)
    clerk = hall.signed_in("ha", "1")
    with ExitStack() as pages:
        for _ in range(9):
            pages.enter_context(LivePage(hall.browser(), "/live/board"))
        until(lambda: hall.live.count == 9, "all are counted")
        assert hall.browser().get("/live/board").json["code"] == "too_many_live_pages"
        console = pages.enter_context(LivePage(clerk, "/live/clerk"))
        assert console.state()["yours"] is True


def test_a_page_that_takes_nothing_is_cut_off_and_the_others_have_the_news(hall: WebHall) -> None:
    """In the loop itself: what a kernel buffers for a deaf page is out of a test's hand."""
    got: asyncio.Queue[bytes] = asyncio.Queue()
    cut: list[str] = []

    async def stays() -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    async def takes(message: Any) -> None:
        if message["type"] == "http.response.body":
            got.put_nowait(message["body"])

    async def deaf(message: Any) -> None:
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    async def both() -> None:
        live = LivePages(hall.views, send_s=0.2)
        live.start()
        streams = [
            asyncio.create_task(
                live.serve("board", [], stays, deaf, abort=lambda: cut.append("deaf"))
            ),
            asyncio.create_task(live.serve("board", [], stays, takes)),
        ]
        assert b"event: state" in await got.get()
        hall.browser().take()
        live.committed()
        assert b'"waiting":1' in await got.get()
        await streams[0]
        assert (cut, live.count) == (["deaf"], 1)
        live.close()
        await streams[1]
        assert live.count == 0

    asyncio.run(asyncio.wait_for(both(), PATIENCE_S))


def test_a_slow_page_gets_the_newest_state_and_misses_those_between(hall: WebHall) -> None:
    chunks: list[bytes] = []
    may_go_on = asyncio.Event()
    first, third = asyncio.Event(), asyncio.Event()

    async def stays() -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    async def slow(message: Any) -> None:
        if message["type"] != "http.response.body":
            return
        chunks.append(message["body"])
        if b'"waiting":3' in message["body"]:
            third.set()
        first.set()
        await may_go_on.wait()

    async def look() -> None:
        live = LivePages(hall.views)
        live.start()
        stream = asyncio.create_task(live.serve("board", [], stays, slow))
        await first.wait()
        for _ in range(3):
            await asyncio.to_thread(hall.browser().take)
            live.committed()
            await asyncio.sleep(0.05)
        may_go_on.set()
        await third.wait()
        live.close()
        await stream

    asyncio.run(asyncio.wait_for(look(), PATIENCE_S))
    told = [chunk for chunk in chunks if b"event: state" in chunk]
    assert len(told) == 2
    assert told[1].count(b"event: state") == 1
