"""The form of a scanned card: for one clerk's visit, and not for long."""

from __future__ import annotations

import pytest

from hall_server.card_forms import KEPT_MS, WRONG_CARD_SHOWN_MS, CardForms
from hall_server.identity.scan import CitizenCard, read

MADE_UP = "001190000001||NGUYỄN THỊ MẪU|02091990|Nữ|Số 1 phố Mẫu, Hà Nội|01012022"


@pytest.fixture
def forms() -> CardForms:
    forms = CardForms()
    card = read(MADE_UP)
    assert isinstance(card, CitizenCard)
    forms.fill("1", "ha", "20261123-A001", card, 1_000)
    return forms


def test_a_form_is_for_the_clerk_and_the_visit_that_it_was_read_for(forms: CardForms) -> None:
    form = forms.form_for("1", "ha", "20261123-A001", 1_000)
    assert form is not None
    assert form.name == "NGUYỄN THỊ MẪU"
    assert form.number_masked == "001 1 90 ••••••"
    assert forms.form_for("1", "binh", "20261123-A001", 1_000) is None
    assert forms.form_for("1", "ha", "20261123-A002", 1_000) is None
    assert forms.form_for("2", "ha", "20261123-A001", 1_000) is None


def test_a_form_is_forgotten_after_a_quarter_of_an_hour_and_does_not_come_back(
    forms: CardForms,
) -> None:
    assert KEPT_MS == 15 * 60_000
    assert forms.form_for("1", "ha", "20261123-A001", 1_000 + KEPT_MS) is not None
    assert forms.form_for("1", "ha", "20261123-A001", 1_001 + KEPT_MS) is None
    assert forms.form_for("1", "ha", "20261123-A001", 1_000) is None


@pytest.mark.parametrize("now", [("ha", "20261123-A002"), ("binh", "20261123-A001"), (None, None)])
def test_the_next_visit_or_clerk_finds_no_form(
    forms: CardForms, now: tuple[str | None, str | None]
) -> None:
    forms.keep_only({"1": ("ha", "20261123-A001")})
    assert forms.form_for("1", "ha", "20261123-A001", 1_000) is not None
    forms.keep_only({"1": now})
    assert forms.form_for("1", "ha", "20261123-A001", 1_000) is None


def test_a_wrong_card_is_told_for_a_short_while(forms: CardForms) -> None:
    forms.wrong("1", "wrong_health_insurance", 5_000)
    assert forms.message_for("1", "ha", 5_000 + WRONG_CARD_SHOWN_MS) == "wrong_health_insurance"
    assert forms.message_for("1", "ha", 5_001 + WRONG_CARD_SHOWN_MS) is None
