"""Pages of citizens: the kiosk, the phone page of a ticket, a procedure of the wall."""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from pathlib import Path
from typing import Annotated, Final

import msgspec
from flask import Blueprint, Response, request
from itsdangerous import BadSignature, URLSafeSerializer
from msgspec import Meta, Struct

from hall_server import commands as c
from hall_server.settings import Node
from hall_server.state import Ticket
from hall_server.web.answers import (
    REQUEST_ID,
    House,
    RefusedError,
    as_json,
    let_in,
    read_body,
    see_other,
    send_away,
)
from hall_server.web.projections.moment import kiosk_ticket
from hall_server.web.qr import qr_svg

log = logging.getLogger(__name__)

KIOSK_COOKIE_S: Final = 10 * 365 * 24 * 3600
_Id = Annotated[str, Meta(max_length=64)]


class _Take(Struct):
    request_id: Annotated[str, REQUEST_ID]
    service: _Id
    priority: _Id | None = None


class _PrintSlip(Struct):
    request_id: Annotated[str, REQUEST_ID]
    token: _Id


class _Asked(Struct):
    request_id: Annotated[str, REQUEST_ID]


class _Rate(Struct):
    request_id: Annotated[str, REQUEST_ID]
    level: Annotated[int, Meta(ge=1, le=5)]


_take: Final = msgspec.json.Decoder(_Take)
_print_slip: Final = msgspec.json.Decoder(_PrintSlip)
_asked: Final = msgspec.json.Decoder(_Asked)
_rate: Final = msgspec.json.Decoder(_Rate)


def new_token() -> str:
    """128 random bits that open a ticket's phone page."""
    return secrets.token_urlsafe(16)


class KioskDoor:
    """Who may use a kiosk's page: everybody, or the browser that was once given its key."""

    def __init__(self, house: House, secret: bytes) -> None:
        self._kiosks = {one.id: one for one in house.settings.node if one.kind == "kiosk"}
        self._signer = URLSafeSerializer(secret, salt="kiosk")
        self._secure = house.settings.public_url.startswith("https://")
        self._cookie = f"mc-{house.settings.hall.id}-kiosk"
        self._keys: dict[str, str] = {}
        for kiosk in self._kiosks.values():
            if kiosk.key_file:
                self._keys[kiosk.id] = _key_of(kiosk)

    def kiosk(self, node: str) -> Node:
        """The kiosk of that name.

        Raises:
            RefusedError: there is none, or this browser has not its key.
        """
        kiosk = self._kiosks.get(node)
        if kiosk is None:
            raise RefusedError("not_found", 404)
        if kiosk.key_file and not self._has_key(node):
            raise RefusedError("kiosk_key", 403)
        return kiosk

    def may(self, node: str) -> bool:
        """Whether :meth:`kiosk` would let this browser in."""
        return node in self._kiosks and (not self._kiosks[node].key_file or self._has_key(node))

    def offered(self, node: str, key: str) -> Response | None:
        """The browser came with a key: remember it, and take the key out of the address."""
        kept = self._keys.get(node, "")
        if not kept or not hmac.compare_digest(kept.encode(), key.encode()):
            return None
        answer = see_other(f"/kiosk/{node}")
        answer.set_cookie(
            self._cookie,
            self._signer.dumps([node, _print(kept)]),
            max_age=KIOSK_COOKIE_S,
            httponly=True,
            samesite="Lax",
            secure=self._secure,
        )
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def _has_key(self, node: str) -> bool:
        kept = self._keys.get(node, "")
        try:
            found = self._signer.loads(request.cookies.get(self._cookie, ""))
        except BadSignature:
            return False
        return bool(kept) and found == [node, _print(kept)]


def _key_of(kiosk: Node) -> str:
    try:
        return Path(kiosk.key_file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        log.error(
            "kiosk %s stays closed: its key_file cannot be read (%s); write a key into it "
            "and start again",
            kiosk.id,
            error,
        )
        return ""


def _print(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def citizen_pages(house: House, secret: bytes) -> Blueprint:
    """Kiosk, phone page, procedure; no session, no names."""
    pages = Blueprint("citizen", __name__)
    door = KioskDoor(house, secret)
    _kiosk_routes(pages, house, door)
    _ticket_routes(pages, house)
    _procedure_routes(pages, house)
    return pages


def _kiosk_routes(pages: Blueprint, house: House, door: KioskDoor) -> None:
    views = house.views

    @pages.get("/kiosk/<node>")
    def kiosk(node: str) -> Response:
        if (key := request.args.get("key")) and (remembered := door.offered(node, key)):
            return remembered
        # Before a stand-in there is no phone to scan with: the ticket's code is also a link.
        stand_in = bool(door.kiosk(node).panel_url)
        return house.page(
            "kiosk", views.kiosk(node), f"/live/kiosk/{node}", node=node, stand_in=stand_in
        )

    @pages.get("/api/view/kiosk/<node>")
    def kiosk_view(node: str) -> Response:
        door.kiosk(node)
        return as_json(views.kiosk(node))

    @pages.get("/live/kiosk/<node>")
    def kiosk_live(node: str) -> Response:
        return let_in(f"kiosk:{node}") if door.may(node) else send_away()

    @pages.post("/api/kiosk/<node>/take")
    def take(node: str) -> Response:
        door.kiosk(node)
        body = read_body(_take)
        state = house.web.writer.view
        screen = views.kiosk_memory.screen(state, node)
        card = screen is not None and screen.person is not None
        # A card that the kiosk was told to forget must not make the next one's ticket its own.
        forgotten = screen is None and node in state.kiosks
        outcome = house.ask(
            c.TakeTicket(
                request=f"k:{node}:take:{body.request_id}",
                service=body.service,
                channel="card" if card else "kiosk",
                token=new_token(),
                by=node,
                priority=body.priority,
                node=None if forgotten else node,
                slip_at=node,
            )
        )
        return taken(house, outcome)

    @pages.post("/api/kiosk/<node>/print")
    def print_slip(node: str) -> Response:
        door.kiosk(node)
        body = read_body(_print_slip)
        state = house.web.writer.view
        one = state.tickets.get(state.by_token.get(body.token, ""))
        if one is None:
            raise RefusedError("unknown_ticket", 404)
        request_id = f"k:{node}:print:{body.request_id}"
        house.ask(c.PrintSlip(request=request_id, ticket=one.id, node=node, by=node))
        return as_json({"ok": True})

    @pages.post("/api/kiosk/<node>/forget")
    def forget(node: str) -> Response:
        door.kiosk(node)
        if request.mimetype != "application/json":
            raise RefusedError("bad_request", 400)
        views.kiosk_memory.forget(node, house.web.writer.view.kiosks.get(node))
        views.tell()
        return as_json({"ok": True})


def taken(house: House, outcome: c.Outcome) -> Response:
    """The ticket that a taking led to.

    Raises:
        RefusedError: it is of another day by now.
    """
    moment = house.views.moment()
    ticket = moment.state.tickets.get(outcome.ticket or "")
    if ticket is None:
        raise RefusedError("unknown_ticket", 404)
    return as_json(
        {"ok": True, "existing": outcome.existing, "ticket": kiosk_ticket(moment, ticket)}
    )


def _ticket_routes(pages: Blueprint, house: House) -> None:
    views = house.views

    def of(token: str) -> Ticket:
        state = house.web.writer.view
        ticket = state.tickets.get(state.by_token.get(token, ""))
        if ticket is None:
            raise RefusedError("unknown_ticket", 404)
        return ticket

    @pages.get("/t/<token>")
    def ticket(token: str) -> Response:
        view = views.ticket(token)
        if view is None:
            return house.error_page(404, "unknown_ticket")
        return house.page("ticket", view, f"/live/ticket/{token}", token=token)

    @pages.get("/api/view/ticket/<token>")
    def ticket_view(token: str) -> Response:
        of(token)
        return as_json(views.ticket(token))

    @pages.get("/live/ticket/<token>")
    def ticket_live(token: str) -> Response:
        state = house.web.writer.view
        return let_in(f"ticket:{token}") if token in state.by_token else send_away()

    @pages.get("/qr/<token>.svg")
    def ticket_qr(token: str) -> Response:
        of(token)
        return qr_svg(f"{house.settings.public_url}/t/{token}")

    @pages.post("/api/ticket/<token>/cancel")
    def cancel(token: str) -> Response:
        body, one = read_body(_asked), of(token)
        request_id = f"t:{one.id}:cancel:{body.request_id}"
        house.ask(c.CancelTicket(request=request_id, ticket=one.id, by="phone"))
        return as_json({"ok": True})

    @pages.post("/api/ticket/<token>/wait-longer")
    def wait_longer(token: str) -> Response:
        body, one = read_body(_asked), of(token)
        request_id = f"t:{one.id}:wait-longer:{body.request_id}"
        house.ask(c.AskMoreTime(request=request_id, ticket=one.id, by="phone"))
        return as_json({"ok": True})

    @pages.post("/api/ticket/<token>/rate")
    def rate(token: str) -> Response:
        body, one = read_body(_rate), of(token)
        request_id = f"t:{one.id}:rate:{body.request_id}"
        house.ask(c.RateByPhone(request=request_id, ticket=one.id, level=body.level))
        return as_json({"ok": True})


def _procedure_routes(pages: Blueprint, house: House) -> None:
    @pages.get("/p/<code>")
    def procedure(code: str) -> Response:
        view = house.views.procedure(code)
        return house.page("procedure", view) if view else house.error_page(404)

    @pages.get("/p/<code>.svg")
    def procedure_qr(code: str) -> Response:
        if code not in house.views.catalogue.procedures:
            raise RefusedError("not_found", 404)
        return qr_svg(f"{house.settings.public_url}/p/{code}")
