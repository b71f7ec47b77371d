"""The demo's child processes: started, watched, started again once, and ended without a trace.

Every child has a session of its own, so that the terminal's Ctrl-C does not reach it, and ends
when the thread that started it ends: start and watch from the main thread alone.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import motcua.demo.leash

LOG_LINES: Final = 8
LOG_KEPT_BYTES: Final = 5_000_000
SETTLED_S: Final = 10.0
"""A child that lived so long may be started again after its next death."""
BACK_OFF_S: Final = 0.5
POLL_S: Final = 0.02
KILLED_S: Final = 0.25
"""What the kernel may take to end a child that was killed."""


def _nothing() -> None:
    pass


class ChildError(RuntimeError):
    """A child does not start or does not stay; the text has its last words."""


class Child:
    """One child: what starts it, and how one sees that it is ready.

    ``ready`` is asked many times and must be quick; it may raise OSError for "not yet".
    """

    def __init__(
        self, name: str, command: Sequence[str], log: Path, ready: Callable[[], bool]
    ) -> None:
        self.name: Final = name
        self._command = list(command)
        self._log = log
        self._ready = ready
        self._process: subprocess.Popen[bytes] | None = None
        self._started_s = 0.0
        self._again_s: float | None = None
        self._deaths_in_a_row = 0
        self.given_up = False
        self.deaths = 0
        """How often it died unbidden."""

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        return self._process.pid if self._process is not None else None

    @property
    def is_ready(self) -> bool:
        """Whether it answers now."""
        try:
            return self._process is not None and self._ready()
        except OSError:
            return False

    def start(self) -> None:
        """Start it; does not wait."""
        if self._log.exists() and self._log.stat().st_size > LOG_KEPT_BYTES:
            self._log.replace(self._log.with_name(f"{self._log.name}.old"))
        leash = [sys.executable, "-I", "-S", motcua.demo.leash.__file__, str(os.getpid())]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*leash, *self._command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._log.chmod(0o600)
        self._started_s = time.monotonic()
        self._again_s = None

    def wait_ready(self, within_s: float, meanwhile: Callable[[], None] = _nothing) -> None:
        """Wait until it answers; ``meanwhile`` is called again and again, and may raise.

        Raises:
            ChildError: it ended, or did not answer in time.
        """
        end_s = time.monotonic() + within_s
        while not self.is_ready:
            status = self._process.poll() if self._process else None
            if status is not None:
                raise ChildError(f"{self.name} ended as it began ({status}):\n{self.last_words()}")
            if time.monotonic() > end_s:
                raise ChildError(
                    f"{self.name} does not answer after {within_s:g} s:\n{self.last_words()}"
                )
            meanwhile()
            time.sleep(POLL_S)

    def watch(self, say: Callable[[str], None]) -> None:
        """See whether it lives; report a death, and start it again once."""
        if self._again_s is not None and time.monotonic() >= self._again_s:
            self.start()
            return
        if self._process is None or (status := self._process.poll()) is None:
            return
        self._process = None
        self.deaths += 1
        quickly = time.monotonic() - self._started_s < SETTLED_S
        self._deaths_in_a_row = self._deaths_in_a_row + 1 if quickly else 1
        say(f"{self.name} đã dừng / has ended ({_how(status)}):\n{self.last_words()}")
        if self._deaths_in_a_row > 1 and self.deaths > 1:
            self.given_up = True
            say(f"{self.name} dừng lại lần nữa / ended again: it is left so; read {self._log}")
            return
        self._again_s = time.monotonic() + BACK_OFF_S
        say(f"{self.name} được khởi động lại / is started again")

    def tell_to_end(self) -> None:
        """Ask it to end in order."""
        self._again_s = None
        if self._process is not None:
            self._process.terminate()

    def has_ended(self) -> bool:
        """Whether it is gone (and has been waited for)."""
        return self._process is None or self._process.poll() is not None

    def kill(self) -> None:
        """End it and what it started, at once."""
        if self._process is None:
            return
        # its group is its own session's: nobody else is in it
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        # one that hangs in the kernel (a disk that does not answer) is not waited for
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(KILLED_S)

    def forget(self) -> None:
        """It has ended as it should: what is left of its group goes as well."""
        self.kill()
        self._process = None

    def last_words(self) -> str:
        """The last lines of its log."""
        try:
            lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            lines = []
        return "\n".join(f"    {line[:300]}" for line in lines[-LOG_LINES:])


def end_in_order(groups: Sequence[Sequence[Child]], deadlines_s: Sequence[float]) -> None:
    """End each group after the one before: asked first, killed at its deadline.

    ``deadlines_s`` count from now, one a group; they rise.
    """
    began_s = time.monotonic()
    for group, deadline_s in zip(groups, deadlines_s, strict=True):
        for child in group:
            child.tell_to_end()
        while time.monotonic() - began_s < deadline_s:
            if all(child.has_ended() for child in group):
                break
            time.sleep(POLL_S)
        for child in group:
            child.forget()


def _how(status: int) -> str:
    if status < 0:
        with suppress(ValueError):
            return signal.Signals(-status).name
    return f"status {status}"
