"""The hall: commands and device events in, facts out.  Pure: no I/O, no clock, no thread."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from hall_server import commands as c
from hall_server import facts as f
from hall_server.catalogue import Catalogue
from hall_server.changes import apply
from hall_server.commands import Command, Outcome
from hall_server.decision import Decision, accept
from hall_server.facts import AnyBody, BootTime, Fact, Source
from hall_server.identity import showing
from hall_server.queue import counters, presence, serving, slips, taking
from hall_server.ratings import windows
from hall_server.state import LIVE, State

SELF_TESTS_A_DAY: Final = 100
"""Of a node.  They are the longest facts by far, and are not to fill a disk."""
Decide = Callable[[Catalogue, State, Any, int], Decision]


def _alarm(hall: Catalogue, state: State, command: c.AlarmRaised, now_ms: int) -> Decision:
    return accept(
        f.NodeAlarm(command.node, command.code, command.device, command.text, command.raised)
    )


def _clock_set(hall: Catalogue, state: State, command: c.ClockSetSeen, now_ms: int) -> Decision:
    return accept(f.NodeClockSet(command.node, command.boot, command.offset_us))


def _self_test(hall: Catalogue, state: State, command: c.SelfTestSeen, now_ms: int) -> Decision:
    before = state.self_tests.get(command.node)
    if before is not None and before.day == state.day and before.of_day >= SELF_TESTS_A_DAY:
        return accept(f.EventUnreadable(command.node))
    return accept(
        f.NodeSelfTest(
            command.node,
            command.started_ms,
            command.finished_ms,
            command.by,
            command.results,
            command.passed,
            command.unattended,
        )
    )


def _want_settings(hall: Catalogue, state: State, command: c.WantSettings, now_ms: int) -> Decision:
    before = state.node_settings.get(command.node)
    # the same text once more is a new wish: a node that refused it tries a new version alone
    version = before.version + 1 if before else 1
    return accept(f.NodeSettingsWanted(command.node, version, command.text, command.by))


def _unreadable(hall: Catalogue, state: State, command: c.UnreadableSeen, now_ms: int) -> Decision:
    return accept(f.EventUnreadable(command.node))


def _tick(hall: Catalogue, state: State, command: c.Tick, now_ms: int) -> Decision:
    return accept(*windows.close_due(state, now_ms), *presence.pause_due(state))


DECIDE: Final[dict[type[Command], Decide]] = {
    c.TakeTicket: taking.take,
    c.GivePriority: taking.give_priority,
    c.CancelTicket: taking.cancel,
    c.AskMoreTime: taking.more_time,
    c.PrintSlip: slips.print_slip,
    c.SlipSeen: slips.printed,
    c.OpenCounter: counters.open_counter,
    c.PauseCounter: counters.pause,
    c.ResumeCounter: counters.resume,
    c.CloseCounter: counters.close,
    c.CallNext: serving.call_next,
    c.CallTicket: serving.call_ticket,
    c.Recall: serving.recall,
    c.StartService: serving.start,
    c.FinishService: serving.finish,
    c.UndoFinish: serving.undo_finish,
    c.MarkNoShow: serving.no_show,
    c.ParkTicket: serving.park,
    c.UnparkTicket: serving.unpark,
    c.TransferTicket: serving.transfer,
    c.RateByPhone: windows.rate_by_phone,
    c.Tick: _tick,
    c.PressSeen: windows.press,
    c.CardShown: showing.card,
    c.TicketShown: showing.ticket,
    c.ProcedureShown: showing.procedure,
    c.WrongCardShown: showing.wrong_card,
    c.PresenceSeen: presence.seen,
    c.AlarmRaised: _alarm,
    c.ClockSetSeen: _clock_set,
    c.SelfTestSeen: _self_test,
    c.WantSettings: _want_settings,
    c.UnreadableSeen: _unreadable,
}
"""Every command and the function that decides it."""


class Handled(NamedTuple):
    """What a command led to: facts, already in the state, and the answer."""

    facts: list[Fact]
    outcome: Outcome


class Hall:
    """A hall's rules and state; one thread owns it."""

    def __init__(self, catalogue: Catalogue, state: State | None = None) -> None:
        self.catalogue = catalogue
        self.state = state or State()

    def handle(
        self,
        command: Command,
        now_ms: int,
        source: Source | None = None,
        happened_ms: int | None = None,
        preceding: tuple[AnyBody, ...] = (),
        undated: BootTime | None = None,
    ) -> Handled:
        """Decide ``command`` at ``now_ms`` (wall time, UTC) and change the state by its facts.

        ``source`` names the device event it came from, ``preceding`` facts about that event's
        stream which go before, ``undated`` its time where the device knew no other.  A request id
        seen today or yesterday gets its first answer.
        """
        state = self.state
        now_ms = max(now_ms, state.last_ms)
        facts: list[Fact] = []
        day = day_at(self.catalogue, state, now_ms)
        if day > state.day:
            left = sum(ticket.phase in LIVE for ticket in state.tickets.values())
            self._happen(facts, f.DayOpened(day, left), now_ms)
        for body in preceding:
            self._happen(facts, body, now_ms, source)
        if command.request:
            for seen in (state.requests, state.old_requests):
                if command.request in seen:
                    return Handled(facts, Outcome("ok", seen[command.request]))
        decision = DECIDE[type(command)](self.catalogue, state, command, now_ms)
        for number, body in enumerate(decision.facts, 1):
            # the last fact is what was asked for; those before it only make room
            request = command.request if number == len(decision.facts) else None
            self._happen(facts, body, now_ms, source, request or None, happened_ms, undated)
        return Handled(facts, decision.outcome)

    def _happen(
        self,
        facts: list[Fact],
        body: AnyBody,
        now_ms: int,
        source: Source | None = None,
        request: str | None = None,
        happened_ms: int | None = None,
        undated: BootTime | None = None,
    ) -> None:
        fact = Fact(self.state.last_fact + 1, now_ms, body, source, request, happened_ms, undated)
        apply(self.state, fact)
        facts.append(fact)


def day_at(hall: Catalogue, state: State, now_ms: int) -> str:
    """The hall's day at ``now_ms``: the local date, or the day that has begun already.

    Never back, whatever the clock or its offset: numbers would repeat.
    """
    return max(state.day, local_day(now_ms, hall.queue.utc_offset_minutes))


def local_day(at_ms: int, utc_offset_minutes: int) -> str:
    """The local date, ``2026-11-23``."""
    return datetime.fromtimestamp(at_ms / 1000 + utc_offset_minutes * 60, UTC).date().isoformat()
