"""A node's clocks in a test's hand."""

from __future__ import annotations

from edge.clock import Clock, Stamps

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
MONDAY_US = 1_795_395_600_000_000  # 2026-11-23 08:00 in Ha Noi


class HandClock(Clock):
    """Times that stand still until somebody moves them; not set, as a Pi without a network."""

    def __init__(self, boot: str = "b", *, wall_us: int = 0, up_us: int = 5_000_000) -> None:
        super().__init__()
        self.boot_id = boot * 32  # type: ignore[misc]
        self.wall = wall_us
        self.up = up_us
        self.is_set = False

    def wall_us(self) -> int:
        return self.wall

    def monotonic_us(self) -> int:
        return self.up

    def synchronised(self) -> bool:
        return self.is_set

    def now(self) -> Stamps:
        return Stamps(self.boot_id, self.wall, self.up, self.is_set)

    def pass_by(self, us: int) -> None:
        """Time passes on both clocks."""
        self.wall += us
        self.up += us

    def set_to(self, wall_us: int) -> None:
        """The network tells the time."""
        self.wall, self.is_set = wall_us, True
