"""A trivial Flask view behind the hall's own web server: what the machine can do at best.

``python -m motcua.bench.bare_view PORT FOLDER`` serves it until SIGTERM.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from flask import Flask

from hall_server.commands import Command, Outcome
from hall_server.journal import JournalReader
from hall_server.runtime import HallUnavailableError
from hall_server.server import SWITCH_INTERVAL_S
from hall_server.settings import HallSettings, load
from hall_server.state import State
from hall_server.web.context import WebContext
from hall_server.web.hall_views import HallViews
from hall_server.web.live import LivePages
from hall_server.web.serve import WebServer


class _Nobody:
    """A writer for pages that are never opened."""

    view = State()
    disk_full = False
    inbox_depth = 0
    alive = True

    def ask(self, command: Command, timeout_s: float = 5.0) -> Outcome:
        """Nothing is asked here."""
        raise HallUnavailableError("stopped")


def bare_app() -> Flask:
    """One view that takes a POST and answers with a few bytes of JSON."""
    app = Flask("bare")

    @app.post("/bare")
    def bare() -> dict[str, bool]:
        return {"ok": True}

    return app


def server(settings: HallSettings) -> WebServer:
    """The bare view on the settings' port, with the settings' number of threads."""
    never: Callable[[], JournalReader] = lambda: JournalReader(settings.data_dir / "none.db")  # noqa: E731
    context = WebContext(settings=settings, writer=_Nobody(), open_journal=never)
    return WebServer(bare_app(), LivePages(HallViews(context)), settings)


def main() -> None:
    """Serve until SIGTERM."""
    end = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: end.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    serving = server(load(Path(sys.argv[1])))
    serving.start()
    end.wait()
    serving.stop()


if __name__ == "__main__":
    main()
