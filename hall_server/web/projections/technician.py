"""The technician's page: nodes, alarms, dead letters, and how the hall's own parts are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from hall_server.journal import DeadLetter
from hall_server.nodes import NodePresence
from hall_server.settings import Node
from hall_server.state import AlarmNote
from hall_server.web.projections.moment import Moment
from hall_server.web.views import (
    AlarmLine,
    DeadLetterLine,
    FailedStep,
    NodeCommandLine,
    NodeLine,
    NodeSettingsLine,
    SelfTestLine,
    TechnicianView,
)

ANSWER_WITHIN_MS: Final = 12_000
"""A command expires after 10 s; then no answer will come."""


class Engine(NamedTuple):
    """How the hall's own parts are, beside its state."""

    version: str
    nodes: Sequence[NodePresence]
    letters: Sequence[DeadLetter]
    letters_total: int
    broker_connected: bool
    paths_ms: Sequence[float]
    """Times of the latest presses and scans to after their commit, sorted."""
    journal_full: bool
    inbox_depth: int
    live_pages: int
    points_written: int | None
    spool_depth: int | None
    store_error: str | None


def technician(moment: Moment, nodes: Sequence[Node], engine: Engine) -> TechnicianView:
    """All of it; nodes of the settings that were never seen stand there as such."""
    return TechnicianView(
        moment.state.last_fact,
        moment.now_ms,
        moment.hall,
        engine.version,
        _nodes(moment, nodes, engine.nodes),
        _alarms(moment.state.alarms),
        [
            DeadLetterLine(letter.at_ms, letter.topic, letter.reason, letter.bytes)
            for letter in engine.letters
        ],
        engine.letters_total,
        "connected" if engine.broker_connected else "away",
        moment.state.last_fact,
        engine.journal_full,
        engine.inbox_depth,
        _percentile(engine.paths_ms, 50),
        _percentile(engine.paths_ms, 99),
        engine.live_pages,
        engine.points_written,
        engine.spool_depth,
        engine.store_error,
        _self_tests(moment, nodes),
    )


def _alarms(notes: Sequence[AlarmNote]) -> list[AlarmLine]:
    """Newest first; one that was ended, or raised anew since, stands no more."""
    lines: list[AlarmLine] = []
    spoken_of: set[tuple[str, str, str]] = set()
    for note in reversed(notes):
        about = (note.node, note.code, note.device)
        stands = note.raised and about not in spoken_of
        spoken_of.add(about)
        lines.append(AlarmLine(note.at_ms, *about, note.text, stands))
    return lines


def _self_tests(moment: Moment, nodes: Sequence[Node]) -> list[SelfTestLine]:
    notes = moment.state.self_tests
    return [
        SelfTestLine(
            node.id,
            note.at_ms,
            note.took_ms,
            note.by,
            note.passed,
            note.unattended,
            len(note.results),
            [FailedStep(one.device, one.step, one.text) for one in note.results if not one.ok],
        )
        for node in nodes
        if (note := notes.get(node.id)) is not None
    ]


def _percentile(ordered: Sequence[float], percent: int) -> float | None:
    if not ordered:
        return None
    return round(ordered[min(len(ordered) - 1, len(ordered) * percent // 100)], 2)


def _nodes(
    moment: Moment, settings: Sequence[Node], present: Sequence[NodePresence]
) -> list[NodeLine]:
    committed: Counter[str] = Counter()
    for position in moment.state.streams.values():
        committed[position.node] += position.events
    known = {presence.node: presence for presence in present}
    return [
        _line(moment, node, known.get(node.id) or NodePresence(node.id), committed[node.id])
        for node in settings
    ]


def _settings(moment: Moment, node: str, presence: NodePresence) -> NodeSettingsLine:
    wanted = moment.state.node_settings.get(node)
    applied = presence.applied
    version = wanted.version if wanted else 0
    # what a node says of another version than the one wanted is no answer to it
    is_told = applied is not None and applied.asked == version
    return NodeSettingsLine(
        version,
        wanted.text if wanted else "",
        wanted.by if wanted else "",
        applied.version if applied else None,
        applied.text if applied else "",
        applied.status if applied and is_told else "untold",
        applied.path if applied and is_told else "",
        applied.reason if applied and is_told else "",
    )


def _command(moment: Moment, presence: NodePresence) -> NodeCommandLine | None:
    note = presence.command
    if note is None:
        return None
    outcome: Literal["waiting", "done", "refused", "expired", "no_answer"] = "waiting"
    if note.answer is not None:
        outcome = note.answer.outcome
    elif moment.now_ms - note.asked_ms > ANSWER_WITHIN_MS:
        outcome = "no_answer"
    return NodeCommandLine(
        note.command,
        note.asked_ms,
        outcome,
        note.answer.reason if note.answer else "",
        note.answer.text if note.answer else "",
    )


def _line(moment: Moment, node: Node, presence: NodePresence, committed: int) -> NodeLine:
    state, health = presence.state, presence.health
    return NodeLine(
        node.id,
        node.kind,
        node.counter or None,
        "never_seen" if presence.last_seen_ms is None else (state.status if state else "online"),
        presence.last_seen_ms,
        state.version if state else "",
        list(state.devices) if state else [],
        health.outbox_depth if health else None,
        max(health.events_total, committed) if health else None,  # health comes each 30 s
        committed,
        health.clock_synchronised if health else None,
        presence.clock_offset_ms,
        health.temperature_c if health else None,
        health.disk_free_bytes if health else None,
        health.rss_bytes if health else None,
        list(health.notes) if health else [],
        node.panel_url or None,
        _settings(moment, node.id, presence),
        _command(moment, presence),
    )
