"""People at work from many threads at once: citizens take, clerks call, start and finish."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from tests.faults.hands import Clerk, Kiosk, Panel, new_request
from tests.faults.whole_hall import SERVICES, WholeHall

ROUND: Final = ("call-next", "start", "finish")
_NOBODY_WAITS_S: Final = 0.03


class Load:
    """Threads that work until the block ends; what goes wrong in one is raised at its end."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._errors: list[BaseException] = []

    def add(self, work: Callable[[], object]) -> None:
        """Begin ``work`` in a thread of its own."""

        def guarded() -> None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001  (raised again in the test's thread)
                self._errors.append(error)

        thread = threading.Thread(target=guarded, daemon=True)
        self._threads.append(thread)
        thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()
        if error is None and self._errors:
            raise self._errors[0]

    def end(self) -> None:
        """Let everybody leave; they finish the question that they have asked."""
        self.stop.set()
        for thread in self._threads:
            thread.join(90)
            assert not thread.is_alive(), "somebody never came to an end"


def taking(kiosk: Kiosk, dice: random.Random, stop: threading.Event) -> None:
    """Take one ticket after the other; now and then press the key twice."""
    while not stop.is_set():
        request = new_request()
        kiosk.take(dice.choice(SERVICES), request, stop)
        if dice.random() < 0.3:
            kiosk.take(dice.choice(SERVICES), request, stop)
        stop.wait(dice.uniform(0, 0.01))


def serving(clerk: Clerk, dice: random.Random, stop: threading.Event, panel: Panel | None) -> None:
    """Call, start and finish, one citizen after the other, who may rate; now and then click twice.

    The steps of one clerk alone at her counter are never refused: a refusal would mean that the
    hall forgot one of them, or did one twice.
    """
    while not stop.is_set():
        for verb in ROUND:
            request = new_request()
            code, number = clerk.ask(verb, request, stop)
            if code == "stopped":
                return
            if verb == "call-next" and code == "nobody_waiting":
                stop.wait(_NOBODY_WAITS_S)
                break
            if code != "ok":
                clerk.seen.wrong(f"{clerk.id} was refused {verb}: {code}")
                return
            if dice.random() < 0.3:
                again = clerk.ask(verb, request, stop)
                if again not in (("ok", number), ("stopped", None)):
                    clerk.seen.wrong(f"{verb} of {clerk.id} gave {number}, repeated {again}")
        else:
            if panel is not None:
                rating(panel, dice)
        stop.wait(dice.uniform(0, 0.01))


def rating(panel: Panel, dice: random.Random) -> None:
    """The citizen rates, or presses too late, or twice, or not at all."""
    if dice.random() < 0.8:
        panel.wait_invited(0.5)
        panel.press(dice.randint(1, 5))
    if dice.random() < 0.3:
        panel.press(dice.randint(1, 5))


def crowd(house: WholeHall, load: Load, seed: object, *, kiosks: int, counters: int) -> None:
    """``kiosks`` and the first ``counters`` at work in ``load``, each with dice of their own."""
    for number in range(kiosks):
        dice = random.Random(f"{seed} kiosk {number}")
        load.add(lambda dice=dice: taking(house.kiosk(), dice, load.stop))  # type: ignore[misc]
    for counter in house.counters[:counters]:
        dice = random.Random(f"{seed} counter {counter}")
        node = f"counter-{counter}"
        panel = house.panel(node) if node in house.nodes else None
        clerk = house.clerk(counter)
        load.add(lambda c=clerk, d=dice, p=panel: serving(c, d, load.stop, p))  # type: ignore[misc]
