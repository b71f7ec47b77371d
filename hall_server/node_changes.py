"""How facts about nodes and their streams change what a hall knows; part of ``changes.py``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from msgspec.structs import replace

from hall_server import facts as f
from hall_server.clocks import credible_ms, wall_ms
from hall_server.facts import Fact
from hall_server.state import AlarmNote, SelfTestNote, State, StreamPosition, WantedSettings
from hall_server.streams import oldest_beyond

RECENT_ALARMS: Final = 50


def _node_alarm(state: State, fact: Fact, body: f.NodeAlarm) -> None:
    at_ms = credible_ms(fact.happened_ms, fact.at_ms)
    note = AlarmNote(at_ms, body.node, body.code, body.device, body.text, body.raised, fact.undated)
    state.alarms = [*state.alarms, note]
    if len(state.alarms) > RECENT_ALARMS:
        # of the node that has the most: one that raises them without end hides no other's
        count = Counter(one.node for one in state.alarms)
        most = max(count.values())
        first = next(place for place, one in enumerate(state.alarms) if count[one.node] == most)
        state.alarms.pop(first)


def _node_clock_set(state: State, fact: Fact, body: f.NodeClockSet) -> None:
    state.alarms = [
        replace(
            note,
            at_ms=credible_ms(wall_ms(note.undated, body.offset_us), note.at_ms),
            undated=None,
        )
        if note.node == body.node and note.undated is not None and note.undated.boot == body.boot
        else note
        for note in state.alarms
    ]
    one = state.self_tests.get(body.node)
    if one is not None and one.undated is not None and one.undated.boot == body.boot:
        at_ms = credible_ms(wall_ms(one.undated, body.offset_us), one.at_ms)
        state.self_tests[body.node] = replace(one, at_ms=at_ms, undated=None)


def _node_self_test(state: State, fact: Fact, body: f.NodeSelfTest) -> None:
    before = state.self_tests.get(body.node)
    of_day = before.of_day if before is not None and before.day == state.day else 0
    state.self_tests[body.node] = SelfTestNote(
        credible_ms(fact.happened_ms, fact.at_ms),
        max(0, body.finished_ms - body.started_ms),
        body.by,
        body.passed,
        body.unattended,
        body.results,
        fact.undated,
        state.day,
        of_day + 1,
    )


def _node_settings_wanted(state: State, fact: Fact, body: f.NodeSettingsWanted) -> None:
    state.node_settings[body.node] = WantedSettings(body.version, body.text, body.by, fact.at_ms)


def _event_unreadable(state: State, fact: Fact, body: f.EventUnreadable) -> None:
    """Only its stream moves on."""


def _stream_began(state: State, fact: Fact, body: f.StreamBegan) -> None:
    if fact.source is None:
        return
    forgotten = oldest_beyond(state, body.node)
    events = state.streams.pop(forgotten).events if forgotten else 0
    state.streams[fact.source.stream] = StreamPosition(
        body.node, body.first_seq - 1, events, state.day, fact.at_ms
    )


def _stream_gap(state: State, fact: Fact, body: f.StreamGap) -> None:
    if fact.source and (position := state.streams.get(fact.source.stream)):
        state.streams[fact.source.stream] = replace(position, seq=body.through_seq)


APPLY: Final[dict[type[Any], Callable[[State, Fact, Any], None]]] = {
    f.NodeAlarm: _node_alarm,
    f.NodeClockSet: _node_clock_set,
    f.NodeSelfTest: _node_self_test,
    f.NodeSettingsWanted: _node_settings_wanted,
    f.EventUnreadable: _event_unreadable,
    f.StreamBegan: _stream_began,
    f.StreamGap: _stream_gap,
}
"""Each kind of fact about a node, and what it changes."""
