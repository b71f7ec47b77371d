"""One device after the other, one step after the other, until all are done or it is enough."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Final, Literal, NamedTuple, Protocol

from devices.errors import DeviceError
from devices.messages import MAX_STEP_CHARS, MAX_STEPS, StepResult
from devices.self_test import Step

_log = logging.getLogger(__name__)

Answer = Literal["right", "again", "failed", "stop"]
NOT_DONE: Final = "chưa làm / not done: the test was stopped"
SAID_WRONG: Final = "người kiểm tra nói hỏng / the technician says that it is not right"
OPEN: Final = "open"
"""The step of a device that cannot be opened."""


class OnTest(NamedTuple):
    """A device that is open, and what to go through with it."""

    device: str
    steps: Sequence[Step]


class Candidate(NamedTuple):
    """A device of the settings, not yet open."""

    device: str
    open: Callable[[], AbstractContextManager[OnTest]]
    """Opens it; raises :class:`DeviceError` where it cannot."""


class Where(NamedTuple):
    """How far it has come; all counted from 1."""

    device: str
    number: int
    of: int
    step: int
    steps: int


class Desk(Protocol):
    """Whoever stands before the node, or what stands in for that."""

    def begins(self, where: Where, step: Step) -> None:
        """``step`` begins."""

    def did(self, step: Step, said: str) -> Answer:
        """It went without a fault, and a person has to say whether it was right."""

    def failed(self, step: Step, why: str) -> Answer:
        """It failed; whether to try again, take it as failed, or stop."""

    def settled(self, result: StepResult) -> None:
        """This is what became of it."""


def go_through(
    candidates: Sequence[Candidate], desk: Desk, *, patience_s: float
) -> list[StepResult]:
    """Every step of every device, in order; what was not reached counts as failed."""
    results: list[StepResult] = []

    def settle(device: str, step: str, ok: bool, text: str) -> None:
        result = StepResult(device, step, ok, text[:MAX_STEP_CHARS])
        if len(results) < MAX_STEPS:
            results.append(result)
            desk.settled(result)

    is_over = False
    for number, candidate in enumerate(candidates, 1):
        if is_over:
            settle(candidate.device, OPEN, False, NOT_DONE)
            continue
        while True:
            where = Where(candidate.device, number, len(candidates), 1, 1)
            try:
                with candidate.open() as on_test:
                    is_over = _go_through_one(on_test, where, desk, patience_s, settle)
            except DeviceError as error:
                opening = _opening(candidate.device)
                desk.begins(where, opening)
                answer = desk.failed(opening, str(error))
                if answer == "again":
                    continue
                settle(candidate.device, OPEN, False, str(error))
                is_over = answer == "stop"
            break
    return results


def _opening(device: str) -> Step:
    return Step(
        OPEN,
        "Mở thiết bị: xem nguồn, dây cáp và cài đặt.",
        "The device is opened: see its power, its cable and its settings.",
        False,
        lambda _: device,
    )


def _go_through_one(
    on_test: OnTest,
    where: Where,
    desk: Desk,
    patience_s: float,
    settle: Callable[[str, str, bool, str], None],
) -> bool:
    """True where it is enough."""
    is_over = False
    for number, step in enumerate(on_test.steps, 1):
        if is_over:
            settle(on_test.device, step.name, False, NOT_DONE)
            continue
        answer: Answer = "again"
        ok, said = False, ""
        while answer == "again":
            desk.begins(where._replace(step=number, steps=len(on_test.steps)), step)
            ok, said = _try(step, patience_s)
            if not ok:
                answer = desk.failed(step, said)
            else:
                answer = desk.did(step, said) if step.confirm else "right"
        is_over = answer == "stop"
        if ok and answer != "right":
            ok, said = False, NOT_DONE if is_over else f"{SAID_WRONG} ({said})"
        settle(on_test.device, step.name, ok, said)
    return is_over


def _try(step: Step, patience_s: float) -> tuple[bool, str]:
    try:
        return True, step.run(patience_s)
    except DeviceError as error:
        return False, str(error) or type(error).__name__
    except Exception as error:  # noqa: BLE001
        # the boundary to every driver: a surprise in one must not end the report of the others
        _log.debug("a step failed in an unknown way", exc_info=True)
        return False, f"lỗi chưa rõ / unknown fault ({type(error).__name__}): {error}"
