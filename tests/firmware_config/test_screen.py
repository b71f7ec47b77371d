"""The hall's page on an HDMI screen: a unit that systemd takes, a browser that is looked after."""

from __future__ import annotations

import http.server
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.firmware_config.units import disk_with, needs_systemd, verified
from tests.parts import CHROMIUM, LOOPBACK, free_port, until

SCREEN = Path(__file__).parents[2] / "firmware_config/screen"
UNITS = ("motcua-screen.service", "motcua-screen-night.service", "motcua-screen-night.timer")
PATIENCE_S = 60.0

PROGRAMS = ("usr/bin/cage", "usr/bin/systemctl", "usr/lib/motcua/show-page")


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A node's disk with systemd's own units, the screen's, and what they start."""
    return disk_with(tmp_path / "disk", [SCREEN / name for name in UNITS], PROGRAMS)


@needs_systemd
def test_systemd_takes_the_screens_units(disk: Path) -> None:
    assert verified(disk, *UNITS) == (0, "")


@needs_systemd
def test_systemd_would_notice_a_fault_in_them(disk: Path) -> None:
    unit = disk / "etc/systemd/system/motcua-screen.service"
    unit.write_text(unit.read_text().replace("WatchdogSec=90", "WatchdogSec=90x"))
    status, errors = verified(disk, "motcua-screen.service")
    assert status == 1
    assert "Failed to parse" in errors


class HallPage(http.server.ThreadingHTTPServer):
    """A hall that has two pages and remembers who asked for what."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        self.asked: list[str] = []
        super().__init__((LOOPBACK, port), _Answers)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self.shutdown()
        self.server_close()


class _Answers(http.server.BaseHTTPRequestHandler):
    server: HallPage

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        body = b"{}" if self.path == "/healthz" else b"<!doctype html><title>quay 3</title>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


class Screen:
    """The script under a stand-in of systemd: what it tells is in :attr:`told`."""

    def __init__(self, folder: Path, page: str, *, browser: str) -> None:
        self.told: list[str] = []
        self._ears = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._ears.bind(str(folder / "notify"))
        # as systemd does: a word that nobody takes would hold up whoever says it
        threading.Thread(target=self._listen, daemon=True).start()
        self.profile = folder / "run/profile"
        (folder / "run").mkdir()
        self.child = subprocess.Popen(
            [str(SCREEN / "show-page")],
            env={
                "PATH": f"{folder}:{os.environ['PATH']}",
                "HOME": str(folder),
                "PAGE": page,
                "FLAGS": "--headless --no-sandbox --disable-gpu --ozone-platform=headless",
                "BROWSER": browser,
                "WAITING": str(SCREEN / "waiting.html"),
                "RUNTIME_DIRECTORY": str(folder / "run"),
                "NOTIFY_SOCKET": str(folder / "notify"),
                "DEVTOOLS_PORT": str(free_port()),
                "LOOK_EACH_S": "0.1",
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def _listen(self) -> None:
        with suppress(OSError):
            while word := self._ears.recv(4096).decode():
                self.told += word.splitlines()

    def hears(self, word: str) -> None:
        """Wait until it has told ``word`` once more than by now."""
        before = self.told.count(word) if word != "READY=1" else 0
        until(
            lambda: self.told.count(word) > before,
            f"{word} is told",
            within_s=PATIENCE_S,
            each_s=0.02,
        )

    def close(self) -> None:
        """End it with all that it began, as systemd ends a unit."""
        if self.child.poll() is None:
            os.killpg(self.child.pid, signal.SIGKILL)
        self.child.communicate()
        self._ears.shutdown(socket.SHUT_RDWR)
        self._ears.close()


Begin = Callable[..., Screen]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    screens: list[Screen] = []

    def start(page: str, browser: str = CHROMIUM) -> Screen:
        screens.append(Screen(tmp_path, page, browser=browser))
        return screens[-1]

    yield start
    for screen in screens:
        screen.close()


@needs_systemd
@pytest.mark.browser
def test_a_screen_waits_for_its_hall_shows_the_page_and_is_watched(begin: Begin) -> None:
    port = free_port()
    screen = begin(f"http://{LOOPBACK}:{port}/counter/3")
    screen.hears("READY=1")
    screen.hears("WATCHDOG=1")
    hall = HallPage(port)
    try:
        until(lambda: "/counter/3" in hall.asked, "the page is asked for", within_s=PATIENCE_S)
        assert hall.asked[0] == "/healthz"
        screen.hears("WATCHDOG=1")
        assert screen.profile.is_dir()
    finally:
        hall.close()


@needs_systemd
def test_a_browser_that_does_not_answer_feeds_no_watchdog_and_one_that_ends_ends_the_unit(
    begin: Begin, tmp_path: Path
) -> None:
    """systemd begins a unit again that ends, and one whose watchdog is not fed."""
    dumb = tmp_path / "browser"
    dumb.write_text(f"#!/bin/sh\necho $$ >{tmp_path}/number\nexec sleep 600\n")
    dumb.chmod(0o755)
    asks = tmp_path / "curl"
    asks.write_text(f"#!/bin/sh\necho asked >>{tmp_path}/asked\nexit 28\n")
    asks.chmod(0o755)
    screen = begin("http://hall.local/board", str(dumb))
    screen.hears("READY=1")
    until(
        lambda: (
            (tmp_path / "asked").exists()
            and len((tmp_path / "asked").read_text().splitlines()) >= 3
        ),
        "asked three times",
    )
    assert "WATCHDOG=1" not in screen.told
    os.kill(int((tmp_path / "number").read_text()), signal.SIGKILL)
    assert screen.child.wait(PATIENCE_S) == 1
    assert "WATCHDOG=1" not in screen.told


@pytest.mark.parametrize("page", ["", "file:///etc/passwd", "hall.local/board"])
def test_a_page_that_is_none_of_a_halls_is_refused_with_what_to_set(
    begin: Begin, page: str
) -> None:
    screen = begin(page, "browser-is-not-here")
    _, errors = screen.child.communicate(timeout=PATIENCE_S)
    assert screen.child.returncode == 78
    assert b"/etc/motcua/screen.conf" in errors


def test_the_screens_settings_are_what_systemd_and_the_script_read() -> None:
    lines = (SCREEN / "screen.conf").read_text().splitlines()
    names = {line.partition("=")[0] for line in lines if line and not line.startswith("#")}
    assert names == {"PAGE", "FLAGS"}
    script = (SCREEN / "show-page").read_text()
    assert all(f"${{{name}" in script for name in names)


def test_the_console_never_goes_blank() -> None:
    assert "consoleblank=0" in (SCREEN / "cmdline.txt").read_text().split()
