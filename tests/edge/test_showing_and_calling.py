"""The loops of display and voice: what the settings say reaches the parts."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from devices.messages import Announcement, Display
from devices.speaker import WavFolderSink
from devices.speaker.sound import samples_of
from devices.ticket_display import lettering
from edge import settings
from edge.clock import Clock, Stamps
from edge.counter import Screen
from edge.device_loops import DisplayLoop, VoiceLoop
from edge.latest import Latest
from edge.loops import Loop
from edge.shown import KeptFile
from tests.parts import until

NOON_UTC_US = 1_795_435_200_000_000  # 2026-11-23 12:00 UTC, 19:00 in Ha Noi


class SetClock(Clock):
    """A wall clock that stands still, right or wrong."""

    def __init__(self, *, wall_us: int = NOON_UTC_US, right: bool = True) -> None:
        super().__init__()
        self._wall_us = wall_us
        self._right = right

    def now(self) -> Stamps:
        return Stamps(self.boot_id, self._wall_us, self.monotonic_us(), self._right)


@pytest.fixture
def begin() -> Iterator[Callable[[Callable[[Loop], None]], Loop]]:
    """Begins loops and ends them."""
    loops: list[Loop] = []

    def start(body: Callable[[Loop], None]) -> Loop:
        loops.append(Loop("part", body, on_trouble=lambda *_: None))
        loops[-1].start()
        return loops[-1]

    yield start
    for loop in loops:
        loop.stop()
        assert loop.join(5)


def glass(loop: DisplayLoop) -> Image.Image | None:
    picture = loop.picture_png()
    return Image.open(io.BytesIO(picture)).convert("L") if picture else None


def test_an_oled_over_the_counter_shows_the_call_and_the_sign(
    begin: Callable[[Callable[[Loop], None]], Loop], monkeypatch: pytest.MonkeyPatch
) -> None:
    call = Display(1, 1, "called", counter="3", ticket="A012")
    screen = Latest(Screen(call, stale=False))
    table = settings.TicketDisplay(driver="recording-oled")
    # the clock cannot be trusted, so the first call that is found blinks for nobody
    shown = DisplayLoop(table, screen, SetClock(wall_us=1_000_000, right=False), lambda: None)
    begin(shown.run)

    def level_above() -> int:
        picture = glass(shown)
        return 0 if picture is None else int(np.asarray(picture)[12:60].mean())

    until(lambda: level_above() > 15, "the call is shown")
    before = level_above()
    screen.set(Screen(call, stale=True))
    until(lambda: level_above() > 1.4 * before, "the sign stands above, dark on light")
    assert shown.notes() == []
    monkeypatch.setattr(lettering, "missing_font", lambda: "no font")
    assert shown.notes() == ["no font"]


@pytest.mark.parametrize(
    ("right", "offset", "peak"),
    [(True, 420, 8_700), (True, 0, 14_500), (False, 420, 14_500)],
)
def test_the_voice_is_as_loud_as_the_local_time_says(
    begin: Callable[[Callable[[Loop], None]], Loop],
    tmp_path: Path,
    right: bool,
    offset: int,
    peak: int,
) -> None:
    table = settings.Speaker(
        sink="wav",
        folder=str(tmp_path / "calls"),
        percent=50,
        loudness=[settings.Loudness("18:30", "19:30", 30)],
        utc_offset_minutes=offset,
    )
    voice = VoiceLoop(
        table,
        KeptFile(tmp_path),
        SetClock(right=right),
        on_change=lambda: None,
        alarm=lambda *_: None,
    )
    begin(voice.run)
    voice.speak([Announcement(1, "một", 1)], 1)
    files = WavFolderSink(tmp_path / "calls").files
    until(lambda: files(), "spoken")
    samples = samples_of(files()[0].read_bytes())
    assert int(np.max(np.abs(samples.astype(int)))) == pytest.approx(peak, abs=2)


def test_clips_that_are_not_there_are_an_alarm_and_a_note(
    begin: Callable[[Callable[[Loop], None]], Loop], tmp_path: Path
) -> None:
    alarms: list[tuple[str, bool]] = []
    table = settings.Speaker(sink="off", clips=str(tmp_path / "clips"))
    voice = VoiceLoop(
        table,
        KeptFile(tmp_path),
        SetClock(),
        on_change=lambda: None,
        alarm=lambda code, text, raised: alarms.append((code, raised)),
    )
    begin(voice.run)
    until(lambda: alarms == [("clips", True)], "told")
    until(lambda: any("make_clips" in note for note in voice.notes()), "noted")
