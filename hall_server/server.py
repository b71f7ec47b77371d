"""A whole hall in one process: journal, writer, gateway, feeder and pages, started and stopped."""

from __future__ import annotations

import logging
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from hall_server.card_forms import CardForms
from hall_server.gateway import Gateway
from hall_server.hall import Hall
from hall_server.journal import Journal, JournalReader
from hall_server.keys import key_file
from hall_server.nodes import NodeRegistry
from hall_server.runtime import Runtime
from hall_server.settings import HallSettings
from hall_server.timeseries.points import QueueSample
from hall_server.timeseries.writer import TimeSeriesFeeder
from hall_server.web.app import create_app
from hall_server.web.context import WebContext
from hall_server.web.hall_views import HallViews
from hall_server.web.live import LivePages
from hall_server.web.serve import WebServer

log = logging.getLogger(__name__)

SWITCH_INTERVAL_S: Final = 0.0005
"""How long one thread may go on while another waits.  Python's own 5 ms is too long for a writer,
a network loop and eight request threads that hand each other work."""


def draw_token() -> str:
    """128 random bits for a ticket's page, URL-safe."""
    return secrets.token_urlsafe(16)


class _Fed:
    """The feeder as the technician's page asks it."""

    def __init__(self, feeder: TimeSeriesFeeder) -> None:
        self._feeder = feeder

    def points_written(self) -> int:
        return self._feeder.stats().points_written

    def spool_depth(self) -> int:
        return self._feeder.stats().spool_depth

    def last_error(self) -> str | None:
        return self._feeder.stats().last_error or None


class HallServer:
    """The hall of ``settings``; a context manager.  :meth:`start` returns when pages answer."""

    def __init__(self, settings: HallSettings, *, version: str) -> None:
        self.settings = settings
        self.version = version
        self._stop: list[Callable[[], None]] = []

    @property
    def journal_path(self) -> Path:
        """The journal's file."""
        return self.settings.data_dir / "hall.db"

    def start(self) -> None:
        """Open the journal and start every part.

        Raises:
            JournalError: the journal cannot be opened, or another hall has it.
            WebServerError: the port of the pages is taken.
        """
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        settings = self.settings
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        try:
            self._start_parts()
        except BaseException:
            self.stop()
            raise
        log.info("hall %s is open at %s", settings.hall.id, settings.public_url)

    def _start_parts(self) -> None:
        settings = self.settings
        journal = Journal(self.journal_path)
        self._stop.append(journal.close)
        catalogue = settings.catalogue()
        self.forms = CardForms()
        self.nodes = NodeRegistry(settings.node)
        self.runtime = Runtime(Hall(catalogue, journal.recover()), journal)
        self.feeder = TimeSeriesFeeder(
            self.journal_path,
            settings.data_dir / "spool.db",
            settings.timeseries,
            self._queue_sample,
            hall=settings.hall.id,
        )
        self.gateway = Gateway(
            hall=settings.hall.id,
            broker=settings.broker,
            catalogue=catalogue,
            kinds={node.id: node.kind for node in settings.node},
            runtime=self.runtime,
            nodes=self.nodes,
            forms=self.forms,
            master_key=key_file(settings.data_dir / "person.key"),
            token=draw_token,
            version=self.version,
            on_health=self.feeder.health,
        )
        context = self._web_context()
        views = HallViews(context)
        self._stop.append(views.close)
        live = LivePages(views)
        self.web = WebServer(create_app(context, views), live, settings)
        self.runtime.listen(live.committed, first=True)
        self.runtime.listen(lambda _: self.feeder.notify())
        for part in (self.runtime, self.feeder, self.gateway, self.web):
            self._stop.append(part.stop)
            part.start()

    def _web_context(self) -> WebContext:
        return WebContext(
            settings=self.settings,
            writer=self.runtime,
            open_journal=lambda: JournalReader(self.journal_path),
            forms=self.forms,
            nodes=self.nodes,
            road=self.gateway,
            feeder=_Fed(self.feeder) if self.settings.timeseries.url else None,
            version=self.version,
        )

    def _queue_sample(self) -> QueueSample:
        view = self.runtime.view
        phases = [one.phase for one in view.counters.values()]
        return QueueSample(
            {one.id: len(view.lines.get(one.id, ())) for one in self.settings.service},
            phases.count("open"),
            phases.count("paused"),
        )

    def stop(self) -> None:
        """Stop every part, the last started first; what was accepted is on the disk."""
        while self._stop:
            self._stop.pop()()

    @property
    def well(self) -> bool:
        """True while the writer, the gateway and the pages go round."""
        return self.runtime.alive and self.gateway.alive and self.web.alive

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
