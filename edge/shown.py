"""What the hall last told this node to show and say, over restarts, and how old it is."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from devices.messages import Announcement, Display
from edge.rating_window import Now

_log = logging.getLogger(__name__)

FILE_NAME: Final = "shown.json"
SPEAK_WITHIN_MS: Final = 60_000
"""A call older than this is not spoken any more: the person has been called by the board."""


class Kept(Struct, frozen=True):
    """What is on disk."""

    display: Display | None = None
    spoken: int = 0
    """The highest announcement that was spoken, or was too old to be."""


class KeptFile:
    """The file in ``folder``; written whole or not at all, and dispensable: damage is no error."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._lock = threading.Lock()
        self.kept = self._read()

    def _read(self) -> Kept:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Kept)
        except FileNotFoundError:
            return Kept()
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            _log.warning("%s cannot be read: the display waits for the hall", self._path.name)
            return Kept()

    def keep_display(self, display: Display) -> None:
        """Remember what is shown; nothing is written when it is known.

        Slips are left out: they are not printed from here, and each opens somebody's page.
        """
        if display.slips:
            display = msgspec.structs.replace(display, slips=[])
        with self._lock:
            if display != self.kept.display:
                self._write(msgspec.structs.replace(self.kept, display=display))

    def keep_spoken(self, spoken: int) -> None:
        """Remember how far the calls were spoken."""
        with self._lock:
            if spoken > self.kept.spoken:
                self._write(msgspec.structs.replace(self.kept, spoken=spoken))

    def _write(self, kept: Kept) -> None:
        self.kept = kept
        draft = self._path.with_suffix(".draft")
        try:
            draft.write_bytes(msgspec.json.encode(kept))
            draft.replace(self._path)
        except OSError as error:
            _log.warning("%s not written (%s): free some disk space", self._path.name, error)


class Shown:
    """The display in force: the highest revision, and whether the hall has told it this time."""

    def __init__(self, kept: Display | None) -> None:
        self.display = kept
        self.from_hall = False
        """False while only the disk has told it."""

    def take(self, display: Display) -> bool:
        """Show ``display``; False when it is older than what is shown.

        A lower revision of a later time is a hall that was set up anew.
        """
        shown = self.display
        if (
            self.from_hall
            and shown is not None
            and display.rev < shown.rev
            and display.wall_ms <= shown.wall_ms
        ):
            return False
        self.display = display
        self.from_hall = True
        return True


def to_speak(display: Display, spoken: int, *, live: bool, now: Now) -> list[Announcement]:
    """The calls of ``display`` that are new and still young, oldest first.

    The hall's own clock tells the age of a live one.  What the broker had retained is spoken
    only where the node's clock can tell that it is young.
    """
    if live:
        now_ms = display.wall_ms
    elif now.synchronised:
        now_ms = now.wall_us // 1000
    else:
        return []
    return [
        call
        for call in display.announcements
        if call.id > spoken and now_ms - call.called_wall_ms < SPEAK_WITHIN_MS
    ]
