"""The self-tests of the clerk's switch and of the lamp over her counter."""

from __future__ import annotations

import time
from functools import partial
from typing import Final

from devices.errors import UnheardError
from devices.presence.lamp import CounterLamp, Light
from devices.presence.switch import PresenceSwitch
from devices.self_test import Step

_HELD_S: Final = 0.3
"""So long must the switch say the same: a contact that only chatters is none."""
_LOOK_S: Final = 0.02


def steps(switch: PresenceSwitch) -> list[Step]:
    """Get up, and sit down: the switch must say both."""
    return [
        Step(
            "get-up",
            "Rời khỏi ghế, ra khỏi tầm cảm biến, và chờ.",
            "Get up from the chair, leave the sensor's view, and wait.",
            False,
            partial(_wait_for, switch, False),
        ),
        Step(
            "sit-down",
            "Ngồi vào ghế như khi làm việc.",
            "Sit down as at work.",
            False,
            partial(_wait_for, switch, True),
        ),
    ]


def lamp_steps(lamp: CounterLamp) -> list[Step]:
    """Look at the green lamp, and at the red one."""
    return [
        Step(
            "green-lamp",
            "Nhìn đèn trên quầy: chỉ đèn xanh sáng, đúng không?",
            "Look at the lamp over the counter: is it green, and not red?",
            True,
            partial(_light, lamp, Light(True, False)),
        ),
        Step(
            "red-lamp",
            "Nhìn đèn trên quầy: chỉ đèn đỏ sáng, đúng không?",
            "Look at the lamp over the counter: is it red, and not green?",
            True,
            partial(_light, lamp, Light(False, True)),
        ),
    ]


def _wait_for(switch: PresenceSwitch, wanted: bool, patience_s: float) -> str:
    began_s = time.monotonic()
    since_s: float | None = None
    while True:
        now_s = time.monotonic()
        since_s = (since_s or now_s) if switch.is_there() == wanted else None
        if since_s is not None and now_s - since_s >= _HELD_S:
            what = "somebody" if wanted else "nobody"
            return f"{switch.name} says {what} after {since_s - began_s:.1f} s"
        if now_s - began_s >= patience_s + _HELD_S:
            raise UnheardError(
                f"{switch.name}: công tắc ghế không đổi / the switch still says "
                f"{'nobody' if wanted else 'somebody'} after {patience_s:g} s: check its cable, "
                "and `active` of [presence] (low for a contact to ground)"
            )
        time.sleep(_LOOK_S)


def _light(lamp: CounterLamp, light: Light, patience_s: float) -> str:
    lamp.show(light)
    shown = lamp.shown()
    green, red = lamp.names
    if shown != light:
        raise UnheardError(
            f"{green}, {red}: chân đèn không đổi / the lamp's pins do not follow: check the "
            "cables and the transistors"
        )
    return f"lit {green}" if light.green else f"lit {red}"
