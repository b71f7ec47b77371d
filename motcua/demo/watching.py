"""Eyes on the hall's board: everybody in the hall sees the same live page, by one connection."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from typing import Any, Final, NamedTuple

from motcua.demo.broker import LOOPBACK

AGAIN_S: Final = 0.3
SILENT_S: Final = 15.0
"""A live page sends a beat each 5 s: after so long in silence it is opened anew."""


class Call(NamedTuple):
    """A call as the board shows it; ``id`` rises."""

    id: int
    number: str
    counter: str


class Board:
    """The live board, read by a thread of its own; wait on it from any."""

    def __init__(self, port: int, ending: threading.Event) -> None:
        self._port = port
        self._ending = ending
        self._seen = threading.Condition()
        self._calls: dict[str, Call] = {}
        self._view: dict[str, Any] = {}
        self._thread = threading.Thread(target=self._run, name="demo-board", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    @property
    def waiting(self) -> int:
        """People in line, as the board says."""
        return int(self._view.get("waiting", 0))

    @property
    def last_call_id(self) -> int:
        """The id of the newest call that the board has shown."""
        with self._seen:
            return max((call.id for call in self._calls.values()), default=0)

    def wait_call(self, number: str, after_id: int, timeout_s: float) -> Call | None:
        """The call of ``number`` that is newer than ``after_id``; None when none came."""

        def called() -> bool:
            call = self._calls.get(number)
            return self._ending.is_set() or (call is not None and call.id > after_id)

        with self._seen:
            self._seen.wait_for(called, timeout_s)
            call = self._calls.get(number)
        return call if call is not None and call.id > after_id else None

    def wait_change(self, timeout_s: float) -> None:
        """Wait until the board shows something new."""
        with self._seen:
            self._seen.wait(timeout_s)

    def wake(self) -> None:
        """Let all who wait look up: the demo ends."""
        with self._seen:
            self._seen.notify_all()

    def _run(self) -> None:
        while not self._ending.is_set():
            with suppress(OSError, HTTPException, ValueError):
                # while the hall is away the board stays as it was
                self._read()
            self._ending.wait(AGAIN_S)

    def _read(self) -> None:
        connection = HTTPConnection(LOOPBACK, self._port, timeout=SILENT_S)
        try:
            connection.request("GET", "/live/board", headers={"Accept": "text/event-stream"})
            response = connection.getresponse()
            event = ""
            while not self._ending.is_set():
                line = response.readline()
                if not line:
                    return
                word, _, value = line.decode("utf-8").rstrip("\r\n").partition(":")
                if word == "event":
                    event = value.strip()
                elif word == "data" and event == "state":
                    self._show(json.loads(value))
        finally:
            connection.close()

    def _show(self, view: dict[str, Any]) -> None:
        with self._seen:
            self._view = view
            for line in view.get("calls", []):
                call = Call(int(line["id"]), str(line["number"]), str(line["counter"]))
                before = self._calls.get(call.number)
                if before is None or before.id < call.id:
                    self._calls[call.number] = call
            self._seen.notify_all()


def wait_until(holds: Callable[[], bool], within_s: float, ending: threading.Event) -> bool:
    """Look again and again until ``holds()``; False after ``within_s`` or when the demo ends."""
    end_s = time.monotonic() + within_s
    pause_s = 0.02
    while not holds():
        if time.monotonic() > end_s or ending.wait(pause_s):
            return False
        pause_s = min(0.2, pause_s * 1.5)
    return True
