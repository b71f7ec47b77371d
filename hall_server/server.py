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
from hall_server.journal import Journal
from hall_server.keys import key_file
from hall_server.nodes import NodeRegistry
from hall_server.runtime import Runtime
from hall_server.settings import HallSettings

log = logging.getLogger(__name__)

SWITCH_INTERVAL_S: Final = 0.0005
"""How long one thread may go on while another waits.  Python's own 5 ms is too long for a writer,
a network loop and eight request threads that hand each other work."""


def draw_token() -> str:
    """128 random bits for a ticket's page, URL-safe."""
    return secrets.token_urlsafe(16)


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
            OSError: the port of the pages is taken.
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
        )
        self.runtime.start()
        self._stop.append(self.runtime.stop)
        self.gateway.start()
        self._stop.append(self.gateway.stop)

    def stop(self) -> None:
        """Stop every part, the last started first; what was accepted is on the disk."""
        while self._stop:
            self._stop.pop()()

    @property
    def well(self) -> bool:
        """True while the writer and the gateway go round."""
        return self.runtime.alive and self.gateway.alive

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
