"""A whole hall in processes of its own: broker, hall and nodes, killed and begun again at will."""

from __future__ import annotations

import http.client
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from argon2 import PasswordHasher

from hall_server.facts import Fact
from hall_server.journal import Journal, JournalReader
from hall_server.state import State
from tests.faults.hands import Clerk, Kiosk, Line, Panel, Technician
from tests.faults.judgement import Outbox, Seen, Verdict, judge, read_outbox
from tests.parts import LOOPBACK, Broker, free_port, until

HALL: Final = "kien-hung"
PIN: Final = "2468"
SERVICES: Final = ("chung-thuc", "ho-tich")
_PIN_HASH: Final = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PIN)
_BUTTONS: Final = ",".join(
    f"{{level={level},pin={pin},lamp_pin={lamp}}}"
    for level, pin, lamp in ((5, 5, 17), (4, 6, 18), (3, 13, 19), (2, 12, 20), (1, 16, 21))
)


class Program:
    """``motcua`` with some arguments in a process of its own; ``answers()`` tells when it is up.

    ``module`` runs in the place of ``motcua``, with ``environment`` beside the usual one.
    """

    def __init__(
        self,
        words: Sequence[str],
        log: Path,
        answers: Callable[[], bool],
        begin: Callable[[], None] | None = None,
        *,
        module: str = "motcua",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._words = words
        self._module = module
        self._environment = {**os.environ, **(environment or {})}
        self._log = log
        self._answers = answers
        self._begin = begin
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Its process; it must be running."""
        assert self._child is not None
        return self._child.pid

    def launch(self) -> None:
        """Start it and wait for nothing."""
        assert self._child is None, "it is running already"
        with self._log.open("ab") as log:
            self._child = subprocess.Popen(
                [sys.executable, "-m", self._module, *self._words],
                stdout=log,
                stderr=log,
                preexec_fn=self._begin,
                env=self._environment,
            )

    def wait_up(self) -> None:
        """Wait until it answers."""
        until(self._is_up, f"{' '.join(self._words)} answers: {self.log()}", within_s=60)

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.launch()
        self.wait_up()

    def _is_up(self) -> bool:
        assert self._child is not None
        assert self._child.poll() is None, f"{self._words} ended: {self.log()}"
        with suppress(OSError, http.client.HTTPException):
            return self._answers()
        return False

    def kill(self) -> None:
        """End it as a power cut would; nothing where it is not running."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.wait(10)

    def terminate(self, within_s: float) -> int:
        """End it as systemd does; its exit status.

        Raises:
            TimeoutExpired: it took longer.
        """
        assert self._child is not None
        self._child.terminate()
        status = self._child.wait(within_s)
        self._child = None
        return status

    @property
    def running(self) -> bool:
        """True while there is a process."""
        return self._child is not None and self._child.poll() is None

    def log(self) -> str:
        """What it wrote so far, its end."""
        with suppress(FileNotFoundError):
            return self._log.read_text(errors="replace")[-3000:]
        return ""


class WholeHall:
    """One hall in ``folder``: four counters, a kiosk page, ``nodes`` counter nodes with panels.

    ``data_dir`` is where the journal goes; ``file_bytes`` bounds each file that the hall writes,
    as a quota would.
    """

    def __init__(
        self,
        folder: Path,
        *,
        nodes: int = 0,
        counters: int = 4,
        data_dir: Path | None = None,
        file_bytes: int | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.data_dir = data_dir or folder / "hall"
        self.counters = [str(number) for number in range(1, counters + 1)]
        self.port = free_port()
        self.broker = Broker(folder / "broker")
        self.seen = Seen()
        self.panels = {f"counter-{number}": free_port() for number in range(1, nodes + 1)}
        (folder / "hall.toml").write_text(self._hall_toml(), encoding="utf-8")
        self.hall = Program(
            ["hall", "--config", str(folder / "hall.toml")],
            folder / "hall.log",
            lambda: self.line().ask("GET", "/healthz")[0] == 200,
            None if file_bytes is None else lambda: _bound_files(file_bytes),
        )
        self.nodes = {node: self._node(node) for node in self.panels}

    def _hall_toml(self) -> str:
        tables = [
            f'[hall]\nid = "{HALL}"\nname = "Bộ phận Một cửa"\ndata_dir = "{self.data_dir}"',
            f"[broker]\nport = {self.broker.port}\nkeepalive_s = 5",
            f"[web]\nport = {self.port}",
            '[[service]]\nid = "chung-thuc"\nprefix = "A"\nname = "Chứng thực"',
            '[[service]]\nid = "ho-tich"\nprefix = "B"\nname = "Hộ tịch"',
            '[[node]]\nid = "kiosk-1"\nkind = "kiosk"',
            "[[clerk]]\nid = 'ky-thuat'\nname = 'Kỹ thuật viên'\nrole = 'technician'\n"
            f"pin_hash = '{_PIN_HASH}'",
        ]
        for counter in self.counters:
            tables += [
                f'[[counter]]\nid = "{counter}"\nservices = ["chung-thuc", "ho-tich"]',
                f"[[clerk]]\nid = 'clerk-{counter}'\nname = 'Cán bộ {counter}'\n"
                f"pin_hash = '{_PIN_HASH}'",
                f'[[node]]\nid = "counter-{counter}"\nkind = "counter"\ncounter = "{counter}"',
            ]
        return "\n".join(tables) + "\n"

    def _node(self, node: str) -> Program:
        folder = self.folder / node
        folder.mkdir()
        (folder / "node.toml").write_text(
            f"""[node]
id = "{node}"
hall = "{HALL}"
kind = "counter"
data_dir = "{folder}"
health_s = 0.5
assume_synchronised = true
[broker]
port = {self.broker.port}
keepalive_s = 5
[rating_buttons]
driver = "mock"
settle_ms = 5
button = [{_BUTTONS}]
[panel]
port = {self.panels[node]}
allow_origin = "http://{LOOPBACK}:{self.port}"
""",
            encoding="utf-8",
        )
        return Program(
            ["node", "--config", str(folder / "node.toml")],
            folder / "node.log",
            lambda: bool(self.panel(node).state()),
        )

    # ------------------------------------------------------------------ life

    def start(self) -> None:
        """Start everything at once and wait until all of it is up."""
        self.broker.start()
        programs = [self.hall, *self.nodes.values()]
        for program in programs:
            program.launch()
        for program in programs:
            program.wait_up()

    def close(self) -> None:
        """End everything, whatever its state."""
        for program in (self.hall, *self.nodes.values()):
            program.kill()
        self.broker.kill()

    def restart_hall(self) -> None:
        """Kill the hall and begin it again."""
        self.hall.kill()
        self.hall.start()

    # ------------------------------------------------------------------ hands

    def line(self) -> Line:
        """A fresh browser."""
        return Line(self.port)

    def kiosk(self) -> Kiosk:
        """A touch screen of its own; what it was answered is kept in :attr:`seen`."""
        return Kiosk(self.line(), self.seen)

    def clerk(self, counter: str) -> Clerk:
        """The clerk of ``counter``, signed in there."""
        clerk = Clerk(self.line(), self.seen, counter)
        clerk.sign_in(PIN)
        return clerk

    def technician(self) -> Technician:
        """A technician, signed in."""
        technician = Technician(self.line())
        technician.sign_in("ky-thuat", PIN)
        return technician

    def panel(self, node: str) -> Panel:
        """The devices of ``node`` on the screen."""
        return Panel(node, self.panels[node], self.seen)

    # ------------------------------------------------------------------ judgement

    def settle(self) -> None:
        """Have everything up, and wait until every outbox is empty."""
        if not self.broker.running:
            self.broker.start()
        for program in (self.hall, *self.nodes.values()):
            if not program.running:
                program.kill()
                program.launch()
        for program in (self.hall, *self.nodes.values()):
            program.wait_up()
        for node in self.nodes:
            self.wait_empty(node)

    def wait_empty(self, node: str) -> None:
        """Wait until the hall has acknowledged all that ``node`` holds."""
        panel = self.panel(node)
        until(
            lambda: panel.state()["outbox_depth"] == 0,
            f"the outbox of {node} empties: {self.nodes[node].log()}",
            within_s=60,
        )

    def facts(self) -> list[Fact]:
        """All that is in the journal."""
        reader = JournalReader(self.data_dir / "hall.db")
        try:
            return reader.facts(0, 10_000_000)
        finally:
            reader.close()

    def outboxes(self) -> dict[str, Outbox]:
        """What each outbox gave out and still holds; their nodes must have ended."""
        return {
            node: read_outbox(self.folder / node, self.folder / "judged") for node in self.nodes
        }

    def verdict(self, *, settled: bool = True) -> Verdict:
        """End everything and hold what people saw against what the disks hold."""
        if settled:
            self.settle()
        self.close()
        facts = self.facts()
        verdict = judge(facts, self.seen, self.outboxes())
        if settled:
            for node, outbox in self.outboxes().items():
                if unknown := outbox.unknown(facts):
                    verdict.lost.append(f"{node} still holds {sorted(unknown)}")
        replayed = self.recovered(fresh=True)
        if self.recovered() != replayed:
            verdict.wrong.append("the snapshot opens to another state than the facts")
        half = self._from_a_snapshot_in_the_middle(facts)
        if half != replayed:
            verdict.wrong.append("a snapshot in the middle opens to another state than the facts")
        return verdict

    @contextmanager
    def _copied(self) -> Iterator[Path]:
        folder = self.folder / "copy"
        folder.mkdir()
        try:
            for path in self.data_dir.glob("hall.db*"):
                shutil.copy(path, folder)
            yield folder / "hall.db"
        finally:
            shutil.rmtree(folder)

    def recovered(self, *, fresh: bool = False) -> State:
        """The state that a copy of the journal opens to; ``fresh`` without its snapshots."""
        with self._copied() as path:
            journal = Journal(path)
            if fresh:
                journal._db.execute("DELETE FROM snapshots")
            state = journal.recover()
            journal.close()
            return state

    def _from_a_snapshot_in_the_middle(self, facts: Sequence[Fact]) -> State:
        folder = self.folder / "half"
        journal = Journal(folder / "hall.db")
        try:
            journal.append(facts[: len(facts) // 2])
            journal.save_snapshot(journal.recover())
            journal.append(facts[len(facts) // 2 :])
            return journal.recover()
        finally:
            journal.close()
            shutil.rmtree(folder)


def _bound_files(most_bytes: int) -> None:
    # Python ignores SIGXFSZ, so that a write beyond the bound fails as on a full disk
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, hard))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def lift_bound(pid: int) -> None:
    """Let the process write files of any length again."""
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
