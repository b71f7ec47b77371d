"""The real parts that tests of several rooms share: a broker, free ports, and patience."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from motcua.demo.broker import command

LOOPBACK = "127.0.0.1"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or "/usr/bin/chromium"
"""Debian's, or what another system calls it."""


def free_port() -> int:
    """A TCP port on loopback that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def until(
    holds: Callable[[], object], what: str, *, within_s: float = 20.0, each_s: float = 0.005
) -> None:
    """Wait until ``holds()`` is true; for things that give no event to wait on.

    Raises:
        AssertionError: ``what`` did not happen within the time, which is far beyond what it needs.
    """
    end = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(f"not within {within_s:g} s: {what}")
        time.sleep(each_s)


class Broker:
    """A real Mosquitto on a loopback port that stays the same over restarts.

    ``folder`` takes its configuration and log; ``lines`` stand below the listener in the
    configuration; ``passwords`` (user -> password) makes it refuse everybody else.
    """

    host = LOOPBACK

    def __init__(
        self,
        folder: Path,
        *,
        lines: Sequence[str] = (),
        passwords: Mapping[str, str] | None = None,
    ) -> None:
        self.port = free_port()
        self._folder = folder
        self._child: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        settings = [
            f"listener {self.port} {LOOPBACK}",
            "persistence false",
            "log_dest stderr",
            *lines,
        ]
        if os.geteuid() == 0:
            settings.append("user root")  # it could not read the test's folder otherwise
        if passwords is None:
            settings.append("allow_anonymous true")
        else:
            file = folder / "passwords"
            file.touch()
            for user, password in passwords.items():
                subprocess.run(
                    ["mosquitto_passwd", "-b", str(file), user, password],
                    check=True,
                    capture_output=True,
                )
            settings += ["allow_anonymous false", f"password_file {file}"]
        (folder / "mosquitto.conf").write_text("\n".join(settings) + "\n")

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        assert self._child is None, "the broker is running already"
        with (self._folder / "mosquitto.log").open("ab") as log:
            self._child = subprocess.Popen(
                command(self._folder / "mosquitto.conf"), stderr=log, stdout=log
            )
        until(self._answers, f"mosquitto listens on {self.port}: {self.log()}")

    def _answers(self) -> bool:
        assert self._child is not None
        assert self._child.poll() is None, f"mosquitto ended: {self.log()}"
        with suppress(OSError), socket.create_connection((self.host, self.port), timeout=1):
            return True
        return False

    @property
    def running(self) -> bool:
        """True while there is a broker."""
        return self._child is not None

    def stop(self) -> None:
        """End it in order; nothing when it is not running."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """Keep its connections open and answer nothing: a half-open network."""
        assert self._child is not None
        self._child.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on after :meth:`freeze`."""
        assert self._child is not None
        self._child.send_signal(signal.SIGCONT)

    def restart(self) -> None:
        """Kill it and start it again on the same port."""
        self.kill()
        self.start()

    def log(self) -> str:
        """What it said so far."""
        with suppress(FileNotFoundError):
            return (self._folder / "mosquitto.log").read_text(errors="replace")
        return ""

    def _end(self, how: signal.Signals) -> None:
        if self._child is None:
            return
        self._child.send_signal(how)
        if how is signal.SIGTERM:
            self._child.send_signal(signal.SIGCONT)  # a frozen one would never hear it
        try:
            self._child.wait(10)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait(10)
        self._child = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
