"""The nodes' outboxes, read while their nodes are stopped: what was given out, what still waits."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from edge.outbox_file import DamageError, read_sheet


class OutboxUnreadError(Exception):
    """An outbox that is there and cannot be read; the text says why."""


class Given(NamedTuple):
    """How far an outbox has come."""

    stream: str
    last_seq: int
    """Highest number given out."""
    waiting: int
    """Events, the highest ones, that the hall has not acknowledged."""
    first_seq: int = 1
    """The first number of the stream: above 1 where a damaged file was replaced."""


def read_outbox(path: Path) -> Given | None:
    """What the outbox at ``path`` has given out; None where there is none yet.

    Raises:
        OutboxUnreadError: it is damaged, or its node has it open.
    """
    if not path.exists():
        return None
    try:
        # not read-only: after a kill the write-ahead log has to be folded in first
        with closing(sqlite3.connect(path, timeout=2, isolation_level=None)) as db:
            sheet = read_sheet(db)
            highest, waiting = db.execute(
                "SELECT MAX(seq), COUNT(*) FROM event WHERE seq > 0"
            ).fetchone()
    except (sqlite3.Error, DamageError) as error:
        raise OutboxUnreadError(str(error)) from None
    if sheet is None:
        return None
    return Given(sheet.stream, max(sheet.last_seq, highest or 0), waiting, sheet.first_seq)
