"""Whether the clerk is at her place, as a pure state machine with the clock handed in.

A seat switch opens whenever she reaches for a stamp, and a motion sensor whenever she sits still:
she is away only when nothing was seen of her for ``away_us`` without a break.  She is back when
she has been seen for ``settle_us`` without a break, so that whoever passes by the sensor is not
she.  Between two words lie at least ``away_us`` or a real return: a switch that flaps makes two
events in each ``away_us`` at most.
"""

from __future__ import annotations

from typing import Final, NamedTuple

SETTLE_US: Final = 1_000_000


class Word(NamedTuple):
    """What the hall is to be told."""

    present: bool
    for_us: int
    """How long it has been so."""


class Attendance:
    """Turns readings of the switch into words for the hall.

    ``told`` is what the hall was told last, by whatever run of the node; None where nobody knows.
    A word is wanted until :meth:`keep` says that it is on disk.  Times are microseconds of one
    clock; one that runs back is taken as standing still.
    """

    def __init__(
        self, away_us: int, settle_us: int = SETTLE_US, *, told: bool | None = None, at_us: int
    ) -> None:
        if not 0 < settle_us < away_us:
            raise ValueError(
                f"settled after {settle_us} us, away after {away_us} us: "
                "the first must be above 0 and below the second"
            )
        self._away_us = away_us
        self._settle_us = settle_us
        self._told = told
        self._now_us = at_us
        self._is_seen: bool | None = None
        self._since_us = at_us
        """Since when the switch has said what it says now."""
        self._last_seen_us = at_us
        """When she was last there for the settling time; at the start nobody has missed her yet."""

    @property
    def is_away(self) -> bool:
        """The hall was told so."""
        return self._told is False

    def see(self, present: bool, at_us: int) -> Word | None:
        """The switch was read; what is to be told now, if anything.

        The same word comes again with each reading until :meth:`keep`.
        """
        self._now_us = max(self._now_us, at_us)
        if present != self._is_seen:
            self._is_seen = present
            self._since_us = self._now_us
        held_us = self._now_us - self._since_us
        if present and (held_us >= self._settle_us or self._told is not False):
            # while nobody misses her the shortest sign of her will do; to be back takes longer
            self._last_seen_us = self._now_us
        if present:
            is_news = self._told is not True and held_us >= self._settle_us
            return Word(True, held_us) if is_news else None
        missed_us = self._now_us - self._last_seen_us
        is_news = self._told is not False and missed_us >= self._away_us
        return Word(False, missed_us) if is_news else None

    def keep(self, word: Word) -> None:
        """``word`` is on disk: the hall will hear it."""
        self._told = word.present
