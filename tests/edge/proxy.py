"""A bad network between a node and its broker: silence, slowness and doubled packets."""

from __future__ import annotations

import queue
import socket
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

from tests.parts import LOOPBACK, free_port

_PUBLISH_QOS_1: Final = 0x32


class Proxy:
    """TCP on loopback to the broker at ``port``; change what it does at any time.

    ``swallows``: takes every byte, passes none on, and closes nothing.  ``delay_s`` and
    ``bytes_per_s`` slow each direction down.  ``doubles``: every QoS 1 publish goes out twice.
    """

    def __init__(self, port: int) -> None:
        self.port = free_port()
        self.swallows = False
        self.delay_s = 0.0
        self.bytes_per_s: float | None = None
        self.doubles = False
        self.doubled = 0
        self.connections = 0
        self._broker_port = port
        self._lines: list[socket.socket] = []
        self._ending = False
        self._listener = socket.create_server((LOOPBACK, self.port))
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection((LOOPBACK, self._broker_port), timeout=5)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            self.connections += 1
            self._lines += [near, far]
            for one, other, is_up in ((near, far, True), (far, near, False)):
                on_its_way: queue.Queue[tuple[float, bytes]] = queue.Queue()
                threading.Thread(
                    target=self._take, args=(one, on_its_way, is_up), daemon=True
                ).start()
                threading.Thread(target=self._give, args=(other, on_its_way), daemon=True).start()

    def _take(
        self, line: socket.socket, on_its_way: queue.Queue[tuple[float, bytes]], is_up: bool
    ) -> None:
        held = b""
        while True:
            try:
                came = line.recv(65536)
            except OSError:
                came = b""
            if not came:
                on_its_way.put((0.0, b""))
                return
            if self.swallows:
                continue
            if is_up and self.doubles:
                held, came = self._doubled(held + came)
            on_its_way.put((time.monotonic() + self.delay_s, came))

    def _doubled(self, stream: bytes) -> tuple[bytes, bytes]:
        """What is left of ``stream`` after its whole packets, and those, publishes twice."""
        out = b""
        while (end := _end_of_packet(stream)) is not None:
            packet, stream = stream[:end], stream[end:]
            out += packet
            if packet[0] & 0xF6 == _PUBLISH_QOS_1:
                out += packet
                self.doubled += 1
        return stream, out

    def _give(self, line: socket.socket, on_its_way: queue.Queue[tuple[float, bytes]]) -> None:
        while True:
            at_s, chunk = on_its_way.get()
            if not chunk:
                with suppress(OSError):
                    line.shutdown(socket.SHUT_RDWR)
                return
            time.sleep(max(0.0, at_s - time.monotonic()))
            try:
                if self.bytes_per_s is None:
                    line.sendall(chunk)
                    continue
                for start in range(0, len(chunk), 1024):
                    line.sendall(piece := chunk[start : start + 1024])
                    time.sleep(len(piece) / self.bytes_per_s)
            except OSError:
                return

    def close(self) -> None:
        """End all connections."""
        self._listener.close()
        for line in self._lines:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _end_of_packet(stream: bytes) -> int | None:
    """Where the first MQTT packet ends (a byte, then its length in 7 bits a byte)."""
    length = 0
    for place in range(1, min(len(stream), 5)):
        length |= (stream[place] & 0x7F) << (7 * (place - 1))
        if not stream[place] & 0x80:
            end = place + 1 + length
            return end if len(stream) >= end else None
    return None
