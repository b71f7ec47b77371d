"""The live pages of ``motcua bench web``: 200 of them in one process, noting what came when."""

from __future__ import annotations

import asyncio
import gc
import json
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Final, NamedTuple

from motcua.bench.errors import BenchError
from motcua.bench.parts import LOOPBACK, PATIENCE_S

_STATE: Final = b"event: state\n"
AFTERGLOW_S: Final = 1.0
"""News may come for so long after a block before it is missing."""


class Heard(NamedTuple):
    """One page: which, and (wall time in ms, rev) of every state that came."""

    page: str
    states: list[tuple[float, int]]


class _Page:
    def __init__(self, name: str) -> None:
        self.name = name
        self.chunks: list[tuple[int, bytes]] = []
        self.first = asyncio.Event()
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None

    async def open(self, port: int) -> None:
        reader, self._writer = await asyncio.open_connection(LOOPBACK, port)
        self._writer.write(
            b"GET /live/%b HTTP/1.1\r\nHost: %b:%d\r\nAccept: text/event-stream\r\n\r\n"
            % (self.name.encode(), LOOPBACK.encode(), port)
        )
        self._reading = asyncio.create_task(self._read(reader))
        await asyncio.wait_for(self.first.wait(), PATIENCE_S)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(65_536):
            self.chunks.append((time.time_ns(), data))
            if _STATE in data:
                self.first.set()

    async def close(self) -> Heard:
        if self._writer is None or self._reading is None:
            raise BenchError("the page was never opened")
        lost = self._reading.done()
        self._reading.cancel()
        self._writer.close()
        if lost:
            raise BenchError(f"the hall closed the live page /live/{self.name}")
        return Heard(self.name, _states(self.chunks))


def _states(chunks: Sequence[tuple[int, bytes]]) -> list[tuple[float, int]]:
    states: list[tuple[float, int]] = []
    rest = b""
    for came_ns, data in chunks:
        *whole, rest = (rest + data).split(b"\n\n")
        for event in whole:
            if _STATE in event:
                rev = json.loads(event.partition(b"data: ")[2])["rev"]
                states.append((came_ns / 1e6, rev))
    return states


def work(pipe: Connection, port: int) -> None:
    """A request is a list of pages (``board``, ``ticket/<token>``): opens them, answers "open".

    The next request, whatever it is, closes them; the answer is a list of :class:`Heard`.
    """
    gc.disable()  # a pause here would count as the hall's
    pipe.send("ready")
    asyncio.run(_serve(pipe, port))


async def _serve(pipe: Connection, port: int) -> None:
    loop = asyncio.get_running_loop()
    while True:
        pages = [_Page(name) for name in await loop.run_in_executor(None, pipe.recv)]
        for page in pages:
            await page.open(port)
        pipe.send("open")
        await loop.run_in_executor(None, pipe.recv)
        await asyncio.sleep(AFTERGLOW_S)
        pipe.send([await page.close() for page in pages])
        gc.collect()
