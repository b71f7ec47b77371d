"""A technician, or a stand-in, goes through a node's devices; the hall gets the signed report."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from devices.errors import DeviceError, DeviceNotFoundError
from devices.messages import MAX_PAYLOAD_BYTES, MAX_STEPS, SelfTest, StepResult, encode
from devices.self_test import Step
from devices.settings_file import SettingsError
from edge.agent import DataDir
from edge.desired_settings import OwnSettings, own_settings
from edge.outbox import Outbox
from edge.self_test import report as reports
from edge.self_test.command import run
from edge.self_test.devices import candidates
from edge.self_test.going import Answer, Candidate, OnTest, Where, go_through
from edge.self_test.report import Report
from edge.self_test.screen import Terminal
from edge.self_test.standing_in import DisplayReader, NotAsItShouldBeError, Onlooker, by_hand
from motcua.cli import main
from tests.edge.halls import HallStandIn
from tests.edge.nodes import NodeProcess
from tests.parts import Broker, until

ALL = (Path(__file__).parents[1] / "arm64" / "node.toml").read_text()
DISPLAY_ALONE = """[node]
id = "counter-3"
hall = "kien-hung"
kind = "counter"
data_dir = "/var/lib/motcua"
[ticket_display]
driver = "recording"
"""


def settings_in(folder: Path, text: str = DISPLAY_ALONE) -> OwnSettings:
    return own_settings(text.replace("/var/lib/motcua", str(folder)))


def went(own: OwnSettings, *, keys: str = "", **how: Any) -> tuple[int, str, str]:
    """Exit status, what was printed for programs, and what the technician saw."""
    out, screen = io.StringIO(), io.StringIO()
    given = {"unattended": False, "as_json": False, "by": None, **how}
    status = run(own, keys=io.StringIO(keys), out=out, screen=screen, **given)
    return status, out.getvalue(), screen.getvalue()


def left_for_the_hall(folder: Path) -> list[SelfTest]:
    outbox = Outbox(folder)
    try:
        return [
            msgspec.json.decode(one.body, type=SelfTest)
            for one in outbox.pending(outbox.stream, 0, 100)
        ]
    finally:
        outbox.close()


# ---------------------------------------------------------------- with nobody there


def test_a_node_of_stand_ins_passes_with_nobody_there(tmp_path: Path) -> None:
    own = settings_in(tmp_path, ALL)
    status, out, screen = went(own, unattended=True, as_json=True)
    report = msgspec.json.decode(out, type=Report)
    assert [one for one in report.results if not one.ok] == []
    assert status == 0
    assert report.passed
    assert report.by == "unattended"
    assert report.left_out == []
    assert {one.device for one in report.results} == set(own.settings.device_names())
    assert "ĐẠT" in screen
    (event,) = left_for_the_hall(tmp_path / "data")
    assert event.passed
    assert event.unattended
    assert event.results == list(report.results)
    # no card was left for the node to scan
    assert list((tmp_path / "cards").iterdir()) == []


def test_a_device_that_is_not_there_fails_and_the_others_go_on(tmp_path: Path) -> None:
    (tmp_path / "voice").write_text("no folder")
    status, out, _ = went(settings_in(tmp_path, ALL), unattended=True, as_json=True)
    report = msgspec.json.decode(out, type=Report)
    assert status == 1
    assert not report.passed
    failed = {one.device for one in report.results if not one.ok}
    assert failed == {"speaker"}
    (event,) = left_for_the_hall(tmp_path / "data")
    assert not event.passed


def test_nobody_can_answer_for_a_real_device(tmp_path: Path) -> None:
    real = settings_in(tmp_path, DISPLAY_ALONE.replace("recording", "max7219"))
    with pytest.raises(SettingsError, match="'max7219' is a real device"):
        went(real, unattended=True)
    assert not (tmp_path / "self-tests").exists()


def test_a_stand_in_that_shows_something_else_does_not_pass() -> None:
    from devices.ticket_display import RecordingMatrix, TicketDisplay
    from devices.ticket_display.self_test import steps

    matrix = RecordingMatrix()
    with TicketDisplay(matrix) as display:
        read, dots = (by_hand(step, DisplayReader(matrix)) for step in steps(display))
        assert "wrote" in read.run(1)
        lying = read._replace(run=lambda _: "wrote A000")
        with pytest.raises(NotAsItShouldBeError):
            by_hand(lying._replace(confirm=True), DisplayReader(matrix)).run(1)
        assert "every dot" in dots.run(1)
        matrix.cleanup()
        dark = Step("all-dots", "", "", True, lambda _: "lit every dot")
        with pytest.raises(NotAsItShouldBeError, match="dark"):
            by_hand(dark, DisplayReader(matrix)).run(1)


def test_a_step_that_only_a_person_can_judge_fails_where_no_stand_in_can() -> None:
    step = Step("smell", "Ngửi", "Smell", True, lambda _: "smelt")
    with pytest.raises(NotAsItShouldBeError, match="no stand-in"):
        by_hand(step, Onlooker()).run(1)


# ---------------------------------------------------------------- with a technician


def test_a_technician_says_that_all_is_right_and_signs(tmp_path: Path) -> None:
    status, _, screen = went(settings_in(tmp_path), keys="\n\nNguyễn Văn Mẫu\n")
    assert status == 0
    assert "Đọc số trên bảng" in screen
    assert screen.index("Đọc số") < screen.index("Read the number")
    (text,) = (tmp_path / "self-tests").glob("*.txt")
    assert "Ký tên / signed: Nguyễn Văn Mẫu" in text.read_text()
    tree = json.loads(text.with_suffix(".json").read_text())
    assert (tree["by"], tree["passed"], tree["unattended"]) == ("Nguyễn Văn Mẫu", True, False)
    (event,) = left_for_the_hall(tmp_path)
    assert event.by == "Nguyễn Văn Mẫu"
    assert event.started_wall_ms <= event.finished_wall_ms


def test_what_a_technician_calls_broken_is_broken(tmp_path: Path) -> None:
    status, out, _ = went(settings_in(tmp_path), keys="h\n\nMẫu\n", as_json=True)
    first, second = msgspec.json.decode(out, type=Report).results
    assert status == 1
    assert not first.ok
    assert "hỏng" in first.text
    assert second.ok


def test_a_step_is_done_again_as_often_as_a_technician_likes(tmp_path: Path) -> None:
    status, _, screen = went(settings_in(tmp_path), keys="l\nl\n\n\nMẫu\n")
    assert status == 0
    assert screen.count("Đọc số trên bảng") == 3


def test_other_keys_are_no_answer(tmp_path: Path) -> None:
    assert went(settings_in(tmp_path), keys="x\n?\n\n\n\n \nMẫu\n")[0] == 0


@pytest.mark.parametrize("keys", ["q\nMẫu\n", ""], ids=["q", "end of the input"])
def test_a_test_that_is_stopped_has_not_passed(keys: str, tmp_path: Path) -> None:
    status, out, _ = went(settings_in(tmp_path), keys=keys, as_json=True)
    report = msgspec.json.decode(out, type=Report)
    assert status == 1
    assert [(one.step, one.ok) for one in report.results] == [
        ("read-display", False),
        ("all-dots", False),
    ]
    assert "not done" in report.results[1].text


def test_the_name_may_come_with_the_command(tmp_path: Path) -> None:
    status, _, screen = went(settings_in(tmp_path), keys="\n\n", by="Mẫu")
    assert status == 0
    assert "Họ tên" not in screen


def test_a_name_is_cut_to_what_a_report_can_carry(tmp_path: Path) -> None:
    status, out, _ = went(settings_in(tmp_path), unattended=True, as_json=True, by="\tữ" * 90)
    assert status == 0
    assert json.loads(out)["by"] == "ữ" * 80


def test_keys_count_one_by_one_on_a_terminal_and_none_before_its_question(tmp_path: Path) -> None:
    mine, theirs = pty.openpty()
    asked = threading.Event()

    class Watched(io.StringIO):
        def write(self, text: str) -> int:
            if "Enter = " in text:
                asked.set()
            return super().write(text)

    os.write(mine, b"q")  # impatient: before anything was asked
    with os.fdopen(theirs, "r") as keys:
        desk = Terminal("counter-3", keys=keys, screen=Watched(), patience_s=1)
        answers: list[Answer] = []
        step = Step("read", "Đọc", "Read", True, lambda _: "")

        def ask() -> None:
            answers.append(desk.did(step, ""))

        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        assert asked.wait(10)
        until(lambda: _is_cbreak(mine), "the terminal gives single keys")
        os.write(mine, b"\x1b[A")  # an arrow is no answer
        os.write(mine, b"h")
        asking.join(10)
        assert answers == ["failed"]
        assert not _is_cbreak(mine), "the terminal is as it was"
    os.close(mine)


def _is_cbreak(descriptor: int) -> bool:
    import termios

    return not termios.tcgetattr(descriptor)[3] & termios.ICANON


# ---------------------------------------------------------------- going through


class Recorded:
    """A desk that answers from a list and remembers what it was told."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self.told: list[str] = []

    def begins(self, where: Where, step: Step) -> None:
        self.told.append(f"{where.device} {where.number}/{where.of} {step.name}")

    def did(self, step: Step, said: str) -> Answer:
        return self._answers.pop(0)

    def failed(self, step: Step, why: str) -> Answer:
        return self._answers.pop(0)

    def settled(self, result: StepResult) -> None:
        self.told.append(f"{result.step} {result.ok}")


def candidate(name: str, *steps: Step, fails: list[str] | None = None) -> Candidate:
    @contextmanager
    def opened() -> Iterator[OnTest]:
        if fails:
            raise DeviceNotFoundError(fails.pop())
        yield OnTest(name, steps)

    return Candidate(name, opened)


def seen_by_the_machine(name: str, *outcomes: str | Exception) -> Step:
    left = list(outcomes)

    def step(patience_s: float) -> str:
        outcome = left.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return Step(name, "", "", False, step)


def test_a_device_that_cannot_be_opened_is_tried_again_when_its_plug_is_in() -> None:
    desk = Recorded("again")
    camera = candidate("camera", seen_by_the_machine("look", "well"), fails=["no such camera"])
    assert go_through([camera], desk, patience_s=1) == [StepResult("camera", "look", True, "well")]


def test_a_device_that_stays_away_fails_and_the_next_has_its_turn() -> None:
    desk = Recorded("failed")
    results = go_through(
        [
            candidate("camera", fails=["no such camera"]),
            candidate("speaker", seen_by_the_machine("hear", "well")),
        ],
        desk,
        patience_s=1,
    )
    assert results == [
        StepResult("camera", "open", False, "no such camera"),
        StepResult("speaker", "hear", True, "well"),
    ]


def test_a_failed_step_is_repeated_until_it_is_right() -> None:
    step = seen_by_the_machine("press-1", DeviceError("not heard"), DeviceError("again"), "heard")
    results = go_through([candidate("buttons", step)], Recorded("again", "again"), patience_s=1)
    assert results == [StepResult("buttons", "press-1", True, "heard")]


def test_a_surprise_in_one_driver_ends_no_report() -> None:
    steps = (seen_by_the_machine("one", ZeroDivisionError("x")), seen_by_the_machine("two", "well"))
    one, two = go_through([candidate("buttons", *steps)], Recorded("failed"), patience_s=1)
    assert not one.ok
    assert "ZeroDivisionError" in one.text
    assert two.ok


def test_after_a_stop_the_rest_is_named_as_not_done() -> None:
    results = go_through(
        [
            candidate("buttons", seen_by_the_machine("one", DeviceError("no"))),
            candidate("speaker", seen_by_the_machine("hear", "well")),
        ],
        Recorded("stop"),
        patience_s=1,
    )
    assert [(one.device, one.step, one.ok) for one in results] == [
        ("buttons", "one", False),
        ("speaker", "open", False),
    ]
    assert "no" in results[0].text
    assert "not done" in results[1].text


def test_the_longest_report_fits_into_one_message() -> None:
    steps = [seen_by_the_machine(f"s{number}", "ữ" * 900) for number in range(100)]
    results = go_through([candidate("d" * 64, *steps)], Recorded(), patience_s=1)
    assert len(results) == MAX_STEPS
    event = SelfTest(0, 0, "ữ" * 80, results, passed=True)
    assert len(encode(event)) < MAX_PAYLOAD_BYTES - 2_000


# ---------------------------------------------------------------- its place beside the agent


def test_while_the_agent_works_it_says_how_to_stop_it(tmp_path: Path) -> None:
    agent = DataDir(str(tmp_path))
    try:
        status, _, screen = went(settings_in(tmp_path), unattended=True)
    finally:
        agent.close()
    assert status == 1
    assert "systemctl stop" in screen
    assert str(os.getpid()) in screen


def test_a_technician_who_stops_the_agent_is_handed_its_folder(tmp_path: Path) -> None:
    agent = DataDir(str(tmp_path))

    class Stops(io.StringIO):
        """Whoever reads how to stop the agent does so."""

        def write(self, text: str) -> int:
            if "systemctl stop" in text:
                agent.close()
            return super().write(text)

    screen = Stops()
    status = run(
        settings_in(tmp_path),
        unattended=False,
        as_json=False,
        by=None,
        keys=io.StringIO("\n\nMẫu\n"),
        out=io.StringIO(),
        screen=screen,
    )
    assert status == 0
    assert "begins as soon as it has" in screen.getvalue()


def test_the_report_reaches_the_hall_once_when_the_node_starts_again(tmp_path: Path) -> None:
    with Broker(tmp_path / "broker") as broker, HallStandIn(broker) as hall:
        node = NodeProcess(tmp_path / "node", broker.port)
        tested = subprocess.run(
            [
                *(sys.executable, "-m", "motcua", "node", "self-test"),
                *("--unattended", "--json", "--config", str(node.config)),
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert tested.returncode == 0, tested.stderr
        assert json.loads(tested.stdout)["passed"]
        for _ in range(2):
            node.start()
            hall.wait_for(1)
            until(lambda: node.state()["outbox_depth"] == 0, "the outbox is empty")
            node.terminate()
        told = [one.body for one in hall.held() if isinstance(one.body, SelfTest)]
        assert len(told) == 1
        assert [(one.device, one.step) for one in told[0].results][:2] == [
            ("rating_buttons", "hands-off"),
            ("rating_buttons", "press-1"),
        ]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_root_leaves_no_files_that_the_nodes_own_account_cannot_use(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    os.chown(data, 1, 1)
    status, _, screen = went(settings_in(data), unattended=True)
    assert status == 1
    assert "sudo -u daemon" in screen
    assert list(data.iterdir()) == []


def test_a_full_outbox_is_told_and_the_report_stays_on_the_node(tmp_path: Path) -> None:
    own = settings_in(tmp_path, DISPLAY_ALONE.replace("[ticket", "max_events = 10\n[ticket"))
    from edge.clock import Clock

    outbox, clock = Outbox(tmp_path, max_events=10), Clock()
    for _ in range(10):
        outbox.append(SelfTest(0, 0, "x", [], passed=True), clock.now())
    outbox.close()
    status, _, screen = went(own, unattended=True)
    assert status == 1
    assert "does not reach the hall" in screen
    assert len(list((tmp_path / "self-tests").glob("*.txt"))) == 1


def test_a_report_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "self-tests").write_text("no folder")
    status, _, screen = went(settings_in(tmp_path), unattended=True)
    assert status == 1
    assert "report is not written" in screen
    assert len(left_for_the_hall(tmp_path)) == 1


def test_a_node_without_devices_has_nothing_to_test(tmp_path: Path) -> None:
    bare = DISPLAY_ALONE.partition("[ticket_display]")[0]
    with pytest.raises(SettingsError, match="there is none"):
        went(settings_in(tmp_path, bare), unattended=True)


def test_a_speaker_that_is_off_is_left_out_with_words(tmp_path: Path) -> None:
    own = settings_in(tmp_path, DISPLAY_ALONE + '[speaker]\nsink = "off"\n')
    found, left_out = candidates(own.settings, unattended=True)
    assert [one.device for one in found] == ["ticket_display"]
    assert left_out[0].startswith("speaker: đã tắt")


# ---------------------------------------------------------------- the report's files


def made(at_ms: int) -> Report:
    return Report("n", "h", "1", "Mẫu", False, at_ms - 5, at_ms, True, True, [], [])


def test_two_reports_of_the_same_second_are_both_kept(tmp_path: Path) -> None:
    first, second = reports.write(made(1000), tmp_path), reports.write(made(1000), tmp_path)
    assert first != second
    assert len(list((tmp_path / "self-tests").iterdir())) == 4


def test_only_the_newest_reports_stay(tmp_path: Path) -> None:
    for second in range(reports.KEPT + 3):
        newest = reports.write(made(second * 1000), tmp_path)
    kept = sorted(path.name for path in (tmp_path / "self-tests").iterdir())
    assert len(kept) == 2 * reports.KEPT
    assert newest.name in kept
    assert kept[0].startswith("19700101T000003Z")


# ---------------------------------------------------------------- the command


def test_the_command_ends_with_2_for_settings_that_do_not_fit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "node.toml"
    config.write_text(DISPLAY_ALONE.replace("recording", "max7219"))
    assert main(["node", "self-test", "--unattended", "--config", str(config)]) == 2
    assert "max7219" in capsys.readouterr().err
    config.write_text("[node]\n")
    assert main(["node", "self-test", "--config", str(config)]) == 2


def test_the_words_of_a_self_test_do_not_start_a_node(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "node.toml"
    config.write_text(DISPLAY_ALONE.replace("/var/lib/motcua", str(tmp_path / "data")))
    assert main(["node", "--json", "--config", str(config)]) == 2
    assert "motcua node self-test" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()
    assert main(["node", "--check", str(config)]) == 0
