"""A name server that is away holds up nothing but the connection."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest

from edge.loops import Loop
from edge.names import BrokerName


def loop_that_counts() -> tuple[Loop, list[None]]:
    loop = Loop("link", lambda _: None, on_trouble=lambda _name, _reason: None)
    beats: list[None] = []
    loop.beat = lambda: beats.append(None)  # type: ignore[method-assign]
    return loop, beats


def asked_of(monkeypatch: pytest.MonkeyPatch, answer: Callable[[], Any]) -> list[Any]:
    asked: list[Any] = []

    def getaddrinfo(*words: Any, **_: Any) -> Any:
        asked.append(words[0])
        return answer()

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_nobody_is_asked_for_an_address(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    asked = asked_of(monkeypatch, lambda: [])
    BrokerName(host, 1883).wait(loop_that_counts()[0])
    assert asked == []


def test_while_no_name_server_answers_the_link_goes_on_beating_and_one_question_is_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("edge.names.PATIENCE_S", 0.3)
    answers = threading.Event()
    asked = asked_of(monkeypatch, lambda: answers.wait(30))
    name = BrokerName("hall.local", 1883)
    loop, beats = loop_that_counts()
    for _ in range(2):
        with pytest.raises(TimeoutError, match="no name server answers"):
            name.wait(loop)
    assert len(beats) == 6
    assert asked == ["hall.local"], "threads that hang do not heap up"
    answers.set()
    name.wait(loop)
    assert asked == ["hall.local"], "its late answer counts"
    name.wait(loop)
    assert asked == ["hall.local"] * 2


def test_an_unknown_name_is_told_each_time_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unknown() -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    asked = asked_of(monkeypatch, unknown)
    name = BrokerName("hall.local", 1883)
    for _ in range(2):
        with pytest.raises(socket.gaierror, match="not known"):
            name.wait(loop_that_counts()[0])
    assert len(asked) == 2


def test_a_name_that_cannot_be_is_an_error_like_any_other() -> None:
    with pytest.raises(OSError, match="no such name"):
        BrokerName("x" * 64 + ".local", 1883).wait(loop_that_counts()[0])


def test_a_node_that_ends_does_not_wait_for_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = threading.Event()
    asked_of(monkeypatch, lambda: answers.wait(30))
    loop, beats = loop_that_counts()
    loop.stop()
    with pytest.raises(TimeoutError):
        BrokerName("hall.local", 1883).wait(loop)
    assert len(beats) == 1
    answers.set()
