"""The buttons' self-test: each is pressed and must be heard as itself; each lamp is looked at."""

from __future__ import annotations

import time
from functools import partial

from devices.errors import UnheardError, WiringError
from devices.rating_buttons.buttons import RatingButtons
from devices.rating_buttons.lamps import DARK, chosen
from devices.self_test import Step


class Presses:
    """The ``on_press`` of the buttons while they are on test: remembers what was pressed."""

    def __init__(self) -> None:
        self.levels: list[int] = []

    def __call__(self, level: int) -> None:
        self.levels.append(level)


def steps(buttons: RatingButtons, heard: Presses) -> list[Step]:
    """Leave the buttons alone; then press each, and look at its lamp.

    ``buttons`` were opened with ``heard`` as their ``on_press``.  What a step lights stays until
    the next one.
    """
    made = [
        Step(
            "hands-off",
            "Không chạm vào nút nào. Các đèn chớp một lần.",
            "Touch no button. The lamps flash once.",
            False,
            partial(_hands_off, buttons),
        )
    ]
    for level in range(1, buttons.levels + 1):
        made += [
            Step(
                f"press-{level}",
                f"Bấm nút {level} một lần (1 là kém nhất).",
                f"Press button {level} once (1 is the worst).",
                False,
                partial(_press, buttons, heard, level),
            ),
            Step(
                f"lamp-{level}",
                f"Nhìn đèn: chỉ đèn của nút {level} sáng, đúng không?",
                f"Look at the lamps: is that of button {level} lit, and no other?",
                True,
                partial(_light, buttons, level),
            ),
        ]
    return made


def _hands_off(buttons: RatingButtons, patience_s: float) -> str:
    buttons.show(DARK)
    buttons.poll()
    problems = buttons.self_test()
    if problems:
        raise WiringError("; ".join(problems))
    return f"{buttons.levels} buttons are up, {buttons.levels} lamp pins follow"


def _press(buttons: RatingButtons, heard: Presses, level: int, patience_s: float) -> str:
    buttons.show(DARK)
    heard.levels.clear()
    began_s = time.monotonic()
    while not heard.levels:
        left_s = began_s + patience_s - time.monotonic()
        if left_s <= 0:
            raise UnheardError(
                f"nút {level} không có tín hiệu / button {level} was not heard within "
                f"{patience_s:g} s: check its cable and its pin in the settings"
            )
        buttons.wait(left_s)
        buttons.poll()
    if heard.levels[0] != level:
        raise UnheardError(
            f"bấm nút {level}, nghe nút {heard.levels[0]} / button {heard.levels[0]} was heard "
            f"instead of {level}: the cables are crossed, or the pins in the settings"
        )
    return f"heard as level {level} after {time.monotonic() - began_s:.1f} s"


def _light(buttons: RatingButtons, level: int, patience_s: float) -> str:
    buttons.show(chosen(level))
    buttons.poll()
    return f"lit the lamp of button {level}"
