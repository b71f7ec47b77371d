"""The demo's check can fail: each planted loss and each planted double is found."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from devices.messages import Scan
from edge.clock import Stamps
from edge.outbox import Outbox
from hall_server import facts as f
from hall_server.facts import Fact, Source
from motcua.demo.findings import compare, count, events_of
from motcua.demo.ledger import Ledger
from motcua.demo.outboxes import Given, OutboxUnreadError, read_outbox
from motcua.demo.store import Stored
from motcua.demo.stored_points import compare_points, expected, found_in

STREAM = "0" * 32
NOON_MS = 1_790_000_000_000


def taken(number: str = "A001", token: str = "t" * 22) -> f.TicketTaken:
    return f.TicketTaken(f"20261123-{number}", number, "a", 1, "kiosk", token, NOON_MS)


def called(number: str = "A001", counter: str = "1") -> f.TicketCalled:
    return f.TicketCalled(f"20261123-{number}", counter, "hoa", "a", 1000, "longest_wait")


def finished(number: str = "A001") -> f.ServiceFinished:
    ticket = f"20261123-{number}"
    return f.ServiceFinished(ticket, "1", "hoa", "a", 9, f"{ticket}.1", 5, "v1", 30_000)


def rated(number: str = "A001") -> f.RatingGiven:
    ticket = f"20261123-{number}"
    return f.RatingGiven(ticket, "1", "hoa", "a", f"{ticket}.1", 5, 5, "v1", "buttons")


def journal(*bodies: f.AnyBody, source: int | None = None) -> list[Fact]:
    """Facts from 1; ``source`` is the first event's number, one an event."""
    return [
        Fact(
            number,
            NOON_MS + number,
            body,
            Source(STREAM, source + number - 1) if source else None,
            f"k:kiosk-1:take:{number:032x}",
        )
        for number, body in enumerate(bodies, 1)
    ]


A_GOOD_VISIT = (taken(), called(), finished(), rated())


def test_a_good_visit_has_nothing_lost_and_nothing_doubled() -> None:
    ledger = Ledger()
    ledger.ticket("t" * 22, "A001")
    ledger.done(f"{1:032x}", "take")
    ledger.thanked("1")
    lost, doubled = compare(ledger.seen(), journal(*A_GOOD_VISIT))
    assert (lost.total(), doubled.total()) == (0, 0)


def test_a_ticket_in_the_hand_that_the_journal_does_not_know_is_lost() -> None:
    ledger = Ledger()
    ledger.ticket("u" * 22, "A002")
    lost, _ = compare(ledger.seen(), journal(*A_GOOD_VISIT))
    assert lost == Counter(["ticket A002 was given to a citizen and is not in the journal"])


def test_a_person_who_was_in_line_before_the_run_is_given_her_first_ticket_again() -> None:
    ledger = Ledger()
    ledger.ticket("t" * 22, "A001")
    assert compare(ledger.seen(), journal(*A_GOOD_VISIT), after_id=4)[0].total() == 0


def test_a_yes_that_the_journal_does_not_know_is_lost() -> None:
    ledger = Ledger()
    ledger.done("f" * 32, "call-next")
    lost, _ = compare(ledger.seen(), journal(*A_GOOD_VISIT))
    assert lost == Counter(["call-next was answered with yes and is not in the journal"])


def test_a_lamp_without_a_press_in_journal_or_outbox_is_lost() -> None:
    ledger = Ledger()
    ledger.thanked("1")
    ledger.thanked("1")
    assert compare(ledger.seen(), journal(*A_GOOD_VISIT))[0].total() == 1
    assert compare(ledger.seen(), journal(*A_GOOD_VISIT), waiting_events=1)[0].total() == 0


def test_an_answer_of_an_earlier_run_does_not_stand_for_this_ones() -> None:
    ledger = Ledger()
    ledger.thanked("1")
    assert compare(ledger.seen(), journal(*A_GOOD_VISIT), after_id=4)[0].total() == 1


def test_a_number_given_twice_in_a_day_is_doubled_and_on_another_day_is_not() -> None:
    twice = journal(taken(), taken(token="u" * 22))
    assert compare(Ledger().seen(), twice)[1].total() == 1
    next_day = journal(taken(), f.DayOpened("2026-11-24"), taken(token="u" * 22))
    assert compare(Ledger().seen(), next_day)[1].total() == 0


def test_a_ticket_called_by_two_counters_is_doubled_unless_the_first_let_it_go() -> None:
    twice = journal(taken(), called(), called(counter="2"))
    assert compare(Ledger().seen(), twice)[1].total() == 1
    no_show = f.NoShow("20261123-A001", "1", "hoa", 1, "tail", NOON_MS)
    after = journal(taken(), called(), no_show, called(counter="2"))
    assert compare(Ledger().seen(), after)[1].total() == 0


def test_a_ticket_with_two_ratings_is_doubled() -> None:
    assert compare(Ledger().seen(), journal(*A_GOOD_VISIT, rated()))[1].total() == 1


def test_a_request_done_twice_is_doubled() -> None:
    facts = journal(taken(), taken("A002", "u" * 22))
    repeated = [facts[0], Fact(2, NOON_MS, facts[1].body, None, facts[0].request)]
    assert compare(Ledger().seen(), repeated)[1].total() == 1


def test_an_event_whose_effects_come_twice_is_doubled() -> None:
    scan = f.ScanHandled("kiosk-1", "card")
    once = [
        Fact(1, NOON_MS, f.StreamBegan("kiosk-1", 1), Source(STREAM, 1)),
        Fact(2, NOON_MS, scan, Source(STREAM, 1)),
    ]
    assert compare(Ledger().seen(), once)[1].total() == 0
    twice = [*once, Fact(3, NOON_MS, scan, Source(STREAM, 1))]
    assert compare(Ledger().seen(), twice)[1].total() == 1


def test_an_event_that_is_in_no_journal_and_no_outbox_is_lost() -> None:
    given = {"kiosk-1": Given(STREAM, 5, 1)}
    events = events_of({}, given, {STREAM: {1, 2, 4}})
    assert (events.published, events.committed) == (5, 3)
    assert events.lost == Counter(["event 3 of kiosk-1 is nowhere"])


def test_what_waited_in_an_outbox_before_belongs_to_the_run_and_the_rest_does_not() -> None:
    before, after = Given(STREAM, 10, 2), Given(STREAM, 12, 0)
    events = events_of({"kiosk-1": before}, {"kiosk-1": after}, {STREAM: set(range(1, 13))})
    assert (events.published, events.committed, events.lost.total()) == (4, 4, 0)


def test_an_outbox_tells_what_it_gave_out_also_when_it_is_empty(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    stamps = Stamps("1" * 32, 1, 1, True)
    for _ in range(3):
        outbox.append(Scan("x", "zxing-cpp"), stamps)
    outbox.acknowledge(outbox.stream, 2)
    outbox.close()
    assert read_outbox(tmp_path / "outbox.db") == Given(outbox.stream, 3, 1)
    assert read_outbox(tmp_path / "none.db") is None


def test_an_outbox_that_replaced_a_damaged_one_is_counted_from_its_own_first_event() -> None:
    after = Given("b" * 32, 12, 0, first_seq=10)
    events = events_of({"kiosk-1": Given(STREAM, 9, 0)}, {"kiosk-1": after}, {"b" * 32: {10, 12}})
    assert (events.published, events.committed) == (3, 2)
    assert events.lost == Counter(["event 11 of kiosk-1 is nowhere"])


def test_an_outbox_that_cannot_be_read_is_said_to_be_so_and_not_to_be_empty(
    tmp_path: Path,
) -> None:
    (tmp_path / "outbox.db").write_bytes(b"no database" * 100)
    with pytest.raises(OutboxUnreadError, match="not a database"):
        read_outbox(tmp_path / "outbox.db")


def test_an_undone_finish_is_not_counted() -> None:
    undone = f.FinishUndone("20261123-A001", "1", "hoa")
    counts = count(journal(taken(), called(), finished(), undone, finished(), rated()))
    assert counts == (1, 1, 1, 1, 0)


def stored(facts: list[Fact], *, from_ms: int = 0) -> list[Stored]:
    """A store that holds each point of ``facts`` once."""
    return [
        Stored(name, {**dict(labels), "db": "motcua"}, [1.0] * often, [NOON_MS + 9] * often)
        for (name, labels), often in expected(facts, "kien-hung", from_ms).items()
    ]


def test_a_store_that_has_each_point_once_is_whole() -> None:
    facts = journal(*A_GOOD_VISIT)
    wanted = expected(facts, "kien-hung", 0)
    assert wanted.total() == 5  # a rating's point has two fields
    assert compare_points(wanted, found_in(stored(facts), 0), wanted) == (Counter(), Counter())


def test_a_point_that_the_store_lacks_is_lost() -> None:
    facts = journal(*A_GOOD_VISIT)
    wanted = expected(facts, "kien-hung", 0)
    lost, doubled = compare_points(wanted, found_in(stored(facts[:3]), 0), wanted)
    assert (lost.total(), doubled.total()) == (2, 0)


def test_a_point_that_the_store_has_twice_is_doubled() -> None:
    facts = journal(*A_GOOD_VISIT)
    wanted = expected(facts, "kien-hung", 0)
    twice = found_in([*stored(facts), *stored(facts[:1])], 0)
    lost, doubled = compare_points(wanted, twice, wanted)
    assert (lost.total(), doubled.total()) == (0, 1)


def test_points_of_an_earlier_run_are_not_this_ones() -> None:
    assert expected(journal(*A_GOOD_VISIT), "kien-hung", NOON_MS + 4).total() == 2
