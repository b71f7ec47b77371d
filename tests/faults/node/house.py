"""A hall whose nodes stand on small disks, with a clock that jumps and an outbox that breaks."""

from __future__ import annotations

import json
import resource
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from devices.qr_scanner.standin import draw_code, png
from hall_server.facts import Fact
from hall_server.journal import JournalReader
from tests.edge import broken_cards
from tests.faults.node.entry import LEDGER, WALL
from tests.faults.whole_hall import Program, WholeHall
from tests.parts import until

DISK_BYTES: Final = 2 * 2**20
DAMAGES: Final[dict[str, Callable[[Path], None]]] = {
    "cut in half": broken_cards.a_truncated_file,
    "header of zeros": broken_cards.a_header_of_zeros,
    "page flipped": broken_cards.a_flipped_page,
    "page of zeros": broken_cards.a_page_of_zeros,
    "noise for a log": broken_cards.noise_for_a_log,
    "another table": broken_cards.another_table,
    "no database": broken_cards.no_database,
}
SCANNER: Final = """
[qr_scanner]
source = "folder"
folder = "{folder}"
"""


class Promise(NamedTuple):
    """An event that a node committed, as its ledger has it."""

    stream: str
    seq: int
    kind: str
    accepted: bool

    @property
    def name(self) -> tuple[str, int]:
        """What names it for ever."""
        return self.stream, self.seq


class Ledger:
    """What one node promised, read on from where it was read last."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at = 0
        self._unlit = False
        self.lamps = 0
        self.cut_off = 0
        """Events that were begun and of which a kill left no word."""

    def read(self) -> list[Promise]:
        """The promises that are new; :attr:`lamps` counts those whose lamp was lit."""
        promises: list[Promise] = []
        if not self._path.exists():
            return promises
        with self._path.open("rb") as file:
            file.seek(self._at)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._at += len(whole)
        for line in whole.splitlines():
            words: dict[str, Any] = json.loads(line)
            if "tries" in words:
                self.cut_off += 1
            elif "refused" in words:
                self.cut_off -= 1
            elif "kept" in words:
                self.cut_off -= 1
                stream, seq = words["kept"]
                promises.append(Promise(stream, seq, words["kind"], words["accepted"]))
                self._unlit = self._unlit or words["accepted"]
            elif self._unlit:  # else it is lit again, by a loop that began anew
                self.lamps += 1
                self._unlit = False
        return promises


class NodeHouse(WholeHall):
    """Two counters with nodes, each on a disk of its own."""

    def __init__(self, folder: Path) -> None:
        self._mounted: list[Path] = []
        self._cards = 0
        self._read_through = 0
        super().__init__(folder, nodes=2, counters=2)
        self.ledgers = {node: Ledger(self._ledger(node)) for node in self.nodes}

    def disk(self, node: str) -> Path:
        """Where the outbox of ``node`` lies."""
        return self.folder / node / "disk"

    def _ledger(self, node: str) -> Path:
        return self.folder / node / "ledger"

    def _node(self, node: str) -> Program:
        super()._node(node)
        folder = self.folder / node
        disk = self.disk(node)
        disk.mkdir()
        self._mount(disk)
        self.set_clock(node, 0)
        config = folder / "node.toml"
        text = config.read_text(encoding="utf-8")
        text = text.replace(f'data_dir = "{folder}"', f'data_dir = "{disk}"')
        # one node believes its clock, the other asks the kernel
        text = text.replace("assume_synchronised = true", f"assume_synchronised = {self._odd()}")
        config.write_text(text + SCANNER.format(folder=folder / "cards"), encoding="utf-8")
        return Program(
            ["node", "--config", str(config)],
            folder / "node.log",
            lambda: bool(self.panel(node).state()),
            module="tests.faults.node.entry",
            environment={WALL: str(folder / "wall"), LEDGER: str(self._ledger(node))},
        )

    def _odd(self) -> str:
        return "true" if len(self._mounted) % 2 else "false"

    def _mount(self, disk: Path) -> None:
        with suppress(FileNotFoundError):
            command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(disk)]
            if subprocess.run(command, capture_output=True).returncode == 0:
                self._mounted.append(disk)

    def close(self) -> None:
        """End everything, and let go of the small disks."""
        super().close()
        for disk in self._mounted:
            subprocess.run(["umount", "--lazy", str(disk)], check=True)
        self._mounted.clear()

    # ------------------------------------------------------------------ faults

    def set_clock(self, node: str, wrong_by_s: int) -> None:
        """Move the wall clock of ``node``."""
        draft = self.folder / node / "wall.draft"
        draft.write_text(str(wrong_by_s * 1_000_000))
        draft.replace(self.folder / node / "wall")

    def fill_disk(self, node: str) -> None:
        """Leave no room where the outbox of ``node`` lies."""
        disk = self.disk(node)
        if disk in self._mounted:
            with suppress(OSError), (disk / "filler").open("wb", buffering=0) as file:
                while True:
                    file.write(bytes(4096))
        elif self.nodes[node].running:
            # without a disk of its own: none of its files may grow
            largest = max(path.stat().st_size for path in disk.iterdir())
            _, hard = resource.prlimit(self.nodes[node].pid, resource.RLIMIT_FSIZE)
            resource.prlimit(self.nodes[node].pid, resource.RLIMIT_FSIZE, (largest, hard))

    def free_disk(self, node: str) -> None:
        """Give the room back."""
        (self.disk(node) / "filler").unlink(missing_ok=True)
        if self.disk(node) not in self._mounted and self.nodes[node].running:
            _, hard = resource.prlimit(self.nodes[node].pid, resource.RLIMIT_FSIZE)
            resource.prlimit(self.nodes[node].pid, resource.RLIMIT_FSIZE, (hard, hard))

    def damage(self, node: str, how: str) -> None:
        """Break the outbox of ``node``, which must have ended."""
        self.free_disk(node)
        if (self.disk(node) / "outbox.db").exists():
            with suppress(sqlite3.DatabaseError):  # broken already, and no node has mended it yet
                DAMAGES[how](self.disk(node))

    def set_aside(self, node: str) -> int:
        """How often ``node`` began its outbox anew."""
        names = (path.name.removesuffix("-wal") for path in self.disk(node).glob("*.corrupt-*"))
        return max((int(name.rpartition("-")[2]) for name in names), default=0)

    # ------------------------------------------------------------------ hands

    def hold_card(self, node: str, number: int) -> bool:
        """Hold a card that nobody has before the scanner of ``node``; False where it is away."""
        self._cards += 1
        text = f"0010900{number % 100_000:05d}||Nguyễn Thử Nghiệm|02091990|Nữ|Hà Nội|01012022"
        folder = self.folder / node / "cards"
        if not folder.is_dir():
            return False
        draft = folder / f".card-{self._cards}"
        draft.write_bytes(png(draw_code(text, scale=3)))
        draft.replace(folder / f"card-{self._cards:06d}.png")
        return True

    def cards_held(self, node: str) -> bool:
        """Whether a card lies before the scanner of ``node``."""
        return any((self.folder / node / "cards").glob("*.png"))

    def wait_quiet(self) -> None:
        """Have everything up and every card read, and wait until every outbox is empty."""
        for node in self.nodes:
            self.free_disk(node)
        self.settle()
        for node in self.nodes:
            until(lambda n=node: not self.cards_held(n), "cards are read")  # type: ignore[misc]
            self.wait_empty(node)
            # a node that asks nobody for the time opens no window that the broker had kept
            panel = self.panel(node)
            until(lambda p=panel: p.state()["link"] == "connected", "linked")  # type: ignore[misc]

    # ------------------------------------------------------------------ judgement

    def new_facts(self) -> list[Fact]:
        """What is in the journal beyond what was read last."""
        reader = JournalReader(self.data_dir / "hall.db")
        try:
            facts = reader.facts(self._read_through, 10_000_000)
        finally:
            reader.close()
        self._read_through = facts[-1].id if facts else self._read_through
        return facts


def without(folder: Path) -> None:
    """Remove a house that has been closed."""
    shutil.rmtree(folder, ignore_errors=True)
