"""What a technician does to see that the face camera is well; no picture is shown or kept."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Final

from devices.errors import CameraStoppedError, PoorPictureError
from devices.face_camera.camera import Source
from devices.face_camera.quality import Figures, LightGate, QualityGate, figures
from devices.self_test import Step

_COVERED: Final = 0.5
"""A hand on the lens takes at least so much of the light."""
_PATIENCE_OF_A_FRAME_S: Final = 0.5
_WHAT_TO_DO: Final = {
    "too_dark": "quá tối / too dark: more light on the face, lens uncovered",
    "too_bright": "quá sáng / too bright: no window or lamp behind the person",
    "flat": "không có gì / nothing to be seen: take the cover off, wipe the lens",
    "blurred": "mờ / blurred: wipe the lens, turn its ring until it is in focus",
}


def steps(source: Source, gate: QualityGate | None = None) -> list[Step]:
    """Look into the camera; lay a hand on it, which shows that it is this one and alive."""
    judge = gate or LightGate()
    light = _Light()
    return [
        Step(
            "look",
            "Đứng trước camera, cách chừng 60 cm, và nhìn thẳng vào ống kính. Chỉ đo độ nét và "
            "độ sáng, không lưu hình.",
            "Stand some 60 cm before the camera and look into it. Sharpness and brightness are "
            "measured; no picture is kept.",
            False,
            partial(_look, source, judge, light),
        ),
        Step(
            "cover-lens",
            "Lấy bàn tay che kín ống kính camera.",
            "Cover the camera's lens with your hand.",
            False,
            partial(_cover, source, light),
        ),
    ]


class _Light:
    """How bright it was while the person looked."""

    brightest = 0.0


def _look(source: Source, gate: QualityGate, light: _Light, patience_s: float) -> str:
    said: list[str] = []

    def is_good(seen: Figures, flaw: str | None) -> bool:
        if flaw is not None:
            said[:] = [f"{_WHAT_TO_DO.get(flaw, flaw)} ({seen})"]
        return flaw is None

    good = _wait(source, patience_s, is_good, gate)
    if good is None:
        raise PoorPictureError(said[0] if said else "no frame came: check the camera's cable")
    light.brightest = good.brightness
    return str(good)


def _cover(source: Source, light: _Light, patience_s: float) -> str:
    def is_covered(seen: Figures, flaw: str | None) -> bool:
        light.brightest = max(light.brightest, seen.brightness)
        return seen.brightness < light.brightest * _COVERED

    dark = _wait(source, patience_s, is_covered)
    if dark is None:
        raise PoorPictureError(
            f"không thấy tay che / no hand came before the lens (brightness {light.brightest:.0f} "
            "throughout): is this the right camera?"
        )
    return f"brightness {light.brightest:.0f}, under the hand {dark.brightness:.0f}"


def _wait(
    source: Source,
    patience_s: float,
    is_it: Callable[[Figures, str | None], bool],
    gate: QualityGate | None = None,
) -> Figures | None:
    ends_s = time.monotonic() + patience_s
    came = False
    while time.monotonic() < ends_s:
        frame = source.next(_PATIENCE_OF_A_FRAME_S)
        if frame is None:
            continue
        came = True
        try:
            seen = figures(frame)
            found = is_it(seen, gate.flaw(frame, seen) if gate else None)
        finally:
            frame.fill(0)
        if found:
            return seen
    if not came:
        raise CameraStoppedError(f"no frame within {patience_s:g} s: check the camera's cable")
    return None
