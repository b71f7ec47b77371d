"""Room is kept for ratings and scans, and the hall is told in time that it gets scarce."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from devices.messages import Alarm, EventBody, RatingPress, Scan
from edge.clock import Clock
from edge.outbox import FILE_NAME, Outbox, OutboxFullError
from edge.recorder import Recorder

RATING = RatingPress(3, 4, "w1")
TOO_LATE = RatingPress(3, 4, "w1", refused="closed")
SCAN = Scan("MẪU THỬ", "pyzbar")
FULL_AT = 20
ALARM_AT = 16


def recorder_of(outbox: Outbox) -> Recorder:
    return Recorder(
        outbox, Clock(assume_synchronised=True), wake=lambda: None, on_change=lambda: None
    )


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    box = Outbox(tmp_path, max_events=FULL_AT)
    yield box
    box.close()


def bodies(outbox: Outbox) -> list[EventBody]:
    events = outbox.pending(outbox.stream, 0, 1000)
    kind = RatingPress | Scan | Alarm
    return [msgspec.json.decode(one.body, type=kind) for one in events]


def fill(outbox: Outbox, recorder: Recorder, events: int) -> None:
    while outbox.depth < events:
        recorder.record(RATING)
        recorder.send()


def alarms(outbox: Outbox) -> list[tuple[str, bool]]:
    return [(one.code, one.raised) for one in bodies(outbox) if isinstance(one, Alarm)]


def test_the_hall_is_told_once_at_four_fifths_and_once_when_there_is_room(outbox: Outbox) -> None:
    recorder = recorder_of(outbox)
    fill(outbox, recorder, ALARM_AT - 1)
    assert alarms(outbox) == []
    recorder.record(RATING)
    recorder.send()
    recorder.look_after()
    recorder.look_after()
    assert alarms(outbox) == [("outbox-nearly-full", True)]
    assert "full" in " ".join(recorder.notes())
    outbox.acknowledge(outbox.stream, outbox.last_seq - 12)
    recorder.look_after()
    assert alarms(outbox) == [("outbox-nearly-full", True)], "a little room is no calm yet"
    outbox.acknowledge(outbox.stream, outbox.last_seq - 2)
    recorder.look_after()
    assert alarms(outbox)[-1] == ("outbox-nearly-full", False)
    assert recorder.notes() == []


def test_room_that_gets_scarce_is_kept_for_ratings_and_scans(outbox: Outbox) -> None:
    recorder = recorder_of(outbox)
    fill(outbox, recorder, ALARM_AT)
    was = outbox.depth
    recorder.alarm("camera-gone", "qr_scanner", "the camera is gone")
    with pytest.raises(OutboxFullError):
        recorder.record(TOO_LATE)
    assert outbox.depth == was
    for body in (RATING, SCAN, RATING):
        recorder.record(body)
    assert bodies(outbox)[-3:] == [RATING, SCAN, RATING]


def test_bytes_count_as_well_as_events(tmp_path: Path) -> None:
    size = len(msgspec.json.encode(RATING))
    outbox = Outbox(tmp_path, max_bytes=20 * size)
    recorder = recorder_of(outbox)
    fill(outbox, recorder, ALARM_AT)
    assert alarms(outbox) == [("outbox-nearly-full", True)]
    with pytest.raises(OutboxFullError):
        recorder.record(TOO_LATE)
    recorder.record(RATING)
    outbox.close()


def test_a_full_outbox_says_so_and_takes_nothing_until_the_hall_has_some(outbox: Outbox) -> None:
    recorder = recorder_of(outbox)
    fill(outbox, recorder, FULL_AT)
    assert recorder.is_full
    with pytest.raises(OutboxFullError, match="broker and hall"):
        recorder.record(SCAN)
    assert "full" in " ".join(recorder.notes())
    outbox.acknowledge(outbox.stream, FULL_AT // 2)
    recorder.record(SCAN)
    assert not recorder.is_full


def test_an_outbox_that_was_broken_is_told_to_the_hall(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"torn" * 2000)
    outbox = Outbox(tmp_path)
    recorder = recorder_of(outbox)
    recorder.look_after()
    recorder.look_after()
    (alarm,) = [one for one in bodies(outbox) if isinstance(one, Alarm)]
    assert (alarm.code, alarm.raised) == ("outbox-damaged", True)
    assert f"{FILE_NAME}.corrupt-1" in alarm.text
    outbox.close()


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for the time in which an alarm may be raised again."""
    monkeypatch.setattr("edge.recorder.DOUBT_S", 0.0)


@pytest.mark.usefixtures("at_once")
def test_a_fault_that_was_mended_while_the_node_was_off_ends_at_its_next_start(
    tmp_path: Path,
) -> None:
    outbox = Outbox(tmp_path)
    recorder_of(outbox).alarm("button-stuck", "rating-button-2", "button 2 is stuck: free it")
    outbox.close()
    outbox = Outbox(tmp_path)
    recorder = recorder_of(outbox)
    recorder.look_after()
    recorder.look_after()
    assert alarms(outbox) == [("button-stuck", True), ("button-stuck", False)]
    outbox.close()
    outbox = Outbox(tmp_path)
    recorder_of(outbox).look_after()
    assert len(alarms(outbox)) == 2, "it is not ended at each start"
    outbox.close()


@pytest.mark.usefixtures("at_once")
def test_a_fault_that_is_found_again_after_a_start_stands(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    recorder_of(outbox).alarm("loop-failed", "qr_scanner", "the camera is gone")
    outbox.close()
    outbox = Outbox(tmp_path)
    recorder = recorder_of(outbox)
    recorder.alarm("loop-failed", "qr_scanner", "the camera is gone")
    recorder.look_after()
    assert alarms(outbox) == [("loop-failed", True)] * 2
    recorder.alarm("loop-failed", "qr_scanner", "works again", raised=False)
    recorder.look_after()
    assert alarms(outbox)[2:] == [("loop-failed", False)]
    outbox.close()


def test_an_alarm_of_before_has_time_to_be_raised_again(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    recorder_of(outbox).alarm("loop-failed", "qr_scanner", "the camera is gone")
    outbox.close()
    outbox = Outbox(tmp_path)
    recorder_of(outbox).look_after()
    assert alarms(outbox) == [("loop-failed", True)]
    outbox.close()


@pytest.mark.usefixtures("at_once")
def test_buttons_that_begin_anew_end_what_they_no_longer_find(outbox: Outbox) -> None:
    recorder = recorder_of(outbox)
    recorder.alarm("button-stuck", "rating-button-2", "button 2 is stuck: free it")
    recorder.alarm("printer-paper-out", "ticket_printer", "the paper is out")
    recorder.look_after()
    assert len(alarms(outbox)) == 2, "both stand while nothing began anew"
    for loop in ("rating_buttons", "ticket_printer"):
        recorder.doubt(loop)
    recorder.look_after()
    assert alarms(outbox)[2:] == [("button-stuck", False)], "a printer's loop remembers"


def test_an_outbox_that_emptied_over_a_restart_ends_its_alarm(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, max_events=FULL_AT)
    fill(outbox, recorder_of(outbox), ALARM_AT)
    assert alarms(outbox) == [("outbox-nearly-full", True)]
    outbox.acknowledge(outbox.stream, outbox.last_seq)
    outbox.close()
    outbox = Outbox(tmp_path, max_events=FULL_AT)
    recorder_of(outbox).look_after()
    assert alarms(outbox) == [("outbox-nearly-full", False)]
    outbox.close()
