"""The face camera's loop: off, its camera closed, unless somebody wants to look."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

from edge import settings
from edge.clock import Clock
from edge.loops import Loop

if TYPE_CHECKING:
    from devices.face_camera import Looker, QualityGate

_ROUND_S: Final = 0.5


class FaceCameraLoop:
    """Hands frames to the one who :meth:`watch`-es; nobody watching, no frame is taken.

    Frames stay in this process: the looker has each for the length of one call, after which it
    is black.  A looker that raises is told to the loop, which begins anew.
    """

    def __init__(self, table: settings.FaceCamera, clock: Clock) -> None:
        self._table = table
        self._clock = clock
        self._changed = threading.Condition()
        self._looker: Looker | None = None
        self._gate: QualityGate | None = None
        self._camera: Any = None

    def watch(self, looker: Looker | None, gate: QualityGate | None = None) -> None:
        """From now on ``looker`` gets the frames that ``gate`` lets pass; None turns it off."""
        with self._changed:
            self._looker, self._gate = looker, gate
            self._changed.notify_all()

    @property
    def is_on(self) -> bool:
        """Whether the camera is open just now."""
        return self._camera is not None

    def run(self, loop: Loop) -> None:
        """The body of the loop."""
        while not loop.stopping.is_set():
            loop.beat()
            with self._changed:
                looker, gate = self._looker, self._gate
                if looker is None:
                    loop.well()
                    self._changed.wait(_ROUND_S)
                    continue
            self._look(loop, looker, gate)

    def _look(self, loop: Loop, looker: Looker, gate: QualityGate | None) -> None:
        # OpenCV takes some 60 MB: loaded when the first one wants to look
        from devices.face_camera import FaceCamera, Pace, open_source

        table = self._table
        source = open_source(
            table.source,
            device=table.device,
            folder=table.folder,
            width=table.width,
            height=table.height,
        )
        with FaceCamera(
            source,
            pace=Pace(table.frames_per_second),
            gate=gate,
            monotonic_us=self._clock.monotonic_us,
        ) as camera:
            self._camera = camera
            try:
                while not loop.stopping.is_set() and self._looker is looker:
                    loop.beat()
                    if camera.run_once(looker) is not None:
                        loop.well()
            finally:
                self._camera = None

    def notes(self) -> list[str]:
        """What the camera lacks just now."""
        camera = self._camera
        if camera is None or camera.handed_on or sum(camera.flaws.values()) < _POOR_FRAMES:
            return []
        flaw, _ = camera.flaws.most_common(1)[0]
        return [f"face_camera: no frame was good enough ({flaw}): see its light and lens"]


_POOR_FRAMES: Final = 50
