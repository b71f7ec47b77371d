"""What one node is and what hangs on it: the settings of ``motcua node --config FILE``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from msgspec import Meta, Struct

from devices import settings_file, topics
from devices.settings_file import at, fit, parse, read_text

Pin = Annotated[int, Meta(ge=0, le=27, description="GPIO number as the BCM counts, 0 to 27")]
Port = Annotated[int, Meta(ge=1, le=65535)]


class Node(Struct, frozen=True, forbid_unknown_fields=True):
    """Who this node is."""

    id: Annotated[
        str, Meta(min_length=1, max_length=48, description="name of the node within its hall")
    ]
    hall: Annotated[
        str, Meta(min_length=1, max_length=48, description="name of the hall in the topic tree")
    ]
    kind: Annotated[Literal["counter", "kiosk", "board"], Meta(description="where the node stands")]
    data_dir: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=500,
            description="folder of the outbox and the kept display; one node a folder",
        ),
    ]
    health_s: Annotated[
        float, Meta(ge=0.2, le=3600, description="seconds between two health messages")
    ] = 30.0
    assume_synchronised: Annotated[
        bool,
        Meta(
            description="trust the wall clock without asking the kernel; for a machine whose "
            "clock its host keeps"
        ),
    ] = False
    max_events: Annotated[
        int, Meta(ge=10, le=10_000_000, description="events the outbox holds before it is full")
    ] = 100_000
    max_mbytes: Annotated[
        int, Meta(ge=1, le=10_000, description="megabytes the outbox holds before it is full")
    ] = 64
    settings_trial_s: Annotated[
        float,
        Meta(
            ge=1,
            le=3600,
            description="seconds in which the node must be well with settings from the hall, or "
            "they are taken back",
        ),
    ] = 60.0
    reboot_command: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=200)]],
        Meta(
            max_length=10,
            description="program and arguments that start this machine anew when the hall asks, "
            'such as ["systemctl", "reboot"]; none refuses it',
        ),
    ] = []


class Broker(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the hall's MQTT broker is."""

    host: Annotated[
        str, Meta(min_length=1, max_length=253, description="name or address of the broker")
    ] = "127.0.0.1"
    port: Annotated[Port, Meta(description="TCP port of the broker")] = 1883
    username: Annotated[
        str | None, Meta(description="user name at the broker; none for an open broker")
    ] = None
    password_file: Annotated[
        str | None,
        Meta(description="file with the password on its first line, readable by its owner alone"),
    ] = None
    keepalive_s: Annotated[
        int, Meta(ge=1, le=300, description="seconds of silence before the broker is asked")
    ] = 10


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
    host: Annotated[str | None, Meta(description="name or address of a network printer")] = None
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


class NodeSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole settings file; a device without a table is not there."""

    node: Annotated[Node, Meta(description="who this node is")]
    broker: Annotated[Broker, Meta(description="where the hall's MQTT broker is")] = Broker()
    rating_buttons: Annotated[RatingButtons | None, Meta(description="satisfaction buttons")] = None
    qr_scanner: Annotated[QrScanner | None, Meta(description="scanner for QR codes")] = None
    ticket_display: Annotated[
        TicketDisplay | None, Meta(description="display over the counter")
    ] = None
    speaker: Annotated[Speaker | None, Meta(description="the voice that calls")] = None
    ticket_printer: Annotated[TicketPrinter | None, Meta(description="printer of ticket slips")] = (
        None
    )
    face_camera: Annotated[FaceCamera | None, Meta(description="camera that looks at faces")] = None
    presence: Annotated[Presence | None, Meta(description="switch at the clerk's place")] = None
    counter_lamp: Annotated[CounterLamp | None, Meta(description="lamp over the counter")] = None
    panel: Annotated[
        Panel | None, Meta(description="devices on the screen, for stand-ins alone")
    ] = None

    def device_names(self) -> list[str]:
        """Names of the devices that hang on this node, in the order of the settings."""
        present = {
            "rating_buttons": self.rating_buttons,
            "qr_scanner": self.qr_scanner,
            "ticket_display": self.ticket_display,
            "speaker": self.speaker,
            "ticket_printer": self.ticket_printer,
            "face_camera": self.face_camera,
            "presence": self.presence,
            "counter_lamp": self.counter_lamp,
        }
        return [name for name, device in present.items() if device is not None]


class Fault(NamedTuple):
    """A setting that is fine by itself and wrong beside another."""

    path: str
    reason: str


def load_settings(path: str | Path) -> NodeSettings:
    """Read and check the settings file of a node.

    Raises:
        SettingsError: the file cannot be read or does not fit; the text names file and line.
    """
    return read_settings(read_text(path), name=str(path))


def read_settings(text: str, *, name: str = "settings") -> NodeSettings:
    """Read TOML ``text`` and check what each field cannot know by itself."""
    return fit_settings(parse(text, name=name), text=text, name=name)


def fit_settings(tree: dict[str, Any], *, text: str, name: str = "settings") -> NodeSettings:
    """``tree`` checked as :func:`read_settings` does; errors name the line of ``text``."""
    settings = fit(tree, NodeSettings, text=text, name=name)
    for fault in _faults(settings):
        raise at(text, fault.path, fault.reason, name=name)
    return settings


def _faults(settings: NodeSettings) -> Iterator[Fault]:
    for field, value in (("id", settings.node.id), ("hall", settings.node.hall)):
        try:
            topics.check_name(value)
        except topics.TopicError as error:
            yield Fault(f"$.node.{field}", str(error))
    if settings.broker.password_file and not settings.broker.username:
        yield Fault("$.broker.password_file", "a password needs a `username` in [broker]")
    if settings.rating_buttons:
        yield from _button_faults(settings.rating_buttons)
    if scanner := settings.qr_scanner:
        if scanner.source == "v4l2" and not scanner.device:
            yield Fault("$.qr_scanner.source", "v4l2 needs `device`, such as /dev/video0")
        if scanner.source == "serial" and not scanner.device:
            yield Fault("$.qr_scanner.source", "serial needs `device`, one of /dev/serial/by-id")
        if scanner.source == "keyboard" and not scanner.device:
            yield Fault(
                "$.qr_scanner.source",
                "keyboard needs `device`, one of /dev/input/by-id that ends with event-kbd",
            )
        if scanner.source == "folder" and not scanner.folder:
            yield Fault("$.qr_scanner.source", "folder needs `folder`, where the images come")
    if (speaker := settings.speaker) and speaker.sink == "wav" and not speaker.folder:
        yield Fault("$.speaker.sink", "wav needs `folder`, where the WAV files go")
    if speaker and speaker.loudness:
        yield from _loudness_faults(speaker)
    if printer := settings.ticket_printer:
        if printer.connection in ("usb", "serial") and not printer.device:
            example = "/dev/usb/lp0" if printer.connection == "usb" else "/dev/ttyUSB0"
            yield Fault(
                "$.ticket_printer.connection",
                f"{printer.connection} needs `device`, such as {example}",
            )
        if printer.connection == "network" and not printer.host:
            yield Fault(
                "$.ticket_printer.connection", "network needs `host`, the printer's address"
            )
    if settings.face_camera:
        yield from _camera_faults(settings.face_camera, settings.qr_scanner)
    yield from _place_faults(settings)
    if settings.panel:
        for path, real in real_devices(settings):
            yield Fault(
                "$.panel",
                f"the panel is for stand-ins alone and {path} = {real!r} is a real device: "
                "take [panel] out, or choose the stand-in",
            )


def _place_faults(settings: NodeSettings) -> Iterator[Fault]:
    place, lamp = settings.presence, settings.counter_lamp
    for name, device in (("presence", place), ("counter_lamp", lamp)):
        if device is not None and settings.node.kind != "counter":
            yield Fault(f"$.{name}", f"a {settings.node.kind} has none: it belongs to a counter")
    taken: dict[int, str] = {}
    buttons = settings.rating_buttons
    if buttons and buttons.driver != "mcp23017":
        for button in buttons.button:
            taken[button.pin] = f"the button of level {button.level}"
            taken[button.lamp_pin] = f"the lamp of level {button.level}"
    elif buttons and buttons.int_pin is not None:
        taken[buttons.int_pin] = "rating_buttons.int_pin"
    wanted = [("presence.pin", place.pin)] if place else []
    if lamp:
        wanted += [("counter_lamp.green_pin", lamp.green_pin)]
        wanted += [("counter_lamp.red_pin", lamp.red_pin)]
    for path, pin in wanted:
        if pin in taken:
            yield Fault(f"$.{path}", f"pin {pin} is in use already, as {taken[pin]}")
        taken[pin] = path


def _loudness_faults(speaker: Speaker) -> Iterator[Fault]:
    # here alone: the speaker's room has no place on a node without a voice
    from devices.speaker.loudness import Span, minute_of, overlap

    spans: list[Span] = []
    for place, one in enumerate(speaker.loudness):
        here = f"$.speaker.loudness[{place}].from"
        if one.start in (one.to, "24:00"):
            yield Fault(here, "there is no time between `from` and `to`")
        spans.append(Span(minute_of(one.start), minute_of(one.to), one.percent))
        if overlap(spans) is not None:
            yield Fault(here, "another loudness holds at that time already")


def _button_faults(buttons: RatingButtons) -> Iterator[Fault]:
    on_expander = buttons.driver == "mcp23017"
    if buttons.int_pin is not None and not on_expander:
        yield Fault(
            "$.rating_buttons.int_pin",
            'the interrupt is the expander\'s: take it out, or set driver = "mcp23017"',
        )
    pins: dict[int, str] = {}
    levels: set[int] = set()
    for index, button in enumerate(buttons.button):
        here = f"$.rating_buttons.button[{index}]"
        if button.level in levels:
            yield Fault(f"{here}.level", f"level {button.level} has a button already")
        if button.level > len(buttons.button):
            yield Fault(
                f"{here}.level",
                f"{len(buttons.button)} buttons have the levels 1 to {len(buttons.button)}, "
                "each once",
            )
        levels.add(button.level)
        for field, pin in (("pin", button.pin), ("lamp_pin", button.lamp_pin)):
            if on_expander and pin > 15:
                yield Fault(f"{here}.{field}", "the expander has the pins 0 to 15")
            if on_expander and field == "pin" and pin in (7, 15):
                yield Fault(
                    f"{here}.pin",
                    "pins 7 and 15 of the expander are outputs only: hang a lamp there",
                )
            if pin in pins:
                yield Fault(
                    f"{here}.{field}",
                    f"pin {pin} is in use already, as {pins[pin]}: choose another",
                )
            pins[pin] = f"{field} of level {button.level}"


def _camera_faults(camera: FaceCamera, scanner: QrScanner | None) -> Iterator[Fault]:
    if camera.source == "v4l2" and not camera.device:
        yield Fault("$.face_camera.source", "v4l2 needs `device`, such as /dev/video2")
    if camera.source == "folder" and not camera.folder:
        yield Fault("$.face_camera.source", "folder needs `folder`, where the pictures are")
    if scanner and camera.device and camera.source == "v4l2" and camera.device == scanner.device:
        yield Fault(
            "$.face_camera.device",
            f"{camera.device} is the QR scanner's already: each needs a camera of its own",
        )
    if scanner and camera.folder and camera.source == "folder" and camera.folder == scanner.folder:
        yield Fault(
            "$.face_camera.folder",
            "the folder of the QR scanner, whose pictures are taken away: name another",
        )


def real_devices(settings: NodeSettings) -> Iterator[tuple[str, str]]:
    """The settings that name a device which is no stand-in, with what they name."""
    if settings.rating_buttons and settings.rating_buttons.driver != "mock":
        yield "rating_buttons.driver", settings.rating_buttons.driver
    if settings.qr_scanner and settings.qr_scanner.source != "folder":
        yield "qr_scanner.source", settings.qr_scanner.source
    if (shown := settings.ticket_display) and not shown.driver.startswith("recording"):
        yield "ticket_display.driver", shown.driver
    if settings.speaker and settings.speaker.sink == "alsa":
        yield "speaker.sink", settings.speaker.sink
    if settings.ticket_printer and settings.ticket_printer.connection != "paper":
        yield "ticket_printer.connection", settings.ticket_printer.connection
    if settings.face_camera and settings.face_camera.source != "folder":
        yield "face_camera.source", settings.face_camera.source
    if settings.presence and settings.presence.driver != "mock":
        yield "presence.driver", settings.presence.driver
    if settings.counter_lamp and settings.counter_lamp.driver != "mock":
        yield "counter_lamp.driver", settings.counter_lamp.driver


def read_password(broker: Broker) -> str | None:
    """The broker's password out of its file; None when the settings name no file.

    Raises:
        SettingsError: the file cannot be read, is empty, or others than its owner may read it.
    """
    if broker.password_file is None:
        return None
    return settings_file.read_password(broker.password_file)
