"""One loop fails, the others go on; one that hangs is seen."""

from __future__ import annotations

import threading

import pytest

from devices.errors import DeviceNotFoundError
from edge.loops import Loop
from tests.parts import until


def test_a_loop_that_fails_is_told_of_once_and_begun_again_until_it_is_well() -> None:
    told: list[tuple[str, str | None]] = []
    tries = 0

    def body(loop: Loop) -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise DeviceNotFoundError("camera gone: plug it in")
        loop.well()
        loop.stopping.wait(30)

    loop = Loop(
        "camera", body, on_trouble=lambda name, why: told.append((name, why)), first_rest_s=0.01
    )
    loop.start()
    until(lambda: len(told) == 2, "failed and well again")
    assert told == [
        ("camera", "DeviceNotFoundError: camera gone: plug it in"),
        ("camera", None),
    ]
    assert (tries, loop.failures, loop.trouble) == (3, 2, None)
    loop.stop()
    assert loop.join(5)


def test_what_a_surprise_says_may_be_personal_and_is_not_repeated() -> None:
    told: list[str | None] = []

    def body(loop: Loop) -> None:
        raise ValueError("NGUYỄN THỊ MẪU")

    loop = Loop("scanner", body, on_trouble=lambda name, why: told.append(why), first_rest_s=30)
    loop.start()
    until(lambda: told, "told")
    assert told[0] is not None
    assert told[0].startswith("ValueError in body, line ")
    assert loop.beats, "a loop that rests is not one that hangs"
    loop.stop()
    assert loop.join(5)


def test_a_loop_that_ends_by_itself_is_a_failure() -> None:
    told: list[str | None] = []
    loop = Loop(
        "x", lambda loop: None, on_trouble=lambda name, why: told.append(why), first_rest_s=30
    )
    loop.start()
    until(lambda: told == ["ended by itself"], "told")
    loop.stop()
    assert loop.join(5)


def test_a_loop_that_hangs_does_not_beat() -> None:
    hang = threading.Event()

    def body(loop: Loop) -> None:
        hang.wait(30)

    loop = Loop("x", body, on_trouble=lambda *_: None, stall_s=0.05)
    loop.start()
    until(lambda: not loop.beats, "seen")
    hang.set()
    loop.stop()
    assert loop.join(5)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_loop_whose_thread_died_does_not_beat() -> None:
    def body(loop: Loop) -> None:
        raise SystemExit

    loop = Loop("x", body, on_trouble=lambda *_: None)
    loop.start()
    until(lambda: not loop.beats, "seen")
