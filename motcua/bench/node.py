"""``motcua bench node``: what one node takes, and how long a press takes through it.

Memory, idle time and start are those of ``motcua node`` in a process of its own, as it runs on a
counter.  Presses go through a whole agent on mock pins; beside each, in turns, one bare MQTT
message goes to a subscriber and one small row is committed in the same folder.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from statistics import median
from typing import Any, Final

from msgspec.structs import replace

from devices.messages import RatingPress
from devices.qr_scanner.standin import draw_code, hold, png
from edge.clock import Clock
from edge.outbox import Outbox
from edge.settings import NodeSettings, Panel, QrScanner, Speaker, TicketDisplay
from motcua.bench import bare_mqtt, one_node
from motcua.bench.child import Child
from motcua.bench.command import Figures, Plan
from motcua.bench.errors import BenchError
from motcua.bench.nodes import LEVELS, node_settings
from motcua.bench.parts import LOOPBACK, PATIENCE_S, broker, free_port, own_folder, percentile, say
from motcua.demo.toml_text import toml_of

IDLE_S: Final = 20.0
SETTLE_S: Final = 5.0
"""What is done once after a start is not idling."""
STARTS: Final = 5
WARM: Final = 5
_ORIGIN: Final = "http://127.0.0.1:1"
_OUTBOX_PRESSES: Final = 500


def measure(plan: Plan) -> tuple[Figures, list[str]]:
    """Measure ``plan.amount`` presses, and the rest; see the module."""
    faults: list[str] = []
    with own_folder(plan.folder) as folder, ExitStack() as stack:
        port = stack.enter_context(broker(folder / "broker"))
        hall = stack.enter_context(Child(one_node.hall, port))
        hall.receive()
        figures = _stand_still(folder, port, hall)
        starts = [_start_s(folder, port, hall, number) for number in range(STARTS)]
        say(f"started in {', '.join(f'{one:.2f}' for one in starts)} s")
        figures |= _presses(plan, folder, port, hall, faults)
        figures |= {
            "outbox_bytes_per_press": _outbox_bytes(folder / "outbox"),
            "start_s": round(median(starts), 3),
            "start_longest_s": round(max(starts), 3),
        }
    say(
        "aims: rss_mb under 60, rss_with_qr_mb under 150, idle_cpu_percent under 3 of one core, "
        "start_s under 3"
    )
    return figures, faults


# ------------------------------------------------------------------ a node in its own process


def _settings(folder: Path, port: int, name: str) -> NodeSettings:
    """A counter's node as it stands in a hall: buttons, LED matrix, and a voice without a card."""
    return replace(
        node_settings(name, folder, port),
        ticket_display=TicketDisplay("recording"),
        speaker=Speaker("off"),
    )


@contextmanager
def _running(settings: NodeSettings, folder: Path) -> Iterator[int]:
    path = folder / f"{settings.node.id}.toml"
    path.write_text(toml_of(settings), encoding="utf-8")
    with (folder / f"{settings.node.id}.log").open("wb") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "motcua", "node", "--config", str(path)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        yield child.pid
    finally:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait(10)


def _stand_still(folder: Path, port: int, hall: Child) -> Figures:
    """Memory and idle time of a node without a camera, and of one with a scanner."""
    plain = _settings(folder, port, "plain")
    cards = folder / "cards"
    with_qr = replace(
        _settings(folder, port, "with-qr"), qr_scanner=QrScanner("folder", folder=str(cards))
    )
    with _running(plain, folder) as plain_pid, _running(with_qr, folder) as qr_pid:
        for name in ("plain", "with-qr"):
            if hall.ask(("online", name), PATIENCE_S + 5) is None:
                words = (folder / f"{name}.log").read_text(errors="replace")[-2000:]
                raise BenchError(f"the node does not come to its broker: {words}")
        # one card read, so that all is loaded that a scanner needs
        hold(cards, png(draw_code("MẪU THỬ")), "card")
        if hall.ask(("scanned", "with-qr"), PATIENCE_S + 5) is None:
            raise BenchError("the node does not read the card that is held before it")
        time.sleep(SETTLE_S)
        pids = (plain_pid, qr_pid)
        before = [_cpu_s(pid) for pid in pids]
        began_s = time.monotonic()
        time.sleep(IDLE_S)
        took_s = time.monotonic() - began_s
        idle = [100 * (_cpu_s(pid) - was) / took_s for pid, was in zip(pids, before, strict=True)]
        rss = [_rss_mb(pid) for pid in pids]
    return {
        "rss_mb": round(rss[0], 1),
        "rss_with_qr_mb": round(rss[1], 1),
        "idle_cpu_percent": round(idle[0], 2),
        "idle_cpu_with_qr_percent": round(idle[1], 2),
    }


def _cpu_s(pid: int) -> float:
    # the name in parentheses may hold spaces; utime and stime are the 14th and 15th field
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _rss_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (line,) = (one for one in lines if one.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def _start_s(folder: Path, port: int, hall: Child, number: int) -> float:
    """From the start of the process until a first press has lit its lamp."""
    name = f"start-{number}"
    settings = replace(_settings(folder, port, name), panel=Panel(free_port(), _ORIGIN))
    hall.ask(("open", name, f"window-{name}"))
    began_s = time.monotonic()
    with _running(settings, folder):
        end_s = began_s + PATIENCE_S
        assert settings.panel is not None
        _wait_lit(settings.panel.port, list(range(1, LEVELS + 1)), end_s)
        _ask(settings.panel.port, "POST", "/press/3")
        _wait_lit(settings.panel.port, [3], end_s)
        return time.monotonic() - began_s


def _wait_lit(port: int, levels: list[int], end_s: float) -> None:
    while True:
        with suppress(OSError, http.client.HTTPException):
            state = _ask(port, "GET", "/state")
            if [one["level"] for one in state["buttons"] if one["lit"]] == levels:
                return
        if time.monotonic() > end_s:
            raise BenchError("a node that was started takes no press")
        time.sleep(0.01)


def _ask(port: int, method: str, path: str) -> Any:
    line = http.client.HTTPConnection(LOOPBACK, port, timeout=10)
    try:
        body = b"" if method == "POST" else None
        line.request(method, path, body, {"X-Panel": "1"} if body is not None else {})
        return json.loads(line.getresponse().read())
    finally:
        line.close()


# ------------------------------------------------------------------ presses


def _presses(plan: Plan, folder: Path, port: int, hall: Child, faults: list[str]) -> Figures:
    lamp_ms: list[float] = []
    publish_ms: list[float] = []
    bare_ms: list[float] = []
    fsync_ms: list[float] = []
    lost = 0
    with ExitStack() as stack:
        node = stack.enter_context(Child(one_node.node, folder / "presses", port))
        publisher = stack.enter_context(Child(bare_mqtt.publisher, port))
        subscriber = stack.enter_context(Child(bare_mqtt.subscriber, port))
        for child in (node, publisher, subscriber):
            child.receive()
        disk = sqlite3.connect(folder / "fsync.db", isolation_level=None)
        stack.callback(disk.close)
        for line in ("journal_mode = WAL", "synchronous = FULL"):
            disk.execute(f"PRAGMA {line}")
        disk.execute("CREATE TABLE row (id INTEGER PRIMARY KEY, body TEXT NOT NULL)")
        end_s = time.monotonic() + plan.seconds
        written = 0
        for number in range(-WARM, plan.amount):
            if number == 0:
                # connections, caches and files are warm now
                for warm in (lamp_ms, publish_ms, bare_ms, fsync_ms):
                    warm.clear()
                written = node.ask(("written",))
            if number > 0 and time.monotonic() > end_s:
                break
            window = f"window-{number}"
            hall.ask(("open", one_node.NODE, window))
            driven_ns, lit_ns = node.ask(("press", window, number % LEVELS + 1))
            came_ns = hall.ask(("came", window), PATIENCE_S + 5)
            lamp_ms.append((lit_ns - driven_ns) / 1e6)
            if came_ns is None:
                lost += 1
            else:
                publish_ms.append((came_ns - driven_ns) / 1e6)
            seq = number + WARM + 1
            sent = publisher.ask([(seq, 0)])
            came = subscriber.ask([seq])
            bare_ms += [(came[one] - sent[one]) / 1e6 for one in came]
            began_ns = time.monotonic_ns()
            disk.execute("INSERT INTO row (body) VALUES (?)", ("x" * 200,))
            fsync_ms.append((time.monotonic_ns() - began_ns) / 1e6)
        written = node.ask(("written",)) - written
    if lost:
        faults.append(f"{lost} presses did not come to the hall")
    figures: Figures = {}
    for name, times in (("press_to_lamp", lamp_ms), ("press_to_publish", publish_ms)):
        figures[f"{name}_p50_ms"] = round(percentile(times, 0.5), 3)
        figures[f"{name}_p99_ms"] = round(percentile(times, 0.99), 3)
    fsync_p50, bare_p50 = percentile(fsync_ms, 0.5), percentile(bare_ms, 0.5)
    return figures | {
        "fsync_p50_ms": round(fsync_p50, 3),
        "fsync_p99_ms": round(percentile(fsync_ms, 0.99), 3),
        "bare_publish_p50_ms": round(bare_p50, 3),
        "bare_publish_p99_ms": round(percentile(bare_ms, 0.99), 3),
        "lamp_in_fsyncs_p50": round(figures["press_to_lamp_p50_ms"] / fsync_p50, 2),
        "publish_in_references_p50": round(
            figures["press_to_publish_p50_ms"] / (fsync_p50 + bare_p50), 2
        ),
        "bytes_written_per_press": round(written / len(lamp_ms)),
        "presses": len(lamp_ms),
        "lost": lost,
    }


def _outbox_bytes(folder: Path) -> int:
    """Bytes written to the disk a press by the outbox alone, acknowledged one by one."""
    outbox = Outbox(folder)
    clock = Clock(assume_synchronised=True)

    def press(number: int) -> None:
        window = f"20261123-A{number % 1000:03}.1"
        outbox.append(RatingPress(3, 5, window), clock.now(), keep=("rated_window", window))
        outbox.acknowledge(outbox.stream, outbox.last_seq)

    try:
        for number in range(100):
            press(number)
        before = one_node.written_bytes()
        for number in range(_OUTBOX_PRESSES):
            press(number)
        return round((one_node.written_bytes() - before) / _OUTBOX_PRESSES)
    finally:
        outbox.close()
