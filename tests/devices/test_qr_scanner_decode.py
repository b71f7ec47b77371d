"""What the scanner reads off a card, and what it would rather not read at all."""

from __future__ import annotations

import unicodedata

import cv2
import numpy as np
import pytest
import segno
import zxingcpp
from hypothesis import given, settings
from pyzbar import pyzbar
from pyzbar.wrapper import ZBarSymbol

from devices.errors import FrameError
from devices.qr_scanner import looks
from devices.qr_scanner.decode import LOOKS, Decoded, Found, Frame, Look, decode, read, to_grey
from devices.qr_scanner.place import Area, likeliest
from devices.qr_scanner.standin import draw_code
from tests.devices.qr_cards import CARD, EVERY_LETTER, NAMES, blurred, drawn, noisy, on_desk

AT_LEISURE_MS = 60_000.0
"""A budget that a busy machine does not spend either."""


def by_zxing(frame: Frame) -> list[str | None]:
    return [found.text for found in looks.by_zxing(frame)]


def by_zbar(frame: Frame) -> list[str | None]:
    return [found.text for found in looks.by_zbar(frame)]


def texts(frame: Frame) -> list[str]:
    return [code.text for code in decode(frame, budget_ms=AT_LEISURE_MS)]


@pytest.mark.parametrize("text", [CARD, EVERY_LETTER, "http://192.168.1.5/t/AbCdEfGh12345678_-"])
def test_a_card_is_read_to_the_letter_by_each_decoder_and_by_ours(text: str) -> None:
    frame = on_desk(draw_code(text, scale=4))
    assert by_zxing(frame) == [text]
    assert by_zbar(frame) == [text]
    assert decode(frame, budget_ms=AT_LEISURE_MS) == [Decoded(text, "zxing-cpp")]


def test_letters_printed_in_pieces_come_out_whole() -> None:
    pieces = unicodedata.normalize("NFD", CARD)
    assert pieces != CARD
    frame = draw_code(pieces, scale=3)
    assert by_zxing(frame) == by_zbar(frame) == [CARD]
    assert texts(frame) == [CARD]


def test_a_line_end_behind_the_text_is_kept_for_the_hall_to_read() -> None:
    assert texts(draw_code(CARD + "\r\n")) == [CARD + "\r\n"]


@settings(max_examples=60, deadline=None)
@given(NAMES)
def test_any_vietnamese_name_comes_through_every_decoder_exactly(name: str) -> None:
    frame = draw_code(name, scale=3)
    assert by_zxing(frame) == by_zbar(frame) == [unicodedata.normalize("NFC", name)]


@pytest.mark.parametrize("name", ["NGUYỄN HỮU MẪU", "NGUYỄN Đức Nghĩa", "TRẦN HỮU ĐƯỜNG"])
def test_zbar_reads_names_that_stock_pyzbar_takes_for_another_alphabet(name: str) -> None:
    frame = draw_code(name, scale=4)
    stock = [code.data for code in pyzbar.decode(frame, symbols=[ZBarSymbol.QRCODE])]
    assert stock != [name.encode()], "pyzbar reads this now: is our own way still needed?"
    assert by_zbar(frame) == [name]


@pytest.mark.parametrize("angle_deg", [7, 30, 45, 90, 135, 180, 222, 270, 315])
def test_a_card_is_read_however_it_is_turned(angle_deg: float) -> None:
    assert texts(on_desk(draw_code(CARD, scale=4), angle_deg=angle_deg)) == [CARD]


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(blurred(on_desk(draw_code(CARD, scale=5)), 2.0), id="out of focus"),
        pytest.param(noisy(on_desk(draw_code(CARD, scale=4)), 40), id="bad light"),
        pytest.param(
            noisy(blurred(on_desk(draw_code(CARD, scale=3), angle_deg=12), 0.8), 12), id="all"
        ),
        pytest.param(on_desk(draw_code(CARD, scale=2)), id="far away"),
        pytest.param(255 - on_desk(draw_code(CARD, scale=4)), id="night colours of a phone"),
        pytest.param(
            (on_desk(draw_code(CARD, scale=4)) // 8 + 100).astype(np.uint8), id="faded print"
        ),
        pytest.param(
            (on_desk(draw_code(CARD, scale=4)) // 40 + 100).astype(np.uint8), id="hardly any print"
        ),
        pytest.param(
            np.asarray(cv2.cvtColor(on_desk(draw_code(CARD)), cv2.COLOR_GRAY2BGR), np.uint8),
            id="a colour camera",
        ),
        pytest.param(np.asfortranarray(on_desk(draw_code(CARD))), id="columns first"),
    ],
)
def test_a_card_is_read_as_cameras_show_it(frame: Frame) -> None:
    assert texts(frame) == [CARD]


def test_a_small_code_is_read_at_twice_the_size() -> None:
    card = draw_code(CARD, scale=4)
    tiny = cv2.resize(card, None, fx=0.31, fy=0.31, interpolation=cv2.INTER_AREA)
    frame = on_desk(np.asarray(tiny, np.uint8))
    assert by_zxing(frame) == []
    assert texts(frame) == [CARD]


def test_where_zxing_finds_nothing_zbar_has_its_turn() -> None:
    blind = Look("zxing-cpp", lambda grey: [])
    [zbar, *_] = [look for look in LOOKS if look.decoder == "pyzbar"]
    frame = draw_code(CARD)
    assert read(frame, looks=[blind, blind, zbar], budget_ms=AT_LEISURE_MS).codes == [
        Decoded(CARD, "pyzbar")
    ]


class Stopwatch:
    """Looks that take a given time each and find nothing."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.begun: list[int] = []

    def looks(self, *took_ms: float, begin_by: float = 1.0) -> list[Look]:
        def look(number: int, ms: float) -> Look:
            def find(grey: Frame) -> list[Found]:
                self.begun.append(number)
                self.now_s += ms / 1000
                return []

            return Look("zxing-cpp", find, "part", begin_by if number else 1.0)

        return [look(number, ms) for number, ms in enumerate(took_ms)]


def test_no_look_begins_when_the_time_for_a_frame_is_spent() -> None:
    watch = Stopwatch()
    given = watch.looks(12, 12, 12)
    reading = read(draw_code(CARD), budget_ms=20, looks=given, clock_s=lambda: watch.now_s)
    assert watch.begun == [0, 1]
    assert reading.codes == []
    assert reading.left_off == 2


def test_a_look_that_had_no_time_has_it_at_the_next_frame() -> None:
    watch = Stopwatch()
    given = watch.looks(12, 12, 12, 1)
    begin_at = 0
    for _ in range(3):
        reading = read(
            draw_code(CARD),
            budget_ms=20,
            looks=given,
            begin_at=begin_at,
            clock_s=lambda: watch.now_s,
        )
        begin_at = reading.left_off
    assert watch.begun == [0, 1, 0, 2, 0, 3, 1]


def test_a_slow_look_does_not_begin_late() -> None:
    watch = Stopwatch()
    given = watch.looks(12, 1, 1, begin_by=0.5)
    reading = read(draw_code(CARD), budget_ms=20, looks=given, clock_s=lambda: watch.now_s)
    assert watch.begun == [0, 1]
    assert reading.left_off == 2


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(np.full((480, 640), 200, np.uint8), id="an empty desk"),
        pytest.param(noisy(np.full((480, 640), 128, np.uint8), 2), id="cloth"),
        pytest.param(noisy(np.full((480, 640), 128, np.uint8), 60), id="snow"),
    ],
)
def test_a_frame_without_anything_like_a_code_costs_one_look(frame: Frame) -> None:
    watch = Stopwatch()
    read(frame, looks=watch.looks(1, 1, 1), clock_s=lambda: watch.now_s)
    assert watch.begun in ([], [0])


def test_the_code_in_the_middle_comes_before_the_one_at_the_side() -> None:
    other = CARD.replace("MẪU", "THỬ")
    frame = on_desk(draw_code(CARD, scale=3), width=1000)
    small = draw_code(other, scale=3)
    for left in (20, 1000 - small.shape[1] - 20):
        both = frame.copy()
        both[20 : 20 + small.shape[0], left : left + small.shape[1]] = small
        assert texts(both) == [CARD, other]


def test_the_larger_of_two_codes_as_near_to_the_middle_comes_first() -> None:
    other = CARD.replace("MẪU", "THỬ")
    big, small = draw_code(CARD, scale=4), draw_code(other, scale=2)
    frame = np.full((480, 960), 170, np.uint8)
    for code, middle in ((big, 240), (small, 720)):
        top, left = 240 - code.shape[0] // 2, middle - code.shape[1] // 2
        frame[top : top + code.shape[0], left : left + code.shape[1]] = code
    assert texts(frame) == [CARD, other]
    assert texts(np.ascontiguousarray(frame[:, ::-1])) in ([CARD, other], [])


@pytest.mark.parametrize("scale", [1.5, 3.0])
def test_a_large_frame_is_shrunk_for_the_look_and_the_place_told_in_its_own_pixels(
    scale: float,
) -> None:
    desk = on_desk(draw_code(CARD, scale=3))
    large = np.asarray(cv2.resize(desk, None, fx=2 * scale, fy=2 * scale), np.uint8)
    reading = read(large, budget_ms=AT_LEISURE_MS)
    assert [code.text for code in reading.codes] == [CARD]
    at = reading.around
    assert at is not None
    assert abs(at.left + at.right - large.shape[1]) < 12 * scale
    assert abs(at.top + at.bottom - large.shape[0]) < 12 * scale


def test_small_modules_in_a_large_frame_are_read_in_the_part_that_holds_them() -> None:
    frame = on_desk(draw_code(CARD, scale=2), width=2560, height=1440)
    assert texts(frame) == [CARD]


@pytest.mark.parametrize("angle_deg", [0, 30])
def test_the_likeliest_part_holds_the_code(angle_deg: float) -> None:
    code = draw_code(CARD, scale=2)
    part = likeliest(on_desk(code, angle_deg=angle_deg))
    assert part is not None
    side = code.shape[0] // 2
    assert part.left <= 320 - side + 8
    assert part.right >= 320 + side - 8
    assert part.top <= 240 - side + 8
    assert part.bottom >= 240 + side - 8
    assert part.pixels < 640 * 480 / 4


def test_a_part_at_the_edge_of_a_frame_stays_inside() -> None:
    assert Area(5, 5, 20, 20).wider(10, 25, 40) == Area(0, 0, 25, 30)


def test_two_cards_side_by_side_are_both_read() -> None:
    other = CARD.replace("MẪU", "THỬ")
    frame = np.hstack([draw_code(CARD, scale=4), draw_code(other, scale=4)])
    assert sorted(texts(frame)) == sorted([CARD, other])


def test_one_text_twice_in_a_frame_is_one_code() -> None:
    code = draw_code(CARD, scale=3)
    assert texts(np.hstack([code, code])) == [CARD]


@pytest.mark.parametrize("kept", [0.3, 0.5, 0.6, 0.7])
@pytest.mark.parametrize("turned", [0, 1, 2, 3])
def test_a_torn_code_is_none(kept: float, turned: int) -> None:
    code = np.rot90(draw_code(CARD, scale=4), turned).copy()
    code[int(code.shape[0] * kept) :, :] = 255
    assert texts(code) == []


def test_a_code_under_a_hand_is_read_whole_or_not_at_all() -> None:
    rng = np.random.default_rng(7)
    for _ in range(40):
        frame = draw_code(CARD, scale=4)
        side = frame.shape[0]
        top, left = rng.integers(0, side, 2)
        frame[top : top + side // 3, left : left + side // 3] = 90
        assert texts(frame) in ([], [CARD])


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(segno.make_qr(b"\xff\xfe\x80 M\xc7U", mode="byte"), id="bytes of no alphabet"),
        pytest.param(segno.make_qr("é à", encoding="latin1"), id="Latin-1"),
        pytest.param(segno.make_qr("é à", encoding="latin1", eci=True), id="declared Latin-1"),
        pytest.param(segno.make_qr("点茗", mode="kanji"), id="kanji"),
        pytest.param(segno.make_qr("MẪU".encode()[:-2], mode="byte"), id="cut within a letter"),
    ],
)
def test_a_code_in_another_alphabet_is_refused_and_counted_never_guessed(
    code: segno.QRCode,
) -> None:
    reading = read(drawn(code), budget_ms=AT_LEISURE_MS)
    assert reading.codes == []
    assert reading.refused == 1


def test_zbar_guesses_no_alphabet_either() -> None:
    assert by_zbar(drawn(segno.make_qr(b"\xff\xfe\x80 M\xc7U", mode="byte"))) == [None]


def test_utf8_is_read_whatever_alphabet_the_code_declares() -> None:
    honest = segno.make_qr(CARD, encoding="utf-8", eci=True)
    mistaken = segno.make_qr(CARD.encode().decode("latin1"), encoding="latin1", eci=True)
    assert texts(drawn(honest)) == texts(drawn(mistaken)) == [CARD]


@pytest.mark.parametrize("name", ["ềA", "ềB", "ểA"])
def test_a_short_name_that_zxing_takes_for_another_alphabet_is_read(name: str) -> None:
    frame = draw_code(name, scale=4)
    assert [code.text for code in zxingcpp.read_barcodes(frame)] != [name]
    assert texts(frame) == [name]


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(np.full((480, 640), 200, np.uint8), id="an empty desk"),
        pytest.param(np.zeros((480, 640, 3), np.uint8), id="the lens covered"),
        pytest.param(noisy(np.full((480, 640), 128, np.uint8), 60), id="snow"),
        pytest.param(np.zeros((1, 1), np.uint8), id="one pixel"),
        pytest.param(np.tile(np.array([0, 255], np.uint8), (3, 400)), id="a thin stripe"),
        pytest.param(drawn(segno.make_micro("12345"), 8), id="a micro QR code"),
    ],
)
def test_where_there_is_no_code_there_is_no_text(frame: Frame) -> None:
    assert read(frame, budget_ms=AT_LEISURE_MS) == ([], 0, None, 0)


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(np.zeros((4, 4), np.float32), id="not bytes"),
        pytest.param(np.zeros((4, 4, 4), np.uint8), id="four channels"),
        pytest.param(np.zeros((16,), np.uint8), id="a line"),
        pytest.param(np.zeros((0, 5), np.uint8), id="nothing"),
        pytest.param(np.zeros((4001, 5000), np.uint8), id="above 20 million pixels"),
    ],
)
def test_what_is_no_picture_is_refused_with_what_would_be_one(frame: Frame) -> None:
    with pytest.raises(FrameError, match=r"uint8|1 to 20000000"):
        to_grey(frame)


def test_a_text_is_never_shown_where_programs_show_values() -> None:
    [code] = decode(draw_code(CARD), budget_ms=AT_LEISURE_MS)
    assert "MẪU" not in f"{code} {code!r} {[code]} {read(draw_code(CARD))}"
    assert "001190012345" not in f"{code} {code!r} {[code]}"
