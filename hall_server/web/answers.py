"""Answers to browsers: pages with their view as data, JSON to scripts, refusals in words."""

from __future__ import annotations

from typing import Any, Final, Literal, TypeVar, cast

import msgspec
from flask import Response, make_response, render_template, request
from msgspec import Meta, Struct
from werkzeug.exceptions import HTTPException

from hall_server.commands import Command, Outcome
from hall_server.runtime import HallUnavailableError
from hall_server.web import words
from hall_server.web.bridge import LIVE_UNTIL_MS, LIVE_VIEW
from hall_server.web.context import WebContext
from hall_server.web.hall_views import HallViews

Lang = Literal["vi", "en"]
PageName = Literal[
    "start", "board", "kiosk", "counter", "clerk", "ticket", "procedure", "technician", "error"
]

LANGUAGE_COOKIE: Final = "lang"
LANGUAGE_COOKIE_S: Final = 365 * 24 * 3600
ASK_S: Final = 5.0
"""How long a request waits for the writer."""

_encoder: Final = msgspec.json.Encoder()


class RefusedError(Exception):
    """What was asked is not done; ``code`` names its words, ``status`` is HTTP's."""

    def __init__(self, code: str, status: int = 409) -> None:
        super().__init__(code)
        self.code = code
        self.status = status


class House:
    """What every blueprint is handed: the context, the views, and the way to the writer."""

    def __init__(self, web: WebContext, views: HallViews) -> None:
        self.web = web
        self.views = views
        self.settings = web.settings

    def ask(self, command: Command) -> Outcome:
        """Have the hall do it, on the disk before this returns.

        Raises:
            RefusedError: the hall says no.
            HallUnavailableError: the hall takes nothing just now.
        """
        outcome = self.web.writer.ask(command, ASK_S)
        if not outcome.ok:
            raise RefusedError(outcome.code)
        return outcome

    def page(
        self,
        name: PageName,
        view: Struct,
        live_url: str = "",
        *,
        template: str = "",
        csrf: str = "",
        status: int = 200,
        **more: Any,
    ) -> Response:
        """A page with its view; keeps a language that the address names."""
        lang = language()
        response = make_response(
            render_template(
                template or f"{name}.html",
                page=name,
                lang=lang,
                hall=self.settings.hall.name,
                csrf=csrf,
                state_json=_encoder.encode(view).decode(),
                live_url=live_url,
                words=words.for_page(name, lang),
                utc_offset_minutes=self.settings.queue.utc_offset_minutes,
                t=lambda key, **values: say(key, lang, **values),
                **more,
            ),
            status,
        )
        response.headers["Cache-Control"] = "no-store"
        if request.args.get("lang") in words.LANGUAGES:
            response.set_cookie(
                LANGUAGE_COOKIE,
                lang,
                max_age=LANGUAGE_COOKIE_S,
                httponly=True,
                samesite="Lax",
                secure=self.settings.public_url.startswith("https://"),
            )
        return response

    def error_page(self, status: int, code: str = "") -> Response:
        """A page that says what happened and what to do now."""
        moment = self.views.moment()
        view = ErrorView(moment.state.last_fact, moment.now_ms, moment.hall, status, code)
        lang = language()
        title = f"error.{status}.title" if f"error.{status}.title" in words.WORDS else "error.title"
        text = f"refusals.{code}" if f"refusals.{code}" in words.WORDS else f"error.{status}.text"
        if text not in words.WORDS:
            text = "refusals.bad_request"
        return self.page(
            "error",
            view,
            status=status,
            error=status,
            title=say(title, lang),
            text=say(text, lang),
        )


class ErrorView(Struct, frozen=True):
    """A page that could not be shown."""

    rev: int
    at_ms: int
    hall: str
    status: int
    code: str


def language() -> Lang:
    """The language of the address, else of the cookie, else Vietnamese."""
    asked = request.args.get("lang") or request.cookies.get(LANGUAGE_COOKIE)
    return "en" if asked == "en" else "vi"


def say(key: str, lang: Lang, **values: object) -> str:
    """The words under ``key``; the key itself where nobody has written any."""
    try:
        return words.t(key, lang, **values)
    except KeyError:
        return key


# ------------------------------------------------------------------ JSON

Body = TypeVar("Body", bound=Struct)
REQUEST_ID: Final = Meta(pattern=r"\A[A-Za-z0-9_-]{16,64}\Z")


_JSON: Final = {"Content-Type": "application/json", "Cache-Control": "no-store"}


def as_json(value: object, status: int = 200) -> Response:
    """JSON that nobody keeps."""
    return Response(_encoder.encode(value), status, _JSON)


def read_body(decoder: msgspec.json.Decoder[Body]) -> Body:
    """The request's JSON.

    Raises:
        RefusedError: not sent as JSON, or not what the route takes.
    """
    if request.mimetype != "application/json":
        raise RefusedError("bad_request", 400)
    # The bridge has read and measured the body already.
    body = request.environ["wsgi.input"].read(int(request.environ.get("CONTENT_LENGTH") or 0))
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise RefusedError("bad_request", 400) from None


def refusal(code: str, status: int) -> Response:
    """``{ok: false}`` with polite words."""
    lang = language()
    message = say(f"refusals.{code}", lang)
    if message == f"refusals.{code}":
        message = say("refusals.bad_request", lang)
    return as_json({"ok": False, "code": code, "message": message}, status)


def wants_json() -> bool:
    """True for what scripts ask for."""
    return (
        request.path.startswith(("/api/", "/live/", "/demo/"))
        or request.mimetype == "application/json"
    )


def see_other(path: str) -> Response:
    """Send the browser to another page of this hall: 303, so that nothing is posted twice."""
    return Response(status=303, headers={"Location": path})


# ------------------------------------------------------------------ live pages


def let_in(view: str, until_ms: int | None = None) -> Response:
    """Let the browser in to the live page of ``view``: the bridge takes the connection over."""
    headers = {LIVE_VIEW: view, "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    if until_ms is not None:
        headers[LIVE_UNTIL_MS] = str(until_ms)
    return Response(b"", 200, headers, content_type="text/event-stream; charset=utf-8")


def send_away() -> Response:
    """Tell a live page that it has to leave; an error would make it come back for ever."""
    return Response(
        b"event: gone\ndata: {}\n\n",
        200,
        {"Cache-Control": "no-store"},
        content_type="text/event-stream; charset=utf-8",
    )


# ------------------------------------------------------------------ faults


def on_refused(house: House, error: RefusedError) -> Response:
    """A refusal, as JSON or as a page."""
    if wants_json():
        return refusal(error.code, error.status)
    return house.error_page(error.status, error.code)


def on_unavailable(house: House, error: HallUnavailableError) -> Response:
    """The hall takes nothing just now: 503 with the reason's words."""
    response = refusal(error.reason, 503) if wants_json() else house.error_page(503, error.reason)
    response.headers["Retry-After"] = "2"
    return response


def on_http_error(house: House, error: HTTPException) -> Response:
    """404, 405 and the like."""
    if isinstance(error.response, Response):  # a redirect of the router's own
        return error.response
    if error.code is not None and 300 <= error.code < 400:
        return cast(Response, error.get_response())
    status = error.code or 500
    code = {404: "not_found", 405: "bad_request", 413: "too_large"}.get(status, "bad_request")
    response = refusal(code, status) if wants_json() else house.error_page(status)
    if status == 405:
        allowed = getattr(error, "valid_methods", None)
        response.headers["Allow"] = ", ".join(allowed or ["GET"])
    return response
