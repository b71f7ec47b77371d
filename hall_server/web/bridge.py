"""From the event loop to Flask and back: one request, one turn of a thread; live pages take none.

A Flask view that answers with the header ``X-Live-View`` has let somebody in: the bridge takes
that connection over and :class:`hall_server.web.live.LivePages` serves it out of the loop.
"""

from __future__ import annotations

import asyncio
import io
import logging
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, NamedTuple

from hall_server.web.live import LivePages, Receive, Send

log = logging.getLogger(__name__)

LIVE_VIEW: Final = "X-Live-View"
LIVE_UNTIL_MS: Final = "X-Live-Until-Ms"
MAX_BODY_BYTES: Final = 64 * 1024
BODY_S: Final = 10.0
"""Within which a body has to be here."""
IN_HAND: Final = 512
"""Requests that wait for a thread or have one; beyond it they are sent away at once."""

Environ = dict[str, Any]
WsgiApp = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
Scope = dict[str, Any]


class _Answer(NamedTuple):
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class _BodyError(Exception):
    """A body that is too long, too slow, or whose sender has left."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


class Bridge:
    """The ASGI application around a WSGI one."""

    def __init__(
        self, app: WsgiApp, live: LivePages, threads: int, *, body_s: float = BODY_S
    ) -> None:
        self._app = app
        self._live = live
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="hall-web")
        self._body_s = body_s
        self._in_hand = 0

    def close(self) -> None:
        """Take no more requests."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            raise RuntimeError(f"{scope['type']} is not spoken here")
        try:
            # Before it is counted: bodies that never come must not keep the others out.
            body = await self._body(scope, receive)
        except _BodyError as error:
            await _send(send, _plain(error.status, error.code), scope["method"])
            return
        if self._in_hand >= IN_HAND:
            await _send(send, _plain(503, "hall_busy"), scope["method"])
            return
        self._in_hand += 1
        try:
            loop = asyncio.get_running_loop()
            answer = await loop.run_in_executor(self._pool, self._ask, environ_of(scope, body))
        finally:
            self._in_hand -= 1
        view, until_ms, headers = _live_view(answer.headers)
        if view is None or answer.status != 200 or scope["method"] != "GET":
            await _send(send, answer, scope["method"])
            return
        taken = await self._live.serve(
            view,
            headers,
            receive,
            send,
            until_ms=until_ms,
            abort=scope.get("extensions", {}).get("motcua.abort"),
        )
        if not taken:
            await _send(send, _plain(503, "too_many_live_pages"), "GET")

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        length: bytes | None = None
        chunked = False
        for name, value in scope["headers"]:
            if name == b"content-length":
                length = value
            elif name == b"transfer-encoding":
                chunked = True
        if not chunked and (length is None or length == b"0"):
            return b""
        if length is not None and (not length.isdigit() or int(length) > MAX_BODY_BYTES):
            raise _BodyError(413, "too_large")
        body = bytearray()
        try:
            async with asyncio.timeout(self._body_s):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise _BodyError(400, "bad_request")
                    body += message.get("body", b"")
                    if len(body) > MAX_BODY_BYTES:
                        raise _BodyError(413, "too_large")
                    if not message.get("more_body", False):
                        return bytes(body)
        except TimeoutError:
            raise _BodyError(408, "too_slow") from None

    def _ask(self, environ: Environ) -> _Answer:
        """In a thread of the pool."""
        started: list[Any] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], exc_info: object = None
        ) -> Callable[[bytes], None]:
            started[:] = [status, headers]
            return _no_write

        parts = self._app(environ, start_response)
        try:
            body = b"".join(parts)
        finally:
            close = getattr(parts, "close", None)
            if close is not None:
                close()
        status, headers = started
        return _Answer(
            int(status[:3]),
            [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers],
            body,
        )


def _no_write(_: bytes) -> None:
    raise RuntimeError("write() of WSGI is not spoken here")


def environ_of(scope: Scope, body: bytes) -> Environ:
    """The WSGI environment of a request (PEP 3333).

    Header names with an underscore are dropped, as they would pass for others; so is ``Proxy``,
    which some libraries would take for a setting.
    """
    server = scope.get("server") or ("", 0)
    client = scope.get("client") or ("", 0)
    environ: Environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode("utf-8", "replace").decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": client[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "CONTENT_LENGTH": str(len(body)),
    }
    for raw_name, raw_value in scope["headers"]:
        if b"_" in raw_name or raw_name in _NOT_PASSED:
            continue
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        key = "CONTENT_TYPE" if name == "content-type" else "HTTP_" + name.upper().replace("-", "_")
        if key in environ:
            value = f"{environ[key]}{'; ' if name == 'cookie' else ','}{value}"
        environ[key] = value
    return environ


_NOT_PASSED: Final = frozenset({b"content-length", b"transfer-encoding", b"proxy"})


def _live_view(
    headers: list[tuple[bytes, bytes]],
) -> tuple[str | None, int | None, list[tuple[bytes, bytes]]]:
    """The view that a live page was let in to, its end, and the headers that go out."""
    view: str | None = None
    until_ms: int | None = None
    others: list[tuple[bytes, bytes]] = []
    for name, value in headers:
        if name == b"x-live-view":
            view = value.decode("latin-1")
        elif name == b"x-live-until-ms":
            until_ms = int(value)
        elif name != b"content-length":
            others.append((name, value))
    return view, until_ms, others


def _plain(status: int, code: str) -> _Answer:
    """An answer without Flask, for what must not take a thread; pages know the code's words."""
    body = b'{"ok":false,"code":"%b","message":"%b"}' % (code.encode(), _WORDS[code].encode())
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
    ]
    if status == 503:
        headers.append((b"retry-after", b"1"))
    return _Answer(status, headers, body)


_WORDS: Final = {
    "hall_busy": "Hệ thống đang bận, xin thử lại sau giây lát. / The hall is busy, please try "
    "again in a moment.",
    "too_large": "Nội dung gửi quá dài. / What was sent is too long.",
    "too_slow": "Đường truyền quá chậm, xin thử lại. / The line is too slow, please try again.",
    "bad_request": "Yêu cầu không đọc được. / The request cannot be read.",
    "too_many_live_pages": "Đang có quá nhiều trang mở, xin thử lại sau. / Too many pages are "
    "open, please try again later.",
}


async def _send(send: Send, answer: _Answer, method: str) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    body = b"" if method == "HEAD" else answer.body
    await send({"type": "http.response.body", "body": body, "more_body": False})
