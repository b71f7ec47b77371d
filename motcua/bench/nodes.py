"""The counter nodes of ``motcua bench path``: real agents with mock pins, in one process."""

from __future__ import annotations

import heapq
import logging
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from devices.rating_buttons.standin import Finger
from edge.agent import Agent, DataDir
from edge.settings import Broker, Button, Node, NodeSettings, RatingButtons
from edge.watchdog import Watchdog
from motcua.bench.errors import BenchError
from motcua.bench.parts import HALL, PATIENCE_S

LEVELS: Final = 5
HELD_NS: Final = 80_000_000
"""How long a finger stays on a button."""
_PINS: Final = ((17, 5), (27, 6), (22, 13), (23, 19), (24, 26))


def node_settings(node: str, folder: Path, broker_port: int) -> NodeSettings:
    """A counter node with five buttons on mock pins."""
    buttons = [Button(level + 1, pin, lamp) for level, (pin, lamp) in enumerate(_PINS)]
    return NodeSettings(
        Node(node, HALL, "counter", str(folder / node), assume_synchronised=True),
        Broker(port=broker_port),
        RatingButtons(buttons, "mock"),
    )


def work(pipe: Connection, names: Sequence[str], folder: Path, broker_port: int) -> None:
    """Run the nodes.  Requests and answers:

    ``("armed", numbers)``: answers "armed" once the buttons of node ``i`` are open for the ticket
    with the number ``numbers[i]``.
    ``("press", [(node, level, at_ns)])``: presses at those times; answers with when each pin was
    driven, just before it was.  Times are of CLOCK_MONOTONIC.
    """
    logging.basicConfig(level=logging.WARNING)
    agents = [_agent(name, folder, broker_port) for name in names]
    try:
        for agent in agents:
            agent.start()
        for agent in agents:
            _until(lambda a=agent: a.link.connected and a.counter.screen.get()[1].display)
        fingers = [_finger(agent) for agent in agents]
        pipe.send("ready")
        while True:
            what, words = pipe.recv()
            if what == "armed":
                for agent, number in zip(agents, words, strict=False):
                    _until(lambda a=agent, n=number: f"-{n}." in _shown_window(a))
                pipe.send("armed")
            else:
                pipe.send(_press(fingers, words))
    finally:
        for agent in agents:
            agent.stop()


def _agent(name: str, folder: Path, broker_port: int) -> Agent:
    settings = node_settings(name, folder, broker_port)
    return Agent(settings, DataDir(settings.node.data_dir).path, watchdog=Watchdog({}))


def _finger(agent: Agent) -> Finger:
    if agent.buttons is None:
        raise BenchError("the node has no buttons")
    return Finger(agent.buttons.pins, agent.buttons.wiring)


def _shown_window(agent: Agent) -> str:
    display = agent.counter.screen.get()[1].display
    return display.rating.window_id if display and display.rating else ""


def _press(fingers: Sequence[Finger], presses: Sequence[tuple[int, int, int]]) -> list[int]:
    moves: list[tuple[int, int, int, int]] = []
    for node, level, at_ns in presses:
        moves += [(at_ns, 0, node, level), (at_ns + HELD_NS, 1, node, level)]
    heapq.heapify(moves)
    pressed: list[int] = []
    while moves:
        at_ns, is_up, node, level = heapq.heappop(moves)
        time.sleep(max(0.0, (at_ns - time.monotonic_ns()) / 1e9))
        if is_up:
            fingers[node].up(level)
        else:
            pressed.append(time.monotonic_ns())
            fingers[node].down(level)
    return pressed


def _until(holds: Any) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > end:
            raise BenchError("the nodes do not hear the hall")
        time.sleep(0.002)
