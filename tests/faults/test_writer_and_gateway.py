"""Small faults at the seams of writer and gateway: what is shown, answered and left behind."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import MQTTErrorCode

from hall_server import commands as c
from hall_server.catalogue import QueueRules
from hall_server.facts import Fact
from hall_server.hall import Hall
from hall_server.journal import Journal, JournalError, JournalFullError
from hall_server.keys import key_file
from hall_server.runtime import TICK_S, Committed, HallUnavailableError, Runtime, TellAnyway
from tests.hall_server.halls import MONDAY_8_00_MS, Day, catalogue
from tests.hall_server.test_gateway import Desk, Node_
from tests.parts import Broker, until


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path / "broker") as broker:
        yield broker


@pytest.fixture
def desk(tmp_path: Path, broker: Broker) -> Iterator[Desk]:
    desk = Desk(tmp_path, broker)
    yield desk
    desk.close()


def full_disk(journal: Journal) -> None:
    pages = journal._db.execute("PRAGMA page_count").fetchone()[0]
    journal._db.execute(f"PRAGMA max_page_count = {pages}")


def room_again(journal: Journal) -> None:
    journal._db.execute("PRAGMA max_page_count = 1000000")


def fill(desk: Desk) -> None:
    """Let the disk be full, and what room is left in the file be used up."""
    full_disk(desk.journal)
    taken = 0
    with suppress(HallUnavailableError):
        while taken < 1000:
            desk.take(f"filler-{taken}")
            taken += 1
    assert desk.runtime.disk_full


def test_a_repeated_start_is_answered_with_its_own_ticket_though_it_closed_a_rating() -> None:
    day = Day()
    day.open("1")
    day.served("1")
    second = day.taken()
    day.at(c.CallNext, "1")
    start = c.StartService(request="the-same", counter="1", clerk="clerk-1")
    first_answer = day.ask(start)
    assert first_answer.ticket == second.id
    assert day.ask(start) == first_answer


def test_the_day_never_goes_back_so_no_number_is_given_twice() -> None:
    hall = Hall(catalogue(QueueRules(utc_offset_minutes=14 * 60)))
    late_ms = MONDAY_8_00_MS + 10 * 3_600_000

    def take(request: str) -> str | None:
        command = c.TakeTicket(
            request=request, service="ho-tich", channel="kiosk", token=request, by="kiosk"
        )
        return hall.handle(command, late_ms).outcome.ticket

    first = take("r1")
    hall.catalogue = catalogue(QueueRules(utc_offset_minutes=0))
    second = take("r2")
    assert first == "20261124-B001"
    assert second == "20261124-B002"


def test_a_display_never_shows_what_the_journal_did_not_take(desk: Desk, broker: Broker) -> None:
    desk.ask(c.OpenCounter)
    ticket = desk.take("r1")
    fill(desk)
    held, go_on = threading.Event(), threading.Event()

    def hold(_: Committed) -> None:
        held.set()
        go_on.wait(20)

    desk.runtime.listen(hold)
    desk.runtime.offer(TellAnyway())
    assert held.wait(20)
    # one batch: a call that the disk will not take, and behind it a broker that is back; where a
    # ticket has no room any more, its reason has none
    call = desk.runtime.submit(
        c.CallTicket(
            request="call", counter="1", clerk="clerk-1", ticket=ticket, reason="quá yếu " * 25
        )
    )
    desk.gateway._unsaid.set()
    desk.runtime.offer(TellAnyway())
    go_on.set()
    with pytest.raises(HallUnavailableError, match="disk"):
        call.result(20)
    node = Node_(broker, "counter-1")
    shown = node.hear("display")
    node.close()
    room_again(desk.journal)
    assert shown.phase == "idle"
    assert shown.rev <= desk.runtime.view.last_fact


def test_all_is_said_again_to_a_broker_that_came_back_while_the_inbox_was_full(
    desk: Desk, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.ask(c.OpenCounter)
    with monkeypatch.context() as full:
        full.setattr(desk.runtime, "offer", lambda _: False)
        broker.kill()
        until(lambda: not desk.gateway.connected, "the hall notices")
        broker.start()
        assert desk.gateway.wait_connected(20)
    desk.take("r1", "dat-dai")
    node = Node_(broker, "counter-1")
    assert node.hear("display").phase == "idle"
    assert node.hear("state").status == "online"
    node.close()


def test_only_the_loop_of_the_gateway_writes_to_the_broker(desk: Desk, broker: Broker) -> None:
    client = desk.gateway._client
    assert client is not None
    writers: set[str] = set()
    write = client.loop_write

    def watched() -> MQTTErrorCode:
        writers.add(threading.current_thread().name)
        return write()

    client.loop_write = watched  # type: ignore[method-assign]
    node = Node_(broker, "counter-1")
    desk.ask(c.OpenCounter)
    node.hear("display", lambda display: display.phase == "idle")
    node.close()
    assert writers == {"hall-mqtt"}


def test_the_gateway_stops_in_order_though_the_broker_has_just_gone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = desk.gateway._client
    assert client is not None
    lost = mqtt.MQTTMessageInfo(1)
    lost.rc = MQTTErrorCode.MQTT_ERR_NO_CONN
    monkeypatch.setattr(client, "publish", lambda *_, **__: lost)
    desk.gateway.stop()
    assert not desk.gateway.alive


def test_a_long_message_is_cut_off_before_it_waits_and_its_length_is_told(
    desk: Desk, broker: Broker
) -> None:
    node = Node_(broker, "counter-1")
    node.say("event", b"x" * 1_000_000)
    until(lambda: desk.letters(), "the dead letter is kept")
    node.close()
    (letter,) = desk.journal._db.execute("SELECT bytes FROM dead_letters").fetchall()
    assert letter == (1_000_000,)


def test_a_full_disk_is_tried_again_with_rests_though_a_window_is_due(tmp_path: Path) -> None:
    now_ms = MONDAY_8_00_MS
    journal = Journal(tmp_path / "hall.db")
    runtime = Runtime(Hall(catalogue(), journal.recover()), journal, wall_ms=lambda: now_ms)
    at = {"counter": "1", "clerk": "clerk-1"}
    morning: list[c.Command] = [
        c.TakeTicket(request="r", service="ho-tich", channel="kiosk", token="t", by="k"),
        c.OpenCounter(request="r0", **at),
        c.CallNext(request="r1", **at),
        c.StartService(request="r2", **at),
        c.FinishService(request="r3", **at),
    ]
    for command in morning:
        journal.append(runtime._hall.handle(command, now_ms).facts)
    assert runtime._until_due_s() == TICK_S, "the window is due later than the next tick"
    now_ms += 60_000
    assert runtime._until_due_s() < 0.01, "the window is due"

    def no_room(_: list[Fact]) -> None:
        raise JournalFullError("full")

    journal.append = no_room  # type: ignore[assignment,method-assign]
    runtime._work([])
    assert runtime.disk_full
    assert runtime._until_due_s() == TICK_S
    journal.close()


def test_who_asks_in_the_instant_that_the_writer_ends_is_told_so_at_once(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "hall.db")
    runtime = Runtime(Hall(catalogue()), journal)
    runtime.start()
    runtime.stop()
    runtime._stopping.clear()  # as if it had been asked just before
    late = runtime.submit(c.Tick(request="late"))
    with pytest.raises(HallUnavailableError, match="stopped"):
        late.result(0)
    journal.close()


def test_a_disk_that_fills_while_a_key_is_written_leaves_no_half_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "person.key"
    with monkeypatch.context() as full:
        full.setattr(os, "fsync", no_room)
        with pytest.raises(OSError, match="No space"):
            key_file(path)
    assert not path.exists()
    key = key_file(path)
    assert (len(key), key_file(path)) == (32, key)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_fact_keeps_the_request_that_names_its_own_ticket() -> None:
    """The journal's rows answer a repeat after a restart as the living state does."""
    day = Day()
    day.open("1")
    day.served("1")
    second = day.taken()
    day.at(c.CallNext, "1")
    started = c.StartService(request="start-2", counter="1", clerk="clerk-1")
    facts = day.hall.handle(started, day.at_ms).facts
    assert [fact.request for fact in facts] == [None, "start-2"]
    assert msgspec.structs.asdict(facts[-1].body)["ticket"] == second.id


@pytest.mark.parametrize(
    "body",
    [
        '{"kind":"of_a_later_version"}',
        '{"kind":"ticket_cancelled","ticket":"never-taken","by":"phone"}',
        '{"kind":',
    ],
)
def test_a_fact_that_makes_no_sense_is_named_with_what_to_do(tmp_path: Path, body: str) -> None:
    day = Day()
    day.open("1")
    journal = Journal(tmp_path / "hall.db")
    journal.append(day.facts)
    journal._db.execute(
        "INSERT INTO facts (id, at_ms, kind, body) VALUES (?, ?, 'x', ?)",
        (len(day.facts) + 1, day.at_ms, body),
    )
    with pytest.raises(JournalError, match=r"fact 3 cannot be read.*restore it"):
        journal.recover()
    journal.close()
