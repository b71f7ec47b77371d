"""Live pages: server-sent events out of one event loop, so that none of them holds a thread.

After each commit every distinct view that somebody looks at is rendered once and sent to all who
look at it, if it has changed.  A page that reads slowly gets the newest state and misses those in
between.  Fan-out takes a small share of the loop's time: a single page has the news at
once, 200 pages within 200 ms, and requests go on in between.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final

import msgspec

from hall_server.runtime import Committed
from hall_server.web.hall_views import HallViews
from hall_server.web.projections.moment import Moment
from hall_server.web.views import ClerkView

log = logging.getLogger(__name__)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

STREAMS: Final = 2_000
KEPT_FOR_WORK: Final = 0.1
"""Of the streams: for consoles, the technician and kiosks, however many others there are."""
BEAT_S: Final = 5.0
REFRESH_S: Final = 1.0
"""How often pages of things that are no facts (nodes, the broker) are looked at again."""
SEND_S: Final = 10.0
"""A page that does not take its bytes for so long is left."""
SHARE: Final = 0.1
"""Of the loop's time, for fan-out."""
LONGEST_PAUSE_S: Final = 0.1
YIELD_EACH: Final = 10
"""Pages between two looks at what else the loop has to do."""

_SLOW: Final = frozenset({"technician"})
"""Views that read the disk: rendered beside the loop."""
_AT_WORK: Final = frozenset({"clerk", "technician", "kiosk"})
_GONE: Final = b"event: gone\ndata: {}\n\n"
_HELLO: Final = b"retry: 1000\n\n"
_encoder: Final = msgspec.json.Encoder()


class _Stream:
    """One page's connection."""

    __slots__ = ("beat", "limit", "over", "since_s", "state", "until_ms", "wake")

    def __init__(self, until_ms: int | None, limit: asyncio.Timeout) -> None:
        self.wake = asyncio.Event()
        self.state: bytes = b""
        self.beat: bytes = b""
        self.over = False
        self.until_ms = until_ms
        self.limit = limit
        """Ends the connection once it is given a time."""
        self.since_s: float | None = None
        """Since when (loop time) it is being written to."""

    def take(self) -> bytes:
        """What is to be written now."""
        chunk = self.state + self.beat
        self.state = self.beat = b""
        return chunk


class _Group:
    """All who look at one view."""

    __slots__ = ("name", "streams", "tail")

    def __init__(self, name: str) -> None:
        self.name = name
        self.streams: set[_Stream] = set()
        self.tail = b""
        """The JSON last sent, behind its ``rev`` and ``at_ms``."""


class LivePages:
    """The open live pages, and the fan-out to them; all but :meth:`committed` in one loop."""

    def __init__(
        self,
        views: HallViews,
        *,
        streams: int = STREAMS,
        beat_s: float = BEAT_S,
        refresh_s: float = REFRESH_S,
        send_s: float = SEND_S,
    ) -> None:
        self._views = views
        views.tell = self.committed
        self._limit = streams
        self._limit_for_all = streams - int(streams * KEPT_FOR_WORK)
        self._beat_s = beat_s
        self._refresh_s = refresh_s
        self._send_s = send_s
        self._groups: dict[str, _Group] = {}
        self._count = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._told = False
        self._dirty = asyncio.Event()
        self._closing = False
        self._tasks: list[asyncio.Task[None]] = []
        self._side = ThreadPoolExecutor(1, thread_name_prefix="hall-live")

    # ------------------------------------------------------------------ from any thread

    def committed(self, _committed: Committed | None = None) -> None:
        """Something may have changed: the runtime's listener.  Never waits."""
        loop = self._loop
        if loop is None or self._told or not self._count:
            return
        self._told = True
        with suppress(RuntimeError):  # the loop has ended: nobody looks any more
            loop.call_soon_threadsafe(self._news)

    @property
    def count(self) -> int:
        """Pages that are open."""
        return self._count

    # ------------------------------------------------------------------ in the loop

    def start(self) -> None:
        """Begin the fan-out in the running loop."""
        self._loop = asyncio.get_running_loop()
        self._tasks = [
            self._loop.create_task(self._fan_out_on_news()),
            self._loop.create_task(self._beat()),
            self._loop.create_task(self._refresh()),
            self._loop.create_task(self._leave_the_deaf()),
        ]

    def close(self) -> None:
        """End every stream now; whoever comes later is sent away."""
        self._closing = True
        for task in self._tasks:
            task.cancel()
        for group in self._groups.values():
            for stream in group.streams:
                stream.over = True
                stream.wake.set()
        self._side.shutdown(wait=False, cancel_futures=True)

    def _news(self) -> None:
        self._told = False
        self._dirty.set()

    async def serve(
        self,
        name: str,
        headers: Iterable[tuple[bytes, bytes]],
        receive: Receive,
        send: Send,
        *,
        until_ms: int | None = None,
        abort: Callable[[], None] | None = None,
    ) -> bool:
        """Keep one page informed of the view ``name`` until it or the hall goes.

        ``until_ms`` (hall time) is when its session ends.  ``abort`` cuts the connection of a
        page that takes nothing.  False where there is no room: nothing was sent then.
        """
        kind = name.partition(":")[0]
        limit = self._limit if kind in _AT_WORK else self._limit_for_all
        if self._closing or self._count >= limit:
            return False
        self._count += 1
        self._views.live_pages = self._count
        leaving = asyncio.ensure_future(_until_left(receive))
        try:
            async with asyncio.timeout(None) as until:
                stream = _Stream(until_ms, until)
                leaving.add_done_callback(lambda _: stream.wake.set())
                await self._keep(name, stream, leaving, send, headers)
        except TimeoutError:
            if abort is not None:
                abort()
        finally:
            leaving.cancel()
            self._count -= 1
            self._views.live_pages = self._count
        return True

    async def _keep(
        self,
        name: str,
        stream: _Stream,
        leaving: asyncio.Future[None],
        send: Send,
        headers: Iterable[tuple[bytes, bytes]],
    ) -> None:
        group = self._groups.setdefault(name, _Group(name))
        group.streams.add(stream)
        try:
            stream.since_s = asyncio.get_running_loop().time()
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            stream.since_s = None
            stream.state = _HELLO + await self._first(group, stream)
            await self._write(stream, leaving, send)
        finally:
            group.streams.discard(stream)
            if not group.streams:
                self._groups.pop(name, None)

    async def _write(self, stream: _Stream, leaving: asyncio.Future[None], send: Send) -> None:
        time_s = asyncio.get_running_loop().time
        while not leaving.done():
            if chunk := stream.take():
                # No time-out of its own for each chunk: see _leave_the_deaf.
                stream.since_s = time_s()
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
                stream.since_s = None
            elif stream.over:
                stream.since_s = time_s()
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                return
            else:
                await stream.wake.wait()
                stream.wake.clear()

    async def _first(self, group: _Group, stream: _Stream) -> bytes:
        """The state as a page that has just come gets it."""
        chunk, tail, last = await self._rendered(group.name, None)
        if last:
            stream.over = True
        elif not group.tail:
            group.tail = tail
        elif group.tail != tail:
            # The others hear of it by the fan-out that is on its way.
            self._dirty.set()
        return chunk

    # ------------------------------------------------------------------ the fan-out

    async def _fan_out_on_news(self) -> None:
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            began = time.thread_time()
            try:
                await self._fan_out()
            except Exception:  # one view's fault must not silence all pages
                log.exception("the live pages were not told of a change")
            spent = time.thread_time() - began
            await asyncio.sleep(min(LONGEST_PAUSE_S, spent * (1 - SHARE) / SHARE))

    async def _fan_out(self) -> None:
        moment = self._views.moment()
        done = 0
        for group in list(self._groups.values()):
            chunk, tail, last = await self._rendered(group.name, moment)
            done += 1
            if tail != group.tail:
                group.tail = tail
                for stream in list(group.streams):
                    stream.state = chunk
                    stream.over = stream.over or last
                    stream.wake.set()
                    done += 1
                    if done >= YIELD_EACH:
                        done = 0
                        await asyncio.sleep(0)
            if done >= YIELD_EACH:
                done = 0
                await asyncio.sleep(0)
        if (again_s := self._views.look_again_in_s(moment)) is not None:
            # People were quicker than their waits could be worked out: tell these when they are.
            asyncio.get_running_loop().call_later(again_s, self._dirty.set)
        await asyncio.sleep(0)  # the last of them are written within the time that is counted

    async def _rendered(self, name: str, moment: Moment | None) -> tuple[bytes, bytes, bool]:
        """(event, JSON behind ``rev`` and ``at_ms``, whether the page must leave with it)."""
        if name in _SLOW:
            loop = asyncio.get_running_loop()
            view = await loop.run_in_executor(self._side, self._views.named, name, None)
        else:
            view = self._views.named(name, moment)
        if view is None:
            return _GONE, b"gone", True
        data = _encoder.encode(view)
        tail = data[data.index(b",", data.index(b",") + 1) :]
        rev: int = view.rev  # type: ignore[attr-defined]
        event = b"id: %d\nevent: state\ndata: %b\n\n" % (rev, data)
        if isinstance(view, ClerkView) and not view.yours:
            return event + _GONE, tail, True
        return event, tail, False

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._beat_s)
            at_ms = self._views.moment().now_ms
            beat = b'event: beat\ndata: {"at_ms":%d}\n\n' % at_ms
            everybody = [one for group in self._groups.values() for one in group.streams]
            for index, stream in enumerate(everybody):
                stream.beat = beat
                if stream.until_ms is not None and at_ms >= stream.until_ms:
                    stream.beat, stream.over = _GONE, True
                stream.wake.set()
                if index % YIELD_EACH == YIELD_EACH - 1:
                    await asyncio.sleep(0)
            self._dirty.set()  # waits and forms run out without a fact

    async def _refresh(self) -> None:
        while True:
            await asyncio.sleep(self._refresh_s)
            if not _SLOW.isdisjoint(self._groups):
                self._dirty.set()

    async def _leave_the_deaf(self) -> None:
        """End the pages that have not taken their bytes for too long."""
        time_s = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(min(self._refresh_s, self._send_s))
            latest_s = time_s() - self._send_s
            for group in self._groups.values():
                for stream in group.streams:
                    if stream.since_s is not None and stream.since_s <= latest_s:
                        stream.since_s = None
                        stream.limit.reschedule(0)


async def _until_left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
