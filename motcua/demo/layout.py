"""The demo's folder: its settings files, keys and ports, written anew at each start.

What was drawn at random at the first start (passwords, PINs, ports) is kept in ``layout.json``;
every other file of settings follows from it.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import socket
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from argon2 import PasswordHasher
from msgspec import Struct, field

from devices.ticket_printer.slip import type_is_there
from edge import settings as edge
from hall_server import settings as hall
from hall_server.timeseries.settings import TimeSeriesSettings
from motcua.demo import house
from motcua.demo.broker import HALL_USER, LOOPBACK, write_broker
from motcua.demo.sound import has_sound_card
from motcua.demo.toml_text import toml_of

MADE_BY: Final = "motcua demo"
KEPT_FILE: Final = "layout.json"
OWN_NAMES: Final = (
    *("hall", "nodes", "broker", "store", "store.log", "logs", "keys"),
    *("hall.toml", *(f"node-{node.id}.toml" for node in house.NODES), KEPT_FILE),
)
"""All that the demo makes in its folder; ``--fresh`` removes these alone."""
WEB_PORT: Final = 8080
HEALTH_S: Final = 5.0
STORE_SETTLES_S: Final = 10.0
"""VictoriaMetrics puts what it has accepted on its disk each 5 s."""


class LayoutError(RuntimeError):
    """The demo's folder cannot be used; the text says what to do."""


class Kept(Struct):
    """What ``layout.json`` keeps."""

    made_by: str = ""
    web_port: int = 0
    broker_port: int = 0
    store_port: int = 0
    panel_ports: dict[str, int] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)
    kiosk_key: str = ""
    pins: dict[str, str] = field(default_factory=dict)
    pin_hashes: dict[str, str] = field(default_factory=dict)


class Layout(NamedTuple):
    """The demo's files and addresses, ready to start from."""

    folder: Path
    web_port: int
    broker_port: int
    store_port: int
    panel_ports: dict[str, int]
    """Of the nodes that have a panel."""
    pins: dict[str, str]
    kiosk_key: str
    broker_configuration: Path
    has_sound: bool

    @property
    def origin(self) -> str:
        """The address of the pages, without a slash at the end."""
        return f"http://{LOOPBACK}:{self.web_port}"

    @property
    def hall_settings(self) -> Path:
        """``hall.toml``."""
        return self.folder / "hall.toml"

    @property
    def journal(self) -> Path:
        """The hall's journal."""
        return self.folder / "hall" / "hall.db"

    @property
    def spool(self) -> Path:
        """Points on their way from the journal to the store."""
        return self.folder / "hall" / "spool.db"

    @property
    def store_folder(self) -> Path:
        """Where VictoriaMetrics keeps its data."""
        return self.folder / "store"

    def node_settings(self, node: str) -> Path:
        """``node-<node>.toml``."""
        return self.folder / f"node-{node}.toml"

    def outbox(self, node: str) -> Path:
        """The outbox of ``node``."""
        return self.folder / "nodes" / node / "outbox.db"

    def log(self, child: str) -> Path:
        """Where ``child`` writes its log."""
        return self.folder / "logs" / f"{child}.log"

    def panel_url(self, node: str) -> str | None:
        """The panel of ``node``; None where it has none."""
        port = self.panel_ports.get(node)
        return f"http://{LOOPBACK}:{port}" if port else None


class Folder:
    """The demo's folder, held by one demo alone; the kernel lets go of it when that ends.

    The lock is on the folder itself: no file of it is there to be left behind.

    Raises:
        LayoutError: another demo has it, it cannot be written, or it holds other things.
    """

    def __init__(self, path: Path) -> None:
        self.path: Final = path.absolute()
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._check_whose()
            self.path.chmod(0o700)
            self._lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise LayoutError(
                f"{path}: không ghi được / cannot be written ({error.strerror}): "
                "name another folder with --data"
            ) from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _holder(self._lock)
            os.close(self._lock)
            raise LayoutError(
                f"{path}: bản trình diễn đang chạy ở đây / a demo (process {holder}) runs in this "
                "folder: end it with Ctrl-C first, or name another folder with --data"
            ) from None
        except OSError as error:  # a file system that knows no locks on folders
            os.close(self._lock)
            raise LayoutError(
                f"{path}: không khoá được / cannot be locked ({error.strerror}): "
                "name a folder on a local disk with --data"
            ) from None

    def _check_whose(self) -> None:
        inside = any(self.path.iterdir())
        if inside and _read_kept(self.path).made_by != MADE_BY:
            raise LayoutError(
                f"{self.path}: có tệp khác trong thư mục này / holds files that are not the "
                "demo's: name an empty or new folder with --data"
            )

    def clear(self) -> None:
        """Remove what a demo made here, and nothing else."""
        for name in OWN_NAMES:
            path = self.path / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let another demo have it; the lock files of the parts that have ended go."""
        if self._lock >= 0:
            for name in OWN_NAMES:
                for lock in (self.path / name).rglob("*.lock"):
                    _remove_lock(lock)
            os.close(self._lock)
            self._lock = -1


def _remove_lock(path: Path) -> None:
    """Remove a lock file that nobody holds; a hall or node begun by hand may hold one."""
    with suppress(OSError), path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()


def _holder(folder: int) -> str:
    """The process that has locked the open ``folder``; ``?`` where the kernel does not say."""
    about = os.fstat(folder)
    where = f"{os.major(about.st_dev):02x}:{os.minor(about.st_dev):02x}:{about.st_ino}"
    with suppress(OSError):
        for line in Path("/proc/locks").read_text().splitlines():
            words = line.split()  # 1: FLOCK ADVISORY WRITE 4711 fe:01:123 0 EOF
            if "FLOCK" in words and where in words:
                return words[words.index(where) - 1]
    return "?"


def write_layout(folder: Path, *, store: bool = True) -> Layout:
    """Write every settings file of the demo into ``folder``, which its caller holds.

    Ports are kept from the last time while they are free.  ``store`` False leaves the
    time-series store off.

    Raises:
        MissingProgramError: Mosquitto is not installed.
        LayoutError: a file cannot be written.
    """
    try:
        kept = _read_kept(folder)
        _draw(kept)
        _choose_ports(kept)
        _write(folder / KEPT_FILE, msgspec.json.format(msgspec.json.encode(kept)).decode())
        return _write_files(folder, kept, store=store)
    except OSError as error:
        raise LayoutError(
            f"{error.filename or folder}: không ghi được / cannot be written ({error.strerror}): "
            "make room, or name another folder with --data"
        ) from None


def _read_kept(folder: Path) -> Kept:
    try:
        return msgspec.json.decode((folder / KEPT_FILE).read_bytes(), type=Kept)
    except (FileNotFoundError, msgspec.DecodeError):
        return Kept()


def _draw(kept: Kept) -> None:
    """Draw what is not there yet."""
    kept.made_by = MADE_BY
    for user in (HALL_USER, *(node.id for node in house.NODES)):
        kept.passwords.setdefault(user, secrets.token_urlsafe(24))
    kept.kiosk_key = kept.kiosk_key or secrets.token_hex(32)
    hasher = PasswordHasher()
    for worker in house.WORKERS:
        if worker.id not in kept.pin_hashes:
            kept.pins[worker.id] = f"{secrets.randbelow(9000) + 1000}"
            kept.pin_hashes[worker.id] = hasher.hash(kept.pins[worker.id])


def _choose_ports(kept: Kept) -> None:
    """Keep each port that is still free, and draw others; all are held while they are chosen."""
    with ExitStack() as held:
        kept.web_port = _port(held, kept.web_port or WEB_PORT)
        kept.broker_port = _port(held, kept.broker_port)
        kept.store_port = _port(held, kept.store_port)
        kept.panel_ports = {
            node.id: _port(held, kept.panel_ports.get(node.id, 0)) for node in house.NODES
        }


def _port(held: ExitStack, wanted: int) -> int:
    for port in (wanted, 0):
        probe = held.enter_context(socket.socket())
        # as the servers do: a connection of the last run that lingers does not hold the port
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen()
        except OSError:
            continue
        chosen: int = probe.getsockname()[1]
        return chosen
    raise LayoutError(f"no free port on {LOOPBACK}: end some programs that listen there")


def _write_files(folder: Path, kept: Kept, *, store: bool) -> Layout:
    for name in ("logs", "keys", "hall", "nodes"):
        (folder / name).mkdir(mode=0o700, exist_ok=True)
    has_sound = has_sound_card()
    panels = {
        node.id: kept.panel_ports[node.id]
        for node in house.NODES
        # a panel is for stand-ins alone, and a sound card is none
        if not (node.kind == "board" and has_sound)
    }
    for user, password in kept.passwords.items():
        _write(_password_file(folder, user), password + "\n")
    _write(folder / "keys" / "kiosk.key", kept.kiosk_key + "\n")
    layout = Layout(
        folder,
        kept.web_port,
        kept.broker_port,
        kept.store_port,
        panels,
        kept.pins,
        kept.kiosk_key,
        write_broker(
            folder / "broker",
            kept.broker_port,
            house.HALL,
            [node.id for node in house.NODES],
            kept.passwords,
        ),
        has_sound,
    )
    heading = "Written by motcua demo at each start: a change made here does not last."
    _write(layout.hall_settings, toml_of(_hall(layout, kept, store=store), heading=heading))
    for node in house.NODES:
        _write(layout.node_settings(node.id), toml_of(_node(layout, kept, node), heading=heading))
    return layout


def _password_file(folder: Path, user: str) -> Path:
    return folder / "keys" / f"{user}.password"


def _hall(layout: Layout, kept: Kept, *, store: bool) -> hall.HallSettings:
    return hall.HallSettings(
        hall=hall.HallTable(house.HALL, house.NAME, str(layout.folder / "hall")),
        broker=hall.BrokerTable(
            port=kept.broker_port,
            username=HALL_USER,
            password_file=str(_password_file(layout.folder, HALL_USER)),
        ),
        web=hall.WebTable(port=kept.web_port),
        service=list(house.QUICK_SERVICES),
        counter=list(house.COUNTERS),
        procedure=list(house.PROCEDURES),
        clerk=[
            hall.Clerk(worker.id, worker.name, kept.pin_hashes[worker.id], worker.role)
            for worker in house.WORKERS
        ],
        node=[
            hall.Node(
                node.id,
                node.kind,
                node.counter,
                layout.panel_url(node.id) or "",
                str(layout.folder / "keys" / "kiosk.key") if node.kind == "kiosk" else "",
                printer=node.kind == "kiosk" and type_is_there(),
            )
            for node in house.NODES
        ],
        timeseries=TimeSeriesSettings(
            url=f"http://{LOOPBACK}:{kept.store_port}" if store else "",
            settle_s=STORE_SETTLES_S,
        ),
    )


def _node(layout: Layout, kept: Kept, node: house.NodePlan) -> edge.NodeSettings:
    folder = layout.folder / "nodes" / node.id
    at_counter = node.kind == "counter"
    panel_port = layout.panel_ports.get(node.id)
    return edge.NodeSettings(
        node=edge.Node(
            node.id, house.HALL, node.kind, str(folder), HEALTH_S, assume_synchronised=True
        ),
        broker=edge.Broker(
            LOOPBACK, kept.broker_port, node.id, str(_password_file(layout.folder, node.id))
        ),
        rating_buttons=edge.RatingButtons(
            [edge.Button(level, 1 + level, 11 + level) for level in range(1, 6)], driver="mock"
        )
        if at_counter
        else None,
        qr_scanner=edge.QrScanner("folder", folder=str(folder / "cards"))
        if node.kind != "board"
        else None,
        ticket_display=edge.TicketDisplay("recording") if at_counter else None,
        speaker=_speaker(folder, has_sound=layout.has_sound) if node.kind == "board" else None,
        ticket_printer=edge.TicketPrinter("paper")
        if node.kind == "kiosk" and type_is_there()
        else None,
        panel=edge.Panel(panel_port, layout.origin) if panel_port else None,
    )


def _speaker(folder: Path, *, has_sound: bool) -> edge.Speaker:
    if has_sound:
        return edge.Speaker("alsa")
    return edge.Speaker("wav", folder=str(folder / "calls"))


def _write(path: Path, text: str) -> None:
    """Write ``text`` for this account alone; the file is whole at any moment."""
    draft = path.with_name(f".{path.name}.part")
    draft.touch(mode=0o600)
    draft.chmod(0o600)
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
