"""The hall of a simulation: its services and counters, out of a ``hall.toml``.

The hall's own settings file will do; all but services, counters and the rules of the queue is
passed over.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct, field

from devices import settings_file
from devices.settings_file import SettingsError
from hall_server.catalogue import Catalogue, Counter, QueueRules, Service
from hall_server.queue import hours


class SimulatedHall(Struct, frozen=True):
    """What a simulation reads of a hall's settings."""

    service: Annotated[list[Service], Meta(min_length=1, description="services")]
    counter: Annotated[list[Counter], Meta(min_length=1, description="counters")]
    queue: QueueRules = field(default_factory=QueueRules)


def read_hall(path: Path, *, policy: str = "", services_everywhere: bool = False) -> Catalogue:
    """The catalogue of the hall in ``path``, under ``policy`` where one is named.

    ``services_everywhere`` lets every counter serve everything: a bound, not a hall.

    Raises:
        SettingsError: the file cannot be read, does not fit, or names what is not there.
    """
    text = settings_file.read_text(path)
    hall = settings_file.loads(text, SimulatedHall, name=str(path))
    services = {one.id: one for one in hall.service}
    counters = {one.id: one for one in hall.counter}
    if len(services) < len(hall.service) or len(counters) < len(hall.counter):
        raise SettingsError(f"{path}: an id of a service or counter is there twice")
    for counter in hall.counter:
        for service in counter.services:
            if service not in services:
                raise SettingsError(
                    f"{path}: counter {counter.id} serves {service!r}, which is no [[service]]; "
                    f"there are {', '.join(services)}"
                )
        if not counter.opens or not counter.closes:
            raise SettingsError(
                f"{path}: counter {counter.id} needs `opens` and `closes`, such as "
                'opens = "07:30", closes = "17:00"'
            )
        for key, reason in hours.faults(counter):
            raise SettingsError(f"{path}: counter {counter.id}: {key}: {reason}")
    if services_everywhere:
        every = list(services)
        counters = {
            key: msgspec.structs.replace(one, services=every) for key, one in counters.items()
        }
    rules = hall.queue
    if policy:
        rules = msgspec.structs.replace(rules, policy=policy)
    return Catalogue(services, counters, queue=rules)
