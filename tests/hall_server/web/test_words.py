"""The words of the pages: complete, in both languages, and none that nobody says."""

from __future__ import annotations

import re
import string
import unicodedata
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from hall_server.catalogue import PRIORITY_REASONS
from hall_server.commands import Code
from hall_server.web import words
from hall_server.web.views import KioskScan

WEB = Path(words.__file__).parent
PAGES = (
    "board",
    "kiosk",
    "counter",
    "ticket",
    "procedure",
    "clerk",
    "technician",
    "start",
    "error",
    "common",
    "refusals",
)
KEY = re.compile(rf"""["'`]((?:{"|".join(PAGES)})\.[A-Za-z0-9_.${{}}\- ]+)["'`]""")
SCRIPTS = sorted((WEB / "static/js").glob("*.js"))
TEMPLATES = sorted((WEB / "templates").glob("*.html"))
OF_PAGE = {
    "kiosk_screens.js": "kiosk",
    "clerk_view.js": "clerk",
    "choosing.js": "clerk",
    "panel.js": "start",
}
"""Scripts that only one page loads, where their name does not say which."""
BY_THE_HALL = re.compile(r"^(refusals|error)\.|\.one$|\.sign_in\.")
"""Said by the server, or chosen by a number, or by a role's name in the sign-in template."""


def keys_in(path: Path) -> list[str]:
    return [key for key in KEY.findall(path.read_text(encoding="utf-8")) if not key.endswith(".js")]


def known(key: str) -> bool:
    if "${" not in key:
        return key in words.WORDS
    pattern = re.sub(r"\\\$\\\{[^}]*\\\}", "[A-Za-z0-9_-]+", re.escape(key))
    return any(re.fullmatch(pattern, one) for one in words.WORDS)


@pytest.mark.parametrize("path", [*SCRIPTS, *TEMPLATES], ids=lambda path: path.name)
def test_every_word_that_a_page_asks_for_is_there(path: Path) -> None:
    missing = [key for key in keys_in(path) if not known(key)]
    assert missing == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_uses_only_the_words_that_its_page_is_handed(path: Path) -> None:
    page = OF_PAGE.get(path.name, path.stem)
    foreign = [key for key in keys_in(path) if not key.startswith((f"{page}.", "common."))]
    assert foreign == []


def test_no_word_is_kept_that_nobody_says() -> None:
    asked = [key for path in (*SCRIPTS, *TEMPLATES) for key in keys_in(path)]
    patterns = [
        re.compile(re.sub(r"\\\$\\\{[^}]*\\\}", "[A-Za-z0-9_-]+", re.escape(key))) for key in asked
    ]
    reasons = re.compile(r"clerk\.(park|pause|call)_reason\.\w+")  # named by group and key
    silent = [
        key
        for key in words.WORDS
        if not BY_THE_HALL.search(key)
        and not reasons.fullmatch(key)
        and not any(pattern.fullmatch(key) for pattern in patterns)
    ]
    assert silent == []


@pytest.mark.parametrize("key", words.WORDS)
def test_each_word_is_whole_in_both_languages(key: str) -> None:
    vi, en = words.WORDS[key]
    assert vi.strip() == vi
    assert en.strip() == en
    assert vi
    assert en
    assert unicodedata.is_normalized("NFC", vi)
    assert unicodedata.is_normalized("NFC", en)
    named = [
        {name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (vi, en)
    ]
    if not key.endswith(".one"):
        assert named[0] == named[1]


def test_the_english_singular_stands_beside_its_plural() -> None:
    alone = [key for key in words.WORDS if key.endswith(".one") and key[:-4] not in words.WORDS]
    assert alone == []


def test_every_refusal_says_what_happened_and_what_to_do_now() -> None:
    more = {"busy", "disk", "slow", "stopped", "wrong_pin", "locked_out", "kiosk_key"}
    codes = {*get_args(Code), *more, "bad_request"} - {"ok"}
    assert {code for code in codes if f"refusals.{code}" not in words.WORDS} == set()


def test_every_priority_reason_of_the_decree_has_its_name() -> None:
    assert all(f"common.priority.{reason}" in words.WORDS for reason in PRIORITY_REASONS)


@pytest.mark.parametrize("levels", [3, 4, 5])
def test_every_level_of_every_scale_has_its_name(levels: int) -> None:
    assert all(f"common.rating.{levels}.{level}" in words.WORDS for level in range(1, levels + 1))


def test_every_wrong_card_is_answered_politely() -> None:
    what = get_args(get_type_hints(KioskScan)["what"])
    wrong = [one for one in what if one.startswith(("wrong", "unknown"))]
    assert len(wrong) == 5
    for one in wrong:
        assert f"kiosk.wrong.{one}" in words.WORDS
        assert "Mời" in words.WORDS[f"kiosk.wrong.{one}.how"][0]


def test_a_page_is_handed_its_own_words_and_the_common_ones_alone() -> None:
    handed = words.for_page("board", "en")
    assert handed["board.please"] == "Now calling"
    assert {key.split(".")[0] for key in handed} == {"board", "common"}


def test_words_are_filled_in() -> None:
    assert words.t("common.counter", "vi", counter="3") == "Quầy 3"
    with pytest.raises(KeyError):
        words.t("common.counter", "vi", number="3")


def test_no_page_carries_a_script_or_a_style_in_its_text() -> None:
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        assert re.findall(r"<script(?![^>]*(src=|application/json))[^>]*>", text) == []
        assert re.findall(r"\sstyle=|\son[a-z]+=|<style", text) == []


def test_no_script_reads_what_the_hall_says_as_html() -> None:
    for path in SCRIPTS:
        text = path.read_text(encoding="utf-8")
        assert re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write", text) == []
