"""Where announcements go: a sound card, a folder of WAV files, or nowhere."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Final, Literal, Protocol

from devices.errors import SoundUnavailableError, UnknownDriverError
from devices.speaker.child import Child, StoppedError
from devices.speaker.sound import seconds_of

SinkKind = Literal["alsa", "wav", "off"]

_NUMBERED: Final = re.compile(r"call-(\d{6,})\.wav")
GRACE_S: Final = 10.0
"""How much longer than its sound a card may take before it counts as hung."""


class Sink(Protocol):
    """Plays one announcement at a time, to its end."""

    def play(self, wav: bytes) -> None:
        """Play ``wav`` (16 bits, one channel, 22,050 Hz) and return when it is over.

        Raises:
            SoundUnavailableError: it could not be played; the next one may.
        """

    def stop(self) -> None:
        """Cut off what plays, for closing alone; may be called from another thread."""


class AlsaSink:
    """A sound card, through ALSA's ``aplay``."""

    def __init__(
        self, device: str = "default", *, program: str = "aplay", grace_s: float = GRACE_S
    ) -> None:
        self._device = device
        self._grace_s = grace_s
        self._program = program
        self._child = Child()

    def play(self, wav: bytes) -> None:
        """Play on the card.

        Raises:
            SoundUnavailableError: no aplay, no such card, busy, or hung.
        """
        command = [self._program, "-q", "-t", "wav", "-D", self._device, "-"]
        try:
            done = self._child.run(command, wav, seconds_of(wav) + self._grace_s)
        except StoppedError:
            return
        except TimeoutError as error:
            raise SoundUnavailableError(
                f"Loa {self._device!r} bị treo / the sound card {self._device!r} hangs: "
                f"{error}; unplug it and plug it in again"
            ) from error
        except OSError as error:
            raise SoundUnavailableError(
                f"Chưa có aplay / aplay cannot be started ({error.strerror}): "
                "apt install alsa-utils"
            ) from error
        if done.status != 0:
            raise SoundUnavailableError(
                f"Loa {self._device!r} không phát được / the sound card {self._device!r} does not "
                f"play: {done.errors or f'aplay ended with {done.status}'}; check its cable, and "
                "the name in the settings against what aplay -L lists"
            )

    def stop(self) -> None:
        """End aplay."""
        self._child.stop()


class WavFolderSink:
    """The stand-in: each announcement becomes a file ``call-000001.wav``, the oldest go.

    With ``real_time`` it takes as long as it would be heard.
    """

    def __init__(self, folder: str | Path, *, keep: int = 20, real_time: bool = False) -> None:
        self._folder = Path(folder)
        self._keep = max(1, keep)
        self._real_time = real_time
        self._stopped = threading.Event()

    def play(self, wav: bytes) -> None:
        """Write the next file.

        Raises:
            SoundUnavailableError: the folder cannot be written.
        """
        if self._stopped.is_set():
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            files = self.files()
            number = int(files[-1].stem.removeprefix("call-")) + 1 if files else 1
            target = self._folder / f"call-{number:06}.wav"
            draft = target.with_suffix(".draft")
            draft.write_bytes(wav)
            draft.replace(target)
            for old in [*files, target][: -self._keep]:
                old.unlink(missing_ok=True)
        except OSError as error:
            raise SoundUnavailableError(
                f"Không ghi được tệp âm thanh / {self._folder} takes no sound file "
                f"({error.strerror}): free some room there, or name another folder"
            ) from error
        if self._real_time:
            self._stopped.wait(seconds_of(wav))

    def files(self) -> list[Path]:
        """The announcements that are kept, oldest first."""
        if not self._folder.is_dir():
            return []
        found = [one for one in self._folder.iterdir() if _NUMBERED.fullmatch(one.name)]
        return sorted(found, key=lambda one: int(one.stem.removeprefix("call-")))

    def stop(self) -> None:
        """Wait no longer, write no more."""
        self._stopped.set()


class SilentSink:
    """No sound at all, as the settings ask."""

    def play(self, wav: bytes) -> None:
        """Nothing is heard."""

    def stop(self) -> None:
        """Nothing to stop."""


def open_sink(
    kind: SinkKind,
    *,
    device: str | None = None,
    folder: str | Path | None = None,
    keep: int = 20,
    real_time: bool = False,
) -> Sink:
    """The sink of this kind; ``device`` is ALSA's name of a card, ``folder`` is for ``wav``.

    Nothing is opened yet: a missing card shows when the first announcement is played.

    Raises:
        UnknownDriverError: a kind that does not exist, or ``wav`` without a folder.
    """
    if kind == "alsa":
        return AlsaSink(device or "default")
    if kind == "off":
        return SilentSink()
    if kind == "wav" and folder is not None:
        return WavFolderSink(folder, keep=keep, real_time=real_time)
    raise UnknownDriverError(
        f"Không có loa kiểu {kind!r} / there is no sound {kind!r} as set: "
        "choose 'alsa', 'off', or 'wav' with a folder"
    )
