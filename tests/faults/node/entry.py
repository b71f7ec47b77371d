"""``motcua node`` with a wall clock that a test moves, and a ledger of what the node promised.

The product's own command runs, unchanged but for three places that are watched: the wall clock,
the outbox's ``append`` once it has returned, and the lamps once they are lit.  The ledger survives
a kill as all that was handed to the kernel does.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from devices.messages import EventBody, RatingPress
from devices.rating_buttons.lamps import Lamps
from edge.clock import Clock, Stamps
from edge.device_loops import ButtonRow
from edge.outbox import Outbox, OutboxError
from motcua.cli import main

WALL: Final = "MOTCUA_FAULTS_WALL"
"""Environment: a file with the microseconds that the wall clock is wrong by."""
LEDGER: Final = "MOTCUA_FAULTS_LEDGER"
"""Environment: the file that takes a JSON line for each promise."""


def run(words: list[str]) -> int:
    """The node; its exit status."""
    wall = Path(os.environ[WALL])
    ledger = os.open(os.environ[LEDGER], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    append, show = Outbox.append, ButtonRow.show

    def note(**words: Any) -> None:
        os.write(ledger, json.dumps(words).encode() + b"\n")

    def moved_wall_us(_clock: Clock) -> int:
        return time.time_ns() // 1000 + int(wall.read_text())

    def noted_append(box: Outbox, body: EventBody, stamps: Stamps, **more: Any) -> int:
        note(tries=type(body).__name__)
        try:
            seq = append(box, body, stamps, **more)
        except OutboxError:
            note(refused=type(body).__name__)
            raise
        stream = next((run.stream for run in box._older if seq <= run.last), box._stream)
        accepted = isinstance(body, RatingPress) and body.refused is None
        kind = type(body).__name__
        note(kept=[stream, seq], kind=kind, accepted=accepted)
        return seq

    def noted_show(row: ButtonRow, lamps: Lamps) -> None:
        show(row, lamps)
        if lamps.sign == "chosen":
            note(lamp=lamps.level)

    with (
        patch.object(Clock, "wall_us", moved_wall_us),
        patch.object(Outbox, "append", noted_append),
        patch.object(ButtonRow, "show", noted_show),
    ):
        return main(words)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
