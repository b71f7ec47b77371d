"""What one node is and what hangs on it: the settings of ``motcua node --config FILE``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from msgspec import Meta, Struct

from devices import settings_file, topics
from devices.settings_file import at, fit, parse, read_text
from edge.device_tables import (
    Button,
    CounterLamp,
    FaceCamera,
    Loudness,
    Panel,
    Port,
    Presence,
    QrScanner,
    RatingButtons,
    Speaker,
    TicketDisplay,
    TicketPrinter,
)
from edge.names import is_address

__all__ = [
    "Broker",
    "Button",
    "CounterLamp",
    "FaceCamera",
    "Fault",
    "Loudness",
    "Node",
    "NodeSettings",
    "Panel",
    "Presence",
    "QrScanner",
    "RatingButtons",
    "Speaker",
    "TicketDisplay",
    "TicketPrinter",
    "fit_settings",
    "load_settings",
    "read_password",
    "read_settings",
    "real_devices",
]


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
        if printer.host and not is_address(printer.host):
            # a name server that is away would hold the printer's loop up for half a minute
            yield Fault("$.ticket_printer.host", "give the printer a fixed address and name that")
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
