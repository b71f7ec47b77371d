"""Rounds of presses, scans and faults at two nodes; ``python -m tests.faults.node.rounds N``.

What is done, and when, is drawn from the seed alone.  Broker, hall and nodes live on over the
rounds where no fault ends them; a seed that is played again begins with new ones.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from hall_server import facts as f
from hall_server.facts import Fact
from tests.faults.hands import Clerk, Kiosk, Panel
from tests.faults.load import Load
from tests.faults.node.house import DAMAGES, NodeHouse, Promise, without
from tests.faults.whole_hall import SERVICES, Program
from tests.parts import until

NODES: Final = ("counter-1", "counter-2")
LASTS_S: Final = 1.2
"""How long people and faults go on; then all is begun again, and quiet."""
HOUSE_ROUNDS: Final = 25
"""Rounds that one house is used for: a hall takes 16 new streams of a node a day, no more."""
_HOUR_S: Final = 3600
_OFTEN: Final = {"node": 5, "broker": 3, "hall": 2, "disk": 3, "outbox": 2, "clock": 3}
"""How often each kind of fault is drawn, beside the others."""


class Deed(NamedTuple):
    """Something that happens at ``at_s`` of a round: a fault, or the end of one."""

    at_s: float
    what: str
    where: str = ""
    how: str = ""


class Visit(NamedTuple):
    """Somebody is served at a counter, and may press when the buttons invite."""

    rest_s: float
    service: str
    press: int | None
    again: int | None
    """A second press, which counts for nothing."""


class Plan(NamedTuple):
    """All of a round."""

    faults: list[Deed]
    visits: dict[str, list[Visit]]
    cards: dict[str, list[float]]
    """Node -> when a card is held before its scanner."""


def plan(seed: int) -> Plan:
    """What happens in the round of ``seed``."""
    dice = random.Random(f"node round {seed}")
    faults = [deed for _ in range(dice.randint(2, 4)) for deed in _fault(dice)]
    visits = {
        node: [
            Visit(
                round(dice.uniform(0.0, 0.15), 3),
                dice.choice(SERVICES),
                dice.randint(1, 5) if dice.random() < 0.85 else None,
                dice.randint(1, 5) if dice.random() < 0.3 else None,
            )
            for _ in range(dice.randint(2, 5))
        ]
        for node in NODES
    }
    cards = {node: [round(dice.uniform(0, LASTS_S), 2)] * dice.randint(0, 1) for node in NODES}
    return Plan(sorted(faults), visits, cards)


def _fault(dice: random.Random) -> list[Deed]:
    at_s = round(dice.uniform(0.0, LASTS_S * 0.8), 2)
    until_s = round(at_s + dice.uniform(0.0, 0.5), 2)
    node = dice.choice(NODES)
    (kind,) = dice.choices(list(_OFTEN), list(_OFTEN.values()))
    if kind == "disk":
        return [Deed(at_s, "fill disk", node), Deed(until_s, "free disk", node)]
    if kind == "clock":
        jump_s = dice.choice([-30 * 24, -5, -1, 1, 3, 24 * 365]) * _HOUR_S
        back = [Deed(until_s, "set clock", node, "0")] if dice.random() < 0.5 else []
        return [Deed(at_s, "set clock", node, str(jump_s)), *back]
    if kind == "outbox":
        how = dice.choice(sorted(DAMAGES))
        return [
            Deed(at_s, "kill", node),
            Deed(at_s, "outbox", node, how),
            Deed(until_s, "start", node),
        ]
    part = node if kind == "node" else kind
    return [Deed(at_s, "kill", part), Deed(until_s, "start", part)]


class Outcome(NamedTuple):
    """What a round showed."""

    presses: int
    """Committed presses, accepted or not."""
    lit: int
    scans: int
    late: int
    """Presses whose lamp was lit and whom the hall noted as late: a clock was wrong."""
    aside: int
    """Promises that stayed in an outbox that was broken before the hall had them."""
    lost: list[str]
    doubled: list[str]
    wrong: list[str]

    @property
    def clean(self) -> bool:
        """True where nothing was found."""
        return not (self.lost or self.doubled or self.wrong)


class Player:
    """One house and those who come and go in it, over several rounds."""

    def __init__(self, folder: Path) -> None:
        self.house = NodeHouse(folder)
        try:
            self.house.start()
        except BaseException:
            self.house.close()
            raise
        self._clerks = {counter: self.house.clerk(counter) for counter in self.house.counters}
        self._panels = {node: self.house.panel(node) for node in NODES}
        self._promises: dict[tuple[str, int], Promise] = {}
        self._promised_by: Counter[str] = Counter()
        self._facts: dict[tuple[str, int], list[Fact]] = {}
        self._rated: Counter[str] = Counter()
        self._exposed: set[tuple[str, int]] = set()
        """Promises that the hall had not yet when their outbox was broken."""
        self._damaged: Counter[str] = Counter()
        self._lit = 0

    def close(self) -> None:
        """End it all."""
        self.house.close()

    # ------------------------------------------------------------------ playing

    def play(self, seed: int) -> Outcome:
        """One round."""
        drawn = plan(seed)
        before = len(self._promises)
        aside = len(self._missing())
        with Load() as load:
            for counter, clerk in self._clerks.items():
                node = f"counter-{counter}"
                load.add(self._visits(clerk, self._panels[node], drawn.visits[node], load.stop))
                load.add(self._cards(node, seed, drawn.cards[node], load.stop))
            self._faults(drawn.faults)
            for node in NODES:
                self.house.set_clock(node, 0)
            self._begin_all()
        self.house.wait_quiet()
        for counter, clerk in self._clerks.items():
            self._last_visit(clerk, self._panels[f"counter-{counter}"])
        self.house.wait_quiet()
        self._read_ledgers()
        findings = self._judge()
        fresh = list(self._promises.values())[before:]
        late = sum(
            isinstance(one.body, f.RatingRefused) and one.body.reason == "late"
            for promise in fresh
            if promise.accepted
            for one in self._facts.get(promise.name, [])
        )
        lit = sum(ledger.lamps for ledger in self.house.ledgers.values())
        was, self._lit = self._lit, lit
        return Outcome(
            sum(one.kind == "RatingPress" for one in fresh),
            lit - was,
            sum(one.kind == "Scan" for one in fresh),
            late,
            len(self._missing()) - aside,
            *findings,
        )

    def _visits(
        self, clerk: Clerk, panel: Panel, visits: Sequence[Visit], stop: threading.Event
    ) -> Callable[[], None]:
        def come_and_go() -> None:
            kiosk = self.house.kiosk()
            for visit in visits:
                if stop.wait(visit.rest_s) or not self._serve(clerk, kiosk, visit.service):
                    return
                if visit.press is not None:
                    panel.wait_invited(0.3)
                    panel.press(visit.press)
                if visit.again is not None:
                    panel.press(visit.again)

        return come_and_go

    def _last_visit(self, clerk: Clerk, panel: Panel) -> None:
        """After all that happened, the next citizen can rate."""
        if not self._serve(clerk, self.house.kiosk(), SERVICES[0]):
            return
        panel = self.house.panel(panel.node)  # the other's connection may be of a node now dead
        until(lambda: len(panel.lit()) > 1, f"{panel.node} invites", within_s=30)
        panel.press(3)
        until(lambda: panel.lit() == [3], f"{panel.node} takes a press", within_s=2)

    def _serve(self, clerk: Clerk, kiosk: Kiosk, service: str) -> bool:
        if kiosk.take(service) is None:
            return False
        for verb in ("call-next", "start", "finish"):
            code, _ = clerk.ask(verb)
            if code != "ok":
                clerk.seen.wrong(f"{clerk.id} was refused {verb}: {code}")
                return False
        return True

    def _cards(
        self, node: str, seed: int, times: Sequence[float], stop: threading.Event
    ) -> Callable[[], None]:
        def hold() -> None:
            for number, at_s in enumerate(times):
                stop.wait(at_s)
                self.house.hold_card(node, seed * 10 + number)

        return hold

    def _faults(self, deeds: Sequence[Deed]) -> None:
        began_s = time.monotonic()
        for deed in deeds:
            time.sleep(max(0.0, began_s + deed.at_s - time.monotonic()))
            self._do(deed)
        time.sleep(max(0.0, began_s + LASTS_S - time.monotonic()))

    def _do(self, deed: Deed) -> None:
        house, where = self.house, deed.where
        match deed.what:
            case "kill":
                house.broker.kill() if where == "broker" else self._program(where).kill()
            case "start":
                self._begin(where)
            case "fill disk":
                house.fill_disk(where)
            case "free disk":
                house.free_disk(where)
            case "set clock":
                house.set_clock(where, int(deed.how))
            case "outbox" if not house.nodes[where].running:
                self._read_ledgers()
                self._read_facts()
                self._exposed |= self._promises.keys() - self._facts.keys()
                self._damaged[where] += 1
                house.damage(where, deed.how)

    def _program(self, part: str) -> Program:
        return self.house.hall if part == "hall" else self.house.nodes[part]

    def _begin(self, part: str) -> None:
        if part == "broker":
            if not self.house.broker.running:
                self.house.broker.start()
        elif not self._program(part).running:
            self._program(part).kill()
            self._program(part).launch()

    def _begin_all(self) -> None:
        for node in NODES:
            self.house.free_disk(node)
        for part in ("broker", "hall", *NODES):
            self._begin(part)

    # ------------------------------------------------------------------ judging

    def _read_ledgers(self) -> None:
        for node, ledger in self.house.ledgers.items():
            promises = ledger.read()
            self._promises.update((one.name, one) for one in promises)
            self._promised_by[node] += sum(one.accepted for one in promises)

    def _read_facts(self) -> list[Fact]:
        facts = self.house.new_facts()
        for one in facts:
            if one.source:
                self._facts.setdefault((one.source.stream, one.source.seq), []).append(one)
        return facts

    def _missing(self) -> set[tuple[str, int]]:
        return self._promises.keys() - self._facts.keys()

    def _judge(self) -> tuple[list[str], list[str], list[str]]:
        reported = {name: len(found) for name, found in self._facts.items()}
        facts = self._read_facts()
        lost = [
            f"{self._promises[name].kind} {name[1]} of stream {name[0][:8]} is not in the journal"
            for name in sorted(self._missing() - self._exposed)
        ]
        doubled = [
            f"event {name[1]} of stream {name[0][:8]} is in the journal twice"
            for name, found in self._facts.items()
            if len(found) > reported.get(name, 0) and _is_twice(found)
        ]
        cut_off = sum(ledger.cut_off for ledger in self.house.ledgers.values())
        if (unknown := len(self._facts.keys() - self._promises.keys())) > cut_off:
            doubled.append(
                f"{unknown} events of no promise are in the journal, {cut_off} were cut off"
            )
        given = [one.body for one in facts if isinstance(one.body, f.RatingGiven)]
        self._rated.update(one.ticket for one in given)
        doubled += [
            f"ticket {one.ticket} was rated {self._rated[one.ticket]} times"
            for one in given
            if self._rated[one.ticket] > 1
        ]
        wrong = [*self.house.seen.wrongs]
        self.house.seen.wrongs.clear()
        for node in NODES:
            if self.house.seen.lamps[node] > self._promised_by[node]:
                wrong.append(f"people saw more lamps lit at {node} than it has promised presses")
            if not self._damaged[node] and (gaps := _gaps(facts, node)):
                wrong.append(f"{gaps} gaps in the stream of {node}, whose outbox nobody broke")
            if self.house.set_aside(node) > self._damaged[node]:
                wrong.append(f"{node} took an outbox for damaged that nobody broke")
        # told once; the next round begins from here
        self._exposed |= self._missing()
        return lost, doubled, wrong


def _is_twice(found: Sequence[Fact]) -> bool:
    apart = found[-1].id - found[0].id + 1 != len(found)
    return apart or max(Counter(type(one.body) for one in found).values()) > 1


def _gaps(facts: Sequence[Fact], node: str) -> int:
    return sum(isinstance(one.body, f.StreamGap) and one.body.node == node for one in facts)


# ---------------------------------------------------------------------- many rounds


class Sums:
    """What many rounds showed."""

    def __init__(self) -> None:
        self.rounds = self.presses = self.lit = self.scans = self.late = self.aside = 0
        self.lost = self.doubled = self.wrong = 0
        self.failing: list[int] = []

    def add(self, seed: int, outcome: Outcome) -> None:
        """One round more."""
        self.rounds += 1
        self.presses += outcome.presses
        self.lit += outcome.lit
        self.scans += outcome.scans
        self.late += outcome.late
        self.aside += outcome.aside
        self.lost += len(outcome.lost)
        self.doubled += len(outcome.doubled)
        self.wrong += len(outcome.wrong)
        if not outcome.clean:
            self.failing.append(seed)

    def told(self) -> str:
        """In one line."""
        seeds = " ".join(map(str, self.failing)) or "none"
        return (
            f"rounds {self.rounds}  presses {self.presses}  lit {self.lit}  scans {self.scans}  "
            f"lost {self.lost}  doubled {self.doubled}  wrong {self.wrong}  "
            f"late {self.late}  aside {self.aside}  failing {seeds}"
        )


def told(seed: int, outcome: Outcome) -> str:
    """A failed round in words, with how to have it again."""
    lines = [f"seed {seed}: make faults SEED={seed}"]
    lines += [f"  {deed}" for deed in plan(seed).faults]
    for name in ("lost", "doubled", "wrong"):
        lines += [f"  {name}: {finding}" for finding in getattr(outcome, name)[:20]]
    return "\n".join(lines)


def run(seeds: Sequence[int], parent: Path) -> Sums:
    """Play the rounds of ``seeds``, and say which failed; houses of those that did are kept."""
    sums = Sums()
    player: Player | None = None
    played = 0
    try:
        for seed in seeds:
            if player is None:
                player = Player(parent / f"from-{seed}")
                played = 0
            try:
                outcome = player.play(seed)
            except (AssertionError, OSError) as error:
                outcome = Outcome(0, 0, 0, 0, 0, [], [], [f"could not be ended: {error}"])
            sums.add(seed, outcome)
            played += 1
            if not outcome.clean:
                print(f"{told(seed, outcome)}\n  its files: {player.house.folder}", file=sys.stderr)
            if not outcome.clean or played == HOUSE_ROUNDS:
                player.close()
                if outcome.clean:
                    without(player.house.folder)
                player = None
            if sums.rounds % HOUSE_ROUNDS == 0:
                print(sums.told(), file=sys.stderr, flush=True)
    finally:
        if player is not None:
            player.close()
            without(player.house.folder)
    return sums


def main(words: list[str] | None = None) -> int:
    """Play rounds and print what they showed; 1 where one failed."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("rounds", type=int, help="how many rounds")
    parser.add_argument("--from-seed", type=int, default=1, help="the first round's seed")
    asked = parser.parse_args(words)
    parent = Path(tempfile.mkdtemp(prefix="motcua-node-faults-"))
    sums = run(range(asked.from_seed, asked.from_seed + asked.rounds), parent)
    print(sums.told())
    if sums.failing:
        return 1
    without(parent)
    return 0


if __name__ == "__main__":
    sys.exit(main())
