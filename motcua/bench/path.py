"""``motcua bench path``: from a press to a live page, beside a bare round trip and an fsync.

Rounds of three blocks, each paced at 50 a second: bare messages, presses at as many counters as a
block has presses, and commits of one small row.  Before a round each counter serves one ticket,
so that every press counts: nothing else goes on while a block is measured.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from motcua.bench import bare_mqtt, live_page, nodes
from motcua.bench.browser import Browser
from motcua.bench.child import Child
from motcua.bench.command import Figures, Plan
from motcua.bench.errors import BenchError
from motcua.bench.parts import (
    KIOSK,
    SERVICES,
    broker,
    hall,
    hall_settings,
    own_folder,
    percentile,
    say,
)

COUNTERS: Final = 10
PACE_NS: Final = 20_000_000
"""50 a second."""
LEAD_NS: Final = 100_000_000
"""A block begins so long after it is asked for."""
AIM: Final = 4.0


class _Round:
    """The parts of the bench, and what they have measured so far, in milliseconds."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.bare_ms: list[float] = []
        self.hall_ms: list[float] = []
        self.fsync_ms: list[float] = []
        self.bare_lost = 0
        self.news_lost = 0
        self._bare_seq = 0
        self._counters = [str(number) for number in range(1, COUNTERS + 1)]
        names = [f"counter-{name}" for name in self._counters]
        port = stack.enter_context(broker(folder / "broker"))
        settings = hall_settings(folder, port, counters=COUNTERS, nodes=names)
        stack.enter_context(hall(settings, folder))
        self._kiosk = Browser(settings.web.port)
        self._clerks = [Browser(settings.web.port) for _ in names]
        for counter, clerk in zip(self._counters, self._clerks, strict=True):
            clerk.sign_in(f"clerk-{counter}", counter)
        self._publisher = stack.enter_context(Child(bare_mqtt.publisher, port))
        self._subscriber = stack.enter_context(Child(bare_mqtt.subscriber, port))
        self._nodes = stack.enter_context(Child(nodes.work, names, folder / "nodes", port))
        self._page = stack.enter_context(Child(live_page.work, settings.web.port, self._counters))
        for child in (self._publisher, self._subscriber, self._nodes, self._page):
            child.receive()
        self._disk = sqlite3.connect(folder / "fsync.db", isolation_level=None)
        stack.callback(self._disk.close)
        self._disk.execute("PRAGMA journal_mode = WAL")
        self._disk.execute("PRAGMA synchronous = FULL")
        self._disk.execute("CREATE TABLE row (id INTEGER PRIMARY KEY, body TEXT NOT NULL)")

    def run(self, presses: int, *, bare_first: bool) -> None:
        """One round of at most as many presses as there are counters."""
        self._serve_everybody(presses)
        blocks = [self._bare, self._hall] if bare_first else [self._hall, self._bare]
        for block in (*blocks, self._fsync):
            block(presses)

    def _serve_everybody(self, presses: int) -> None:
        numbers: list[str] = []
        for place, clerk in enumerate(self._clerks[:presses]):
            service = SERVICES[place % len(SERVICES)]
            taken = self._kiosk.post(f"/api/kiosk/{KIOSK}/take", {"service": service})
            if taken.status != 200:
                raise BenchError(f"no ticket: {taken.status} {taken.body[:300]!r}")
            numbers.append(clerk.must("call-next")["number"])
            clerk.must("start")
            clerk.must("finish")
        self._nodes.ask(("armed", numbers))

    def _bare(self, presses: int) -> None:
        seqs = range(self._bare_seq + 1, self._bare_seq + presses + 1)
        self._bare_seq += presses
        sent = self._publisher.ask(list(zip(seqs, _times(presses), strict=True)))
        came = self._subscriber.ask(list(seqs))
        self.bare_lost += presses - len(came)
        self.bare_ms += [(came[seq] - sent[seq]) / 1e6 for seq in came]

    def _hall(self, presses: int) -> None:
        self._page.ask("begin")
        plan = [(node, node % nodes.LEVELS + 1, at) for node, at in enumerate(_times(presses))]
        pressed: list[int] = self._nodes.ask(("press", plan))
        counters = self._counters[:presses]
        news = self._page.ask(counters)
        self.news_lost += presses - len(news)
        self.hall_ms += [
            (news[counter] - at_ns) / 1e6
            for counter, at_ns in zip(counters, pressed, strict=True)
            if counter in news
        ]

    def _fsync(self, commits: int) -> None:
        for at_ns in _times(commits):
            time.sleep(max(0.0, (at_ns - time.monotonic_ns()) / 1e9))
            began_ns = time.monotonic_ns()
            self._disk.execute("INSERT INTO row (body) VALUES (?)", ("x" * 200,))
            self.fsync_ms.append((time.monotonic_ns() - began_ns) / 1e6)


def _times(count: int) -> Sequence[int]:
    first = time.monotonic_ns() + LEAD_NS
    return range(first, first + count * PACE_NS, PACE_NS)


def measure(plan: Plan) -> tuple[Figures, list[str]]:
    """Measure ``plan.amount`` presses; see the module."""
    with own_folder(plan.folder) as folder, ExitStack() as stack:
        parts = _Round(folder, stack)
        parts.run(COUNTERS, bare_first=True)  # connections, caches and files are warm after it
        for warm in (parts.bare_ms, parts.hall_ms, parts.fsync_ms):
            warm.clear()
        left, number = plan.amount, 0
        end = time.monotonic() + plan.seconds
        while left > 0 and (not number or time.monotonic() < end):
            presses = min(COUNTERS, left)
            parts.run(presses, bare_first=number % 2 == 0)
            left -= presses
            number += 1
            if number % 20 == 0:
                say(f"{plan.amount - left} of {plan.amount} presses")
    figures = _figures(parts)
    faults = []
    if parts.news_lost:
        faults.append(f"{parts.news_lost} presses did not come to their live page within 5 s")
    if parts.bare_lost:
        faults.append(f"{parts.bare_lost} bare messages did not come: look at the machine")
    say(f"p99 less one fsync is {figures['ratio_p99']} times the bare one; the aim is {AIM:g}")
    return figures, faults


def _figures(parts: _Round) -> Figures:
    bare_p99, hall_p99 = percentile(parts.bare_ms, 0.99), percentile(parts.hall_ms, 0.99)
    fsync_p99 = percentile(parts.fsync_ms, 0.99)
    return {
        "bare_p50_ms": round(percentile(parts.bare_ms, 0.5), 3),
        "bare_p99_ms": round(bare_p99, 3),
        "fsync_p50_ms": round(percentile(parts.fsync_ms, 0.5), 3),
        "fsync_p99_ms": round(fsync_p99, 3),
        "hall_p50_ms": round(percentile(parts.hall_ms, 0.5), 3),
        "hall_p99_ms": round(hall_p99, 3),
        "ratio_p99": round((hall_p99 - fsync_p99) / bare_p99, 3),
        "aim_p99_ms": round(AIM * bare_p99 + fsync_p99, 3),
        "presses": len(parts.hall_ms),
        "news_lost": parts.news_lost,
    }
