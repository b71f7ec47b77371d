"""Feeding, step by step and without a thread: journal -> spool -> store -> known to be safe."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, Protocol

from msgspec import Struct

from hall_server.facts import Fact
from hall_server.timeseries.points import Point
from hall_server.timeseries.settings import TimeSeriesSettings
from hall_server.timeseries.spool import Row, Spool
from hall_server.timeseries.store import LinesRefusedError, Lives, Store, StoreAwayError

FACTS_AT_ONCE: Final = 500
BATCHES_AT_ONCE: Final = 20
"""Batches sent before the journal is looked at again."""
BACK_OFF_S: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
LOOK_EACH_S: Final = 5.0
"""How often, at most, the store is asked when it started."""


class FactReader(Protocol):
    """The journal, read only."""

    def facts(self, after_id: int = 0, limit: int = 1000) -> list[Fact]:
        """At most ``limit`` facts with an id above ``after_id``, in order."""


class TimeSeriesStats(Struct, frozen=True):
    """How the feeding goes; points are counted since the spool was made.

    ``points_made == spool_depth + points_confirmed + points_set_aside + points_dropped``.
    """

    points_made: int = 0
    points_written: int = 0
    """Accepted by the store, each counted once however often it was written."""
    points_confirmed: int = 0
    """Known to be on the store's disk, and gone from the spool."""
    points_set_aside: int = 0
    """Refused by the store for good."""
    points_dropped: int = 0
    """Samples that made room while the store was away."""
    spool_depth: int = 0
    journal_fact: int = 0
    """Id of the last fact that has become points."""
    rewrites: int = 0
    """Batches written again since the hall started."""
    last_error: str = ""
    """Empty while all is well."""
    last_ok_ms: int | None = None
    """When the store last took a batch."""


class _Batch(NamedTuple):
    """Points that the store has accepted and may not have put on its disk yet."""

    first: int
    through: int
    life: str | None
    """The store's life before the write; None where it was not known."""
    since: float


class Feeding:
    """What one thread does, round by round.

    A store that is killed forgets what it accepted in its last seconds.  So points stay in the
    spool for ``settle_s`` after the write; then, if the store has not been started anew since
    before the write, they are safe, else they are written again and wait again.
    """

    def __init__(
        self,
        journal: FactReader,
        spool: Spool,
        settings: TimeSeriesSettings,
        open_store: Callable[[TimeSeriesSettings], Store],
        *,
        hall: str,
        clock_ms: Callable[[], int],
        monotonic: Callable[[], float],
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._journal = journal
        self._spool = spool
        self._settings = settings
        self._open_store = open_store
        self._hall = hall
        self._clock_ms = clock_ms
        self._monotonic = monotonic
        self._stopping = stopping
        self._store: Store | None = None
        self._lives: Lives | None = None
        self._failures = 0
        self._retry_at = float("-inf")
        self._look_at = float("-inf")
        self._last_error = ""
        self._last_ok_ms: int | None = None
        self._rewrites = 0
        if not spool.belongs_to(next(iter(journal.facts(spool.cursor - 1, 1)), None)):
            spool.begin_anew()
        # What an earlier run sent: under which life of the store is not known any more.
        self._batches = deque(
            _Batch(first, through, None, monotonic())
            for first, through in spool.sent_batches(settings.batch_points)
        )

    def stats(self) -> TimeSeriesStats:
        """How it goes now."""
        spool = self._spool
        return TimeSeriesStats(
            points_made=spool.made,
            points_written=spool.written,
            points_confirmed=spool.confirmed,
            points_set_aside=spool.refused,
            points_dropped=spool.dropped,
            spool_depth=spool.depth,
            journal_fact=spool.cursor,
            rewrites=self._rewrites,
            last_error=self._last_error,
            last_ok_ms=self._last_ok_ms,
        )

    def take_facts(self) -> bool:
        """Turn new facts into points; True when the journal holds more than were taken."""
        facts = self._journal.facts(self._spool.cursor, FACTS_AT_ONCE)
        return bool(facts) and self._spool.take_facts(facts) and len(facts) == FACTS_AT_ONCE

    def take_samples(self, points: Sequence[Point]) -> None:
        """Keep samples of the queue and of nodes' health."""
        self._spool.take_samples(points)

    def send(self) -> None:
        """Write what is new and settle what is old; nothing while the store is left in peace."""
        if self._monotonic() < self._retry_at or not self._spool.depth:
            return
        try:
            if self._store is None or self._lives is None:
                self._store = self._open_store(self._settings)
                self._lives = Lives(self._store, self._monotonic)
            if self._by_life and self._lives.current is None and not self._lives.untold:
                self._lives.look()
            self._settle(self._lives)
            self._send_new(self._lives)
        except StoreAwayError as error:
            self._last_error = str(error)
            wait_s = BACK_OFF_S[min(self._failures, len(BACK_OFF_S) - 1)]
            self._failures += 1
            self._retry_at = self._monotonic() + wait_s
        else:
            self._last_error = ""
            self._failures = 0

    def close(self) -> None:
        """Let the store's connections go."""
        if self._store is not None:
            self._store.close()

    # ------------------------------------------------------------------ inside

    @property
    def _by_life(self) -> bool:
        return self._settings.confirm_by == "start_time"

    def _send_new(self, lives: Lives) -> None:
        for _ in range(BATCHES_AT_ONCE):
            rows = self._spool.unsent(self._settings.batch_points)
            if not rows or self._stopping():
                return
            refused = self._write(rows)
            self._spool.mark_sent(rows, refused, self._clock_ms())
            self._batches.append(_Batch(rows[0].id, rows[-1].id, lives.current, self._monotonic()))

    def _settle(self, lives: Lives) -> None:
        settle_s = self._settings.settle_s
        now = self._monotonic()
        if not self._batches or now - self._batches[0].since < settle_s or now < self._look_at:
            return
        self._look_at = now + min(LOOK_EACH_S, settle_s / 4)
        life = None
        if self._by_life:
            lives.look()
            life = lives.current
            if life is None and not lives.untold:
                return  # started a moment ago: nothing can be said yet
        while self._batches and now - self._batches[0].since >= settle_s:
            if self._stopping():
                return
            batch = self._batches[0]
            if life is not None and batch.life == life:
                self._batches.popleft()
                while self._batches and self._follows(batch, self._batches[0], now):
                    batch = batch._replace(through=self._batches.popleft().through)
                self._spool.confirm(batch.first, batch.through)
                continue
            if rows := self._spool.sent(batch.first, batch.through):
                self._spool.set_aside(self._write(rows), self._clock_ms())
                self._rewrites += 1
            self._batches.popleft()
            if life is None:
                self._spool.confirm(batch.first, batch.through)
            else:
                self._batches.append(batch._replace(life=life, since=self._monotonic()))

    def _follows(self, batch: _Batch, following: _Batch, now: float) -> bool:
        """Both can be confirmed in one transaction."""
        return (
            following.first == batch.through + 1
            and following.life == batch.life
            and now - following.since >= self._settings.settle_s
        )

    def _write(self, rows: Sequence[Row]) -> list[tuple[Row, str]]:
        """Write ``rows``; those that the store refuses come back with its reason."""
        assert self._store is not None
        try:
            self._store.write([row.line for row in rows])
        except LinesRefusedError as error:
            if len(rows) == 1:
                self._make_sure_it_is_the_line(str(error))
                return [(rows[0], str(error))]
            half = len(rows) // 2
            return self._write(rows[:half]) + self._write(rows[half:])
        self._last_ok_ms = self._clock_ms()
        return []

    def _make_sure_it_is_the_line(self, reason: str) -> None:
        """A store that refuses everything has a wrong setting: then no line is at fault."""
        assert self._store is not None
        plain = Point("timeseries_probe", (("hall", self._hall),), (("ok", 1),), self._clock_ms())
        try:
            self._store.write([plain.line()])
        except LinesRefusedError:
            raise StoreAwayError(
                f"the store refuses every line: {reason}; see [timeseries] org and bucket"
            ) from None
