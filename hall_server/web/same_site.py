"""Commands come from the hall's own pages: what another site sends in a browser's name is refused.

The public routes have no session and so no token that another site could not know; browsers say
where a request comes from (Fetch Metadata, the Origin header), and that is enough for them.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import request

from hall_server.web.answers import RefusedError


def refuse_other_sites(public_url: str) -> None:
    """For every request that changes something.

    Raises:
        RefusedError: the browser says that another site sent it.
    """
    environ = request.environ
    if environ["REQUEST_METHOD"] in ("GET", "HEAD", "OPTIONS"):
        return
    if environ.get("HTTP_SEC_FETCH_SITE") == "cross-site":
        raise RefusedError("other_site", 403)
    origin = environ.get("HTTP_ORIGIN")
    if origin is None:  # no browser, or an old one from the same site
        return
    host = urlsplit(origin).netloc.lower()
    if not host or host not in (request.host.lower(), urlsplit(public_url).netloc.lower()):
        raise RefusedError("other_site", 403)
