"""The clients of ``motcua bench web``: each a process, one request after the other."""

from __future__ import annotations

import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Final, NamedTuple

from motcua.bench.browser import Answer, Browser
from motcua.bench.parts import KIOSK, SERVICES

_OK: Final = 200


class Did(NamedTuple):
    """What one client did: from when to when, how long each request took, what it was given.

    ``given`` holds (number, token) of tickets taken, (number, counter) of tickets called;
    ``failed`` what was answered instead.
    """

    began_ns: int
    ended_ns: int
    took_ns: list[int]
    given: list[tuple[str, str]]
    failed: list[str]


def work(pipe: Connection, hall_port: int, bare_port: int, counters: Sequence[str]) -> None:
    """Do what is asked, and answer with :class:`Did`; each begins at a time of CLOCK_MONOTONIC.

    ``("bare", count, at_ns)``: requests to the bare view.  ``("issue", count, at_ns)``: tickets
    at the kiosk.  ``("call", count, at_ns)``: the next ticket at each of this client's counters,
    ``count`` at most.  ``("free", 0, at_ns)``: start and finish what was called, so that the
    counters can call again.
    """
    hall, bare = Browser(hall_port), Browser(bare_port)
    clerks = {counter: Browser(hall_port) for counter in counters}
    for counter, clerk in clerks.items():
        clerk.sign_in(f"clerk-{counter}", counter)
    pipe.send("ready")
    while True:
        what, count, at_ns = pipe.recv()
        time.sleep(max(0.0, (at_ns - time.monotonic_ns()) / 1e9))
        did = Did(time.monotonic_ns(), 0, [], [], [])
        if what == "bare":
            for _ in range(count):
                answer = bare.post("/bare", {})
                did.took_ns.append(answer.took_ns)
        elif what == "issue":
            for number in range(count):
                service = SERVICES[number % len(SERVICES)]
                answer = hall.post(f"/api/kiosk/{KIOSK}/take", {"service": service})
                if _noted(did, answer):
                    ticket = answer.json()["ticket"]
                    did.given.append((ticket["number"], ticket["token"]))
        elif what == "call":
            for counter, clerk in list(clerks.items())[:count]:
                answer = clerk.command("call-next")
                if _noted(did, answer):
                    did.given.append((answer.json()["number"], counter))
        else:
            for clerk in clerks.values():
                for verb in ("start", "finish"):
                    # where nothing was called there is nothing to end
                    if clerk.command(verb).status != _OK:
                        break
        pipe.send(did._replace(ended_ns=time.monotonic_ns()))


def _noted(did: Did, answer: Answer) -> bool:
    did.took_ns.append(answer.took_ns)
    if answer.status != _OK:
        did.failed.append(f"{answer.status} {answer.body[:200]!r}")
    return answer.status == _OK
