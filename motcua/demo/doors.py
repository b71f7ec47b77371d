"""The doors that people use: the hall's pages over HTTP, and the panels of its nodes."""

from __future__ import annotations

import json
import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPException
from http.cookies import SimpleCookie
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from motcua.demo.broker import LOOPBACK

TIMEOUT_S: Final = 8.0
SIMULATED: Final = "demo-"
"""How the request ids of simulated people begin: the journal tells them from a person's."""
AGAIN_S: Final = (0.1, 0.2, 0.5, 1.0)
BUSY: Final = frozenset({429, 502, 503})
"""Answers of a hall that takes nothing just now: one asks again."""
_CSRF: Final = re.compile(r'(?:data-csrf|name="csrf_token"\s+value)="([^"]+)"')


class DoorError(Exception):
    """Nobody answered in time, or the demo ends."""


class Answer(NamedTuple):
    """What a door answered; ``body`` is {} where it was no JSON object."""

    status: int
    body: dict[str, Any]

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return self.status == 200 and self.body.get("ok") is not False

    @property
    def code(self) -> str:
        """Why not, in one word."""
        return str(self.body.get("code", self.status))


class Browser:
    """One person's browser at the hall's pages; used by one thread.

    ``ending`` is set when the demo ends: nothing is waited for any more.  ``patience_s`` bounds
    how long one asks again while the hall is away or busy.
    """

    def __init__(self, port: int, ending: threading.Event, *, patience_s: float = 30.0) -> None:
        self._port = port
        self._ending = ending
        self._patience_s = patience_s
        self._cookies: dict[str, str] = {}
        self._csrf = ""

    def get(self, path: str) -> Answer:
        """A view as JSON, asked for until the hall answers."""
        return self._until_answered(lambda: self._ask("GET", path))

    def post(self, path: str, body: Mapping[str, object] | None = None) -> tuple[Answer, str]:
        """Ask for a command, again with the same request id until the hall answers; the id too."""
        request_id = SIMULATED + secrets.token_hex(16)
        data = json.dumps({"request_id": request_id, **(body or {})}).encode()
        headers = {"Content-Type": "application/json", "X-CSRFToken": self._csrf}
        return self._until_answered(lambda: self._ask("POST", path, data, headers)), request_id

    def open_kiosk(self, node: str, key: str) -> None:
        """Give this browser the kiosk's key, as whoever sets the kiosk up does once."""
        self._until_answered(lambda: self._ask("GET", f"/kiosk/{node}?{urlencode({'key': key})}"))

    def sign_in(self, role: str, clerk: str, pin: str, counter: str = "") -> Answer:
        """Sign in as ``role`` (clerk or technician), and read the token for her commands."""
        path = f"/{role}/sign-in"
        self._csrf = self._token(path)
        data = json.dumps({"clerk": clerk, "pin": pin, "counter": counter}).encode()
        headers = {"Content-Type": "application/json", "X-CSRFToken": self._csrf}
        answer = self._until_answered(lambda: self._ask("POST", path, data, headers))
        if answer.ok:
            self._csrf = self._token(f"/{role}")
        return answer

    def _token(self, path: str) -> str:
        page = self._until_answered(lambda: self._ask("GET", path)).body.get("text", "")
        found = _CSRF.search(str(page))
        return found.group(1) if found else ""

    def _until_answered(self, ask: Callable[[], Answer]) -> Answer:
        end_s = time.monotonic() + self._patience_s
        tries = 0
        while True:
            try:
                answer = ask()
                if answer.status not in BUSY or time.monotonic() > end_s:
                    return answer
            except (OSError, HTTPException) as error:
                if time.monotonic() > end_s:
                    raise DoorError(f"the hall does not answer: {error}") from None
            if self._ending.wait(AGAIN_S[min(tries, len(AGAIN_S) - 1)]):
                raise DoorError("the demo ends")
            tries += 1

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        own = dict(headers or {}, **{"User-Agent": "motcua-demo"})
        if self._cookies:
            own["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        connection = HTTPConnection(LOOPBACK, self._port, timeout=TIMEOUT_S)
        try:
            connection.request(method, path, body, own)
            response = connection.getresponse()
            data = response.read()
        finally:
            connection.close()
        for line in response.headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(line).items():
                self._cookies[name] = morsel.value
        return Answer(response.status, _object(data))


class Panel:
    """The devices of one node, as whoever stands before it uses them; used by any thread."""

    def __init__(self, port: int) -> None:
        self._port = port

    def state(self) -> dict[str, Any] | None:
        """What the node shows; None while it is away."""
        try:
            return _object(self._ask("GET", "/state", timeout_s=2.0)[1])
        except (OSError, HTTPException):
            return None

    def press(self, level: int) -> bool:
        """Press a button; False where the node is away."""
        return self._do(f"/press/{level}", b"")

    def hold(self, picture: bytes) -> bool:
        """Hold a card before the scanner; False where the node is away."""
        return self._do("/hold", picture)

    def _do(self, path: str, body: bytes) -> bool:
        try:
            return self._ask("POST", path, body)[0] == 200
        except (OSError, HTTPException):
            return False

    def _ask(
        self, method: str, path: str, body: bytes | None = None, timeout_s: float = TIMEOUT_S
    ) -> tuple[int, bytes]:
        connection = HTTPConnection(LOOPBACK, self._port, timeout=timeout_s)
        try:
            connection.request(method, path, body, {"X-Panel": "1"})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


def _object(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError:
        return {"text": data.decode("utf-8", "replace")}
    return found if isinstance(found, dict) else {}
