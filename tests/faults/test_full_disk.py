"""The journal's disk is full: new work is refused in words, what is committed stays, and once
there is room the hall goes on by itself."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.hands import Kiosk, new_request
from tests.faults.whole_hall import WholeHall, lift_bound
from tests.parts import until

pytestmark = pytest.mark.faults

MOST_TICKETS = 20_000
DISK = "3m"
FILE_BYTES = 400_000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a few megabytes in memory."""
    disk = tmp_path / "disk"
    disk.mkdir()
    try:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(disk)],
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


def refused_in_words(kiosk: Kiosk) -> None:
    status, answer = kiosk.line.post(
        "/api/kiosk/kiosk-1/take", {"request_id": new_request(), "service": "chung-thuc"}
    )
    assert (status, answer["ok"], answer["code"]) == (503, False, "disk")
    assert "hết chỗ lưu" in answer["message"]
    assert "kỹ thuật viên" in answer["message"]


def take_until_refused(kiosk: Kiosk) -> str:
    """Fill the disk with tickets; the request that was refused."""
    for _ in range(MOST_TICKETS):
        request = new_request()
        body = {"request_id": request, "service": "ho-tich"}
        status, answer = kiosk.line.post("/api/kiosk/kiosk-1/take", body)
        if status != 200:
            assert (status, answer["code"]) == (503, "disk")
            return request
        ticket = answer["ticket"]
        kiosk.seen.ticket(f"k:kiosk-1:take:{request}", ticket["number"], ticket["token"])
    raise AssertionError("the disk never became full")


def a_full_disk(house: WholeHall, make_room: Callable[[], None]) -> None:
    house.start()
    kiosk, clerk, technician = house.kiosk(), house.clerk("1"), house.technician()
    pid = house.hall.pid
    waiting = take_until_refused(kiosk)
    refused_in_words(kiosk)
    view = technician.view()
    assert view["journal_full"]
    assert view["journal_facts"] >= len(house.seen.tokens), "what is committed is still shown"
    status, answer = clerk.line.post("/api/clerk/call-next", {"request_id": new_request()})
    assert (status, answer["code"]) == (503, "disk")
    status, answer = clerk.line.post("/api/clerk/recall", {"request_id": new_request()})
    assert answer["code"] in ("no_ticket_here", "disk")
    make_room()
    answered = kiosk.take("ho-tich", waiting)
    assert answered is not None
    assert answered["number"] == f"B{len(house.seen.tokens):03d}", "no number was used up"
    assert clerk.ask("call-next") == ("ok", "B001")
    until(lambda: not technician.view()["journal_full"], "the technician sees that it is over")
    assert house.hall.running
    assert house.hall.pid == pid, "without a restart"
    assert house.verdict() == ([], [], [])


def test_a_journal_on_a_full_disk_refuses_and_goes_on_when_there_is_room(
    tmp_path: Path, small_disk: Path
) -> None:
    house = WholeHall(tmp_path / "house", data_dir=small_disk / "hall")
    filler = small_disk / "filler"
    try:
        filler.write_bytes(b"x" * 2_000_000)
        a_full_disk(house, filler.unlink)
    finally:
        house.close()


def test_a_journal_within_a_quota_refuses_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    house = WholeHall(tmp_path, file_bytes=FILE_BYTES)
    try:
        a_full_disk(house, lambda: lift_bound(house.hall.pid))
    finally:
        house.close()


def test_a_hall_killed_on_a_full_disk_is_where_it_was(tmp_path: Path) -> None:
    house = WholeHall(tmp_path, file_bytes=FILE_BYTES)
    try:
        house.start()
        take_until_refused(house.kiosk())
        sizes = [path.stat().st_size for path in house.data_dir.glob("hall.db*")]
        assert max(sizes) <= FILE_BYTES, "the bound is a real one"
        house.restart_hall()
        take_until_refused(house.kiosk())  # the log, folded at the start, left some room
        lift_bound(house.hall.pid)
        assert house.kiosk().take("chung-thuc") is not None
        assert house.verdict() == ([], [], [])
    finally:
        house.close()


def test_a_hall_that_ends_on_a_full_disk_ends_in_order(tmp_path: Path) -> None:
    house = WholeHall(tmp_path, file_bytes=FILE_BYTES)
    try:
        house.start()
        take_until_refused(house.kiosk())
        assert house.hall.terminate(within_s=3.0) == 0
        assert "Traceback" not in house.hall.log()
        assert house.verdict(settled=False) == ([], [], [])
    finally:
        house.close()
