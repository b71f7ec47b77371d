"""What every bench stands on: a folder, a broker and a hall, all ended in order."""

from __future__ import annotations

import os
import pwd
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from argon2 import PasswordHasher

from hall_server.catalogue import Counter, Service
from hall_server.settings import BrokerTable, Clerk, HallSettings, HallTable, Node, WebTable
from motcua.bench.errors import BenchError
from motcua.demo.broker import find_program
from motcua.demo.toml_text import toml_of

LOOPBACK: Final = "127.0.0.1"
HALL: Final = "bench"
KIOSK: Final = "kiosk-1"
PIN: Final = "135790"
SERVICES: Final = ("chung-thuc", "ho-tich")
PATIENCE_S: Final = 60.0
"""Far beyond what anything here needs on a busy machine."""


def say(text: str) -> None:
    """Progress, for whoever waits."""
    print(text, file=sys.stderr, flush=True)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of ``values`` do not exceed (nearest rank).

    Raises:
        BenchError: nothing was measured.
    """
    if not values:
        raise BenchError("nothing was measured: give a larger --count or more --seconds")
    ordered = sorted(values)
    rank = -(-len(ordered) * share // 1)
    return ordered[min(len(ordered), max(1, int(rank))) - 1]


def free_port() -> int:
    """A TCP port on loopback that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def own_folder(parent: Path) -> Iterator[Path]:
    """A private folder below ``parent``, gone afterwards.

    Raises:
        BenchError: nothing can be written there.
    """
    try:
        parent.mkdir(parents=True, exist_ok=True)
        folder = tempfile.TemporaryDirectory(prefix="motcua-bench-", dir=parent)
    except OSError as error:
        raise BenchError(f"{parent}: {error.strerror}; name another --folder") from None
    with folder as path:
        yield Path(path)


@contextmanager
def broker(folder: Path) -> Iterator[int]:
    """A Mosquitto as the demo has it, without passwords; its port."""
    port = free_port()
    folder.mkdir()
    (folder / "mosquitto.conf").write_text(
        f"listener {port} {LOOPBACK}\n"
        "allow_anonymous true\n"
        "persistence false\n"
        "max_inflight_messages 1000\n"
        "max_queued_messages 20000\n"
        # without it an event may wait 40 ms for the answer to the packet before it
        "set_tcp_nodelay true\n"
        "log_dest stderr\n"
        f"user {pwd.getpwuid(os.geteuid()).pw_name}\n"
    )
    program = find_program("mosquitto", "mosquitto")
    with running(
        [program, "-c", str(folder / "mosquitto.conf")], folder / "broker.log", port, "broker"
    ):
        yield port


@contextmanager
def running(command: Sequence[str], log: Path, port: int, name: str) -> Iterator[int]:
    """A child of ours that listens on ``port``; its process id."""
    with log.open("wb") as out:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        end = time.monotonic() + PATIENCE_S
        while not _answers(port):
            if child.poll() is not None or time.monotonic() > end:
                words = log.read_text(errors="replace")[-2000:]
                raise BenchError(f"the {name} does not answer on port {port}: {words}")
            time.sleep(0.02)
        yield child.pid
    finally:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait(10)


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection((LOOPBACK, port), timeout=1):
        return True
    return False


# ------------------------------------------------------------------ the hall


def hall_settings(
    folder: Path, broker_port: int, *, counters: int, nodes: Sequence[str] = ()
) -> HallSettings:
    """A hall with two services that every counter serves, and a clerk for each counter.

    Node ``nodes[i]`` stands on counter ``i + 1``; there is one kiosk.
    """
    # Cheap on purpose: signing in is not what is measured.
    pin_hash = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PIN)
    names = [str(number) for number in range(1, counters + 1)]
    return HallSettings(
        HallTable(HALL, "Bộ phận Một cửa", str(folder / "hall")),
        BrokerTable(broker_port),
        WebTable(free_port()),
        [
            Service(SERVICES[0], "A", "Chứng thực", "Certification", 6.0),
            Service(SERVICES[1], "B", "Hộ tịch", "Civil status", 9.0),
        ],
        [Counter(name, list(SERVICES)) for name in names],
        clerk=[Clerk(f"clerk-{name}", f"Cán bộ {name}", pin_hash) for name in names],
        node=[
            Node(KIOSK, "kiosk"),
            *(Node(node, "counter", name) for node, name in zip(nodes, names, strict=False)),
        ],
    )


@contextmanager
def hall(settings: HallSettings, folder: Path) -> Iterator[int]:
    """``motcua hall`` in a process of its own; its process id."""
    path = folder / "hall.toml"
    path.write_text(toml_of(settings), encoding="utf-8")
    with running(
        [sys.executable, "-m", "motcua", "hall", "--config", str(path)],
        folder / "hall.log",
        settings.web.port,
        "hall",
    ) as process:
        yield process
