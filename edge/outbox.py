"""What the hall has not yet acknowledged: committed to disk before any lamp is lit.

One SQLite file in WAL mode.  An event is synced when it goes in (``synchronous=FULL``); its
removal is not, because an event that comes back is a repeat, which the hall knows.  Rows are
contiguous: they go in with rising ``seq`` and leave from the front.
"""

from __future__ import annotations

import logging
import secrets
import sqlite3
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from devices.messages import EventBody
from edge.clock import Stamps

_log = logging.getLogger(__name__)

FILE_NAME: Final = "outbox.db"
SET_ASIDE_KEPT: Final = 5
"""Damaged files that are kept for a technician; older ones go, so that the disk stays free."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS event (
    seq INTEGER PRIMARY KEY, boot_id TEXT NOT NULL, wall_us INTEGER NOT NULL,
    monotonic_us INTEGER NOT NULL, clock_synchronised INTEGER NOT NULL, body BLOB NOT NULL);
"""
_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_encode = msgspec.json.Encoder().encode


class OutboxError(OSError):
    """The event could not be committed; nothing of it is kept and no lamp may be lit."""


class OutboxFullError(OutboxError):
    """The outbox holds all that it may hold until the hall acknowledges some."""


class Pending(NamedTuple):
    """An event that waits for the hall; ``body`` is its JSON."""

    seq: int
    stamps: Stamps
    body: bytes


class Outbox:
    """The outbox in ``folder``; any thread may call it.

    ``max_events`` and ``max_bytes`` bound what waits in it.  A damaged file is set aside as
    ``outbox.db.corrupt-<n>`` (``set_aside`` then names it) and a new stream begins.

    Raises:
        OutboxError: the folder cannot be written.
    """

    def __init__(
        self, folder: Path, *, max_events: int = 100_000, max_bytes: int = 64 * 2**20
    ) -> None:
        self._path: Final = folder / FILE_NAME
        self._max_events: Final = max_events
        self._max_bytes: Final = max_bytes
        self._lock: Final = threading.Lock()
        self.set_aside: list[Path] = []
        self.stream = ""
        self.last_seq = 0
        self.depth = 0
        self.bytes = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._connection = self._open_or_begin_anew()
        except (sqlite3.Error, OSError) as error:
            raise OutboxError(
                f"{self._path}: cannot be opened ({error}); check that the folder can be "
                "written and the disk has room"
            ) from None

    @property
    def oldest_seq(self) -> int:
        """The lowest ``seq`` still held; the next one to come when it is empty."""
        return self.last_seq - self.depth + 1

    def file_bytes(self) -> int:
        """Size of the file with its write-ahead log."""
        size = 0
        for suffix in ("", "-wal"):
            with suppress(OSError):
                size += Path(f"{self._path}{suffix}").stat().st_size
        return size

    @property
    def fill(self) -> float:
        """How full it is, 0 to 1, by the tighter of its two bounds."""
        return max(self.depth / self._max_events, self.bytes / self._max_bytes)

    def append(
        self,
        body: EventBody,
        stamps: Stamps,
        *,
        fill_up_to: float = 1.0,
        keep: tuple[str, str] | None = None,
    ) -> int:
        """Commit an event to disk and return its ``seq``.

        ``fill_up_to`` refuses lesser events early, so that they leave room for those that
        count.  ``keep`` is a name and value remembered in the same commit (:meth:`kept`).

        Raises:
            OutboxFullError: it is full up to ``fill_up_to``.
            OutboxError: the disk is full or failed.
        """
        encoded = _encode(body)
        with self._lock:
            if (
                self.depth + 1 > self._max_events * fill_up_to
                or self.bytes + len(encoded) > self._max_bytes * fill_up_to
            ):
                raise OutboxFullError(
                    f"{self._path}: full with {self.depth} events; they go when the hall "
                    "acknowledges them: see that broker and hall are up"
                )
            try:
                self._insert(stamps, encoded, keep)
            except sqlite3.DatabaseError as error:
                if not _is_damage(error):
                    raise OutboxError(
                        f"{self._path}: event not kept ({error}); free some disk space"
                    ) from None
                self._replace_damaged(error)
                self._insert_into_new(stamps, encoded, keep)
            self.last_seq += 1
            self.depth += 1
            self.bytes += len(encoded)
            return self.last_seq

    def _insert(self, stamps: Stamps, encoded: bytes, keep: tuple[str, str] | None) -> None:
        with self._connection as transaction:
            transaction.execute("BEGIN IMMEDIATE")
            transaction.execute(
                "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)",
                (self.last_seq + 1, *stamps, encoded),
            )
            if keep:
                transaction.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", keep)

    def _insert_into_new(
        self, stamps: Stamps, encoded: bytes, keep: tuple[str, str] | None
    ) -> None:
        try:
            self._insert(stamps, encoded, keep)
        except sqlite3.Error as error:
            raise OutboxError(f"{self._path}: event not kept ({error}); check the disk") from None

    def pending(self, stream: str, after_seq: int, limit: int) -> list[Pending]:
        """At most ``limit`` events of ``stream`` above ``after_seq``, in order.

        Raises:
            OutboxError: the disk failed.
        """
        with self._lock:
            if stream != self.stream or after_seq >= self.last_seq or not self.depth:
                return []
            try:
                rows = self._connection.execute(
                    "SELECT * FROM event WHERE seq > ? ORDER BY seq LIMIT ?", (after_seq, limit)
                ).fetchall()
            except sqlite3.DatabaseError as error:
                if _is_damage(error):
                    self._replace_damaged(error)
                    return []
                raise OutboxError(f"{self._path}: cannot be read ({error})") from None
        return [
            Pending(seq, Stamps(boot_id, wall_us, monotonic_us, bool(synchronised)), body)
            for seq, boot_id, wall_us, monotonic_us, synchronised, body in rows
        ]

    def acknowledge(self, stream: str, through: int) -> bool:
        """Remove what the hall holds; False for another stream or beyond what was given out.

        Beyond it, the hall knows this stream from somewhere else: a card put back from an old
        copy, or somebody who sends in this node's name.  Whatever came next would be taken for a
        repeat and be lost, so what is held goes on under a stream of its own.

        Raises:
            OutboxError: the disk failed; the events stay and will be sent again.
        """
        with self._lock:
            if stream != self.stream:
                return False
            if through > self.last_seq:
                self._begin_stream(through)
                return False
            if through < self.oldest_seq:
                return True
            try:
                # not synced: an acknowledged event that a power cut brings back is a repeat
                self._connection.execute("PRAGMA synchronous=NORMAL")
                with self._connection as transaction:
                    transaction.execute("BEGIN IMMEDIATE")
                    (freed,) = transaction.execute(
                        "SELECT COALESCE(SUM(LENGTH(body)), 0) FROM event WHERE seq <= ?",
                        (through,),
                    ).fetchone()
                    transaction.execute("DELETE FROM event WHERE seq <= ?", (through,))
                    transaction.execute(
                        "INSERT OR REPLACE INTO kept VALUES ('last_seq', ?)", (str(self.last_seq),)
                    )
            except sqlite3.DatabaseError as error:
                if _is_damage(error):
                    self._replace_damaged(error)
                    return False
                raise OutboxError(f"{self._path}: not removed ({error})") from None
            finally:
                self._connection.execute("PRAGMA synchronous=FULL")
            self.depth = self.last_seq - through
            self.bytes -= freed
            return True

    def _begin_stream(self, through: int) -> None:
        stream = secrets.token_hex(16)
        try:
            with self._connection as transaction:
                transaction.execute("BEGIN IMMEDIATE")
                transaction.execute(
                    "INSERT OR REPLACE INTO kept VALUES ('stream', ?), ('last_seq', ?)",
                    (stream, str(self.last_seq)),
                )
        except sqlite3.DatabaseError as error:
            if _is_damage(error):
                self._replace_damaged(error)
                return
            raise OutboxError(f"{self._path}: no new stream ({error})") from None
        _log.error(
            "the hall holds %d events of this outbox, which has given out %d: an old copy of the "
            "card, or another sends in this node's name; a new stream begins",
            through,
            self.last_seq,
        )
        self.stream = stream

    def kept(self, name: str) -> str | None:
        """The value that :meth:`append` kept last under ``name``."""
        with self._lock:
            row = self._connection.execute(
                "SELECT value FROM kept WHERE name = ?", (name,)
            ).fetchone()
        return row[0] if row else None

    def tidy(self) -> None:
        """Empty the write-ahead log, where removed events would stay readable for a while."""
        with self._lock, suppress(sqlite3.Error):
            if not self.depth:
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the file; calling it again does nothing."""
        with self._lock, suppress(sqlite3.Error):
            self._connection.close()

    def _open_or_begin_anew(self) -> sqlite3.Connection:
        try:
            return self._open()
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
            self._set_file_aside(error)
            return self._open()

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        try:
            # exclusive: one process anyway, and without the shared-memory file it writes less
            for pragma in (
                "locking_mode=EXCLUSIVE",
                "journal_mode=WAL",
                "synchronous=FULL",
                "secure_delete=ON",  # scans are personal
                "cache_size=-256",  # kilobytes: it is read once, from the front
            ):
                connection.execute(f"PRAGMA {pragma}")
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                raise _damage(verdict)
            connection.executescript(_SCHEMA)
            self._read_state(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _read_state(self, connection: sqlite3.Connection) -> None:
        kept = dict(connection.execute("SELECT name, value FROM kept").fetchall())
        low, high, count, size = connection.execute(
            "SELECT MIN(seq), MAX(seq), COUNT(*), COALESCE(SUM(LENGTH(body)), 0) FROM event"
        ).fetchone()
        if count and (count != high - low + 1 or "stream" not in kept):
            raise _damage("events are missing in the middle")
        if "stream" not in kept:
            kept["stream"] = secrets.token_hex(16)
            connection.execute("INSERT INTO kept VALUES ('stream', ?)", (kept["stream"],))
        # the last number is kept when rows leave, so that an empty outbox does not count anew
        last_seq = max(int(kept.get("last_seq", 0)), high or 0)
        self.stream, self.last_seq = kept["stream"], last_seq
        self.depth, self.bytes = count, size

    def _replace_damaged(self, error: sqlite3.Error) -> None:
        self._connection.close()
        self._set_file_aside(error)
        try:
            self._connection = self._open()
        except sqlite3.Error as again:
            raise OutboxError(f"{self._path}: no new outbox ({again}); check the disk") from None

    def _set_file_aside(self, error: sqlite3.Error) -> None:
        taken = _set_aside_numbers(self._path)
        number = max(taken, default=0) + 1
        aside = self._path.with_name(f"{FILE_NAME}.corrupt-{number}")
        _log.error("outbox damaged (%s): set aside as %s, a new stream begins", error, aside.name)
        for suffix in ("-wal", "-shm", ""):
            with suppress(FileNotFoundError):
                Path(f"{self._path}{suffix}").rename(f"{aside}{suffix}")
        for old in sorted(taken)[: max(0, len(taken) + 1 - SET_ASIDE_KEPT)]:
            for suffix in ("-wal", "-shm", ""):
                Path(f"{self._path}.corrupt-{old}{suffix}").unlink(missing_ok=True)
        self.set_aside.append(aside)


def _set_aside_numbers(path: Path) -> list[int]:
    names = (one.name.rpartition(".corrupt-")[2] for one in path.parent.glob("*.corrupt-*"))
    return [int(name) for name in names if name.isdigit()]


def _damage(reason: str) -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError(reason)
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error


def _is_damage(error: sqlite3.Error) -> bool:
    # extended codes carry the plain one in their low byte
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED
