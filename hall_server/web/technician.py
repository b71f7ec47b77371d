"""The technician's page: nodes, alarms, dead letters, and how the hall's own parts are."""

from __future__ import annotations

import hashlib
from typing import Annotated, Final

import msgspec
from flask import Blueprint, Response
from msgspec import Meta, Struct

from devices import desired_settings
from devices.messages import CommandKind
from devices.settings_file import SettingsError
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
from hall_server.web.sessions import commands_need_token, csrf_token
from hall_server.web.signing_in import SignIns
from hall_server.web.signing_in_page import sign_in_routes


class _Settings(Struct):
    request_id: Annotated[str, REQUEST_ID]
    node: Annotated[str, Meta(max_length=64)]
    text: Annotated[str, Meta(max_length=20_000)]


class _Command(Struct):
    request_id: Annotated[str, REQUEST_ID]
    node: Annotated[str, Meta(max_length=64)]
    command: CommandKind


_settings: Final = msgspec.json.Decoder(_Settings)
_command: Final = msgspec.json.Decoder(_Command)


def _check_node(house: House, node: str) -> None:
    if node not in house.web.nodes:
        raise RefusedError("unknown_node", 404)


def technician_pages(house: House, sign_ins: SignIns) -> Blueprint:
    """Sign-in and the page."""
    pages = Blueprint("technician", __name__)
    commands_need_token(pages)
    sign_in_routes(pages, house, sign_ins, "technician")

    @pages.get("/technician")
    def technician() -> Response:
        if sign_ins.who("technician") is None:
            return see_other("/technician/sign-in")
        view = house.views.technician()
        return house.page("technician", view, "/live/technician", csrf=csrf_token())

    @pages.get("/api/view/technician")
    def technician_view() -> Response:
        sign_ins.must("technician")
        return as_json(house.views.technician())

    @pages.get("/live/technician")
    def technician_live() -> Response:
        person = sign_ins.who("technician")
        return let_in("technician", person.until_ms) if person else send_away()

    @pages.post("/api/technician/settings")
    def settings() -> Response:
        person = sign_ins.must("technician")
        body = read_body(_settings)
        _check_node(house, body.node)
        text = body.text.replace("\r\n", "\n").strip()
        try:
            desired_settings.read(text)
        except SettingsError as error:
            return as_json({"ok": False, "code": "settings_wrong", "message": str(error)}, 422)
        request = f"t:{person.id}:settings:{body.request_id}"
        house.ask(c.WantSettings(request=request, node=body.node, text=text, by=person.id))
        return as_json({"ok": True})

    @pages.post("/api/technician/command")
    def command() -> Response:
        person = sign_ins.must("technician")
        body = read_body(_command)
        _check_node(house, body.node)
        id_ = hashlib.sha256(f"{person.id}:{body.request_id}".encode()).hexdigest()[:32]
        road = house.web.road
        if road is None or not road.command(body.node, body.command, id_):
            raise RefusedError("broker_away", 503)
        house.views.tell()
        return as_json({"ok": True})

    @pages.post("/technician/sign-out")
    def sign_out() -> Response:
        person = sign_ins.who("technician")
        if person is not None:
            sign_ins.sign_out(person)
        if wants_json():
            return as_json({"ok": True})
        return see_other("/technician/sign-in")

    return pages
