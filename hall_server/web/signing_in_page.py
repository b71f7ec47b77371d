"""The sign-in page of clerks and of technicians: a form, or JSON from its script."""

from __future__ import annotations

import secrets
from typing import Annotated, Final

import msgspec
from flask import Blueprint, Response, request
from msgspec import Meta, Struct

from hall_server.web.answers import (
    House,
    RefusedError,
    as_json,
    language,
    read_body,
    say,
    see_other,
    wants_json,
)
from hall_server.web.projections.moment import counter_state, names
from hall_server.web.sessions import csrf_token
from hall_server.web.signing_in import Role, SignIns
from hall_server.web.views import SignInCounter, SignInView

_Text = Annotated[str, Meta(max_length=64)]


class _SignIn(Struct):
    clerk: _Text
    pin: _Text
    counter: _Text = ""


_sign_in: Final = msgspec.json.Decoder(_SignIn)


def sign_in_routes(pages: Blueprint, house: House, sign_ins: SignIns, role: Role) -> None:
    """``/clerk/sign-in`` or ``/technician/sign-in``."""
    home = f"/{role}"

    @pages.get(f"/{role}/sign-in")
    def sign_in_page() -> Response:
        return _page(house, role)

    @pages.post(f"/{role}/sign-in")
    def sign_in() -> Response:
        if wants_json():
            body = read_body(_sign_in)
        else:
            form = {key: request.form.get(key, "")[:64] for key in ("clerk", "pin", "counter")}
            body = _SignIn(form["clerk"].strip(), form["pin"], form["counter"].strip())
        try:
            sign_ins.sign_in(role, body.clerk, body.pin, body.counter, secrets.token_hex(16))
        except RefusedError as error:
            if wants_json():
                raise
            return _page(house, role, body.clerk, body.counter, error.code, error.status)
        if wants_json():
            return as_json({"ok": True, "next": home})
        return see_other(home)


def _page(
    house: House,
    role: Role,
    clerk: str = "",
    counter: str = "",
    code: str = "",
    status: int = 200,
) -> Response:
    moment = house.views.moment()
    message = say(f"refusals.{code}", language()) if code else None
    counters = [
        SignInCounter(
            one.id,
            [names(moment, service)[0] for service in one.services],
            [names(moment, service)[1] for service in one.services],
            counter_state(moment, one.id).phase != "closed",
        )
        for one in moment.catalogue.counters.values()
    ]
    view = SignInView(
        moment.state.last_fact,
        moment.now_ms,
        moment.hall,
        role,
        counters if role == "clerk" else [],
        clerk,
        counter,
        message,
    )
    return house.page(
        role,
        view,
        template="sign_in.html",
        csrf=csrf_token(),
        status=status,
        role=role,
        counters=view.counters,
        clerk=clerk,
        counter=counter,
        message=message,
    )
