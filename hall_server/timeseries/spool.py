"""The disk spool: points on their way to the store, and how far the journal has become points.

Derived from the journal, so SQLite's ``synchronous=NORMAL`` will do: after a power cut the file is
whole but may lack its last transactions, and then the same facts become the same points again.
The cursor, the time each series has reached and the points change in one transaction, so no fact
is skipped and none becomes two.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

from hall_server.facts import Fact, encode_body
from hall_server.timeseries import dating
from hall_server.timeseries.points import Point, follow, points_of

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS numbers (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS mark (fact INTEGER PRIMARY KEY, digest TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS series (name TEXT PRIMARY KEY, last_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dating (one INTEGER PRIMARY KEY CHECK (one = 1), state BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS tickets (ticket TEXT PRIMARY KEY, service TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS points (
  id INTEGER PRIMARY KEY AUTOINCREMENT, line TEXT NOT NULL, sample INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS samples ON points (id) WHERE sample = 1;
CREATE TABLE IF NOT EXISTS set_aside (
  id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, line TEXT NOT NULL, reason TEXT NOT NULL);
"""
_TABLES: Final = ("numbers", "mark", "series", "tickets", "dating", "points", "set_aside")
_NUMBERS: Final = ("sent_through", "made", "written", "confirmed", "set_aside", "dropped")
SET_ASIDE_KEPT: Final = 10_000
"""Lines that the store refused, kept for a look; the oldest go first."""


class Row(NamedTuple):
    """A point in the spool; ids rise and are never used again."""

    id: int
    line: str


class Spool:
    """Points by id, oldest first; ``made == depth + confirmed + set_aside + dropped``.

    One thread owns it.  ``most_points`` and ``most_bytes`` bound it: samples make room, oldest
    first; points of the journal are never thrown away, for the journal is asked again later.
    A file that is no database any more is put aside as ``<name>.broken`` and made anew.
    """

    def __init__(self, path: Path, hall: str, *, most_points: int, most_bytes: int) -> None:
        self.path = path
        self._hall = hall
        self._most_points = most_points
        self._most_bytes = most_bytes
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._db = self._opened()
        except sqlite3.OperationalError:
            raise  # locked, read-only or full: nothing wrong with the file itself
        except sqlite3.DatabaseError:
            self._put_aside()
            self._db = self._opened()
        self._recall()

    def _opened(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, isolation_level=None, timeout=5)
        try:
            self.path.chmod(0o600)  # first: SQLite gives the files beside it the same rights
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            db.executescript(_SCHEMA)
        except sqlite3.Error:
            db.close()
            raise
        return db

    def _put_aside(self) -> None:
        self.path.replace(self.path.with_name(f"{self.path.name}.broken"))
        for ending in ("-wal", "-shm"):
            with suppress(FileNotFoundError):
                self.path.with_name(self.path.name + ending).unlink()

    def _recall(self) -> None:
        """Read back what is kept in memory beside the file."""
        one = self._db.execute
        self._numbers: dict[str, int] = dict.fromkeys(_NUMBERS, 0)
        self._numbers.update(one("SELECT name, value FROM numbers").fetchall())
        mark: tuple[int, str] | None = one("SELECT fact, digest FROM mark").fetchone()
        self._cursor, self._digest = mark if mark is not None else (0, "")
        self._last_ms: dict[str, int] = dict(one("SELECT name, last_ms FROM series"))
        self._service_of: dict[str, str] = dict(one("SELECT ticket, service FROM tickets"))
        waiting: tuple[bytes] | None = one("SELECT state FROM dating").fetchone()
        self._dating = dating.decode(waiting[0]) if waiting is not None else dating.Dating()
        held: tuple[int, int] = one(
            "SELECT count(*), coalesce(sum(length(line)), 0) FROM points"
        ).fetchone()
        self._depth, self._bytes = held

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.executemany(
                "INSERT OR REPLACE INTO numbers VALUES (?, ?)", self._numbers.items()
            )
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            self._recall()
            raise

    # ------------------------------------------------------------------ how it stands

    @property
    def cursor(self) -> int:
        """Id of the last fact that has become points; 0 before the first."""
        return self._cursor

    @property
    def depth(self) -> int:
        """Points in the spool."""
        return self._depth

    @property
    def sent_through(self) -> int:
        """Points up to this id have been accepted by the store once."""
        return self._numbers["sent_through"]

    @property
    def made(self) -> int:
        """Points ever put into this spool."""
        return self._numbers["made"]

    @property
    def written(self) -> int:
        """Points that the store has accepted, each counted once."""
        return self._numbers["written"]

    @property
    def confirmed(self) -> int:
        """Points that the store has kept, and that have left the spool."""
        return self._numbers["confirmed"]

    @property
    def refused(self) -> int:
        """Points that the store would not take."""
        return self._numbers["set_aside"]

    @property
    def dropped(self) -> int:
        """Samples that made room."""
        return self._numbers["dropped"]

    def belongs_to(self, fact: Fact | None) -> bool:
        """Whether ``fact``, the journal's at :attr:`cursor`, is the one that was read here."""
        if self._cursor == 0:
            return True
        return fact is not None and fact.id == self._cursor and digest(fact) == self._digest

    # ------------------------------------------------------------------ points in

    def take_facts(self, facts: Sequence[Fact]) -> bool:
        """Turn the facts after :attr:`cursor` into points; False when there is no room now.

        A second point of a series in one millisecond would overwrite the first, so it moves to
        the next free one; the journal's order alone decides, hence equal on every rebuild.  Points
        of a node without a set clock wait for it (:mod:`hall_server.timeseries.dating`).
        """
        service_of = dict(self._service_of)
        waiting = self._dating.copy()
        points: list[Point] = []
        for fact in facts:
            points += waiting.take(fact, points_of(fact, self._hall, service_of))
            follow(service_of, fact)
        with self._transaction():
            if not self._room_for(points):
                return False
            before, self._service_of = self._service_of, service_of
            lines: list[tuple[str, int]] = []
            for point in points:
                at_ms = max(point.at_ms, self._last_ms.get(point.series, -1) + 1)
                self._last_ms[point.series] = at_ms
                lines.append((point.line(at_ms), 0))
            self._insert(lines, {point.series for point in points})
            if waiting != self._dating:
                self._dating = waiting
                self._db.execute(
                    "INSERT OR REPLACE INTO dating VALUES (1, ?)", (dating.encode(waiting),)
                )
            self._db.executemany(
                "DELETE FROM tickets WHERE ticket = ?",
                [(ticket,) for ticket in before.keys() - self._service_of.keys()],
            )
            self._db.executemany(
                "INSERT OR REPLACE INTO tickets VALUES (?, ?)",
                self._service_of.items() - before.items(),
            )
            if facts:
                self._cursor, self._digest = facts[-1].id, digest(facts[-1])
                self._db.execute("DELETE FROM mark")
                self._db.execute("INSERT INTO mark VALUES (?, ?)", (self._cursor, self._digest))
        return True

    def take_samples(self, points: Sequence[Point]) -> None:
        """Keep samples; one that its series already has for this millisecond is let go."""
        fresh = [point for point in points if self._last_ms.get(point.series) != point.at_ms]
        if not fresh:
            return
        with self._transaction():
            if not self._room_for(fresh):
                self._numbers["made"] += len(fresh)
                self._numbers["dropped"] += len(fresh)
                return
            for point in fresh:
                self._last_ms[point.series] = point.at_ms
            self._insert([(p.line(), 1) for p in fresh], {p.series for p in fresh})

    def _insert(self, lines: list[tuple[str, int]], series: set[str]) -> None:
        self._db.executemany("INSERT INTO points (line, sample) VALUES (?, ?)", lines)
        self._db.executemany(
            "INSERT OR REPLACE INTO series VALUES (?, ?)",
            [(name, self._last_ms[name]) for name in series],
        )
        self._numbers["made"] += len(lines)
        self._depth += len(lines)
        self._bytes += sum(len(line) for line, _ in lines)

    def _room_for(self, points: Sequence[Point]) -> bool:
        over_points = self._depth + len(points) - self._most_points
        over_bytes = self._bytes + sum(len(p.line()) for p in points) - self._most_bytes
        if over_points <= 0 and over_bytes <= 0:
            return True
        doomed: list[int] = []
        for number, size in self._db.execute(
            "SELECT id, length(line) FROM points WHERE sample = 1 ORDER BY id"
        ):
            if over_points <= 0 and over_bytes <= 0:
                break
            doomed.append(number)
            over_points -= 1
            over_bytes -= size
        if over_points > 0 or over_bytes > 0:
            # an empty spool takes whatever comes: a bound below one batch must not stop the hall
            return self._depth == 0
        self._remove(doomed)
        self._numbers["dropped"] += len(doomed)
        return True

    # ------------------------------------------------------------------ points out

    def unsent(self, limit: int) -> list[Row]:
        """The oldest points that the store has not yet accepted."""
        rows = self._db.execute(
            "SELECT id, line FROM points WHERE id > ? ORDER BY id LIMIT ?",
            (self.sent_through, limit),
        )
        return [Row(*row) for row in rows]

    def sent(self, first: int, through: int) -> list[Row]:
        """The points from ``first`` to ``through`` that are still here."""
        rows = self._db.execute(
            "SELECT id, line FROM points WHERE id BETWEEN ? AND ? ORDER BY id", (first, through)
        )
        return [Row(*row) for row in rows]

    def sent_batches(self, size: int) -> list[tuple[int, int]]:
        """First and last id of all that was sent, in batches of at most ``size`` points."""
        ids = [
            int(number)
            for (number,) in self._db.execute(
                "SELECT id FROM points WHERE id <= ? ORDER BY id", (self.sent_through,)
            )
        ]
        return [
            (ids[start], ids[min(start + size, len(ids)) - 1]) for start in range(0, len(ids), size)
        ]

    def mark_sent(
        self, rows: Sequence[Row], refused: Sequence[tuple[Row, str]], at_ms: int
    ) -> None:
        """The store accepted ``rows`` for the first time, but for the ``refused`` with a reason."""
        with self._transaction():
            self._numbers["sent_through"] = rows[-1].id
            self._numbers["written"] += len(rows) - len(refused)
            self._set_aside(refused, at_ms)

    def set_aside(self, refused: Sequence[tuple[Row, str]], at_ms: int) -> None:
        """Take points out that the store would not take a second time."""
        with self._transaction():
            self._set_aside(refused, at_ms)

    def _set_aside(self, refused: Sequence[tuple[Row, str]], at_ms: int) -> None:
        if not refused:
            return
        self._db.executemany(
            "INSERT INTO set_aside (at_ms, line, reason) VALUES (?, ?, ?)",
            [(at_ms, row.line, reason) for row, reason in refused],
        )
        self._db.execute(
            "DELETE FROM set_aside WHERE id <= (SELECT max(id) FROM set_aside) - ?",
            (SET_ASIDE_KEPT,),
        )
        self._numbers["set_aside"] += self._remove([row.id for row, _ in refused])

    def confirm(self, first: int, through: int) -> None:
        """The store keeps the points from ``first`` to ``through``: they leave the spool."""
        with self._transaction():
            gone, size = self._db.execute(
                "SELECT count(*), coalesce(sum(length(line)), 0) FROM points "
                "WHERE id BETWEEN ? AND ?",
                (first, through),
            ).fetchone()
            self._db.execute("DELETE FROM points WHERE id BETWEEN ? AND ?", (first, through))
            self._depth -= gone
            self._bytes -= size
            self._numbers["confirmed"] += gone

    def _remove(self, ids: Sequence[int]) -> int:
        gone = 0
        for number in ids:
            for (size,) in self._db.execute(
                "DELETE FROM points WHERE id = ? RETURNING length(line)", (number,)
            ):
                gone += 1
                self._bytes -= size
        self._depth -= gone
        return gone

    def aside(self, limit: int = 100) -> list[tuple[int, str, str]]:
        """``(at_ms, line, reason)`` of the newest points that the store refused."""
        return self._db.execute(
            "SELECT at_ms, line, reason FROM set_aside ORDER BY id DESC LIMIT ?", (limit,)
        ).fetchall()

    def lines(self) -> list[str]:
        """Every point in the spool, oldest first."""
        return [line for (line,) in self._db.execute("SELECT line FROM points ORDER BY id")]

    # ------------------------------------------------------------------ beginning anew, closing

    def begin_anew(self) -> None:
        """Forget everything: the journal is another one than before."""
        with self._transaction():
            for table in _TABLES:
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608 - a constant of this module
            self._numbers = dict.fromkeys(_NUMBERS, 0)
        self._recall()

    def close(self) -> None:
        """Close the file; the points stay."""
        self._db.close()


def digest(fact: Fact) -> str:
    """What tells a fact from another one with its number, in another journal."""
    words = f"{fact.id}|{fact.at_ms}|".encode() + encode_body(fact.body)
    return hashlib.sha256(words).hexdigest()
