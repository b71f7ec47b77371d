"""Faults drawn from a seed at two nodes: what they promised is in the journal exactly once.

``MOTCUA_NODE_ROUNDS`` plays more rounds; ``make faults`` plays many, and one of them again.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hall_server import facts as f
from hall_server.facts import Fact, Source
from tests.faults.node import rounds
from tests.faults.node.house import Ledger, Promise
from tests.faults.node.rounds import Outcome, Sums, plan, run, told

pytestmark = pytest.mark.faults

ROUNDS = int(os.environ.get("MOTCUA_NODE_ROUNDS", "4"))
CLEAN = Outcome(3, 2, 1, 0, 0, [], [], [])


def test_faults_at_random_lose_no_promise_and_double_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sums = run(range(1, ROUNDS + 1), tmp_path)
    assert not sums.failing, capsys.readouterr().err
    assert sums.lit >= 2 * ROUNDS, "at least the last press of each round at each node"
    assert sums.presses >= sums.lit


def test_a_seed_draws_the_same_round_again() -> None:
    assert plan(7) == plan(7)
    assert plan(7) != plan(8)
    kinds = {deed.what for seed in range(50) for deed in plan(seed).faults}
    assert kinds == {"kill", "start", "outbox", "fill disk", "free disk", "set clock"}


def test_a_failed_round_is_told_with_how_to_have_it_again() -> None:
    bad = CLEAN._replace(lost=["a press is gone"], doubled=["a scan came twice"])
    sums = Sums()
    sums.add(1, CLEAN)
    sums.add(6, bad)
    assert sums.told() == (
        "rounds 2  presses 6  lit 4  scans 2  lost 1  doubled 1  wrong 0  late 0  aside 0  "
        "failing 6"
    )
    words = told(6, bad)
    assert "make faults SEED=6" in words
    assert "a press is gone" in words
    assert "a scan came twice" in words


def test_a_press_that_two_facts_speak_of_is_doubled_unless_they_are_one_decision() -> None:
    source = Source("a" * 32, 5)
    refused = f.RatingRefused("counter-1", "1", 3, 5, "closed")
    began = f.StreamBegan("counter-1", 5)
    one = Fact(7, 1, began, source)
    assert not rounds._is_twice([one, Fact(8, 1, refused, source)])
    assert rounds._is_twice([Fact(7, 1, refused, source), Fact(8, 1, refused, source)])
    assert rounds._is_twice([one, Fact(9, 1, refused, source)])


def test_a_ledger_is_read_on_and_counts_a_lamp_once(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    ledger = Ledger(path)
    assert ledger.read() == []
    tries = '{"tries": "RatingPress"}\n'
    press = '{"kept": ["s", 1], "kind": "RatingPress", "accepted": true}\n'
    refused = tries + '{"refused": "RatingPress"}\n'
    path.write_text(tries + press + refused + tries + '{"lamp": 3}\n{"lamp": 3}\n{"kept": ["s", 2]')
    assert ledger.read() == [Promise("s", 1, "RatingPress", accepted=True)]
    assert (ledger.lamps, ledger.cut_off) == (1, 1)
    with path.open("a") as file:
        file.write(', "kind": "Scan", "accepted": false}\n')
    assert ledger.read() == [Promise("s", 2, "Scan", accepted=False)]
    assert (ledger.lamps, ledger.cut_off) == (1, 0)
