"""A real VictoriaMetrics as a child process on loopback: the store of the demo and of the tests."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self
from urllib.parse import urlencode

LOOPBACK: Final = "127.0.0.1"
COMMAND: Final = "victoria-metrics"
FROM_THE_START_S: Final = 0
TO_THE_END_S: Final = 4_102_444_800
"""1 January 2100: no point of a hall lies beyond."""


class StoreError(RuntimeError):
    """The store is not there or does not start; the text says what to do."""


class Stored(NamedTuple):
    """One series as the store holds it."""

    name: str
    """``<measurement>_<field>``."""
    labels: dict[str, str]
    values: list[float]
    timestamps_ms: list[int]


class VictoriaMetrics:
    """VictoriaMetrics with its data in ``data_dir``, on the same loopback port over restarts.

    It keeps its log in ``data_dir/../<name>.log``.  Not a child of the terminal's Ctrl-C: whoever
    started it ends it.

    Raises (:meth:`start`):
        StoreError: not installed, or ended before it answered.
    """

    def __init__(self, data_dir: Path, port: int | None = None) -> None:
        self.data_dir = data_dir
        self.port = port if port is not None else _free_port()
        self.log_file = data_dir.with_name(f"{data_dir.name}.log")
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """What ``[timeseries] url`` takes."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        return self._child.pid if self._child is not None else None

    def command(self) -> list[str]:
        """What starts it, for whoever looks after the process in another way.

        Raises:
            StoreError: not installed.
        """
        program = shutil.which(COMMAND)
        if program is None:
            raise StoreError(f"{COMMAND} is not installed: apt-get install victoria-metrics")
        return [
            program,
            f"-storageDataPath={self.data_dir}",
            f"-httpListenAddr={LOOPBACK}:{self.port}",
            "-retentionPeriod=100y",
            # a point written twice is one point; without this it would be two
            "-dedup.minScrapeInterval=1ms",
            "-selfScrapeInterval=0",
            "-memory.allowedBytes=64MB",
            "-storage.minFreeDiskSpaceBytes=10MB",
            "-loggerLevel=WARN",
        ]

    def start(self, *, within_s: float = 20.0) -> None:
        """Start it and wait until it is healthy."""
        if self._child is not None:
            raise StoreError("the store runs already: stop it first")
        command = self.command()
        if self.healthy():
            raise StoreError(f"another store answers on {self.url}: stop it or take another port")
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with self.log_file.open("ab") as log:
            self._child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        end = time.monotonic() + within_s
        while not self.healthy():
            ended = self._child.poll()
            if ended is not None or time.monotonic() > end:
                self.kill()
                raise StoreError(
                    f"{COMMAND} does not answer on {self.url} (exit status {ended}): "
                    f"read {self.log_file}"
                )
            time.sleep(0.01)

    def healthy(self) -> bool:
        """Whether it answers."""
        with suppress(OSError, HTTPException, StoreError):
            return self._get("/health") == b"OK"
        return False

    def stop(self) -> None:
        """End it in order: it writes what it holds to its disk first."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would: the last seconds that it accepted are lost."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.send_signal(how)
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait(10)

    def stored(
        self, match: str, start_s: float = FROM_THE_START_S, end_s: float = TO_THE_END_S
    ) -> list[Stored]:
        """Every series that ``match`` (``{__name__!=""}``) selects, by the export API.

        What was accepted just now is made readable first; by itself that takes up to 10 s.
        """
        self._get("/internal/force_flush")
        answer = self._get(
            "/api/v1/export?" + urlencode({"match[]": match, "start": start_s, "end": end_s})
        )
        series: list[Stored] = []
        for line in answer.splitlines():
            one = json.loads(line)
            labels = dict(one["metric"])
            series.append(Stored(labels.pop("__name__"), labels, one["values"], one["timestamps"]))
        return series

    def count_points(
        self, match: str, start_s: float = FROM_THE_START_S, end_s: float = TO_THE_END_S
    ) -> int:
        """Values in the store, a repeated write counted as the store itself counts it."""
        return sum(len(one.values) for one in self.stored(match, start_s, end_s))

    def _get(self, path: str) -> bytes:
        connection = HTTPConnection(LOOPBACK, self.port, timeout=10)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            body = response.read()
        finally:
            connection.close()
        if response.status != 200:
            raise StoreError(f"{self.url}{path}: {response.status} {body[:200]!r}")
        return body

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
