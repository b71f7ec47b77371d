"""Made-up cards: a scanner reads each as what it is; halls with real devices have none."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import zxingcpp
from msgspec.structs import replace
from PIL import Image

from hall_server.identity.scan import CitizenCard, ProcedureCode, WrongCard, read
from hall_server.web.app import create_app
from tests.hall_server.web.web_hall import Browser, WebHall


def seen(png: bytes) -> str:
    picture = np.asarray(Image.open(io.BytesIO(png)).convert("L"))
    assert picture.shape == (480, 640)
    (code,) = zxingcpp.read_barcodes(picture)
    return str(code.text)


def test_every_card_is_read_as_what_it_is(hall: WebHall, browser: Browser) -> None:
    cards = browser.get("/demo/cards.json").json
    meanings = [read(seen(browser.get(card["png_url"]).body)) for card in cards]
    people = [one for one in meanings if isinstance(one, CitizenCard)]
    assert [one.name for one in people] == ["TRẦN THỊ MẪU", "NGUYỄN VĂN THỬ", "LÊ THỊ VÍ DỤ"]
    assert meanings[3:] == [WrongCard("health_insurance"), ProcedureCode("khai-sinh")]
    assert all(card["label"] and card["label_en"] for card in cards)


def test_a_card_that_was_never_drawn_is_not_found(browser: Browser) -> None:
    assert browser.get("/demo/card/somebody-real.png").status == 404


def test_a_hall_without_panels_has_no_made_up_cards(hall: WebHall) -> None:
    real = replace(hall.settings, node=[replace(node, panel_url="") for node in hall.settings.node])
    client = create_app(dataclasses.replace(hall.context, settings=real), hall.views).test_client()
    assert client.get("/demo/cards.json").status_code == 404
    assert client.get("/demo/card/tran-thi-mau.png").status_code == 404
