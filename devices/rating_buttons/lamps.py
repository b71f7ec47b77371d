"""What the lamps of the rating buttons say: wait, please press, or this one was taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True)
class Lamps:
    """One picture of all lamps; ``level`` is set only where one button was chosen."""

    sign: Literal["dark", "invite", "chosen"]
    level: int | None = None

    def is_lit(self, level: int) -> bool:
        """Whether the lamp in the button of ``level`` is on."""
        return self.sign == "invite" or (self.sign == "chosen" and self.level == level)


DARK: Final = Lamps("dark")
"""No question is open: pressing counts for nothing."""

INVITE: Final = Lamps("invite")
"""The window is open: all lamps are lit."""


def chosen(level: int) -> Lamps:
    """The press was taken: only its own lamp is lit."""
    return Lamps("chosen", level)
