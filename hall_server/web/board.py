"""What hangs in the hall, and the start page that leads to everything."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, Response, request
from msgspec import Struct

from hall_server.web.answers import House, RefusedError, as_json, let_in
from hall_server.web.hall_views import LOOPBACK


def board_pages(house: House) -> Blueprint:
    """Start page, board, counter displays, and whether the hall is well."""
    pages = Blueprint("board", __name__)
    views = house.views

    @pages.get("/")
    def start() -> Response:
        return house.page("start", views.start(at_home=_at_home()))

    @pages.get("/board")
    def board() -> Response:
        return house.page("board", _known(house, "board"), "/live/board")

    @pages.get("/api/view/board")
    def board_view() -> Response:
        return as_json(views.named("board"))

    @pages.get("/live/board")
    def board_live() -> Response:
        return let_in("board")

    @pages.get("/counter/<counter>")
    def counter(counter: str) -> Response:
        view = views.named(f"counter:{counter}")
        if view is None:
            return house.error_page(404, "unknown_counter")
        return house.page("counter", view, f"/live/counter/{counter}", counter=counter)

    @pages.get("/api/view/counter/<counter>")
    def counter_view(counter: str) -> Response:
        return as_json(_known(house, f"counter:{counter}"))

    @pages.get("/live/counter/<counter>")
    def counter_live(counter: str) -> Response:
        _known(house, f"counter:{counter}")
        return let_in(f"counter:{counter}")

    @pages.get("/healthz")
    def healthz() -> Response:
        writer = house.web.writer
        ok = writer.alive and not writer.disk_full
        return as_json(
            {
                "ok": ok,
                "writer_alive": writer.alive,
                "journal_full": writer.disk_full,
                "journal_facts": writer.view.last_fact,
                "inbox_depth": writer.inbox_depth,
                "live_pages": views.live_pages,
                "version": house.web.version,
            },
            200 if ok else 503,
        )

    return pages


def _at_home() -> bool:
    """Whether the browser came to this machine by its own address.

    A page of another site whose name was made to point here comes with that site's name, and
    what a proxy brings in comes with the hall's public one.
    """
    try:
        name = urlsplit(f"//{request.host}").hostname
    except ValueError:  # no address at all
        return False
    return name in ("localhost", *LOOPBACK)


def _known(house: House, name: str) -> Struct:
    view = house.views.named(name)
    if view is None:
        raise RefusedError("unknown_counter", 404)
    return view
