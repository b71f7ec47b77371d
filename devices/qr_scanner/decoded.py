"""A code that was read, whichever way: what a scanner hands on."""

from __future__ import annotations

from typing import Literal, NamedTuple

DecoderName = Literal["zxing-cpp", "pyzbar", "serial", "keyboard"]
"""The reader that found it, as :class:`devices.messages.Scan` names it."""


class Decoded(NamedTuple):
    """A code that was read. ``text`` (NFC, otherwise as printed) may be personal: never log it."""

    text: str
    decoder: DecoderName

    def __repr__(self) -> str:
        return f"Decoded(text=<{len(self.text)} characters withheld>, decoder={self.decoder!r})"
