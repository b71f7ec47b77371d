"""The demo's own Mosquitto: its configuration, its passwords, and who may say what."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from devices import topics
from devices.messages import MAX_PAYLOAD_BYTES

HALL_USER: Final = "hall"
LOOPBACK: Final = "127.0.0.1"
SERVER_FOLDERS: Final = "/usr/sbin:/usr/local/sbin:/sbin"
"""Where Debian keeps servers, which is not on everybody's path."""


class MissingProgramError(RuntimeError):
    """A program of the system that the demo cannot do without; the text names its package."""


def find_program(name: str, package: str) -> str:
    """The path of ``name``.

    Raises:
        MissingProgramError: it is not installed.
    """
    places = f"{os.environ.get('PATH', os.defpath)}:{SERVER_FOLDERS}"
    found = shutil.which(name, path=places)
    if found is None:
        raise MissingProgramError(
            f"thiếu chương trình {name} / {name} is not installed: run "
            f"`apt-get install {package}` (on another system: the package with {name}), "
            "then try again"
        )
    return found


def write_broker(
    folder: Path, port: int, hall: str, nodes: Sequence[str], passwords: Mapping[str, str]
) -> Path:
    """Write ``mosquitto.conf``, its passwords (hashed) and its access list; the first's path.

    ``passwords`` has one for :data:`HALL_USER` and one for each of ``nodes``.

    Raises:
        MissingProgramError: ``mosquitto_passwd`` is not installed.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    password_file, access_file = folder / "passwords", folder / "access"
    _write_private(password_file, "".join(f"{u}:{p}\n" for u, p in passwords.items()))
    # -U hashes the file in place: no password stands among a process's arguments
    subprocess.run(
        [find_program("mosquitto_passwd", "mosquitto"), "-U", str(password_file)],
        check=True,
        capture_output=True,
        timeout=30,
    )
    password_file.chmod(0o600)
    _write_private(access_file, access_list(hall, nodes))
    lines = [
        "# Written by motcua demo at each start.",
        "per_listener_settings false",
        f"listener {port} {LOOPBACK}",
        "allow_anonymous false",
        # or whoever has one node's password could connect as the hall's client id and put it off
        "use_username_as_clientid true",
        f"password_file {password_file}",
        f"acl_file {access_file}",
        "persistence false",
        "max_inflight_messages 1000",
        # an acknowledgement must not wait up to 40 ms for the one before
        "set_tcp_nodelay true",
        "max_queued_messages 20000",
        f"message_size_limit {2 * MAX_PAYLOAD_BYTES}",
        "log_dest stderr",
        "log_type error",
        "log_type warning",
        "log_type notice",
        "connection_messages true",
        # as root, Mosquitto becomes another user: it could not read these files, and the kernel
        # forgets that it is to end with the demo
        f"user {pwd.getpwuid(os.geteuid()).pw_name}",
    ]
    configuration = folder / "mosquitto.conf"
    _write_private(configuration, "\n".join(lines) + "\n")
    return configuration


def access_list(hall: str, nodes: Sequence[str]) -> str:
    """Who may say and hear what: a node its own subtree alone, the hall all of its own."""
    lines = [f"user {HALL_USER}", f"topic readwrite {topics.ROOT}/{hall}/#", ""]
    for node in nodes:
        lines.append(f"user {node}")
        for leaf, rule in topics.TOPICS.items():
            may = "write" if rule.sender == "node" else "read"
            lines.append(f"topic {may} {topics.node_topic(hall, node, leaf)}")
        lines += [f"topic read {topics.hall_state(hall)}", ""]
    return "\n".join(lines)


def command(configuration: Path) -> list[str]:
    """What starts the broker.

    Raises:
        MissingProgramError: Mosquitto is not installed.
    """
    return [find_program("mosquitto", "mosquitto"), "-c", str(configuration)]


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(text, encoding="utf-8")
