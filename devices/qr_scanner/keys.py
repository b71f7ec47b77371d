"""What a scanner that plays a keyboard types, as text: keys, Alt codes and hexadecimal codes.

Pure: key events in (Linux's numbers of ``input-event-codes.h``), text out.  The layout is that
of the United States, to which such scanners are set when they leave the factory.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from devices.qr_scanner.lines import MAX_BYTES

UP: Final = 0
DOWN: Final = 1

ENTER: Final = frozenset({28, 96})  # KEY_ENTER, KEY_KPENTER
SHIFT: Final = frozenset({42, 54})
CTRL: Final = frozenset({29, 97})
ALT: Final = frozenset({56, 100})
CAPS_LOCK: Final = 58
NUM_LOCK: Final = 69
_U: Final = 22
_SPACE: Final = 57
_KEYPAD_PLUS: Final = 78


def _row(first: int, plain: str, shifted: str) -> dict[int, tuple[str, str]]:
    signs = zip(plain, shifted, strict=True)
    return {first + place: pair for place, pair in enumerate(signs)}


PRINTED: Final[dict[int, tuple[str, str]]] = {
    **_row(2, "1234567890-=", "!@#$%^&*()_+"),
    15: ("\t", "\t"),
    **_row(16, "qwertyuiop[]", "QWERTYUIOP{}"),
    **_row(30, "asdfghjkl;'`", 'ASDFGHJKL:"~'),
    **_row(43, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
    57: (" ", " "),
    55: ("*", "*"),
    74: ("-", "-"),
    78: ("+", "+"),
    98: ("/", "/"),
    **{
        key: (sign, sign)
        for key, sign in zip((82, 79, 80, 81, 75, 76, 77, 71, 72, 73), "0123456789", strict=True)
    },
    83: (".", "."),
}
"""Key: its sign, and its sign with Shift."""

_CONTROL: Final = {36: "\n", 50: "\n"}  # Ctrl+J and Ctrl+M end a line


@dataclass(slots=True)
class _Typed:
    """What was typed since the last end: signs, and bytes that Alt codes named."""

    pieces: list[str | int] = field(default_factory=list)
    unknown: bool = False
    """A key was pressed that types nothing, so something is missing."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it was typed; ``text`` is None where its letters cannot be told."""

    text: str | None
    why: str = ""

    def __repr__(self) -> str:
        return f"Line(text=<withheld>, why={self.why!r})"


class Keys:
    """Turns key events into lines.

    - **Alt and digits of the keypad** (also with ``+`` and hexadecimal digits): from 256 up the
      number of a letter.  Below, if another of the line is from 256 up, likewise; else the
      numbers are bytes, which must be UTF-8: a letter of some code page would have to be guessed.
    - **Ctrl+Shift+U and hexadecimal digits**: the number of a letter, as Linux types it.
    - Caps Lock and Shift are followed, Num Lock is taken for on.
    """

    def __init__(self) -> None:
        self._held: set[int] = set()
        self._caps = False
        self._alt = ""
        self._hex: str | None = None
        self._typed = _Typed()

    @property
    def is_typing(self) -> bool:
        """A line has begun and not ended."""
        return bool(self._typed.pieces or self._typed.unknown or self._hex or self._alt)

    def event(self, key: int, value: int) -> Line | None:
        """A key went down (1) or up (0); the line that this ends, if it does."""
        if value == UP:
            self._up(key)
            return None
        if value != DOWN:
            return None  # the kernel repeats a key that is held: nobody typed it again
        self._held.add(key)
        if key in SHIFT | CTRL | ALT | {NUM_LOCK}:
            return None
        if key == CAPS_LOCK:
            self._caps = not self._caps
            return None
        return self._down(key)

    def forget(self) -> None:
        """The rest of this line is missing: begin anew, with no key held."""
        self._held.clear()
        self._alt, self._hex = "", None
        self._typed = _Typed()

    def end(self) -> Line | None:
        """What was typed since the last end; None where that is nothing."""
        typed, self._typed = self._typed, _Typed()
        self._hex = None
        if not typed.pieces and not typed.unknown:
            return None
        if typed.unknown:
            return Line(None, "it typed keys that are no letters")
        return _read(typed.pieces)

    def _down(self, key: int) -> Line | None:
        if self._held & ALT:
            self._type_alt(key)
        elif self._held & CTRL and self._held & SHIFT and key == _U and self._hex is None:
            self._hex = ""
        elif self._hex is not None:
            if key in ENTER or key == _SPACE:
                self._end_hex()
            else:
                self._hex += PRINTED.get(key, ("?", "?"))[0]
        elif key in ENTER:
            return self.end()
        elif self._held & CTRL:
            if key in _CONTROL:
                return self.end()
            self._typed.unknown = True
        else:
            self._type(key)
        return None

    def _up(self, key: int) -> None:
        self._held.discard(key)
        if key in ALT and not self._held & ALT and self._alt:
            self._end_alt()
        if key in SHIFT | CTRL and self._hex and not self._held & (SHIFT | CTRL):
            self._end_hex()

    def _type(self, key: int) -> None:
        signs = PRINTED.get(key)
        if signs is None:
            self._typed.unknown = True
        elif len(self._typed.pieces) <= MAX_BYTES:
            upper = bool(self._held & SHIFT) != (self._caps and signs[0].isalpha())
            self._typed.pieces.append(signs[upper])
        else:
            self._typed.unknown = True

    def _type_alt(self, key: int) -> None:
        sign = PRINTED.get(key, ("?", "?"))[0]
        self._alt += "+" if key == _KEYPAD_PLUS else sign

    def _end_alt(self) -> None:
        word, self._alt = self._alt, ""
        if word.startswith("+"):
            self._add(word[1:], 16, is_byte=False)
        else:
            self._add(word, 10, is_byte=True)

    def _end_hex(self) -> None:
        word, self._hex = self._hex or "", None
        self._add(word, 16, is_byte=False)

    def _add(self, word: str, base: int, *, is_byte: bool) -> None:
        """A number was typed; ``is_byte``: below 256 it may be meant as a byte."""
        digits = "0123456789abcdef"[:base]
        number = int(word, base) if 0 < len(word) <= 8 and set(word) <= set(digits) else -1
        if not 0 < number <= 0x10FFFF or 0xD800 <= number <= 0xDFFF:
            self._typed.unknown = True
        elif is_byte and 128 <= number < 256:
            self._typed.pieces.append(number)
        else:
            self._typed.pieces.append(chr(number))


def _read(pieces: list[str | int]) -> Line:
    if any(isinstance(piece, str) and ord(piece) > 255 for piece in pieces):
        return Line("".join(chr(piece) if isinstance(piece, int) else piece for piece in pieces))
    raw = b"".join(bytes([piece]) if isinstance(piece, int) else piece.encode() for piece in pieces)
    try:
        return Line(raw.decode("utf-8"))
    except UnicodeDecodeError:
        return Line(None, "its Alt codes are letters of a code page that it does not name")
