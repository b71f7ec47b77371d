"""What a technician would do, done at the stand-ins: hold the card, look at the picture."""

from __future__ import annotations

import array
import threading
import wave
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, Protocol

from devices.errors import DeviceError
from devices.self_test import Step

AGAIN_S: Final = 0.4
"""A hand that was not noticed tries again so soon."""
_LEAST_INK: Final = 0.005
_LEAST_LOUD: Final = 500


class NotAsItShouldBeError(DeviceError):
    """A stand-in recorded something else than the step wanted of it."""


class Hand(Protocol):
    """The technician's hands, eyes and ears at one stand-in."""

    def act(self, step: Step, done: threading.Event) -> None:
        """Do what ``step`` asks for, until it is ``done``."""

    def judge(self, step: Step, said: str) -> None:
        """Look at what the stand-in recorded.

        Raises:
            DeviceError: it is not as ``step`` wants it.
        """


class Onlooker:
    """Hands that do nothing and eyes that find all well: for steps that the machine sees."""

    def act(self, step: Step, done: threading.Event) -> None:
        """Nothing."""

    def judge(self, step: Step, said: str) -> None:
        """There must be nothing to judge."""
        if step.confirm:
            raise NotAsItShouldBeError(f"no stand-in can tell whether {step.name} was right")


def by_hand(step: Step, hand: Hand) -> Step:
    """``step`` with nobody there: ``hand`` acts while it runs, and judges it afterwards."""

    def run(patience_s: float) -> str:
        done = threading.Event()
        with ThreadPoolExecutor(1, thread_name_prefix="hand") as hands:
            acting = hands.submit(hand.act, step, done)
            try:
                said = step.run(patience_s)
            finally:
                done.set()
        acting.result()
        if step.confirm:
            hand.judge(step, said)
        return said

    return step._replace(confirm=False, run=run)


class ButtonPresser(Onlooker):
    """Presses the buttons on the pins of their stand-in; ``press`` takes the level."""

    def __init__(self, press: Callable[[int], None], lit: Callable[[], dict[int, bool]]) -> None:
        self._press = press
        self._lit = lit

    def act(self, step: Step, done: threading.Event) -> None:
        """Press the button of ``press-N``, again until it is noticed."""
        if (level := _number(step, "press-")) is None:
            return
        while not done.is_set():
            self._press(level)
            done.wait(AGAIN_S)

    def judge(self, step: Step, said: str) -> None:
        """The lamp of ``lamp-N`` must be lit, and no other."""
        level = _number(step, "lamp-")
        lit = [one for one, on in self._lit().items() if on]
        if lit != [level]:
            raise NotAsItShouldBeError(f"lit are the lamps {lit}, not {level} alone")


class Sitter(Onlooker):
    """Gets up from the chair of the presence switch, and sits down on it."""

    def __init__(self, chair: Any) -> None:
        self._chair = chair

    def act(self, step: Step, done: threading.Event) -> None:
        """As the step says."""
        if step.name == "sit-down":
            self._chair.sit()
        elif step.name == "get-up":
            self._chair.leave()


class LampWatcher(Onlooker):
    """Looks at the two lamps over the counter; ``shown`` reads their pins: (green, red)."""

    def __init__(self, shown: Callable[[], tuple[bool, bool]]) -> None:
        self._shown = shown

    def judge(self, step: Step, said: str) -> None:
        """One of them burns, the one that the step names."""
        wanted = {"green-lamp": (True, False), "red-lamp": (False, True)}.get(step.name)
        if wanted is None or tuple(self._shown()) != wanted:
            raise NotAsItShouldBeError(f"{step.name}: another lamp is lit, or none")


class CardHolder(Onlooker):
    """Holds the test card before the scanner's folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def act(self, step: Step, done: threading.Event) -> None:
        """Hold it, again until it is seen."""
        from devices.qr_scanner.self_test import TEST_TEXT
        from devices.qr_scanner.standin import draw_code, hold, png

        card = png(draw_code(TEST_TEXT))
        while not done.is_set():
            held = hold(self._folder, card, "self-test")
            while held.exists() and not done.wait(0.05):
                pass
        held.unlink(missing_ok=True)  # nobody's scan, when the node goes on


class DisplayReader(Onlooker):
    """Compares the dots of the display's stand-in with what they should be."""

    def __init__(self, matrix: Any) -> None:
        self._matrix = matrix

    def judge(self, step: Step, said: str) -> None:
        """``read-display``: exactly the number that was written; ``all-dots``: every dot."""
        from devices.ticket_display.frames import written

        dots = self._matrix.dots
        if step.name == "read-display":
            number = said.rpartition(" ")[2]
            wanted = written(number, size=self._matrix.size).image
            if number not in step.ask_vi or dots.tobytes() != wanted.tobytes():
                raise NotAsItShouldBeError(f"the display does not show {number}")
        elif step.name == "all-dots":
            if dots.convert("L").getextrema() != (255, 255):
                raise NotAsItShouldBeError("some dots are dark")
        else:
            super().judge(step, said)


class Listener(Onlooker):
    """Opens the WAV file that the voice wrote last, and hears whether there is sound in it."""

    def __init__(self, files: Callable[[], list[Path]]) -> None:
        self._files = files
        self._heard = {path.name for path in files()}

    def judge(self, step: Step, said: str) -> None:
        """There must be a new file, long enough and loud enough."""
        new = [path for path in self._files() if path.name not in self._heard]
        if not new:
            raise NotAsItShouldBeError("nothing was played")
        self._heard |= {path.name for path in new}
        with wave.open(str(new[-1]), "rb") as sound:
            seconds = sound.getnframes() / sound.getframerate()
            samples = array.array("h", sound.readframes(sound.getnframes()))
        if seconds < 0.2 or max(map(abs, samples), default=0) < _LEAST_LOUD:
            raise NotAsItShouldBeError(f"{seconds:.1f} s were played, too short or too quiet")


class SlipReader(Onlooker):
    """Looks at the slip that the printer's stand-in cut last."""

    def __init__(self, paper: Any, width: int) -> None:
        self._paper = paper
        self._width = width
        self._cuts = paper.cuts

    def judge(self, step: Step, said: str) -> None:
        """One more was cut, as wide as the paper, with ink on it."""
        if self._paper.cuts <= self._cuts:
            raise NotAsItShouldBeError("no slip was cut")
        self._cuts = self._paper.cuts
        width, rows = self._paper.slips[-1]
        ink = sum(byte.bit_count() for byte in rows) / max(1, len(rows) * 8)
        if width != self._width or ink < _LEAST_INK:
            raise NotAsItShouldBeError(f"a slip of {width} dots with {ink:.1%} ink came out")


class LensCoverer(Onlooker):
    """Lays a hand on the lens of the camera's stand-in when the step asks for it."""

    def __init__(self, camera: Any) -> None:
        self._camera = camera

    def act(self, step: Step, done: threading.Event) -> None:
        """Cover it for the length of ``cover-lens``."""
        self._camera.covered = step.name == "cover-lens"
        done.wait()
        self._camera.covered = False


def _number(step: Step, prefix: str) -> int | None:
    level = step.name.removeprefix(prefix)
    return int(level) if step.name.startswith(prefix) and level.isdigit() else None
