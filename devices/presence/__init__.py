"""The clerk's place: the switch that says whether she is there, and the lamp over her counter."""

from devices.presence.attendance import Attendance
from devices.presence.lamp import CounterLamp, Sign, sign_of
from devices.presence.switch import PresenceSwitch

__all__ = ["Attendance", "CounterLamp", "PresenceSwitch", "Sign", "sign_of"]
