"""Sessions in signed cookies: what each request pays for them, and the token its commands carry.

Flask's own session, made lean: the cookies whose signature has been checked once are known
by their text (a clerk's console sends the same ones with every click).
"""

from __future__ import annotations

import hmac
import secrets
from collections import OrderedDict
from threading import Lock
from typing import Any, Final

from flask import Blueprint, Flask, Request, Response, request, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin

from hall_server.web.answers import RefusedError, see_other

CSRF_HEADER: Final = "X-CSRFToken"
CSRF_FIELD: Final = "csrf_token"
_CSRF: Final = "csrf"
_KNOWN: Final = 4_096
_KNOWN_LENGTH: Final = 2_048


class KnownSessions(SecureCookieSessionInterface):
    """Remembers the cookies that it has checked; each says itself when it ends."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._lock = Lock()

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session of the request's cookie; a new one where that is none of ours."""
        cookies = request.environ.get("HTTP_COOKIE")
        if not cookies:
            return self.session_class()
        known = self._known.get(cookies)
        if known is None:
            found = super().open_session(app, request)
            if found and len(cookies) <= _KNOWN_LENGTH:
                with self._lock:
                    self._known[cookies] = _copied(found)
                    if len(self._known) > _KNOWN:
                        self._known.popitem(last=False)
            return found
        return self.session_class(_copied(known))

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Only where something has changed."""
        if session.modified:
            super().save_session(app, session, response)
        elif session.accessed:
            response.headers.add("Vary", "Cookie")


def _copied(values: dict[str, Any]) -> dict[str, Any]:
    """As deep as our sessions are."""
    return {key: dict(one) if isinstance(one, dict) else one for key, one in values.items()}


def csrf_token() -> str:
    """What forms and scripts of this browser's pages must send back."""
    token = session.get(_CSRF)
    if not isinstance(token, str):
        token = session[_CSRF] = secrets.token_urlsafe(24)
    return token


def check_csrf() -> None:
    """For what a session allows: that the hall's own page asks, as only it has read the token.

    Raises:
        RefusedError: no token, or another one.
    """
    kept = session.get(_CSRF)
    sent = request.headers.get(CSRF_HEADER) or (
        request.form.get(CSRF_FIELD, "") if request.mimetype != "application/json" else ""
    )
    if not isinstance(kept, str):
        raise RefusedError("signed_out", 401)
    if not hmac.compare_digest(kept.encode(), sent.encode()):
        raise RefusedError("bad_request", 403)


def commands_need_token(pages: Blueprint) -> None:
    """Check the token of everything that is posted to ``pages``."""

    @pages.before_request
    def _check() -> Response | None:
        if request.method != "POST":
            return None
        try:
            check_csrf()
        except RefusedError:
            if request.path.endswith("/sign-in") and request.mimetype != "application/json":
                # The page was open for longer than its session: a fresh one.
                return see_other(request.path)
            raise
        return None
