"""Where in a frame a code may be: the part with many edges both ways, before anybody decodes."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]
"""A picture, H x W grey or H x W x 3 blue-green-red, 8 bits a channel."""

_CELL: Final = 8
_BLUR: Final = 5
"""Cells: a code of the smallest kind, 21 modules of 2 pixels, is five of them wide."""

_ROWS: Final = 4
"""Every fourth row tells as much at a quarter of the price."""

_EDGE_SHARE: Final = 0.2
_MARGIN: Final = 4
"""Cells around the part, for the quiet zone."""

_SNOW: Final = 1.2
"""The liveliest part by the calm ones; readable codes in strong noise had 1.27 up."""

_FAINT: Final = 4.5
_FAINT_RATIO: Final = 1.5
"""Edges of few grey levels, and hardly more of them here than there: wood, cloth, stone."""


class Area(NamedTuple):
    """A rectangle of a frame, in pixels; ``right`` and ``bottom`` are the first outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def pixels(self) -> int:
        """How many it holds."""
        return (self.right - self.left) * (self.bottom - self.top)

    def of(self, picture: Frame) -> Frame:
        """This part of ``picture``."""
        return np.ascontiguousarray(picture[self.top : self.bottom, self.left : self.right])

    def times(self, factor: float) -> Area:
        """The same part of a frame ``factor`` times as large."""
        return Area(*(round(edge * factor) for edge in self))

    def wider(self, by: int, width: int, height: int) -> Area:
        """With ``by`` pixels more on each side, inside a frame of ``width`` x ``height``."""
        return Area(
            max(0, self.left - by),
            max(0, self.top - by),
            min(width, self.right + by),
            min(height, self.bottom + by),
        )


def likeliest(grey: Frame) -> Area | None:
    """The part of ``grey`` (H x W) that is likeliest to hold a code; None where nothing does.

    A code has edges in both directions, close together, over an area; type has fewer, wood and
    cloth have weak ones, and the noise of a sensor has them everywhere alike.
    """
    height, width = grey.shape
    if min(height, width) < 3 * _CELL:
        return Area(0, 0, width, height)
    cells = (width // _CELL, height // _CELL)
    rows = grey[1:-1:_ROWS]
    across = cv2.absdiff(rows[:, 2:], rows[:, :-2])
    down = cv2.absdiff(grey[2::_ROWS], grey[:-2:_ROWS])
    # in fractions of a grey level: the faintest print has two or three on average
    edges = cv2.blur(
        cv2.min(_means(across, cells), _means(down, cells)),
        (_BLUR, _BLUR),
        borderType=cv2.BORDER_REPLICATE,
    )
    calm, most = float(np.percentile(edges, 20)), float(edges.max())
    ratio = most / (calm + 0.1)
    if ratio < _SNOW or (most < _FAINT and ratio < _FAINT_RATIO):
        return None
    lively = (edges > calm + (most - calm) * _EDGE_SHARE).astype(np.uint8)
    _, labels, parts, _ = cv2.connectedComponentsWithStats(lively)
    weights = np.bincount(labels.ravel(), weights=edges.ravel())
    weights[0] = 0.0  # what is not lively
    left, top, wide, high = (int(value) for value in parts[int(weights.argmax())][:4])
    # a stain or a hand may have cut it in two: codes are as high as they are wide
    longest = max(wide, high)
    aside, above = (longest - wide) // 2 + _MARGIN, (longest - high) // 2 + _MARGIN
    return Area(
        max(0, (left - aside) * _CELL),
        max(0, (top - above) * _CELL),
        min(width, (left + wide + aside) * _CELL),
        min(height, (top + high + above) * _CELL),
    )


def _means(edges: NDArray[Any], cells: tuple[int, int]) -> NDArray[np.float32]:
    fine = edges.astype(np.float32)
    return np.asarray(cv2.resize(fine, cells, interpolation=cv2.INTER_AREA), dtype=np.float32)
