"""A node is told to end in the middle of its work: at once, in order, and nothing is lost."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path

import pytest

from devices.messages import RatingPress
from tests.edge.halls import HallStandIn
from tests.edge.nodes import NodeProcess
from tests.parts import Broker, until


class Systemd:
    """Hears what a unit says of itself."""

    def __init__(self, path: Path) -> None:
        self.heard: list[bytes] = []
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._line.bind(str(path))
        threading.Thread(target=self._hear, daemon=True).start()

    def _hear(self) -> None:
        with suppress(OSError):
            while word := self._line.recv(100):
                self.heard.append(word)

    def close(self) -> None:
        self._line.close()


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    one = Systemd(tmp_path / "notify")
    yield one
    one.close()


@pytest.fixture
def node(tmp_path: Path, systemd: Systemd) -> Iterator[NodeProcess]:
    with Broker(tmp_path / "broker") as broker:
        one = NodeProcess(
            tmp_path / "node",
            broker.port,
            environment={"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "200000"},
        )
        one.broker = broker  # type: ignore[attr-defined]
        yield one
        one.close()


class Fingers:
    """Somebody who presses as fast as the panel takes it."""

    def __init__(self, node: NodeProcess) -> None:
        self._node = node
        self.pressed = 0
        """Presses that the panel has answered."""
        self._thread = threading.Thread(target=self._press)
        self._ended = threading.Event()

    def __enter__(self) -> Fingers:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(30)

    def _press(self) -> None:
        with suppress(OSError, HTTPException):
            while not self._ended.is_set():
                status, _, _ = self._node.ask(
                    "POST", f"/press/{1 + self.pressed % 4}", headers={"X-Panel": "1"}
                )
                if status == 200:
                    self.pressed += 1


def test_ended_under_load_it_says_so_in_time_and_every_press_arrives_once(
    node: NodeProcess, systemd: Systemd
) -> None:
    broker: Broker = node.broker  # type: ignore[attr-defined]
    node.start()
    with HallStandIn(broker, acks=False) as hall, Fingers(node) as fingers:
        until(lambda: fingers.pressed >= 25 and hall.events, "presses are on their way")
        assert node.terminate() == 0
        until(lambda: b"STOPPING=1" in systemd.heard, "systemd is told")
    assert systemd.heard[0] == b"READY=1"
    assert systemd.heard[-1] == b"STOPPING=1"
    least = fingers.pressed - 1  # the last finger may have met a node that was ending
    node.start()
    with HallStandIn(broker) as hall:
        node.wait_for(lambda state: state["outbox_depth"] == 0, "the outbox is empty")
        held = hall.held()
    presses = [event for event in held if isinstance(event.body, RatingPress)]
    assert len(presses) >= least >= 20
    assert [event.seq for event in held] == list(range(held[0].seq, held[0].seq + len(held)))
    assert held[0].seq == 1, "nothing was acknowledged, so all of it comes"


def test_it_is_well_fed_under_load_and_after_it(node: NodeProcess, systemd: Systemd) -> None:
    broker: Broker = node.broker  # type: ignore[attr-defined]
    with HallStandIn(broker) as hall:
        node.start()
        with Fingers(node):
            hall.wait_for(30)
            fed = systemd.heard.count(b"WATCHDOG=1")
            until(lambda: systemd.heard.count(b"WATCHDOG=1") > fed + 3, "it is fed")
        assert node.terminate() == 0
