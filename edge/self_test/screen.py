"""The self-test on a terminal: one step a screen, Vietnamese first, four keys."""

from __future__ import annotations

import os
import re
import select
import termios
import textwrap
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, TextIO

from devices.messages import StepResult
from devices.self_test import Step
from edge.self_test.going import Answer, Where
from edge.self_test.report import Report

NAMES: Final[dict[str, tuple[str, str]]] = {
    "rating_buttons": ("Nút đánh giá", "Rating buttons"),
    "qr_scanner": ("Máy quét QR", "QR scanner"),
    "ticket_display": ("Bảng số", "Ticket display"),
    "speaker": ("Loa", "Speaker"),
    "ticket_printer": ("Máy in phiếu", "Ticket printer"),
    "face_camera": ("Camera", "Face camera"),
    "presence": ("Công tắc chỗ ngồi", "Presence switch"),
    "counter_lamp": ("Đèn quầy", "Counter lamp"),
}
"""Each device as people call it."""

KEYS: Final[dict[str, Answer]] = {"\n": "right", "\r": "right", "l": "again", "h": "failed"}
STOP_KEYS: Final = ("q", "\x04", "")
"""``q``, the end of the input, and Ctrl-D."""
_WORDS: Final[dict[Answer, tuple[str, str, str]]] = {
    "right": ("Enter", "đúng", "right"),
    "again": ("l", "làm lại", "again"),
    "failed": ("h", "hỏng", "failed"),
    "stop": ("q", "dừng", "stop"),
}
_FUNCTION_KEY: Final = re.compile(r"\x1b(\[[0-9;]*[A-Za-z~]|O.)?")
_MARGIN: Final = "    "
_WIDTH: Final = 64
LONGEST_NAME: Final = 80


class Terminal:
    """Asks the technician at ``keys`` (a terminal, or lines) and shows on ``screen``."""

    def __init__(self, node: str, *, keys: TextIO, screen: TextIO, patience_s: float) -> None:
        self._node = node
        self._keys = keys
        self._screen = screen
        self._patience_s = patience_s
        self._is_terminal = screen.isatty()
        self._settled: list[StepResult] = []

    def begins(self, where: Where, step: Step) -> None:
        """See :class:`edge.self_test.going.Desk`."""
        self._page(self._place(where))
        if self._settled:
            self._lines("", self._faint(_told(self._settled[-1])))
        self._lines("", "", *self._large(step.ask_vi), "", *_wrapped(step.ask_en), "", "")
        if not step.confirm:
            self._lines(
                self._faint(
                    f"Máy đang chờ, nhiều nhất {self._patience_s:g} giây… / "
                    f"Waiting, {self._patience_s:g} s at the most…"
                )
            )

    def did(self, step: Step, said: str) -> Answer:
        """See :class:`edge.self_test.going.Desk`."""
        self._lines(self._faint(said), "")
        return self._ask(("right", "again", "failed", "stop"))

    def failed(self, step: Step, why: str) -> Answer:
        """See :class:`edge.self_test.going.Desk`."""
        self._lines("", *self._large("✘ Chưa được / not right"), *_wrapped(why), "")
        return self._ask(("again", "failed", "stop"))

    def settled(self, result: StepResult) -> None:
        """See :class:`edge.self_test.going.Desk`."""
        self._settled.append(result)

    def signs(self, *, passed: bool) -> str:
        """Show all that came of it, and ask for the technician's name."""
        self._page("Kết quả / Results")
        self._lines("", *(_told(one) for one in self._settled), "")
        self._lines(*self._large("ĐẠT / PASSED" if passed else "CHƯA ĐẠT / NOT PASSED"), "")
        while True:
            self._say(f"{_MARGIN}Họ tên người kiểm tra / Your name: ")
            line = self._keys.readline()
            if name := name_of(line):
                return name
            if not line:
                return "?"

    def _place(self, where: Where) -> str:
        vietnamese, english = NAMES.get(where.device, (where.device, where.device))
        dots = "●" * where.number + "○" * (where.of - where.number)
        return f"{dots}  {vietnamese} / {english}   bước / step {where.step}/{where.steps}"

    # ------------------------------------------------------------ the terminal

    def _page(self, heading: str) -> None:
        self._say("\x1b[2J\x1b[H" if self._is_terminal else "\n")
        self._lines("", self._faint(f"TỰ KIỂM TRA / SELF-TEST   {self._node}"), heading)

    def _large(self, text: str) -> list[str]:
        """As large as every terminal can: bold, with room around it."""
        lines = _wrapped(text)
        return [f"\x1b[1m{line}\x1b[0m" for line in lines] if self._is_terminal else lines

    def _faint(self, text: str) -> str:
        return f"\x1b[2m{text}\x1b[0m" if self._is_terminal else text

    def _lines(self, *lines: str) -> None:
        self._say("".join(f"{_MARGIN}{line}\n" if line else "\n" for line in lines))

    def _say(self, text: str) -> None:
        self._screen.write(text)
        self._screen.flush()

    def _ask(self, answers: tuple[Answer, ...]) -> Answer:
        self._say(
            _MARGIN
            + "     ".join(
                f"{key} = {vietnamese} / {english}"
                for key, vietnamese, english in (_WORDS[answer] for answer in answers)
            )
            + "\n"
        )
        with _single_keys(self._keys) as read:
            while True:
                key = read()
                if key in STOP_KEYS:
                    return "stop"
                answer = KEYS.get(key)
                if answer in answers:
                    return answer


def name_of(line: str) -> str:
    """What of ``line`` can stand under a report; empty where nothing can."""
    return "".join(letter for letter in line if letter.isprintable()).strip()[:LONGEST_NAME]


class Silence:
    """Nobody is there: each step is told in a line, and what failed has failed."""

    def __init__(self, screen: TextIO) -> None:
        self._screen = screen

    def begins(self, where: Where, step: Step) -> None:
        """See :class:`edge.self_test.going.Desk`."""

    def did(self, step: Step, said: str) -> Answer:
        """See :class:`edge.self_test.going.Desk`."""
        return "failed"  # nobody saw it

    def failed(self, step: Step, why: str) -> Answer:
        """See :class:`edge.self_test.going.Desk`."""
        return "failed"

    def settled(self, result: StepResult) -> None:
        """See :class:`edge.self_test.going.Desk`."""
        print(_told(result), file=self._screen, flush=True)


def tell(report: Report, place: str, screen: TextIO) -> None:
    """Say how it ended and where the report is."""
    print(
        f"\n{'ĐẠT / PASSED' if report.passed else 'CHƯA ĐẠT / NOT PASSED'}\n{place}",
        file=screen,
        flush=True,
    )


def _told(result: StepResult) -> str:
    return f"{'✔' if result.ok else '✘'} {result.device} {result.step}: {result.text}"


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH) or [""]


@contextmanager
def _single_keys(keys: TextIO) -> Iterator[_ReadKey]:
    """Each key at once where it is a terminal; else the first letter of each line."""
    if not keys.isatty():
        yield _ReadKey(keys, None)
        return
    descriptor = keys.fileno()
    before = termios.tcgetattr(descriptor)
    # an Enter that was meant for the step before is no answer to this one
    termios.tcflush(descriptor, termios.TCIFLUSH)
    try:
        tty.setcbreak(descriptor)
        yield _ReadKey(keys, descriptor)
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


class _ReadKey:
    def __init__(self, keys: TextIO, descriptor: int | None) -> None:
        self._keys = keys
        self._descriptor = descriptor

    def __call__(self) -> str:
        if self._descriptor is None:
            return self._keys.readline()[:1].lower()
        select.select([self._descriptor], [], [])
        pressed = os.read(self._descriptor, 64).decode(errors="replace")
        if not pressed:
            return ""
        # an arrow or function key sends letters as well, which are no answers
        return _FUNCTION_KEY.sub("", pressed)[:1].lower() or "?"
