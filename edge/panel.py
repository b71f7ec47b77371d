"""The devices of a node on the screen: presses and cards go to the same drivers as real ones.

Only for a node whose devices are all stand-ins, and only on loopback.  A page of another origin
may neither read it (the answer names one origin) nor press (a press needs a header that a
browser sends across origins only after asking).
"""

from __future__ import annotations

import itertools
import json
import logging
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from edge.agent import Agent
from edge.settings import Panel

_log = logging.getLogger(__name__)

LONGEST_POLL_S: Final = 20.0
MAX_CARD_BYTES: Final = 2 * 2**20
_PNG: Final = b"\x89PNG\r\n\x1a\n"


class PanelError(Exception):
    """A request that cannot be answered as asked; the text says what to do."""

    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status = status


class PanelServer:
    """Serves the panel of ``agent`` on ``127.0.0.1``.

    Raises:
        OSError: the port is taken.
    """

    def __init__(self, agent: Agent, table: Panel) -> None:
        handler = type("Handler", (_Handler,), {"desk": _Desk(agent), "origin": table.allow_origin})
        self._server = _Server(("127.0.0.1", table.port), handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="panel", daemon=True
        )

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # long polls in their last seconds must not hold up the end of the node
    block_on_close = False


class _Desk:
    """What the panel may do with the node."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._cards = itertools.count(1)
        self._finger: Any = None
        self._finger_lock = threading.Lock()

    def state(self, after: int, timeout_s: float) -> dict[str, Any]:
        """The node as a person before it sees it, once it is newer than ``after``."""
        agent = self._agent
        known, _ = agent.changes.get()
        # a version of the future is of the node before its restart: the page is told at once
        version, _ = agent.changes.wait_beyond(after if after <= known else 0, timeout_s)
        _, screen = agent.counter.screen.get()
        shown = screen.display
        lit = agent.buttons.lit() if agent.buttons else {}
        return {
            "version": version,
            "node": agent.settings.node.id,
            "kind": agent.settings.node.kind,
            "phase": shown.phase if shown else None,
            "ticket": shown.ticket if shown else None,
            "counter": shown.counter if shown else None,
            "stale": screen.stale,
            "link": "connected" if agent.link.connected else "away",
            "buttons": [{"level": level, "lit": on} for level, on in sorted(lit.items())],
            "has_scanner": agent.settings.qr_scanner is not None,
            "has_matrix": agent.display is not None,
            "slips": agent.printer.cuts if agent.printer else 0,
            "spoken": list(agent.voice.spoken) if agent.voice else [],
            "outbox_depth": agent.outbox.depth,
            "clerk_here": agent.place.is_there if agent.place else None,
            "counter_lamp": agent.lamp.burns() if agent.lamp else None,
        }

    def matrix_png(self) -> bytes:
        """The LED matrix as a picture."""
        if self._agent.display is None:
            raise PanelError(HTTPStatus.NOT_FOUND, "this node has no display: see [ticket_display]")
        picture = self._agent.display.picture_png()
        if picture is None:
            raise PanelError(
                HTTPStatus.SERVICE_UNAVAILABLE, "the display is not ready: ask again in a second"
            )
        return picture

    def slip_png(self) -> bytes:
        """The last ticket slip as a picture."""
        printer = self._agent.printer
        if printer is None or not printer.is_stand_in:
            raise PanelError(
                HTTPStatus.NOT_FOUND, "this node prints no slips: see [ticket_printer]"
            )
        picture = printer.picture_png()
        if picture is None:
            raise PanelError(HTTPStatus.SERVICE_UNAVAILABLE, "no slip yet: take a number first")
        return picture

    def press(self, level: int) -> dict[str, Any]:
        """A finger on the button of ``level``."""
        buttons = self._agent.buttons
        if buttons is None or level not in buttons.lit():
            raise PanelError(
                HTTPStatus.NOT_FOUND, f"no button {level} on this node: see [rating_buttons]"
            )
        if not buttons.is_open:
            raise PanelError(
                HTTPStatus.SERVICE_UNAVAILABLE, "the buttons are not ready: press again in a second"
            )
        from devices.rating_buttons.standin import Finger

        with self._finger_lock:
            if self._finger is None:
                self._finger = Finger(buttons.pins, buttons.wiring)
            self._finger.press(level)
            # a finger needs longer than this to come back, and the debouncer knows it
            time.sleep(buttons.settle_ms / 1000 + 0.005)
        return {"pressed": level}

    def presence(self, word: str) -> dict[str, Any]:
        """The clerk sits down at her place, or leaves it."""
        place = self._agent.place
        if place is None or place.chair is None:
            raise PanelError(HTTPStatus.NOT_FOUND, "this node has no clerk's chair: see [presence]")
        if word not in ("here", "away"):
            raise PanelError(HTTPStatus.NOT_FOUND, "POST /presence/here or POST /presence/away")
        if word == "here":
            place.chair.sit()
        else:
            place.chair.leave()
        return {"presence": word}

    def hold(self, card: bytes) -> dict[str, Any]:
        """A card before the scanner."""
        table = self._agent.settings.qr_scanner
        if table is None or table.folder is None:
            raise PanelError(HTTPStatus.NOT_FOUND, "this node has no scanner: see [qr_scanner]")
        if not card.startswith(_PNG):
            raise PanelError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "hold a picture in PNG")
        from devices.qr_scanner.standin import hold

        try:
            hold(table.folder, card, f"card-{next(self._cards):06d}")
        except OSError as error:
            raise PanelError(
                HTTPStatus.INSUFFICIENT_STORAGE,
                f"the card cannot be held ({error.strerror}): check the scanner's folder",
            ) from None
        return {"held": True}


class _Handler(BaseHTTPRequestHandler):
    desk: _Desk
    origin: str
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/state":
            self._answer_json(lambda: self.desk.state(_after(url.query), LONGEST_POLL_S))
        elif url.path == "/matrix.png":
            self._guard(lambda: self._send(HTTPStatus.OK, "image/png", self.desk.matrix_png()))
        elif url.path == "/slip.png":
            self._guard(lambda: self._send(HTTPStatus.OK, "image/png", self.desk.slip_png()))
        else:
            self._refuse(_nothing_here())

    def do_POST(self) -> None:
        # the body is read whatever comes of it: the next request stands behind it on the line
        try:
            body = self._read_body()
            if self.headers.get("X-Panel") != "1":
                raise PanelError(HTTPStatus.FORBIDDEN, "send the header X-Panel: 1")
            origin = self.headers.get("Origin")
            if origin is not None and origin != self.origin:
                raise PanelError(HTTPStatus.FORBIDDEN, "this origin may not press: allow_origin")
        except PanelError as error:
            self._refuse(error)
            return
        path = urlsplit(self.path).path
        if path == "/hold":
            self._answer_json(lambda: self.desk.hold(body))
        elif path.startswith("/press/"):
            self._answer_json(lambda: self.desk.press(_level(path.removeprefix("/press/"))))
        elif path.startswith("/presence/"):
            self._answer_json(lambda: self.desk.presence(path.removeprefix("/presence/")))
        else:
            self._refuse(_nothing_here())

    def do_OPTIONS(self) -> None:
        self.send_response(HTTPStatus.NO_CONTENT)
        self._allow()
        self.send_header("Access-Control-Allow-Methods", "GET, POST")
        self.send_header("Access-Control-Allow-Headers", "X-Panel, Content-Type")
        self.send_header("Access-Control-Max-Age", "600")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _read_body(self) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit() and len(length) <= 18):
            self.close_connection = True
            raise PanelError(
                HTTPStatus.LENGTH_REQUIRED,
                "send Content-Length with the body's length in bytes, 0 where there is none "
                "(curl -d ''); a body in chunks is not taken",
            )
        if int(length) > MAX_CARD_BYTES:
            self.close_connection = True
            raise PanelError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"hold a picture of at most {MAX_CARD_BYTES} B"
            )
        return self.rfile.read(int(length))

    def _answer_json(self, answer: Callable[[], dict[str, Any]]) -> None:
        self._guard(
            lambda: self._send(HTTPStatus.OK, "application/json", json.dumps(answer()).encode())
        )

    def _guard(self, answer: Callable[[], None]) -> None:
        try:
            answer()
        except PanelError as error:
            self._refuse(error)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the page was closed

    def _refuse(self, error: PanelError) -> None:
        self._send(error.status, "application/json", json.dumps({"error": str(error)}).encode())

    def _send(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        self._allow()
        self.send_header("Content-Type", kind)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _allow(self) -> None:
        self.send_header("Access-Control-Allow-Origin", self.origin)
        self.send_header("Vary", "Origin")

    def log_message(self, format: str, *args: Any) -> None:
        _log.debug(format, *args)


def _after(query: str) -> int:
    word = parse_qs(query).get("after", ["0"])[0]
    if not word.isdecimal() or len(word) > 18:
        raise PanelError(HTTPStatus.BAD_REQUEST, "after= takes the version of the last answer")
    return int(word)


def _level(word: str) -> int:
    if word not in {"1", "2", "3", "4", "5"}:
        raise PanelError(HTTPStatus.NOT_FOUND, "press a level from 1 to 5, as in POST /press/3")
    return int(word)


def _nothing_here() -> PanelError:
    return PanelError(
        HTTPStatus.NOT_FOUND,
        "GET /state, GET /matrix.png, GET /slip.png, POST /press/LEVEL, "
        "POST /presence/here, POST /presence/away, POST /hold",
    )
