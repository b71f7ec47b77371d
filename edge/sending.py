"""Which events to send next, and when to send again: pure, with the clock handed in."""

from __future__ import annotations

from typing import Final


class SendWindow:
    """How far the outbox was sent and acknowledged on this connection; times in seconds.

    At most ``size`` events are under way.  With no progress for ``patience_s`` all of them are
    sent again, and then after twice the time each, up to ``patience_max_s``.  A hall that asks
    again for an event (:meth:`acknowledged` without progress) is answered at once, and then not
    more often than every ``gap_rest_s``, which doubles too: each stray event may have made it ask.
    """

    def __init__(
        self,
        *,
        size: int = 200,
        patience_s: float = 5.0,
        patience_max_s: float = 60.0,
        gap_rest_s: float = 0.5,
    ) -> None:
        self._size: Final = size
        self._patience_first_s: Final = patience_s
        self._patience_max_s: Final = patience_max_s
        self._gap_rest_first_s: Final = gap_rest_s
        self.acked = 0
        self.sent = 0
        self.resends = 0
        self._patience_s = patience_s
        self._resend_at_s: float | None = None
        self._gap_rest_s = gap_rest_s
        self._gap_deaf_until_s = 0.0

    def begin(self, acked: int) -> None:
        """A new connection, a new start of the hall, a new stream: all is sent from the oldest."""
        self.acked = self.sent = acked
        self._patience_s = self._patience_first_s
        self._gap_rest_s = self._gap_rest_first_s
        self._resend_at_s = None
        self._gap_deaf_until_s = 0.0

    @property
    def room(self) -> int:
        """How many more may be sent now."""
        return max(0, self.acked + self._size - self.sent)

    def was_sent(self, seq: int, now_s: float) -> None:
        """Event ``seq``, the next one, is on its way."""
        self.sent = seq
        if self._resend_at_s is None:
            self._resend_at_s = now_s + self._patience_s

    def acknowledged(self, through: int, now_s: float) -> None:
        """The hall holds all up to ``through``."""
        if through > self.acked:
            self.acked = through
            self.sent = max(self.sent, through)
            self._patience_s = self._patience_first_s
            self._gap_rest_s = self._gap_rest_first_s
            self._resend_at_s = now_s + self._patience_s if self.sent > self.acked else None
        elif self.sent > self.acked and now_s >= self._gap_deaf_until_s:
            self.sent = self.acked
            self.resends += 1
            self._gap_deaf_until_s = now_s + self._gap_rest_s
            self._gap_rest_s = min(self._gap_rest_s * 2, self._patience_max_s)

    @property
    def resend_at_s(self) -> float | None:
        """When all is sent again if nothing comes; None when nothing is under way."""
        return self._resend_at_s

    def check(self, now_s: float) -> bool:
        """Go back to the oldest if its time has come; True when it has."""
        if self._resend_at_s is None or now_s < self._resend_at_s:
            return False
        self.sent = self.acked
        self.resends += 1
        self._patience_s = min(self._patience_s * 2, self._patience_max_s)
        self._resend_at_s = now_s + self._patience_s
        return True
