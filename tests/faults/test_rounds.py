"""Faults drawn from a seed on a whole hall: whatever they are, nothing is lost and none doubled.

``MOTCUA_FAULT_ROUNDS`` plays more rounds, ``MOTCUA_FAULT_SEED`` plays one again.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from tests.faults import rounds
from tests.faults.judgement import Verdict
from tests.faults.rounds import plan, run, told

pytestmark = pytest.mark.faults

ROUNDS = int(os.environ.get("MOTCUA_FAULT_ROUNDS", "2"))
ONE = os.environ.get("MOTCUA_FAULT_SEED")
SEEDS = [int(ONE)] if ONE else list(range(1, ROUNDS + 1))


@pytest.mark.parametrize("seed", SEEDS)
def test_random_faults_lose_nothing_and_double_nothing(seed: int, tmp_path: Path) -> None:
    verdict = run(seed, tmp_path)
    assert verdict.clean, told(seed, verdict)


def test_a_seed_draws_the_same_faults_again() -> None:
    assert plan(7) == plan(7)
    assert plan(7) != plan(8)


def test_a_seed_that_fails_is_printed_with_how_to_play_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    bad = Verdict(["a ticket is gone"], [], [])
    monkeypatch.setattr(rounds, "run", lambda seed, _: bad if seed == 6 else Verdict([], [], []))
    assert rounds.main(["3", "--from-seed", "5"]) == 1
    said = capsys.readouterr()
    assert said.out == "rounds 3  lost 1  doubled 0  wrong 0  failing 6\n"
    assert "MOTCUA_FAULT_SEED=6" in said.err
    assert "a ticket is gone" in said.err
    assert rounds.main(["1", "--from-seed", "5"]) == 0
