"""A hall that serves its pages on loopback, and browsers, clerks and live pages that visit it."""

from __future__ import annotations

import http.client
import json
import re
import secrets
import socket
import time
from collections.abc import Mapping
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any, NamedTuple, Self
from urllib.parse import urlencode

from argon2 import PasswordHasher

from hall_server.card_forms import CardForms
from hall_server.catalogue import Counter, Procedure, QueueRules, RatingRules, Service
from hall_server.hall import Hall
from hall_server.journal import Journal, JournalReader
from hall_server.nodes import NodeRegistry
from hall_server.runtime import Runtime
from hall_server.settings import BrokerTable, Clerk, HallSettings, HallTable, Node, WebTable
from hall_server.web.app import create_app
from hall_server.web.context import Road, WebContext
from hall_server.web.hall_views import HallViews
from hall_server.web.live import LivePages
from hall_server.web.serve import WebServer
from tests.parts import LOOPBACK, free_port

PIN = "2468"
_QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PIN)
PATIENCE_S = 20.0
"""Far beyond what anything here needs."""


def settings(folder: Path, **web: Any) -> HallSettings:
    """Three services, three counters, three clerks, a technician, an open and a locked kiosk."""
    key = folder / "kiosk.key"
    folder.mkdir(parents=True, exist_ok=True)
    key.write_text("a-long-kiosk-key\n")
    clerks = [Clerk(name, f"Cán bộ {name.title()}", _QUICK) for name in ("ha", "binh", "chi")]
    return HallSettings(
        HallTable("kien-hung", "Bộ phận một cửa phường Kiến Hưng", str(folder / "data")),
        BrokerTable(1883),
        WebTable(free_port(), **web),
        [
            Service("chung-thuc", "A", "Chứng thực", "Certification", 6, "Bản chính", "Original"),
            Service("ho-tich", "B", "Hộ tịch", "Civil status", 12),
            Service("dat-dai", "D", "Đất đai", "Land", 25),
        ],
        [
            Counter("1", ["chung-thuc", "ho-tich"]),
            Counter("2", ["ho-tich", "chung-thuc"]),
            Counter("3", ["dat-dai"]),
        ],
        [Procedure("khai-sinh", "ho-tich", "Đăng ký khai sinh", "Registering a birth", ["Đơn"])],
        [*clerks, Clerk("ky-thuat", "Kỹ thuật viên", _QUICK, "technician")],
        [
            Node("counter-1", "counter", "1", panel_url="http://127.0.0.1:9101"),
            Node("kiosk-1", "kiosk"),
            Node("kiosk-2", "kiosk", key_file=str(key)),
        ],
        QueueRules(),
        RatingRules(),
    )


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def state(self) -> Any:
        """The view embedded in a page."""
        found = re.search(r'<script type="application/json" id="state">(.*?)</script>', self.text)
        assert found is not None
        return json.loads(found.group(1))


def request_id() -> str:
    return secrets.token_hex(16)


class Browser:
    """Cookies and, once signed in, the token of the clerk's page."""

    def __init__(self, port: int, **headers: str) -> None:
        self.port = port
        self.headers = headers
        self.cookies: dict[str, str] = {}
        self.csrf = ""

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        line = http.client.HTTPConnection(LOOPBACK, self.port, timeout=PATIENCE_S)
        sent = {**self.headers, **{key.replace("_", "-"): one for key, one in headers.items()}}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{key}={value}" for key, value in self.cookies.items())
        try:
            line.request(method, path, body, sent)
            response = line.getresponse()
            answer = Answer(response.status, dict(response.getheaders()), response.read())
            for value in response.headers.get_all("Set-Cookie") or []:
                for key, morsel in SimpleCookie(value).items():
                    if morsel["max-age"] == "0" or not morsel.value:
                        self.cookies.pop(key, None)
                    else:
                        self.cookies[key] = morsel.value
        finally:
            line.close()
        return answer

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, None, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        """JSON, with a request id unless the body has one."""
        whole = {"request_id": request_id(), **(body or {})}
        if self.csrf:
            headers.setdefault("X_CSRFToken", self.csrf)
        headers.setdefault("Content_Type", "application/json")
        return self.ask("POST", path, json.dumps(whole).encode(), **headers)

    def form(self, path: str, **fields: str) -> Answer:
        return self.ask(
            "POST",
            path,
            urlencode(fields).encode(),
            Content_Type="application/x-www-form-urlencoded",
        )

    # ------------------------------------------------------------------ people

    def sign_in(self, clerk: str, counter: str = "", pin: str = PIN, role: str = "clerk") -> Answer:
        """By the form, as a person does; takes the console's token along."""
        page = self.get(f"/{role}/sign-in")
        answer = self.form(
            f"/{role}/sign-in",
            clerk=clerk,
            counter=counter,
            pin=pin,
            csrf_token=token_of(page),
        )
        if answer.status == 303:
            self.csrf = token_of(self.get(f"/{role}"))
        return answer

    def clerk(self, verb: str, **body: Any) -> Answer:
        return self.post(f"/api/clerk/{verb}", body)

    def take(self, service: str = "chung-thuc", **body: Any) -> Any:
        answer = self.post("/api/kiosk/kiosk-1/take", {"service": service, **body})
        assert answer.status == 200, answer.body
        return answer.json["ticket"]


def token_of(page: Answer) -> str:
    found = re.search(r'data-csrf="([^"]+)"', page.text)
    assert found is not None, page.text
    return found.group(1)


class LivePage:
    """A small reader of server-sent events."""

    def __init__(self, browser: Browser, path: str) -> None:
        self.socket = socket.create_connection((LOOPBACK, browser.port), timeout=PATIENCE_S)
        cookie = "; ".join(f"{key}={value}" for key, value in browser.cookies.items())
        self.socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {LOOPBACK}:{browser.port}\r\nCookie: {cookie}\r\n"
            "Accept: text/event-stream\r\n\r\n".encode()
        )
        # beats alone must not keep a test waiting for what never comes
        self._end_s = time.monotonic() + 3 * PATIENCE_S
        self._response = http.client.HTTPResponse(self.socket)
        self._response.begin()
        self.status = self._response.status
        self.headers = self._response.headers

    def event(self) -> tuple[str, Any]:
        """The next event: its name and its data; ``("end", None)`` where the stream ended."""
        name, data = "", ""
        while line := self._response.readline().decode():
            assert time.monotonic() < self._end_s, "the live page never told it"
            line = line.rstrip("\n")
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                data = line[6:]
            elif not line and name:
                return name, json.loads(data)
        return "end", None

    def state(self) -> Any:
        """The next state, past beats."""
        while True:
            name, data = self.event()
            assert name in ("state", "beat"), name
            if name == "state":
                return data

    def until(self, holds: Any) -> Any:
        """The first state for which ``holds(state)``."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if holds(state := self.state()):
                return state
        raise AssertionError("the live page never showed it")

    def close(self) -> None:
        self._response.close()
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class WebHall:
    """Journal, writer, pages."""

    def __init__(self, folder: Path, road: Road | None = None, **live: float) -> None:
        threads = live.pop("threads", None)
        self.settings = settings(folder, **({"threads": int(threads)} if threads else {}))
        self.port = self.settings.web.port
        self.shift_ms = 0
        """How far the hall's clock is ahead of the machine's."""
        path = self.settings.data_dir / "hall.db"
        self.journal = Journal(path)
        self.runtime = Runtime(
            Hall(self.settings.catalogue(), self.journal.recover()),
            self.journal,
            wall_ms=self.wall_ms,
        )
        self.forms = CardForms()
        self.nodes = NodeRegistry(self.settings.node)
        self.context = WebContext(
            self.settings,
            self.runtime,
            lambda: JournalReader(path),
            self.forms,
            self.nodes,
            road,
            version="1.2.3",
            wall_ms=self.wall_ms,
        )
        self.views = HallViews(self.context)
        self.live = LivePages(self.views, **live)  # type: ignore[arg-type]
        self.app = create_app(self.context, self.views)
        self.server = WebServer(self.app, self.live, self.settings)
        self.runtime.listen(self.live.committed)
        self.runtime.start()
        self.server.start()

    def wall_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self.shift_ms

    def browser(self, **headers: str) -> Browser:
        return Browser(self.port, **headers)

    def signed_in(self, clerk: str, counter: str) -> Browser:
        browser = self.browser()
        answer = browser.sign_in(clerk, counter)
        assert answer.status == 303, answer.body
        return browser

    def close(self) -> None:
        self.server.stop()
        self.runtime.stop()
        self.views.close()
        self.journal.close()
