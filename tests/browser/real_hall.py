"""The demo's hall in processes of its own, without its citizens: the people are the tests."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from socket import create_connection
from types import TracebackType
from typing import Any, Final, Self

from argon2 import PasswordHasher
from msgspec.structs import replace

from hall_server import settings as hall_settings
from hall_server.facts import Fact
from hall_server.journal import JournalReader
from motcua.demo import broker, house
from motcua.demo.doors import Panel
from motcua.demo.layout import Layout, write_layout
from motcua.demo.toml_text import toml_of
from tests.faults.hands import Line, new_request
from tests.faults.whole_hall import Program
from tests.parts import LOOPBACK, until

CLERK_OF: Final = {one.counter: one.id for one in house.WORKERS if one.counter}


def morning_offset(hour: int = 8) -> int:
    """The offset from UTC, in minutes, with which it is now past ``hour`` and before the next."""
    offset = (hour - time.gmtime().tm_hour) * 60
    return offset + 24 * 60 if offset < -720 else offset


class RealHall:
    """Broker, hall and the demo's nodes named in ``nodes``, all of it real.

    Raises:
        AssertionError: a part did not come up.
    """

    def __init__(self, folder: Path, nodes: Sequence[str]) -> None:
        self.layout: Final[Layout] = write_layout(folder, store=False)
        self._name_only(nodes)
        self._broker: subprocess.Popen[bytes] | None = None
        self._broker_log = self.layout.log("broker")
        self.hall = Program(
            ["hall", "--config", str(self.layout.hall_settings)],
            self.layout.log("hall"),
            lambda: Line(self.layout.web_port).ask("GET", "/healthz")[0] == 200,
        )
        self.panels = {
            node: Panel(port) for node, port in self.layout.panel_ports.items() if node in nodes
        }
        self.nodes = {node: self._node(node) for node in nodes}
        self._clerks: dict[str, QuietClerk] = {}

    def _name_only(self, nodes: Sequence[str]) -> None:
        """A start page that shows only the devices that run, and PINs that are quickly tried."""
        path = self.layout.hall_settings
        settings = hall_settings.load(path)
        quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        settings = replace(
            settings,
            # midnight and closing time never come in the middle of a test
            queue=replace(settings.queue, utc_offset_minutes=morning_offset()),
            node=[one for one in settings.node if one.id in nodes],
            clerk=[
                replace(one, pin_hash=quick.hash(self.layout.pins[one.id]))
                for one in settings.clerk
            ],
        )
        path.write_text(toml_of(settings), encoding="utf-8")

    def _node(self, node: str) -> Program:
        def answers() -> bool:
            panel = self.panels.get(node)
            state = panel.state() if panel else {"link": "connected"}
            return state is not None and state["link"] == "connected"

        words = ["node", "--config", str(self.layout.node_settings(node))]
        return Program(words, self.layout.log(node), answers)

    # ------------------------------------------------------------------ life

    def start(self) -> None:
        """Start everything and wait until all of it is up."""
        with self._broker_log.open("ab") as log:
            command = broker.command(self.layout.broker_configuration)
            self._broker = subprocess.Popen(command, stdout=log, stderr=log)
        until(self._broker_answers, f"the broker listens; its log is {self._broker_log}")
        programs = [self.hall, *self.nodes.values()]
        for program in programs:
            program.launch()
        for program in programs:
            program.wait_up()

    def _broker_answers(self) -> bool:
        with suppress(OSError), create_connection((LOOPBACK, self.layout.broker_port), timeout=1):
            return True
        return False

    def close(self) -> None:
        """End everything."""
        for program in (self.hall, *self.nodes.values()):
            program.kill()
        if self._broker is not None:
            self._broker.kill()
            self._broker.wait(10)
            self._broker = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # ------------------------------------------------------------------ hands

    @property
    def origin(self) -> str:
        """The address of the pages, without a slash at the end."""
        return self.layout.origin

    @property
    def kiosk_address(self) -> str:
        """The kiosk's page, with its key."""
        return f"/kiosk/{house.KIOSK}?key={self.layout.kiosk_key}"

    def clerk(self, counter: str) -> QuietClerk:
        """The clerk of ``counter`` without a screen, signed in."""
        clerk = self._clerks.setdefault(counter, QuietClerk(self.layout, counter))
        clerk.be_there()
        return clerk

    def take(self, service: str) -> dict[str, Any]:
        """Somebody else takes a ticket; the ticket as the kiosk is told of it."""
        line = Line(self.layout.web_port)
        line.ask("GET", self.kiosk_address)
        body = {"request_id": new_request(), "service": service}
        status, answer = line.post(f"/api/kiosk/{house.KIOSK}/take", body)
        assert status == 200, answer
        ticket: dict[str, Any] = answer["ticket"]
        return ticket

    def live_pages(self) -> int:
        """How many pages are connected now."""
        health = json.loads(Line(self.layout.web_port).ask("GET", "/healthz")[2])
        return int(health["live_pages"])

    def tidy(self, counters: Sequence[str]) -> None:
        """Send everybody home and free the kiosk: the next test begins in a quiet hall."""
        for counter in counters:
            self.clerk(counter).send_all_home()
        line = Line(self.layout.web_port)
        line.ask("GET", self.kiosk_address)
        line.post(f"/api/kiosk/{house.KIOSK}/forget", {})

    # ------------------------------------------------------------------ the truth

    def facts(self) -> list[Fact]:
        """All that is in the journal."""
        reader = JournalReader(self.layout.journal)
        try:
            return reader.facts(0, 10_000_000)
        finally:
            reader.close()


class QuietClerk:
    """A clerk who works without a screen."""

    def __init__(self, layout: Layout, counter: str) -> None:
        self._layout = layout
        self._counter = counter
        self._line = Line(layout.web_port)

    def be_there(self) -> None:
        """Sign in, unless she sits at her counter already."""
        self._line.close()  # the hall has hung up on who was silent for long
        status, _, body = self._line.ask("GET", "/api/view/clerk")
        if status == 200 and (view := json.loads(body))["yours"] and view["phase"] != "closed":
            return
        name = CLERK_OF[self._counter]
        self._line = Line(self._layout.web_port)
        self._line.csrf = self._line.token_of("/clerk/sign-in")
        entered = {"clerk": name, "pin": self._layout.pins[name], "counter": self._counter}
        status, answer = self._line.post("/clerk/sign-in", entered)
        assert status == 200, answer
        self._line.csrf = self._line.token_of("/clerk")

    def view(self) -> dict[str, Any]:
        """What her console would show."""
        status, _, body = self._line.ask("GET", "/api/view/clerk")
        assert status == 200, body
        found: dict[str, Any] = json.loads(body)
        return found

    def ask(self, verb: str, **values: Any) -> dict[str, Any]:
        """A command that is done."""
        status, answer = self._line.post(
            f"/api/clerk/{verb}", {"request_id": new_request(), **values}
        )
        assert status == 200, (verb, answer)
        return answer

    def serve_next(self) -> str:
        """Call the next, start and finish; the number."""
        number = str(self.ask("call-next")["number"])
        self.ask("start")
        self.ask("finish")
        return number

    def send_all_home(self) -> None:
        """End the visit without asking for a rating, and cancel every ticket in her lists."""
        if self.view()["ticket"]:
            self.ask("park", reason="the test is over")
        view = self.view()
        if view["phase"] == "paused":
            self.ask("resume")
        for one in (*view["waiting"], *view["parked"]):
            self.ask("cancel", ticket=one["ticket"])
