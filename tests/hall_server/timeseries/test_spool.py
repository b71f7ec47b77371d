"""The spool: nothing skipped, nothing twice, the same points on every rebuild, and bounded."""

from __future__ import annotations

import sqlite3
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hall_server import facts as f
from hall_server.facts import Fact
from hall_server.timeseries.points import Point, QueueSample, queue_points
from hall_server.timeseries.spool import Row, Spool
from tests.hall_server.timeseries.day import START_MS, visits


def spool_at(path: Path, *, most_points: int = 10_000, most_bytes: int = 10**9) -> Spool:
    return Spool(path, "kien-hung", most_points=most_points, most_bytes=most_bytes)


def sample(at_ms: int) -> list[Point]:
    return queue_points("kien-hung", QueueSample({}, 1), at_ms)


def adds_up(spool: Spool) -> bool:
    left = spool.depth + spool.confirmed + spool.refused + spool.dropped
    return spool.made == left and spool.depth == len(spool.lines())


def test_the_spool_and_the_files_beside_it_are_for_the_hall_alone(tmp_path: Path) -> None:
    spool = spool_at(tmp_path / "spool.db")
    spool.take_facts([Fact(1, START_MS, f.CounterResumed("3", "lan"))])
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert "spool.db-wal" in modes
    assert set(modes.values()) == {0o600}


def test_points_of_one_series_in_one_millisecond_stay_apart(tmp_path: Path) -> None:
    spool = spool_at(tmp_path / "spool")
    spool.take_facts([Fact(n, START_MS, f.CounterResumed("3", "lan")) for n in (1, 2, 3)])
    assert spool.lines() == [
        f"counter_resumed,counter=3,hall=kien-hung count=1i {START_MS + n}" for n in (0, 1, 2)
    ]


@given(chunks=st.lists(st.integers(1, 40), min_size=1), cut=st.integers(0, 199))
@settings(max_examples=15, deadline=None)
def test_a_lost_spool_is_rebuilt_point_for_point(
    tmp_path_factory: pytest.TempPathFactory, chunks: list[int], cut: int
) -> None:
    folder = tmp_path_factory.mktemp("spool")
    facts = visits(40)
    whole = spool_at(folder / "whole")
    whole.take_facts(facts)
    pieces, start = spool_at(folder / "pieces"), 0
    while start < len(facts):
        size = chunks[start % len(chunks)]
        pieces.take_facts(facts[start : start + size])
        if start < cut:  # closed and opened on the way, as by a restart of the hall
            pieces.close()
            pieces = spool_at(folder / "pieces")
        start += size
    assert pieces.lines() == whole.lines()
    series = [line.rsplit(" ", 1) for line in whole.lines()]
    moments = Counter((line.split(" ")[0], at) for line, at in series)
    assert max(moments.values()) == 1, "two points of a series in the same millisecond"
    whole.close()
    pieces.close()


def test_a_fact_that_cannot_be_kept_leaves_the_spool_as_it_was(tmp_path: Path) -> None:
    spool = spool_at(tmp_path / "spool")
    facts = visits(4)
    spool.take_facts(facts[:10])
    before = (spool.cursor, spool.lines(), spool.made)
    locker = sqlite3.connect(tmp_path / "spool", isolation_level=None)
    spool._db.execute("PRAGMA busy_timeout = 0")
    locker.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError):
        spool.take_facts(facts[10:])
    locker.execute("ROLLBACK")
    assert (spool.cursor, spool.lines(), spool.made) == before
    spool.take_facts(facts[10:])
    anew = spool_at(tmp_path / "anew")
    anew.take_facts(facts)
    assert spool.lines() == anew.lines()


def test_a_full_spool_lets_old_samples_go_and_never_a_fact(tmp_path: Path) -> None:
    spool = spool_at(tmp_path / "spool", most_points=20)
    for second in range(15):
        spool.take_samples(sample(second * 1000))
    facts = visits(6)
    assert spool.take_facts(facts[:15])
    assert spool.depth == 20
    assert spool.dropped == 10
    kept = [line for line in spool.lines() if line.startswith("counters")]
    assert kept[0].endswith(" 10000"), "the newest samples stay"
    assert not spool.take_facts(facts[15:]), "the journal keeps what does not fit"
    assert spool.cursor == 15
    assert spool.depth == 20
    rows = spool.unsent(100)
    spool.mark_sent(rows, [], 0)
    spool.confirm(rows[0].id, rows[-1].id)
    assert spool.take_facts(facts[15:])
    assert spool.cursor == 30
    assert adds_up(spool)


def test_the_spool_is_bounded_in_bytes_too(tmp_path: Path) -> None:
    spool = spool_at(tmp_path / "spool", most_bytes=1_000)
    for second in range(100):
        spool.take_samples(sample(second * 1000))
    assert 500 < sum(map(len, spool.lines())) <= 1_000
    assert spool.lines()[-1].endswith(" 99000")
    assert adds_up(spool)


def test_a_sample_of_the_same_moment_counts_once(tmp_path: Path) -> None:
    spool = spool_at(tmp_path / "spool")
    spool.take_samples(sample(10_000))
    spool.close()
    again = spool_at(tmp_path / "spool")
    again.take_samples(sample(10_000))
    assert again.depth == 1


def test_a_clock_that_was_set_back_does_not_end_the_samples(tmp_path: Path) -> None:
    spool = spool_at(tmp_path / "spool")
    spool.take_samples(sample(10**12))
    spool.take_samples(sample(10_000))
    assert spool.depth == 2


def test_a_broken_spool_is_put_aside_and_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "spool"
    path.write_bytes(b"no database, " * 1000)
    spool = spool_at(path)
    assert spool.cursor == 0
    assert spool.take_facts(visits(1))
    assert (tmp_path / "spool.broken").read_bytes().startswith(b"no database")


def test_the_spool_knows_its_journal(tmp_path: Path) -> None:
    spool = spool_at(tmp_path / "spool")
    mine, other = visits(2), visits(2, start_ms=START_MS + 1)
    assert spool.belongs_to(None)
    spool.take_facts(mine)
    assert spool.belongs_to(mine[-1])
    assert not spool.belongs_to(other[-1])
    assert not spool.belongs_to(None), "a journal that ends before the cursor is another one"
    spool.begin_anew()
    assert (spool.cursor, spool.depth, spool.made) == (0, 0, 0)
    spool.take_facts(mine)
    assert spool.depth == 10


STEPS = st.lists(
    st.sampled_from(["facts", "samples", "send", "refuse", "confirm", "reopen"]), max_size=40
)


@given(STEPS)
@settings(max_examples=40, deadline=None)
def test_every_point_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    path = tmp_path_factory.mktemp("spool") / "spool"
    spool, facts, sent = spool_at(path, most_points=30), visits(60), list[list[Row]]()
    for number, step in enumerate(steps):
        match step:
            case "facts":
                spool.take_facts(facts[spool.cursor : spool.cursor + 7])
            case "samples":
                spool.take_samples(sample(number * 1000))
            case "send" | "refuse":
                if rows := spool.unsent(5):
                    refused = [(rows[0], "400")] if step == "refuse" else []
                    spool.mark_sent(rows, refused, number)
                    sent.append(rows)
            case "confirm":
                if sent:
                    rows = sent.pop(0)
                    spool.confirm(rows[0].id, rows[-1].id)
            case "reopen":
                held = spool.lines()
                spool.close()
                spool = spool_at(path, most_points=30)
                assert spool.lines() == held
        assert adds_up(spool)
        assert spool.depth <= 30
    spool.close()
