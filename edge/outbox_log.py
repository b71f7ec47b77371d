"""The write-ahead log of the outbox as bytes: is it whole, and may nothing be read in it any more?

SQLite reads a log up to its first frame that does not fit and takes that for its end.  For a log
that broke in the middle this would silently take back what was committed, and the numbers with
it; so the outbox looks first.  Format: "WAL-mode File Format" in SQLite's documentation.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Final

_HEADER: Final = 32
_FRAME_HEADER: Final = 24
_BLOCK: Final = 4096
_MAGIC: Final = 0x377F0682
"""Its lowest bit tells in which order the bytes of a checksum's words stand."""
_VERSION: Final = 3_007_000


def length(pages: int, page_bytes: int) -> int:
    """Bytes of a log of so many pages."""
    return _HEADER + pages * (_FRAME_HEADER + page_bytes)


def is_torn(log: Path) -> bool:
    """Whether ``log`` has a header that is none, or frames of this turn behind one that is broken.

    A power cut in the middle of a commit may leave that as well: then nothing that was promised
    is missing, but who can tell.

    Raises:
        OSError: it cannot be read; one that is not there is whole.
    """
    try:
        data = log.read_bytes()
    except FileNotFoundError:
        return False
    if not any(data):
        return False  # room for a log that is not begun
    if len(data) < _HEADER:
        return True
    magic, version, page, _, _, _, sum_1, sum_2 = struct.unpack_from(">8I", data)
    if magic & ~1 != _MAGIC or version != _VERSION or not 512 <= page <= 65_536:
        return True
    order = ">" if magic & 1 else "<"
    state = _checksum(order, data[:24], (0, 0))
    if state != (sum_1, sum_2):
        return True
    salts = data[16:24]
    is_whole = True
    for at in range(_HEADER, len(data) - _FRAME_HEADER - page + 1, _FRAME_HEADER + page):
        if data[at + 8 : at + 16] != salts:
            is_whole = False  # an earlier turn's: the log ends before it
            continue
        if not is_whole:
            return True
        state = _checksum(order, data[at : at + 8], state)
        state = _checksum(order, data[at + _FRAME_HEADER : at + _FRAME_HEADER + page], state)
        if state != struct.unpack_from(">2I", data, at + 16):
            return True
    return False


def _checksum(order: str, data: bytes, state: tuple[int, int]) -> tuple[int, int]:
    first, second = state
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for even, odd in zip(words[::2], words[1::2], strict=True):
        first = (first + even + second) & 0xFFFFFFFF
        second = (second + odd + first) & 0xFFFFFFFF
    return first, second


def wipe(log: Path) -> None:
    """Write zeros over all frames of ``log``, which must have been folded back entirely.

    Its length stays: a log that must be lengthened again costs the card more than one that is
    written over.  What is zero already is not written again.

    Raises:
        OSError: it cannot be written.
    """
    with log.open("r+b", buffering=0) as file:
        data = file.read()
        for at in range(0, len(data), _BLOCK):
            begin = max(at, _HEADER)
            block = data[begin : at + _BLOCK]
            if any(block):
                file.seek(begin)
                file.write(bytes(len(block)))


def reserve(log: Path, length: int) -> None:
    """Give ``log`` at least ``length`` bytes now, zeros at its end.

    Raises:
        OSError: the disk is full; as much as there was room for is taken.
    """
    with log.open("ab", buffering=0) as file:
        while (missing := length - file.tell()) > 0:
            # block by block: Linux dirties at once what was written at once
            file.write(bytes(min(missing, _BLOCK - file.tell() % _BLOCK)))
