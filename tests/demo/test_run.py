"""Whole runs of the demo: nothing lost and nothing doubled, whatever is killed; no trace left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hall_server.facts import DayOpened, NoShow, ServiceFinished, TicketParked, TicketTaken
from motcua.demo.children import KILLED_S
from motcua.demo.doors import Browser, DoorError
from motcua.demo.facts_of_run import DemoJournal
from motcua.demo.layout import OWN_NAMES
from motcua.demo.running import DEADLINES_S
from motcua.demo.stored_points import accepted
from tests.parts import until

NAMES = [
    *("visits_opened", "called", "finished", "ratings", "scans"),
    *("events_published", "events_committed", "points_written", "lost", "doubled"),
    *("path_p50_ms", "path_p99_ms"),
]


class Demo:
    """Runs of ``motcua demo`` in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = DemoJournal(folder / "hall" / "hall.db")
        self._runs: list[subprocess.Popen[str]] = []

    def start(self, *words: str) -> subprocess.Popen[str]:
        """A run that goes on while the test does."""
        run = subprocess.Popen(
            [sys.executable, "-m", "motcua", "demo", "--data", str(self.folder), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._runs.append(run)
        return run

    def result(self, run: subprocess.Popen[str]) -> dict[str, Any]:
        """Wait for the end of a run; its JSON object, the one thing on its standard output."""
        out, aside = run.communicate(timeout=120)
        assert out.count("\n") == 1, f"{out}\n{aside}"
        result: dict[str, Any] = json.loads(out)
        assert run.returncode == (3 if result["lost"] or result["doubled"] else 0), aside
        assert (result["lost"], result["doubled"]) == (0, 0), aside
        assert list(result) == NAMES
        return result

    def pids(self) -> dict[str, int]:
        """The demo's children that live: their command lines name the folder."""
        found: dict[str, int] = {}
        for process in Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_bytes().decode().split("\0")
            except OSError:
                continue
            if int(process.name) != os.getpid() and "demo" not in words:
                found.update(
                    {
                        Path(word.partition("=")[2] or word).name: int(process.name)
                        for word in words
                        if str(self.folder) in word and "leash.py" not in " ".join(words)
                    }
                )
        return found

    def has_again(self, child: str, before: int) -> bool:
        """Whether ``child`` lives as another process than ``before``."""
        return self.pids().get(child, before) != before

    def is_under_way(self, finished: int = 3) -> bool:
        """Whether the hall has served a few people."""
        facts = self.journal.after(0)
        return sum(isinstance(fact.body, ServiceFinished) for fact in facts) >= finished

    def counters(self) -> dict[str, str]:
        """How each counter stands on its display; nothing before its hall has answered."""
        file = self.folder / "layout.json"
        if not file.exists():
            return {}
        port = json.loads(file.read_text(encoding="utf-8"))["web_port"]
        browser = Browser(port, threading.Event(), patience_s=0.0)
        with suppress(DoorError):
            return {key: browser.get(f"/api/view/counter/{key}").body["phase"] for key in "1234"}
        return {}

    def end(self) -> None:
        for run in self._runs:
            if run.poll() is None:
                run.kill()
                run.communicate()
        until(lambda: not self.pids(), "what a failed test left is gone")


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    demo = Demo(tmp_path / "demo")
    yield demo
    demo.end()


@pytest.mark.faults
def test_hall_and_node_killed_in_the_middle_lose_and_double_nothing(demo: Demo) -> None:
    run = demo.start("--seconds", "14", "--json", "--speed", "40", "--seed", "7")
    until(demo.is_under_way, "people are served", within_s=60, each_s=0.1)
    for victim in ("hall.toml", "node-counter-2.toml", "node-kiosk-1.toml"):
        first = demo.pids()[victim]
        os.kill(first, signal.SIGKILL)
        until(
            partial(demo.has_again, victim, first),
            f"{victim} is started again",
            within_s=30,
            each_s=0.05,
        )
    result = demo.result(run)
    assert not demo.pids()
    assert result["visits_opened"] >= result["finished"] > 3
    assert result["called"] >= result["finished"]
    assert result["events_published"] == result["events_committed"] > 0
    assert result["ratings"] > 0
    assert result["points_written"] > result["visits_opened"]
    assert 0 < result["path_p50_ms"] <= result["path_p99_ms"]

    # a second run goes on from the journal of the first
    before = demo.journal.after(0)
    again = demo.result(demo.start("--seconds", "4", "--json", "--speed", "40", "--seed", "8"))
    after = demo.journal.after(0)
    assert after[: len(before)] == before
    taken = [fact for fact in after if isinstance(fact.body, TicketTaken)]
    written = accepted(demo.folder / "hall" / "spool.db")
    assert again["points_written"] + result["points_written"] == written
    assert again["visits_opened"] == len(taken) - result["visits_opened"]
    days = sum(isinstance(fact.body, DayOpened) for fact in after)
    numbers = [fact.body.number for fact in taken if isinstance(fact.body, TicketTaken)]
    assert days > 1 or len(set(numbers)) == len(numbers)


def test_ctrl_c_ends_all_of_it_and_leaves_neither_process_nor_lock(demo: Demo) -> None:
    run = demo.start("--speed", "20")
    until(lambda: demo.is_under_way(1), "people are served", within_s=60, each_s=0.1)
    assert len(demo.pids()) >= 9
    run.send_signal(signal.SIGINT)
    out, aside = run.communicate(timeout=30)
    assert not demo.pids()
    assert run.returncode == 0, aside
    assert {one.name for one in demo.folder.iterdir()} <= set(OWN_NAMES)
    assert list(demo.folder.rglob("*.lock")) == []
    assert "Trang đầu / Start page" in out
    assert out.index("/kiosk/") < out.index("Lượt lấy số / Tickets taken")
    quiet = demo.result(demo.start("--seconds", "0.2", "--json", "--no-citizens"))
    # nobody comes; a code that was on its way at the Ctrl-C still arrives
    assert quiet["visits_opened"] <= quiet["scans"]


def test_after_ctrl_c_everything_has_its_deadline_well_before_three_seconds() -> None:
    assert list(DEADLINES_S) == sorted(DEADLINES_S)
    # what is killed at the last one is waited for a moment, and the counting takes its time
    assert DEADLINES_S[-1] + KILLED_S < 2.2


def test_ctrl_c_while_it_starts_is_heard_at_once(demo: Demo) -> None:
    run = demo.start("--no-citizens")
    until(lambda: "mosquitto.conf" in demo.pids(), "the first part runs", each_s=0.01)
    run.send_signal(signal.SIGINT)
    out, aside = run.communicate(timeout=30)
    assert (run.returncode, demo.pids()) == (0, {}), aside
    assert "Trang đầu" not in out


def test_a_counter_that_is_yours_has_no_visit_of_a_simulated_clerk(demo: Demo) -> None:
    def serving() -> set[str]:
        return {key for key, phase in demo.counters().items() if phase == "serving"}

    staffed = demo.start("--headless", "--speed", "6", "--seed", "3")
    until(serving, "a counter serves", within_s=60, each_s=0.1)
    left = serving()
    staffed.send_signal(signal.SIGINT)
    staffed.communicate(timeout=30)
    (last,) = demo.journal.after(0)[-1:]

    yours = demo.start("--no-citizens")
    assert yours.stdout is not None
    while "Start page" not in yours.stdout.readline():
        assert yours.poll() is None
    assert not {"called", "serving"} & set(demo.counters().values())
    aside = [one.body for one in demo.journal.after(last.id)]
    assert left <= {one.counter for one in aside if isinstance(one, TicketParked | NoShow)}


def test_a_demo_that_is_killed_leaves_nothing_behind(demo: Demo) -> None:
    run = demo.start("--no-citizens")
    until(lambda: len(demo.pids()) >= 9, "all parts run", within_s=60, each_s=0.1)
    run.kill()
    run.communicate()
    until(lambda: not demo.pids(), "all parts are gone")


def test_a_second_demo_in_the_folder_is_refused_and_the_first_goes_on(demo: Demo) -> None:
    first = demo.start("--no-citizens")
    until(lambda: (demo.folder / "layout.json").exists(), "the first has its folder")
    second = demo.start("--seconds", "1", "--json")
    out, aside = second.communicate(timeout=60)
    assert (second.returncode, out) == (1, "")
    assert "a demo (process" in aside
    assert first.poll() is None


def test_a_wish_that_makes_no_sense_is_refused_before_anything_starts(demo: Demo) -> None:
    run = demo.start("--speed", "0")
    _, aside = run.communicate(timeout=60)
    assert run.returncode == 2
    assert "is no number above 0" in aside
    assert not demo.folder.exists()
