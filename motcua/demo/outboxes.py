"""The nodes' outboxes, read while their nodes are stopped: what was given out, what still waits."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple


class Given(NamedTuple):
    """How far an outbox has come."""

    stream: str
    last_seq: int
    """Highest number given out."""
    waiting: int
    """Events, the highest ones, that the hall has not acknowledged."""


def read_outbox(path: Path) -> Given | None:
    """What the outbox at ``path`` has given out; None where there is none yet.

    Raises:
        sqlite3.Error: it cannot be read, or its node has it open.
    """
    if not path.exists():
        return None
    # not read-only: after a kill the write-ahead log has to be folded in first
    with closing(sqlite3.connect(path, timeout=2, isolation_level=None)) as db:
        kept: dict[str, str] = dict(db.execute("SELECT name, value FROM kept"))
        highest, waiting = db.execute("SELECT MAX(seq), COUNT(*) FROM event").fetchone()
    if "stream" not in kept:
        return None
    return Given(kept["stream"], max(int(kept.get("last_seq", 0)), highest or 0), waiting)
