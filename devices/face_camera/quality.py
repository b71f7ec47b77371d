"""Whether a frame is worth looking at: its light and sharpness, and the gate that judges them."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, Protocol

import cv2
import numpy as np

from devices.cameras import Frame
from devices.errors import FrameError

MEASURED_WIDTH: Final = 320
"""Frames are measured at this width, so that the figures mean the same for every camera."""

Flaw = Literal["too_dark", "too_bright", "flat", "blurred"]
"""Why a frame is not looked at; a gate of its own may have other words."""


class Figures(NamedTuple):
    """What is measured of a frame; nothing of it tells who is in it."""

    brightness: float
    """Mean grey, 0 black to 255 white."""
    contrast: float
    """Standard deviation of the grey."""
    sharpness: float
    """Variance of the Laplacian (Pech-Pacheco et al., ICPR 2000): edges in focus raise it."""

    def __str__(self) -> str:
        return (
            f"sharpness {self.sharpness:.0f}, brightness {self.brightness:.0f}, "
            f"contrast {self.contrast:.0f}"
        )


def figures(frame: Frame) -> Figures:
    """Measure ``frame`` (uint8, H x W or H x W x 3 blue-green-red).

    Raises:
        FrameError: it has another shape, or nothing in it.
    """
    if frame.dtype != np.uint8 or frame.ndim not in (2, 3) or 0 in frame.shape:
        raise FrameError(f"a frame of shape {frame.shape} cannot be measured: see the camera")
    if frame.ndim == 3 and frame.shape[2] != 3:
        raise FrameError(f"a frame of {frame.shape[2]} channels cannot be measured: 3 are read")
    grey = frame if frame.ndim == 2 else cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
    height, width = grey.shape
    if width > MEASURED_WIDTH:
        size = (MEASURED_WIDTH, max(1, round(height * MEASURED_WIDTH / width)))
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    edges = cv2.Laplacian(grey, cv2.CV_64F)
    return Figures(float(grey.mean()), float(grey.std()), float(edges.var()))


class QualityGate(Protocol):
    """Says which frames are worth more work; recognition may bring a gate of its own."""

    def flaw(self, frame: Frame, seen: Figures) -> str | None:
        """Why ``frame``, of which ``seen`` was measured, is not looked at; None where it is.

        It must keep nothing of the frame.
        """


class LightGate:
    """The plain gate: enough light, not too much, some contrast, in focus."""

    def __init__(
        self,
        *,
        darkest: float = 40.0,
        brightest: float = 225.0,
        least_contrast: float = 12.0,
        least_sharpness: float = 30.0,
    ) -> None:
        self._darkest = darkest
        self._brightest = brightest
        self._least_contrast = least_contrast
        self._least_sharpness = least_sharpness

    def flaw(self, frame: Frame, seen: Figures) -> Flaw | None:
        """See :meth:`QualityGate.flaw`."""
        del frame
        if seen.brightness < self._darkest:
            return "too_dark"
        if seen.brightness > self._brightest:
            return "too_bright"
        if seen.contrast < self._least_contrast:
            return "flat"
        if seen.sharpness < self._least_sharpness:
            return "blurred"
        return None
