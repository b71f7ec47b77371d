"""The pages as people meet them, with made-up views behind them and Debian's Chromium before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any, NamedTuple

import flask
import msgspec
import pytest
from playwright.sync_api import Browser, Page, expect

from hall_server.web import words
from tests.browser.looks import made_up, made_up_citizen, made_up_staff
from tests.browser.looks.looking import findings, listen, visit
from tests.browser.looks.made_up import Scene
from tests.browser.looks.stage import create_app, running

pytestmark = pytest.mark.browser

CHECKED = [
    "board-long",
    "board-night",
    "kiosk-card",
    "counter-paused",
    "clerk-holding",
    "clerk-not-yours",
    "ticket-parked",
    "technician-trouble",
    "sign-in-wrong",
    "error-503",
]
"""States that test_access, in a hall that runs, does not come by."""
HOSTILE = '</script><script>document.title="broken into"</script><b>bold</b>'


def more_scenes() -> dict[str, Scene]:
    """States that are for behaving in rather than for looking at."""
    services = [
        msgspec.structs.replace(made_up.SERVICES[0], name=HOSTILE, name_en=HOSTILE),
        *made_up.SERVICES[1:],
    ]
    hasty = made_up_citizen.kiosk(forget_after_s=3)
    free = made_up_staff.clerk(**made_up_staff.FREE, undo="A012")
    called = made_up_staff.clerk(ticket=made_up_staff.called(20), card=None)
    return {
        "hostile": Scene("board", made_up.board(services=services), made_up.BOARD),
        "hasty-kiosk": Scene("kiosk", hasty, made_up.KIOSK, do=("press .service", "wait .go")),
        "free": Scene("clerk", free, made_up.CLERK),
        "called": Scene("clerk", called, made_up.CLERK),
        "card-gone": Scene("clerk", made_up_staff.clerk(card=None), made_up.CLERK),
    }


class Stage(NamedTuple):
    """The made-up hall and one page before it, which goes from scene to scene."""

    page: Page
    wrong: list[str]
    address: str
    scenes: dict[str, Scene]
    app: flask.Flask

    def open(self, name: str, size: tuple[int, int] | None = None) -> Page:
        """The page of a scene, at the size it is made for or at ``size``."""
        scene = self.scenes[name]
        visit(self.page, self.address, name, scene, size or scene.sizes[0])
        assert self.wrong == []
        return self.page

    @property
    def asked(self) -> list[tuple[str, dict[str, Any]]]:
        """What the pages asked of the hall, oldest first."""
        asked: list[tuple[str, dict[str, Any]]] = self.app.extensions["asked"]
        return asked

    def asked_for(self, page: Page, what: str) -> dict[str, Any]:
        """The first request for ``what``, without its id, once it is here."""
        for _ in range(200):
            for path, body in self.asked:
                if path == what:
                    return {key: value for key, value in body.items() if key != "request_id"}
            page.wait_for_timeout(25)
        raise AssertionError(f"{what} was never asked for, only {self.asked}")


@pytest.fixture(scope="module")
def stage(browser: Browser) -> Iterator[Stage]:
    scenes = {**made_up.scenes(), **more_scenes()}
    app = create_app(scenes)
    with running(app) as address, closing(browser.new_context(reduced_motion="reduce")) as context:
        page = context.new_page()
        yield Stage(page, listen(page), address, scenes, app)


@pytest.fixture(autouse=True)
def nothing_asked_yet(stage: Stage) -> Iterator[None]:
    stage.asked.clear()
    stage.app.extensions.update(failures=0, refuse="")
    stage.wrong.clear()
    yield
    stage.page.goto("about:blank")  # what this scene has still to ask is not asked in the next


# ------------------------------------------------------------------ looks


@pytest.mark.parametrize("name", CHECKED)
def test_axe_finds_nothing_against_a_page(stage: Stage, name: str) -> None:
    assert findings(stage.open(name), stage.scenes[name]) == []


def test_a_lost_connection_leaves_the_last_state_grey_and_says_how_old_it_is(stage: Stage) -> None:
    page = stage.open("board-lost")
    expect(page.locator("#stale")).to_contain_text("Mất kết nối, đang thử lại")
    expect(page.locator("#stale")).to_contain_text("08:42")
    expect(page.locator(".number")).to_have_text("A012")
    assert page.locator("#page").evaluate("one => getComputedStyle(one).filter") == "grayscale(1)"


def test_a_name_full_of_markup_is_shown_as_it_is_written(stage: Stage) -> None:
    page = stage.open("hostile")
    expect(page.locator(".line h2").first).to_contain_text(HOSTILE)
    assert page.title() != "broken into"
    assert page.locator("#page b", has_text="bold").count() == 0


@pytest.mark.parametrize("size", made_up.BOARD)
def test_arrows_and_people_stand_under_each_other_on_the_board(
    stage: Stage, size: tuple[int, int]
) -> None:
    page = stage.open("board-full", size)

    def columns(css: str) -> int:
        """How many different left edges there are."""
        lefts: list[float] = page.locator(css).evaluate_all(
            "all => all.map(one => one.getBoundingClientRect().left)"
        )
        assert len(lefts) >= 7
        return len({round(left, 1) for left in lefts})

    assert columns(".arrow") == 1
    assert columns(".people") == 2, "the lines stand in two columns"
    expect(page.locator(".wait").first).to_have_text("chờ 1,5–2,5 giờ")


def test_the_page_keeps_the_halls_time_and_not_the_devices(stage: Stage) -> None:
    expect(stage.open("board").locator(".clock")).to_have_text("08:42")


# ------------------------------------------------------------------ the clerk's keys


Asked = tuple[str, str, dict[str, Any]]
"""Keys, what they ask the hall for, and with which words."""


@pytest.mark.parametrize(
    ("scene", "all_asked"),
    [
        (
            "free",
            [
                ("Enter", "clerk/call-next", {}),
                ("b 2", "clerk/pause", {"reason": "Nghỉ trưa"}),
                ("z", "clerk/undo", {}),
                ("n 2 1", "clerk/take", {"service": "ho-tich"}),
                ("n 2 3", "clerk/take", {"service": "ho-tich", "priority": "elderly"}),
                (
                    "g ArrowDown Enter 1 2",
                    "clerk/call",
                    {"ticket": "20261123-B008", "reason": "Sức khoẻ yếu, cần giúp ngay"},
                ),
                (
                    "g Enter 2 3",
                    "clerk/priority",
                    {"ticket": "20261123-A013", "reason": "disabled"},
                ),
                ("g Enter 2 8", "clerk/priority", {"ticket": "20261123-A013", "reason": None}),
                ("g Enter 3 2", "clerk/cancel", {"ticket": "20261123-A013"}),
            ],
        ),
        (
            "called",
            [
                ("Enter", "clerk/start", {}),
                ("r", "clerk/recall", {}),
                ("v Enter", "clerk/no-show", {}),
            ],
        ),
        (
            "clerk",
            [
                ("Enter", "clerk/finish", {}),
                ("p 1", "clerk/park", {"reason": "Bổ sung giấy tờ"}),
                ("t 2 2", "clerk/transfer", {"service": "ho-tich", "to_counter": "2"}),
                ("t 3 1", "clerk/transfer", {"service": "cu-tru"}),
            ],
        ),
        ("clerk-paused", [("Enter", "clerk/resume", {}), ("b", "clerk/resume", {})]),
    ],
)
def test_every_command_of_a_clerk_is_given_by_keys_alone(
    stage: Stage, scene: str, all_asked: list[Asked]
) -> None:
    page = stage.open(scene)
    for keys, asked, body in all_asked:
        stage.asked.clear()
        page.evaluate("document.activeElement.blur()")
        for key in keys.split():
            if key == "Enter" and asked == "clerk/no-show":
                page.wait_for_timeout(600)  # nearer to the Enter before it would be a slip
            page.keyboard.press(key)
        assert stage.asked_for(page, asked) == body, keys
        assert len(stage.asked) == 1, keys
        expect(page.locator("#work .told")).to_be_visible()


def test_a_slip_on_the_absent_key_is_taken_back(stage: Stage) -> None:
    page = stage.open("called")
    page.keyboard.press("v")
    expect(page.locator(".act")).to_contain_text("Ghi A012 vắng mặt")
    page.keyboard.press("z")
    expect(page.locator(".act")).to_contain_text("Bắt đầu phục vụ")
    page.keyboard.press("r")
    stage.asked_for(page, "clerk/recall")
    assert [path for path, _ in stage.asked] == ["clerk/recall"]


def test_escape_leaves_a_question_and_nothing_is_done(stage: Stage) -> None:
    page = stage.open("clerk")
    page.keyboard.press("p")
    page.locator("dialog[open]").wait_for()
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert stage.asked == []


def test_a_card_that_was_read_and_forgotten_is_not_said_to_be_unread(stage: Stage) -> None:
    page = stage.open("card-gone")
    expect(page.locator("#work .match")).to_be_visible()
    expect(page.locator(".card-none")).to_contain_text("không còn được giữ")
    page = stage.open("called")
    expect(page.locator(".card-none")).to_contain_text("Chưa quét")


def test_a_reason_of_ones_own_may_be_written(stage: Stage) -> None:
    page = stage.open("clerk")
    page.keyboard.press("p")
    page.get_by_label("Lý do khác").fill("Đợi người nhà 1 lát")
    page.keyboard.press("Enter")
    assert stage.asked_for(page, "clerk/park") == {"reason": "Đợi người nhà 1 lát"}


def test_a_press_repeated_because_of_the_network_is_the_same_request(stage: Stage) -> None:
    stage.app.extensions["failures"] = 2
    page = stage.open("free")
    page.keyboard.press("Enter")
    expect(page.locator(".told")).to_contain_text("Đã gọi A012", timeout=20_000)
    ids = [body["request_id"] for _, body in stage.asked]
    assert len(ids) == 3
    assert len(set(ids)) == 1
    assert len(ids[0]) >= 16


def test_a_refusal_says_what_to_do_now(stage: Stage) -> None:
    stage.app.extensions["refuse"] = "nobody_waiting"
    page = stage.open("free")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text(words.t("refusals.nobody_waiting", "vi"))


def test_a_counter_that_another_clerk_has_tells_nothing_of_the_visit(stage: Stage) -> None:
    page = stage.open("clerk-not-yours")
    expect(page.get_by_role("link", name="Đăng nhập")).to_be_visible()
    assert page.get_by_text("TRẦN THỊ MẪU").count() == 0


# ------------------------------------------------------------------ kiosk and phone


def test_two_touches_at_the_kiosk_give_a_number(stage: Stage) -> None:
    page = stage.open("kiosk")
    page.get_by_role("button", name="Chứng thực").click()
    page.get_by_role("button", name="Lấy số", exact=True).click()
    expect(page.get_by_role("heading", name="A019")).to_be_visible()
    assert stage.asked_for(page, "kiosk/kiosk/take") == {"service": "chung-thuc"}


def test_the_kiosk_takes_a_priority_with_the_number(stage: Stage) -> None:
    page = stage.open("kiosk-service")
    page.get_by_role("button", name="Người cao tuổi").click()
    body = stage.asked_for(page, "kiosk/kiosk-service/take")
    assert body == {"service": "chung-thuc", "priority": "elderly"}


def test_the_kiosk_returns_to_its_start_after_some_quiet(stage: Stage) -> None:
    page = stage.open("hasty-kiosk")
    expect(page.locator("#soon")).to_be_visible()
    expect(page.get_by_role("heading", name="Mời ông, bà chọn việc cần làm")).to_be_visible()


def test_every_target_of_the_kiosk_is_large_enough_for_a_finger(stage: Stage) -> None:
    page = stage.open("kiosk")
    sizes = page.locator("button, .languages a").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect()).map(box => [box.width, box.height])"
    )
    assert len(sizes) == 11
    assert min(min(size) for size in sizes) >= 96


def test_cancelling_on_the_phone_is_asked_once_more(stage: Stage) -> None:
    page = stage.open("ticket-cancel")
    assert stage.asked == []
    page.get_by_role("button", name="Huỷ số", exact=True).click()
    assert stage.asked_for(page, "ticket/ticket-cancel/cancel") == {}


def test_a_rating_on_the_phone_names_its_level(stage: Stage) -> None:
    page = stage.open("ticket-rate")
    page.get_by_role("button", name="Rất hài lòng").click()
    assert stage.asked_for(page, "ticket/ticket-rate/rate") == {"level": 5}
