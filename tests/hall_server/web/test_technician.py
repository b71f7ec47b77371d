"""The technician's page sets nodes right from afar, and says what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devices.messages import AppliedSettings, CommandAnswer, CommandKind
from hall_server import commands as c
from hall_server.nodes import CommandNote, NodeRegistry
from hall_server.web.projections.technician import ANSWER_WITHIN_MS
from tests.hall_server.web.web_hall import Browser, WebHall, request_id

NODE = "counter-1"


class MadeUpRoad:
    """The hall's side of a broker that is there or away."""

    def __init__(self) -> None:
        self.connected = True
        self.nodes: NodeRegistry | None = None
        self.asked: list[tuple[str, str]] = []

    def paths_ms(self) -> list[float]:
        return []

    def command(self, node: str, command: CommandKind, id_: str) -> bool:
        assert self.nodes is not None
        if self.connected and self.nodes.asked(node, CommandNote(id_, command, self.wall_ms())):
            self.asked.append((node, command))
        return self.connected

    def wall_ms(self) -> int:
        return 0


@pytest.fixture
def road() -> MadeUpRoad:
    return MadeUpRoad()


@pytest.fixture
def hall(tmp_path: Path, road: MadeUpRoad) -> Iterator[WebHall]:
    hall = WebHall(tmp_path, road)
    road.nodes = hall.nodes
    road.wall_ms = hall.wall_ms  # type: ignore[method-assign]
    yield hall
    hall.close()


@pytest.fixture
def technician(hall: WebHall) -> Browser:
    browser = hall.browser()
    assert browser.sign_in("ky-thuat", role="technician").status == 303
    return browser


def line(technician: Browser) -> Any:
    return technician.get("/api/view/technician").json["nodes"][0]


def test_settings_that_were_sent_stand_beside_what_the_node_goes_by(
    hall: WebHall, technician: Browser
) -> None:
    own = line(technician)["settings"]
    assert (own["wanted"], own["applied"], own["status"]) == (0, None, "untold")
    hall.nodes.applied(NODE, AppliedSettings(0, ""))
    assert line(technician)["settings"]["status"] == "applied"
    text = "[rating_buttons]\r\nsettle_ms = 40\r\n"
    assert technician.post("/api/technician/settings", {"node": NODE, "text": text}).json["ok"]
    sent = line(technician)["settings"]
    assert (sent["wanted"], sent["by"], sent["status"]) == (1, "ky-thuat", "untold")
    assert sent["wanted_text"] == "[rating_buttons]\nsettle_ms = 40"
    hall.nodes.applied(
        NODE, AppliedSettings(0, "", 1, "refused", "rating_buttons.settle_ms", "does not fit")
    )
    told = line(technician)["settings"]
    assert (told["status"], told["applied"]) == ("refused", 0)
    assert (told["path"], told["reason"]) == ("rating_buttons.settle_ms", "does not fit")
    hall.nodes.applied(NODE, AppliedSettings(1, sent["wanted_text"], 1))
    assert line(technician)["settings"]["status"] == "applied"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[node]\nhealth_s = 5\nid = 'x'\n", "settings:3: node.id: "),
        ("[broker]\npassword_file = '/x'\n", "settings:2: broker.password_file: "),
        ("[panel]\nport = 1\n", "settings:2: panel.port: "),
        ("[node]\nreboot_command = ['rm']\n", "settings:2: node.reboot_command: "),
        ("health_s = 5\n", "settings:1: health_s: "),
        ("[node\n", "settings:1: không đúng cú pháp TOML"),
    ],
)
def test_settings_that_no_node_may_take_from_afar_are_not_sent(
    hall: WebHall, technician: Browser, text: str, words: str
) -> None:
    answer = technician.post("/api/technician/settings", {"node": NODE, "text": text})
    assert (answer.status, answer.json["ok"]) == (422, False)
    assert answer.json["message"].startswith(words)
    assert hall.runtime.view.node_settings == {}


def test_a_command_is_sent_once_and_its_answer_shown(
    hall: WebHall, road: MadeUpRoad, technician: Browser
) -> None:
    assert line(technician)["command"] is None
    body = {"node": NODE, "command": "identify", "request_id": request_id()}
    for _ in range(2):
        assert technician.post("/api/technician/command", body).json["ok"]
    assert road.asked == [(NODE, "identify")]
    assert line(technician)["command"]["outcome"] == "waiting"
    note = hall.nodes.all()[0].command
    assert note is not None
    hall.nodes.answered(NODE, CommandAnswer(note.id, "refused", "no-self-test", "none"))
    told = line(technician)["command"]
    assert (told["outcome"], told["reason"], told["text"]) == ("refused", "no-self-test", "none")


def test_a_node_that_does_not_answer_is_said_to_be_silent(
    hall: WebHall, technician: Browser
) -> None:
    technician.post("/api/technician/command", {"node": NODE, "command": "self-test"})
    hall.shift_ms = ANSWER_WITHIN_MS + 1
    assert line(technician)["command"]["outcome"] == "no_answer"


def test_without_a_broker_nothing_is_sent_and_the_page_says_why(
    road: MadeUpRoad, technician: Browser
) -> None:
    road.connected = False
    answer = technician.post("/api/technician/command", {"node": NODE, "command": "reboot"})
    assert (answer.status, answer.json["code"]) == (503, "broker_away")
    assert "mosquitto" in answer.json["message"]
    assert line(technician)["command"] is None


@pytest.mark.parametrize("what", ["settings", "command"])
def test_only_a_technician_reaches_a_node_of_this_hall(
    hall: WebHall, technician: Browser, road: MadeUpRoad, what: str
) -> None:
    body = {"node": NODE, "command": "reboot", "text": ""}
    path = f"/api/technician/{what}"
    assert technician.post(path, {**body, "node": "counter-9"}).status == 404
    assert hall.signed_in("ha", "1").post(path, body).status == 401
    assert hall.browser().post(path, body).status == 401
    technician.csrf = "another"
    assert technician.post(path, body).status == 403
    assert road.asked == []


def test_an_alarm_that_is_over_is_told_as_over_and_counts_no_more(
    hall: WebHall, technician: Browser
) -> None:
    def tell(device: str, raised: bool) -> None:
        alarm = c.AlarmRaised(
            request="", node=NODE, code="button-stuck", device=device, text="it", raised=raised
        )
        hall.runtime.ask(alarm)

    def standing() -> list[str]:
        lines = technician.get("/api/view/technician").json["alarms"]
        return [one["device"] for one in lines if one["raised"]]

    tell("rating-button-2", True)
    tell("rating-button-3", True)
    assert standing() == ["rating-button-3", "rating-button-2"]
    tell("rating-button-2", False)
    assert standing() == ["rating-button-3"]
    tell("rating-button-3", True)
    assert standing() == ["rating-button-3"], "told again after a restart, it is one alarm"
    tell("rating-button-3", False)
    assert standing() == []
    assert len(technician.get("/api/view/technician").json["alarms"]) == 5
