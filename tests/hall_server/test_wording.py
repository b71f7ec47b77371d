"""What people hear when their ticket is called."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hall_server.queue.wording import call_text, number_words


def test_a_call_is_worded_as_the_halls_of_the_country_do() -> None:
    assert call_text("A012", "3") == "Xin mời số thứ tự A không một hai, đến quầy số ba."


@pytest.mark.parametrize(
    ("ticket", "heard"),
    [
        ("B105", "bê một không năm"),
        ("D024", "dê không hai bốn"),
        ("Đ024", "đê không hai bốn"),
        ("HT007", "hát tê không không bảy"),
        ("A1000", "A một không không không"),
        ("c-3", "xê ba"),
        ("Đ024".replace("Đ", "\u0110"), "đê không hai bốn"),
        ("O\u0302" + "1", "ô một"),
    ],
)
def test_tickets_are_read_letter_by_letter_and_digit_by_digit(ticket: str, heard: str) -> None:
    assert call_text(ticket, "3") == f"Xin mời số thứ tự {heard}, đến quầy số ba."


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "không"),
        (1, "một"),
        (5, "năm"),
        (10, "mười"),
        (11, "mười một"),
        (15, "mười lăm"),
        (20, "hai mươi"),
        (21, "hai mươi mốt"),
        (24, "hai mươi bốn"),
        (35, "ba mươi lăm"),
        (55, "năm mươi lăm"),
        (100, "một trăm"),
        (101, "một trăm linh một"),
        (105, "một trăm linh năm"),
        (111, "một trăm mười một"),
        (115, "một trăm mười lăm"),
        (221, "hai trăm hai mươi mốt"),
        (999, "chín trăm chín mươi chín"),
    ],
)
def test_numbers_are_read_as_people_say_them(number: int, words: str) -> None:
    assert number_words(number) == words


@pytest.mark.parametrize(
    ("counter", "heard"),
    [
        ("12", "mười hai"),
        ("03", "ba"),
        ("A3", "A ba"),
        ("2b", "hai bê"),
        ("1204", "một hai không bốn"),
        ("tiếp-nhận 4", "tiếp nhận bốn"),
    ],
)
def test_a_counter_is_read_as_a_number(counter: str, heard: str) -> None:
    assert call_text("A1", counter).endswith(f", đến quầy số {heard}.")


def test_no_two_counters_sound_the_same() -> None:
    assert len({number_words(number) for number in range(1000)}) == 1000


def test_no_two_letters_sound_the_same() -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZĂÂĐÊÔƠƯ"
    assert len({call_text(letter, "1") for letter in letters}) == len(letters)


@given(st.text(max_size=24), st.text(max_size=24))
def test_any_name_can_be_called(ticket: str, counter: str) -> None:
    words = call_text(ticket, counter)
    assert len(words) <= 500
    assert not any(digit in words for digit in "0123456789")
