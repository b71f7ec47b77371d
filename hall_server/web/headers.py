"""What browsers are told with every answer: run nothing foreign, frame nothing, guess nothing."""

from __future__ import annotations

from flask import Flask, Response, request

from hall_server.settings import HallSettings


def guard(app: Flask, settings: HallSettings) -> None:
    """Put the headers on; they are worked out once, as every request pays for them."""
    panels = sorted({node.panel_url for node in settings.node if node.panel_url})
    always = [("X-Content-Type-Options", "nosniff")]
    if settings.public_url.startswith("https://"):
        always.append(("Strict-Transport-Security", "max-age=31536000"))
    page = [
        ("Referrer-Policy", "same-origin"),  # a phone page's address is as good as its ticket
        ("X-Frame-Options", "DENY"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()"),
    ]
    csp, csp_of_start = _policy([]), _policy(panels)

    @app.after_request
    def _headers(response: Response) -> Response:
        for name, value in always:
            response.headers.add(name, value)
        if response.mimetype == "text/html":
            response.headers.extend(page)
            policy = csp_of_start if request.endpoint == "board.start" else csp
            response.headers["Content-Security-Policy"] = policy
        return response


def _policy(panels: list[str]) -> str:
    """``panels`` are the stand-in devices of this machine, which the start page talks to."""
    also = "".join(f" {url}" for url in panels)
    blob = " blob:" if panels else ""
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src 'self' data:{blob}{also}",
            "font-src 'self'",
            "media-src 'self'",
            "manifest-src 'self'",
            f"connect-src 'self'{also}",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )
