"""One child program at a time, which another thread may end, and which can hold up nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, NamedTuple

_KILLED_WITHIN_S: Final = 2.0
"""A program inside a driver that hangs cannot even be killed: it is left behind after this."""
MOST_LEFT_BEHIND: Final = 2


class Finished(NamedTuple):
    """How a child ended; ``errors`` is the last line that it complained with."""

    status: int
    output: bytes
    errors: str


class StoppedError(Exception):
    """The child was ended because its owner closes."""


class Child:
    """Runs programs one after the other until :meth:`stop`."""

    def __init__(self, *, killed_within_s: float = _KILLED_WITHIN_S) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False
        self._killed_within_s = killed_within_s
        self._left_behind: list[subprocess.Popen[bytes]] = []

    def run(self, command: Sequence[str], data: bytes, timeout_s: float) -> Finished:
        """Give ``data`` to the program and wait for its end.

        Raises:
            OSError: there is no such program.
            TimeoutError: it took longer than ``timeout_s`` and was killed, or those before it
                could not even be killed.
            StoppedError: :meth:`stop` was called.
        """
        with self._lock:
            if self._stopped:
                raise StoppedError
            self._left_behind = [one for one in self._left_behind if one.poll() is None]
            if len(self._left_behind) >= MOST_LEFT_BEHIND:
                raise TimeoutError(f"{command[0]} hangs in its driver and cannot be ended")
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
            self._process = process
        try:
            output, errors = process.communicate(data, timeout_s)
        except subprocess.TimeoutExpired:
            self._end(process)
            if self._stopped:
                raise StoppedError from None
            raise TimeoutError(f"{command[0]} hung for {timeout_s:.0f} s and was ended") from None
        finally:
            with self._lock:
                self._process = None
        if self._stopped:
            raise StoppedError
        lines = errors.decode("utf-8", "replace").strip().splitlines()
        return Finished(process.returncode, output, lines[-1][:200] if lines else "")

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        _kill(process)
        try:
            process.communicate(timeout=self._killed_within_s)
        except subprocess.TimeoutExpired:
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe is not None:
                    with suppress(OSError):
                        pipe.close()
            with self._lock:
                self._left_behind.append(process)

    def stop(self) -> None:
        """Kill what runs, and run nothing any more."""
        with self._lock:
            self._stopped = True
            if self._process is not None:
                _kill(self._process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """The child with all that it began: its session is its own."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
