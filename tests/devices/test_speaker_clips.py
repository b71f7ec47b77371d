"""Recorded words: joined without gaps, or not at all."""

from __future__ import annotations

import io
import subprocess
import sys
import unicodedata
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.errors import ClipsError
from devices.speaker import make_clips
from devices.speaker.clips import Clips, converted, load, words_of
from devices.speaker.sound import SAMPLE_RATE_HZ, Samples, samples_of, wav_of
from devices.speaker.voice import Voice
from hall_server.queue.wording import call_text


def tone(seconds: float, pitch_hz: float, rate: int = SAMPLE_RATE_HZ) -> Samples:
    at = np.arange(round(seconds * rate)) / rate
    return (8_000 * np.sin(2 * np.pi * pitch_hz * at)).astype(np.int16)


def wav(samples: Samples, rate: int, *, channels: int = 1, width: int = 2) -> bytes:
    stream = io.BytesIO()
    with wave.open(stream, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(width)
        writer.setframerate(rate)
        writer.writeframes(samples.tobytes())
    return stream.getvalue()


def words(*phrases: str) -> Clips:
    """Each phrase is a clip whose samples all have the number of its place."""
    return Clips({one: np.full(10, place, np.int16) for place, one in enumerate(phrases, start=1)})


def order(clips: Clips, text: str) -> list[int] | None:
    samples = clips.speech(text)
    if samples is None:
        return None
    assert len(samples) % 10 == 0, "a gap"
    return [int(one) for one in samples[::10]]


def test_clips_are_joined_sample_for_sample_in_the_order_of_the_words() -> None:
    clips = words("xin mời số thứ tự", "a", "không", "một", "hai", "đến quầy số", "ba")
    said = order(clips, "Xin mời số thứ tự A không một hai, đến quầy số ba.")
    assert said == [1, 2, 3, 4, 5, 6, 7]


def test_the_longest_phrase_is_taken_and_given_up_where_the_rest_would_not_fit() -> None:
    assert order(words("vê", "kép", "vê kép"), "vê kép vê") == [3, 1]
    assert order(words("một hai", "một", "hai ba"), "một hai ba") == [2, 3]


def test_a_sentence_with_one_word_missing_is_not_joined_at_all() -> None:
    assert words("xin mời", "ba").speech("Xin mời bốn") is None
    assert words("một").speech("...") is None
    assert Clips({}).speech("một") is None


def test_marks_that_stand_apart_and_capitals_make_no_other_word() -> None:
    assert words_of(unicodedata.normalize("NFD", "ĐẾN Quầy")) == ("đến", "quầy")
    assert words_of("bảy") != words_of("bay")


@given(st.lists(st.sampled_from(["một", "một hai", "ba", "ba bốn năm", "hai"]), max_size=12))
def test_whatever_is_put_together_from_phrases_can_be_said(phrases: list[str]) -> None:
    clips = words("một", "một hai", "ba", "ba bốn năm", "hai")
    assert (clips.speech(" ".join(phrases)) is not None) == bool(phrases)


# ---------------------------------------------------------------- the files


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000])
def test_recordings_of_other_rates_keep_their_pitch_and_length(rate: int) -> None:
    samples = converted(wav(tone(0.5, 440, rate), rate))
    assert len(samples) == pytest.approx(0.5 * SAMPLE_RATE_HZ, abs=1)
    loudest = np.argmax(np.abs(np.fft.rfft(samples))) / 0.5
    assert loudest == pytest.approx(440, abs=3)
    assert int(np.max(np.abs(samples))) == pytest.approx(8_000, rel=0.05)


def test_what_is_too_high_for_our_rate_is_left_out_and_not_folded_down() -> None:
    samples = converted(wav(tone(0.5, 15_000, 48_000), 48_000))
    assert int(np.max(np.abs(samples[100:-100]))) < 100


def test_a_recording_of_our_own_rate_is_not_touched() -> None:
    assert np.array_equal(converted(wav_of(tone(0.2, 300))), tone(0.2, 300))


def test_two_channels_become_one() -> None:
    left, right = tone(0.1, 300), np.zeros(round(0.1 * SAMPLE_RATE_HZ), np.int16)
    both = np.column_stack([left, right]).astype(np.int16)
    mixed = converted(wav(both.reshape(-1), SAMPLE_RATE_HZ, channels=2))
    assert len(mixed) == len(left)
    assert np.max(np.abs(mixed.astype(int) * 2 - left.astype(int))) <= 1


@pytest.mark.parametrize(
    ("sound", "why"),
    [
        (b"ID3 an mp3", "not a WAV file"),
        (wav_of(tone(0.1, 300))[:30], "not a WAV file"),
        (wav(np.zeros(300, np.int16), 22_050, width=1), "8 bits"),
        (wav(np.zeros(300, np.int16), 22_050, channels=3), "3 channels"),
        (wav(np.zeros(300, np.int16), 4_000), "4000 samples a second"),
        (wav(np.zeros(0, np.int16), 22_050), "no sound in it"),
        (wav(np.zeros(90_000, np.int16), 8_000), "longer than 10 s"),
    ],
)
def test_a_recording_that_cannot_be_joined_is_refused_with_its_name_and_the_way_out(
    tmp_path: Path, sound: bytes, why: str
) -> None:
    (tmp_path / "index.toml").write_text('[clips]\n"một" = "so-1.wav"\n')
    (tmp_path / "so-1.wav").write_bytes(sound)
    with pytest.raises(ClipsError, match=rf"so-1\.wav cannot be joined: {why}.*ffmpeg"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("index", "why"),
    [
        (None, "make_clips"),
        ("[clips", "cannot be read"),
        ("", "needs a table"),
        ('clips = "all"', "needs a table"),
        ('[clips]\n"một" = 1', "name of a file"),
        ('[clips]\n"một" = "../so-1.wav"', "same folder"),
        ('[clips]\n"!" = "so-1.wav"', "no word"),
        ('[clips]\n"một" = "so-2.wav"', "put it there"),
    ],
)
def test_an_index_that_does_not_fit_says_what_to_do(
    tmp_path: Path, index: str | None, why: str
) -> None:
    (tmp_path / "so-1.wav").write_bytes(wav_of(tone(0.1, 300)))
    if index is not None:
        (tmp_path / "index.toml").write_text(index)
    with pytest.raises(ClipsError, match=why):
        load(tmp_path)


@pytest.mark.parametrize("what", ["four gigabytes", "endless"])
def test_a_clip_that_never_ends_is_not_read(tmp_path: Path, what: str) -> None:
    clip = tmp_path / "moi.wav"
    if what == "endless":
        clip.symlink_to("/dev/zero")
    else:
        with clip.open("wb") as file:
            file.truncate(4 * 2**30)  # a file with a hole takes no room
    (tmp_path / "index.toml").write_text('[clips]\n"mời" = "moi.wav"\n', encoding="utf-8")
    with pytest.raises(ClipsError, match=r"moi\.wav cannot be joined"):
        load(tmp_path)


def test_an_index_that_never_ends_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "index.toml").symlink_to("/dev/zero")
    with pytest.raises(ClipsError, match="not a file"):
        load(tmp_path)


def test_more_sound_than_the_node_has_room_for_is_refused(tmp_path: Path) -> None:
    (tmp_path / "long.wav").write_bytes(wav(np.zeros(80_000, np.int16), 8_000))
    lines = [f'"một {number}" = "long.wav"' for number in range(31)]
    (tmp_path / "index.toml").write_text("\n".join(["[clips]", *lines[:30]]))
    assert len(load(tmp_path)) == 30
    (tmp_path / "index.toml").write_text("\n".join(["[clips]", *lines]))
    with pytest.raises(ClipsError, match="more than 300 s"):
        load(tmp_path)


# ---------------------------------------------------------------- the set that espeak-ng makes


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    assert make_clips.make(folder, Voice()) == len(make_clips.PHRASES)
    return folder


def test_the_made_set_has_every_word_of_every_call_of_a_hall(made: Path) -> None:
    clips = load(made)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZĂÂĐÊÔƠƯ"
    for counter in range(1, 1000):
        letter = letters[counter % len(letters)]
        text = call_text(f"{letter}{counter:03}", str(counter))
        assert clips.speech(text) is not None, text


def test_no_word_of_the_made_set_begins_or_ends_with_a_long_silence(made: Path) -> None:
    for file in made.glob("*.wav"):
        samples = samples_of(file.read_bytes())
        loud = np.flatnonzero(np.abs(samples.astype(int)) > 150)
        assert loud[0] <= (0.2 if file.stem == "den-quay" else 0.02) * SAMPLE_RATE_HZ, file.name
        assert len(samples) - loud[-1] <= 0.02 * SAMPLE_RATE_HZ, file.name


def test_the_tool_makes_a_set_and_writes_over_none(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "devices.speaker.make_clips", str(tmp_path / "clips")]
    first = subprocess.run(command, capture_output=True, text=True)
    assert (first.returncode, first.stdout.split(" clips")[0]) == (0, str(len(make_clips.PHRASES)))
    again = subprocess.run(command, capture_output=True, text=True)
    assert again.returncode == 2
    assert "name another folder" in again.stderr


def test_the_tool_says_which_voices_there_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert make_clips.main([str(tmp_path / "clips"), "--voice", "vi-hue"]) == 1
    assert "vi-vn-x-south" in capsys.readouterr().err
