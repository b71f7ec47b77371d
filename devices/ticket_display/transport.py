"""What luma writes to: the wire between a Pi and its display."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Transport(Protocol):
    """A bus with one display on it."""

    def data(self, data: Sequence[int]) -> None:
        """Write dots."""

    def command(self, *cmd: int) -> None:
        """Write commands; to an LED matrix they are bytes as any others."""

    def cleanup(self) -> None:
        """Let go of the bus."""
