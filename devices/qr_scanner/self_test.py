"""The scanner's self-test: a card with a known text is shown, and must come through exactly."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Protocol

from devices.errors import ScannerSilentError
from devices.qr_scanner.decoded import Decoded
from devices.self_test import Step

TEST_TEXT: Final = "MẪU THỬ: Ơ Ư Đ ă ẫ ỹ"
"""Letters that a wrong alphabet, or a scanner that plays a keyboard, would show."""


class Scanner(Protocol):
    """Any of the scanners: camera, serial line, keyboard-like, or stand-in."""

    @property
    def last_ms(self) -> float:
        """How long the last code took from its first sign."""

    def run_once(self, timeout_s: float = 0.5) -> bool:
        """Look once."""

    def self_test(self, timeout_s: float = 2.0) -> list[str]:
        """What is wrong, a sentence each."""


class Heard:
    """What a scanner that is tested reports: give it as ``on_scan``."""

    def __init__(self) -> None:
        self.codes: list[Decoded] = []

    def __call__(self, code: Decoded) -> None:
        self.codes.append(code)


def steps(
    scanner: Scanner, heard: Heard, *, clock_s: Callable[[], float] = time.monotonic
) -> list[Step]:
    """The steps for ``scanner``, which was opened with ``heard`` as its ``on_scan``."""

    def look(patience_s: float) -> str:
        wrong = scanner.self_test(min(patience_s, 5.0))
        if wrong:
            raise ScannerSilentError("; ".join(wrong))
        return "the scanner answers"

    def show(patience_s: float) -> str:
        heard.codes.clear()
        ends_s = clock_s() + patience_s
        while not heard.codes:
            left_s = ends_s - clock_s()
            if left_s <= 0:
                raise ScannerSilentError(
                    f"no code within {patience_s:g} s: hold the test card 10 to 15 cm away, flat "
                    "and out of glare; a scanner with a trigger must be set to scan by itself"
                )
            scanner.run_once(min(0.5, left_s))
        code = heard.codes[0]
        if code.text.rstrip("\r\n\t") != TEST_TEXT:
            # what was read may be somebody's card: it is not repeated here
            raise ScannerSilentError(
                f"another text of {len(code.text)} characters came by {code.decoder}: show the "
                "test card alone; if it was the test card, set the scanner to UTF-8"
            )
        return f"read {TEST_TEXT!r} by {code.decoder} in {scanner.last_ms:.0f} ms"

    return [
        Step("scanner-answers", "Không cần làm gì.", "Nothing to do.", False, look),
        Step(
            "show-card",
            "Đưa thẻ thử mã QR trước máy quét.",
            "Hold the QR test card before the scanner.",
            False,
            show,
        ),
    ]


def card_png(*, dots_per_mm: int = 12) -> bytes:
    """The test card as a PNG for the printer: 85.6 x 54 mm, its code 38 mm wide."""
    import cv2
    import numpy as np

    from devices.qr_scanner.standin import draw_code, png

    card = np.full((54 * dots_per_mm, round(85.6 * dots_per_mm)), 255, np.uint8)
    modules = draw_code(TEST_TEXT, scale=1, border=0).shape[0]
    code = draw_code(TEST_TEXT, scale=38 * dots_per_mm // modules, border=0)
    top, left = (card.shape[0] - code.shape[0]) // 2, 8 * dots_per_mm
    card[top : top + code.shape[0], left : left + code.shape[1]] = code
    for line, words in enumerate(("motcua", "the thu may quet", "scanner test card")):
        at = (left + code.shape[1] + 5 * dots_per_mm, top + (10 + 8 * line) * dots_per_mm)
        size = dots_per_mm / 18
        cv2.putText(card, words, at, cv2.FONT_HERSHEY_SIMPLEX, size, 0, 1, cv2.LINE_AA)
    cv2.rectangle(card, (0, 0), (card.shape[1] - 1, card.shape[0] - 1), 160, 2)
    return png(card)
