"""The parts of the voice: espeak-ng, the chime, and where the sound goes."""

from __future__ import annotations

import os
import select
import threading
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from devices.errors import SoundUnavailableError, UnknownDriverError, VoiceUnavailableError
from devices.speaker import AlsaSink, SilentSink, WavFolderSink, open_sink
from devices.speaker import child as child_room
from devices.speaker.child import Child, StoppedError
from devices.speaker.sound import (
    SAMPLE_RATE_HZ,
    Samples,
    announcement,
    chime,
    levelled,
    samples_of,
    seconds_of,
    silence,
    wav_of,
)
from devices.speaker.voice import Voice

PATIENCE_S = 20.0
SHORT = wav_of(silence(0.05))


def program(folder: Path, script: str) -> str:
    """A real program in the place of aplay or espeak-ng."""
    path = folder / "program"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("name", ["vi", "vi-vn-x-south", "vi-vn-x-central"])
def test_each_vietnamese_voice_speaks(name: str) -> None:
    samples = Voice(name).speech("Xin mời số thứ tự A không một hai")
    assert 1.5 < len(samples) / SAMPLE_RATE_HZ < 6
    assert np.max(np.abs(samples.astype(np.int32))) > 3_000


def test_the_three_voices_differ() -> None:
    spoken = {Voice(name).speech("rồng").tobytes() for name in ("vi", "vi-vn-x-south")}
    assert len(spoken) == 2


def test_a_slower_voice_takes_longer() -> None:
    text = "số thứ tự không một hai ba bốn"
    assert len(Voice(speed_wpm=100).speech(text)) > 1.2 * len(Voice(speed_wpm=175).speech(text))


def test_what_looks_like_a_switch_or_a_phoneme_is_read_as_text() -> None:
    assert len(Voice().speech("--version")) > SAMPLE_RATE_HZ // 3
    assert np.array_equal(Voice().speech("[[ba]]"), Voice().speech("[ [ba]]"))


def test_a_text_without_end_is_cut() -> None:
    endless = Voice(speed_wpm=400).speech("ba " * 5_000)
    assert len(endless) / SAMPLE_RATE_HZ < 200


def test_an_unknown_voice_lists_the_voices_that_there_are() -> None:
    for name in ("xx-nowhere", "vi-hue"):
        with pytest.raises(VoiceUnavailableError, match="vi, vi-vn-x-central, vi-vn-x-south"):
            Voice(name).check()
    Voice("vi+f2").check()


def test_a_missing_espeak_says_what_to_install() -> None:
    with pytest.raises(VoiceUnavailableError, match="apt install espeak-ng"):
        Voice(program="espeak-is-not-here").check()


@pytest.mark.parametrize("script", ["exit 3", "echo no sound data", "printf RIFF"])
def test_an_espeak_that_fails_or_babbles_is_a_fault_and_no_crash(
    tmp_path: Path, script: str
) -> None:
    with pytest.raises(VoiceUnavailableError, match="try it by hand"):
        Voice(program=program(tmp_path, script)).speech("một")


def test_the_chime_is_two_falling_notes_that_die_away() -> None:
    notes = chime()

    def pitch(from_s: float, to_s: float) -> float:
        part = notes[round(from_s * SAMPLE_RATE_HZ) : round(to_s * SAMPLE_RATE_HZ)]
        return float(np.argmax(np.abs(np.fft.rfft(part)))) / (to_s - from_s)

    assert pitch(0.05, 0.35) == pytest.approx(659, abs=5)
    assert pitch(0.9, 1.2) == pytest.approx(523, abs=5)
    assert abs(int(notes[0])) < 50
    assert abs(int(notes[-1])) < 50


@given(arrays(np.int16, st.integers(0, 400)))
def test_sound_goes_into_a_wav_file_and_comes_back_the_same(samples: Samples) -> None:
    assert np.array_equal(samples_of(wav_of(samples)), samples)


@given(arrays(np.int16, st.integers(1, 400)))
def test_levelling_never_overdrives_and_keeps_silence(samples: Samples) -> None:
    loudest = int(np.max(np.abs(levelled(samples).astype(np.int32))))
    assert loudest <= 29_000
    assert (loudest == 0) == (not samples.any())


@given(st.binary(max_size=200))
def test_what_is_no_wav_file_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"not a WAV file|channels"):
        samples_of(data)


def test_an_announcement_without_speech_is_the_chime_alone() -> None:
    assert len(announcement(None)) == len(chime()) + len(silence(0.15)) + len(silence(0.25))


def test_aplay_is_given_the_whole_announcement(tmp_path: Path) -> None:
    heard = tmp_path / "heard.wav"
    wav = wav_of(chime())
    AlsaSink(program=program(tmp_path, f'echo "$@" >{tmp_path}/words; cat >{heard}')).play(wav)
    assert heard.read_bytes() == wav
    assert (tmp_path / "words").read_text().split() == ["-q", "-t", "wav", "-D", "default", "-"]


def test_the_real_aplay_plays_to_a_card_that_swallows_everything() -> None:
    AlsaSink("null").play(SHORT)


def test_the_real_aplay_on_a_card_that_is_not_there_says_what_to_check() -> None:
    with pytest.raises(SoundUnavailableError, match="aplay -L"):
        AlsaSink("no-such-card").play(SHORT)


def test_a_missing_aplay_says_what_to_install() -> None:
    with pytest.raises(SoundUnavailableError, match="apt install alsa-utils"):
        AlsaSink(program="aplay-is-not-here").play(SHORT)


def test_a_card_that_hangs_is_given_up(tmp_path: Path) -> None:
    sink = AlsaSink(program=program(tmp_path, "exec sleep 600"), grace_s=0.2)
    with pytest.raises(SoundUnavailableError, match="hangs"):
        sink.play(SHORT)


def test_closing_kills_an_aplay_that_plays(tmp_path: Path) -> None:
    pipe = tmp_path / "alive"
    os.mkfifo(pipe)
    sink = AlsaSink(program=program(tmp_path, f"exec 3>{pipe}; exec sleep 600"))
    playing = threading.Thread(target=sink.play, args=(SHORT,))
    playing.start()
    with pipe.open("rb") as alive:  # opens when the program has begun
        sink.stop()
        assert alive.read() == b""  # ends when the program has
    playing.join(PATIENCE_S)
    assert not playing.is_alive()
    sink.play(SHORT)  # a closed sink plays nothing, and says nothing


def test_a_program_is_ended_with_all_that_it_began(tmp_path: Path) -> None:
    pipe = tmp_path / "alive"
    os.mkfifo(pipe)
    child = Child()
    begun = program(tmp_path, f"(exec 3>{pipe}; exec sleep 600) & exec sleep 600")

    def run() -> None:
        with pytest.raises(StoppedError):
            child.run([begun], b"", 600)

    running = threading.Thread(target=run, daemon=True)
    running.start()
    with pipe.open("rb") as alive:
        child.stop()
        assert select.select([alive], [], [], PATIENCE_S)[0], "something of it lives on"
        assert alive.read() == b""
    running.join(PATIENCE_S)
    assert not running.is_alive()


def test_a_program_that_cannot_be_ended_is_left_behind_and_holds_up_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As inside a driver that hangs, where no signal comes through."""
    kill = child_room._kill
    monkeypatch.setattr(child_room, "_kill", lambda process: None)
    child = Child(killed_within_s=0.1)
    hanging = program(tmp_path, "exec sleep 600")
    try:
        for _ in range(child_room.MOST_LEFT_BEHIND):
            with pytest.raises(TimeoutError, match="hung"):
                child.run([hanging], b"", 0.3)
        with pytest.raises(TimeoutError, match="cannot be ended"):
            child.run([hanging], b"", 0.3)
        assert len(child._left_behind) == child_room.MOST_LEFT_BEHIND
    finally:
        monkeypatch.setattr(child_room, "_kill", kill)
        for process in child._left_behind:
            kill(process)
            process.wait(PATIENCE_S)
    assert child.run(["true"], b"", 10).status == 0


def test_a_child_that_was_stopped_runs_nothing_more() -> None:
    child = Child()
    child.stop()
    with pytest.raises(StoppedError):
        child.run(["true"], b"", 1)


def test_announcements_become_numbered_files_and_the_oldest_go(tmp_path: Path) -> None:
    sink = WavFolderSink(tmp_path / "calls", keep=3)
    for _ in range(5):
        sink.play(SHORT)
    assert [file.name for file in sink.files()] == [f"call-00000{n}.wav" for n in (3, 4, 5)]
    assert {file.name for file in (tmp_path / "calls").iterdir()} == {
        file.name for file in sink.files()
    }
    WavFolderSink(tmp_path / "calls", keep=3).play(SHORT)
    assert sink.files()[-1].name == "call-000006.wav"
    with wave.open(str(sink.files()[-1])) as file:
        assert file.getnframes() == len(samples_of(SHORT))


def test_a_folder_that_cannot_be_written_is_a_missing_sound(tmp_path: Path) -> None:
    (tmp_path / "calls").write_text("this is a file")
    with pytest.raises(SoundUnavailableError, match="name another folder"):
        WavFolderSink(tmp_path / "calls" / "inside").play(SHORT)


class Waiting(threading.Event):
    """Tells that somebody waits on it, and for how long."""

    def __init__(self) -> None:
        super().__init__()
        self.began = threading.Event()
        self.for_s: float | None = None

    def wait(self, timeout: float | None = None) -> bool:
        self.for_s = timeout
        self.began.set()
        return super().wait(timeout)


def test_in_real_time_a_file_takes_as_long_as_it_sounds_and_closing_ends_the_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = WavFolderSink(tmp_path, real_time=True)
    waiting = Waiting()
    monkeypatch.setattr(sink, "_stopped", waiting)
    playing = threading.Thread(target=sink.play, args=(wav_of(silence(60)),))
    playing.start()
    assert waiting.began.wait(PATIENCE_S)
    assert waiting.for_s == 60
    sink.stop()
    playing.join(PATIENCE_S)
    assert not playing.is_alive()
    assert len(sink.files()) == 1


def test_the_settings_choose_where_the_sound_goes(tmp_path: Path) -> None:
    assert isinstance(open_sink("alsa"), AlsaSink)
    assert isinstance(open_sink("wav", folder=str(tmp_path)), WavFolderSink)
    silent = open_sink("off", device=None, folder=None)
    assert isinstance(silent, SilentSink)
    silent.play(SHORT)
    with pytest.raises(UnknownDriverError, match="'wav' with a folder"):
        open_sink("wav")


def test_the_length_of_a_wav_file_is_told_in_seconds() -> None:
    assert seconds_of(wav_of(silence(1.5))) == 1.5
