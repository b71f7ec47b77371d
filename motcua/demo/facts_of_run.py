"""The demo's journal as the demo reads it: beside the hall, or when the hall has ended."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from hall_server.facts import Fact
from hall_server.journal import JournalReader

AT_ONCE: Final = 5_000


class DemoJournal:
    """Reads of one journal file, each with a connection of its own; nothing where there is none.

    All raise ``sqlite3.Error`` where the file is no journal.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def last(self) -> tuple[int, int]:
        """Id and ``at_ms`` of the newest fact; (0, 0) before the first."""
        with self._open() as db:
            rows = db.execute("SELECT id, at_ms FROM facts ORDER BY id DESC LIMIT 1") if db else ()
            for fact, at_ms in rows:
                return fact, at_ms
        return 0, 0

    def after(self, fact: int) -> list[Fact]:
        """Every fact above ``fact``, in order."""
        facts: list[Fact] = []
        with self._open() as db:
            if db is None:
                return facts
        with closing(JournalReader(self._path)) as journal:
            while more := journal.facts(fact, AT_ONCE):
                facts += more
                fact = more[-1].id
        return facts

    def from_day_of(self, fact: int) -> list[Fact]:
        """Every fact from the beginning of the day in which ``fact`` is."""
        began = 1
        with self._open() as db:
            if db:
                (began,) = db.execute(
                    "SELECT coalesce(max(id), 1) FROM facts WHERE kind = 'day_opened' AND id <= ?",
                    (fact,),
                ).fetchone()
        return self.after(began - 1)

    def events(self) -> dict[str, set[int]]:
        """Stream -> numbers of its events that are in the journal."""
        events: dict[str, set[int]] = {}
        with self._open() as db:
            rows = (
                db.execute("SELECT DISTINCT stream, seq FROM facts WHERE stream IS NOT NULL")
                if db
                else ()
            )
            for stream, seq in rows:
                events.setdefault(stream, set()).add(seq)
        return events

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection | None]:
        if not self._path.exists():
            yield None
            return
        uri = f"{self._path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=5)) as db:
            # a hall that is just starting has made its file and not yet its tables
            made = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'facts'").fetchone()
            yield db if made else None
