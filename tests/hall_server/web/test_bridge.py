"""Between the event loop and Flask: limits, the WSGI environment, slow and foreign senders."""

from __future__ import annotations

import io
import socket
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from hall_server.web.bridge import environ_of
from tests.hall_server.web.web_hall import PATIENCE_S, Browser, WebHall
from tests.parts import LOOPBACK


def scope(*headers: tuple[bytes, bytes], path: str = "/", query: bytes = b"") -> dict[str, Any]:
    return {
        "method": "GET",
        "path": path,
        "query_string": query,
        "http_version": "1.1",
        "scheme": "http",
        "server": ("127.0.0.1", 8080),
        "client": ("127.0.0.1", 40000),
        "headers": list(headers),
    }


def test_headers_reach_flask_as_wsgi_names_them() -> None:
    environ = environ_of(
        scope(
            (b"host", b"hall.example"),
            (b"content-type", b"application/json"),
            (b"content-length", b"999"),
            (b"x-csrftoken", b"abc"),
            path="/t/quầy",
            query=b"lang=en",
        ),
        b"{}",
    )
    assert environ["HTTP_HOST"] == "hall.example"
    assert environ["CONTENT_TYPE"] == "application/json"
    assert environ["CONTENT_LENGTH"] == "2"
    assert environ["HTTP_X_CSRFTOKEN"] == "abc"
    assert environ["PATH_INFO"].encode("latin-1").decode() == "/t/quầy"
    assert environ["QUERY_STRING"] == "lang=en"
    assert isinstance(environ["wsgi.input"], io.BytesIO)
    assert "HTTP_CONTENT_LENGTH" not in environ


def test_a_header_with_an_underscore_cannot_pass_for_another() -> None:
    environ = environ_of(scope((b"x_csrftoken", b"forged"), (b"proxy", b"http://evil")), b"")
    assert "HTTP_X_CSRFTOKEN" not in environ
    assert "HTTP_PROXY" not in environ


def test_headers_that_come_twice_are_joined() -> None:
    environ = environ_of(
        scope((b"cookie", b"a=1"), (b"cookie", b"b=2"), (b"accept", b"x"), (b"accept", b"y")), b""
    )
    assert environ["HTTP_COOKIE"] == "a=1; b=2"
    assert environ["HTTP_ACCEPT"] == "x,y"


def test_a_body_that_is_too_long_is_refused(hall: WebHall, browser: Browser) -> None:
    answer = browser.post("/api/kiosk/kiosk-1/take", {"service": "x" * 70_000})
    assert (answer.status, answer.json["code"]) == (413, "too_large")
    assert browser.take()["number"] == "A001"


def raw(hall: WebHall, text: bytes) -> bytes:
    with socket.create_connection((LOOPBACK, hall.port), timeout=PATIENCE_S) as line:
        line.sendall(text)
        got = b""
        while part := line.recv(65_536):
            got += part
        return got


def test_a_long_body_in_pieces_is_refused_too(hall: WebHall) -> None:
    pieces = b"".join(b"2000\r\n" + b"x" * 8192 + b"\r\n" for _ in range(9)) + b"0\r\n\r\n"
    answer = raw(
        hall,
        b"POST /api/kiosk/kiosk-1/take HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
        b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" + pieces,
    )
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_a_body_in_pieces_is_put_together(hall: WebHall) -> None:
    body = b'{"request_id": "0123456789abcdef", "service": "chung-thuc"}'
    pieces = b"".join(b"1\r\n" + bytes([one]) + b"\r\n" for one in body) + b"0\r\n\r\n"
    answer = raw(
        hall,
        b"POST /api/kiosk/kiosk-1/take HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
        b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" + pieces,
    )
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b'"A001"' in answer


def test_a_body_that_does_not_come_is_not_waited_for(tmp_path: Path) -> None:
    hall = WebHall(tmp_path)
    hall.server._bridge._body_s = 0.1
    try:
        answer = raw(
            hall, b"POST /api/kiosk/kiosk-1/take HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n{"
        )
        assert answer.startswith(b"HTTP/1.1 408 ")
    finally:
        hall.close()


def test_bodies_that_never_come_keep_nobody_out(
    hall: WebHall, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hall_server.web.bridge.IN_HAND", 2)
    heads = [
        b"POST /api/kiosk/kiosk-1/take HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n"
        b"Expect: 100-continue\r\n\r\n"
    ] * 4
    with ExitStack() as lines:
        for head in heads:
            line = lines.enter_context(
                socket.create_connection((LOOPBACK, hall.port), timeout=PATIENCE_S)
            )
            line.sendall(head)
            # it waits for the body now
            assert line.recv(1024).startswith(b"HTTP/1.1 100 ")
        assert browser.take()["number"] == "A001"


def test_a_head_without_an_end_is_cut_off(hall: WebHall) -> None:
    assert raw(hall, b"GET / HTTP/1.1\r\n" + b"X-Long: " + b"x" * 40_000) == b""


def test_no_bytes_make_the_server_fall(hall: WebHall, browser: Browser) -> None:
    for rubbish in (b"\x00\xff\r\n\r\n", b"GET /\xff HTTP/1.1\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"):
        raw(hall, rubbish)
    assert browser.get("/healthz").status == 200


def test_head_requests_have_no_body(browser: Browser) -> None:
    answer = browser.ask("HEAD", "/board")
    assert (answer.status, answer.body) == (200, b"")
    assert browser.ask("HEAD", "/live/board").status == 200
