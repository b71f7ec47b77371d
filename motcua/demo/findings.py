"""What a run of the demo did, counted, and what was lost or doubled in it, each in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import Final, NamedTuple

from hall_server import facts as f
from hall_server.facts import Fact
from motcua.demo.ledger import Seen
from motcua.demo.outboxes import Given


class Events(NamedTuple):
    """The device events of a run."""

    published: int
    committed: int
    lost: Counter[str]


class Findings(NamedTuple):
    """Lost and doubled things: a line for a person, and how many it stands for."""

    lost: Counter[str]
    doubled: Counter[str]

    def __add__(self, other: object) -> Findings:
        """Both together."""
        if not isinstance(other, Findings):
            return NotImplemented
        return Findings(self.lost + other.lost, self.doubled + other.doubled)


class Counts(NamedTuple):
    """What happened, by the journal."""

    visits_opened: int
    called: int
    finished: int
    ratings: int
    scans: int


COUNTED: Final[dict[str, type[f.Body]]] = {
    "visits_opened": f.TicketTaken,
    "called": f.TicketCalled,
    "finished": f.ServiceFinished,
    "ratings": f.RatingGiven,
    "scans": f.ScanHandled,
}


def count(facts: Iterable[Fact]) -> Counts:
    """Count the facts of a run; an undone finish is none."""
    kinds: Counter[type[f.Body]] = Counter(type(fact.body) for fact in facts)
    counts = {name: kinds[kind] for name, kind in COUNTED.items()}
    counts["finished"] -= kinds[f.FinishUndone]
    return Counts(**counts)


def events_of(
    before: Mapping[str, Given | None],
    after: Mapping[str, Given | None],
    journalled: Mapping[str, Set[int]],
) -> Events:
    """Hold what each outbox gave out against ``journalled``: stream -> numbers in the journal.

    ``before`` and ``after`` are node -> its outbox at the run's two ends; what waited in one at
    the beginning belongs to the run.
    """
    published = committed = 0
    lost: Counter[str] = Counter()
    for node, given in after.items():
        if given is None:
            continue
        begin = before.get(node)
        first = given.first_seq
        if begin is not None and begin.stream == given.stream:
            first = begin.last_seq - begin.waiting + 1
        out = set(range(first, given.last_seq + 1))
        held = set(range(given.last_seq - given.waiting + 1, given.last_seq + 1))
        kept = out & journalled.get(given.stream, frozenset())
        published += len(out)
        committed += len(kept)
        lost.update(f"event {seq} of {node} is nowhere" for seq in sorted(out - kept - held))
    return Events(published, committed, lost)


def compare(
    seen: Seen, facts: Sequence[Fact], after_id: int = 0, waiting_events: int = 0
) -> Findings:
    """Hold what people saw against ``facts``: all from the start of the run's first day.

    The run's own are those above ``after_id``; ``waiting_events`` still wait in outboxes.
    """
    own = [fact for fact in facts if fact.id > after_id]
    return Findings(
        Counter([*_lost_tickets(seen, facts), *_lost_requests(seen, facts)])
        + _lost_presses(seen, own, waiting_events),
        Counter(
            [
                *_events_twice(facts),
                *_requests_twice(facts),
                *_numbers_twice(facts),
                *_calls_twice(facts),
                *_ratings_twice(facts),
            ]
        ),
    )


def _lost_tickets(seen: Seen, facts: Iterable[Fact]) -> Iterator[str]:
    known = {fact.body.token for fact in facts if isinstance(fact.body, f.TicketTaken)}
    for token, number in seen.tickets.items():
        if token not in known:
            yield f"ticket {number} was given to a citizen and is not in the journal"


def _request_of(fact: Fact) -> str | None:
    """The request id as its page drew it: the hall puts who and what before it."""
    return fact.request.rpartition(":")[2] if fact.request else None


def _lost_requests(seen: Seen, facts: Iterable[Fact]) -> Iterator[str]:
    known = {_request_of(fact) for fact in facts}
    for request, what in seen.requests.items():
        if request not in known:
            yield f"{what} was answered with yes and is not in the journal"


def _lost_presses(seen: Seen, facts: Iterable[Fact], waiting: int) -> Counter[str]:
    """Each lit lamp has a press behind it that the journal took or refused."""
    told: Counter[str] = Counter()
    for fact in facts:
        body = fact.body
        if (isinstance(body, f.RatingGiven) and body.via == "buttons") or isinstance(
            body, f.RatingRefused
        ):
            told[body.counter or ""] += 1
    return Counter(
        {
            f"presses at counter {counter} lit their lamp and are nowhere": missing
            for counter, lit in seen.lamps.items()
            if (missing := lit - told[counter] - waiting) > 0
        }
    )


def _events_twice(facts: Iterable[Fact]) -> Iterator[str]:
    """An event's facts stand together, each kind once."""
    groups: dict[tuple[str, int], list[Fact]] = {}
    for fact in facts:
        if fact.source is not None:
            groups.setdefault((fact.source.stream, fact.source.seq), []).append(fact)
    for (stream, seq), group in groups.items():
        together = group[-1].id - group[0].id + 1 == len(group)
        kinds = Counter(type(fact.body) for fact in group)
        if not together or max(kinds.values()) > 1:
            yield f"event {seq} of stream {stream[:8]} has its effects twice"


def _requests_twice(facts: Iterable[Fact]) -> Iterator[str]:
    times = Counter(fact.request for fact in facts if fact.request)
    for request, often in times.items():
        if often > 1:
            yield f"request {request.rpartition(':')[0]} was done {often} times"


def _numbers_twice(facts: Iterable[Fact]) -> Iterator[str]:
    today: set[str] = set()
    for fact in facts:
        if isinstance(fact.body, f.DayOpened):
            today.clear()
        elif isinstance(fact.body, f.TicketTaken):
            if fact.body.number in today:
                yield f"number {fact.body.number} was given twice in a day"
            today.add(fact.body.number)


def _calls_twice(facts: Iterable[Fact]) -> Iterator[str]:
    """A ticket that a counter has called is nobody else's until that counter lets go of it."""
    at: dict[str, str] = {}
    for fact in facts:
        match fact.body:
            case f.TicketCalled(ticket=ticket, counter=counter):
                if ticket in at:
                    yield f"ticket {ticket} was called by {counter} while {at[ticket]} had it"
                at[ticket] = counter
            case f.FinishUndone(ticket=ticket, counter=counter):
                at[ticket] = counter
            case (
                f.ServiceFinished(ticket=ticket)
                | f.NoShow(ticket=ticket)
                | f.TicketParked(ticket=ticket)
                | f.TicketTransferred(ticket=ticket)
                | f.TicketCancelled(ticket=ticket)
            ):
                at.pop(ticket, None)
            case f.DayOpened():
                at.clear()


def _ratings_twice(facts: Iterable[Fact]) -> Iterator[str]:
    times = Counter(fact.body.ticket for fact in facts if isinstance(fact.body, f.RatingGiven))
    for ticket, often in times.items():
        if often > 1:
            yield f"ticket {ticket} has {often} ratings"
