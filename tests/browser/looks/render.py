"""Look at every page in every state without a hall: made-up views, real templates and scripts.

    python -m tests.browser.looks.render                     serve, and print the addresses
    python -m tests.browser.looks.render --shots DIR [NAME]  pictures of the scenes named so
    python -m tests.browser.looks.render --axe [NAME]        what axe-core finds in them
"""

from __future__ import annotations

import argparse
import io
import json
import logging
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import flask
import msgspec
import segno
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from hall_server.web import words
from tests.browser.looks.made_up import HALL, Scene, scenes

WEB = Path(words.__file__).parent
AXE = WEB.parents[1] / ".build/axe.min.js"
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SEVEN_TO_ONE = ("board", "kiosk")
CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: http:; "
    "connect-src 'self' http:; object-src 'none'; base-uri 'none'"
)


def as_json(state: object) -> str:
    """A view as the hall would send it."""
    return msgspec.json.encode(state).decode()


def create_app(all_scenes: dict[str, Scene]) -> flask.Flask:
    """The pages with made-up views behind them."""
    app = flask.Flask(
        __name__, template_folder=str(WEB / "templates"), static_folder=str(WEB / "static")
    )

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
        from tests.browser.looks.made_up_citizen import KIOSK_TICKET

        if what.endswith("refuse"):
            return {"ok": False, "code": "busy", "message": words.t("refusals.busy", "vi")}, 503
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
            "version": 7, "node": node, "phase": "rating" if counter else None,
            "ticket": "A012" if counter else None, "counter": node[-1] if counter else None,
            "stale": False, "link": "away" if node == "counter-2" else "connected",
            "buttons": [{"level": i, "lit": i == 5} for i in range(1, 6)] if counter else [],
            "has_scanner": node != "board", "has_matrix": counter,
            "spoken": ["Xin mời số thứ tự A không một hai, đến quầy số ba"] if node == "board" else [],
            "outbox_depth": 3 if node == "counter-2" else 0,
        }

    @app.get("/panel/<node>/matrix.png")
    @app.get("/demo/card/<node>.png")
    def picture(node: str) -> flask.Response:
        from PIL import Image, ImageDraw

        drawn = Image.new("RGB", (256, 64) if "counter" in node else (320, 240), "#200808" if "counter" in node else "#e2f0e8")
        ImageDraw.Draw(drawn).text((60, 12), "A012", fill="#ff5030", font_size=40)
        out = io.BytesIO()
        drawn.save(out, "PNG")
        return flask.Response(out.getvalue(), mimetype="image/png")

    @app.get("/demo/cards.json")
    def cards() -> Any:
        return [
            {"id": "mau", "label": "Thẻ mẫu: Trần Thị Mẫu", "label_en": "Made-up card: Trần Thị Mẫu", "png_url": "/demo/card/mau.png"},
            {"id": "bhyt", "label": "Thẻ bảo hiểm y tế", "label_en": "Health insurance card", "png_url": "/demo/card/bhyt.png"},
        ]

    @app.get("/qr/<token>.svg")
    @app.get("/p/<token>.svg")
    def code(token: str) -> flask.Response:
        out = io.BytesIO()
        segno.make(f"http://127.0.0.1:8080/t/{token}").save(out, kind="svg", scale=8, border=2)
        return flask.Response(out.getvalue(), mimetype="image/svg+xml")

    return app


def prepare(page: Page, scene: Scene) -> None:
    """Bring the page into the scene's state."""
    for step in scene.do:
        verb, _, what = step.partition(" ")
        if verb == "key":
            page.keyboard.press(what)
        elif verb == "press":
            page.locator(what).first.click()
        elif verb == "type":
            page.keyboard.type(what)
        elif verb == "wait":
            page.locator(what).first.wait_for()
    if scene.lost:
        page.locator("html[data-stale]").wait_for(state="attached")
    page.wait_for_timeout(450)
    page.evaluate("document.fonts.ready")


def findings(page: Page, scene: Scene) -> list[str]:
    """What axe-core and the width of the page say against it."""
    page.evaluate(AXE.read_text("utf-8"))
    rules = {"color-contrast-enhanced": {"enabled": scene.page in SEVEN_TO_ONE and not scene.lost}}
    options = json.dumps({"rules": rules, "resultTypes": ["violations"]})
    result = page.evaluate(f"axe.run(document, {options})")
    found = [
        f"{one['id']}: {one['help']} @ {'; '.join(' '.join(node['target']) for node in one['nodes'][:4])}"
        + (f" ({one['nodes'][0]['any'][0]['message']})" if one["nodes"][0]["any"] else "")
        for one in result["violations"]
    ]
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    if wide > 0:
        found.append(f"{wide} px wider than the screen")
    return found


def visit(browser: Browser, address: str, name: str, scene: Scene, size: tuple[int, int]) -> Page:
    """The page of a scene at a size, ready to be looked at."""
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.on("console", lambda m: print("  console:", m.text) if m.type == "error" and "503" not in m.text else None)
    page.on("pageerror", lambda e: print("  script:", e))
    page.goto(f"{address}/look/{name}?{scene.query}")
    prepare(page, scene)
    return page


def main() -> int:
    """Serve, or take pictures, or check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shots", type=Path)
    parser.add_argument("--axe", action="store_true")
    parser.add_argument("--first", action="store_true", help="only the first size of each")
    parser.add_argument("names", nargs="*")
    words_given = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    all_scenes = scenes()
    server = make_server("127.0.0.1", 0, create_app(all_scenes), threaded=True)
    server.daemon_threads = True
    address = f"http://127.0.0.1:{server.server_port}"
    if not (words_given.shots or words_given.axe):
        print("\n".join(f"{address}/look/{name}" for name in all_scenes))
        server.serve_forever()
        return 0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    wrong = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for name, scene in all_scenes.items():
            given = words_given.names
            if given and not any(name == one.rstrip("*") or (one.endswith("*") and name.startswith(one[:-1])) for one in given):
                continue
            for size in scene.sizes[:1] if words_given.first else scene.sizes:
                page = visit(browser, address, name, scene, size)
                if words_given.shots:
                    words_given.shots.mkdir(parents=True, exist_ok=True)
                    page.screenshot(path=words_given.shots / f"{name}-{size[0]}x{size[1]}.png")
                if words_given.axe:
                    for finding in findings(page, scene):
                        wrong += 1
                        print(f"{name} {size[0]}x{size[1]}: {finding}")
                page.close()
        browser.close()
    server.shutdown()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
