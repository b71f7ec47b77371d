"""The pages with made-up views behind them, without a hall."""

from __future__ import annotations

import io
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import flask
import msgspec
import segno
from PIL import Image, ImageDraw
from werkzeug.serving import ThreadedWSGIServer

from hall_server.web import words
from tests.browser.looks.made_up import HALL, Scene
from tests.browser.looks.made_up_citizen import KIOSK_TICKET

WEB = Path(words.__file__).parent
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'"
)
"""As strict as the hall's own."""


def as_json(state: object) -> str:
    """A view as the hall would send it."""
    return msgspec.json.encode(state).decode()


def create_app(all_scenes: dict[str, Scene]) -> flask.Flask:
    """The pages with made-up views behind them."""
    app = flask.Flask(
        __name__, template_folder=str(WEB / "templates"), static_folder=str(WEB / "static")
    )

    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 3600
    asked: list[tuple[str, dict[str, Any]]] = []
    app.extensions["asked"] = asked
    app.extensions["failures"] = 0

    @app.after_request
    def strict(response: flask.Response) -> flask.Response:
        response.headers["Content-Security-Policy"] = CSP
        return response

    @app.get("/look/<name>")
    def look(name: str) -> str:
        scene = all_scenes[name]
        lang = flask.request.args.get("lang", "vi")
        data: dict[str, Any] = {
            "page": scene.page,
            "lang": lang,
            "hall": HALL,
            "t": partial(words.t, lang=lang),
            "words": words.for_page(scene.page, lang),
            "live_url": f"/live/{name}" if scene.state is not None and not scene.still else "",
            "csrf": "made-up",
            **scene.extra,
        }
        if scene.state is not None:
            data["state_json"] = as_json(scene.state)
        return flask.render_template(scene.template or f"{scene.page}.html", **data)

    @app.get("/live/<name>")
    def stream(name: str) -> flask.Response:
        if all_scenes[name].lost:
            flask.abort(503)

        def events() -> Iterator[str]:
            yield f"id: 1\nevent: state\ndata: {as_json(all_scenes[name].state)}\n\n"
            for _ in range(4):
                time.sleep(3)
                yield ": still here\n\n"

        return flask.Response(events(), mimetype="text/event-stream")

    @app.post("/api/<path:what>")
    def answer(what: str) -> Any:
        asked.append((what, flask.request.get_json()))
        if app.extensions["failures"] > 0:
            app.extensions["failures"] -= 1
            return "no answer of the hall", 502
        if app.extensions.get("refuse"):
            code = app.extensions["refuse"]
            message = words.t(f"refusals.{code}", "vi")
            return {"ok": False, "code": code, "message": message}, 409
        if what.endswith("take"):
            return flask.Response(
                '{"ok": true, "existing": false, "number": "A019", "ticket": '
                + as_json(KIOSK_TICKET)
                + "}",
                mimetype="application/json",
            )
        return {"ok": True, "number": "A012"}

    @app.get("/panel/<node>/state")
    def panel(node: str) -> Any:
        if node == "away":
            flask.abort(503)
        if flask.request.args.get("after") != "0":
            time.sleep(15)
        counter = node.startswith("counter")
        return {
            "version": 7,
            "node": node,
            "phase": "rating" if counter else None,
            "ticket": "A012" if counter else None,
            "counter": node[-1] if counter else None,
            "stale": False,
            "link": "away" if node == "counter-2" else "connected",
            "buttons": [{"level": i, "lit": i == 5} for i in range(1, 6)] if counter else [],
            "has_scanner": node != "board",
            "has_matrix": counter,
            "spoken": ["Xin mời số thứ tự A không một hai, đến quầy số ba"]
            if node == "board"
            else [],
            "outbox_depth": 3 if node == "counter-2" else 0,
        }

    @app.get("/panel/<node>/matrix.png")
    @app.get("/demo/card/<node>.png")
    def picture(node: str) -> flask.Response:
        drawn = Image.new(
            "RGB",
            (256, 64) if "counter" in node else (320, 240),
            "#200808" if "counter" in node else "#e2f0e8",
        )
        ImageDraw.Draw(drawn).text((60, 12), "A012", fill="#ff5030", font_size=40)
        out = io.BytesIO()
        drawn.save(out, "PNG")
        return flask.Response(out.getvalue(), mimetype="image/png")

    @app.get("/demo/cards.json")
    def cards() -> Any:
        return [
            {
                "id": "mau",
                "label": "Thẻ mẫu: Trần Thị Mẫu",
                "label_en": "Made-up card: Trần Thị Mẫu",
                "png_url": "/demo/card/mau.png",
            },
            {
                "id": "bhyt",
                "label": "Thẻ bảo hiểm y tế",
                "label_en": "Health insurance card",
                "png_url": "/demo/card/bhyt.png",
            },
        ]

    @app.get("/qr/<token>.svg")
    @app.get("/p/<token>.svg")
    def code(token: str) -> flask.Response:
        out = io.BytesIO()
        segno.make(f"http://127.0.0.1:8080/t/{token}").save(out, kind="svg", scale=8, border=2)
        return flask.Response(out.getvalue(), mimetype="image/svg+xml")

    return app


@contextmanager
def running(app: flask.Flask) -> Iterator[str]:
    """Serve ``app`` on a free port of loopback; its address."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedWSGIServer("127.0.0.1", 0, app)
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
