"""A run of the demo: everything started in order, watched, drained, counted, and ended."""

from __future__ import annotations

import os
import select
import signal
import socket
import sqlite3
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from typing import Final, NamedTuple

from motcua.demo import broker, house, leavings
from motcua.demo.broker import LOOPBACK
from motcua.demo.children import Child, end_in_order
from motcua.demo.citizens import Citizens
from motcua.demo.clerks import Clerks
from motcua.demo.doors import Browser, DoorError, Panel
from motcua.demo.facts_of_run import DemoJournal
from motcua.demo.findings import Findings, compare, count, events_of
from motcua.demo.layout import Layout
from motcua.demo.ledger import Ledger
from motcua.demo.outboxes import Given, OutboxUnreadError, read_outbox
from motcua.demo.room import Room
from motcua.demo.store import StoreError, VictoriaMetrics
from motcua.demo.stored_points import (
    EVERYTHING,
    Series,
    accepted,
    compare_points,
    expected,
    found_in,
)
from motcua.demo.telling import YOURS, Teller, greeting

READY_S: Final = 40.0
DRAIN_S: Final = 20.0
STORE_S: Final = 40.0
"""A store that was killed is written to again after the feeder's settling time."""
ROUND_S: Final = 0.25
LINE_EACH_S: Final = 4.0
LEAVE_S: Final = 10.0
"""How long citizens and clerks may finish their sentence at the end of a run."""
DEADLINES_S: Final = (0.9, 1.4, 1.6, 1.8)
"""Nodes, hall, store, broker: when each is killed that has not ended.

A Ctrl-C waits for nothing but these and for the counting: all is over within 3 s.  A part that is
killed loses nothing: what it was to keep is on its disk.
"""


class Wish(NamedTuple):
    """What the person asked for on the command line."""

    seconds: float | None = None
    headless: bool = False
    citizens: bool = True
    speed: float = 1.0
    seed: int = 0


class Result(NamedTuple):
    """What a run came to; the names are those of the printed JSON."""

    visits_opened: int
    called: int
    finished: int
    ratings: int
    scans: int
    events_published: int
    events_committed: int
    points_written: int
    lost: int
    doubled: int
    path_p50_ms: float | None
    path_p99_ms: float | None


class _EndWantedError(Exception):
    """Somebody pressed Ctrl-C, or ends the demo in another way."""


class _Before(NamedTuple):
    """How things stood when the run began."""

    last_fact: int
    from_ms: int
    outboxes: dict[str, Given | None]
    points_written: int


class _Measured(NamedTuple):
    """What the technician's page says at the end."""

    path_p50_ms: float | None = None
    path_p99_ms: float | None = None


class Run:
    """One run on ``layout``; ``say`` takes lines for a person."""

    def __init__(
        self, layout: Layout, wish: Wish, say: Callable[[str], None], *, store: bool
    ) -> None:
        self._layout = layout
        self._wish = wish
        self._say = say
        self._ledger = Ledger()
        self._journal = DemoJournal(layout.journal)
        self._room = Room(layout, self._ledger, seed=wish.seed, speed=wish.speed)
        self._store = VictoriaMetrics(layout.store_folder, layout.store_port) if store else None
        self._broker = Child(
            "mosquitto",
            broker.command(layout.broker_configuration),
            layout.log("mosquitto"),
            lambda: _listens(layout.broker_port),
        )
        self._children = self._make_children()
        self._people: list[Citizens | Clerks] = []

    # ------------------------------------------------------------------ children

    def _make_children(self) -> list[list[Child]]:
        """Groups in the order in which they end: nodes, hall, store, broker."""
        layout, program = self._layout, [sys.executable, "-m", "motcua"]
        nodes = [
            Child(
                node.id,
                [*program, "node", "--config", str(layout.node_settings(node.id))],
                layout.log(node.id),
                self._node_ready(node.id),
            )
            for node in house.NODES
        ]
        hall = Child(
            "hall",
            [*program, "hall", "--config", str(layout.hall_settings)],
            layout.log("hall"),
            lambda: _answers(layout.web_port, "/healthz"),
        )
        store = []
        if self._store is not None:
            store = [
                Child(
                    "victoria-metrics",
                    self._store.command(),
                    layout.log("victoria-metrics"),
                    self._store.healthy,
                )
            ]
        return [nodes, [hall], store, [self._broker]]

    def _node_ready(self, node: str) -> Callable[[], bool]:
        port = self._layout.panel_ports.get(node)
        if port is None:
            return _yes
        panel = Panel(port)
        return lambda: (panel.state() or {}).get("link") == "connected"

    def _start_children(self, told: int) -> None:
        nodes, hall, store, broker_ = self._children
        for group in (broker_ + store, hall + nodes):
            for child in group:
                child.start()
            for child in group:
                child.wait_ready(READY_S, lambda: _look_up(told))

    def _watch(self) -> None:
        for group in self._children:
            for child in group:
                child.watch(self._say)

    # ------------------------------------------------------------------ the run

    def run(self) -> Result:
        """All of it; returns when nothing of it is left.

        Raises:
            ChildError: a part does not start.
        """
        before = self._look_before()
        with _signals() as told:
            try:
                self._start_children(told)
                self._clear_counters(before)
                if not self._wish.headless:
                    citizens, store = self._wish.citizens, self._store is not None
                    self._say(greeting(self._layout, citizens=citizens, store=store))
                self._send_people()
                self._go_on(told, before)
                self._room.close()
                measured, points = self._drain(told, before)
            except _EndWantedError:
                # Ctrl-C is answered at once: what is on its way is in an outbox or the spool
                measured, points = _Measured(), Findings(Counter(), Counter())
            finally:
                self._room.close()
                end_in_order(self._children, DEADLINES_S)
            return self._count(before, measured, points)

    def _is_simulated(self, worker: house.Worker) -> bool:
        """Whether ``worker`` is a clerk whose part the demo plays in this run."""
        if not self._wish.citizens or worker.counter is None:
            return False
        return self._wish.headless or worker.counter != YOURS

    def _clear_counters(self, before: _Before) -> None:
        """Nobody finds a stranger's visit at the counter that is left to her."""
        yours = [
            one.counter for one in house.WORKERS if one.counter and not self._is_simulated(one)
        ]
        leavings.clear(
            self._layout,
            self._ledger,
            yours,
            lambda: self._journal.from_day_of(before.last_fact),
        )

    def _send_people(self) -> None:
        if not self._wish.citizens:
            return
        self._room.board.start()
        workers = [one for one in house.WORKERS if self._is_simulated(one)]
        self._people = [Citizens(self._room), Clerks(self._room, workers)]
        for people in self._people:
            people.start()

    def _go_on(self, told: int, before: _Before) -> None:
        """Watch until the time is over.

        Raises:
            _EndWantedError: somebody wants an end before.
        """
        end_s = None if self._wish.seconds is None else time.monotonic() + self._wish.seconds
        teller, line_s, seen = Teller(), 0.0, before.last_fact
        while end_s is None or time.monotonic() < end_s:
            left_s = ROUND_S if end_s is None else min(ROUND_S, end_s - time.monotonic())
            _look_up(told, max(0.0, left_s))
            self._watch()
            if not self._wish.headless and time.monotonic() >= line_s:
                line_s = time.monotonic() + LINE_EACH_S
                facts = self._journal.after(seen)
                seen = facts[-1].id if facts else seen
                if said := teller.line(facts, self._room.board.waiting):
                    self._say(said)

    # ------------------------------------------------------------------ the end

    def _drain(self, told: int, before: _Before) -> tuple[_Measured, Findings]:
        """Let what is on its way arrive: outboxes, then the store; the nodes end in between."""
        self._until(told, lambda: not any(one.are_here for one in self._people), LEAVE_S)
        nodes = self._children[0]
        self._until(told, self._outboxes_empty, DRAIN_S)
        end_in_order([nodes], [DEADLINES_S[0]])
        if self._store is None:
            return self._measured(), Findings(Counter(), Counter())
        store = self._store
        points: list[Findings] = []

        def complete() -> bool:
            wanted = self._wanted(before)
            try:
                found = found_in(store.stored(EVERYTHING, before.from_ms / 1000), before.from_ms)
            except (OSError, HTTPException, StoreError):
                points[:] = [Findings(Counter(["the store does not answer"]), Counter())]
                return False
            points[:] = [compare_points(wanted, found, self._wanted(before))]
            return not points[0].lost

        self._until(told, complete, STORE_S)
        return self._measured(), points[0]

    def _wanted(self, before: _Before) -> Counter[Series]:
        return expected(self._journal.from_day_of(before.last_fact), house.HALL, before.from_ms)

    def _until(self, told: int, holds: Callable[[], bool], within_s: float) -> None:
        end_s = time.monotonic() + within_s
        while not holds() and time.monotonic() < end_s:
            self._watch()
            _look_up(told, 0.1)

    def _outboxes_empty(self) -> bool:
        states = [panel.state() for panel in self._room.panels.values()]
        return all(state is not None and state.get("outbox_depth") == 0 for state in states)

    def _measured(self) -> _Measured:
        """What the technician's page says; nothing where the hall does not answer."""
        technician = next(one.id for one in house.WORKERS if one.role == "technician")
        page = Browser(self._layout.web_port, threading.Event(), patience_s=5.0)
        with suppress(DoorError):
            if page.sign_in("technician", technician, self._layout.pins[technician]).ok:
                view = page.get("/api/view/technician").body
                return _Measured(view.get("path_p50_ms"), view.get("path_p99_ms"))
        self._say("trang kỹ thuật không trả lời / the technician's page does not answer")
        return _Measured()

    # ------------------------------------------------------------------ counting

    def _look_before(self) -> _Before:
        last_fact, last_ms = self._journal.last()
        now_ms = time.time_ns() // 1_000_000
        outboxes, _ = self._read_outboxes()
        return _Before(last_fact, max(now_ms, last_ms + 1), outboxes, self._accepted())

    def _accepted(self) -> int:
        try:
            return accepted(self._layout.spool)
        except sqlite3.Error as error:
            self._say(f"spool: {error}; its points are not counted")
            return 0

    def _read_outboxes(self) -> tuple[dict[str, Given | None], Counter[str]]:
        """What each outbox gave out, and a line for each that cannot be read."""
        outboxes: dict[str, Given | None] = {}
        unread: Counter[str] = Counter()
        for node in house.NODES:
            try:
                outboxes[node.id] = read_outbox(self._layout.outbox(node.id))
            except OutboxUnreadError as error:
                outboxes[node.id] = None
                unread[f"outbox of {node.id} cannot be read ({error})"] += 1
        return outboxes, unread

    def _count(self, before: _Before, measured: _Measured, points: Findings) -> Result:
        outboxes, unread = self._read_outboxes()
        today = self._journal.from_day_of(before.last_fact)
        events = events_of(before.outboxes, outboxes, self._journal.events())
        waiting = sum(given.waiting for given in outboxes.values() if given)
        counts = count(fact for fact in today if fact.id > before.last_fact)
        findings = compare(self._ledger.seen(), today, before.last_fact, waiting) + points
        # nobody knows what an outbox that cannot be read has given out: that is no clean run
        lost = events.lost + findings.lost + unread
        for what, lines in (("mất / lost", lost), ("trùng / doubled", findings.doubled)):
            for line, often in lines.most_common(20):
                self._say(f"{what}: {often} × {line}")
        return Result(
            *counts,
            events.published,
            events.committed,
            max(0, self._accepted() - before.points_written),
            lost.total(),
            findings.doubled.total(),
            measured.path_p50_ms,
            measured.path_p99_ms,
        )


def _yes() -> bool:
    return True


def _listens(port: int) -> bool:
    with socket.create_connection((LOOPBACK, port), timeout=1):
        return True


def _answers(port: int, path: str) -> bool:
    connection = HTTPConnection(LOOPBACK, port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except HTTPException:
        return False
    finally:
        connection.close()


def _look_up(told: int, wait_s: float = 0.0) -> None:
    """Wait, unless somebody wants an end.

    Raises:
        _EndWantedError: somebody does.
    """
    if select.select([told], [], [], wait_s)[0]:
        raise _EndWantedError


@contextmanager
def _signals() -> Iterator[int]:
    """A file descriptor that can be read once somebody wants the demo to end.

    The handlers only write to a pipe: they take no lock.
    """
    told, tell = os.pipe()
    before = {
        sign: signal.signal(sign, lambda *_: os.write(tell, b"\0"))
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield told
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)
        os.close(told)
        os.close(tell)
