"""The voice of a node: announcements one after the other, each to its end."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, NamedTuple, Self

from devices.errors import (
    ClipsError,
    DeviceError,
    SoundUnavailableError,
    VoiceUnavailableError,
)
from devices.messages import Announcement
from devices.speaker.child import StoppedError
from devices.speaker.clips import Clips, load
from devices.speaker.sinks import Sink
from devices.speaker.sound import Samples, announcement, scaled, wav_of
from devices.speaker.voice import SPEED_WPM, Voice

_log = logging.getLogger(__name__)

LONGEST_QUEUE: Final = 32
FORGET_S: Final = 60.0
"""A call that waited longer is not spoken: who was meant has read the board, or has gone."""

_READY_WITHIN_S: Final = 60.0
"""Longer than reading the clips and asking a hung espeak-ng take."""
_CLOSED: Final = "the speaker is closed: start the node again"

FaultCode = Literal["sound", "voice", "clips", "queue", "late"]


class Fault(NamedTuple):
    """Something that came, or with ``raised`` False has gone; ``text`` is for a technician."""

    code: FaultCode
    text: str
    raised: bool


class _Waiting(NamedTuple):
    call: Announcement
    since_s: float


class Speaker:
    """Speaks announcements with a chime before, each text twice, on a thread of its own.

    What ``clips`` (a folder, see :mod:`devices.speaker.clips`) has all words of is joined of
    them; every other text is spoken whole by espeak-ng.  ``percent()`` is the loudness of now,
    0 for none.

    A missing sound card, a missing espeak-ng or a wrong voice holds up nothing: it is reported
    once through ``on_fault`` (from the speaker's thread, or from the caller of
    :meth:`announce`) and once more when it has gone, and without a voice the chime alone calls.
    """

    def __init__(
        self,
        *,
        voice: str = "vi",
        sink: Sink,
        speed_wpm: int = SPEED_WPM,
        clips: str | Path | None = None,
        percent: Callable[[], int] = lambda: 100,
        on_fault: Callable[[Fault], None] | None = None,
        longest_queue: int = LONGEST_QUEUE,
        forget_s: float = FORGET_S,
        espeak: str = "espeak-ng",
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._voice = Voice(voice, speed_wpm=speed_wpm, program=espeak)
        self._sink = sink
        self._clips_folder = clips
        self._clips = Clips({})
        self._percent = percent
        self._on_fault = on_fault
        self._longest = longest_queue
        self._forget_s = forget_s
        self._now_s = now_s
        self._waiting: deque[_Waiting] = deque()
        self._changed = threading.Condition()
        self._is_speaking = False
        self._closing = False
        self._faults: dict[FaultCode, str] = {}
        # the self-test sounds between two announcements, never over one
        self._sounding = threading.Lock()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="speaker", daemon=True)
        self._thread.start()

    def announce(self, call: Announcement) -> None:
        """Speak ``call`` when all before it are done; returns at once.

        One that waited longer than ``forget_s`` is dropped when its turn comes.  Where more
        wait than fit, the oldest is dropped: the people whose call is oldest have had the board
        to read for the longest time.
        """
        with self._changed:
            if self._closing:
                return
            is_full = len(self._waiting) >= self._longest
            if is_full:
                self._waiting.popleft()
            self._waiting.append(_Waiting(call, self._now_s()))
            self._changed.notify_all()
        if is_full:
            self._report(
                "queue",
                f"Hàng chờ phát thanh đầy / {self._longest} calls wait to be spoken: the oldest "
                "are dropped; see whether the sound card hangs",
            )

    def faults(self) -> list[str]:
        """What is wrong now, one sentence each."""
        with self._changed:
            return list(self._faults.values())

    def is_quiet(self, timeout_s: float) -> bool:
        """Wait until nothing is spoken and nothing waits; False when it took too long."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not self._waiting and not self._is_speaking, timeout_s
            )

    def self_test(self) -> list[str]:
        """Speak a test text and say what went wrong, one sentence each; a person has to hear it."""
        problems: list[str] = []
        speech = None
        self._ready.wait(_READY_WITHIN_S)
        try:
            speech = self._speech("Thử loa: một, hai, ba.")
        except (DeviceError, StoppedError) as error:
            problems.append(str(error) or _CLOSED)
        try:
            self._sound(speech)
        except SoundUnavailableError as error:
            problems.append(str(error))
        return problems

    def sound_chime(self) -> None:
        """The chime alone, to its end, after what is spoken just now.

        Raises:
            SoundUnavailableError: it could not be played.
        """
        self._sound(None)

    def say(self, text: str) -> None:
        """``text`` as a call, to its end, after what is spoken just now.

        Raises:
            VoiceUnavailableError: there is no voice for it.
            SoundUnavailableError: it could not be played.
        """
        self._ready.wait(_READY_WITHIN_S)
        try:
            speech = self._speech(text)
        except StoppedError:
            raise VoiceUnavailableError(_CLOSED) from None
        self._sound(speech)

    def close(self) -> None:
        """Cut off what is spoken, forget what waits; a second call does nothing."""
        with self._changed:
            self._closing = True
            self._waiting.clear()
            self._changed.notify_all()
        self._voice.stop()
        self._sink.stop()
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout=1.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _run(self) -> None:
        try:
            self._load_clips()
            self._try_voice()
        except Exception:  # noqa: BLE001 - as below: who is told of a fault may fail
            _log.exception("the voice was not looked at")
        finally:
            self._ready.set()
        while True:
            with self._changed:
                self._is_speaking = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._waiting or self._closing)
                if self._closing:
                    return
                turn = self._waiting.popleft()
                self._is_speaking = True
                is_last = not self._waiting
            try:
                self._deal_with(turn)
                if is_last:
                    self._mend("queue")
            except Exception:  # noqa: BLE001
                # the thread's own boundary: a surprise in one call, or in who is told of a
                # fault, must not silence all that come after
                _log.exception("a call was not spoken")

    def _load_clips(self) -> None:
        if self._clips_folder is None:
            return
        try:
            self._clips = load(self._clips_folder)
        except ClipsError as error:
            self._report("clips", str(error))

    def _try_voice(self) -> None:
        # a wrong voice is to be known when the node starts, not at the first call
        try:
            self._voice.check()
        except VoiceUnavailableError as error:
            self._report("voice", str(error))
        except StoppedError:
            return
        else:
            self._mend("voice")

    def _deal_with(self, turn: _Waiting) -> None:
        waited_s = self._now_s() - turn.since_s
        if waited_s > self._forget_s:
            self._report(
                "late",
                f"Bỏ lượt gọi đã cũ / calls that waited longer than {self._forget_s:.0f} s are "
                "not spoken; see whether the sound card hangs or calls come too fast",
            )
            return
        if self._speak(turn.call):
            self._mend("late")

    def _speak(self, call: Announcement) -> bool:
        """Whether it was heard, or was not meant to be."""
        if self._percent() <= 0:
            return True
        speech = None
        try:
            speech = self._speech(call.text)
        except VoiceUnavailableError as error:
            self._report("voice", str(error))
        except StoppedError:
            return False
        try:
            self._sound(speech)
        except SoundUnavailableError as error:
            self._report("sound", str(error))
            return False
        self._mend("sound")
        return True

    def _speech(self, text: str) -> Samples:
        joined = self._clips.speech(text)
        if joined is not None:
            return joined
        spoken = self._voice.speech(text)
        if "voice" in self._faults:
            self._try_voice()
        return spoken

    def _sound(self, speech: Samples | None) -> None:
        with self._sounding:
            # who tests by night hears it as by day
            percent = self._percent() or 100
            self._sink.play(wav_of(scaled(announcement(speech), percent)))

    def _report(self, code: FaultCode, text: str) -> None:
        with self._changed:
            is_new = code not in self._faults
            self._faults[code] = text
        if is_new:
            _log.warning("%s: %s", code, text)
            if self._on_fault:
                self._on_fault(Fault(code, text, True))

    def _mend(self, code: FaultCode) -> None:
        with self._changed:
            text = self._faults.pop(code, None)
        if text is not None:
            _log.info("%s: well again", code)
            if self._on_fault:
                self._on_fault(Fault(code, text, False))
