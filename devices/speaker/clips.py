"""Recorded words in a folder, joined to whole announcements.

The folder holds WAV files and ``index.toml``, whose table ``[clips]`` names the file of each
phrase: ``"xin mời số thứ tự" = "moi-so.wav"``.  Clips are joined sample for sample; what silence
is in a clip is heard.
"""

from __future__ import annotations

import io
import re
import tomllib
import unicodedata
import wave
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from devices.errors import ClipsError
from devices.speaker.sound import SAMPLE_RATE_HZ, Samples

INDEX: Final = "index.toml"
LONGEST_CLIP_S: Final = 10.0
MOST_CLIPS: Final = 500
LONGEST_SET_S: Final = 300.0
"""All clips together: they are held in memory, 44 kB a second."""
RATES_HZ: Final = (8_000, 96_000)
MOST_BYTES: Final = 5_000_000
"""Of a file: ten seconds of two channels at the highest rate, with room for its heading."""

_WORD: Final = re.compile(r"[^\W_]+")


class Clips:
    """The phrases that are there; ``samples`` of each are at the room's own rate."""

    def __init__(self, samples: Mapping[str, Samples]) -> None:
        self._samples: Final = {words_of(phrase): one for phrase, one in samples.items()}
        self._longest = max((len(words) for words in self._samples), default=0)

    def __len__(self) -> int:
        return len(self._samples)

    def speech(self, text: str) -> Samples | None:
        """``text`` joined from clips, of the longest phrases that there are.

        None where a word of it has no clip: a sentence in two voices is harder to follow than
        one in a plain voice, so it is spoken whole by espeak-ng then.
        """
        words = words_of(text)
        # from the end: what the words from each place on are joined of
        joined: list[list[Samples] | None] = [None] * len(words) + [[]]
        for at in reversed(range(len(words))):
            for length in range(min(self._longest, len(words) - at), 0, -1):
                clip = self._samples.get(words[at : at + length])
                rest = joined[at + length]
                if clip is not None and rest is not None:
                    joined[at] = [clip, *rest]
                    break
        return np.concatenate(joined[0]) if joined[0] else None


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text or a phrase: small letters, NFC, no signs."""
    return tuple(_WORD.findall(unicodedata.normalize("NFC", text).lower()))


def load(folder: str | Path) -> Clips:
    """Read the clips of ``folder``.

    Raises:
        ClipsError: no index, a file that is missing or not sound as expected; the text names it.
    """
    folder = Path(folder)
    index = _index(folder / INDEX)
    samples: dict[str, Samples] = {}
    left = round(LONGEST_SET_S * SAMPLE_RATE_HZ)
    for phrase, name in index.items():
        samples[phrase] = _clip(folder, name)
        left -= len(samples[phrase])
        if left < 0:
            raise ClipsError(
                f"{folder} holds more than {LONGEST_SET_S:.0f} s of sound: take what no call "
                f"says out of {INDEX}"
            )
    return Clips(samples)


def _index(path: Path) -> dict[str, str]:
    try:
        tree = tomllib.loads(_contents(path).decode("utf-8"))
    except (OSError, ValueError) as error:  # also what is not UTF-8 or not TOML
        raise ClipsError(
            f"Không đọc được mục lục âm thanh / {path} cannot be read: {error}; make it with "
            "python -m devices.speaker.make_clips, or take `clips` out of the settings"
        ) from None
    table = tree.get("clips")
    if not isinstance(table, dict) or not table or len(table) > MOST_CLIPS:
        raise ClipsError(f"{path} needs a table [clips] of 1 to {MOST_CLIPS} phrases")
    for phrase, name in table.items():
        if not words_of(phrase):
            raise ClipsError(f"{path}: the phrase {phrase!r} has no word in it")
        if not isinstance(name, str) or Path(name).name != name:
            raise ClipsError(f"{path}: {phrase!r} needs the name of a file in the same folder")
    return table


def _clip(folder: Path, name: str) -> Samples:
    try:
        return converted(_contents(folder / name))
    except OSError as error:
        raise ClipsError(
            f"Thiếu tệp âm thanh / {folder / name} cannot be read ({error.strerror}): put it "
            f"there, or take its line out of {INDEX}"
        ) from None
    except ValueError as error:
        raise ClipsError(
            f"Tệp âm thanh không hợp / {folder / name} cannot be joined: {error}; convert it: "
            f"ffmpeg -i {name} -ac 1 -ar {SAMPLE_RATE_HZ} -c:a pcm_s16le new.wav"
        ) from None


def _contents(path: Path) -> bytes:
    # what is no file (a device, a pipe) may never end
    if not path.is_file() and path.exists():
        raise ValueError("not a file")
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"longer than {LONGEST_CLIP_S:.0f} s")
    with path.open("rb") as file:
        return file.read(MOST_BYTES)


def converted(wav: bytes) -> Samples:
    """A recording as samples of the room's own rate, one channel.

    Raises:
        ValueError: not a WAV file of 16 bits, one or two channels, 8 to 96 kHz and at most 10 s.
    """
    try:
        with wave.open(io.BytesIO(wav), "rb") as reader:
            channels, width = reader.getnchannels(), reader.getsampwidth()
            rate, frames = reader.getframerate(), reader.readframes(reader.getnframes())
    except (wave.Error, EOFError) as error:
        raise ValueError(f"not a WAV file of plain samples ({error or 'cut short'})") from None
    if width != 2:
        raise ValueError(f"{8 * width} bits a sample, not 16")
    if channels not in (1, 2):
        raise ValueError(f"{channels} channels, not one or two")
    if not RATES_HZ[0] <= rate <= RATES_HZ[1]:
        raise ValueError(f"{rate} samples a second, not {RATES_HZ[0]} to {RATES_HZ[1]}")
    whole = len(frames) // (2 * channels) * channels
    samples = np.frombuffer(frames, "<i2", whole).reshape(-1, channels).mean(axis=1)
    if not len(samples):
        raise ValueError("no sound in it")
    if len(samples) > LONGEST_CLIP_S * rate:
        raise ValueError(f"longer than {LONGEST_CLIP_S:.0f} s")
    return _resampled(samples, rate)


def _resampled(samples: np.ndarray[tuple[int, ...], np.dtype[np.float64]], rate: int) -> Samples:
    """The same sound at our rate: its spectrum, cut off or filled up with silence."""
    if rate != SAMPLE_RATE_HZ:
        length = max(1, round(len(samples) * SAMPLE_RATE_HZ / rate))
        spectrum = np.fft.rfft(samples)[: length // 2 + 1]
        samples = np.fft.irfft(spectrum, length) * (length / len(samples))
    return np.clip(np.round(samples), -32768, 32767).astype(np.int16)
