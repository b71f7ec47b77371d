"""Ways in which a card breaks the outbox in a folder; its node must have ended."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from edge.outbox import FILE_NAME
from edge.outbox_file import PAGE_BYTES


def log_of(folder: Path) -> Path:
    return folder / f"{FILE_NAME}-wal"


def write_at(path: Path, at: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(data)


def folded(folder: Path) -> Path:
    """The file with its log folded back."""
    file = folder / FILE_NAME
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA journal_mode=DELETE")
    return file


def a_truncated_file(folder: Path) -> None:
    file = folded(folder)
    os.truncate(file, file.stat().st_size // 2 // PAGE_BYTES * PAGE_BYTES)


def a_file_cut_to_nothing(folder: Path) -> None:
    os.truncate(folder / FILE_NAME, 0)


def a_header_of_zeros(folder: Path) -> None:
    write_at(folded(folder), 0, bytes(100))


def a_page_of_zeros(folder: Path) -> None:
    file = folded(folder)
    write_at(file, file.stat().st_size // 2 // PAGE_BYTES * PAGE_BYTES, bytes(PAGE_BYTES))


def a_flipped_page(folder: Path) -> None:
    file = folded(folder)
    at = file.stat().st_size // 2 // PAGE_BYTES * PAGE_BYTES
    page = file.read_bytes()[at : at + PAGE_BYTES]
    write_at(file, at, bytes(byte ^ 0xFF for byte in page))


def noise_for_a_log(folder: Path) -> None:
    log_of(folder).write_bytes(b"\x5a\xc3" * 5000)


def a_log_flipped_in_the_middle(folder: Path) -> None:
    at = 32 + (24 + PAGE_BYTES) * 5 + 100
    data = log_of(folder).read_bytes()
    write_at(log_of(folder), at, bytes([data[at] ^ 0x10]))


def another_table(folder: Path) -> None:
    with closing(sqlite3.connect(folded(folder))) as database:
        database.execute("ALTER TABLE event RENAME COLUMN body TO words")


def no_database(folder: Path) -> None:
    (folder / FILE_NAME).write_bytes(b"not a database" * 100)


def no_file_but_a_log(folder: Path) -> None:
    (folder / FILE_NAME).unlink()


def a_hole(folder: Path) -> None:
    with closing(sqlite3.connect(folded(folder))) as database:
        database.execute("DELETE FROM event WHERE seq = 20")
        database.commit()


def nothing_remembered(folder: Path) -> None:
    with closing(sqlite3.connect(folded(folder))) as database:
        database.execute("DELETE FROM event WHERE seq = 0")
        database.commit()
