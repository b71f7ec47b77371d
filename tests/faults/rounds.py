"""Rounds of random faults on a whole hall, each from a seed; ``python -m tests.faults.rounds N``.

What is done is drawn from the seed: the same seed does the same to the same parts in the same
order.  When each thread runs is the machine's own affair.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.faults.judgement import Verdict
from tests.faults.load import Load, crowd
from tests.faults.whole_hall import WholeHall

FAULTS = 5


class Step(NamedTuple):
    """After ``rest_s``, do ``what``; a part that is away stays so for ``away_s``."""

    rest_s: float
    what: str
    away_s: float


def plan(seed: int, steps: int = FAULTS) -> list[Step]:
    """The faults of a round."""
    dice = random.Random(f"plan {seed}")
    parts = ["hall", "hall", "broker", "counter-1", "counter-2", "hall and broker"]
    return [
        Step(round(dice.uniform(0.0, 0.6), 2), dice.choice(parts), round(dice.uniform(0, 0.5), 2))
        for _ in range(steps)
    ]


def play(house: WholeHall, steps: list[Step]) -> None:
    """Let the faults happen."""
    rest = threading.Event()
    ends: dict[str, tuple[Callable[[], None], Callable[[], None]]] = {
        "hall": (house.hall.kill, house.hall.start),
        "broker": (house.broker.kill, house.broker.start),
        **{node: (program.kill, program.start) for node, program in house.nodes.items()},
    }
    for step in steps:
        rest.wait(step.rest_s)
        parts = step.what.split(" and ")
        for part in parts:
            ends[part][0]()
        rest.wait(step.away_s)
        for part in reversed(parts):
            ends[part][1]()


def run(seed: int, folder: Path) -> Verdict:
    """One round in ``folder``; its verdict."""
    house = WholeHall(folder, nodes=2, counters=3)
    try:
        house.start()
        with Load() as load:
            crowd(house, load, seed, kiosks=3, counters=3)
            play(house, plan(seed))
        return house.verdict()
    finally:
        house.close()


def told(seed: int, verdict: Verdict) -> str:
    """A failed round in words, with how to have it again."""
    lines = [f"seed {seed}: MOTCUA_FAULT_SEED={seed} pytest tests/faults/test_rounds.py"]
    lines += [f"  {step}" for step in plan(seed)]
    for name, findings in verdict._asdict().items():
        lines += [f"  {name}: {finding}" for finding in findings[:20]]
    return "\n".join(lines)


def main(words: list[str] | None = None) -> int:
    """Play rounds and print rounds, lost, doubled and the seeds that failed; 1 where one did."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("rounds", type=int, help="how many rounds")
    parser.add_argument("--from-seed", type=int, default=1, help="the first round's seed")
    asked = parser.parse_args(words)
    lost = doubled = wrong = 0
    failing: list[int] = []
    for seed in range(asked.from_seed, asked.from_seed + asked.rounds):
        folder = Path(tempfile.mkdtemp(prefix=f"motcua-faults-{seed}-"))
        try:
            verdict = run(seed, folder)
        except AssertionError as error:
            verdict = Verdict([], [], [f"the round could not be ended: {error}"])
        lost += len(verdict.lost)
        doubled += len(verdict.doubled)
        wrong += len(verdict.wrong)
        if verdict.clean:
            shutil.rmtree(folder)
        else:
            failing.append(seed)
            print(f"{told(seed, verdict)}\n  its files: {folder}", file=sys.stderr, flush=True)
        print(
            f"round {seed}: {'clean' if verdict.clean else 'FAILED'}", file=sys.stderr, flush=True
        )
    seeds = " ".join(map(str, failing)) or "none"
    print(f"rounds {asked.rounds}  lost {lost}  doubled {doubled}  wrong {wrong}  failing {seeds}")
    return 1 if failing else 0


if __name__ == "__main__":
    sys.exit(main())
