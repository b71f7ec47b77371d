"""Text that lost its letters between the code and the node: found out, never guessed at.

A scanner that plays a keyboard can type only what its layout has.  Vietnamese letters come out
bare, as question marks, as two or three letters of another alphabet, or not at all.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

ADVICE: Final = (
    "set the scanner to serial (USB-CDC, virtual COM port) and UTF-8, and source = 'serial' in "
    "the settings"
)

_CARD: Final = re.compile(r"[0-9]{12}\|")
_SEXES: Final = ("Nam", "Nữ")
_FEWEST_FIELDS: Final = 5
_MARK_IN_WORD: Final = re.compile(r"[^\W\d_]\?+[^\W\d_]")
_SEVERAL_MARKS: Final = re.compile(r"\?\?")


def why_mangled(text: str) -> str | None:
    """Why ``text`` cannot be what the code says; None where nothing speaks against it.

    The reason holds nothing of the text.
    """
    if "\ufffd" in text:
        return "letters were replaced on the way"
    if any(unicodedata.category(sign) == "Cc" for sign in text.rstrip("\r\n\t")):
        return "it holds control characters"
    if _twice_encoded(text):
        return "UTF-8 was taken for another alphabet"
    if "://" not in text and (_MARK_IN_WORD.search(text) or _SEVERAL_MARKS.search(text)):
        return "letters became question marks"
    if _CARD.match(text):
        return _why_no_card(text)
    return None


def _why_no_card(text: str) -> str | None:
    fields = text.rstrip("\r\n\t").split("|")
    if len(fields) < _FEWEST_FIELDS:
        return "a citizen card with fields missing"
    name, sex = (unicodedata.normalize("NFC", field) for field in (fields[2], fields[4]))
    place = fields[5] if len(fields) > _FEWEST_FIELDS else ""
    if sex not in _SEXES:
        return "the letters of a citizen card are damaged"
    if not name or not all(sign.isalpha() or sign in " '-.’" for sign in name):
        return "the name of a citizen card is damaged"
    # a name may have no marks, an address of several words hardly ever, both together never
    if name.isascii() and len(place.split()) > 2 and place.isascii():
        return "a citizen card without a single Vietnamese letter"
    return None


def _twice_encoded(text: str) -> bool:
    """UTF-8 bytes were taken for letters of Latin-1 or Windows one by one."""
    if text.isascii():
        return False
    for alphabet in ("latin-1", "cp1252", "cp1258"):
        try:
            once = text.encode(alphabet).decode("utf-8")
        except UnicodeError:
            continue
        if once != text:
            return True
    return False
