"""The demo's folder: what stands in it, who may read it, and whose it is."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import socket
import stat
import tomllib
from pathlib import Path
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from edge.settings import load_settings
from hall_server.settings import load
from motcua.cli import main
from motcua.demo import house
from motcua.demo.clerks import serving_s
from motcua.demo.layout import Folder, Layout, LayoutError, write_layout
from motcua.demo.toml_text import toml_of


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    return write_layout(tmp_path_factory.mktemp("demo"))


def test_the_hall_and_every_node_accept_their_settings(layout: Layout) -> None:
    assert main(["hall", "--check", str(layout.hall_settings)]) == 0
    for node in house.NODES:
        assert main(["node", "--check", str(layout.node_settings(node.id))]) == 0


def test_hall_and_nodes_mean_the_same_broker_hall_and_panels(layout: Layout) -> None:
    hall = load(layout.hall_settings)
    for known in hall.node:
        node = load_settings(layout.node_settings(known.id))
        assert (node.node.hall, node.broker.port) == (hall.hall.id, hall.broker.port)
        assert node.broker.username == known.id
        if node.panel:
            assert known.panel_url == f"http://127.0.0.1:{node.panel.port}"
            assert node.panel.allow_origin == hall.public_url


def test_every_service_has_a_simulated_counter_beside_the_one_left_to_the_person() -> None:
    simulated = {one for counter in house.COUNTERS[:3] for one in counter.services}
    assert simulated == {one.id for one in house.SERVICES}


def test_nobody_else_may_read_the_demos_files(layout: Layout) -> None:
    for path in layout.folder.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_no_password_stands_in_the_brokers_files(layout: Layout) -> None:
    hashed = (layout.folder / "broker" / "passwords").read_text()
    for file in (layout.folder / "keys").glob("*.password"):
        assert file.read_text().strip() not in hashed
    assert hashed.count("$7$") == len(house.NODES) + 1


def test_another_start_keeps_ports_passwords_and_pins(tmp_path: Path) -> None:
    first, second = write_layout(tmp_path), write_layout(tmp_path)
    assert first == second
    keys = (tmp_path / "keys" / "kiosk-1.password").read_text()
    write_layout(tmp_path)
    assert (tmp_path / "keys" / "kiosk-1.password").read_text() == keys


def test_a_port_that_somebody_took_is_drawn_anew(tmp_path: Path) -> None:
    first = write_layout(tmp_path)
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", first.broker_port))
        somebody.listen()
        second = write_layout(tmp_path)
    assert second.broker_port != first.broker_port
    assert load_settings(second.node_settings("kiosk-1")).broker.port == second.broker_port
    assert second.web_port == first.web_port


def test_two_demos_share_no_password(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    one, other = (write_layout(tmp_path_factory.mktemp("demo")) for _ in range(2))
    for name in ("hall", *(node.id for node in house.NODES)):
        key = f"keys/{name}.password"
        assert (one.folder / key).read_text() != (other.folder / key).read_text()
    assert one.kiosk_key != other.kiosk_key


def test_without_a_store_the_hall_feeds_none(tmp_path: Path) -> None:
    assert load(write_layout(tmp_path, store=False).hall_settings).timeseries.url == ""


def test_a_second_demo_in_the_same_folder_is_told_so(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "demo")
    try:
        with pytest.raises(LayoutError, match="runs in this folder") as refused:
            Folder(tmp_path / "demo")
        told = re.search(r"process (\d+|\?)", str(refused.value))
        assert told is not None
        assert told[1] in (str(os.getpid()), "?"), "? where the kernel hides who holds a lock"
    finally:
        folder.close()
    assert list((tmp_path / "demo").iterdir()) == [], "no lock is left behind"
    Folder(tmp_path / "demo").close()


def test_a_lock_that_a_hall_begun_by_hand_holds_stays(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    write_layout(folder.path)
    held, left = tmp_path / "hall" / "hall.lock", tmp_path / "nodes" / "kiosk-1" / "node.lock"
    for lock in (held, left):
        lock.parent.mkdir(parents=True, exist_ok=True)
        lock.touch()
    with held.open() as hall:
        fcntl.flock(hall, fcntl.LOCK_EX)
        folder.close()
    assert held.exists()
    assert not left.exists()


def test_a_folder_that_cannot_be_locked_is_no_running_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(*_: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with pytest.raises(LayoutError, match="cannot be locked"):
        Folder(tmp_path / "demo")


def test_the_settings_promise_what_the_simulated_clerks_take(layout: Layout) -> None:
    dice = Random(1)
    for service in load(layout.hall_settings).service:
        drawn = [serving_s(f"{service.prefix}012", dice) for _ in range(2000)]
        assert sum(drawn) / 2000 / 60 == pytest.approx(service.expected_minutes, rel=0.05)


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(LayoutError, match="not the demo's"):
        Folder(tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["thesis.txt"]


def test_beginning_anew_removes_what_the_demo_made_and_nothing_else(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "demo")
    try:
        write_layout(folder.path)
        (folder.path / "hall" / "hall.db").write_bytes(b"journal")
        (folder.path / "note.txt").write_text("mine")
        folder.clear()
        left = {one.name for one in folder.path.iterdir()}
    finally:
        folder.close()
    assert left == {"note.txt"}


def test_a_folder_that_cannot_be_written_gets_a_message(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LayoutError, match="--data"):
        Folder(tmp_path / "file" / "demo")


class _Shelf(Struct):
    words: list[str]
    numbers: dict[str, float]
    books: list[_Shelf] = []
    note: str | None = None


_shelves = st.recursive(
    st.builds(_Shelf, st.lists(st.text()), st.dictionaries(st.text(), st.integers(-99, 99))),
    lambda inner: st.builds(
        _Shelf, st.lists(st.text()), st.just({}), st.lists(inner, max_size=3), st.text() | st.none()
    ),
    max_leaves=5,
)


@given(_shelves)
def test_whatever_settings_say_their_file_says_too(shelf: _Shelf) -> None:
    assert msgspec.convert(tomllib.loads(toml_of(shelf, heading="made\nby")), _Shelf) == shelf
