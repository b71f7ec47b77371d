"""Rating buttons with lamps: on the Pi's pins or an I2C expander, and their stand-ins."""

from devices.rating_buttons.buttons import RatingButtons
from devices.rating_buttons.lamps import DARK, INVITE, Lamps, chosen
from devices.rating_buttons.lines import ButtonWiring, Lines
from devices.rating_buttons.opening import open_lines

__all__ = [
    "DARK",
    "INVITE",
    "ButtonWiring",
    "Lamps",
    "Lines",
    "RatingButtons",
    "chosen",
    "open_lines",
]
