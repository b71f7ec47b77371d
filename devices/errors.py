"""What can go wrong with a part on a counter; every text names what to do next."""

from __future__ import annotations

from devices.messages import SlipFault


class DeviceError(Exception):
    """Some part of a counter cannot be used."""


class DeviceNotFoundError(DeviceError, OSError):
    """The part is not plugged in, or the kernel does not know it."""


class DevicePermissionError(DeviceError, PermissionError):
    """The part is there, and the account of the node may not use it."""


class UnknownDriverError(DeviceError, ValueError):
    """A settings file names a driver that this room does not have."""


class WiringError(DeviceError, ValueError):
    """The wiring in the settings cannot be meant: a level or a pin twice, a gap in the levels."""


class PinUnavailableError(DeviceError, OSError):
    """A GPIO pin does not exist, is taken, or there are no GPIO pins at all."""


class DisplayUnavailableError(DeviceError, OSError):
    """The ticket display took no picture."""


class SoundUnavailableError(DeviceError, OSError):
    """The sound card is missing, busy or hung."""


class VoiceUnavailableError(DeviceError, OSError):
    """espeak-ng is missing, hung, or does not speak the voice in the settings."""


class ClipsError(DeviceError, ValueError):
    """The folder of recorded words lacks one, or holds a file that cannot be joined."""


class CameraStoppedError(DeviceError, OSError):
    """The scanner's camera was there and gives no more frames."""


class ScannerStoppedError(DeviceError, OSError):
    """The scanner on a serial line or input device was there and is unplugged."""


class ScannerSilentError(DeviceError, RuntimeError):
    """The scanner is open and did not read the test card exactly."""


class FrameError(DeviceError, ValueError):
    """Something that is not a picture of a shape that the decoders read."""


class DecoderMissingError(DeviceError, ImportError):
    """A library that reads codes is not on this machine, or too old."""


class PrinterSilentError(DeviceError, OSError):
    """The ticket printer is not there, hangs, or does not answer."""


class PrinterRefusedError(DeviceError, OSError):
    """The ticket printer says why it cannot print; ``fault`` names it as the hall is told."""

    def __init__(self, text: str, fault: SlipFault) -> None:
        super().__init__(text)
        self.fault: SlipFault = fault


class FontMissingError(DeviceError, FileNotFoundError):
    """The type of the ticket slips is not on this machine."""


class BusError(DeviceError, OSError):
    """A chip on the I2C bus does not answer, or has lost its settings."""


class CameraLibraryMissingError(DeviceError, ImportError):
    """The library of the Pi's ribbon camera is not on this machine."""


class PoorPictureError(DeviceError, ValueError):
    """The face camera works, and what it sees is of no use; the text holds figures alone."""


class UnheardError(DeviceError, RuntimeError):
    """A button or switch was moved and said nothing, or another one spoke."""
