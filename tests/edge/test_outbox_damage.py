"""Cards break and fill up: what can be read goes to the hall once, and nothing new is lost."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from devices.messages import RatingPress, Scan
from edge.clock import Stamps
from edge.outbox import FILE_NAME, SET_ASIDE_KEPT, Outbox, OutboxError, Pending
from edge.outbox_file import LOG_PAGES
from tests.edge.broken_cards import (
    a_file_cut_to_nothing,
    a_flipped_page,
    a_header_of_zeros,
    a_hole,
    a_log_flipped_in_the_middle,
    a_page_of_zeros,
    a_truncated_file,
    another_table,
    log_of,
    no_database,
    no_file_but_a_log,
    noise_for_a_log,
    nothing_remembered,
    write_at,
)

STAMPS = Stamps("b" * 32, 1_800_000_000_000_000, 5_000_000, True)
EVENTS = 50


def press(number: int) -> RatingPress:
    return RatingPress(3, 4, f"w{number}")


def drained(outbox: Outbox) -> list[tuple[str, Pending]]:
    """All that it holds in the order in which a hall gets it: (stream, event)."""
    came: list[tuple[str, Pending]] = []
    while outbox.depth:
        stream, oldest = outbox.stream, outbox.oldest_seq
        set_aside = len(outbox.set_aside)
        events = outbox.pending(stream, oldest - 1, 7)
        if len(outbox.set_aside) > set_aside:
            continue  # damage was found: begun anew
        assert [one.seq for one in events] == list(range(oldest, oldest + len(events)))
        came += [(stream, one) for one in events]
        assert outbox.acknowledge(stream, events[-1].seq)
    return came


def cut_off(folder: Path) -> str:
    """An outbox with events whose process was killed; its stream."""
    work = folder / "work"
    outbox = Outbox(work)
    for number in range(1, EVENTS + 1):
        outbox.append(press(number), STAMPS, keep=("rated_window", f"w{number}"))
    for path in work.iterdir():
        shutil.copy(path, folder)
    stream = outbox.stream
    outbox.close()
    shutil.rmtree(work)
    return stream


ALL_GONE = [a_file_cut_to_nothing, another_table, no_database, no_file_but_a_log]
IN_PART = [
    a_truncated_file,
    a_page_of_zeros,
    a_flipped_page,
    noise_for_a_log,
    a_log_flipped_in_the_middle,
    a_hole,
]


@pytest.mark.parametrize(
    "damage", [*ALL_GONE, *IN_PART, a_header_of_zeros, nothing_remembered], ids=lambda f: f.__name__
)
def test_a_damaged_file_is_set_aside_and_new_events_get_a_new_stream(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    stream = cut_off(tmp_path)
    damage(tmp_path)
    outbox = Outbox(tmp_path)
    assert [path.name for path in outbox.set_aside] == [f"{FILE_NAME}.corrupt-1"]
    assert list(tmp_path.glob("*.corrupt-1*"))
    held = outbox.depth
    seq = outbox.append(press(99), STAMPS)
    came = drained(outbox)
    assert len(came) == held + 1
    assert came[-1][0] != stream
    assert came[-1][1].seq == seq
    outbox.close()
    again = Outbox(tmp_path)
    assert (again.stream, again.set_aside, again.depth) == (came[-1][0], [], 0)
    assert again.append(press(100), STAMPS) == seq + 1
    again.close()


@pytest.mark.parametrize("damage", IN_PART, ids=lambda f: f.__name__)
def test_what_can_be_read_of_a_damaged_file_goes_to_the_hall_under_its_old_name(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    stream = cut_off(tmp_path)
    damage(tmp_path)
    outbox = Outbox(tmp_path)
    kept = {one.seq: one for at, one in drained(outbox) if at == stream}
    assert kept
    assert all(one.body == _body(seq) for seq, one in kept.items())
    if damage is a_hole:
        assert kept.keys() == set(range(1, EVENTS + 1)) - {20}
        assert outbox.kept("rated_window") == f"w{EVENTS}"
    outbox.close()


def _body(seq: int) -> bytes:
    return f'{{"kind":"rating","level":3,"levels":4,"window_id":"w{seq}","refused":null}}'.encode()


def test_what_was_taken_over_waits_over_restarts_and_in_front_of_what_is_new(
    tmp_path: Path,
) -> None:
    stream = cut_off(tmp_path)
    a_hole(tmp_path)
    first = Outbox(tmp_path)
    seq = first.append(press(99), STAMPS)
    assert seq == EVENTS + 1
    first.close()
    second = Outbox(tmp_path)
    assert second.set_aside == []
    assert second.depth == EVENTS
    assert [(at == stream, one.seq) for at, one in drained(second)] == [
        *((True, number) for number in range(1, EVENTS + 1) if number != 20),
        (False, seq),
    ]
    second.close()


def test_a_file_made_anew_whose_making_was_cut_at_the_end_is_found(tmp_path: Path) -> None:
    stream = cut_off(tmp_path)
    a_hole(tmp_path)
    Outbox(tmp_path).close()
    (tmp_path / FILE_NAME).rename(tmp_path / f"{FILE_NAME}.new")
    outbox = Outbox(tmp_path)
    assert (outbox.depth, outbox.stream, outbox.set_aside) == (EVENTS - 1, stream, [])
    outbox.close()


def test_a_slip_in_an_event_is_found_before_it_is_sent(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    stream = outbox.stream
    for number in (1, 2, 3):
        outbox.append(press(number), STAMPS)
    outbox.close()
    file = tmp_path / FILE_NAME
    data = file.read_bytes()
    write_at(file, data.index(b'"w2"') + 2, b"7")
    outbox = Outbox(tmp_path)
    assert outbox.set_aside == [], "the file as such is whole"
    assert outbox.pending(stream, 0, 10) == []
    assert len(outbox.set_aside) == 1
    assert [one.body for _, one in drained(outbox)] == [_body(1), _body(3)]
    outbox.close()


def test_an_event_that_is_gone_is_passed_over_and_not_waited_for(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    stream = outbox.stream
    for number in (1, 2, 3):
        outbox.append(press(number), STAMPS)
    outbox._connection.execute("DELETE FROM event WHERE seq = 2")
    assert outbox.pending(stream, 0, 10) == []
    assert len(outbox.set_aside) == 1
    assert [(at == stream, one.seq) for at, one in drained(outbox)] == [(True, 1), (True, 3)]
    outbox.close()


def scribble(path: Path) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(size - 4096))


def test_damage_found_while_it_works_loses_no_later_press(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    for _ in range(200):
        outbox.append(Scan("x" * 4000, "pyzbar"), STAMPS)  # more than SQLite keeps in memory
    outbox.close()
    outbox = Outbox(tmp_path)
    scribble(tmp_path / FILE_NAME)
    assert outbox.append(press(1), STAMPS) == 201
    came = drained(outbox)
    assert outbox.set_aside
    assert outbox.append(press(2), STAMPS) == 202
    came += drained(outbox)
    bodies = [one.body for _, one in came]
    assert bodies.count(_body(2)) == 1
    outbox.close()


def test_only_the_newest_damaged_files_are_kept(tmp_path: Path) -> None:
    for _ in range(SET_ASIDE_KEPT + 3):
        (tmp_path / FILE_NAME).write_bytes(b"torn" * 2000)
        Outbox(tmp_path).close()
    kept = sorted(path.name for path in tmp_path.glob("*.corrupt-*"))
    assert kept == [f"{FILE_NAME}.corrupt-{number}" for number in range(4, 9)]


def test_a_killed_process_leaves_a_file_that_is_not_taken_for_damaged(tmp_path: Path) -> None:
    stream = cut_off(tmp_path)
    assert log_of(tmp_path).stat().st_size > 0
    outbox = Outbox(tmp_path)
    assert (outbox.set_aside, outbox.stream, outbox.depth) == ([], stream, EVENTS)
    outbox.close()


# ---------------------------------------------------------------- full disks


@contextmanager
def disk_full(folder: Path) -> Iterator[None]:
    """The kernel lets no file of this process grow any more."""
    was = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    largest = max(path.stat().st_size for path in folder.iterdir())
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, was[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, was)
        signal.signal(signal.SIGXFSZ, ignored)


def fill_up(outbox: Outbox) -> tuple[int, str]:
    """Append until it is refused: how many went in, and the words of the refusal."""
    for number in range(100_000):
        try:
            outbox.append(Scan("x" * 4000, "pyzbar"), STAMPS)
        except OutboxError as error:
            return number, str(error)
    raise AssertionError("the disk never became full")


def test_a_full_disk_is_an_error_and_not_the_end(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    outbox.append(press(1), STAMPS)
    with disk_full(tmp_path):
        more, refused = fill_up(outbox)
    assert "free some disk space" in refused
    assert (outbox.depth, outbox.last_seq) == (more + 1, more + 1)
    assert outbox.append(press(2), STAMPS) == more + 2
    assert [one.seq for _, one in drained(outbox)] == list(range(1, more + 3))
    outbox.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte in memory."""
    disk = tmp_path / "disk"
    disk.mkdir()
    try:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)],
            capture_output=True,
            text=True,
        )
        reason = mounted.stderr.strip()
    except FileNotFoundError:
        reason = "there is no mount here"
    if reason:
        pytest.skip(f"a small disk cannot be mounted here, which needs root: {reason}")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_small_disk_fills_up_opens_again_and_goes_on_as_the_hall_takes_events(
    small_disk: Path,
) -> None:
    outbox = Outbox(small_disk)
    stream = outbox.stream
    more, refused = fill_up(outbox)
    assert "free some disk space" in refused
    outbox.close()
    outbox = Outbox(small_disk)
    assert (outbox.stream, outbox.depth, outbox.set_aside) == (stream, more, [])
    assert [one.seq for _, one in drained(outbox)] == list(range(1, more + 1))
    assert outbox.append(press(1), STAMPS) == more + 1
    outbox.close()


def fill_with_something_else(disk: Path) -> Path:
    filler = disk / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    return filler


def test_a_disk_full_of_something_else_takes_nothing_and_then_all_again(small_disk: Path) -> None:
    outbox = Outbox(small_disk)
    for number in range(LOG_PAGES + 5):
        outbox.append(press(number), STAMPS)
    filler = fill_with_something_else(small_disk)
    more, _ = fill_up(outbox)
    assert outbox.last_seq == LOG_PAGES + 5 + more
    drained(outbox)
    filler.unlink()
    assert outbox.append(press(99), STAMPS) == LOG_PAGES + 5 + more + 1
    outbox.close()


def test_a_damaged_file_on_a_full_disk_is_replaced_when_there_is_room(small_disk: Path) -> None:
    outbox = Outbox(small_disk)
    for number in range(100):
        outbox.append(Scan(f"{number}" + "x" * 3000, "pyzbar"), STAMPS)
    outbox.close()
    outbox = Outbox(small_disk)
    scribble(small_disk / FILE_NAME)
    filler = fill_with_something_else(small_disk)
    fill_up(outbox)
    with suppress(OutboxError):
        outbox.pending(outbox.stream, 0, 1000)
    fill_up(outbox)
    filler.unlink()
    seq = outbox.append(press(1), STAMPS)
    assert (seq, drained(outbox)[-1][1].seq) == (outbox.last_seq, seq)
    assert outbox.set_aside
    outbox.close()
