"""``motcua bench journal``: how long a year's journal takes to open, with and without snapshot."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from hall_server import commands as c
from hall_server import facts as f
from hall_server.catalogue import Catalogue, Counter, Service
from hall_server.commands import Command
from hall_server.facts import Fact, Source
from hall_server.hall import Hall
from hall_server.journal import Journal
from hall_server.state import State
from motcua.bench.command import Figures, Plan
from motcua.bench.parts import own_folder, say

WORKING_DAYS: Final = 250
COUNTERS: Final = 4
FIRST_DAY_8_00_MS: Final = 1_767_574_800_000  # 2026-01-05 08:00 in Ha Noi, a Monday
DAY_MS: Final = 86_400_000
STEP_MS: Final = 9_000
BATCH: Final = 5_000
LINES: Final = ("chung-thuc", "ho-tich", "dat-dai", "tra-ket-qua")


def measure(plan: Plan) -> tuple[Figures, list[str]]:
    """Build the journal of ``plan.amount`` dossiers, then open it both ways."""
    with own_folder(plan.folder) as folder:
        path = folder / "hall.db"
        began_s = time.monotonic()
        facts, live = build(path, plan.amount)
        say(
            f"a journal of {facts} facts, {path.stat().st_size / 2**20:.0f} MB, made in "
            f"{time.monotonic() - began_s:.1f} s"
        )
        replay_s, replayed = _open(path)
        journal = Journal(path)
        journal.save_snapshot(journal.recover())
        journal.close()
        open_s, opened = _open(path)
    faults = []
    if replayed != live:
        faults.append("the replayed state is not the one that wrote the journal")
    if opened != live:
        faults.append("the state of the snapshot is not the one that wrote the journal")
    return {"facts": facts, "open_s": round(open_s, 4), "replay_s": round(replay_s, 3)}, faults


def _open(path: Path) -> tuple[float, State]:
    began_s = time.monotonic()
    journal = Journal(path)
    state = journal.recover()
    took_s = time.monotonic() - began_s
    journal.close()
    return took_s, state


def build(path: Path, dossiers: int) -> tuple[int, State]:
    """A journal in which each dossier brought its citizen twice; its facts, and the last state.

    Each visit is taken, called, served and finished, with a card shown and a press that counts:
    what a ward of 31,150 dossiers a year writes.
    """
    hall = Hall(catalogue())
    journal = Journal(path)
    waiting: list[Fact] = []
    seqs: dict[str, int] = {}
    for at_ms, command, node in _year(hall, dossiers):
        source: Source | None = None
        before: tuple[f.AnyBody, ...] = ()
        if node:
            before = () if node in seqs else (f.StreamBegan(node, 1),)
            seqs[node] = seqs.get(node, 0) + 1
            source = Source(f"{node:0>32}", seqs[node])
        waiting += hall.handle(command, at_ms, source, at_ms if node else None, before).facts
        if len(waiting) >= BATCH:
            journal.append(waiting)
            waiting.clear()
    if waiting:
        journal.append(waiting)
    journal.close()
    return hall.state.last_fact, hall.state


def catalogue() -> Catalogue:
    """Four services that four counters serve."""
    names = [str(number) for number in range(1, COUNTERS + 1)]
    return Catalogue(
        {
            line: Service(line, prefix, line.replace("-", " "))
            for line, prefix in zip(LINES, "ABCD", strict=True)
        },
        {name: Counter(name, list(LINES)) for name in names},
        counter_of_node={f"counter-{name}": name for name in names},
    )


def _year(hall: Hall, dossiers: int) -> Iterator[tuple[int, Command, str]]:
    """(when, what, by which node) of a year of working days."""
    visits = 2 * dossiers
    days = min(WORKING_DAYS, visits)
    done = 0
    for day in range(days):
        at_ms = FIRST_DAY_8_00_MS + (day // 5 * 7 + day % 5) * DAY_MS
        for number in range(COUNTERS):
            yield at_ms, _at(c.OpenCounter, number, f"{day}-open"), ""
        today = visits * (day + 1) // days - done
        for visit in range(done, done + today):
            yield from _visit(hall, visit, at_ms := at_ms + STEP_MS)
        done += today
        for number in range(COUNTERS):
            yield at_ms + STEP_MS, _at(c.CloseCounter, number, f"{day}-close"), ""


def _visit(hall: Hall, visit: int, at_ms: int) -> Iterator[tuple[int, Command, str]]:
    number = visit % COUNTERS
    node = f"counter-{number + 1}"
    line = LINES[visit // COUNTERS % len(LINES)]
    yield (
        at_ms,
        c.TakeTicket(
            request=f"{visit}-take",
            service=line,
            channel="kiosk",
            token=f"{visit:022d}",
            by="kiosk-1",
        ),
        "",
    )
    yield at_ms + 1_000, _at(c.CallNext, number, f"{visit}-call"), ""
    yield at_ms + 2_000, c.CardShown(request="", node=node, person=f"{visit:032x}"), node
    yield at_ms + 3_000, _at(c.StartService, number, f"{visit}-start"), ""
    yield at_ms + 4_000, _at(c.FinishService, number, f"{visit}-finish"), ""
    window = hall.state.counters[str(number + 1)].window
    yield (
        at_ms + 5_000,
        c.PressSeen(
            request="",
            node=node,
            level=visit % 5 + 1,
            levels=5,
            window=window,
            refused=None,
            happened_ms=at_ms + 5_000,
        ),
        node,
    )


def _at(kind: type[c.AtCounter], number: int, request: str) -> c.AtCounter:
    name = str(number + 1)
    return kind(request=f"{name}-{request}", counter=name, clerk=f"clerk-{name}")
