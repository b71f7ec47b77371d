"""Whether the broker's name is known just now, asked so that nobody hangs on a name server.

The C library asks for up to half a minute when no name server answers, and cannot be interrupted.
In the link's own thread that would look like a link that hangs, and systemd would start the node
anew, again and again, for as long as the hall's router is off.
"""

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any, Final

from edge.loops import Loop

PATIENCE_S: Final = 3.0
_LOOK_S: Final = 0.1


class _Question:
    """One question to the name server, asked in a thread that nobody waits for."""

    def __init__(self, ask: Callable[[], Any]) -> None:
        self._ask = ask
        self.answered: Final = threading.Event()
        self.error: OSError | None = None
        threading.Thread(target=self._run, name="broker-name", daemon=True).start()

    def _run(self) -> None:
        try:
            self._ask()
        except OSError as error:
            self.error = error
        except UnicodeError:  # a label of more than 63 letters
            self.error = OSError(errno.EINVAL, "no such name can be")
        finally:
            self.answered.set()


class BrokerName:
    """The name or address ``host``, to be connected to on ``port``."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._question: _Question | None = None

    def wait(self, loop: Loop) -> None:
        """Return once the name is known; an address is known at once.

        Raises:
            OSError: it is not known, or not within :data:`PATIENCE_S`; the question goes on, and
                the next call hears its answer.
        """
        if is_address(self._host):
            return
        question = self._question = self._question or _Question(self._ask)
        for _ in range(round(PATIENCE_S / _LOOK_S)):
            loop.beat()
            if question.answered.wait(_LOOK_S) or loop.stopping.is_set():
                break
        if not question.answered.is_set():
            raise TimeoutError(errno.ETIMEDOUT, "no name server answers")
        self._question = None
        if question.error is not None:
            raise question.error

    def _ask(self) -> Any:
        return socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)


def is_address(host: str) -> bool:
    """Whether ``host`` is an IP address, which no name server is asked for."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
