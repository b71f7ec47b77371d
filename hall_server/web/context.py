"""What the pages stand on: the hall's settings, its writer, and who else has things to show."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from devices.messages import CommandKind
from hall_server.card_forms import CardForms
from hall_server.commands import Command, Outcome
from hall_server.journal import DeadLetter
from hall_server.nodes import NodeRegistry
from hall_server.settings import HallSettings
from hall_server.state import State


class Writer(Protocol):
    """The one writer, as the pages use it; ``hall_server.runtime.Runtime`` is it."""

    view: State

    def ask(self, command: Command, timeout_s: float = 5.0) -> Outcome:
        """Ask for ``command`` and wait; raises ``HallUnavailableError``."""

    @property
    def disk_full(self) -> bool:
        """True while the journal takes nothing."""

    @property
    def inbox_depth(self) -> int:
        """Commands and messages that wait."""

    @property
    def alive(self) -> bool:
        """True while the writer goes round."""


class Road(Protocol):
    """The hall's side of the broker; ``hall_server.gateway.Gateway`` is it."""

    @property
    def connected(self) -> bool:
        """True while the broker has the hall's subscriptions."""

    def paths_ms(self) -> list[float]:
        """Times from a press or scan to after its commit, sorted."""

    def command(self, node: str, command: CommandKind, id_: str) -> bool:
        """Have a node do something at once; False while the broker is away."""


class Feeder(Protocol):
    """The writer of the time-series store; safe from any thread."""

    def points_written(self) -> int:
        """Points that the store has taken since the start."""

    def spool_depth(self) -> int:
        """Points that wait on the disk."""

    def last_error(self) -> str | None:
        """Why the store takes nothing now; None where it does."""


class DeadLetters(Protocol):
    """A reader of the journal, used by one thread at a time."""

    def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        """The newest, newest first."""

    def count_dead_letters(self) -> int:
        """How many there have ever been."""

    def close(self) -> None:
        """Close the file."""


@dataclass(frozen=True)
class WebContext:
    """All that the pages need; parts that a hall has not are left out."""

    settings: HallSettings
    writer: Writer
    open_journal: Callable[[], DeadLetters]
    """Opens a reader of the journal; raises ``sqlite3.Error``."""
    forms: CardForms = field(default_factory=CardForms)
    nodes: NodeRegistry = field(default_factory=lambda: NodeRegistry(()))
    road: Road | None = None
    feeder: Feeder | None = None
    version: str = ""
    wall_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000
    """The hall's clock, the same as the writer's."""
