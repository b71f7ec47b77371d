"""The display over a counter: shows the newest state, and blinks for a new call."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Protocol, Self

import luma.core.error
from PIL import Image

from devices.errors import DisplayUnavailableError
from devices.gpio_errors import GPIO_ERRORS
from devices.messages import Display
from devices.ticket_display import lettering, oled_frames
from devices.ticket_display.frames import Frame, dark, frame_of, written

BLINK_US: Final = 20_000_000
"""A new call blinks this long, while it is announced."""

_PERIOD_US: Final = 1_000_000
_LIT_US: Final = 700_000
_REFRESH_US: Final = 10_000_000
_SKEW_MS: Final = 5_000
"""How far the clocks of hall and node may lie apart when both are synchronised."""
_BRIGHT: Final = 0x70
_DIM: Final = 0x10


class Matrix(Protocol):
    """What the ticket display needs of a luma device 8 or 64 dots high, or of its stand-in."""

    @property
    def size(self) -> tuple[int, int]:
        """Dots across and down."""

    @property
    def mode(self) -> str:
        """Pillow's name of the device's colours, ``1`` for dots that are on or off."""

    def display(self, image: Image.Image) -> None:
        """Show a picture of the device's own size and mode."""

    def contrast(self, level: int) -> None:
        """Set the brightness, 0 to 255."""

    def cleanup(self) -> None:
        """Go dark and let go of the hardware."""


class TicketDisplay:
    """Shows each :class:`~devices.messages.Display` on ``device``.

    To be used from one thread.  ``refresh``, where given, sets the device up again: chips on a
    long cable forget their settings when the supply dips, and cannot say so.  ``wall_ms`` is
    the node's wall clock, None while it cannot be trusted: a Pi without a battery wakes in the
    past, where an old call looks new.

    Raises (from every method that draws):
        DisplayUnavailableError: the device took no picture; the next :meth:`tick` tries again.
    """

    def __init__(
        self,
        device: Matrix,
        *,
        refresh: Callable[[], None] | None = None,
        wall_ms: Callable[[], int | None] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._device: Matrix | None = device
        self._size = device.size
        self._refresh = refresh or getattr(device, "refresh", None)
        self._wall_ms = wall_ms
        self._shown: Display | None = None
        self._was_stale = True
        self._frame = dark(self._size)
        self._drawn: Frame | None = None
        self._blinks = False
        self._blink_from_us: int | None = None
        self._refreshed_us: int | None = None

    def show(self, display: Display, *, stale: bool = False) -> bool:
        """Show ``display``; False, and nothing changes, when something newer is shown already.

        Newer is the higher revision; a lower one of a later time is a hall set up anew.
        ``stale`` says that the hall cannot be heard: the last state stays, with a sign.
        """
        shown = self._shown
        if shown is not None and display.rev < shown.rev and display.wall_ms <= shown.wall_ms:
            return False
        if stale or display.phase != "called":
            self._blinks = False
        elif shown is None or _call(shown) != _call(display):
            self._blinks = self._is_young(display)
            self._blink_from_us = None
        self._shown, self._was_stale = display, stale
        self._frame = frame_of(display, size=self._size, stale=stale)
        self._draw(self._frame)
        return True

    def tick(self, monotonic_us: int | None = None) -> None:
        """Let time pass: blink, and refresh the device; to be called about every 100 ms."""
        now_us = time.monotonic_ns() // 1000 if monotonic_us is None else monotonic_us
        if self._refreshed_us is None:
            self._refreshed_us = now_us
        elif now_us - self._refreshed_us >= _REFRESH_US:
            self._refreshed_us = now_us
            self._drawn = None
        frame = self._frame
        if self._blinks:
            if self._blink_from_us is None:
                self._blink_from_us = now_us
            age_us = now_us - self._blink_from_us
            self._blinks = age_us < BLINK_US
            if self._blinks and age_us % _PERIOD_US >= _LIT_US:
                frame = dark(self._size)
        self._draw(frame)

    def self_test(self) -> list[str]:
        """What is wrong, one sentence each; lights every dot until the next :meth:`tick`.

        The chips send nothing back: whether the dots are lit, a person has to see.
        """
        try:
            self.light_all()
        except DisplayUnavailableError as error:
            return [str(error)]
        return []

    def light_all(self) -> None:
        """Light every dot until the next :meth:`tick`."""
        self._draw(Frame(Image.new("1", self._size, 1), False))

    def write(self, text: str) -> None:
        """Show ``text`` alone until the next :meth:`tick`."""
        self._draw(written(text, size=self._size))

    def notes(self) -> list[str]:
        """What it shows with less than it should, one sentence each."""
        if self._size[1] != oled_frames.HEIGHT:
            return []
        missing = lettering.missing_font()
        return [missing] if missing else []

    def close(self) -> None:
        """Go dark and let go of the device; a second call does nothing."""
        device, self._device = self._device, None
        if device is not None:
            try:
                device.cleanup()
            except (*GPIO_ERRORS, luma.core.error.Error) as error:
                raise DisplayUnavailableError(_remedy(error)) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _is_young(self, display: Display) -> bool:
        called_ms = display.wall_ms if display.called_wall_ms is None else display.called_wall_ms
        # a hall that begins again sends all its displays anew, old calls among them
        if display.wall_ms - called_ms >= BLINK_US // 1000:
            return False
        if not self._was_stale:
            return True
        # what the broker had kept while this node was away may be of any age
        now_ms = self._wall_ms()
        return now_ms is not None and -_SKEW_MS <= now_ms - called_ms < BLINK_US // 1000

    def _draw(self, frame: Frame) -> None:
        drawn = self._drawn
        if self._device is None or (drawn is not None and (drawn is frame or _same(drawn, frame))):
            return
        self._drawn = None
        try:
            if drawn is None and self._refresh:
                self._refresh()
            if drawn is None or drawn.is_dim != frame.is_dim:
                self._device.contrast(_DIM if frame.is_dim else _BRIGHT)
            self._device.display(frame.image.convert(self._device.mode))
        except (*GPIO_ERRORS, luma.core.error.Error) as error:
            raise DisplayUnavailableError(_remedy(error)) from error
        self._drawn = frame


def _call(display: Display) -> tuple[str, str | None, int | None]:
    """What makes a call another one: its ticket or, for a recall, its time."""
    return display.phase, display.ticket, display.called_wall_ms


def _same(one: Frame, other: Frame) -> bool:
    return one.is_dim == other.is_dim and one.image.tobytes() == other.image.tobytes()


def _remedy(error: Exception) -> str:
    return (
        f"Bảng số không nhận hình / the ticket display takes no picture: "
        f"{error or type(error).__name__}; check its cable and supply"
    )
