"""Faults drawn from a seed on a whole hall: whatever they are, nothing is lost and none doubled.

``MOTCUA_FAULT_ROUNDS`` plays more rounds, ``MOTCUA_FAULT_SEED`` plays one again.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

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
