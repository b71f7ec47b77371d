"""The bytes of ESC/POS: what is sent to a ticket printer, and what its answers mean.

Only what nearly all printers know: a picture (GS v 0), a cut (GS V), the status in real time
(DLE EOT) and the status in its turn (GS r).  Sources: Epson's ESC/POS command reference, and the
command manuals of Bixolon SPP-R210 and HPRT TP80K, which agree with it.
"""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol

BEGIN: Final = b"\x1b@"
"""ESC @: forget what a job before has set."""
CUT: Final = b"\x1dV\x42\x00"
"""GS V 66 0: feed the slip up to the knife, and cut it but for a corner."""
ASK_IN_TURN: Final = b"\x1dr\x01"
"""GS r 1: answered when all that was sent before is printed; not while the paper is out."""
FORGET: Final = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"
"""DLE DC4 8: forget what is not printed yet, so that new paper does not bring an old slip out."""
BAND_ROWS: Final = 96
"""Rows sent together: a band of the widest paper is 6.9 kB, which the smallest printers hold."""

ONLINE, OFFLINE_CAUSE, PAPER = 1, 2, 4
"""What DLE EOT asks for."""


class Bitmap(Protocol):
    """A picture of one bit a dot, as Pillow has it in mode ``1``."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in dots."""

    def tobytes(self) -> bytes:
        """Rows from the top, eight dots a byte from the left, 1 is white."""


class Answers(NamedTuple):
    """What a printer says of itself."""

    offline: bool
    cover_open: bool
    error: bool
    """The knife is blocked, or the head is too hot."""
    paper_low: bool
    paper_out: bool


def ask(what: int) -> bytes:
    """DLE EOT: the status now, whatever waits to be printed."""
    return bytes((0x10, 0x04, what))


def is_status(byte: int) -> bool:
    """Whether a byte can be an answer to DLE EOT: bits 0 and 7 are off, 1 and 4 are on."""
    return byte & 0x93 == 0x12


def is_turn(byte: int) -> bool:
    """Whether a byte can be an answer to GS r: bits 4 and 7 are off."""
    return byte & 0x90 == 0


def read_answers(online: int, cause: int, paper: int) -> Answers:
    """What the three answers to :func:`ask` mean together."""
    return Answers(
        offline=bool(online & 0x08),
        cover_open=bool(cause & 0x04),
        error=bool(cause & 0x40),
        paper_low=bool(paper & 0x0C),
        paper_out=bool(paper & 0x60) or bool(cause & 0x20),
    )


def picture(bitmap: Bitmap) -> bytes:
    """GS v 0, in bands: black dots are printed.

    The width must be whole bytes, as every paper's is.
    """
    width, height = bitmap.size
    row = width // 8
    dots = bytes(byte ^ 0xFF for byte in bitmap.tobytes())
    parts: list[bytes] = []
    for top in range(0, height, BAND_ROWS):
        rows = min(BAND_ROWS, height - top)
        head = b"\x1dv0\x00" + row.to_bytes(2, "little") + rows.to_bytes(2, "little")
        parts.append(head + dots[top * row : (top + rows) * row])
    return b"".join(parts)


def slip(bitmap: Bitmap) -> bytes:
    """All that prints one slip, cuts it, and asks to be told when that is done."""
    return BEGIN + picture(bitmap) + CUT + ASK_IN_TURN
