"""Frame after frame: what the scanner learned from the last ones."""

from __future__ import annotations

import numpy as np

from devices.qr_scanner.decode import LOOKS, Found, Frame, Look
from devices.qr_scanner.looks import by_zxing
from devices.qr_scanner.reader import Reader
from devices.qr_scanner.standin import draw_code
from tests.devices.qr_cards import CARD, noisy, on_desk

AT_LEISURE_MS = 60_000.0


class Looker:
    """A look that notes the size of what it was shown."""

    def __init__(self, finds: bool = True) -> None:
        self.sizes: list[int] = []
        self.finds = finds

    def __call__(self, grey: Frame) -> list[Found]:
        self.sizes.append(grey.size)
        return by_zxing(grey) if self.finds else []


def test_a_card_held_still_is_looked_for_where_it_was() -> None:
    first = Looker()
    reader = Reader(budget_ms=AT_LEISURE_MS, looks=[Look("zxing-cpp", first)])
    frame = on_desk(draw_code(CARD, scale=2))
    for _ in range(5):
        reading = reader.read(frame)
        assert [code.text for code in reading.codes] == [CARD]
        assert reading.around is not None
        assert abs(reading.around.left + reading.around.right - 640) < 16
    assert first.sizes[0] == frame.size
    assert max(first.sizes[1:]) < frame.size / 2


def test_a_card_that_moved_away_from_its_place_is_found_again() -> None:
    reader = Reader(budget_ms=AT_LEISURE_MS)
    frame = on_desk(draw_code(CARD, scale=2))
    assert reader.read(frame).codes
    moved = np.roll(frame, (150, 220), axis=(0, 1))
    assert [code.text for code in reader.read(moved).codes] == [CARD]
    assert reader.read(on_desk(np.full((9, 9), 170, np.uint8))).codes == []
    assert [code.text for code in reader.read(frame).codes] == [CARD]


def test_a_scene_that_stays_unread_costs_little_until_something_moves() -> None:
    first, closer = Looker(finds=False), Looker(finds=False)
    reader = Reader(
        budget_ms=AT_LEISURE_MS, looks=[Look("zxing-cpp", first), Look("zxing-cpp", closer)]
    )
    frame = on_desk(draw_code(CARD, scale=4))
    for _ in range(100):
        reader.read(frame)
    assert len(first.sizes) == 100
    assert 12 <= len(closer.sizes) < 25
    before = len(closer.sizes)
    reader.read(np.roll(frame, 60, axis=1))
    assert len(closer.sizes) == before + 1


def test_on_a_slow_machine_every_look_has_its_turn_while_a_card_is_held() -> None:
    begun: list[int] = []

    def slow(number: int) -> Look:
        def find(grey: Frame) -> list[Found]:
            begun.append(number)
            return []

        return Look("zxing-cpp", find)

    reader = Reader(budget_ms=0.001, looks=[slow(number) for number in range(len(LOOKS))])
    frame = on_desk(draw_code(CARD, scale=4))
    for seed in range(3 * len(LOOKS)):
        reader.read(noisy(frame, 3, seed))
    assert set(begun) == set(range(len(LOOKS)))
