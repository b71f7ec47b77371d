"""The bench of the policies: the same days for all, and nobody who was left forgotten."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hall_server.simulate.day import DayRun, Served
from hall_server.simulate.trace import Arrival
from motcua.bench import queue
from motcua.bench.queue import CLOSES_S, POLICIES, POOLED, REFERENCE, Day, one_day
from motcua.bench.waits_told import Told, how_true
from motcua.cli import main


def test_the_same_day_is_measured_alike_twice_but_for_the_time_it_took() -> None:
    day = Day(0.7, 4, 0, 1)
    _, one = one_day(day)
    _, two = one_day(day)
    assert set(one.policies) == {*POLICIES, POOLED}
    assert [waits._replace(took_s=0) for waits in one.policies.values()] == [
        waits._replace(took_s=0) for waits in two.policies.values()
    ]
    assert one.policies["balanced"] != one.policies[REFERENCE]
    assert one.told == two.told


def test_who_is_left_at_closing_counts_with_the_wait_until_closing() -> None:
    called = Served(Arrival(CLOSES_S - 600, "a", None, 60, True), "1", CLOSES_S - 540, 0.0, "")
    left = Served(Arrival(CLOSES_S - 1800, "a", "elderly", 60, True), None, None, None, "")
    waits = queue._waits(DayRun([called, left], 0, {}, {}, 60.0), 0, 0.0)
    assert (waits.mean, waits.longest, waits.priority_p95, waits.left) == (15.5, 30.0, 30.0, 1)
    assert waits.squared == (1 + 900) / 2


def test_a_policy_beside_itself_has_the_ratio_one() -> None:
    days = [one_day(Day(0.7, 4, number, 1))[1].policies for number in range(3)]
    figures = queue.compared(days)[REFERENCE]
    assert (figures["mean_ratio"], figures["squared_ratio_95"]) == (1.0, [1.0, 1.0])


def test_who_was_told_less_than_came_is_counted_and_each_method_has_its_error() -> None:
    methods = {"hall": 10.0, "line_by_mean": 4.0, "last_to_enter_service": 0.0, "head_of_line": 12}
    told = [Told(5.0, 12.0, methods, 10.0), Told(5.0, 12.0, methods, 20.0)]
    true = how_true(told)
    assert (true["people"], true["within_high"], true["above_low"]) == (2, 0.5, 1.0)
    assert true["mean_error_min"]["hall"] == 5.0
    assert true["mean_error_min"]["last_to_enter_service"] == 15.0


def test_the_bench_prints_one_object_and_draws_the_wait_by_hour(
    tmp_path: Path, capsys: Any
) -> None:
    chart = tmp_path / "waits.svg"
    words = ["bench", "queue", "--json", "--days", "3", "--load", "0.7", "--chart", str(chart)]
    assert main([*words, "--processes", "1"]) == 0
    told = json.loads(capsys.readouterr().out)
    (load,) = told["loads"]
    assert (load["load"], load["days"]) == (0.7, 3)
    assert load["policies"][REFERENCE]["mean_ratio"] == 1.0
    assert load["told"]["people"] > 100
    assert set(load["policies"]) == {*POLICIES, POOLED}
    picture = chart.read_text()
    assert picture.startswith("<svg")
    assert picture.count("<polyline") == 2 * (len(POLICIES) + 1), "nobody comes at noon"
