"""Sessions that were signed out stay so, whatever happens to the hall in between."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from hall_server.web.signed_out import FILE, SignedOut
from tests.hall_server.web.web_hall import WebHall


def test_a_session_copied_before_the_sign_out_does_not_come_back_with_a_restart(
    tmp_path: Path,
) -> None:
    hall = WebHall(tmp_path)
    clerk = hall.browser()
    assert clerk.sign_in("ky-thuat", role="technician").status == 303
    copied = dict(clerk.cookies)
    assert clerk.get("/api/view/technician").status == 200
    assert clerk.post("/technician/sign-out").status == 200
    hall.close()
    hall = WebHall(tmp_path)
    try:
        thief = hall.browser()
        thief.cookies = copied
        assert thief.get("/api/view/technician").status == 401
    finally:
        hall.close()


def test_whoever_has_not_signed_out_works_on_after_a_restart(tmp_path: Path) -> None:
    hall = WebHall(tmp_path)
    clerk = hall.signed_in("ha", "1")
    hall.signed_in("binh", "2").post("/clerk/sign-out")
    hall.close()
    hall = WebHall(tmp_path)
    try:
        clerk.port = hall.port
        assert clerk.get("/api/view/clerk").status == 200
    finally:
        hall.close()


def test_the_list_is_for_the_hall_alone_and_a_torn_one_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / FILE
    SignedOut(path).note("ha", 5)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert SignedOut(path).last_ms("ha") == 5
    path.write_text("{")
    assert SignedOut(path).last_ms("ha") == -1
    assert "web-secret.key" in caplog.text
