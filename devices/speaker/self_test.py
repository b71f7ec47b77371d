"""What a technician does to hear that the voice is well."""

from __future__ import annotations

import secrets
from functools import partial
from typing import Final

from devices.self_test import Step
from devices.speaker.speaker import Speaker

_DIGITS: Final = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")


def steps(speaker: Speaker) -> list[Step]:
    """Hear the chime; hear a number that was drawn just now."""
    digits = [secrets.randbelow(10) for _ in range(3)]
    number = "".join(map(str, digits))
    words = " ".join(_DIGITS[digit] for digit in digits)
    return [
        Step(
            "hear-chime",
            "Nghe loa: có nghe rõ hai tiếng chuông không?",
            "Listen: are two notes of a chime heard well?",
            True,
            partial(_chime, speaker),
        ),
        Step(
            "hear-voice",
            f"Nghe loa: có đọc rõ số {number} hai lần không?",
            f"Listen: is the number {number} heard well, twice?",
            True,
            partial(_say, speaker, f"Số {words}.", number),
        ),
    ]


def _chime(speaker: Speaker, patience_s: float) -> str:
    speaker.sound_chime()
    return "played the chime"


def _say(speaker: Speaker, text: str, number: str, patience_s: float) -> str:
    speaker.say(text)
    return f"spoke {number}"
