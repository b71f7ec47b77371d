"""One child program at a time, which another thread may end."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Sequence
from typing import NamedTuple


class Finished(NamedTuple):
    """How a child ended; ``errors`` is the last line that it complained with."""

    status: int
    output: bytes
    errors: str


class StoppedError(Exception):
    """The child was ended because its owner closes."""


class Child:
    """Runs programs one after the other until :meth:`stop`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def run(self, command: Sequence[str], data: bytes, timeout_s: float) -> Finished:
        """Give ``data`` to the program and wait for its end.

        Raises:
            OSError: there is no such program.
            TimeoutError: it took longer than ``timeout_s`` and was killed.
            StoppedError: :meth:`stop` was called.
        """
        with self._lock:
            if self._stopped:
                raise StoppedError
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            self._process = process
        try:
            output, errors = process.communicate(data, timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise TimeoutError(f"{command[0]} hung for {timeout_s:.0f} s and was ended") from None
        finally:
            with self._lock:
                self._process = None
        if self._stopped:
            raise StoppedError
        lines = errors.decode("utf-8", "replace").strip().splitlines()
        return Finished(process.returncode, output, lines[-1][:200] if lines else "")

    def stop(self) -> None:
        """Kill what runs, and run nothing any more."""
        with self._lock:
            self._stopped = True
            if self._process is not None:
                self._process.kill()
