"""Frames one after the other: what the last ones taught saves time on the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from devices.qr_scanner.decode import BUDGET_MS, LOOKS, Look, Reading, read, to_grey
from devices.qr_scanner.place import Area, Frame

_SCENE: Final = (32, 24)
_STIRRED: Final = 8
"""Grey levels by which one of the scene's cells must differ to be another scene."""

_TRIES: Final = 12
"""Frames of a scene that stays as it is; then closer looks are for every sixteenth alone."""

_AT_TIMES: Final = 16
_MARGIN_SHARE: Final = 0.35


class Reader:
    """Reads frames of one camera, which mostly resemble the one before.

    - A code is looked for first where the last one was, and only then everywhere.
    - Looks that had no time at one frame have theirs at the next: on a slow machine, too, each
      gets its turn while a card is held.
    - A scene that does not change and gives nothing is looked at closely for twelve frames; then
      the closer looks rest, but for every sixteenth frame, until something moves.
    """

    def __init__(self, *, budget_ms: float = BUDGET_MS, looks: Sequence[Look] = LOOKS) -> None:
        self._budget_ms = budget_ms
        self._looks = tuple(looks)
        self._begin_at = 0
        self._around: Area | None = None
        self._scene: Frame | None = None
        self._shape: tuple[int, ...] = ()
        self._tries = 0

    def read(self, frame: Frame) -> Reading:
        """The codes in ``frame``; see :func:`devices.qr_scanner.decode.read`."""
        grey = to_grey(frame)
        stirred = self._stirred(grey)
        if self._shape != grey.shape:
            self._around = None
        self._shape = grey.shape
        if self._around is not None:
            reading = self._where_it_was(grey, self._around)
            if reading is not None:
                self._around = reading.around
                return reading
            self._around = None
        self._tries = 0 if stirred else self._tries + 1
        resting = self._tries >= _TRIES and self._tries % _AT_TIMES
        reading = read(
            grey,
            budget_ms=self._budget_ms,
            looks=self._looks[:1] if resting else self._looks,
            begin_at=self._begin_at,
        )
        if not resting:
            self._begin_at = reading.left_off
        self._around = reading.around
        return reading

    def _where_it_was(self, grey: Frame, around: Area) -> Reading | None:
        """A code near the last one; None where there is none, and all must be looked at."""
        height, width = grey.shape
        margin = round(_MARGIN_SHARE * max(around.right - around.left, 1))
        part = around.wider(margin, width, height)
        reading = read(part.of(grey), budget_ms=self._budget_ms, looks=self._looks[:1])
        if reading.around is None:
            return None
        near = reading.around
        moved = Area(
            near.left + part.left,
            near.top + part.top,
            near.right + part.left,
            near.bottom + part.top,
        )
        return reading._replace(around=moved)

    def _stirred(self, grey: Frame) -> bool:
        scene = np.asarray(cv2.resize(grey, _SCENE, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        last, self._scene = self._scene, scene
        return last is None or int(cv2.absdiff(last, scene).max()) > _STIRRED
