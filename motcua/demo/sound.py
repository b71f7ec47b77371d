"""Whether this machine has a sound card that can be played to."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Final

_PLAYBACK: Final = re.compile(r"pcmC\d+D\d+p")


def has_sound_card(devices: Path = Path("/dev/snd")) -> bool:
    """True where ALSA has a device for playing, and ``aplay`` is there to use it."""
    if shutil.which("aplay") is None:
        return False
    try:
        return any(_PLAYBACK.fullmatch(one.name) for one in devices.iterdir())
    except OSError:
        return False
