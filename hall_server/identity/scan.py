"""What a scanned text means: a citizen card, a ticket, a procedure on the wall, or a wrong card.

Pure reading: nothing here is kept, and no text shown by a program (repr, str, an error) tells
who a card belongs to.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Final, Literal

from msgspec import Struct

from devices.messages import MAX_SCAN_CHARS

Sex = Literal["male", "female"]


class Day(Struct, frozen=True):
    """A date as a card has it; some births are known by their year alone."""

    year: int
    month: int | None = None
    day: int | None = None

    def shown(self) -> str:
        """As Vietnamese forms have it: ``02/09/1990``, ``09/1990`` or ``1990``."""
        parts = [f"{part:02d}" for part in (self.day, self.month) if part is not None]
        return "/".join([*parts, f"{self.year:04d}"])


class _Withheld(Struct, frozen=True):
    """Something that shows its kind and never its contents."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(<withheld>)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return []


class CitizenCard(_Withheld, frozen=True):
    """The QR code of a citizen card (CCCD, Căn cước), all letters in NFC."""

    number: str
    """12 digits: 3 where the birth was registered, century and sex, 2 birth year, 6 random."""
    old_number: str | None
    """The identity card's number before, most often 9 digits."""
    name: str
    born: Day
    sex: Sex
    address: str | None
    issued: Day | None

    def masked(self) -> str:
        """The number as a screen may show it: ``001 1 90 ••••••``."""
        return f"{self.number[:3]} {self.number[3]} {self.number[4:6]} ••••••"


class TicketCode(_Withheld, frozen=True):
    """The code on a ticket; who has its token may see and rate the visit."""

    token: str


class ProcedureCode(Struct, frozen=True):
    """The code on the wall beside a procedure."""

    code: str


class WrongCard(Struct, frozen=True):
    """Nothing that the hall can use; ``kind`` chooses the words that say so politely."""

    kind: Literal["health_insurance", "damaged", "unknown"]


Meaning = CitizenCard | TicketCode | ProcedureCode | WrongCard

_HOST: Final = r"https?://[^/\s?#|]+(?:/[^\s?#|]*)?"
_TICKET: Final = re.compile(rf"(?i:{_HOST})/t/([A-Za-z0-9_-]{{16,64}})/?")
_PROCEDURE: Final = re.compile(rf"(?i:{_HOST})/p/([A-Za-z0-9.-]{{1,40}})/?")

_NUMBER: Final = re.compile(r"[0-9]{12}")
_OLD_NUMBER: Final = re.compile(r"[0-9]{8,12}")
_DAY: Final = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{4})")
_PARTED_DAY: Final = re.compile(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})")
_YEAR: Final = re.compile(r"[0-9]{4}")
_INSURANCE_NUMBER: Final = re.compile(r"[A-Z]{2}[0-9]{13}|[0-9]{10}")
_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2}){3,}")

_SEXES: Final[dict[str, Sex]] = {"nam": "male", "nữ": "female"}
_MONTH_DAYS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_NAME_MARKS: Final = frozenset(" '’‘ʼ`.,-()")
"""As in the names H'Hen Niê and K'Brôi."""
_LONGEST_NAME: Final = 120
_LONGEST_ADDRESS: Final = 500


def read(text: str) -> Meaning:
    """What ``text``, as a scanner read it, means; never an error, whatever the text.

    A citizen card has ``number|old number|name|born|sex|address|issued``; the card of 2024 has
    more behind them, whose order is not published and which are not read.  Five are enough.
    """
    if len(text) > MAX_SCAN_CHARS:
        return WrongCard("unknown")
    text = unicodedata.normalize("NFC", text).strip(" \t\r\n\0\ufeff")
    if ticket := _TICKET.fullmatch(text):
        return TicketCode(ticket.group(1))
    if procedure := _PROCEDURE.fullmatch(text):
        return ProcedureCode(procedure.group(1))
    fields = [" ".join(field.split()) for field in text.split("|")]
    if card := _card(fields):
        return card
    if _is_insurance(fields):
        return WrongCard("health_insurance")
    return WrongCard("damaged" if _was_a_card(fields) else "unknown")


def _card(fields: list[str]) -> CitizenCard | None:
    """The card of these fields; None where they are too few, unreadable or contradictory."""
    if len(fields) < 5:
        return None
    number, old_number, name, born_text, sex_text = fields[:5]
    born = _day(born_text)
    sex = _SEXES.get(sex_text.casefold())
    if not _NUMBER.fullmatch(number) or born is None or sex is None or not _is_name(name):
        return None
    if not _agrees(number, born, sex):
        return None
    address, issued = _address_and_issue(fields[5:7])
    return CitizenCard(
        number=number,
        old_number=old_number if _OLD_NUMBER.fullmatch(old_number) else None,
        name=name,
        born=born,
        sex=sex,
        address=address,
        issued=issued,
    )


def _agrees(number: str, born: Day, sex: Sex) -> bool:
    """Digit 4 names sex and century (0 and 1: 19xx, 2 and 3: 20xx, ...), 5 and 6 the year.

    Source: Decree 137/2015/ND-CP, article 13, and Circular 59/2021/TT-BCA, article 4.  There is
    no check digit.  The first three digits are not held against a list: provinces merge.
    """
    century, female = divmod(int(number[3]), 2)
    year = (19 + century) * 100 + int(number[4:6])
    return born.year == year and (sex == "female") == bool(female)


def _address_and_issue(fields: list[str]) -> tuple[str | None, Day | None]:
    """Fields six and seven, either of which may be empty or left out."""
    if len(fields) == 1:
        # one field alone is the date when it reads as one: no address does
        day = _full_day(fields[0])
        return (None, day) if day else (_address(fields[0]), None)
    if len(fields) == 2:
        return _address(fields[0]), _full_day(fields[1])
    return None, None


def _address(text: str) -> str | None:
    """An address that a form can take over; a mangled one is left for the clerk to ask."""
    fits = 0 < len(text) <= _LONGEST_ADDRESS and text.isprintable() and "\ufffd" not in text
    return text if fits else None


def _is_name(text: str) -> bool:
    return (
        0 < len(text) <= _LONGEST_NAME
        and any(letter.isalpha() for letter in text)
        # a "?" or U+FFFD stands where a scanner that types could not type a letter
        and all(letter.isalpha() or letter in _NAME_MARKS for letter in text)
    )


def _day(text: str) -> Day | None:
    """A date as ``ddmmyyyy``, ``dd/mm/yyyy`` or ``yyyy``; 00 stands for a part nobody knows.

    The 1st of January stays what it is: for some it stands for "that year", for others it is
    the birthday, and a form must say what the card says.
    """
    if _YEAR.fullmatch(text):
        return Day(int(text)) if int(text) else None
    found = _DAY.fullmatch(text) or _PARTED_DAY.fullmatch(text)
    if not found:
        return None
    day, month, year = (int(part) for part in found.groups())
    if not year or month > 12:
        return None
    if not month:
        return None if day else Day(year)
    if not day:
        return Day(year, month)
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if day > _MONTH_DAYS[month - 1] or (month == 2 and day == 29 and not leap):
        return None
    return Day(year, month, day)


def _full_day(text: str) -> Day | None:
    day = _day(text)
    return day if day and day.day else None


def _is_insurance(fields: list[str]) -> bool:
    """A health-insurance card: its number, then the name as hexadecimal UTF-8."""
    if len(fields) < 3:
        return False
    named = _is_name(_from_hex(fields[1]))
    return named or (bool(_INSURANCE_NUMBER.fullmatch(fields[0])) and len(fields) >= 5)


def _from_hex(text: str) -> str:
    if not _HEX.fullmatch(text):
        return ""
    try:
        return bytes.fromhex(text).decode("utf-8")
    except UnicodeDecodeError:
        return ""


def _was_a_card(fields: list[str]) -> bool:
    """Most of a citizen card is there: say that it cannot be read, not that it is another."""
    if len(fields) < 2:
        return False
    return bool(_NUMBER.fullmatch(fields[0])) or (
        len(fields) >= 5 and fields[4].casefold() in _SEXES
    )
