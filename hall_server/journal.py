"""The only durable truth of a hall: an append-only log of facts in SQLite, with snapshots.

A batch of facts is one transaction (WAL, ``synchronous=FULL``): either all of it is on the disk
when :meth:`Journal.append` returns, or nothing is.  A snapshot is only a shortcut for opening;
the facts alone give the same state.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from hall_server.changes import apply
from hall_server.facts import BootTime, Fact, Source, decode_body, encode_body
from hall_server.state import State

SCHEMA: Final = 2
"""1 lacked the times of nodes without a set clock; such a journal gets their columns."""
SNAPSHOTS_KEPT: Final = 2
DEAD_LETTERS_KEPT: Final = 10_000
COMMITS_UNTIL_REST: Final = 200
"""Commits after which :meth:`Journal.rest` folds the write-ahead log back."""
CHECKPOINT_PAGES: Final = 16_000
"""Pages in the log at which a commit folds it back itself: no moment of rest came before."""

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS facts (
  id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
  stream TEXT, seq INTEGER, request TEXT, happened_ms INTEGER, boot TEXT, monotonic_us INTEGER
);
CREATE TABLE IF NOT EXISTS snapshots (fact INTEGER PRIMARY KEY, sha256 TEXT, state BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS dead_letters (
  id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, topic TEXT NOT NULL, reason TEXT NOT NULL,
  bytes INTEGER NOT NULL
);
CREATE TRIGGER IF NOT EXISTS facts_stand BEFORE UPDATE ON facts
  BEGIN SELECT RAISE(ABORT, 'facts are never changed'); END;
CREATE TRIGGER IF NOT EXISTS facts_stay BEFORE DELETE ON facts
  BEGIN SELECT RAISE(ABORT, 'facts are never deleted'); END;
"""

_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(State)


class JournalError(Exception):
    """The journal cannot be used; the text says what to do."""


class JournalBusyError(JournalError):
    """Another hall has this journal open."""


class JournalFullError(JournalError):
    """The disk takes no more: nothing of the batch was kept, everything before it stands."""


class DeadLetter(NamedTuple):
    """A payload that did not fit: where and when, and why; never what was in it."""

    at_ms: int
    topic: str
    reason: str
    bytes: int


class Journal:
    """The journal of one hall, opened for writing; one process at a time, one thread."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise JournalError(f"{path}: {error.strerror}; mend the folder's rights") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise JournalBusyError(
                f"{path}: sổ này đang được một chương trình khác mở / another hall has this "
                "journal open: stop that one first"
            ) from None
        self._commits_since_rest = 0
        try:
            self._db = _connect(path)
            self._db.executescript(_TABLES)
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            if version == 1:
                _add_boot_times(self._db)
            if version in (0, 1):
                self._db.execute(f"PRAGMA user_version = {SCHEMA}")
            elif version != SCHEMA:
                raise JournalError(
                    f"{path}: written by another version (schema {version}, this one reads "
                    f"{SCHEMA}); start the version that wrote it"
                )
        except (sqlite3.Error, JournalError) as error:
            os.close(self._lock)
            if isinstance(error, JournalError):
                raise
            raise _domain_error(path, error) from None

    # ------------------------------------------------------------------ opening

    def recover(self) -> State:
        """The state that the facts give: the newest sound snapshot, and the facts after it.

        Raises:
            JournalError: the file cannot be read, a fact is missing, or one makes no sense.
        """
        state, number = State(), 0
        try:
            state = self._snapshot() or state
            number = state.last_fact + 1
            for fact in self._facts(state.last_fact):
                if fact.id != state.last_fact + 1:
                    raise JournalError(
                        f"{self.path}: fact {state.last_fact + 1} is missing; restore the "
                        "journal from its copy"
                    )
                apply(state, fact)
                number = fact.id + 1
        except sqlite3.Error as error:
            raise _domain_error(self.path, error) from None
        except (msgspec.DecodeError, KeyError, TypeError, ValueError) as error:
            raise JournalError(
                f"{self.path}: fact {number} cannot be read "
                f"({type(error).__name__}): start the newest version that wrote this journal, or "
                "restore it from its copy"
            ) from None
        return state

    def _snapshot(self) -> State | None:
        rows = self._db.execute("SELECT fact, sha256, state FROM snapshots ORDER BY fact DESC")
        newest = self._db.execute("SELECT max(id) FROM facts").fetchone()[0] or 0
        for fact, digest, blob in rows.fetchall():
            if fact > newest or hashlib.sha256(blob).hexdigest() != digest:
                continue
            try:
                state: State = _decoder.decode(blob)
            except msgspec.DecodeError:
                continue
            if state.last_fact == fact:
                return state
        return None

    def _facts(self, after: int) -> Iterator[Fact]:
        return _read(self._db, after, -1)

    # ------------------------------------------------------------------ writing

    def append(self, facts: Sequence[Fact]) -> None:
        """Put the batch on the disk.

        Raises:
            JournalFullError: no room; the batch is not in the journal.
            JournalError: any other failure; the batch is not in the journal.
        """
        rows = [
            (
                fact.id,
                fact.at_ms,
                fact.body.__struct_config__.tag,
                encode_body(fact.body).decode(),
                fact.source.stream if fact.source else None,
                fact.source.seq if fact.source else None,
                fact.request,
                fact.happened_ms,
                fact.undated.boot if fact.undated else None,
                fact.undated.monotonic_us if fact.undated else None,
            )
            for fact in facts
        ]
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany("INSERT INTO facts VALUES (?,?,?,?,?,?,?,?,?,?)", rows)
            self._db.execute("COMMIT")
            self._commits_since_rest += 1
        except sqlite3.Error as error:
            self._roll_back()
            raise _domain_error(self.path, error) from None

    def _roll_back(self) -> None:
        if self._db.in_transaction:
            try:
                self._db.execute("ROLLBACK")
            except sqlite3.Error:  # a failed write may have rolled back already
                return

    def save_snapshot(self, state: State) -> None:
        """Keep ``state`` as a shortcut for the next opening."""
        blob = _encoder.encode(state)
        digest = hashlib.sha256(blob).hexdigest()
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute(
                "INSERT OR REPLACE INTO snapshots VALUES (?,?,?)", (state.last_fact, digest, blob)
            )
            self._db.execute(
                "DELETE FROM snapshots WHERE fact NOT IN "
                "(SELECT fact FROM snapshots ORDER BY fact DESC LIMIT ?)",
                (SNAPSHOTS_KEPT,),
            )
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            raise _domain_error(self.path, error) from None

    def bury(self, letters: Sequence[DeadLetter]) -> None:
        """Keep dead letters, the newest :data:`DEAD_LETTERS_KEPT`."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(
                "INSERT INTO dead_letters (at_ms, topic, reason, bytes) VALUES (?,?,?,?)", letters
            )
            self._db.execute(
                "DELETE FROM dead_letters WHERE id <= (SELECT max(id) FROM dead_letters) - ?",
                (DEAD_LETTERS_KEPT,),
            )
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            raise _domain_error(self.path, error) from None

    def rest(self) -> None:
        """Fold the write-ahead log back where it has grown; called when nothing else waits.

        The file keeps its length and is written over from its beginning: a commit into room that
        is there already takes the disk about two thirds of the time of one that needs more.
        """
        if self._commits_since_rest < COMMITS_UNTIL_REST:
            return
        try:
            _, pages, folded = self._db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            if pages == folded:  # else somebody reads in it just now
                self._commits_since_rest = 0
        except sqlite3.Error:  # tried again at the next rest; nothing depends on it
            return

    def close(self) -> None:
        """Close the file and let another process have it; may be called twice."""
        if self._lock >= 0:
            self._db.close()
            os.close(self._lock)
            self._lock = -1


class JournalReader:
    """The same journal read by others, while the hall writes it; one thread each."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5, check_same_thread=False
        )

    def facts(self, after_id: int = 0, limit: int = 1000) -> list[Fact]:
        """At most ``limit`` facts with an id above ``after_id``, in order."""
        return list(_read(self._db, after_id, limit))

    def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        """The newest dead letters, newest first."""
        rows = self._db.execute(
            "SELECT at_ms, topic, reason, bytes FROM dead_letters ORDER BY id DESC LIMIT ?",
            (limit,),
        )
        return [DeadLetter(*row) for row in rows]

    def count_dead_letters(self) -> int:
        """How many dead letters there have ever been."""
        return int(self._db.execute("SELECT max(id) FROM dead_letters").fetchone()[0] or 0)

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, timeout=5, check_same_thread=False)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    # The log is folded back when nothing waits (rest), not in the middle of somebody's commit.
    db.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    path.chmod(0o600)
    return db


def _add_boot_times(db: sqlite3.Connection) -> None:
    there = {row[1] for row in db.execute("PRAGMA table_info(facts)")}
    for name, kind in (("boot", "TEXT"), ("monotonic_us", "INTEGER")):
        if name not in there:  # a power cut may have come between the two
            db.execute(f"ALTER TABLE facts ADD COLUMN {name} {kind}")


def _read(db: sqlite3.Connection, after: int, limit: int) -> Iterator[Fact]:
    rows: Iterator[tuple[Any, ...]] = db.execute(
        "SELECT id, at_ms, body, stream, seq, request, happened_ms, boot, monotonic_us FROM facts "
        "WHERE id > ? ORDER BY id LIMIT ?",
        (after, limit),
    )
    for number, at_ms, body, stream, seq, request, happened_ms, boot, monotonic_us in rows:
        source = Source(stream, seq) if stream is not None else None
        undated = BootTime(boot, monotonic_us) if boot is not None else None
        yield Fact(number, at_ms, decode_body(body), source, request, happened_ms, undated)


def _domain_error(path: Path, error: sqlite3.Error) -> JournalError:
    code = getattr(error, "sqlite_errorname", "")
    if code in ("SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE", "SQLITE_CANTOPEN"):
        return JournalFullError(
            f"{path}: ổ đĩa đã đầy hoặc không ghi được / the disk is full or cannot be written: "
            "make room, the hall goes on by itself"
        )
    return JournalError(f"{path}: {error}; check the disk, restore the journal from its copy")
