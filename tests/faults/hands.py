"""Hands at a hall that may go away at any moment: they ask again until they have an answer.

Whatever was answered, and every lamp that was lit, is written into a ledger for the judgement.
"""

from __future__ import annotations

import http.client
import json
import re
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.cookies import SimpleCookie
from typing import Any, Final

from tests.faults.judgement import Seen
from tests.parts import LOOPBACK

PATIENCE_S: Final = 60.0
_REST_S: Final = 0.02


class Away(OSError):
    """Nobody answered: the hall is not there, or went in the middle."""


class Line:
    """A browser: one connection kept open, cookies, and the token of its pages."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection: http.client.HTTPConnection | None = None
        self._cookies: dict[str, str] = {}
        self.csrf = ""

    def ask(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """One request: status, headers, body.

        Raises:
            Away: no answer came; it may have been done all the same.
        """
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self._cookies:
            sent["Cookie"] = "; ".join(f"{key}={one}" for key, one in self._cookies.items())
        if self.csrf:
            sent["X-CSRFToken"] = self.csrf
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        if self._connection is None:
            self._connection = http.client.HTTPConnection(LOOPBACK, self._port, timeout=15)
        try:
            self._connection.request(method, path, body, sent)
            response = self._connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Away(str(error)) from None
        for line in response.headers.get_all("Set-Cookie") or []:
            for key, morsel in SimpleCookie(line).items():
                self._cookies[key] = morsel.value
        return response.status, dict(response.getheaders()), content

    def post(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """JSON there and back."""
        status, _, content = self.ask("POST", path, body)
        answer: dict[str, Any] = json.loads(content)
        return status, answer

    def insist(
        self, path: str, body: dict[str, Any], stop: threading.Event | None = None
    ) -> tuple[int, dict[str, Any]] | None:
        """Post until the hall says yes or no; None where ``stop`` was set before that."""
        end = time.monotonic() + PATIENCE_S
        while True:
            with suppress(Away):
                status, answer = self.post(path, body)
                if status != 503:
                    return status, answer
            if stop is not None and stop.is_set():
                return None
            assert time.monotonic() < end, f"no answer from {path} within {PATIENCE_S:g} s"
            time.sleep(_REST_S)

    def token_of(self, path: str) -> str:
        """The token in the page at ``path``."""
        status, _, page = self.ask("GET", path)
        found = re.search(r'data-csrf="([^"]+)"', page.decode())
        assert found is not None, (path, status, page[:500])
        return found.group(1)

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def new_request() -> str:
    """A request id as a page draws it."""
    return secrets.token_hex(16)


class Kiosk:
    """Somebody at the kiosk."""

    def __init__(self, line: Line, seen: Seen) -> None:
        self.line = line
        self.seen = seen

    def take(
        self, service: str, request: str | None = None, stop: threading.Event | None = None
    ) -> dict[str, Any] | None:
        """A ticket; the same ``request`` gives the same one.  None where ``stop`` was set."""
        request = request or new_request()
        body = {"request_id": request, "service": service}
        answered = self.line.insist("/api/kiosk/kiosk-1/take", body, stop)
        if answered is None:
            return None
        status, answer = answered
        if status != 200:
            self.seen.wrong(f"a take was refused: {status} {answer.get('code')}")
            return None
        ticket: dict[str, Any] = answer["ticket"]
        self.seen.ticket(f"k:kiosk-1:take:{request}", ticket["number"], ticket["token"])
        return ticket


class Clerk:
    """A clerk at her counter."""

    def __init__(self, line: Line, seen: Seen, counter: str) -> None:
        self.line = line
        self.counter = counter
        self.id = f"clerk-{counter}"
        self.seen = seen

    def sign_in(self, pin: str) -> None:
        """By the page's own JSON."""
        _sign_in(self.line, "clerk", {"clerk": self.id, "pin": pin, "counter": self.counter})

    def ask(
        self, verb: str, request: str | None = None, stop: threading.Event | None = None
    ) -> tuple[str, str | None]:
        """A command: (``ok`` or the refusal's code, the ticket's number); ``stopped`` where so."""
        request = request or new_request()
        answered = self.line.insist(f"/api/clerk/{verb}", {"request_id": request}, stop)
        if answered is None:
            return "stopped", None
        _, answer = answered
        if not answer["ok"]:
            return answer["code"], None
        self.seen.answer(f"c:{self.id}:{verb}:{request}", answer.get("number"))
        return "ok", answer.get("number")


class Technician:
    """Somebody who looks at the technician's page."""

    def __init__(self, line: Line) -> None:
        self.line = line

    def sign_in(self, who: str, pin: str) -> None:
        """By the page's own JSON."""
        _sign_in(self.line, "technician", {"clerk": who, "pin": pin})

    def view(self) -> dict[str, Any]:
        """What the page shows."""
        status, _, body = self.line.ask("GET", "/api/view/technician")
        assert status == 200, body
        view: dict[str, Any] = json.loads(body)
        return view


def _sign_in(line: Line, role: str, body: dict[str, str]) -> None:
    line.csrf = line.token_of(f"/{role}/sign-in")
    status, answer = line.post(f"/{role}/sign-in", body)
    assert status == 200, answer
    line.csrf = line.token_of(f"/{role}")


class Panel:
    """Fingers before a node."""

    def __init__(self, node: str, port: int, seen: Seen) -> None:
        self.node = node
        self._line = Line(port)
        self.seen = seen

    def state(self) -> dict[str, Any]:
        """The node as a person before it sees it.

        Raises:
            Away: the node is not there.
        """
        status, _, body = self._line.ask("GET", "/state?after=0")
        assert status == 200, body
        state: dict[str, Any] = json.loads(body)
        return state

    def lit(self) -> list[int]:
        """The levels whose lamps are lit."""
        return [one["level"] for one in self.state()["buttons"] if one["lit"]]

    def press(self, level: int) -> bool:
        """Press a button; False where the node was not there or not ready.

        Where all lamps invited and this one alone is lit afterwards, the press was accepted
        before people's eyes, and the ledger keeps that.
        """
        try:
            invited = len(self.lit()) > 1
            status, _, _ = self._line.ask("POST", f"/press/{level}", b"", X_Panel="1")
            if status != 200:
                return False
            if invited and _soon(lambda: self.lit() == [level]):
                self.seen.lamp(self.node)
        except Away:
            return False
        return True

    def wait_invited(self, within_s: float) -> bool:
        """Wait a while for all lamps to invite."""
        with suppress(Away):
            return _soon(lambda: len(self.lit()) > 1, within_s)
        return False


def _soon(holds: Callable[[], bool], within_s: float = 0.5) -> bool:
    end = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(_REST_S)
    return True
