"""The file of the outbox: opened and checked, set aside where it is damaged, and read once more.

One table, so that a press writes one page: row 0 is no event but the :class:`Sheet`, what the
outbox remembers, which stands beside the newest events as long as few of them wait.
"""

from __future__ import annotations

import logging
import secrets
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct

from edge import outbox_log
from edge.clock import Stamps

_log = logging.getLogger(__name__)

FILE_NAME: Final = "outbox.db"
SET_ASIDE_KEPT: Final = 5
"""Damaged files that are kept for a technician; older ones go, so that the disk stays free."""
PAGE_BYTES: Final = 1024
"""A press changes one page: measured, 4096 took the card 1.6 times as many bytes, 512 0.9 times."""
LOG_PAGES: Final = 32
"""Pages in the log after which it is folded back and written over from its beginning."""
ROOM_BYTES: Final = 256 * 1024
"""Room kept for removing events on a disk that is full otherwise."""

_COLUMNS: Final = [
    "seq",
    "boot_id",
    "wall_us",
    "monotonic_us",
    "clock_synchronised",
    "body",
    "checksum",
]
_SCHEMA: Final = """
CREATE TABLE event (
    seq INTEGER PRIMARY KEY, boot_id TEXT NOT NULL, wall_us INTEGER NOT NULL,
    monotonic_us INTEGER NOT NULL, clock_synchronised INTEGER NOT NULL, body BLOB NOT NULL,
    checksum INTEGER NOT NULL);
"""
INSERT: Final = "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?)"
_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_MOST_PROBED: Final = 100_000
_NO_TIMES: Final = Stamps("", 0, 0, False)


class Pending(NamedTuple):
    """An event that waits for the hall; ``body`` is its JSON."""

    seq: int
    stamps: Stamps
    body: bytes


class Run(NamedTuple):
    """Events of one stream without a gap; only the last run of an outbox still grows."""

    stream: str
    first: int
    last: int


class Sheet(Struct, frozen=True):
    """What the outbox remembers beside its events."""

    stream: str
    """Under which the next event goes."""
    first_seq: int
    """The stream's first event here."""
    last_seq: int
    """At least so far numbers were given out; no lower one is given again."""
    older: list[Run] = []
    """What goes to the hall before it, under streams that take no more events."""
    kept: dict[str, str] = {}


class DamageError(Exception):
    """The file is damaged; the text says how."""


def is_damage(error: sqlite3.Error) -> bool:
    """Whether ``error`` is of the file and not of the disk."""
    if isinstance(error, sqlite3.ProgrammingError):
        return True  # closed, because no new file could be made: to be tried again
    # extended codes carry the plain one in their low byte
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED


def row_of(event: Pending) -> tuple[Any, ...]:
    """``event`` as a row, with the checksum by which a card's slips are found."""
    return (event.seq, *event.stamps, event.body, _checksum(event))


def sheet_row(sheet: Sheet) -> tuple[Any, ...]:
    """``sheet`` as row 0."""
    return row_of(Pending(0, _NO_TIMES, msgspec.json.encode(sheet)))


def read_row(row: tuple[Any, ...]) -> Pending:
    """The event of a row.

    Raises:
        DamageError: it is not as it was written.
    """
    seq, boot_id, wall_us, monotonic_us, synchronised, body, checksum = row
    event = Pending(seq, Stamps(boot_id, wall_us, monotonic_us, bool(synchronised)), body)
    if not isinstance(body, bytes) or checksum != _checksum(event):
        raise DamageError(f"row {seq} is not as it was written")
    return event


def _checksum(event: Pending) -> int:
    times = f"{event.seq} {event.stamps.boot_id} {event.stamps[1:]}"
    return zlib.crc32(event.body, zlib.crc32(times.encode()))


def open_file(path: Path) -> sqlite3.Connection:
    """Open the file at ``path``, or make it.

    Raises:
        DamageError: it is there and is no outbox, or a damaged one.
        sqlite3.Error, OSError: the disk is full or failed.
    """
    if _draft(path).exists() and not path.exists():
        _draft(path).rename(path)  # begun anew, and cut just before its end
    log = _beside(path, "-wal")
    if outbox_log.is_torn(log):
        raise DamageError("its log is torn")
    if path.exists():
        if path.stat().st_size == 0:
            raise DamageError("it is empty")
    elif log.exists() and log.stat().st_size:
        raise DamageError("it is gone, and its log is still there")
    try:
        return _open(path)
    except sqlite3.DatabaseError as error:
        if is_damage(error):
            raise DamageError(str(error)) from None
        raise


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        for pragma in (
            f"page_size={PAGE_BYTES}",
            # exclusive: one process anyway, and without the shared-memory file it writes less
            "locking_mode=EXCLUSIVE",
            "journal_mode=WAL",
            "synchronous=FULL",
            "secure_delete=ON",  # scans are personal
            "cache_size=-256",  # kilobytes: it is read once, from the front
            f"wal_autocheckpoint={LOG_PAGES}",
            f"journal_size_limit={64 * PAGE_BYTES}",
        ):
            connection.execute(f"PRAGMA {pragma}")
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise DamageError(str(verdict))
        (tables,) = connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
        if not tables:
            connection.execute(_SCHEMA)
        found = [row[1] for row in connection.execute("PRAGMA table_info(event)")]
        if found != _COLUMNS:
            raise DamageError("it has not the table of an outbox")
        # A log that is written over costs the card less than one that grows, and on a full disk
        # there is still room to remove what the hall has acknowledged.
        with suppress(OSError):
            outbox_log.reserve(_beside(path, "-wal"), outbox_log.length(LOG_PAGES, PAGE_BYTES))
    except BaseException:
        connection.close()
        raise
    return connection


def keep_room(path: Path) -> None:
    """Take room on the disk that :func:`give_room` gives back when the disk is full."""
    room = _beside(path, ".room")
    try:
        if not room.exists() or room.stat().st_size < ROOM_BYTES:
            room.write_bytes(bytes(ROOM_BYTES))
    except OSError:
        give_room(path)  # a full disk: better some room than a file


def give_room(path: Path) -> None:
    """Make room on a full disk for removing what the hall has acknowledged.

    Removing writes before it frees, and what is in the log must go into the file first.
    """
    with suppress(OSError):
        _beside(path, ".room").unlink(missing_ok=True)


def read_sheet(connection: sqlite3.Connection) -> Sheet | None:
    """What the outbox remembers; None in a file just made.

    Raises:
        DamageError: it cannot be read, or events are missing.
    """
    row = connection.execute("SELECT * FROM event WHERE seq = 0").fetchone()
    low, high, count = connection.execute(
        "SELECT MIN(seq), MAX(seq), COUNT(*) FROM event WHERE seq > 0"
    ).fetchone()
    if row is None:
        if count:
            raise DamageError("nothing tells of which stream its events are")
        return None
    try:
        sheet = msgspec.json.decode(read_row(row).body, type=Sheet)
    except msgspec.MsgspecError:
        raise DamageError("what it remembers cannot be read") from None
    if count:
        runs = [*sheet.older, Run(sheet.stream, sheet.first_seq, max(sheet.last_seq, high))]
        expected = sum(max(0, run.last - max(run.first, low) + 1) for run in runs)
        if count != expected or high < sheet.last_seq >= sheet.first_seq:
            raise DamageError("events are missing in the middle")
    return sheet


def begin_anew(path: Path, reason: str, known: Sheet | None, acked: int) -> Path:
    """Put a new file in the place of a damaged one, with all that can be read of that.

    ``known`` is what memory tells of the damaged file, which is newer than what it tells itself;
    the hall holds its events up to ``acked``.  The damaged file is kept under another name, which
    is returned.  A cut in the middle leaves the damaged file, or the new one.

    Raises:
        DamageError, sqlite3.Error, OSError: the disk is full or failed.
    """
    draft = _draft(path)
    for suffix in ("-wal", "-shm", ""):
        _beside(draft, suffix).unlink(missing_ok=True)
    with closing(_open(draft)) as connection, connection as transaction:
        transaction.execute("BEGIN IMMEDIATE")
        runs: list[Run] = []
        for event in read_damaged(path):
            if event.seq == 0:
                known = known or _sheet_in(event)
            elif known is not None and event.seq > acked:
                stream = _stream_of(known, event.seq)
                if stream is not None:
                    _lengthen(runs, stream, event.seq)
                    transaction.execute(INSERT, row_of(event))
        last_seq = max(known.last_seq if known else 0, runs[-1].last if runs else 0)
        kept = known.kept if known else {}
        sheet = Sheet(secrets.token_hex(16), last_seq + 1, last_seq, runs, kept)
        transaction.execute(INSERT, sheet_row(sheet))
    aside = set_aside(path, reason)
    draft.rename(path)
    return aside


def _draft(path: Path) -> Path:
    return path.with_name(path.name + ".new")


def _sheet_in(event: Pending) -> Sheet | None:
    with suppress(msgspec.MsgspecError):
        return msgspec.json.decode(event.body, type=Sheet)
    return None


def _stream_of(sheet: Sheet, seq: int) -> str | None:
    for run in sheet.older:
        if run.first <= seq <= run.last:
            return run.stream
    return sheet.stream if seq >= sheet.first_seq else None


def _lengthen(runs: list[Run], stream: str, seq: int) -> None:
    if runs and runs[-1].stream == stream and runs[-1].last == seq - 1:
        runs[-1] = runs[-1]._replace(last=seq)
    else:
        runs.append(Run(stream, seq, seq))


def set_aside(path: Path, reason: str) -> Path:
    """Keep the damaged file under another name, which is returned."""
    taken = _numbers(path)
    aside = path.with_name(f"{path.name}.corrupt-{max(taken, default=0) + 1}")
    _log.error("outbox damaged (%s): set aside as %s, a new stream begins", reason, aside.name)
    for suffix in ("-wal", "-shm", ""):
        with suppress(FileNotFoundError):
            _beside(path, suffix).rename(_beside(aside, suffix))
    for old in sorted(taken)[: max(0, len(taken) + 1 - SET_ASIDE_KEPT)]:
        for suffix in ("-wal", "-shm", ""):
            _beside(path, f".corrupt-{old}{suffix}").unlink(missing_ok=True)
    return aside


def _numbers(path: Path) -> list[int]:
    names = (one.name.rpartition(".corrupt-")[2] for one in path.parent.glob("*.corrupt-*"))
    return [int(name) for name in names if name.isdigit()]


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def read_damaged(path: Path) -> Iterator[Pending]:
    """What is as it was written in a damaged file, in order; the sheet, if so, as ``seq`` 0.

    It is read from both ends and then number by number: a broken page takes its own rows only.
    """
    if not path.exists() or not path.stat().st_size:
        return
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        # else SQLite opens no file that is shorter than its header says
        connection.execute("PRAGMA writable_schema=ON")
        seqs = _readable(connection)
        for seq in sorted(seqs):
            with suppress(sqlite3.DatabaseError, DamageError, TypeError, ValueError):
                row = connection.execute("SELECT * FROM event WHERE seq = ?", (seq,)).fetchone()
                if row is not None and len(row) == len(_COLUMNS):
                    yield read_row(row)


def _readable(connection: sqlite3.Connection) -> set[int]:
    seqs: set[int] = set()
    for order in ("ASC", "DESC"):
        with suppress(sqlite3.DatabaseError):
            query = f"SELECT seq FROM event WHERE seq >= 0 ORDER BY seq {order}"  # noqa: S608
            seqs.update(seq for (seq,) in connection.execute(query) if isinstance(seq, int))
    if events := seqs - {0}:
        low, high = min(events), max(events)
        if high - low < _MOST_PROBED:
            seqs.update(range(low, high + 1))
    return seqs
