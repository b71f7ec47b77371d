"""The clerk's pages: sign-in with a PIN, and the console of her counter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

import msgspec
from flask import Blueprint, Response
from msgspec import Meta, Struct

from hall_server import commands as c
from hall_server.web.answers import (
    REQUEST_ID,
    House,
    RefusedError,
    as_json,
    let_in,
    read_body,
    see_other,
    send_away,
    wants_json,
)
from hall_server.web.citizen import new_token, taken
from hall_server.web.projections.clerk import holds
from hall_server.web.sessions import commands_need_token, csrf_token
from hall_server.web.signing_in import Person, SignIns
from hall_server.web.signing_in_page import sign_in_routes

_Id = Annotated[str, Meta(max_length=64)]
_Reason = Annotated[str, Meta(max_length=500)]


class _Asked(Struct):
    request_id: Annotated[str, REQUEST_ID]


class _Why(_Asked):
    reason: _Reason


class _Transfer(_Asked):
    service: _Id
    to_counter: _Id | None = None


class _CallOne(_Asked):
    ticket: _Id
    reason: _Reason


class _One(_Asked):
    ticket: _Id


class _Print(_Asked):
    ticket: _Id
    node: _Id


class _Priority(_Asked):
    ticket: _Id
    reason: _Id | None = None


class _Take(_Asked):
    service: _Id
    priority: _Id | None = None


Make = Callable[[str, Person, Any], c.Command]
"""(request, clerk, body) -> the command."""


def _plain(kind: type[c.AtCounter]) -> tuple[msgspec.json.Decoder[Any], Make]:
    return _asked, lambda request, who, _body: kind(
        request=request, counter=who.counter, clerk=who.id
    )


_asked: Final = msgspec.json.Decoder(_Asked)

AT_COUNTER: Final[Mapping[str, tuple[msgspec.json.Decoder[Any], Make]]] = {
    "call-next": _plain(c.CallNext),
    "recall": _plain(c.Recall),
    "start": _plain(c.StartService),
    "finish": _plain(c.FinishService),
    "no-show": _plain(c.MarkNoShow),
    "undo": _plain(c.UndoFinish),
    "resume": _plain(c.ResumeCounter),
    "park": (
        msgspec.json.Decoder(_Why),
        lambda request, who, body: c.ParkTicket(
            request=request, counter=who.counter, clerk=who.id, reason=body.reason
        ),
    ),
    "pause": (
        msgspec.json.Decoder(_Why),
        lambda request, who, body: c.PauseCounter(
            request=request, counter=who.counter, clerk=who.id, reason=body.reason
        ),
    ),
    "transfer": (
        msgspec.json.Decoder(_Transfer),
        lambda request, who, body: c.TransferTicket(
            request=request,
            counter=who.counter,
            clerk=who.id,
            service=body.service,
            to_counter=body.to_counter,
        ),
    ),
    "call": (
        msgspec.json.Decoder(_CallOne),
        lambda request, who, body: c.CallTicket(
            request=request,
            counter=who.counter,
            clerk=who.id,
            ticket=body.ticket,
            reason=body.reason,
        ),
    ),
    "unpark": (
        msgspec.json.Decoder(_One),
        lambda request, who, body: c.UnparkTicket(
            request=request, counter=who.counter, clerk=who.id, ticket=body.ticket
        ),
    ),
}
"""Verb -> its body and its command; the hall itself checks that the counter is hers."""

ON_A_TICKET: Final[Mapping[str, tuple[msgspec.json.Decoder[Any], Make]]] = {
    "priority": (
        msgspec.json.Decoder(_Priority),
        lambda request, who, body: c.GivePriority(
            request=request,
            ticket=body.ticket,
            reason=body.reason,
            by=who.id,
            counter=who.counter,
        ),
    ),
    "cancel": (
        msgspec.json.Decoder(_One),
        lambda request, who, body: c.CancelTicket(
            request=request, ticket=body.ticket, by=who.id, counter=who.counter
        ),
    ),
    "print": (
        msgspec.json.Decoder(_Print),
        lambda request, who, body: c.PrintSlip(
            request=request, ticket=body.ticket, node=body.node, by=who.id, counter=who.counter
        ),
    ),
}
"""The same for what the hall lets anybody do who has the ticket."""

_take: Final = msgspec.json.Decoder(_Take)


def clerk_pages(house: House, sign_ins: SignIns) -> Blueprint:
    """Sign-in, console, commands."""
    pages = Blueprint("clerk", __name__)
    views = house.views
    commands_need_token(pages)
    sign_in_routes(pages, house, sign_ins, "clerk")

    def at_her_counter() -> Person | None:
        """The clerk of this browser, while she has her counter."""
        person = sign_ins.who("clerk")
        if person is None or not holds(views.moment(), person.counter, person.id):
            return None
        return person

    @pages.get("/clerk")
    def console() -> Response:
        person = at_her_counter()
        view = views.clerk(person.counter, person.id) if person else None
        if view is None:
            return see_other("/clerk/sign-in")
        return house.page("clerk", view, "/live/clerk", csrf=csrf_token())

    @pages.get("/api/view/clerk")
    def console_view() -> Response:
        person = sign_ins.must("clerk")
        return as_json(views.clerk(person.counter, person.id))

    @pages.get("/live/clerk")
    def console_live() -> Response:
        person = at_her_counter()
        if person is None:
            return send_away()
        return let_in(f"clerk:{person.counter}:{person.id}", person.until_ms)

    @pages.post("/clerk/sign-out")
    def sign_out() -> Response:
        person = sign_ins.who("clerk")
        if person is not None:
            sign_ins.sign_out(person)
        if wants_json():
            return as_json({"ok": True})
        return see_other("/clerk/sign-in")

    @pages.post("/api/clerk/<verb>")
    def command(verb: str) -> Response:
        person = sign_ins.must("clerk")
        if verb in AT_COUNTER:
            decoder, make = AT_COUNTER[verb]
        elif verb in ON_A_TICKET:
            decoder, make = ON_A_TICKET[verb]
        else:
            raise RefusedError("not_found", 404)
        body = read_body(decoder)
        if verb in ON_A_TICKET:
            _check_counter(house, person)
        outcome = house.ask(make(f"c:{person.id}:{verb}:{body.request_id}", person, body))
        ticket = house.web.writer.view.tickets.get(outcome.ticket or "")
        return as_json({"ok": True, "number": ticket.number} if ticket else {"ok": True})

    @pages.post("/api/clerk/take")
    def take() -> Response:
        person = sign_ins.must("clerk")
        body = read_body(_take)
        _check_counter(house, person)
        outcome = house.ask(
            c.TakeTicket(
                request=f"c:{person.id}:take:{body.request_id}",
                service=body.service,
                channel="staff",
                token=new_token(),
                by=person.id,
                priority=body.priority,
            )
        )
        return taken(house, outcome)

    return pages


def _check_counter(house: House, person: Person) -> None:
    if not holds(house.views.moment(), person.counter, person.id):
        raise RefusedError("not_your_counter", 409)
