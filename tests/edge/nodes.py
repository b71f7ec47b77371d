"""A real ``motcua node`` in a process of its own, and the hands that use its panel."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.edge.halls import HALL, NODE
from tests.parts import LOOPBACK, free_port, until

ORIGIN = "http://127.0.0.1:8080"

BUTTONS = """
[rating_buttons]
driver = "mock"
[[rating_buttons.button]]
level = 1
pin = 17
lamp_pin = 5
[[rating_buttons.button]]
level = 2
pin = 27
lamp_pin = 6
[[rating_buttons.button]]
level = 3
pin = 22
lamp_pin = 13
[[rating_buttons.button]]
level = 4
pin = 23
lamp_pin = 19
"""


class NodeProcess:
    """A counter node with stand-ins in ``folder``; ``node_lines`` go into its [node] table."""

    def __init__(
        self,
        folder: Path,
        broker_port: int,
        *,
        node_lines: str = "",
        devices: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.cards = folder / "cards"
        self.panel_port = free_port()
        self.config = folder / "node.toml"
        self._environment = {**os.environ, **(environment or {})}
        self._child: subprocess.Popen[bytes] | None = None
        self.config.write_text(
            f"""
[node]
id = "{NODE}"
hall = "{HALL}"
kind = "counter"
data_dir = "{folder / "data"}"
{node_lines}
[broker]
port = {broker_port}
keepalive_s = 5
[panel]
port = {self.panel_port}
allow_origin = "{ORIGIN}"
{BUTTONS}
{devices}
"""
        )

    def start(self) -> None:
        """Start it and wait until its panel answers and its buttons are there."""
        assert self._child is None
        with (self.folder / "node.log").open("ab") as log:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "motcua", "node", "--config", str(self.config)],
                stderr=log,
                stdout=log,
                env=self._environment,
            )
        until(self._answers, f"the node's panel answers: {self.log()}")

    def _answers(self) -> bool:
        assert self._child is not None
        assert self._child.poll() is None, f"the node ended: {self.log()}"
        with suppress(OSError, http.client.HTTPException):
            return bool(self.state())
        return False

    def log(self) -> str:
        """What it wrote to its log so far."""
        return (self.folder / "node.log").read_text()

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self._child is not None
        self._child.kill()
        self._child.wait(10)
        self._child = None

    def terminate(self, sign: signal.Signals = signal.SIGTERM, within_s: float = 2.0) -> int:
        """End it as systemd does; its exit status."""
        assert self._child is not None
        self._child.send_signal(sign)
        try:
            return self._child.wait(within_s)
        finally:
            if self._child.poll() is not None:
                self._child = None

    def close(self) -> None:
        """End it, whatever its state."""
        if self._child is not None:
            self.kill()

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """A request to its panel: status, headers, body."""
        line = http.client.HTTPConnection(LOOPBACK, self.panel_port, timeout=30)
        try:
            line.request(
                method, path, body=body if method == "POST" else None, headers=dict(headers or {})
            )
            answer = line.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            line.close()

    def state(self, after: int = 0) -> dict[str, Any]:
        """What the panel shows."""
        status, _, body = self.ask("GET", f"/state?after={after}")
        assert status == 200
        state: dict[str, Any] = json.loads(body)
        return state

    def wait_for(self, holds: Any, what: str) -> dict[str, Any]:
        """Look at the panel until ``holds(state)``."""
        seen: list[dict[str, Any]] = []

        def look() -> bool:
            seen[:] = [self.state()]
            return bool(holds(seen[0]))

        until(look, what)
        return seen[0]

    def lamps(self) -> list[int]:
        """The levels whose lamps are lit."""
        return [button["level"] for button in self.state()["buttons"] if button["lit"]]

    def press(self, level: int) -> None:
        """Press a button."""
        until(lambda: self._press(level) == 200, f"button {level} is pressed")

    def _press(self, level: int) -> int:
        status, _, body = self.ask("POST", f"/press/{level}", headers={"X-Panel": "1"})
        assert status in (200, 503), body  # 503: the buttons are not open yet
        return status

    def hold(self, card_png: bytes) -> None:
        """Hold a card before the scanner."""
        status, _, body = self.ask("POST", "/hold", card_png, {"X-Panel": "1"})
        assert status == 200, body
