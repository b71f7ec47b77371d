"""Make a set of clips with espeak-ng, offline: ``python -m devices.speaker.make_clips FOLDER``.

It holds every word of a call, so that a person's recordings can take its place file by file.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

import numpy as np

from devices.errors import VoiceUnavailableError
from devices.speaker.clips import INDEX
from devices.speaker.sound import SAMPLE_RATE_HZ, Samples, levelled, wav_of
from devices.speaker.voice import Voice

PHRASES: Final[dict[str, str]] = {
    "moi-so": "xin mời số thứ tự",
    "den-quay": "đến quầy số",
    **{
        f"so-{digit}": word
        for digit, word in enumerate(
            ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
        )
    },
    "muoi": "mười",
    "muoi-chuc": "mươi",
    "mot-le": "mốt",
    "lam": "lăm",
    "tram": "trăm",
    "linh": "linh",
    **{f"chu-{letter}": letter for letter in "aeiou"},
    **{
        f"chu-{name}": sound
        for name, sound in (
            ("b", "bê"),
            ("c", "xê"),
            ("d", "dê"),
            ("f", "ép phờ"),
            ("g", "gờ"),
            ("h", "hát"),
            ("j", "di"),
            ("k", "ca"),
            ("l", "lờ"),
            ("m", "mờ"),
            ("n", "nờ"),
            ("p", "pê"),
            ("q", "quy"),
            ("r", "rờ"),
            ("s", "sờ"),
            ("t", "tê"),
            ("v", "vê"),
            ("w", "vê kép"),
            ("x", "ích xì"),
            ("y", "i dài"),
            ("z", "dét"),
            ("aw", "á"),
            ("aa", "ớ"),
            ("dd", "đê"),
            ("ee", "ê"),
            ("oo", "ô"),
            ("ow", "ơ"),
            ("uw", "ư"),
        )
    },
}
"""Name of the file -> the words in it: all that the hall's calls are made of."""

_BREATH_S: Final = 0.15
"""Silence before the counter, as a speaker would take it."""
_QUIET: Final = 150
"""Samples below this are the silence around a word."""


def make(folder: Path, voice: Voice) -> int:
    """Write a clip of each phrase and their index; how many.

    Raises:
        VoiceUnavailableError: espeak-ng is missing, or has no such voice.
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["# The words of a call, and the file of each.", "[clips]"]
    for name, phrase in PHRASES.items():
        spoken = _trimmed(levelled(voice.speech(phrase)))
        if name == "den-quay":
            spoken = np.concatenate([np.zeros(round(_BREATH_S * SAMPLE_RATE_HZ), np.int16), spoken])
        (folder / f"{name}.wav").write_bytes(wav_of(spoken))
        lines.append(f'"{phrase}" = "{name}.wav"')
    (folder / INDEX).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(PHRASES)


def _trimmed(samples: Samples) -> Samples:
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > _QUIET)
    if not len(loud):
        return samples
    edge = SAMPLE_RATE_HZ // 100
    return samples[max(0, int(loud[0]) - edge) : int(loud[-1]) + edge]


def main(words: list[str] | None = None) -> int:
    """The command line; its exit status."""
    parser = argparse.ArgumentParser(prog="make_clips", description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="where the clips and their index go")
    parser.add_argument("--voice", default="vi", help="espeak-ng voice, such as vi-vn-x-south")
    given = parser.parse_args(words)
    if (given.folder / INDEX).exists():
        print(f"{given.folder / INDEX} is there: name another folder", file=sys.stderr)
        return 2
    voice = Voice(given.voice)
    try:
        voice.check()
        print(f"{make(given.folder, voice)} clips in {given.folder}")
    except (VoiceUnavailableError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
