"""The voice of the hall, spoken by the real espeak-ng."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from devices.errors import SoundUnavailableError, VoiceUnavailableError
from devices.messages import Announcement
from devices.speaker import AlsaSink, Fault, Speaker, WavFolderSink
from devices.speaker.self_test import steps
from devices.speaker.sound import SAMPLE_RATE_HZ, chime, samples_of, silence, wav_of

CALL = "Xin mời số thứ tự A không một hai, đến quầy số ba."
PATIENCE_S = 20.0


def call(number: int, text: str = "một") -> Announcement:
    return Announcement(id=number, text=text, called_wall_ms=1_000 + number)


class Room:
    """A sink that lets the test hear, hold and spoil what is played."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.sounding = 0
        self.most_at_once = 0
        self.is_broken = False
        self.begun = threading.Semaphore(0)
        self.may_end = threading.Semaphore(0)
        self.holds = False
        self.stopped = threading.Event()

    def play(self, wav: bytes) -> None:
        self.sounding += 1
        self.most_at_once = max(self.most_at_once, self.sounding)
        self.begun.release()
        if self.holds:
            assert self.may_end.acquire(timeout=PATIENCE_S)
        self.sounding -= 1
        if self.is_broken:
            raise SoundUnavailableError("the sound card does not play: check its cable")
        self.heard.append(wav)

    def stop(self) -> None:
        self.stopped.set()
        self.may_end.release(1000)


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture
def opened(room: Room) -> Iterator[Callable[..., Speaker]]:
    """Opens speakers in the room and closes them in the end."""
    speakers: list[Speaker] = []

    def open_speaker(**settings: Any) -> Speaker:
        speakers.append(Speaker(sink=room, **settings))
        return speakers[-1]

    yield open_speaker
    for speaker in speakers:
        speaker.close()


def loudness(samples: np.ndarray[tuple[int, ...], np.dtype[np.int16]]) -> float:
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))


def test_a_call_is_a_chime_and_then_the_same_speech_twice(tmp_path: Path) -> None:
    sink = WavFolderSink(tmp_path)
    with Speaker(sink=sink) as speaker:
        speaker.announce(call(1, CALL))
        assert speaker.is_quiet(PATIENCE_S)
    (file,) = sink.files()
    samples = samples_of(file.read_bytes())
    begin = round(0.15 * SAMPLE_RATE_HZ)
    assert np.array_equal(samples[begin : begin + len(chime())], chime())
    spoken = samples[begin + len(chime()) + round(0.25 * SAMPLE_RATE_HZ) :]
    once = (len(spoken) - round(1.2 * SAMPLE_RATE_HZ)) // 2
    assert 2.5 < once / SAMPLE_RATE_HZ < 8.0
    again = once + round(0.7 * SAMPLE_RATE_HZ)
    assert np.array_equal(spoken[:once], spoken[again : again + once])
    assert loudness(spoken[:once]) > 1_500
    assert np.max(np.abs(spoken)) > 25_000


def test_calls_are_spoken_in_order_and_one_at_a_time(
    room: Room, opened: Callable[..., Speaker]
) -> None:
    room.holds = True
    speaker = opened()
    texts = ["một", "hai không một", "ba không một hai năm"]
    for number, text in enumerate(texts, start=1):
        speaker.announce(call(number, text))
    for number in range(len(texts)):
        assert room.begun.acquire(timeout=PATIENCE_S)
        assert len(room.heard) == number
        assert not speaker.is_quiet(0)
        room.may_end.release()
    assert speaker.is_quiet(PATIENCE_S)
    lengths = [len(wav) for wav in room.heard]
    assert lengths == sorted(lengths)
    assert len(set(lengths)) == 3
    assert room.most_at_once == 1


def test_a_new_call_never_cuts_off_the_one_that_is_spoken(
    room: Room, opened: Callable[..., Speaker]
) -> None:
    room.holds = True
    speaker = opened()
    speaker.announce(call(1))
    assert room.begun.acquire(timeout=PATIENCE_S)
    for number in range(2, 10):
        speaker.announce(call(number))
    assert not room.stopped.is_set()
    assert room.sounding == 1
    room.may_end.release(9)
    assert speaker.is_quiet(PATIENCE_S)
    assert len(room.heard) == 9


def test_a_missing_sound_card_is_reported_once_and_the_calls_go_on() -> None:
    faults: list[Fault] = []
    with Speaker(sink=AlsaSink("no-such-card"), on_fault=faults.append) as speaker:
        for number in (1, 2, 3):
            speaker.announce(call(number))
        assert speaker.is_quiet(PATIENCE_S)
        assert [(fault.code, fault.raised) for fault in faults] == [("sound", True)]
        assert "aplay -L" in faults[0].text
        assert speaker.faults() == [faults[0].text]


def test_a_sound_card_that_comes_back_is_reported_too(
    room: Room, opened: Callable[..., Speaker]
) -> None:
    faults: list[Fault] = []
    speaker = opened(on_fault=faults.append)
    room.is_broken = True
    speaker.announce(call(1))
    assert speaker.is_quiet(PATIENCE_S)
    room.is_broken = False
    speaker.announce(call(2))
    assert speaker.is_quiet(PATIENCE_S)
    assert [(fault.code, fault.raised) for fault in faults] == [("sound", True), ("sound", False)]
    assert speaker.faults() == []
    assert len(room.heard) == 1


def test_without_espeak_the_chime_calls_alone_and_the_technician_is_told(
    room: Room, opened: Callable[..., Speaker]
) -> None:
    faults: list[Fault] = []
    speaker = opened(espeak="espeak-is-not-here", on_fault=faults.append)
    speaker.announce(call(1, CALL))
    assert speaker.is_quiet(PATIENCE_S)
    assert [(fault.code, fault.raised) for fault in faults] == [("voice", True)]
    assert "apt install espeak-ng" in faults[0].text
    samples = samples_of(room.heard[0])
    assert len(samples) < 2 * SAMPLE_RATE_HZ
    assert loudness(samples) > 500


def test_an_unknown_voice_is_told_at_once_with_the_voices_that_there_are(
    room: Room, opened: Callable[..., Speaker]
) -> None:
    told = threading.Event()
    faults: list[Fault] = []

    def tell(fault: Fault) -> None:
        faults.append(fault)
        told.set()

    speaker = opened(voice="vi-hue", on_fault=tell)
    assert told.wait(PATIENCE_S)
    assert "vi, vi-vn-x-central, vi-vn-x-south" in faults[0].text
    speaker.announce(call(1))
    assert speaker.is_quiet(PATIENCE_S)
    assert [fault.raised for fault in faults] == [True]
    assert len(room.heard) == 1


def test_an_espeak_that_is_installed_later_is_noticed(
    room: Room, opened: Callable[..., Speaker], tmp_path: Path
) -> None:
    faults: list[Fault] = []
    later = tmp_path / "espeak-ng"
    speaker = opened(espeak=str(later), on_fault=faults.append)
    speaker.announce(call(1))
    assert speaker.is_quiet(PATIENCE_S)
    installed = shutil.which("espeak-ng")
    assert installed
    later.symlink_to(installed)
    speaker.announce(call(2))
    assert speaker.is_quiet(PATIENCE_S)
    assert [(fault.code, fault.raised) for fault in faults] == [("voice", True), ("voice", False)]
    assert len(room.heard[1]) > len(room.heard[0])


def test_where_too_many_calls_wait_the_oldest_go_and_that_is_reported(
    room: Room, opened: Callable[..., Speaker]
) -> None:
    room.holds = True
    faults: list[Fault] = []
    speaker = opened(longest_queue=2, on_fault=faults.append)
    speaker.announce(call(1, "một"))
    assert room.begun.acquire(timeout=PATIENCE_S)
    for number, text in enumerate(["hai", "ba không", "bốn không một hai"], start=2):
        speaker.announce(call(number, text))
    assert [(fault.code, fault.raised) for fault in faults] == [("queue", True)]
    room.may_end.release(10)
    assert speaker.is_quiet(PATIENCE_S)
    assert len(room.heard) == 3
    assert len(room.heard[2]) > len(room.heard[1]) > len(room.heard[0])
    assert [(fault.code, fault.raised) for fault in faults] == [("queue", True), ("queue", False)]


def test_who_is_told_of_a_fault_may_fail_and_the_calls_go_on(
    room: Room, opened: Callable[..., Speaker], caplog: pytest.LogCaptureFixture
) -> None:
    def fail(fault: Fault) -> None:
        raise RuntimeError(fault.code)

    room.is_broken = True
    speaker = opened(on_fault=fail)
    speaker.announce(call(1))
    assert speaker.is_quiet(PATIENCE_S)
    assert "a call was not spoken" in caplog.text
    room.is_broken = False
    speaker.announce(call(2))
    assert speaker.is_quiet(PATIENCE_S)
    assert len(room.heard) == 1


def test_who_fails_to_hear_of_a_missing_voice_still_gets_the_calls(
    room: Room, opened: Callable[..., Speaker], tmp_path: Path
) -> None:
    def fail(fault: Fault) -> None:
        raise RuntimeError(fault.code)

    speaker = opened(on_fault=fail, clips=tmp_path / "nowhere")
    speaker.announce(call(1))
    assert speaker.is_quiet(PATIENCE_S)
    assert len(room.heard) == 1


def test_closing_ends_what_is_spoken_forgets_what_waits_and_may_be_repeated(room: Room) -> None:
    room.holds = True
    speaker = Speaker(sink=room)
    for number in (1, 2, 3):
        speaker.announce(call(number))
    assert room.begun.acquire(timeout=PATIENCE_S)
    speaker.close()
    speaker.close()
    speaker.announce(call(4))
    assert room.stopped.is_set()
    assert len(room.heard) == 1
    assert speaker.is_quiet(PATIENCE_S)
    assert not any(thread.name == "speaker" for thread in threading.enumerate())


def test_the_self_test_speaks_and_names_what_is_missing(
    room: Room, opened: Callable[..., Speaker]
) -> None:
    assert opened().self_test() == []
    assert len(room.heard) == 1
    room.is_broken = True
    problems = opened(espeak="espeak-is-not-here").self_test()
    assert len(problems) == 2
    assert "apt install espeak-ng" in problems[0]
    assert "check its cable" in problems[1]


class Watch:
    """A clock in the test's hand."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_a_call_that_waited_too_long_is_dropped_and_that_is_reported_and_ends(
    room: Room, opened: Callable[..., Speaker]
) -> None:
    room.holds = True
    watch = Watch()
    faults: list[Fault] = []
    speaker = opened(forget_s=30, now_s=watch, on_fault=faults.append)
    speaker.announce(call(1))
    assert room.begun.acquire(timeout=PATIENCE_S)
    speaker.announce(call(2))
    watch.now_s += 20
    speaker.announce(call(3))
    watch.now_s += 10.1  # the second has waited for 30.1 s, the third for 10.1 s
    room.may_end.release(10)
    assert speaker.is_quiet(PATIENCE_S)
    assert len(room.heard) == 2
    assert [(fault.code, fault.raised) for fault in faults] == [("late", True), ("late", False)]
    assert "longer than 30 s" in faults[0].text


def test_the_time_of_the_day_makes_a_call_quiet_or_silent(
    room: Room, opened: Callable[..., Speaker]
) -> None:
    percent = [100]
    speaker = opened(percent=lambda: percent[0])
    for one in (100, 25, 0, 100):
        percent[0] = one
        speaker.announce(call(1))
        assert speaker.is_quiet(PATIENCE_S)
    peaks = [int(np.max(np.abs(samples_of(wav).astype(int)))) for wav in room.heard]
    assert peaks == pytest.approx([29_000, 7_250, 29_000], abs=2)
    assert speaker.faults() == []


def clip_folder(folder: Path) -> Path:
    (folder / "index.toml").write_text('[clips]\n"một" = "1.wav"\n"hai" = "2.wav"\n')
    for name, level in (("1", 1_000), ("2", 2_000)):
        (folder / f"{name}.wav").write_bytes(wav_of(silence(0.1) + np.int16(level)))
    return folder


def test_what_has_clips_is_joined_of_them_and_all_else_is_spoken_whole_by_espeak(
    room: Room, opened: Callable[..., Speaker], tmp_path: Path
) -> None:
    folder = clip_folder(tmp_path)
    with_clips, without = opened(clips=folder), opened()
    for speaker, text in ((with_clips, "hai một"), (with_clips, "hai ba"), (without, "hai ba")):
        speaker.announce(call(1, text))
        assert speaker.is_quiet(PATIENCE_S)
    joined, spoken, as_ever = (samples_of(wav) for wav in room.heard)
    begin = round(0.4 * SAMPLE_RATE_HZ) + len(chime())
    clip = round(0.1 * SAMPLE_RATE_HZ)
    assert set(joined[begin : begin + clip]) == {29_000}
    assert set(joined[begin + clip : begin + 2 * clip]) == {14_500}
    assert joined[begin + 2 * clip] == 0
    assert np.array_equal(spoken, as_ever)


def test_calls_of_clips_alone_need_no_espeak(
    room: Room, opened: Callable[..., Speaker], tmp_path: Path
) -> None:
    speaker = opened(clips=clip_folder(tmp_path), espeak="espeak-is-not-here")
    speaker.announce(call(1, "một hai"))
    assert speaker.is_quiet(PATIENCE_S)
    assert len(samples_of(room.heard[0])) > len(chime()) + 1.5 * SAMPLE_RATE_HZ


def test_clips_that_cannot_be_joined_are_told_and_espeak_speaks(
    room: Room, opened: Callable[..., Speaker], tmp_path: Path
) -> None:
    faults: list[Fault] = []
    speaker = opened(clips=tmp_path / "nowhere", on_fault=faults.append)
    speaker.announce(call(1, "một"))
    assert speaker.is_quiet(PATIENCE_S)
    assert [(fault.code, fault.raised) for fault in faults] == [("clips", True)]
    assert len(samples_of(room.heard[0])) > len(chime()) + SAMPLE_RATE_HZ


def program(folder: Path, script: str) -> str:
    """A real program in the place of aplay."""
    path = folder / "aplay"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_a_card_that_dies_in_the_middle_of_a_sentence_is_a_fault_until_the_next_call_is_heard(
    tmp_path: Path,
) -> None:
    script = f"head -c 1000 >/dev/null; [ -e {tmp_path}/well ] && exec cat >/dev/null; kill -9 $$"
    faults: list[Fault] = []
    sink = AlsaSink(program=program(tmp_path, script))
    with Speaker(sink=sink, on_fault=faults.append) as speaker:
        speaker.announce(call(1))
        assert speaker.is_quiet(PATIENCE_S)
        assert [(fault.code, fault.raised) for fault in faults] == [("sound", True)]
        (tmp_path / "well").touch()
        speaker.announce(call(2))
        assert speaker.is_quiet(PATIENCE_S)
    assert [(fault.code, fault.raised) for fault in faults] == [("sound", True), ("sound", False)]


def test_the_technician_hears_the_chime_and_a_number_that_nobody_can_guess(
    room: Room, opened: Callable[..., Speaker]
) -> None:
    speaker = opened()
    asked = set()
    for _ in range(4):
        chimes, voice = steps(speaker)
        assert (chimes.name, voice.name) == ("hear-chime", "hear-voice")
        assert (chimes.confirm, voice.confirm) == (True, True)
        assert chimes.run(1.0) == "played the chime"
        assert voice.run(1.0) in {f"spoke {number:03}" for number in range(1000)}
        assert voice.run(1.0).removeprefix("spoke ") in voice.ask_vi
        asked.add(voice.ask_vi)
    assert len(asked) > 1
    assert len(room.heard[1]) > len(room.heard[0])


def test_a_test_begun_at_once_is_spoken_with_the_clips_that_calls_are_spoken_with(
    room: Room, opened: Callable[..., Speaker], tmp_path: Path
) -> None:
    opened(clips=clip_folder(tmp_path)).say("hai")
    begin = round(0.4 * SAMPLE_RATE_HZ) + len(chime())
    assert set(samples_of(room.heard[0])[begin : begin + 100]) == {29_000}


def test_a_silent_card_and_a_missing_voice_fail_their_steps(
    room: Room, opened: Callable[..., Speaker]
) -> None:
    _, voice = steps(opened(espeak="espeak-is-not-here"))
    with pytest.raises(VoiceUnavailableError, match="apt install espeak-ng"):
        voice.run(1.0)
    room.is_broken = True
    for step in steps(opened()):
        with pytest.raises(SoundUnavailableError, match="check its cable"):
            step.run(1.0)


def test_by_night_the_technician_hears_the_test_all_the_same(
    room: Room, opened: Callable[..., Speaker]
) -> None:
    steps(opened(percent=lambda: 0))[0].run(1.0)
    assert loudness(samples_of(room.heard[0])) > 500
