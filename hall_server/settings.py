"""The hall's settings file, ``hall.toml``: typed, bounded, described, and checked as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from devices import settings_file, topics
from devices.settings_file import at, loads, read_text
from hall_server.catalogue import (
    Catalogue,
    Counter,
    Key,
    Name,
    Procedure,
    QueueRules,
    RatingRules,
    Service,
    Slips,
)
from hall_server.queue import hours
from hall_server.timeseries.settings import TimeSeriesSettings

PathText = Annotated[str, Meta(min_length=1, max_length=500)]
Port = Annotated[int, Meta(ge=1, le=65535)]


class HallTable(Struct, frozen=True, forbid_unknown_fields=True):
    """Which hall this is."""

    id: Annotated[Key, Meta(description="name of the hall in topics: a-z, 0-9, hyphens")]
    name: Annotated[Name, Meta(description="name of the hall on its pages")]
    data_dir: Annotated[PathText, Meta(description="folder of the journal, keys and spool")]


class BrokerTable(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the MQTT broker is."""

    port: Annotated[Port, Meta(description="TCP port of the broker")]
    host: Annotated[str, Meta(min_length=1, max_length=253, description="address of it")] = (
        "127.0.0.1"
    )
    username: Annotated[str, Meta(max_length=64, description="the hall's name at the broker")] = (
        "hall"
    )
    password_file: Annotated[
        str, Meta(max_length=500, description="file with the hall's password, mode 0600; may be ''")
    ] = ""
    keepalive_s: Annotated[
        int, Meta(ge=5, le=300, description="seconds without traffic until the broker asks")
    ] = 15


class WebTable(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the pages are served."""

    port: Annotated[Port, Meta(description="TCP port of the pages")]
    host: Annotated[str, Meta(min_length=1, max_length=253, description="address to listen on")] = (
        "127.0.0.1"
    )
    public_url: Annotated[
        str,
        Meta(
            max_length=300,
            pattern=r"^(https?://[^/\s]+)?$",
            description="address that phones reach, in ticket codes; '' is http://host:port",
        ),
    ] = ""
    threads: Annotated[
        int, Meta(ge=1, le=64, description="requests answered at once; live pages take none")
    ] = 8
    session_hours: Annotated[
        float, Meta(ge=0.1, le=24, description="hours after which a clerk signs in again")
    ] = 10.0


class Clerk(Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who signs in."""

    id: Annotated[Key, Meta(description="short name, kept with every fact of hers")]
    name: Annotated[Name, Meta(description="name on her own console")]
    pin_hash: Annotated[
        str,
        Meta(
            pattern=r"^\$argon2id\$",
            max_length=300,
            description="argon2id hash of the PIN: motcua hall --hash-pin",
        ),
    ]
    role: Annotated[
        Literal["clerk", "technician"], Meta(description="which pages the PIN opens")
    ] = "clerk"


class Node(Struct, frozen=True, forbid_unknown_fields=True):
    """A node of this hall."""

    id: Annotated[Key, Meta(description="name of the node in topics")]
    kind: Annotated[
        Literal["counter", "kiosk", "board"], Meta(description="where in the hall it stands")
    ]
    counter: Annotated[str, Meta(max_length=24, description="id of its counter")] = ""
    panel_url: Annotated[
        str,
        Meta(
            pattern=r"^(http://127\.0\.0\.1:\d+)?$",
            max_length=60,
            description="address of its stand-in devices on this machine, for the start page",
        ),
    ] = ""
    key_file: Annotated[
        str,
        Meta(
            max_length=500,
            description="kiosk: file with the key that opens its page, so that no phone can take "
            "numbers for others; '' leaves the page open",
        ),
    ] = ""
    printer: Annotated[
        bool, Meta(description="kiosk: it has a ticket printer, so each number gets a slip")
    ] = False


class HallSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything in ``hall.toml``."""

    hall: Annotated[HallTable, Meta(description="which hall this is")]
    broker: Annotated[BrokerTable, Meta(description="the MQTT broker")]
    web: Annotated[WebTable, Meta(description="the pages")]
    service: Annotated[
        list[Service], Meta(min_length=1, max_length=200, description="lines of business")
    ]
    counter: Annotated[list[Counter], Meta(min_length=1, max_length=100, description="counters")]
    procedure: Annotated[list[Procedure], Meta(max_length=2000, description="wall codes")] = []
    clerk: Annotated[list[Clerk], Meta(max_length=500, description="who signs in")] = []
    node: Annotated[list[Node], Meta(max_length=500, description="nodes of this hall")] = []
    queue: Annotated[QueueRules, Meta(description="how the queue is kept")] = field(
        default_factory=QueueRules
    )
    ratings: Annotated[RatingRules, Meta(description="how satisfaction is asked")] = field(
        default_factory=RatingRules
    )
    timeseries: Annotated[TimeSeriesSettings, Meta(description="the time-series store")] = field(
        default_factory=TimeSeriesSettings
    )

    @property
    def data_dir(self) -> Path:
        """Folder of the journal, keys and spool."""
        return Path(self.hall.data_dir)

    @property
    def public_url(self) -> str:
        """Address of the pages as phones reach it, without a slash at the end."""
        return self.web.public_url or f"http://{self.web.host}:{self.web.port}"

    def catalogue(self) -> Catalogue:
        """What deciding needs of the settings."""
        return Catalogue(
            {one.id: one for one in self.service},
            {one.id: one for one in self.counter},
            {one.code: one for one in self.procedure},
            {one.id: one.counter for one in self.node if one.counter},
            self.queue,
            self.ratings,
            Slips(
                self.hall.name,
                self.public_url,
                tuple(one.id for one in self.node if one.printer),
            ),
        )


def load(path: str | Path) -> HallSettings:
    """Read ``hall.toml``.

    Raises:
        SettingsError: with the file, the line and what is allowed.
    """
    text = read_text(path)
    settings = loads(text, HallSettings, name=str(path))
    for place, reason in _contradictions(settings):
        raise at(text, place, reason, name=str(path))
    return settings


def read_password(broker: BrokerTable) -> str | None:
    """The hall's password at the broker; None when the settings name no file.

    Raises:
        SettingsError: the file cannot be read, is empty, or others than its owner may read it.
    """
    return settings_file.read_password(broker.password_file) if broker.password_file else None


def read_files(settings: HallSettings) -> None:
    """Read each file that the settings name, for ``--check``; what is in them is not kept.

    A running hall goes on without a kiosk's key or the store's token, and says so.

    Raises:
        SettingsError: one of them cannot be read.
    """
    read_password(settings.broker)
    named = [node.key_file for node in settings.node] + [settings.timeseries.token_file]
    for file in filter(None, named):
        read_text(file)


def _contradictions(settings: HallSettings) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    try:
        topics.check_name(settings.hall.id)
    except topics.TopicError as error:
        found.append(("$.hall.id", str(error)))
    services = {one.id for one in settings.service}
    counters = {one.id for one in settings.counter}
    lists: list[tuple[str, str, list[str]]] = [
        ("service", "id", [one.id for one in settings.service]),
        ("service", "prefix", [one.prefix for one in settings.service]),
        ("counter", "id", [one.id for one in settings.counter]),
        ("procedure", "code", [one.code for one in settings.procedure]),
        ("clerk", "id", [one.id for one in settings.clerk]),
        ("node", "id", [one.id for one in settings.node]),
    ]
    for table, key, values in lists:
        for index, value in enumerate(values):
            if value in values[:index]:
                found.append(
                    (f"$.{table}[{index}].{key}", f"{value!r} dùng hai lần / is used twice")
                )
    for index, counter in enumerate(settings.counter):
        found += [
            (f"$.counter[{index}].services", _unknown(service, services))
            for service in counter.services
            if service not in services
        ]
        found += [(f"$.counter[{index}].{key}", reason) for key, reason in hours.faults(counter)]
    for index, procedure in enumerate(settings.procedure):
        if procedure.service not in services:
            found.append((f"$.procedure[{index}].service", _unknown(procedure.service, services)))
    stands: dict[str, str] = {}
    for index, node in enumerate(settings.node):
        try:
            topics.check_name(node.id)
        except topics.TopicError as error:
            found.append((f"$.node[{index}].id", str(error)))
        if node.printer and node.kind != "kiosk":
            found.append((f"$.node[{index}].printer", "a printer stands at a kiosk: take it out"))
        if node.kind == "counter":
            if node.counter not in counters:
                found.append((f"$.node[{index}].counter", _unknown(node.counter, counters)))
            elif node.counter in stands:
                found.append(
                    (
                        f"$.node[{index}].counter",
                        f"counter {node.counter} has node {stands[node.counter]} already",
                    )
                )
            stands[node.counter] = node.id
        elif node.counter:
            found.append(
                (f"$.node[{index}].counter", f"a {node.kind} stands on no counter: take it out")
            )
    return found


def _unknown(value: str, known: set[str]) -> str:
    return f"không có {value!r} / {value!r} is not one of {', '.join(sorted(known))}"
