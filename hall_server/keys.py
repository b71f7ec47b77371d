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
    if path.exists():
        try:
            key = bytes.fromhex(path.read_text(encoding="ascii").strip())
        except (ValueError, UnicodeDecodeError):
            key = b""
        if len(key) < size:
            raise ValueError(
                f"{path} holds no key of {size} bytes in hexadecimal: restore it from its copy, "
                "or move it away to have a new one drawn (people's hashes of today then change)"
            )
        return key
    key = secrets.token_bytes(size)
    # Whole or not at all: a kill or a full disk must not leave half a key behind.
    draft = path.with_name(f"{path.name}.draft")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(key.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    return key
