"""A journal that somebody has written in: the hall says which fact, and does not guess."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from hall_server import facts as f
from hall_server.facts import Fact, Source
from hall_server.journal import Journal, JournalError


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ("UPDATE facts SET seq = ? WHERE id = 2", "q"),
        ("UPDATE facts SET body = ? WHERE id = 2", b"\xff"),
        ("UPDATE facts SET body = ? WHERE id = 2", "{}"),
        ("UPDATE facts SET body = ? WHERE id = 2", 5),
    ],
)
def test_a_fact_that_was_written_over_is_named_and_not_guessed(
    tmp_path: Path, change: str, value: object
) -> None:
    path = tmp_path / "hall.db"
    journal = Journal(path)
    source = Source("a" * 32, 1)
    began = Fact(1, 1, f.StreamBegan("counter-1", 1), source)
    journal.append([began, Fact(2, 1, f.EventUnreadable("counter-1"), source)])
    journal.close()
    with sqlite3.connect(path) as db:
        db.execute("DROP TRIGGER facts_stand")
        db.execute(change, (value,))
    journal = Journal(path)
    with pytest.raises(JournalError, match="fact 2 cannot be read"):
        journal.recover()
    journal.close()
