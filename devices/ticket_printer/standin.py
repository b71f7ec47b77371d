"""Stand-ins for a ticket printer: it reads ESC/POS and shows what would be on the paper.

:class:`Paper` understands the bytes.  It may lie in memory, behind a socket
(:class:`NetworkPrinter`) or behind a pseudo-terminal (:class:`TerminalPrinter`, which stands for
USB and serial printers).
"""

from __future__ import annotations

import io
import os
import select
import socket
import threading
import tty
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Literal

SLIPS_KEPT: Final = 20


class Paper:
    """The printer's insides; any thread may call it.

    Set ``paper``, ``cover_open``, ``offline``, ``hangs``, ``hangs_at_slip`` and ``rows_left`` to
    have faults: ``hangs`` takes bytes and does nothing, ``rows_left`` lets the roll end in the
    middle of a slip.
    """

    def __init__(self) -> None:
        self.paper: Literal["ok", "low", "out"] = "ok"
        self.cover_open = False
        self.offline = False
        self.hangs = False
        self.hangs_at_slip = False
        self.rows_left: int | None = None
        self.received = bytearray()
        """Every byte that came."""
        self.slips: deque[tuple[int, bytes]] = deque(maxlen=SLIPS_KEPT)
        """Each slip that was cut: its width in dots, and its rows, 8 dots a byte, 1 is black."""
        self.cuts = 0
        self._waiting = bytearray()
        self._rows = bytearray()
        self._row_bytes = 0
        self._recent = b""
        self._lock = threading.Lock()

    def take(self, data: bytes) -> bytes:
        """Take bytes, print what can be printed, and answer."""
        with self._lock:
            answers = b""
            for byte in data:
                answers += self._take_one(byte)
            return answers + self._print_on()

    def repair(self) -> bytes:
        """New paper, cover shut, online again; what still waited inside is printed now."""
        with self._lock:
            self.paper, self.cover_open, self.offline, self.hangs = "ok", False, False, False
            self.rows_left = None
            return self._print_on()

    def switch_off_and_on(self) -> None:
        """All faults are gone, and all that was not printed."""
        with self._lock:
            self._waiting.clear()
            self._rows.clear()
            self.hangs_at_slip = False
        self.repair()

    def _take_one(self, byte: int) -> bytes:
        self.received.append(byte)
        if self.hangs:
            return b""
        self._waiting.append(byte)
        # real-time commands are seen wherever they stand, in the middle of a picture as well
        self._recent = (self._recent + bytes((byte,)))[-10:]
        if self._recent == b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08":
            self._waiting.clear()
            self._rows.clear()
            return b""
        if len(self._recent) >= 3 and self._recent[-3:-1] == b"\x10\x04":
            return self._status(byte)
        return b""

    def _status(self, what: int) -> bytes:
        status = 0x12
        if what == 1 and self._stuck:
            status |= 0x08
        elif what == 2:
            status |= (0x04 if self.cover_open else 0) | (0x20 if self.paper == "out" else 0)
        elif what == 4:
            status |= 0x0C if self.paper != "ok" else 0
            status |= 0x60 if self.paper == "out" else 0
        elif what not in (1, 3):
            return b""
        return bytes((status,))

    @property
    def _stuck(self) -> bool:
        return self.offline or self.cover_open or self.paper == "out"

    def _print_on(self) -> bytes:
        answers = b""
        while not (self._stuck or self.hangs):
            done = self._one_command()
            if done is None:
                break
            answers += done
        return answers

    def _one_command(self) -> bytes | None:
        """The answer to the next whole command; None where none is whole."""
        waiting = self._waiting
        if waiting[:2] == b"\x1b@":
            del waiting[:2]
            return b""
        if waiting[:1] == b"\x10" and len(waiting) >= 3:
            del waiting[: 10 if waiting[1] == 0x14 else 3]
            return b""
        if waiting[:2] == b"\x1dr" and len(waiting) >= 3:
            del waiting[:3]
            return b"\x03" if self.paper == "low" else b"\x00"
        if waiting[:3] == b"\x1dVB" and len(waiting) >= 4:
            del waiting[:4]
            self.slips.append((self._row_bytes * 8, bytes(self._rows)))
            self._rows.clear()
            self.cuts += 1
            return b""
        if waiting[:4] == b"\x1dv0\x00" and len(waiting) >= 8:
            row = int.from_bytes(waiting[4:6], "little")
            rows = int.from_bytes(waiting[6:8], "little")
            if self.hangs_at_slip:
                self.hangs = True
                return None
            if len(waiting) < 8 + row * rows:
                return None
            if self.rows_left is not None and rows > self.rows_left:
                self.paper = "out"
                return None
            if self.rows_left is not None:
                self.rows_left -= rows
            self._row_bytes = row
            self._rows += waiting[8 : 8 + row * rows]
            del waiting[: 8 + row * rows]
            return b""
        if waiting and waiting[0] not in b"\x1b\x1d\x10":
            del waiting[:1]  # a letter; nothing of ours prints letters
            return b""
        return None

    def picture_png(self) -> bytes | None:
        """The last slip as a picture; None before the first."""
        from PIL import Image

        with self._lock:
            if not self.slips:
                return None
            width, rows = self.slips[-1]
        ink = bytes(byte ^ 0xFF for byte in rows)
        picture = Image.frombytes("1", (width, len(rows) // (width // 8)), ink)
        out = io.BytesIO()
        picture.save(out, "PNG")
        return out.getvalue()


class NetworkPrinter:
    """A printer on a free port of the loopback; one computer at a time, as real ones."""

    def __init__(self, paper: Paper | None = None, port: int = 0) -> None:
        self.paper: Final = paper or Paper()
        self._listening = socket.create_server(("127.0.0.1", port))
        self.port: Final[int] = self._listening.getsockname()[1]
        self._stopping = threading.Event()
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, name="stand-in printer", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while not self._stopping.is_set():
            ready, _, _ = select.select([self._listening, self._woken], [], [])
            if self._woken in ready:
                return
            connection, _ = self._listening.accept()
            with connection:
                self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        while not self._stopping.is_set():
            ready, _, _ = select.select([connection, self._woken], [], [])
            if self._woken in ready:
                return
            with suppress(OSError):
                if data := connection.recv(65536):
                    connection.sendall(self.paper.take(data))
                    continue
            return

    def close(self) -> None:
        """Unplug it; may be called twice."""
        self._stopping.set()
        with suppress(OSError):
            self._wake.send(b"\0")
        self._thread.join(5)
        for one in (self._listening, self._wake, self._woken):
            one.close()


class TerminalPrinter:
    """A printer behind a pseudo-terminal, whose other end ``device`` is opened as a real one's."""

    def __init__(self, paper: Paper | None = None) -> None:
        self.paper: Final = paper or Paper()
        self._ours, self._theirs = os.openpty()
        tty.setraw(self._theirs)
        self.device: Final = os.ttyname(self._theirs)
        self._stopping = threading.Event()
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, name="stand-in printer", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while not self._stopping.is_set():
            ready, _, _ = select.select([self._ours, self._woken.fileno()], [], [])
            if self._woken.fileno() in ready:
                return
            try:
                data = os.read(self._ours, 65536)
            except OSError:
                return
            _write_all(lambda rest: os.write(self._ours, rest), self.paper.take(data))

    def close(self) -> None:
        """Unplug it; may be called twice."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._wake.send(b"\0")
        self._thread.join(5)
        for fd in (self._ours, self._theirs):
            os.close(fd)
        self._wake.close()
        self._woken.close()


def _write_all(write: Callable[[bytes], int], data: bytes) -> None:
    while data:
        data = data[write(data) :]
