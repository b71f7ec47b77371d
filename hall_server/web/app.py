"""The Flask application: blueprints, one a kind of person, on top of one hall."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from hall_server.keys import key_file
from hall_server.runtime import HallUnavailableError
from hall_server.web.answers import (
    House,
    RefusedError,
    on_http_error,
    on_refused,
    on_unavailable,
    refusal,
    wants_json,
)
from hall_server.web.board import board_pages
from hall_server.web.bridge import MAX_BODY_BYTES
from hall_server.web.citizen import citizen_pages
from hall_server.web.clerk import clerk_pages
from hall_server.web.context import WebContext
from hall_server.web.demo_cards import demo_pages
from hall_server.web.hall_views import HallViews
from hall_server.web.headers import guard
from hall_server.web.same_site import refuse_other_sites
from hall_server.web.sessions import KnownSessions
from hall_server.web.signing_in import SignIns
from hall_server.web.technician import technician_pages

log = logging.getLogger(__name__)

SECRET_FILE = "web-secret.key"  # noqa: S105 - the name of the file, in the data folder


class _Pages(Flask):
    """Flask without what this application does not use and every request would pay for."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """No view is a coroutine, so none has to be looked at on each call."""
        return func


def create_app(web: WebContext, views: HallViews) -> Flask:
    """The pages of a hall.

    Raises:
        ValueError: the key file in the data folder holds something else.
        OSError: it cannot be read or made.
    """
    settings = web.settings
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    secret = key_file(settings.data_dir / SECRET_FILE)
    app = _Pages("hall_server.web")
    app.config.update(
        SECRET_KEY=secret,
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        SESSION_COOKIE_NAME=f"mc-{settings.hall.id}",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.public_url.startswith("https://"),
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=round(settings.web.session_hours * 3600),
    )
    app.session_interface = KnownSessions()
    house = House(web, views)

    @app.before_request
    def _own_pages_only() -> None:
        refuse_other_sites(settings.public_url)

    sign_ins = SignIns(app, house)
    app.register_blueprint(citizen_pages(house, secret))
    app.register_blueprint(board_pages(house))
    app.register_blueprint(clerk_pages(house, sign_ins))
    app.register_blueprint(technician_pages(house, sign_ins))
    app.register_blueprint(demo_pages(house))
    guard(app, settings)
    _answer_faults(app, house)
    return app


def _answer_faults(app: Flask, house: House) -> None:
    app.register_error_handler(RefusedError, lambda error: on_refused(house, error))
    app.register_error_handler(HallUnavailableError, lambda error: on_unavailable(house, error))
    app.register_error_handler(HTTPException, lambda error: on_http_error(house, error))

    @app.errorhandler(Exception)
    def _fault(error: Exception) -> Response:
        # The boundary to people: they get words, the log gets the fault.
        log.error("%s %s failed", request.method, request.url_rule, exc_info=error)
        return refusal("fault", 500) if wants_json() else house.error_page(500)
