"""The technician's page: nodes, alarms, dead letters, and how the hall's own parts are."""

from __future__ import annotations

from flask import Blueprint, Response

from hall_server.web.answers import House, as_json, let_in, see_other, send_away, wants_json
from hall_server.web.sessions import commands_need_token, csrf_token
from hall_server.web.signing_in import SignIns
from hall_server.web.signing_in_page import sign_in_routes


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

    @pages.post("/technician/sign-out")
    def sign_out() -> Response:
        person = sign_ins.who("technician")
        if person is not None:
            sign_ins.sign_out(person)
        if wants_json():
            return as_json({"ok": True})
        return see_other("/technician/sign-in")

    return pages
