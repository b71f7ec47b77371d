"""The room of the hall: who is in it, who stands before which counter, who uses the kiosk now."""

from __future__ import annotations

import queue
import threading
from collections import deque
from dataclasses import dataclass, field
from random import Random
from typing import Final, Literal

from motcua.demo.doors import Browser, Panel
from motcua.demo.house import COUNTERS, KIOSK
from motcua.demo.layout import Layout
from motcua.demo.ledger import Ledger
from motcua.demo.watching import Board

Word = Literal["card", "parked", "moved", "finished"]
"""What a clerk says to the person before her."""


@dataclass
class Visitor:
    """A simulated citizen as a clerk sees one: a number, and somebody who comes or does not."""

    number: str
    token: str
    has_card: bool
    here: threading.Event = field(default_factory=threading.Event)
    """Stands before the counter that called."""
    gone: threading.Event = field(default_factory=threading.Event)
    """Has left the counter, or the hall."""
    words: queue.SimpleQueue[Word] = field(default_factory=queue.SimpleQueue)


class Room:
    """Shared by all citizens and clerks of the demo; ``speed`` makes them that much faster."""

    def __init__(self, layout: Layout, ledger: Ledger, *, seed: int, speed: float) -> None:
        self.layout: Final = layout
        self.ledger: Final = ledger
        self.seed: Final = seed
        self.speed: Final = speed
        self.ending: Final = threading.Event()
        self.board: Final = Board(layout.web_port, self.ending)
        self.panels: Final = {node: Panel(port) for node, port in layout.panel_ports.items()}
        self.kiosk_line: Final = threading.Lock()
        """One person at a time stands before the kiosk."""
        self.kiosk_browser: Final = Browser(layout.web_port, self.ending)
        self.last_wall_code = ""
        self.hands: Final = {one.id: threading.Lock() for one in COUNTERS}
        """One hand at a time is at the buttons of a counter."""
        self.back: Final[dict[str, deque[str]]] = {one.id: deque() for one in COUNTERS}
        """Counter -> numbers of those who have come back with their missing paper."""
        self._visitors: dict[str, Visitor] = {}
        self._lock = threading.Lock()

    def rng(self, who: str) -> Random:
        """The dice of ``who``: the same for the same seed, whatever others throw."""
        return Random(f"{self.seed}/{who}")  # noqa: S311  (no secret is drawn)

    def browser(self) -> Browser:
        """A browser of one's own."""
        return Browser(self.layout.web_port, self.ending)

    def open_kiosk(self) -> None:
        """Give the kiosk's browser its key.

        Raises:
            DoorError: the hall does not answer.
        """
        self.kiosk_browser.open_kiosk(KIOSK, self.layout.kiosk_key)

    def close(self) -> None:
        """The demo ends: nobody waits for anything any more."""
        self.ending.set()
        self.board.wake()

    def rest(self, seconds: float) -> bool:
        """Let time pass, at the demo's speed; False when the demo ends."""
        return not self.ending.wait(seconds / self.speed)

    def enter(self, visitor: Visitor) -> None:
        """Somebody holds a ticket now."""
        with self._lock:
            self._visitors[visitor.number] = visitor

    def leave(self, visitor: Visitor) -> None:
        """Somebody has left the hall."""
        visitor.gone.set()
        with self._lock:
            if self._visitors.get(visitor.number) is visitor:
                del self._visitors[visitor.number]

    def visitor(self, number: str) -> Visitor | None:
        """Who holds ``number``; None for a person at the screen, or somebody who has left."""
        with self._lock:
            return self._visitors.get(number)

    @property
    def people(self) -> int:
        """Simulated citizens with a ticket."""
        return len(self._visitors)
