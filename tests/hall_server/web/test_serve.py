"""The web server begins with a listening port and ends at once, whoever is looking."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from hall_server.web.serve import WebServer, WebServerError
from tests.hall_server.web.web_hall import LivePage, WebHall
from tests.parts import LOOPBACK


def test_a_port_in_use_is_named_with_what_to_do(hall: WebHall) -> None:
    second = WebServer(hall.app, hall.live, hall.settings)
    with pytest.raises(WebServerError, match=rf"{hall.port}.*in use.*web\.port"):
        second.start()
    second.stop()


def test_a_server_with_200_live_pages_stops_and_each_page_knows(tmp_path: Path) -> None:
    hall = WebHall(tmp_path)
    browser = hall.browser()
    pages = [LivePage(browser, "/live/board") for _ in range(200)]
    for page in pages:
        page.state()
    hall.close()
    assert not hall.server.alive
    for page in pages:
        name = "state"
        while name in ("state", "beat"):
            name, _ = page.event()
        assert name == "end"
        page.close()
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind((LOOPBACK, hall.port))  # the port is free


def test_a_server_stops_although_somebody_reads_nothing_and_somebody_sends_nothing(
    tmp_path: Path,
) -> None:
    hall = WebHall(tmp_path)
    with (
        socket.create_connection((LOOPBACK, hall.port)) as silent,
        socket.create_connection((LOOPBACK, hall.port)) as half,
    ):
        half.sendall(b"POST /api/kiosk/kiosk-1/take HTTP/1.1\r\nContent-Length: 9\r\n\r\n")
        hall.browser().get("/healthz")
        closing = threading.Thread(target=hall.close)
        closing.start()
        closing.join(10)
        assert not closing.is_alive()
        assert not hall.server.alive
        silent.settimeout(5)
        assert silent.recv(1) == b""


def test_stopping_twice_and_stopping_what_never_began_is_nothing(hall: WebHall) -> None:
    WebServer(hall.app, hall.live, hall.settings).stop()
    hall.server.stop()
    hall.server.stop()
