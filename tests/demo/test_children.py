"""The demo's children: ended in order, started again once, gone when the demo is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from motcua.demo.children import Child, ChildError, end_in_order
from tests.parts import until

ENDS_WELL = """
import pathlib, signal, sys, threading
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
pathlib.Path(sys.argv[1]).touch()
while True: signal.pause()
"""
HEARS_NOTHING = """
import pathlib, signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path(sys.argv[1]).touch()
while True: signal.pause()
"""
DIES = "import sys; sys.exit('the disk is on fire')"


class Nursery:
    """Makes children of Python text in a folder; all are ended at the end of the test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.all: list[Child] = []
        self.said: list[str] = []

    def child(self, text: str, name: str = "child") -> Child:
        sign = self._folder / f"{name}.ready"
        child = Child(
            name,
            [sys.executable, "-c", text, str(sign)],
            self._folder / f"{name}.log",
            sign.exists,
        )
        self.all.append(child)
        return child

    def started(self, text: str, name: str = "child") -> Child:
        child = self.child(text, name)
        child.start()
        child.wait_ready(20)
        return child


@pytest.fixture
def nursery(tmp_path: Path) -> Iterator[Nursery]:
    nursery = Nursery(tmp_path)
    yield nursery
    for child in nursery.all:
        child.kill()


def lives(pid: int) -> bool:
    """Whether a process is there and not a zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def pid_of(child: Child) -> int:
    assert child.pid is not None
    return child.pid


def test_a_child_that_ends_as_it_begins_is_told_with_its_last_words(nursery: Nursery) -> None:
    child = nursery.child(DIES)
    child.start()
    with pytest.raises(ChildError, match="the disk is on fire"):
        child.wait_ready(20)


def test_a_killed_child_is_reported_and_started_again(nursery: Nursery) -> None:
    child = nursery.started(ENDS_WELL)
    first = pid_of(child)
    os.kill(first, signal.SIGKILL)
    until(child.has_ended, "the kill is seen")

    def again() -> bool:
        child.watch(nursery.said.append)
        return child.pid is not None

    until(again, "it is started again")
    assert child.pid != first
    assert "SIGKILL" in nursery.said[0]
    child.wait_ready(20)


def test_a_child_that_dies_again_at_once_is_left_so(nursery: Nursery) -> None:
    child = nursery.child(DIES)
    child.start()

    def given_up() -> bool:
        child.watch(nursery.said.append)
        return child.given_up

    until(given_up, "it is given up")
    assert child.deaths == 2
    assert "the disk is on fire" in nursery.said[0]
    assert "it is left so" in nursery.said[-1]


def test_groups_end_one_after_the_other(nursery: Nursery) -> None:
    one, other = nursery.started(ENDS_WELL, "one"), nursery.started(ENDS_WELL, "other")
    pids = [pid_of(one), pid_of(other)]
    end_in_order([[one], [other]], (10.0, 20.0))
    assert not any(map(lives, pids))


def test_a_child_that_hears_nothing_is_killed_at_its_deadline(nursery: Nursery) -> None:
    deaf, good = nursery.started(HEARS_NOTHING, "deaf"), nursery.started(ENDS_WELL, "good")
    pids = [pid_of(deaf), pid_of(good)]
    began = time.monotonic()
    end_in_order([[deaf], [good]], (0.3, 20.0))
    assert not any(map(lives, pids))
    assert time.monotonic() - began < 15


def test_the_end_takes_along_what_a_child_has_started_itself(
    nursery: Nursery, tmp_path: Path
) -> None:
    pid_file = tmp_path / "grandchild"
    text = (
        "import subprocess, sys\n"
        "one = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(pid_file)!r}, 'w').write(str(one.pid))\n" + ENDS_WELL
    )
    child = nursery.started(text)
    grandchild = int(pid_file.read_text())
    end_in_order([[child]], (10.0,))
    until(lambda: not lives(grandchild), "the grandchild is gone")


def test_when_the_demo_is_killed_its_children_go(tmp_path: Path) -> None:
    log = tmp_path / "child.log"
    text = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from motcua.demo.children import Child\n"
        f"child = Child('sleeper', [sys.executable, '-c', 'import time; time.sleep(600)'], "
        f"Path({str(log)!r}), lambda: True)\n"
        "child.start()\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    demo = subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE, text=True)
    try:
        assert demo.stdout is not None
        sleeper = int(demo.stdout.readline())
        until(lambda: b"time.sleep" in Path(f"/proc/{sleeper}/cmdline").read_bytes(), "it runs")
        assert lives(sleeper)
    finally:
        demo.kill()
        demo.wait(10)
    until(lambda: not lives(sleeper), "the child is gone")
