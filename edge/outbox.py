"""What the hall has not yet acknowledged: committed to disk before any lamp is lit.

One SQLite file in WAL mode.  An event is synced when it goes in (``synchronous=FULL``); its
removal is not, because an event that comes back is a repeat, which the hall knows.  So what is
acknowledged leaves with the next event, in the same page and commit, which spares the card.

Events are numbered through the life of the file.  They go to the hall in runs: all of one stream
and without a gap.  There is one run, until a file was damaged or put back from an old copy: then
what could be read goes first, under the names that it had, and new events get a new stream.
"""

from __future__ import annotations

import logging
import secrets
import sqlite3
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from devices.messages import EventBody, Scan
from edge import outbox_log
from edge.clock import Stamps
from edge.outbox_file import (
    FILE_NAME,
    INSERT,
    SET_ASIDE_KEPT,
    DamageError,
    Pending,
    Run,
    Sheet,
    begin_anew,
    give_room,
    is_damage,
    keep_room,
    open_file,
    read_row,
    read_sheet,
    row_of,
    sheet_row,
)

__all__ = [
    "FILE_NAME",
    "SET_ASIDE_KEPT",
    "Outbox",
    "OutboxError",
    "OutboxFullError",
    "Pending",
]

_log = logging.getLogger(__name__)

REMOVE_AT: Final = 64
"""Acknowledged events that wait for the next one to leave with; more of them leave at once."""
_REPLACE: Final = "INSERT OR REPLACE INTO event VALUES (?, ?, ?, ?, ?, ?, ?)"
_REMOVE: Final = "DELETE FROM event WHERE seq > 0 AND seq <= ?"
_encode = msgspec.json.Encoder().encode


class OutboxError(OSError):
    """The event could not be committed; nothing of it is kept and no lamp may be lit."""


class OutboxFullError(OutboxError):
    """The outbox holds all that it may hold until the hall acknowledges some."""


class Outbox:
    """The outbox in ``folder``; any thread may call it.

    ``max_events`` and ``max_bytes`` bound what waits in it.  A damaged file is set aside as
    ``outbox.db.corrupt-<n>`` (``set_aside`` then names it); what can be read of it is taken over,
    and a new stream begins.

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
        self._older: tuple[Run, ...] = ()
        self._stream = ""
        self._first = 1
        self._kept: dict[str, str] = {}
        self._acked = 0
        self._removed = 0
        self._holds_scan = False
        self._is_closed = False
        self.last_seq = 0
        self.bytes = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            try:
                self._connection = self._open()
            except DamageError as error:
                self._connection = self._begin_anew(str(error))
        except (sqlite3.Error, OSError, DamageError) as error:
            raise OutboxError(
                f"{self._path}: cannot be opened ({error}); check that the folder can be "
                "written and the disk has room"
            ) from None

    # ------------------------------------------------------------ what it holds

    def _head(self) -> Run:
        """What goes to the hall now."""
        return self._older[0] if self._older else self._newest()

    def _newest(self) -> Run:
        return Run(self._stream, self._first, self.last_seq)

    @property
    def stream(self) -> str:
        """Under which the oldest event goes; with nothing held, the next one."""
        return self._head().stream

    @property
    def oldest_seq(self) -> int:
        """The lowest ``seq`` still held; the next one to come when it is empty."""
        return max(self._head().first, self._acked + 1)

    @property
    def depth(self) -> int:
        """Events that wait for the hall."""
        runs = (*self._older, self._newest())
        return sum(max(0, run.last - max(run.first, self._acked + 1) + 1) for run in runs)

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

    def kept(self, name: str) -> str | None:
        """The value that :meth:`append` kept last under ``name``."""
        return self._kept.get(name)

    def _sheet(self) -> Sheet:
        return Sheet(self._stream, self._first, self.last_seq, list(self._older), self._kept)

    # ------------------------------------------------------------ in

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
            if self._is_closed:
                raise OutboxError(f"{self._path}: closed; the node is ending")
            try:
                self._insert_with_room(stamps, encoded, keep)
            except sqlite3.DatabaseError as error:
                if not is_damage(error):
                    raise self._not_kept(error) from None
                self._replace_damaged(str(error))
                try:
                    self._insert(stamps, encoded, keep)
                except sqlite3.Error as again:
                    raise self._not_kept(again) from None
            self.last_seq += 1
            self.bytes += len(encoded)
            if keep:
                self._kept = {**self._kept, keep[0]: keep[1]}
            self._removed = self._acked
            self._holds_scan = self._holds_scan or isinstance(body, Scan)
            return self.last_seq

    def _insert_with_room(
        self, stamps: Stamps, encoded: bytes, keep: tuple[str, str] | None
    ) -> None:
        try:
            self._insert(stamps, encoded, keep)
        except sqlite3.OperationalError:
            if self._removed == self._acked:
                raise
            self._remove()  # a full disk: what the hall holds makes room
            self._insert(stamps, encoded, keep)

    def _insert(self, stamps: Stamps, encoded: bytes, keep: tuple[str, str] | None) -> None:
        seq = self.last_seq + 1
        with self._connection as transaction:
            transaction.execute("BEGIN IMMEDIATE")
            if self._acked > self._removed:
                transaction.execute(_REMOVE, (self._acked,))
            if keep:
                sheet = msgspec.structs.replace(
                    self._sheet(), last_seq=seq, kept={**self._kept, keep[0]: keep[1]}
                )
                transaction.execute(_REPLACE, sheet_row(sheet))
            transaction.execute(INSERT, row_of(Pending(seq, stamps, encoded)))

    def _not_kept(self, error: sqlite3.Error) -> OutboxError:
        return OutboxError(f"{self._path}: event not kept ({error}); free some disk space")

    # ------------------------------------------------------------ out

    def pending(self, stream: str, after_seq: int, limit: int) -> list[Pending]:
        """At most ``limit`` events of ``stream`` above ``after_seq``, in order.

        Raises:
            OutboxError: the disk failed.
        """
        with self._lock:
            head = self._head()
            after = max(after_seq, self._acked)
            if stream != head.stream or after >= head.last:
                return []
            try:
                rows = self._connection.execute(
                    "SELECT * FROM event WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?",
                    (after, head.last, limit),
                ).fetchall()
                events = [read_row(row) for row in rows]
                first = max(after + 1, head.first)
                last = min(head.last, first + limit - 1)
                # a hall would ask for what is missing for ever
                if [one.seq for one in events] != list(range(first, last + 1)):
                    raise DamageError("events are missing in the middle")
                return events
            except DamageError as error:
                self._replace_damaged(str(error))
                return []
            except sqlite3.DatabaseError as error:
                if is_damage(error):
                    self._replace_damaged(str(error))
                    return []
                raise OutboxError(f"{self._path}: cannot be read ({error})") from None

    def acknowledge(self, stream: str, through: int) -> bool:
        """Forget what the hall holds; False for another stream or beyond what was given out.

        Beyond it, the hall knows this stream from somewhere else: a card put back from an old
        copy, or somebody who sends in this node's name.  Whatever came next would be taken for a
        repeat and be lost, so what is held goes on under a stream of its own.

        Raises:
            OutboxError: the disk failed; what it holds will be sent again.
        """
        with self._lock:
            if stream != self.stream:
                return False
            if stream == self._stream and through > self.last_seq:
                self._begin_stream(through)
                return False
            acked = self._acked
            for run in (*self._older, self._newest()):
                if run.stream != stream:
                    break
                acked = max(acked, min(through, run.last))
            if acked == self._acked:
                return True
            try:
                freed = self._size_between(self._acked, acked)
            except sqlite3.DatabaseError as error:
                if is_damage(error):
                    self._replace_damaged(str(error))
                    return False
                raise OutboxError(f"{self._path}: cannot be read ({error})") from None
            self.bytes -= freed
            self._acked = acked
            self._older = tuple(run for run in self._older if run.last > acked)
            if acked - self._removed >= REMOVE_AT:
                try:
                    self._remove()
                except sqlite3.DatabaseError as error:
                    # it leaves later: a full disk must not stop the sending
                    _log.warning("%s: acknowledged events not removed (%s)", self._path, error)
            return True

    def _size_between(self, after: int, through: int) -> int:
        (size,) = self._connection.execute(
            "SELECT COALESCE(SUM(LENGTH(body)), 0) FROM event WHERE seq > ? AND seq <= ?",
            (after, through),
        ).fetchone()
        return int(size)

    def _remove(self) -> None:
        """Take what is acknowledged off the disk; not synced, as what comes back is a repeat."""
        self._connection.execute("PRAGMA synchronous=NORMAL")
        try:
            try:
                self._remove_through(self._acked)
            except sqlite3.OperationalError:
                # a full disk: one at a time needs little room, and for that there is some
                give_room(self._path)
                while self._removed < self._acked:
                    self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
                    self._remove_through(self._removed + 1)
                keep_room(self._path)
        finally:
            self._connection.execute("PRAGMA synchronous=FULL")

    def _remove_through(self, seq: int) -> None:
        with self._connection as transaction:
            transaction.execute("BEGIN IMMEDIATE")
            transaction.execute(_REMOVE, (seq,))
            if seq == self.last_seq:
                # the last number is kept, so that an empty outbox does not count anew
                transaction.execute(_REPLACE, sheet_row(self._sheet()))
        self._removed = seq

    def _begin_stream(self, through: int) -> None:
        _log.error(
            "the hall holds %d events of this outbox, which has given out %d: an old copy of the "
            "card, or another sends in this node's name; a new stream begins",
            through,
            self.last_seq,
        )
        was = self._stream, self._first
        self._stream, self._first = secrets.token_hex(16), self.oldest_seq
        try:
            with self._connection as transaction:
                transaction.execute("BEGIN IMMEDIATE")
                transaction.execute(_REPLACE, sheet_row(self._sheet()))
        except sqlite3.DatabaseError as error:
            self._stream, self._first = was
            if is_damage(error):
                self._replace_damaged(str(error))
                return
            raise OutboxError(f"{self._path}: no new stream ({error})") from None

    # ------------------------------------------------------------ upkeep

    def tidy(self) -> None:
        """Let nothing be read on the disk any more of scans that the hall holds.

        What is acknowledged is removed and the log written over with zeros.  Presses are nobody's
        secret: for them alone the card is not written to.
        """
        with self._lock:
            if not self._holds_scan:
                return
            try:
                if self._acked > self._removed:
                    self._remove()
                if self.depth:
                    return
                log = Path(f"{self._path}-wal")
                busy, pages, folded = self._connection.execute(
                    "PRAGMA wal_checkpoint(FULL)"
                ).fetchone()
                if not busy and pages == folded and log.exists():
                    outbox_log.wipe(log)
                self._holds_scan = False
            except (sqlite3.Error, OSError) as error:
                _log.debug("the outbox is tidied later: %s", error)

    def close(self) -> None:
        """Remove what is acknowledged and close the file; calling it again does nothing."""
        with self._lock, suppress(sqlite3.Error):
            self._is_closed = True
            if self._acked > self._removed:
                with suppress(sqlite3.OperationalError):  # a full disk
                    self._remove()
            self._connection.close()

    # ------------------------------------------------------------ the file

    def _open(self) -> sqlite3.Connection:
        connection = open_file(self._path)
        keep_room(self._path)
        try:
            sheet = read_sheet(connection)
            if sheet is None:
                sheet = Sheet(secrets.token_hex(16), 1, 0)
                connection.execute(INSERT, sheet_row(sheet))
            low, high, size = connection.execute(
                "SELECT MIN(seq), MAX(seq), COALESCE(SUM(LENGTH(body)), 0) FROM event WHERE seq > 0"
            ).fetchone()
        except BaseException:
            connection.close()
            raise
        self._stream, self._first, self._kept = sheet.stream, sheet.first_seq, sheet.kept
        self._holds_scan = True  # of what was there before, nobody knows
        self.last_seq = max(sheet.last_seq, high or 0)
        self._acked = self._removed = self.last_seq if low is None else low - 1
        self._older = tuple(run for run in sheet.older if run.last > self._acked)
        self.bytes = size
        return connection

    def _replace_damaged(self, reason: str) -> None:
        """The open file turned out to be damaged: go on with a new one."""
        self._connection.close()
        try:
            self._connection = self._begin_anew(reason, self._sheet(), self._acked)
        except (sqlite3.Error, OSError, DamageError) as error:
            # its connection stays closed, which the next event takes for damage and tries again
            raise OutboxError(f"{self._path}: no new outbox ({error}); check the disk") from None

    def _begin_anew(
        self, reason: str, known: Sheet | None = None, acked: int = 0
    ) -> sqlite3.Connection:
        self.set_aside.append(begin_anew(self._path, reason, known, acked))
        return self._open()
