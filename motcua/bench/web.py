"""``motcua bench web``: tickets issued and called over HTTP, beside a bare Flask view.

Eight clients at once, each a process, a new connection for each request.  In turns: the bare
view, tickets at the kiosk, calls with no live page open, calls with 200 open.  A block of calls is
one call at each of 48 counters; what frees the counters again lies between the blocks, and is
counted neither in the rate nor in the times.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from motcua.bench import audience, clients, news
from motcua.bench.audience import Heard
from motcua.bench.child import Child
from motcua.bench.clients import Did
from motcua.bench.command import Figures, Plan
from motcua.bench.parts import (
    broker,
    hall,
    hall_settings,
    own_folder,
    percentile,
    running,
    say,
)
from motcua.demo.toml_text import toml_of

CLIENTS: Final = 8
COUNTERS_EACH: Final = 6
COUNTERS: Final = CLIENTS * COUNTERS_EACH
LIVE_PAGES: Final = 200
BOARDS: Final = 10
COUNTER_PAGES: Final = 40
PHONES: Final = LIVE_PAGES - BOARDS - COUNTER_PAGES
LEAD_NS: Final = 50_000_000
AIMS: Final = "at least 0.5 of the bare rate, and at most 1.5 times the p99 with live pages"


class _Blocks:
    """All blocks of one kind: requests a second while they ran, and each request's time."""

    def __init__(self) -> None:
        self.took_ms: list[float] = []
        self.ran_s = 0.0

    def add(self, did: Sequence[Did]) -> None:
        self.ran_s += (max(d.ended_ns for d in did) - min(d.began_ns for d in did)) / 1e9
        self.took_ms += [took / 1e6 for one in did for took in one.took_ns]

    @property
    def per_s(self) -> float:
        return len(self.took_ms) / self.ran_s

    @property
    def p99_ms(self) -> float:
        return percentile(self.took_ms, 0.99)


class _Hall:
    """The hall, the bare view, eight clients and the audience."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        port = stack.enter_context(broker(folder / "broker"))
        settings = hall_settings(folder, port, counters=COUNTERS)
        self.journal = settings.data_dir / "hall.db"
        stack.enter_context(hall(settings, folder))
        bare = hall_settings(folder / "bare", port, counters=1)
        (folder / "bare.toml").write_text(toml_of(bare), encoding="utf-8")
        stack.enter_context(
            running(
                [sys.executable, "-m", "motcua.bench.bare_view", str(folder / "bare.toml")],
                folder / "bare.log",
                bare.web.port,
                "bare view",
            )
        )
        names = [str(number) for number in range(1, COUNTERS + 1)]
        self._clients = [
            stack.enter_context(
                Child(clients.work, settings.web.port, bare.web.port, names[at::CLIENTS])
            )
            for at in range(CLIENTS)
        ]
        self._audience = stack.enter_context(Child(audience.work, settings.web.port))
        for child in (*self._clients, self._audience):
            child.receive()
        self.taken: list[tuple[str, str]] = []
        self.called: list[tuple[str, str]] = []
        self.failed: list[str] = []
        self.news_ms: list[float] = []
        self.news_missing = 0
        self.live_pages = 0

    def block(self, what: str, count: int) -> list[Did]:
        """``count`` requests by all clients together, begun at the same time."""
        at_ns = time.monotonic_ns() + LEAD_NS
        for place, child in enumerate(self._clients):
            share = count // CLIENTS + (place < count % CLIENTS)
            child.send((what, share, at_ns))
        did = [Did(*child.receive()) for child in self._clients]
        given = [one for each in did for one in each.given]
        if what == "issue":
            self.taken += given
        elif what == "call":
            self.called += given
        self.failed += [words for each in did for words in each.failed]
        return did

    def watched_calls(self, count: int) -> list[Did]:
        """Calls while :data:`LIVE_PAGES` are open; what they heard is kept."""
        by_age = sorted(self.taken, key=lambda one: int(one[0][1:]))
        tokens = [token for _, token in by_age[-PHONES:]]
        pages = [
            *["board"] * BOARDS,
            *(f"counter/{number + 1}" for number in range(COUNTER_PAGES)),
            *(f"ticket/{token}" for token in tokens),
        ]
        self._audience.ask(pages)
        self.live_pages = len(pages)
        did = self.block("call", count)
        heard = [Heard(*one) for one in self._audience.ask("close")]
        late_ms, missing = news.lateness(self.journal, heard)
        self.news_ms += late_ms
        self.news_missing += missing
        return did


def measure(plan: Plan) -> tuple[Figures, list[str]]:
    """Measure ``plan.amount`` calls of each kind, in rounds of 48; see the module."""
    bare, issue, call, watched = _Blocks(), _Blocks(), _Blocks(), _Blocks()
    with own_folder(plan.folder) as folder, ExitStack() as stack:
        parts = _Hall(folder, stack)
        # The newest tickets stay in line while their pages are watched.
        parts.block("issue", LIVE_PAGES)
        for what in ("bare", "call", "free"):  # everything is warm after it
            parts.block(what, min(plan.amount, CLIENTS))
        left, number, end = plan.amount, 0, time.monotonic() + plan.seconds
        while left > 0 and (not number or time.monotonic() < end):
            calls = min(COUNTERS, left)
            bare.add(parts.block("bare", 2 * calls))
            issue.add(parts.block("issue", 2 * calls))
            for with_pages in (False, True) if number % 2 == 0 else (True, False):
                if with_pages:
                    watched.add(parts.watched_calls(calls))
                else:
                    call.add(parts.block("call", calls))
                parts.block("free", 0)
            left -= calls
            number += 1
            say(f"{plan.amount - left} of {plan.amount} calls of each kind")
        wrong = news.wrong_results(parts.journal, parts.taken, parts.called)
    figures: Figures = {
        "bare_per_s": round(bare.per_s, 1),
        "bare_p99_ms": round(bare.p99_ms, 2),
        "issue_per_s": round(issue.per_s, 1),
        "issue_p99_ms": round(issue.p99_ms, 2),
        "call_per_s": round(call.per_s, 1),
        "call_p99_ms": round(call.p99_ms, 2),
        "wrong": len(wrong),
        "failed": len(parts.failed),
        "live_pages": parts.live_pages,
        "call_p99_ms_with_live_pages": round(watched.p99_ms, 2),
        "call_per_s_with_live_pages": round(watched.per_s, 1),
        "news_p50_ms": round(percentile(parts.news_ms, 0.5), 1),
        "news_p99_ms": round(percentile(parts.news_ms, 0.99), 1),
        "news_max_ms": round(max(parts.news_ms), 1),
        "news_missing": parts.news_missing,
        "issue_ratio": round(issue.per_s / bare.per_s, 3),
        "call_ratio": round(call.per_s / bare.per_s, 3),
        "live_ratio": round(watched.p99_ms / call.p99_ms, 3),
    }
    say(
        f"issue {figures['issue_ratio']}, call {figures['call_ratio']} of the bare rate, "
        f"p99 with live pages times {figures['live_ratio']}; the aims are {AIMS}"
    )
    faults = [*wrong]
    faults += [f"{times} times answered: {words}" for words, times in Counter(parts.failed).items()]
    if parts.news_missing:
        faults.append(f"{parts.news_missing} changes never came to an open page")
    return figures, faults
