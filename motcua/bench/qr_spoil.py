"""What light, lens, paper and screen do to a code before it reaches a scanner's camera.

Each function takes a grey picture (H x W, uint8) and gives a new one of the same size; ``hard``
is 0 for hardly anything and 1 for what a patient person would still try.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


def blurred(picture: Picture, rng: Generator, hard: float) -> Picture:
    """Out of focus."""
    return _bytes(cv2.GaussianBlur(picture, (0, 0), 0.6 + 2.2 * hard))


def moved(picture: Picture, rng: Generator, hard: float) -> Picture:
    """Moved during the exposure, in a straight line."""
    length = 3 + round(9 * hard)
    stroke = np.zeros((length, length), np.float32)
    stroke[length // 2, :] = 1
    turn = cv2.getRotationMatrix2D(((length - 1) / 2,) * 2, float(rng.uniform(0, 180)), 1.0)
    stroke = np.asarray(cv2.warpAffine(stroke, turn, (length, length)), np.float32)
    return _bytes(cv2.filter2D(picture, -1, stroke / max(float(stroke.sum()), 1e-6)))


def glared(picture: Picture, rng: Generator, hard: float) -> Picture:
    """A lamp mirrored in the plastic: a round or long patch runs to white."""
    height, width = picture.shape
    down, right = np.mgrid[0:height, 0:width].astype(np.float32)
    middle = rng.uniform(0.3, 0.7, 2) * (height, width)
    angle = rng.uniform(0, np.pi)
    along = (right - middle[1]) * np.cos(angle) + (down - middle[0]) * np.sin(angle)
    across = (down - middle[0]) * np.cos(angle) - (right - middle[1]) * np.sin(angle)
    size = rng.uniform(0.04, 0.09) * width * (0.6 + hard)
    patch = np.exp(-((along / (size * rng.uniform(1, 3))) ** 2) - (across / size) ** 2)
    return _bytes(picture + patch * (120 + 260 * hard))


def faded(picture: Picture, rng: Generator, hard: float) -> Picture:
    """Worn print in dim light that falls off to one side."""
    contrast = 0.5 - 0.44 * hard
    slope = np.linspace(0, 40 * hard, picture.shape[1], dtype=np.float32)
    slope = slope if rng.random() < 0.5 else slope[::-1]
    return _bytes(picture * contrast + rng.uniform(10, 90) + slope[None, :])


def noisy(picture: Picture, rng: Generator, hard: float) -> Picture:
    """The noise of a cheap sensor in the dark."""
    return _bytes(picture + rng.normal(0.0, 12 + 60 * hard, picture.shape))


def squeezed(picture: Picture, rng: Generator, hard: float) -> Picture:
    """JPEG, as a webcam sends it over USB."""
    quality = round(32 - 28 * hard)
    made, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not made:
        raise ValueError("OpenCV made no JPEG")
    return _bytes(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE))


def curled(picture: Picture, rng: Generator, hard: float) -> Picture:
    """Paper that has lain in a pocket: one or two waves across it."""
    height, width = picture.shape
    down, right = np.mgrid[0:height, 0:width].astype(np.float32)
    waves = rng.uniform(0.8, 2.2) * 2 * np.pi
    bend = np.sin(right / width * waves + rng.uniform(0, 2 * np.pi)) * (4 + 16 * hard)
    squeeze = np.sin(right / width * np.pi * 2 + rng.uniform(0, 6)) * (2 + 8 * hard)
    at_right, at_down = right + squeeze, down + bend
    if rng.random() < 0.5:
        at_right, at_down = right + np.sin(down / height * waves) * (4 + 12 * hard), down
    return _bytes(
        cv2.remap(
            picture,
            at_right.astype(np.float32),
            at_down.astype(np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
    )


def on_a_screen(picture: Picture, rng: Generator, hard: float) -> Picture:
    """A phone's screen: its own grid of dots beats with the camera's, and bands run over it."""
    height, width = picture.shape
    down, right = np.mgrid[0:height, 0:width].astype(np.float32)
    angle = rng.uniform(-0.3, 0.3)
    pitch = rng.uniform(2.02, 2.6)
    along = (right * np.cos(angle) + down * np.sin(angle)) * 2 * np.pi / pitch
    across = (down * np.cos(angle) - right * np.sin(angle)) * 2 * np.pi / pitch
    grid = 1 - (0.12 + 0.28 * hard) * (1 + np.cos(along)) / 2 * (1 + np.cos(across)) / 2
    band = 1 - 0.35 * hard * (1 + np.sin(down / height * 2 * np.pi * rng.uniform(1, 4))) / 2
    return _bytes((picture * 0.8 + 40) * grid * band)


def damaged(picture: Picture, rng: Generator, hard: float) -> Picture:
    """Scratches and a stain, somewhere about the middle."""
    worn = picture.copy()
    height, width = worn.shape
    for _ in range(1 + round(3 * hard)):
        ends = (rng.uniform(0.25, 0.75, (2, 2)) * (width, height)).astype(int)
        cv2.line(
            worn,
            (int(ends[0][0]), int(ends[0][1])),
            (int(ends[1][0]), int(ends[1][1])),
            int(rng.integers(60, 240)),
            1 + round(2 * hard),
        )
    middle = (rng.uniform(0.38, 0.62, 2) * (width, height)).astype(int)
    radius = max(2, round(height * (0.01 + 0.05 * hard) * rng.uniform(0.6, 1.2)))
    cv2.circle(worn, (int(middle[0]), int(middle[1])), radius, int(rng.integers(80, 220)), -1)
    return _bytes(worn)


def _bytes(picture: object) -> Picture:
    return np.asarray(np.clip(np.asarray(picture), 0, 255), np.uint8)
