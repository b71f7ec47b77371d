"""What a scanned text means. Everybody here is made up."""

from __future__ import annotations

import traceback
import unicodedata

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from devices.messages import MAX_SCAN_CHARS
from hall_server.identity.scan import (
    CitizenCard,
    Day,
    ProcedureCode,
    TicketCode,
    WrongCard,
    read,
)

NUMBER = "001190012345"
NAME = "TRẦN THỊ MẪU"
ADDRESS = "Tổ 5, phường Kiến Hưng, quận Hà Đông, Hà Nội"
CARD = f"{NUMBER}|012345678|{NAME}|02091990|Nữ|{ADDRESS}|15082021"
MAU = CitizenCard(
    number=NUMBER,
    old_number="012345678",
    name=NAME,
    born=Day(1990, 9, 2),
    sex="female",
    address=ADDRESS,
    issued=Day(2021, 8, 15),
)

DAMAGED = WrongCard("damaged")
INSURANCE = WrongCard("health_insurance")
UNKNOWN = WrongCard("unknown")


def with_changes(**changes: object) -> CitizenCard:
    return msgspec.structs.replace(MAU, **changes)


def of(number: str, born: str, sex: str) -> str:
    return f"{number}||NGUYỄN VĂN THỬ|{born}|{sex}|{ADDRESS}|15082021"


def test_a_citizen_card_is_read_field_by_field() -> None:
    assert read(CARD) == MAU


@pytest.mark.parametrize(
    ("text", "card"),
    [
        pytest.param(
            CARD.replace("012345678|", "|"), with_changes(old_number=None), id="no old number"
        ),
        pytest.param(
            CARD.replace("|012345678|", "|001090054321|"),
            with_changes(old_number="001090054321"),
            id="an old number of 12 digits",
        ),
        pytest.param(
            CARD.replace("|012345678|", "|không|"), with_changes(old_number=None), id="old: words"
        ),
        pytest.param(CARD + "||TRẦN VĂN CHA|LÊ THỊ MẸ", MAU, id="2024, ten fields"),
        pytest.param(CARD + "|||||||", MAU, id="2024, many empty fields"),
        pytest.param(
            f"{NUMBER}|012345678|{NAME}|02091990|Nữ",
            with_changes(address=None, issued=None),
            id="ends after the sex",
        ),
        pytest.param(
            f"{NUMBER}|012345678|{NAME}|02091990|Nữ|",
            with_changes(address=None, issued=None),
            id="ends after the sex's bar",
        ),
        pytest.param(CARD.replace("02091990", "02/09/1990"), MAU, id="born with strokes"),
        pytest.param(CARD.replace("02091990", "2/9/1990"), MAU, id="born with strokes, short"),
        pytest.param(CARD.replace("15082021", "15/08/2021"), MAU, id="issued with strokes"),
        pytest.param(CARD.replace(ADDRESS, ""), with_changes(address=None), id="address empty"),
        pytest.param(
            CARD.replace(f"|{ADDRESS}", ""), with_changes(address=None), id="address left out"
        ),
        pytest.param(CARD[:-8], with_changes(issued=None), id="date of issue empty"),
        pytest.param(CARD[:-9], with_changes(issued=None), id="date of issue left out"),
        pytest.param(CARD[:-3], with_changes(issued=None), id="date of issue cut"),
        pytest.param(
            CARD[:-8] + "31022021", with_changes(issued=None), id="issued on a day that never was"
        ),
        pytest.param(CARD + "\r", MAU, id="CR"),
        pytest.param(CARD + "\r\n", MAU, id="CR LF"),
        pytest.param(CARD + "\t", MAU, id="Tab"),
        pytest.param("\ufeff" + CARD + " ", MAU, id="byte order mark and a space"),
        pytest.param(unicodedata.normalize("NFD", CARD), MAU, id="letters in pieces"),
        pytest.param(CARD.replace("|", " | "), MAU, id="spaces at the bars"),
        pytest.param(CARD.replace("THỊ", " THỊ\u00a0"), MAU, id="odd spaces in the name"),
        pytest.param(CARD.replace("Nữ", "NỮ"), MAU, id="sex in capitals"),
        pytest.param(
            CARD.replace(NAME, "H'HEN NIÊ"), with_changes(name="H'HEN NIÊ"), id="apostrophe"
        ),
        pytest.param(
            CARD.replace(ADDRESS, "T\ufffd 5"), with_changes(address=None), id="address mangled"
        ),
    ],
)
def test_every_shape_of_the_card_in_the_wild_is_read(text: str, card: CitizenCard) -> None:
    assert read(text) == card


@pytest.mark.parametrize(
    ("number", "born", "sex"),
    [
        ("001090012345", "02091990", "Nam"),
        ("001190012345", "02091990", "Nữ"),
        ("001205012345", "02092005", "Nam"),
        ("001305012345", "02092005", "Nữ"),
        ("001400012345", "02092100", "Nam"),
        ("001999012345", "02092399", "Nữ"),
        ("001300012345", "29022000", "Nữ"),
        ("038090012345", "02091990", "Nam"),
        ("099090012345", "02091990", "Nam"),
        ("840090012345", "02091990", "Nam"),
    ],
)
def test_each_century_sex_and_place_of_birth_is_read(number: str, born: str, sex: str) -> None:
    card = read(of(number, born, sex))
    assert isinstance(card, CitizenCard)
    assert card.number == number


@pytest.mark.parametrize(
    ("born", "day", "shown"),
    [
        ("00001990", Day(1990), "1990"),
        ("00/00/1990", Day(1990), "1990"),
        ("1990", Day(1990), "1990"),
        ("00091990", Day(1990, 9), "09/1990"),
        ("01011990", Day(1990, 1, 1), "01/01/1990"),
        ("31121990", Day(1990, 12, 31), "31/12/1990"),
    ],
)
def test_a_birth_known_by_its_year_alone_is_read(born: str, day: Day, shown: str) -> None:
    card = read(of("001090012345", born, "Nam"))
    assert isinstance(card, CitizenCard)
    assert card.born == day
    assert card.born.shown() == shown


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(of("001190012345", "02091990", "Nam"), id="number of a woman, a man's card"),
        pytest.param(of("001090012345", "02091990", "Nữ"), id="number of a man, a woman's card"),
        pytest.param(of("001091012345", "02091990", "Nam"), id="another year"),
        pytest.param(of("001290012345", "02091990", "Nam"), id="another century"),
        pytest.param(of("001090012345", "02092090", "Nam"), id="born in another century"),
        pytest.param(of("001090012345", "31021990", "Nam"), id="a day that never was"),
        pytest.param(of("001090012345", "29021990", "Nam"), id="no leap year"),
        pytest.param(of("001090012345", "02131990", "Nam"), id="a thirteenth month"),
        pytest.param(of("001090012345", "02001990", "Nam"), id="a day of no month"),
        pytest.param(of("001090012345", "00000000", "Nam"), id="no year"),
        pytest.param(of("001090012345", "", "Nam"), id="no birth"),
        pytest.param(of("001090012345", "02091990", "N"), id="cut in the sex"),
        pytest.param(of("001090012345", "02091990", ""), id="no sex"),
        pytest.param(of("00109001234", "02091990", "Nam"), id="eleven digits"),
        pytest.param(of("0010900l2345", "02091990", "Nam"), id="a letter among the digits"),
        pytest.param(of("٠٠١٠٩٠٠١٢٣٤٥", "02091990", "Nam"), id="digits of another script"),
        pytest.param(CARD.replace(NAME, ""), id="no name"),
        pytest.param(CARD.replace(NAME, "TR?N TH? M?U"), id="letters that could not be typed"),
        pytest.param(CARD.replace(NAME, "TR\ufffdN"), id="letters that could not be read"),
        pytest.param(CARD.replace(NAME, "A" * 121), id="a name beyond all names"),
        pytest.param(CARD.replace(NAME, "TRẦN 2"), id="a digit in the name"),
        pytest.param(f"{NUMBER}|012345678|{NAME}|0209", id="cut in the birth"),
        pytest.param(f"{NUMBER}|", id="cut after the number"),
    ],
)
def test_a_card_that_contradicts_itself_or_is_cut_short_is_damaged(text: str) -> None:
    assert read(text) == DAMAGED


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            f"DN4010112345678|{NAME.encode().hex()}|02/09/1990|2|{ADDRESS.encode().hex()}|"
            "01 - 139|01/01/2021|-|01/01/2021|0112345678|-|4|01/01/2026|ab12-7|$",
            id="as printed",
        ),
        pytest.param(f"0112345678|{NAME.encode().hex().upper()}|02/09/1990|2", id="ten digits"),
        pytest.param(f"{NUMBER}|{NAME.encode().hex()}|02/09/1990|2|x", id="with citizen's number"),
        pytest.param("DN4010112345678|5452e1ba|02/09/1990|2|x|$", id="name cut within a letter"),
    ],
)
def test_a_health_insurance_card_is_told_from_a_citizen_card(text: str) -> None:
    assert read(text) == INSURANCE


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \r\n\t",
        "\0",
        "|",
        "||||||",
        NUMBER,
        "8934567890123",
        "eyJhbGciOiJFUzI1NiJ9.eyJ2bmVpZCI6Im9wYXF1ZSJ9.c2lnbmF0dXJl",
        "00020101021238570010A00000072701270006970454011300110123456780208QRIBFTTA53037045802VN6304",
        "http://",
        "https://example.org/",
        "Xin chào",
        "a|b|c",
        CARD + " " * MAX_SCAN_CHARS,
        "1" * (MAX_SCAN_CHARS + 1),
    ],
)
def test_whatever_the_hall_does_not_know_is_unknown(text: str) -> None:
    assert read(text) == UNKNOWN


TOKEN = "AbCdEfGh12345678_-"


@pytest.mark.parametrize(
    "url",
    [
        f"http://192.168.1.5:8080/t/{TOKEN}",
        f"https://motcua.example.vn/t/{TOKEN}",
        f"https://example.vn/mot-cua/kien-hung/t/{TOKEN}",
        f"HTTPS://EXAMPLE.VN/t/{TOKEN}/\r\n",
    ],
)
def test_the_code_on_a_ticket_gives_its_token(url: str) -> None:
    assert read(url) == TicketCode(TOKEN)


def test_a_token_is_16_to_64_letters_that_a_url_needs_not_wrap() -> None:
    assert read("http://h/t/" + "a" * 16) == TicketCode("a" * 16)
    assert read("http://h/t/" + "a" * 64) == TicketCode("a" * 64)
    for token in ("a" * 15, "a" * 65, "a" * 16 + "%41", "a" * 16 + "/x", "ă" * 16, "a" * 16 + "?q"):
        assert read("http://h/t/" + token) == UNKNOWN


@pytest.mark.parametrize("code", ["1.001193", "HT-01", "2.000635.000.00.00.H26", "a" * 40])
def test_the_code_on_the_wall_gives_its_procedure(code: str) -> None:
    assert read(f"http://192.168.1.5:8080/p/{code}") == ProcedureCode(code)


@pytest.mark.parametrize(
    "url",
    [
        "http://h/p/",
        "http://h/p/" + "a" * 41,
        "http://h/p/a b",
        "http://h/p/a_b",
        "http:///p/1.001193",
        "ftp://h/p/1.001193",
        "javascript:alert(1)//http://h/p/1.001193",
        "xhttp://h/p/1",
        "http://h/p/1\nhttp://h/p/2",
    ],
)
def test_an_address_of_another_shape_is_unknown(url: str) -> None:
    assert read(url) == UNKNOWN


def test_a_number_is_masked_as_the_screens_show_it() -> None:
    assert MAU.masked() == "001 1 90 ••••••"


def test_a_card_shows_nothing_of_its_person_where_programs_show_values() -> None:
    card = read(CARD)
    shown = f"{card} {card!r} {[card]} {read('http://h/t/' + TOKEN)}"
    pretty, field = "__rich_repr__", "name"
    shown += str(getattr(card, pretty)())
    try:
        setattr(card, field, "?")
    except AttributeError:
        shown += traceback.format_exc()
    assert "immutable" in shown
    for secret in (NUMBER, NAME, "MẪU", ADDRESS, "1990", "012345678", TOKEN):
        assert secret not in shown
    assert "CitizenCard(<withheld>)" in shown


@given(st.text(max_size=300))
@example("٣" * 12 + "|a|b|c|Nam")
@example("²" * 12 + "||A|02091990|Nam")
@example("http://h/t/" + "/t/" * 400)
def test_no_text_whatever_makes_reading_fail(text: str) -> None:
    assert isinstance(read(text), CitizenCard | TicketCode | ProcedureCode | WrongCard)


PIECES = st.sampled_from(
    ["|", NUMBER, NAME, "Nam", "Nữ", "02091990", "02/09/1990", "0", "\r\n", "4e47", ADDRESS, "\0"]
)


@given(st.lists(PIECES | st.text(max_size=3), max_size=30).map("".join))
def test_no_heap_of_card_pieces_makes_reading_fail(text: str) -> None:
    assert isinstance(read(text), CitizenCard | TicketCode | ProcedureCode | WrongCard)


@given(cut=st.integers(0, len(CARD)))
def test_a_card_cut_anywhere_never_becomes_another_person(cut: int) -> None:
    meaning = read(CARD[:cut])
    if isinstance(meaning, CitizenCard):
        assert (meaning.number, meaning.name, meaning.born, meaning.sex) == (
            MAU.number,
            MAU.name,
            MAU.born,
            MAU.sex,
        )
        assert meaning.issued in (None, MAU.issued)
    else:
        assert meaning in (DAMAGED, UNKNOWN)


LETTERS = st.text(
    st.sampled_from("AĂÂBCDĐEÊGHIKLMNOÔƠPQRSTUƯVXYẢẠẰẾỔỜỮỶ "), min_size=1, max_size=40
)


@given(
    place=st.integers(1, 999),
    year=st.integers(1900, 2099),
    month=st.integers(1, 12),
    day=st.integers(1, 28),
    female=st.booleans(),
    tail=st.integers(0, 999_999),
    name=LETTERS.map(lambda text: " ".join(text.split())).filter(bool),
    pieces=st.booleans(),
)
def test_every_card_that_can_be_made_is_read_back(
    place: int, year: int, month: int, day: int, female: bool, tail: int, name: str, pieces: bool
) -> None:
    number = f"{place:03}{(year // 100 - 19) * 2 + female}{year % 100:02}{tail:06}"
    text = (
        f"{number}||{name}|{day:02}{month:02}{year}|{'Nữ' if female else 'Nam'}|{name} 1|01012022"
    )
    assert read(unicodedata.normalize("NFD", text) if pieces else text) == CitizenCard(
        number=number,
        old_number=None,
        name=name,
        born=Day(year, month, day),
        sex="female" if female else "male",
        address=f"{name} 1",
        issued=Day(2022, 1, 1),
    )
