"""A browser of the benches: raw sockets, a new connection for each request, a jar of cookies."""

from __future__ import annotations

import json
import re
import secrets
import socket
import time
from typing import Any, Final, NamedTuple

from motcua.bench.errors import BenchError
from motcua.bench.parts import LOOPBACK, PIN

TIMEOUT_S: Final = 20.0
_CSRF: Final = re.compile(rb'data-csrf="([^"]+)"')
_COOKIE: Final = re.compile(rb"\r\nset-cookie: ([^=;\r]+)=([^;\r]*)", re.IGNORECASE)


class Answer(NamedTuple):
    """What came back, and in how many nanoseconds from connecting to the last byte."""

    status: int
    body: bytes
    took_ns: int

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Browser:
    """One browser at the hall on ``port``."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._cookies: dict[bytes, bytes] = {}
        self._csrf = b""

    def get(self, path: str) -> Answer:
        """GET ``path``."""
        return self._exchange(b"GET " + path.encode() + b" HTTP/1.1\r\n" + self._headers())

    def post(self, path: str, body: dict[str, Any]) -> Answer:
        """POST ``body`` as JSON, with a fresh request id where it has none."""
        encoded = json.dumps({"request_id": secrets.token_hex(8), **body}).encode()
        return self._exchange(
            b"POST %b HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%b%b"
            % (path.encode(), len(encoded), self._headers(), encoded)
        )

    def sign_in(self, clerk: str, counter: str) -> None:
        """Sign in as a clerk, as the page's script does.

        Raises:
            BenchError: the hall does not let her in.
        """
        self._read_csrf(self.get("/clerk/sign-in"))
        answer = self.post("/clerk/sign-in", {"clerk": clerk, "pin": PIN, "counter": counter})
        if answer.status != 200:
            raise BenchError(f"{clerk} cannot sign in: {answer.status} {answer.body[:300]!r}")
        self._read_csrf(self.get("/clerk"))

    def command(self, verb: str, **body: Any) -> Answer:
        """A clerk's command."""
        return self.post(f"/api/clerk/{verb}", body)

    def must(self, verb: str, **body: Any) -> Any:
        """A clerk's command that cannot fail here; its answer.

        Raises:
            BenchError: it does.
        """
        answer = self.command(verb, **body)
        if answer.status != 200:
            raise BenchError(f"{verb}: {answer.status} {answer.body[:300]!r}")
        return answer.json()

    def _read_csrf(self, page: Answer) -> None:
        found = _CSRF.search(page.body)
        if page.status != 200 or found is None:
            raise BenchError(f"no token on the page: {page.status} {page.body[:300]!r}")
        self._csrf = found.group(1)

    def _headers(self) -> bytes:
        lines = [b"Host: %b:%d" % (LOOPBACK.encode(), self._port), b"Connection: close"]
        if self._cookies:
            jar = b"; ".join(b"%b=%b" % pair for pair in self._cookies.items())
            lines.append(b"Cookie: " + jar)
        if self._csrf:
            lines.append(b"X-CSRFToken: " + self._csrf)
        return b"\r\n".join(lines) + b"\r\n\r\n"

    def _exchange(self, request: bytes) -> Answer:
        began_ns = time.monotonic_ns()
        with socket.create_connection((LOOPBACK, self._port), timeout=TIMEOUT_S) as line:
            line.sendall(request)
            parts = []
            while part := line.recv(65_536):
                parts.append(part)
        took_ns = time.monotonic_ns() - began_ns
        head, _, body = b"".join(parts).partition(b"\r\n\r\n")
        for name, value in _COOKIE.findall(head):
            self._cookies[name] = value
        status = head[9:12]
        if not status.isdigit():
            raise BenchError(f"the hall ended a connection without an answer: {head[:100]!r}")
        return Answer(int(status), body, took_ns)
