"""Processes of a bench: each runs one function that reads requests and writes answers.

A process of its own for each, begun anew and not forked: what is measured shares neither threads
nor a lock with what measures it.  It ends with the bench, however that ends.
"""

from __future__ import annotations

import multiprocessing
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, Final, Self

from motcua.bench.errors import BenchError

ANSWER_S: Final = 60.0
"""Far beyond what anything here needs on a busy machine."""


class Child:
    """A process that runs ``work(pipe, *words)``, which is to end when its pipe does (EOFError)."""

    def __init__(self, work: Callable[..., None], *words: Any) -> None:
        self._name = work.__module__
        self._pipe, theirs = multiprocessing.Pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
        )
        theirs.close()
        self._pipe.send((work, words))

    def send(self, request: Any) -> None:
        """Ask for something.

        Raises:
            BenchError: it has ended.
        """
        try:
            self._pipe.send(request)
        except OSError:
            raise BenchError(f"{self._name} has ended; its error stands above") from None

    def receive(self, within_s: float = ANSWER_S) -> Any:
        """Its next answer.

        Raises:
            BenchError: it has ended, or does not answer.
        """
        try:
            if not self._pipe.poll(within_s):
                raise BenchError(f"{self._name} does not answer within {within_s:g} s")
            return self._pipe.recv()
        except (EOFError, ConnectionResetError):
            raise BenchError(f"{self._name} has ended; its error stands above") from None

    def ask(self, request: Any, within_s: float = ANSWER_S) -> Any:
        """:meth:`send` and :meth:`receive`."""
        self.send(request)
        return self.receive(within_s)

    def close(self) -> None:
        """End it."""
        self._pipe.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def main() -> None:
    """The life of a child; its pipe is the file whose number it is started with."""
    # Ctrl-C goes to the whole terminal; the bench itself ends its children.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pipe = Connection(int(sys.argv[1]))
    work, words = pipe.recv()
    with suppress(EOFError, ConnectionError):
        work(pipe, *words)


if __name__ == "__main__":
    main()
