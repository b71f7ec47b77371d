"""Tells systemd that the node is up, alive and going (sd_notify over NOTIFY_SOCKET)."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from typing import Final


class Watchdog:
    """Speaks to the service's supervisor; silent where there is none.

    The unit needs ``Type=notify`` and, for the watchdog, ``WatchdogSec=``.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        # a leading @ stands for the abstract namespace, see sd_notify(3)
        self._address: Final = "\0" + address[1:] if address.startswith("@") else address
        ours = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self.is_there: Final = bool(address)
        """Whether somebody supervises this process, and begins it anew when it ends."""
        usec = environment.get("WATCHDOG_USEC", "") if ours else ""
        self.every_s: Final[float] = int(usec) / 2e6 if usec.isdigit() and int(usec) else 5.0
        """How often :meth:`alive` is wanted: twice in the time that systemd allows."""

    def ready(self) -> None:
        """Start-up is done."""
        self._say("READY=1")

    def alive(self) -> None:
        """Everything goes; to be left out when something hangs, and systemd starts it anew."""
        self._say("WATCHDOG=1")

    def status(self, text: str) -> None:
        """One line for ``systemctl status``."""
        self._say(f"STATUS={text}")

    def stopping(self) -> None:
        """It ends on purpose."""
        self._say("STOPPING=1")

    def _say(self, words: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
                line.settimeout(0.5)
                line.sendto(words.encode(), self._address)
        except OSError:
            return  # a supervisor that went away needs no news
