"""The one writer: takes a batch from its inbox, decides, commits, and only then publishes.

Web requests and MQTT events enter here and nowhere else.  After the commit, in this order: the
read-only view is swapped, those who asked get their answers, listeners are told.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from hall_server.commands import Command, Outcome, Tick
from hall_server.facts import AnyBody, BootTime, Fact, Source
from hall_server.hall import Hall
from hall_server.journal import DeadLetter, Journal, JournalError
from hall_server.ratings.windows import next_due_ms
from hall_server.state import State

log = logging.getLogger(__name__)

INBOX: Final = 20_000
"""Commands and events that may wait; beyond it commands are refused, events sent again later."""
BATCH: Final = 512
CROWD: Final = 16
LINGER_S: Final = 0.001
"""While many ask at once, a batch of fewer than CROWD waits so long for those right behind: one
commit for eight clicks costs little more than for one.  A single click or press never waits."""
TICK_S: Final = 1.0
SNAPSHOT_WHEN_IDLE: Final = 500
SNAPSHOT_AT_LATEST: Final = 20_000
"""Facts since the last snapshot, at rest and under load."""


class HallUnavailableError(Exception):
    """No work is taken; ``reason`` is ``busy``, ``disk``, ``fault``, ``slow`` or ``stopped``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Arrival(NamedTuple):
    """A device event that was let in: its command, and facts about its stream that go before."""

    command: Command
    source: Source
    happened_ms: int | None
    preceding: tuple[AnyBody, ...] = ()
    letter: DeadLetter | None = None
    """Where the event names itself and does not fit otherwise."""
    undated: BootTime | None = None
    """The device's own time, where it knew no other."""


class Committed(NamedTuple):
    """What one commit brought; ``view`` is the state after it."""

    facts: Sequence[Fact]
    view: State
    acks: dict[str, tuple[str, int]]
    """Stream -> (node, through): what may now be acknowledged."""


class Doorkeeper(Protocol):
    """Reads raw MQTT messages for the runtime; the gateway is one."""

    def admit(self, message: object, state: State) -> Arrival | DeadLetter | tuple[str, str] | None:
        """An arrival, a dead letter, (node, stream) whose position is to be said again, or None."""

    def refuse(
        self, message: object, state: State
    ) -> Arrival | DeadLetter | tuple[str, str] | None:
        """The same message once more, after deciding it failed: pass its event over."""


class Answer:
    """The outcome of one command, for the one who asked.

    A lock and no ``Future``: each click waits for one, and its turn at the interpreter with it.
    """

    __slots__ = ("_here", "_outcome")

    def __init__(self) -> None:
        self._here = threading.Lock()
        self._here.acquire()
        self._outcome: Outcome | HallUnavailableError | None = None

    def give(self, outcome: Outcome | HallUnavailableError) -> None:
        """Let who asked go on; the writer does it once."""
        self._outcome = outcome
        self._here.release()

    def result(self, timeout_s: float | None = None) -> Outcome:
        """Wait for the outcome.

        Raises:
            TimeoutError: it did not come in time; the command may still be done.
            HallUnavailableError: the command is not done.
        """
        if not self._here.acquire(timeout=-1 if timeout_s is None else timeout_s):
            raise TimeoutError
        self._here.release()
        if isinstance(self._outcome, Outcome):
            return self._outcome
        raise self._outcome or HallUnavailableError("fault")


class _Asked(NamedTuple):
    command: Command
    answer: Answer


class TellAnyway(NamedTuple):
    """Offered to have the listeners told after the next commit, also where nothing happened."""


@dataclass
class _Batch:
    """What one round of the writer brings, before it is on the disk."""

    facts: list[Fact] = field(default_factory=list)
    answers: list[tuple[Answer, Outcome]] = field(default_factory=list)
    acks: dict[str, str] = field(default_factory=dict)
    """Stream -> its node: positions to be said."""
    letters: list[DeadLetter] = field(default_factory=list)
    tell_anyway: bool = False


Listener = Callable[[Committed], None]


class Runtime:
    """Owns the hall and its journal in one thread."""

    def __init__(
        self,
        hall: Hall,
        journal: Journal,
        *,
        wall_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._hall = hall
        self._journal = journal
        self._wall_ms = wall_ms
        self._inbox: queue.SimpleQueue[_Asked | object] = queue.SimpleQueue()
        self._listeners: list[Listener] = []
        self._doorkeeper: Doorkeeper | None = None
        self._stopping = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hall-writer", daemon=True)
        self._since_snapshot = 0
        self._disk_full = False
        self._crowded = False
        self._due_ms: int | None = None
        """When the next window runs out, as of this round."""
        self.view: State = hall.state.view()
        """The state after the last commit; read-only, replaced by each commit."""
        self.beat_monotonic: float = time.monotonic()
        """When the writer last went round."""

    # ------------------------------------------------------------------ from other threads

    def listen(self, listener: Listener, *, first: bool = False) -> None:
        """Have ``listener`` called in the writer's thread after each commit; it must not block.

        ``first`` puts it before those that are there: people wait for what it tells.
        """
        self._listeners.insert(0 if first else len(self._listeners), listener)

    def admit_with(self, doorkeeper: Doorkeeper) -> None:
        """Let ``doorkeeper`` read the messages given to :meth:`offer`."""
        self._doorkeeper = doorkeeper

    def submit(self, command: Command) -> Answer:
        """Ask for ``command``; the answer holds its outcome once that is on the disk.

        Its ``result`` raises :class:`HallUnavailableError` where the journal takes nothing.

        Raises:
            HallUnavailableError: the inbox is full, or the hall is stopping.
        """
        if self._stopping.is_set():
            raise HallUnavailableError("stopped")
        if self._inbox.qsize() >= INBOX:
            raise HallUnavailableError("busy")
        asked = _Asked(command, Answer())
        self._inbox.put(asked)
        if self._ended.is_set():  # the writer went while this one came in
            self._send_away()
        return asked.answer

    def ask(self, command: Command, timeout_s: float = 5.0) -> Outcome:
        """:meth:`submit`, and wait.

        Raises:
            HallUnavailableError: not taken, or no answer in time (it may still happen: ask again
                with the same request id).
        """
        try:
            return self.submit(command).result(timeout_s)
        except TimeoutError:
            raise HallUnavailableError("slow") from None

    def offer(self, message: object) -> bool:
        """Give a raw device message; False where there is no room (its node sends it again)."""
        if self._inbox.qsize() >= INBOX:
            return False
        self._inbox.put(message)
        return True

    @property
    def disk_full(self) -> bool:
        """True while the journal takes nothing."""
        return self._disk_full

    @property
    def inbox_depth(self) -> int:
        """Commands and messages that wait."""
        return self._inbox.qsize()

    def start(self) -> None:
        """Start the writer."""
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Finish what is in the inbox, keep a snapshot, and end; may be called twice."""
        self._stopping.set()
        if self._thread.is_alive():
            self._inbox.put(None)
            self._thread.join(timeout_s)

    @property
    def alive(self) -> bool:
        """True while the writer goes round."""
        return self._thread.is_alive()

    # ------------------------------------------------------------------ the writer

    def _run(self) -> None:
        try:
            while True:
                batch = self._next_batch()
                self.beat_monotonic = time.monotonic()
                self._work([item for item in batch if item is not None])
                if self._stopping.is_set() and self._inbox.empty():
                    break
            self._snapshot()
        finally:
            self._ended.set()
            self._send_away()

    def _send_away(self) -> None:
        """Whoever still waits hears at once that nobody will do it."""
        try:
            while True:
                item = self._inbox.get_nowait()
                if isinstance(item, _Asked):
                    item.answer.give(HallUnavailableError("stopped"))
        except queue.Empty:
            return

    def _next_batch(self) -> list[_Asked | object]:
        try:
            batch = [self._inbox.get(timeout=self._until_due_s())]
        except queue.Empty:
            if self._since_snapshot >= SNAPSHOT_WHEN_IDLE:
                self._snapshot()
            self._journal.rest()
            self._crowded = False
            return []
        if self._crowded and self._inbox.qsize() < CROWD:
            time.sleep(LINGER_S)
        try:
            while len(batch) < BATCH:
                batch.append(self._inbox.get_nowait())
        except queue.Empty:
            pass
        self._crowded = len(batch) > 1
        return batch

    def _until_due_s(self) -> float:
        due = self._due_ms = next_due_ms(self._hall.state)
        if due is None or self._disk_full:  # a full disk is tried again, but not without rest
            return TICK_S
        return min(TICK_S, max(0.001, (due - self._wall_ms()) / 1000))

    def _work(self, items: list[_Asked | object]) -> None:
        try:
            batch = self._decide(items)
        except Exception:
            # The boundary of the writer: a fault in deciding one thing must not end the hall, nor
            # come again for ever.  Nothing of it is on the disk: go back, and find which it was.
            log.exception("deciding failed; going back to the journal")
            self._hall.state = self._journal.recover()
            if len(items) > 1:
                for item in items:
                    self._work([item])
            elif items:
                self._pass_over(items[0])
            return
        self._finish(batch)

    def _decide(self, items: list[_Asked | object]) -> _Batch:
        batch = _Batch()
        now_ms = self._wall_ms()
        if not items or (self._due_ms is not None and now_ms >= self._due_ms):
            batch.facts += self._hall.handle(Tick(request=""), now_ms).facts
        for item in items:
            if isinstance(item, _Asked):
                handled = self._hall.handle(item.command, now_ms)
                batch.facts += handled.facts
                batch.answers.append((item.answer, handled.outcome))
            elif isinstance(item, TellAnyway):
                batch.tell_anyway = True
            elif self._doorkeeper is not None:
                admitted = self._doorkeeper.admit(item, self._hall.state)
                self._take(admitted, now_ms, batch)
        return batch

    def _pass_over(self, item: _Asked | object) -> None:
        if isinstance(item, _Asked):
            item.answer.give(HallUnavailableError("fault"))
        elif self._doorkeeper is not None:
            batch = _Batch()
            self._take(self._doorkeeper.refuse(item, self._hall.state), self._wall_ms(), batch)
            self._finish(batch)

    def _take(
        self, admitted: Arrival | DeadLetter | tuple[str, str] | None, now_ms: int, batch: _Batch
    ) -> None:
        if isinstance(admitted, Arrival):
            batch.facts += self._hall.handle(
                admitted.command,
                now_ms,
                admitted.source,
                admitted.happened_ms,
                admitted.preceding,
                admitted.undated,
            ).facts
            stream = admitted.source.stream
            batch.acks[stream] = self._hall.state.streams[stream].node
            if admitted.letter is not None:
                batch.letters.append(admitted.letter)
        elif isinstance(admitted, DeadLetter):
            batch.letters.append(admitted)
        elif admitted is not None:
            node, stream = admitted
            batch.acks[stream] = node

    def _finish(self, batch: _Batch) -> None:
        if batch.facts and not self._commit(batch.facts):
            for answer, _ in batch.answers:
                answer.give(HallUnavailableError("disk"))
            if batch.tell_anyway:
                self._tell(Committed((), self.view, {}))
            return
        if batch.letters:
            self._bury(batch.letters)
        state = self._hall.state
        if batch.facts:
            self.view = state.view()
        for answer, outcome in batch.answers:
            answer.give(outcome)
        if batch.facts or batch.acks or batch.tell_anyway:
            through = {
                stream: (node, state.streams[stream].seq if stream in state.streams else 0)
                for stream, node in batch.acks.items()
            }
            self._tell(Committed(batch.facts, self.view, through))
        if self._since_snapshot >= SNAPSHOT_AT_LATEST:
            self._snapshot()

    def _commit(self, facts: list[Fact]) -> bool:
        try:
            self._journal.append(facts)
        except JournalError as error:
            if not self._disk_full:
                log.error("%s", error)
            self._disk_full = True
            # The facts are in the state but not in the journal: go back to what the disk holds.
            self._hall.state = self._journal.recover()
            return False
        if self._disk_full:
            log.warning("the journal takes facts again")
        self._disk_full = False
        self._since_snapshot += len(facts)
        return True

    def _bury(self, letters: list[DeadLetter]) -> None:
        try:
            self._journal.bury(letters)
        except JournalError as error:  # the count is lost, no fact is
            log.error("%s", error)

    def _snapshot(self) -> None:
        try:
            self._journal.save_snapshot(self._hall.state)
            self._since_snapshot = 0
        except JournalError as error:  # only a shortcut: opening takes longer without it
            log.warning("no snapshot: %s", error)

    def _tell(self, committed: Committed) -> None:
        for listener in self._listeners:
            try:
                listener(committed)
            except Exception:  # a listener's fault must not stop the one writer
                log.exception("a listener failed after the commit")
