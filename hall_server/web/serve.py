"""The web server: uvicorn in a thread of its own, with its own loop, beside the hall's writer."""

from __future__ import annotations

import asyncio
import errno
import logging
import resource
import socket
import threading
from collections.abc import Callable
from typing import Final

import uvicorn

from hall_server.settings import HallSettings
from hall_server.web.bridge import Bridge, WsgiApp
from hall_server.web.connection import Connection
from hall_server.web.live import LivePages

log = logging.getLogger(__name__)

BACKLOG: Final = 1024
CONNECTIONS: Final = 4_000
FILES: Final = 8_192
CUT_OFF_S: Final = 0.4
"""After which, on stopping, connections that have not ended are cut."""


class WebServerError(Exception):
    """The pages cannot be served; the text says what to do."""


class _Server(uvicorn.Server):
    """Says when it listens; its loop is told to stop from another thread."""

    def __init__(self, config: uvicorn.Config, live: LivePages, listening: threading.Event) -> None:
        super().__init__(config)
        self._live = live
        self._listening = listening
        self.loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self.loop = asyncio.get_running_loop()
        self._live.start()
        await super().startup(sockets)
        self._listening.set()

    def leave(self) -> None:
        """In the loop: end the live pages, let requests finish, then cut what is left."""
        self._live.close()
        self.should_exit = True
        asyncio.get_running_loop().call_later(CUT_OFF_S, self._cut)

    def _cut(self) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.abort()


class WebServer:
    """Serves ``app`` and its live pages on the settings' host and port."""

    def __init__(self, app: WsgiApp, live: LivePages, settings: HallSettings) -> None:
        self._web = settings.web
        self._bridge = Bridge(app, live, self._web.threads)
        behind_proxy = settings.public_url.startswith("https://")
        config = uvicorn.Config(
            self._bridge,
            http=Connection,
            ws="none",
            lifespan="off",
            loop="auto",
            log_config=None,
            access_log=False,  # addresses of phone pages are as good as tickets
            proxy_headers=behind_proxy,
            server_header=False,
            backlog=BACKLOG,
            limit_concurrency=CONNECTIONS,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=1,
        )
        self._listening = threading.Event()
        self._server = _Server(config, live, self._listening)
        self._factory: Callable[[], asyncio.AbstractEventLoop] | None = config.get_loop_factory()
        self._thread = threading.Thread(target=self._run, name="hall-pages", daemon=True)
        self._socket: socket.socket | None = None

    def start(self) -> None:
        """Listen; returns when the first request can come.

        Raises:
            WebServerError: the address is in use or not this machine's.
        """
        _allow_open_files(FILES)
        self._socket = _listen(self._web.host, self._web.port)
        self._thread.start()
        while not self._listening.wait(0.05):
            if not self._thread.is_alive():
                raise WebServerError("the web server ended as it began; see the log above")

    @property
    def alive(self) -> bool:
        """True while pages are served."""
        return self._thread.is_alive()

    def stop(self, timeout_s: float = 2.0) -> None:
        """Close the port, end the live pages and go; may be called twice."""
        loop = self._server.loop
        if loop is not None and self._thread.is_alive():
            loop.call_soon_threadsafe(self._server.leave)
            self._thread.join(timeout_s)
        self._bridge.close()
        if self._socket is not None:
            self._socket.close()

    def _run(self) -> None:
        if self._socket is None:
            raise RuntimeError("start() has not been called")
        with asyncio.Runner(loop_factory=self._factory) as runner:
            runner.run(self._server.serve([self._socket]))


def _allow_open_files(wanted: int) -> None:
    """Each open page is a file of this process; systems often allow only 1,024 unless asked."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except (OSError, OverflowError) as error:
        listener.close()
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise WebServerError(
                f"{host}:{port}: cổng này đang được dùng / this port is in use: stop the program "
                "that has it, or set another web.port in hall.toml"
            ) from None
        raise WebServerError(
            f"{host}:{port}: {error}; set web.host to an address of this machine"
        ) from None
    return listener
