"""What the voice says when a ticket is called: Vietnamese words that any reader speaks right.

Numbers of tickets are read digit by digit, numbers of counters as numbers.  Letters stand by
their Vietnamese names, which a speech program would guess wrongly from a single letter; where
two names sound alike (``dê`` and ``giê`` in the north), the sound of the letter is taken.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_DIGITS: Final = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")

_LETTERS: Final = {
    **{letter: letter for letter in "AEIOU"},
    "B": "bê",
    "C": "xê",
    "D": "dê",
    "F": "ép phờ",
    "G": "gờ",
    "H": "hát",
    "J": "di",
    "K": "ca",
    "L": "lờ",
    "M": "mờ",
    "N": "nờ",
    "P": "pê",
    "Q": "quy",
    "R": "rờ",
    "S": "sờ",
    "T": "tê",
    "V": "vê",
    "W": "vê kép",
    "X": "ích xì",
    "Y": "i dài",
    "Z": "dét",
    "Ă": "á",
    "Â": "ớ",
    "Đ": "đê",
    "Ê": "ê",
    "Ô": "ô",
    "Ơ": "ơ",
    "Ư": "ư",
}


def call_text(ticket: str, counter: str) -> str:
    """The call for a ticket: ``A012`` to ``3`` is "Xin mời số thứ tự A không một hai, ..."."""
    return f"Xin mời số thứ tự {_spelled(ticket)}, đến quầy số {_place(counter)}."


def number_words(number: int) -> str:
    """A whole number from 0 to 999 as people say it (15 is "mười lăm", 21 "hai mươi mốt")."""
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    words: list[str] = []
    if hundreds:
        words += [_DIGITS[hundreds], "trăm"]
        if rest and not tens:
            words.append("linh")
    if tens == 1:
        words.append("mười")
    elif tens:
        words += [_DIGITS[tens], "mươi"]
    if ones == 1 and tens > 1:
        words.append("mốt")
    elif ones == 5 and tens:
        words.append("lăm")
    elif ones or not words:
        words.append(_DIGITS[ones])
    return " ".join(words)


def _spelled(ticket: str) -> str:
    return " ".join(_sign(sign) for sign in _plain(ticket) if sign.isalnum())


def _place(counter: str) -> str:
    parts = re.findall(r"[0-9]+|[^\W\d_]+", _plain(counter))
    return " ".join(_part(part) for part in parts)


def _part(part: str) -> str:
    if part.isdecimal():
        return number_words(int(part)) if len(part) <= 3 else _spelled(part)
    return _sign(part) if len(part) == 1 else part


def _sign(sign: str) -> str:
    if "0" <= sign <= "9":
        return _DIGITS[int(sign)]
    return _LETTERS.get(sign.upper(), sign)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text)
