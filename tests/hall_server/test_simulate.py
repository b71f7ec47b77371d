"""The hall under a virtual clock: the same day gives the same calls, and no policy sees ahead."""

from __future__ import annotations

import json
import random
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from hall_server.catalogue import Catalogue, QueueRules
from hall_server.queue.policies import POLICIES
from hall_server.simulate.day import DayRun, Served, SimulatedDay
from hall_server.simulate.generate import Shape, make_day, make_days, make_hall
from hall_server.simulate.trace import MOST_ARRIVALS, Arrival, TraceError, read_trace
from motcua.cli import main

HALL = """
[[service]]
id = "chung-thuc"
prefix = "A"
name = "Chứng thực"
expected_minutes = 5

[[service]]
id = "dat-dai"
prefix = "B"
name = "Đất đai"
expected_minutes = 20

[[counter]]
id = "1"
services = ["chung-thuc", "dat-dai"]
opens = "07:30"
closes = "17:00"
breaks = [["11:30", "13:30"]]
"""
HEADER = "arrival_s,service,priority,service_s,shows_up\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "hall.toml").write_text(HALL)
    return tmp_path


def simulate(folder: Path, rows: str, *words: str, capsys: Any) -> dict[str, Any]:
    (folder / "day.csv").write_text(HEADER + rows)
    hall, trace = str(folder / "hall.toml"), str(folder / "day.csv")
    assert main(["simulate", "--hall", hall, "--trace", trace, "--json", *words]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def made(
    seed: int, load: float = 0.95, policy: str = "balanced"
) -> tuple[Catalogue, list[Arrival]]:
    draw = random.Random(seed)
    hall = make_hall(Shape(6, load), draw)
    catalogue = Catalogue(
        {one.id: one for one in hall.services},
        {one.id: one for one in hall.counters},
        queue=QueueRules(policy=policy),  # type: ignore[arg-type]
    )
    return catalogue, make_day(hall, date(2026, 10, 6), draw)


def test_a_day_of_three_people_is_told_to_the_second(folder: Path, capsys: Any) -> None:
    rows = "27000,chung-thuc,,300,1\n27060,chung-thuc,,120,0\n27090,dat-dai,elderly,600,1\n"
    told = simulate(folder, rows, "--policy", "arrival", capsys=capsys)
    assert [one["called_s"] for one in told["tickets"]] == [27000, 27300, 27345]
    assert [one["finished_s"] for one in told["tickets"]] == [27300, 27345, 27945]
    assert [one["wait_s"] for one in told["tickets"]] == [0, 240, 255]
    assert told["tickets"][2]["priority"] == "elderly"
    assert (told["mean_wait_s"], told["max_wait_s"], told["left_at_closing"]) == (165, 255, 0)
    assert told["mean_squared_wait_s2"] == pytest.approx((240**2 + 255**2) / 3, abs=0.01)
    assert told["utilisation"] == {"1": round(945 / (7.5 * 3600), 4)}


def test_nobody_is_called_in_the_break_and_a_visit_that_goes_on_is_finished(
    folder: Path, capsys: Any
) -> None:
    rows = "41300,dat-dai,,900,1\n41310,chung-thuc,,60,1\n"
    told = simulate(folder, rows, capsys=capsys)
    assert [one["called_s"] for one in told["tickets"]] == [41300, 48600]
    assert told["tickets"][0]["finished_s"] == 42200


def test_who_is_not_called_by_closing_is_left_and_counted(folder: Path, capsys: Any) -> None:
    rows = "61100,dat-dai,,900,1\n61110,chung-thuc,,60,1\n"
    told = simulate(folder, rows, capsys=capsys)
    left = told["tickets"][1]
    assert (left["counter"], left["called_s"], left["finished_s"], left["wait_s"]) == (None,) * 4
    assert (told["left_at_closing"], told["left_at_closing_s"]) == (1, 60)


def test_each_choice_says_its_reason_in_words(folder: Path, capsys: Any) -> None:
    rows = "27000,dat-dai,,900,1\n27010,dat-dai,,300,1\n27020,chung-thuc,elderly,60,1\n"
    told = simulate(folder, rows, "--policy", "priority", capsys=capsys)
    assert told["tickets"][2]["reason"] == "waited 15 min, has a priority reason"


def test_several_days_are_told_one_by_one_and_together(folder: Path, capsys: Any) -> None:
    (folder / "b.csv").write_text(HEADER + "27000,dat-dai,,60,1\n")
    rows = "27000,chung-thuc,,300,1\n27060,chung-thuc,,120,1\n"
    told = simulate(folder, rows, "--trace", str(folder / "b.csv"), capsys=capsys)
    assert [len(day["tickets"]) for day in told["days"]] == [2, 1]
    assert (told["called"], len(told["tickets"])) == (3, 3)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("27000,chung-thuc,,300\n", "day.csv:2: 4 columns instead of 5"),
        ("27000,ho-tich,,300,1\n", "day.csv:2: no service 'ho-tich'"),
        ("x,chung-thuc,,300,1\n", "day.csv:2: arrival_s is 'x'"),
        ("27000,chung-thuc,vip,300,1\n", "day.csv:2: priority 'vip'"),
        ("27000,chung-thuc,,-1,1\n", "day.csv:2: service_s is -1"),
        ("27000,chung-thuc,,nan,1\n", "day.csv:2: service_s is nan"),
        ("27000,chung-thuc,,300,yes\n", "day.csv:2: shows_up is 'yes'"),
    ],
)
def test_a_row_that_does_not_fit_is_named_with_what_fits(
    folder: Path, rows: str, says: str, capsys: Any
) -> None:
    (folder / "day.csv").write_text(HEADER + rows)
    words = ["simulate", "--hall", str(folder / "hall.toml"), "--trace", str(folder / "day.csv")]
    assert main(words) == 2
    assert says in capsys.readouterr().err


def test_a_hall_without_hours_or_with_an_unknown_service_is_refused(
    folder: Path, capsys: Any
) -> None:
    (folder / "day.csv").write_text(HEADER)
    words = ["simulate", "--hall", str(folder / "hall.toml"), "--trace", str(folder / "day.csv")]
    (folder / "hall.toml").write_text(HALL.replace('closes = "17:00"', ""))
    assert main(words) == 2
    assert "closes" in capsys.readouterr().err
    (folder / "hall.toml").write_text(HALL.replace('"dat-dai"]', '"nothing"]'))
    assert main(words) == 2
    assert "nothing" in capsys.readouterr().err


def calls(run: DayRun) -> list[tuple[float, float | None, str | None]]:
    return [(one.arrival.arrival_s, one.called_s, one.counter) for one in run.served]


@pytest.mark.parametrize("policy", sorted(POLICIES))
def test_the_same_day_gives_the_same_calls(policy: str) -> None:
    catalogue, day = made(1, policy=policy)
    assert calls(SimulatedDay(catalogue, day).run()) == calls(SimulatedDay(catalogue, day).run())


@pytest.mark.parametrize("policy", sorted(POLICIES))
@pytest.mark.parametrize("seed", [1, 2])
def test_days_that_are_equal_up_to_a_time_have_equal_calls_up_to_it(policy: str, seed: int) -> None:
    """What is not over at that time has other service times, and others come after it."""
    catalogue, day = made(seed, policy=policy)
    cut_s = 10 * 3600.0
    before = SimulatedDay(catalogue, day).run()
    draw = random.Random(99)
    other = [
        _otherwise(one, cut_s, draw) for one in before.served if one.arrival.arrival_s <= cut_s
    ]
    other += [one._replace(arrival_s=cut_s + 60 + number) for number, one in enumerate(day[:40])]
    again = SimulatedDay(catalogue, other).run()
    began = [call for call in calls(before) if call[1] is not None and call[1] <= cut_s]
    assert len(began) > 30
    assert began == [call for call in calls(again) if call[1] is not None and call[1] <= cut_s]


def _otherwise(one: Served, cut_s: float, draw: random.Random) -> Arrival:
    """The same until ``cut_s``, another future: how long it takes, and whether anybody comes."""
    if one.finished_s is not None and one.finished_s <= cut_s:
        return one.arrival
    if one.called_s is None or one.called_s > cut_s:
        return one.arrival._replace(service_s=draw.uniform(60, 3000), shows_up=draw.random() < 0.9)
    left_s = cut_s - one.called_s + draw.uniform(1, 3000)
    return one.arrival._replace(service_s=left_s) if one.arrival.shows_up else one.arrival


def test_made_days_are_the_seeds_alone_and_can_be_run(tmp_path: Path) -> None:
    hall, traces = make_days(tmp_path / "a", Shape(5, 0.8), seed=7, days=2)
    again, _ = make_days(tmp_path / "b", Shape(5, 0.8), seed=7, days=2)
    assert hall.read_text() == again.read_text()
    assert [p.read_text() for p in traces] == [
        (tmp_path / "b" / p.name).read_text() for p in traces
    ]
    other, _ = make_days(tmp_path / "c", Shape(5, 0.8), seed=8, days=1)
    assert other.read_text() != hall.read_text()
    rows = read_trace(traces[0], ["chung-thuc", "ho-tich", "dat-dai", "cu-tru"])
    assert len(rows) > 40
    assert any(one.priority for one in rows)
    assert main(["simulate", "--hall", str(hall), "--trace", str(traces[0])]) == 0


def test_no_ticket_is_lost_or_called_twice_in_a_simulated_day() -> None:
    catalogue, day = made(5, load=1.05)
    run = SimulatedDay(catalogue, day).run()
    assert len(run.served) == len(day)
    busy: dict[str, list[tuple[float, float]]] = {}
    for one in run.served:
        if one.counter is not None and one.called_s is not None and one.finished_s is not None:
            assert one.arrival.service in catalogue.counters[one.counter].services
            assert one.called_s >= one.arrival.arrival_s
            busy.setdefault(one.counter, []).append((one.called_s, one.finished_s))
    for visits in busy.values():
        visits.sort()
        assert all(a[1] <= b[0] for a, b in pairwise(visits))


def test_a_trace_of_more_people_than_a_day_can_have_is_refused_and_not_run(tmp_path: Path) -> None:
    file = tmp_path / "day.csv"
    row = "30000,a,,60,1\n"
    file.write_text("arrival_s,service,priority,service_s,shows_up\n" + row * MOST_ARRIVALS)
    assert len(read_trace(file, ["a"])) == MOST_ARRIVALS
    with file.open("a") as more:
        more.write(row)
    with pytest.raises(TraceError, match=rf"day\.csv:{MOST_ARRIVALS + 2}: a day has"):
        read_trace(file, ["a"])
