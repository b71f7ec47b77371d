"""The feeder: one thread that turns what the hall commits into points and writes them out.

The journal is the truth and the spool is its copy on the way.  The feeder only reads the journal,
and the hall never waits for it.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from devices.messages import Health
from hall_server.journal import JournalReader
from hall_server.timeseries.feeding import BACK_OFF_S, Feeding, TimeSeriesStats
from hall_server.timeseries.points import QueueSample, health_points, queue_points
from hall_server.timeseries.settings import TimeSeriesSettings
from hall_server.timeseries.spool import Spool
from hall_server.timeseries.store import Store

log = logging.getLogger(__name__)

REST_S: Final = 0.1
"""Pause between two rounds, so that a burst of commits is one round and not many."""
CATCHING_UP_REST_S: Final = 0.01
"""Pause between two rounds while the journal holds more: the hall's own threads go first."""
ROUND_S: Final = 1.0
HEALTH_KEPT: Final = 1_000


class TimeSeriesFeeder:
    """Feeds the store from the journal at ``journal_path`` until it is stopped.

    ``queue_state`` is called on the feeder's thread and must not block.  ``clock_ms`` is wall time
    in ms, ``monotonic`` seconds; tests hand in their own, and their own ``open_store``.
    """

    def __init__(
        self,
        journal_path: Path,
        spool_path: Path,
        settings: TimeSeriesSettings,
        queue_state: Callable[[], QueueSample],
        *,
        hall: str,
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        monotonic: Callable[[], float] = time.monotonic,
        open_store: Callable[[TimeSeriesSettings], Store] | None = None,
    ) -> None:
        self._journal_path = journal_path
        self._spool_path = spool_path
        self._settings = settings
        self._queue_state = queue_state
        self._hall = hall
        self._clock_ms = clock_ms
        self._monotonic = monotonic
        self._open_store = open_store or _influx
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._health: deque[tuple[str, Health, int]] = deque(maxlen=HEALTH_KEPT)
        self._sampled_ms: int | None = None
        self._stats = TimeSeriesStats()

    def start(self) -> None:
        """Begin; does nothing, and makes no file, while the settings name no store."""
        if not self._settings.url or self._thread is not None:
            return
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="time-series", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 2.0) -> None:
        """End it; what is not written yet goes on at the next start, so nothing is waited for."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout_s)
            self._thread = None

    def notify(self) -> None:
        """The hall has committed something.  Never blocks."""
        self._wake.set()

    def health(self, node: str, health: Health) -> None:
        """A node said how it is.  Never blocks; the oldest goes when a thousand wait."""
        if self._settings.url:
            self._health.append((node, health, self._clock_ms()))

    def stats(self) -> TimeSeriesStats:
        """How it goes, from any thread."""
        return self._stats

    # ------------------------------------------------------------------ the thread

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            before = self._stats
            try:
                self._feed()
            except (sqlite3.Error, OSError) as error:
                # the disk is full, or the journal is not there yet
                self._fails(f"{type(error).__name__}: {error}; see the hall's disk and journal")
            except Exception as error:
                # The boundary of the thread: a fault in here must not end the feeding for good,
                # and never the hall.  Everything is read again from the spool.
                log.exception("the time series feeder begins again")
                self._fails(f"{type(error).__name__}: {error}")
            failures = failures + 1 if self._stats.points_made == before.points_made else 0
            self._stopping.wait(BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)])

    def _fails(self, why: str) -> None:
        if why != self._stats.last_error:
            log.warning("time series: %s", why)
        self._stats = replace(self._stats, last_error=why)

    def _feed(self) -> None:
        settings = self._settings
        with (
            closing(JournalReader(self._journal_path)) as journal,
            closing(
                Spool(
                    self._spool_path,
                    self._hall,
                    most_points=settings.spool_points,
                    most_bytes=settings.spool_mb * 1_000_000,
                )
            ) as spool,
            closing(
                Feeding(
                    journal,
                    spool,
                    settings,
                    self._open_store,
                    hall=self._hall,
                    clock_ms=self._clock_ms,
                    monotonic=self._monotonic,
                    stopping=self._stopping.is_set,
                )
            ) as feeding,
        ):
            while not self._stopping.is_set():
                self._wake.clear()
                more = feeding.take_facts()
                self._sample(feeding)
                feeding.send()
                stats = feeding.stats()
                if stats.last_error and stats.last_error != self._stats.last_error:
                    log.warning("time series: %s", stats.last_error)
                self._stats = stats
                if more:
                    self._stopping.wait(CATCHING_UP_REST_S)
                elif not self._stopping.wait(REST_S):
                    self._wake.wait(ROUND_S)

    def _sample(self, feeding: Feeding) -> None:
        while self._health:
            node, health, at_ms = self._health.popleft()
            feeding.take_samples(health_points(self._hall, node, health, at_ms))
        each_ms = self._settings.sample_s * 1000
        grid_ms = self._clock_ms() // each_ms * each_ms
        if grid_ms != self._sampled_ms:
            feeding.take_samples(queue_points(self._hall, self._queue_state(), grid_ms))
            self._sampled_ms = grid_ms


def _influx(settings: TimeSeriesSettings) -> Store:
    # the client takes long to import: not on the way of the hall's start
    from hall_server.timeseries.influx import InfluxStore

    return InfluxStore(settings)
