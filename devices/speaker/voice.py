"""Text to speech by espeak-ng, offline, in a process of its own."""

from __future__ import annotations

import re
from typing import Final

from devices.errors import VoiceUnavailableError
from devices.speaker.child import Child
from devices.speaker.sound import Samples, samples_of

MAX_CHARACTERS: Final = 500
SPEED_WPM: Final = 140
"""Words a minute; a hall echoes, and many who wait are old."""

_TIMEOUT_S: Final = 10.0
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]+")


class Voice:
    """Speaks with one of espeak-ng's voices, such as ``vi`` or ``vi-vn-x-south``."""

    def __init__(
        self, name: str = "vi", *, speed_wpm: int = SPEED_WPM, program: str = "espeak-ng"
    ) -> None:
        self.name: Final = name
        self._speed_wpm = speed_wpm
        self._program = program
        self._child = Child()

    def speech(self, text: str) -> Samples:
        """``text`` as samples, shape (n,), at 22,050 Hz.

        Raises:
            VoiceUnavailableError: espeak-ng is missing, failed or hung, or has no such voice.
            StoppedError: :meth:`stop` was called.
        """
        # double brackets would be read as phonemes
        words = _CONTROL.sub(" ", text).replace("[[", "[ [")[:MAX_CHARACTERS]
        wav = self._ask(
            "-v", self.name, "-s", str(self._speed_wpm), "-b", "1", "--stdin", "--stdout", say=words
        )
        try:
            return samples_of(wav)
        except ValueError as error:
            raise VoiceUnavailableError(
                f"espeak-ng gave no speech / espeak-ng không đọc được: {error}; "
                "try it by hand: espeak-ng -v vi 'xin chào'"
            ) from error

    def check(self) -> None:
        """Find out whether espeak-ng speaks, and has this very voice.

        It would take a near one for a name that it does not know (``vi`` for ``vi-hue``).

        Raises:
            VoiceUnavailableError: it does not; the text lists what there is.
        """
        if self.name.partition("+")[0].lower() not in self._listed("--voices"):
            raise self._unknown()
        self.speech("một")

    def voices(self) -> list[str]:
        """The Vietnamese voices of this machine's espeak-ng."""
        return self._listed("--voices=vi")

    def _listed(self, switch: str) -> list[str]:
        table = self._ask(switch).decode("utf-8", "replace")
        return [line.split()[1].lower() for line in table.splitlines()[1:] if len(line.split()) > 1]

    def _unknown(self) -> VoiceUnavailableError:
        return VoiceUnavailableError(
            f"Không có giọng {self.name!r} / there is no voice {self.name!r}: "
            f"set voice to one of {', '.join(self.voices()) or 'none, reinstall espeak-ng'}"
        )

    def stop(self) -> None:
        """End what is being spoken to samples, and speak no more."""
        self._child.stop()

    def _ask(self, *words: str, say: str = "") -> bytes:
        try:
            done = self._child.run([self._program, *words], say.encode(), _TIMEOUT_S)
        except TimeoutError as error:
            raise VoiceUnavailableError(f"{error}; is the node out of memory?") from error
        except OSError as error:
            raise VoiceUnavailableError(
                f"Chưa có espeak-ng / espeak-ng cannot be started ({error.strerror}): "
                "apt install espeak-ng; until then the chime calls alone"
            ) from error
        if "voice does not exist" in done.errors:
            raise self._unknown()
        if done.status != 0:
            raise VoiceUnavailableError(
                f"espeak-ng ended with {done.status}: {done.errors or 'no reason given'}; "
                "try it by hand: espeak-ng -v vi 'xin chào'"
            )
        return done.output
