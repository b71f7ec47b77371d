"""What comes over a scanner's line: whole codes, and none of the torn ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.qr_scanner.lines import MAX_BYTES, Ends, Lines
from devices.qr_scanner.mangled import why_mangled
from tests.devices.qr_cards import CARD, EVERY_LETTER, NAMES

GAP_US = 100_000


class Line:
    """A line that was quiet for a while, and a clock that the test winds."""

    def __init__(self, ends: Ends = "line") -> None:
        self.now_us = 1_000_000
        self.lines = Lines(ends=ends, gap_us=GAP_US, now_us=self.now_us)
        self.codes: list[bytes] = []
        self.pause()

    def send(self, data: bytes, *, after_us: int = 1_000) -> None:
        self.now_us += after_us
        self.codes += self.lines.feed(data, self.now_us)

    def pause(self) -> None:
        self.now_us += GAP_US
        self.codes += self.lines.wait(self.now_us)


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
def test_a_code_is_what_stands_before_the_end_of_a_line(end: bytes) -> None:
    line = Line()
    line.send(b"one" + end + b"two" + end)
    assert line.codes == [b"one", b"two"]


@given(
    st.lists(st.binary(min_size=1, max_size=20).filter(lambda code: not set(code) & {10, 13})),
    st.data(),
)
def test_pieces_of_any_size_make_the_same_codes(codes: list[bytes], data: st.DataObject) -> None:
    line = Line()
    stream = b"".join(code + b"\r\n" for code in codes)
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        line.send(stream[:size])
        stream = stream[size:]
    line.pause()
    assert line.codes == codes
    assert line.lines.torn == 0


def test_a_line_that_nothing_ends_was_torn_and_is_no_scan() -> None:
    line = Line()
    line.send(CARD.encode()[:40])
    line.pause()
    line.send(b"next\r")
    assert line.codes == [b"next"]
    assert line.lines.torn == 1


def test_the_tail_of_a_code_that_began_before_the_node_is_no_scan() -> None:
    line = Lines(ends="line", gap_us=GAP_US, now_us=0)
    assert list(line.feed(b"15082021\r", 10_000)) == []
    assert list(line.feed(b"whole\r", 20_000)) == [b"whole"]
    assert line.torn == 1


def test_where_pauses_end_codes_a_pause_ends_one() -> None:
    line = Line("gap")
    line.send(b"one")
    line.send(b" and the rest")
    line.pause()
    line.send(b"two\r\n")
    line.pause()
    assert line.codes == [b"one and the rest", b"two"]


def test_where_pauses_end_codes_the_next_one_ends_what_was_not_asked_for_in_time() -> None:
    line = Line("gap")
    line.send(b"one")
    line.send(b"two", after_us=GAP_US)
    line.pause()
    assert line.codes == [b"one", b"two"]


@pytest.mark.parametrize("ends", ["line", "gap"])
def test_what_is_longer_than_any_code_is_dropped_to_its_end(ends: Ends) -> None:
    line = Line(ends)
    for _ in range(10):
        line.send(b"x" * MAX_BYTES)
    line.send(b"tail\r")
    line.pause()
    line.send(b"next\r")
    line.pause()
    assert line.codes == [b"next"]
    assert line.lines.too_long == 1


def test_how_long_a_code_was_on_the_line_is_known() -> None:
    line = Line()
    line.send(b"half")
    line.send(b"whole\r", after_us=30_000)
    assert line.lines.took_us == 30_000


# ---------------------------------------------------------------------- mangled letters


@pytest.mark.parametrize(
    "text",
    [
        CARD,
        EVERY_LETTER,
        CARD + "\r\n",
        "001090012345||LE VAN AN|01011990|Nam|Tổ 1, Hà Nội|15082021",
        "001090012345||LÊ VĂN MẪU|01011990|Nam",
        "http://192.168.1.5:8080/t/AbCd?x=y&z=??",
        "http://hall.local/p/1.001193",
        "Có đúng không? Đúng.",
        "tiếng Việt, déjà vu, naïve",
    ],
)
def test_what_a_code_may_well_say_is_let_through(text: str) -> None:
    assert why_mangled(text) is None


@given(NAMES)
def test_no_name_is_taken_for_mangled(name: str) -> None:
    assert why_mangled(name) is None


@pytest.mark.parametrize(
    "mangle",
    [
        pytest.param(
            lambda text: text.encode("ascii", "replace").decode(), id="letters to question marks"
        ),
        pytest.param(lambda text: text.encode("ascii", "ignore").decode(), id="letters left out"),
        pytest.param(lambda text: text.encode().decode("latin-1"), id="UTF-8 taken for Latin-1"),
        pytest.param(
            lambda text: text.encode().decode("ascii", "replace"), id="the replacement sign"
        ),
        pytest.param(
            lambda text: "".join(chr(ord(sign) & 0xFF) for sign in text), id="the low byte alone"
        ),
        pytest.param(lambda text: text[:30], id="the first half"),
    ],
)
def test_a_card_whose_letters_were_mangled_is_found_out(mangle: object) -> None:
    assert callable(mangle)
    why = why_mangled(mangle(CARD))
    assert why is not None
    assert "MẪU" not in why


def test_a_card_of_a_man_without_a_single_vietnamese_letter_is_found_out() -> None:
    card = "001090012345||NGUYEN VAN MAU|01011990|Nam|To 5, phuong Kien Hung, Ha Noi|15082021"
    assert why_mangled(card) == "a citizen card without a single Vietnamese letter"
