"""Key files of the hall: made once, readable by the hall alone, never in the journal."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def key_file(path: Path, size: int = 32) -> bytes:
    """The key in ``path``, hexadecimal; drawn and written (mode 0600) where there is none.

    Raises:
        ValueError: the file holds something else; it is left as it is.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        try:
            key = bytes.fromhex(path.read_text(encoding="ascii").strip())
        except (ValueError, UnicodeDecodeError):
            key = b""
        if len(key) < size:
            raise ValueError(
                f"{path} holds no key of {size} bytes in hexadecimal: restore it from its copy, "
                "or move it away to have a new one drawn (people's hashes of today then change)"
            ) from None
        return key
    key = secrets.token_bytes(size)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(key.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    return key
