"""Who signed out when, on the disk: a copied session must not come back with the hall's restart."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from threading import Lock
from typing import Final

import msgspec

log = logging.getLogger(__name__)

FILE: Final = "signed-out.json"
_decoder: Final = msgspec.json.Decoder(dict[str, int])


class SignedOut:
    """Clerk -> when she last signed out, in hall time; ``path`` is in the hall's data folder."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        try:
            self._ended_ms = _decoder.decode(path.read_bytes())
        except FileNotFoundError:
            self._ended_ms = {}
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            log.error(
                "%s cannot be read (%s): who signed out before is not known; move it away, and "
                "web-secret.key with it to have everybody sign in again",
                path,
                type(error).__name__,
            )
            self._ended_ms = {}

    def last_ms(self, clerk: str) -> int:
        """When ``clerk`` last signed out; -1 where never."""
        return self._ended_ms.get(clerk, -1)

    def note(self, clerk: str, now_ms: int) -> None:
        """She signs out now.  On a full disk it holds until the hall's restart."""
        with self._lock:
            self._ended_ms[clerk] = now_ms
            draft = self._path.with_name(f".{self._path.name}.draft")
            try:
                handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                with os.fdopen(handle, "wb") as file:
                    file.write(msgspec.json.encode(self._ended_ms))
                    file.flush()
                    os.fsync(file.fileno())
                draft.replace(self._path)
            except OSError as error:
                log.error("%s cannot be written (%s): make room", self._path, error.strerror)
