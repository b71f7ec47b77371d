"""systemd hears that the node lives only while every loop goes round."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.agent import Agent
from edge.clock import Clock, kernel_synchronised, read_boot_id
from edge.loops import Loop
from edge.settings import read_settings
from edge.watchdog import Watchdog
from tests.parts import free_port


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(str(tmp_path / "notify"))
        line.settimeout(10)
        yield line


def hear_until_silence(systemd: socket.socket) -> None:
    for _ in range(100):
        try:
            assert systemd.recv(100) == b"WATCHDOG=1"
        except TimeoutError:
            return
    raise AssertionError("the watchdog is fed on and on")


def test_a_loop_that_hangs_stops_the_watchdog_until_it_goes_again(
    systemd: socket.socket, tmp_path: Path
) -> None:
    hang, go = threading.Event(), threading.Event()

    def body(loop: Loop) -> None:
        while not loop.stopping.wait(0.01):
            if hang.is_set():
                go.wait(10)
            loop.beat()

    settings = read_settings(
        f'[node]\nid = "a"\nhall = "h"\nkind = "board"\ndata_dir = "{tmp_path}"\n'
        f"[broker]\nport = {free_port()}\n"
    )
    agent = Agent(
        settings,
        tmp_path / "data",
        watchdog=Watchdog({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "40000"}),
    )
    agent.loops.append(Loop("camera", body, on_trouble=lambda *_: None, stall_s=0.3))
    agent.start()
    watch = threading.Thread(target=agent.wait)
    watch.start()
    assert systemd.recv(100) == b"READY=1"
    assert systemd.recv(100) == b"WATCHDOG=1"
    hang.set()
    systemd.settimeout(0.5)
    hear_until_silence(systemd)
    go.set()
    hang.clear()
    systemd.settimeout(10)
    assert systemd.recv(100) == b"WATCHDOG=1"
    agent.end()
    watch.join(10)
    agent.stop()
    agent.stop()


def test_it_speaks_over_an_abstract_socket_too() -> None:
    name = f"motcua-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(f"\0{name}")
        line.settimeout(10)
        Watchdog({"NOTIFY_SOCKET": f"@{name}"}).ready()
        assert line.recv(100) == b"READY=1"


def test_without_a_supervisor_it_is_silent(tmp_path: Path) -> None:
    Watchdog({}).alive()
    Watchdog({"NOTIFY_SOCKET": str(tmp_path / "gone")}).alive()


def test_it_is_fed_twice_in_the_time_that_systemd_allows() -> None:
    assert Watchdog({"WATCHDOG_USEC": "30000000"}).every_s == 15
    assert Watchdog({"WATCHDOG_USEC": "nonsense"}).every_s == 5
    assert Watchdog({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}).every_s == 5


def test_the_boot_has_a_name_and_its_time_never_goes_back() -> None:
    assert len(read_boot_id()) == 32
    assert int(read_boot_id(), 16) >= 0
    assert read_boot_id() == Clock().boot_id
    clock = Clock(assume_synchronised=True)
    first, second = clock.now(), clock.now()
    assert second.monotonic_us >= first.monotonic_us
    assert first.clock_synchronised
    assert isinstance(kernel_synchronised(), bool)
