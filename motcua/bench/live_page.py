"""The live pages of ``motcua bench path``: when each counter's page said thank you for a press."""

from __future__ import annotations

import json
import selectors
import socket
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Final

from motcua.bench.errors import BenchError
from motcua.bench.parts import LOOPBACK

LOST_AFTER_S: Final = 5.0
_STATE: Final = b"event: state\ndata: "


class _Page:
    """One open stream."""

    def __init__(self, port: int, counter: str) -> None:
        self.counter = counter
        self.line = socket.create_connection((LOOPBACK, port), timeout=10)
        self.line.sendall(
            b"GET /live/counter/%b HTTP/1.1\r\nHost: %b:%d\r\nAccept: text/event-stream\r\n\r\n"
            % (counter.encode(), LOOPBACK.encode(), port)
        )
        self._rest = b""

    def thanks(self, data: bytes) -> bool:
        """True where the newest state in ``data`` says thank you."""
        *whole, self._rest = (self._rest + data).split(b"\n\n")
        states = [event.partition(_STATE)[2] for event in whole if _STATE in event]
        return bool(states) and json.loads(states[-1])["thanks_until_ms"] is not None


def work(pipe: Connection, port: int, counters: Sequence[str]) -> None:
    """Keep a page of each counter open.

    A request is a list of counters; the answer says when the page of each first said thank you
    since the request ``"begin"``, read from CLOCK_MONOTONIC right after the socket's read.  One
    that does not within :data:`LOST_AFTER_S` is missing.
    """
    pages = selectors.DefaultSelector()
    for counter in counters:
        page = _Page(port, counter)
        pages.register(page.line, selectors.EVENT_READ, page)
    pages.register(pipe, selectors.EVENT_READ)
    thanked: dict[str, int] = {}
    wanted: set[str] = set()
    due_s = 0.0
    pipe.send("ready")
    while True:
        for key, _ in pages.select(0.05 if wanted else None):
            if isinstance(key.data, _Page):
                data = key.data.line.recv(65_536)
                now_ns = time.monotonic_ns()
                if not data:
                    raise BenchError(f"the hall closed the page of counter {key.data.counter}")
                if key.data.thanks(data):
                    thanked.setdefault(key.data.counter, now_ns)
            elif (request := pipe.recv()) == "begin":
                thanked.clear()
                pipe.send("begun")
            else:
                wanted, due_s = set(request), time.monotonic() + LOST_AFTER_S
        if wanted and (thanked.keys() >= wanted or time.monotonic() > due_s):
            pipe.send({counter: thanked[counter] for counter in wanted if counter in thanked})
            wanted = set()
