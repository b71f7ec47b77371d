"""How the node is: what its health message says."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from devices.messages import Health, LoopBeat
from edge.clock import Clock, rss_bytes, temperature_c, uptime_s
from edge.loops import Loop
from edge.outbox import Outbox

MOST_NOTES = 16


def take_health(
    *, clock: Clock, outbox: Outbox, data_dir: Path, loops: Iterable[Loop], notes: Iterable[str]
) -> Health:
    """The node's health now; ``notes`` beyond what the message carries are left out."""
    now = clock.now()
    beats = [LoopBeat(loop.name, loop.age_ms) for loop in loops]
    told = [*notes, *(f"{loop.name}: {loop.trouble}" for loop in loops if loop.trouble)]
    try:
        free = shutil.disk_usage(data_dir).free
    except OSError:
        free = 0
    return Health(
        boot_id=now.boot_id,
        wall_us=now.wall_us,
        uptime_s=uptime_s(),
        clock_synchronised=now.clock_synchronised,
        outbox_depth=outbox.depth,
        outbox_bytes=outbox.file_bytes(),
        events_total=outbox.last_seq,
        disk_free_bytes=free,
        rss_bytes=rss_bytes(),
        temperature_c=temperature_c(),
        loops=beats,
        notes=[note[:500] for note in told[:MOST_NOTES]],
    )
