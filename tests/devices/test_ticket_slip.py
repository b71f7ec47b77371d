"""What stands on a slip: every Vietnamese letter, a code that scans, and nothing cut off."""

from __future__ import annotations

import unicodedata
from typing import Any

import numpy as np
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from PIL import Image

from devices import errors
from devices.messages import PrintJob
from devices.ticket_printer import escpos, slip

JOB = PrintJob(
    id=7,
    asked_wall_ms=1_795_400_000_000,  # 2026-11-23 09:13 in Ha Noi
    number="A012",
    service="Đất đai, xây dựng và môi trường",
    hall="Bộ phận một cửa phường Kiến Hưng",
    url="http://192.168.10.5:8080/t/AbCdEfGhIjKlMnOpQrStUv",
    utc_offset_minutes=420,
    place=4,
    wait_low_minutes=11,
    wait_high_minutes=17,
)
WIDTHS = sorted(slip.PAPER_DOTS.values())


def ink(picture: Image.Image) -> Any:
    return ~np.asarray(picture)


@pytest.mark.parametrize("weight", ["plain", "bold"])
def test_the_type_has_every_vietnamese_letter(weight: slip.Weight) -> None:
    face = slip.font(weight, 40)
    missing = bytes(face.getmask("\U0010fffe"))
    letters = slip.VIETNAMESE + slip.VIETNAMESE.upper() + "0123456789.,:/-"
    for letter in letters:
        drawn = face.getmask(letter)
        assert drawn.getbbox() is not None, letter
        assert bytes(drawn) != missing, letter


def test_the_list_of_vietnamese_letters_is_whole() -> None:
    vowels = "aăâeêioôơuưy"
    marks = ("", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323")
    toned = {unicodedata.normalize("NFC", vowel + mark) for vowel in vowels for mark in marks}
    assert set(slip.VIETNAMESE) == toned | set("bcdđfghjklmnpqrstvwxz")


@pytest.mark.parametrize("width", WIDTHS)
def test_the_code_on_the_slip_scans_and_has_its_quiet_zone(width: int) -> None:
    picture = slip.draw(JOB, width)
    assert picture.size[0] == width
    (found,) = zxingcpp.read_barcodes(np.asarray(picture.convert("L")))
    assert found.text == JOB.url
    assert found.ec_level == "M"
    corner = found.position
    left, right = corner.top_left.x, corner.top_right.x
    top, bottom = corner.top_left.y, corner.bottom_left.y
    modules = 33  # version 4
    zone = round((right - left) / modules * slip.QUIET_ZONE) - 1
    black = ink(picture)
    around = black[top - zone : bottom + zone, left - zone : right + zone].copy()
    around[zone - 1 : -zone + 2, zone - 1 : -zone + 2] = False
    assert not around.any()


@pytest.mark.parametrize("width", WIDTHS)
@settings(max_examples=25, deadline=None)
@given(
    number=st.text("ABCDĐ0123456789", min_size=1, max_size=12),
    service=st.text(slip.VIETNAMESE + " ", max_size=200),
    hall=st.text(slip.VIETNAMESE.upper() + " ", max_size=120),
)
def test_nothing_is_cut_off_however_long_the_names(
    width: int, number: str, service: str, hall: str
) -> None:
    picture = slip.draw(replace(JOB, number=number, service=service, hall=hall), width)
    black = ink(picture)
    edge = 2
    assert not black[:, :edge].any()
    assert not black[:, -edge:].any()
    assert not black[-edge:].any()
    (found,) = zxingcpp.read_barcodes(np.asarray(picture.convert("L")))
    assert found.text == JOB.url


def test_the_number_is_several_times_larger_than_anything_else() -> None:
    rows = ink(slip.draw(JOB, 576)).any(axis=1)
    heights = [len(run) for run in "".join("#" if row else " " for row in rows).split()]
    by_size = sorted(heights)
    code, number = by_size[-1], by_size[-2]
    assert code > number > 2.5 * by_size[-3]


def test_letters_taken_apart_are_printed_as_whole_ones() -> None:
    apart = replace(JOB, service=unicodedata.normalize("NFD", JOB.service))
    assert slip.draw(apart, 576).tobytes() == slip.draw(JOB, 576).tobytes()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, ["Trước ông, bà còn 3 người", "Còn khoảng 11-17 phút"]),
        (
            {"place": 1, "wait_low_minutes": 0, "wait_high_minutes": 1},
            ["Ông, bà là người tiếp theo", "Sắp đến lượt"],
        ),
        (
            {"wait_low_minutes": 0, "wait_high_minutes": 3},
            ["Trước ông, bà còn 3 người", "Còn khoảng 1-3 phút"],
        ),
        (
            {"wait_low_minutes": 130, "wait_high_minutes": 250},
            ["Trước ông, bà còn 3 người", "Còn khoảng 2-4,5 giờ"],
        ),
        (
            {"wait_low_minutes": None, "wait_high_minutes": None},
            ["Trước ông, bà còn 3 người", "Chưa có quầy mở cho việc này"],
        ),
        ({"place": None, "wait_low_minutes": None, "wait_high_minutes": None}, []),
    ],
)
def test_place_and_wait_are_told_as_people_say_them(
    changes: dict[str, Any], words: list[str]
) -> None:
    assert slip.waiting_words(replace(JOB, **changes)) == words


def test_the_time_is_that_of_the_hall() -> None:
    assert slip.printed_at(JOB) == "lúc 09:13, 23/11/2026"


def test_a_machine_without_the_type_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr(slip, "_FOLDERS", (tmp_path,))
    slip.font.cache_clear()
    assert not slip.type_is_there()
    with pytest.raises(errors.FontMissingError, match="apt install fonts-dejavu-core"):
        slip.draw(JOB, 576)


def test_a_picture_is_the_same_bytes_as_python_escpos_sends() -> None:
    printer = pytest.importorskip("escpos.printer").Dummy()
    picture = slip.draw(JOB, 576)
    printer.image(picture, impl="bitImageRaster", fragment_height=escpos.BAND_ROWS)
    assert escpos.picture(picture) == printer.output


def test_a_job_does_not_show_its_address_in_a_log() -> None:
    assert JOB.url not in repr(JOB)
