"""The devices that can hang on a node, a table of its settings each."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

Pin = Annotated[int, Meta(ge=0, le=27, description="GPIO number as the BCM counts, 0 to 27")]
Port = Annotated[int, Meta(ge=1, le=65535)]


class Button(Struct, frozen=True, forbid_unknown_fields=True):
    """One satisfaction button and the lamp in it."""

    level: Annotated[int, Meta(ge=1, le=5, description="1 is the worst; each level once")]
    pin: Annotated[
        Pin,
        Meta(
            description="GPIO of the button, which closes to ground; with mcp23017 the chip's pin, "
            "0 to 6 and 8 to 14"
        ),
    ]
    lamp_pin: Annotated[
        Pin,
        Meta(description="GPIO of the lamp in the button; with mcp23017 the chip's pin, 0 to 15"),
    ]


class RatingButtons(Struct, frozen=True, forbid_unknown_fields=True):
    """The satisfaction buttons."""

    button: Annotated[
        list[Button], Meta(min_length=3, max_length=5, description="three to five buttons")
    ]
    driver: Annotated[
        Literal["lgpio", "mcp23017", "mock"],
        Meta(description="the Pi's own pins, an I2C expander, or pins that exist in memory alone"),
    ] = "lgpio"
    settle_ms: Annotated[
        int, Meta(ge=5, le=200, description="milliseconds of calm after a press or a release")
    ] = 25
    i2c_bus: Annotated[
        int, Meta(ge=0, le=32, description="number of the expander's bus: 1 is /dev/i2c-1")
    ] = 1
    i2c_address: Annotated[
        int,
        Meta(ge=0x20, le=0x27, description="the expander's address, 32 to 39 (0x20 to 0x27)"),
    ] = 0x20
    int_pin: Annotated[
        Pin | None,
        Meta(
            description="the Pi's GPIO at INTA or INTB of the expander; without it the chip is "
            "read 100 times a second"
        ),
    ] = None


class QrScanner(Struct, frozen=True, forbid_unknown_fields=True):
    """The scanner for QR codes."""

    source: Annotated[
        Literal["v4l2", "serial", "keyboard", "folder"],
        Meta(
            description="a camera, a scanner on a serial line, one that plays a keyboard, or a "
            "folder of images"
        ),
    ] = "v4l2"
    device: Annotated[
        str | None,
        Meta(
            description="camera for v4l2, such as /dev/video0; for serial one of "
            "/dev/serial/by-id, for keyboard one of /dev/input/by-id"
        ),
    ] = None
    folder: Annotated[
        str | None, Meta(description="folder whose images are held before the scanner")
    ] = None
    budget_ms: Annotated[
        float,
        Meta(
            ge=2,
            le=500,
            description="milliseconds of processor time for a frame, for v4l2 and folder; what "
            "has no time at one frame has it at the next",
        ),
    ] = 18.0
    same_code_s: Annotated[
        float,
        Meta(ge=0.5, le=60, description="seconds a code must be away before it is a new scan"),
    ] = 3.0
    baud: Annotated[
        int,
        Meta(ge=1200, le=4_000_000, description="speed of the serial line; USB-CDC heeds none"),
    ] = 115_200
    ends: Annotated[
        Literal["line", "gap"],
        Meta(
            description="what ends a code of a serial or keyboard scanner: CR, LF or Enter, or a "
            "pause"
        ),
    ] = "line"
    gap_ms: Annotated[
        int,
        Meta(
            ge=20,
            le=2000,
            description="milliseconds of silence that are such a pause; what they cut off is no "
            "scan where lines end codes",
        ),
    ] = 200


class TicketDisplay(Struct, frozen=True, forbid_unknown_fields=True):
    """The display over the counter."""

    driver: Annotated[
        Literal["max7219", "ssd1306", "sh1106", "recording", "recording-oled"],
        Meta(
            description="LED modules on the SPI bus, an OLED of 128x64 on an I2C bus, or a "
            "picture in memory of the one or the other"
        ),
    ] = "max7219"
    modules: Annotated[int, Meta(ge=1, le=16, description="8x8 modules in the chain")] = 4
    i2c_bus: Annotated[
        int, Meta(ge=0, le=32, description="number of the OLED's bus: 1 is /dev/i2c-1")
    ] = 1
    i2c_address: Annotated[
        int, Meta(ge=0x08, le=0x77, description="the OLED's address, mostly 60 (0x3C)")
    ] = 0x3C
    upside_down: Annotated[bool, Meta(description="turn the OLED's picture by half a turn")] = False
    away_s: Annotated[
        float,
        Meta(ge=2, le=600, description="seconds without the hall until the display says so"),
    ] = 10.0


SoundCard = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=100,
        pattern=r"^([A-Za-z0-9_-]+|(default|sysdefault|front|surround[0-9]{2}|hdmi|iec958|dmix"
        r"|plughw|hw):[A-Za-z0-9_=,.-]+)$(?!\n)",
    ),
]
"""Cards alone: ALSA's plug-ins such as ``file`` write anywhere, and start any program."""
TimeOfDay = Annotated[str, Meta(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$(?!\n)")]
Percent = Annotated[int, Meta(ge=0, le=100)]


class Loudness(Struct, frozen=True, forbid_unknown_fields=True, rename={"start": "from"}):
    """How loud the voice is for a part of the day."""

    start: Annotated[TimeOfDay, Meta(description="from this time of the day on, such as 11:30")]
    to: Annotated[TimeOfDay, Meta(description="up to this one; an earlier one is tomorrow's")]
    percent: Annotated[Percent, Meta(description="loudness then; 0 is silent")]


class Speaker(Struct, frozen=True, forbid_unknown_fields=True):
    """The voice that calls."""

    sink: Annotated[
        Literal["alsa", "wav", "off"],
        Meta(description="a sound card, WAV files in a folder, or nothing"),
    ] = "alsa"
    device: Annotated[
        SoundCard | None,
        Meta(
            description="ALSA name of the sound card, such as plughw:CARD=Device; none for the "
            "default one"
        ),
    ] = None
    folder: Annotated[str | None, Meta(description="folder for the WAV files of sink wav")] = None
    voice: Annotated[
        str,
        Meta(
            max_length=40,
            pattern=r"^[A-Za-z0-9_+-]+$",
            description="espeak-ng voice, such as vi, vi-vn-x-south or vi-vn-x-central",
        ),
    ] = "vi"
    clips: Annotated[
        str | None,
        Meta(description="folder of recorded words with their index.toml; none for espeak-ng"),
    ] = None
    forget_s: Annotated[
        float,
        Meta(ge=5, le=600, description="seconds after which a call that waits is not spoken"),
    ] = 60.0
    percent: Annotated[
        Percent, Meta(description="loudness outside the times of `loudness`; 0 is silent")
    ] = 100
    loudness: Annotated[
        list[Loudness], Meta(max_length=16, description="loudness by the time of the day")
    ] = []
    utc_offset_minutes: Annotated[
        int, Meta(ge=-720, le=840, description="local time less UTC, for `loudness`")
    ] = 420


class TicketPrinter(Struct, frozen=True, forbid_unknown_fields=True):
    """The printer of ticket slips; on a kiosk."""

    connection: Annotated[
        Literal["usb", "serial", "network", "paper"],
        Meta(description="how an ESC/POS printer hangs on the node, or slips that are pictures"),
    ] = "usb"
    device: Annotated[
        str | None,
        Meta(description="file of a usb or serial printer, such as /dev/usb/lp0 or /dev/ttyUSB0"),
    ] = None
    host: Annotated[
        str | None, Meta(description="address of a network printer, such as 192.168.10.40; no name")
    ] = None
    port: Annotated[Port, Meta(description="TCP port of a network printer")] = 9100
    baud: Annotated[
        Literal[9600, 19200, 38400, 57600, 115200], Meta(description="speed of a serial printer")
    ] = 9600
    paper_mm: Annotated[Literal[58, 80], Meta(description="width of the paper in mm")] = 80
    answers: Annotated[
        bool,
        Meta(
            description="false for a printer that cannot say how it is: then paper that is out "
            "goes unnoticed"
        ),
    ] = True
    print_within_s: Annotated[
        int,
        Meta(ge=5, le=300, description="seconds after which a slip is given up, not printed late"),
    ] = 30


class FaceCamera(Struct, frozen=True, forbid_unknown_fields=True):
    """The camera that looks at faces; off unless something in the node wants frames."""

    source: Annotated[
        Literal["v4l2", "picamera2", "folder"],
        Meta(description="a USB camera, the Pi's ribbon camera, or a folder of pictures"),
    ] = "v4l2"
    device: Annotated[str | None, Meta(description="camera for v4l2, such as /dev/video2")] = None
    folder: Annotated[
        str | None, Meta(description="folder whose pictures stand for what the camera sees")
    ] = None
    width: Annotated[int, Meta(ge=160, le=1920, description="width of a frame in pixels")] = 640
    height: Annotated[int, Meta(ge=120, le=1080, description="height of a frame in pixels")] = 480
    frames_per_second: Annotated[
        float, Meta(ge=0.2, le=30, description="frames looked at in a second, at the most")
    ] = 5.0


class Presence(Struct, frozen=True, forbid_unknown_fields=True):
    """The switch that says whether the clerk is at her place."""

    pin: Annotated[Pin, Meta(description="GPIO of the seat switch, mat or motion sensor")]
    driver: Annotated[
        Literal["lgpio", "mock"],
        Meta(description="the Pi's own pins, or a chair that exists in memory alone"),
    ] = "lgpio"
    active: Annotated[
        Literal["low", "high"],
        Meta(
            description="level of the pin while she is there: low for a contact to ground, high "
            "for a sensor that drives its output"
        ),
    ] = "low"
    away_s: Annotated[
        float,
        Meta(ge=10, le=3600, description="seconds without her after which the counter is paused"),
    ] = 60.0
    settle_s: Annotated[
        float,
        Meta(ge=0.2, le=9, description="seconds that she must be there to count as back"),
    ] = 1.0


class CounterLamp(Struct, frozen=True, forbid_unknown_fields=True):
    """The lamp over the counter: green open, red closed or paused, blinking when it calls."""

    green_pin: Annotated[Pin, Meta(description="GPIO of the green lamp")]
    red_pin: Annotated[Pin, Meta(description="GPIO of the red lamp")]
    driver: Annotated[
        Literal["lgpio", "mock"],
        Meta(description="the Pi's own pins, or lamps that exist in memory alone"),
    ] = "lgpio"


class Panel(Struct, frozen=True, forbid_unknown_fields=True):
    """The counter's devices on the screen; only for a node whose devices are all stand-ins."""

    port: Annotated[Port, Meta(description="TCP port on 127.0.0.1 alone")]
    allow_origin: Annotated[
        str,
        Meta(
            max_length=200,
            pattern=r"^https?://[A-Za-z0-9.:\[\]-]+$",
            description="the one web origin that may use the panel, such as http://127.0.0.1:8080",
        ),
    ]
