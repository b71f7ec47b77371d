"""Sound as 16-bit samples: the chime, and an announcement joined out of its parts."""

from __future__ import annotations

import io
import wave
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]
"""Shape (n,), one channel."""

SAMPLE_RATE_HZ: Final = 22_050
"""What espeak-ng speaks with."""

_PEAK: Final = 29_000
_LEAD_S: Final = 0.15
_AFTER_CHIME_S: Final = 0.25
_BETWEEN_S: Final = 0.7
_TAIL_S: Final = 0.5


def announcement(speech: Samples | None) -> Samples:
    """Chime, speech, speech again; the chime alone where there is no speech."""
    # sound cards that were asleep swallow the first moments
    parts = [silence(_LEAD_S), chime(), silence(_AFTER_CHIME_S)]
    if speech is not None:
        spoken = levelled(speech)
        parts += [spoken, silence(_BETWEEN_S), spoken, silence(_TAIL_S)]
    return np.concatenate(parts)


@cache
def chime() -> Samples:
    """Two falling notes, E5 and C5, 1.3 s."""
    length = round(1.3 * SAMPLE_RATE_HZ)
    mixed = np.zeros(length)
    for start_s, pitch_hz in ((0.0, 659.26), (0.4, 523.25)):
        begin = round(start_s * SAMPLE_RATE_HZ)
        seconds = np.arange(length - begin) / SAMPLE_RATE_HZ
        attack = np.minimum(seconds / 0.005, 1.0)
        for harmonic, share, decay_s in ((1, 1.0, 0.35), (2, 0.35, 0.2), (3, 0.12, 0.1)):
            tone = np.sin(2 * np.pi * pitch_hz * harmonic * seconds)
            mixed[begin:] += share * attack * np.exp(-seconds / decay_s) * tone
    fade = np.minimum(np.arange(length)[::-1] / (0.05 * SAMPLE_RATE_HZ), 1.0)
    mixed *= fade / np.max(np.abs(mixed))
    return (mixed * _PEAK * 0.6).astype(np.int16)


def silence(seconds: float) -> Samples:
    """Nothing, for a while."""
    return np.zeros(round(seconds * SAMPLE_RATE_HZ), np.int16)


def levelled(samples: Samples) -> Samples:
    """The same as loud as every other announcement."""
    loudest = int(np.max(np.abs(samples.astype(np.int32)), initial=0))
    if loudest == 0:
        return samples
    return (samples.astype(np.float64) * (_PEAK / loudest)).astype(np.int16)


def scaled(samples: Samples, percent: int) -> Samples:
    """The samples at ``percent`` of their loudness, 0 to 100."""
    return (samples.astype(np.float64) * (percent / 100)).astype(np.int16)


def wav_of(samples: Samples) -> bytes:
    """The samples as a WAV file, one channel of 16 bits."""
    stream = io.BytesIO()
    with wave.open(stream, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(SAMPLE_RATE_HZ)
        writer.writeframes(samples.astype("<i2").tobytes())
    return stream.getvalue()


def samples_of(wav: bytes) -> Samples:
    """The samples of a WAV file such as :func:`wav_of` and espeak-ng write.

    Raises:
        ValueError: not a WAV file of one channel, 16 bits and our rate.
    """
    try:
        with wave.open(io.BytesIO(wav), "rb") as reader:
            shape = (reader.getnchannels(), reader.getsampwidth(), reader.getframerate())
            # written to a pipe, the header's length is a guess: what is there counts
            frames = reader.readframes(len(wav))
    except (wave.Error, EOFError) as error:
        raise ValueError(f"not a WAV file: {error or 'cut short'}") from None
    if shape != (1, 2, SAMPLE_RATE_HZ):
        raise ValueError(f"channels, bytes and rate are {shape}, not (1, 2, {SAMPLE_RATE_HZ})")
    return np.frombuffer(frames[: len(frames) // 2 * 2], "<i2").astype(np.int16)


def seconds_of(wav: bytes) -> float:
    """How long a WAV file plays; see :func:`samples_of`."""
    return len(samples_of(wav)) / SAMPLE_RATE_HZ
