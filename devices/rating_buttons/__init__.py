"""Rating buttons with lamps: the driver on gpiozero, and its stand-in on mock pins."""

from devices.rating_buttons.buttons import ButtonWiring, RatingButtons
from devices.rating_buttons.lamps import DARK, INVITE, Lamps, chosen

__all__ = ["DARK", "INVITE", "ButtonWiring", "Lamps", "RatingButtons", "chosen"]
