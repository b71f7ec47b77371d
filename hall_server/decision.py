"""What deciding a command gives: facts that happen, and an answer for whoever asked."""

from __future__ import annotations

from typing import NamedTuple

from hall_server.commands import Code, Outcome
from hall_server.facts import AnyBody


class Decision(NamedTuple):
    """Facts in their order (none for a refusal), and the answer."""

    facts: tuple[AnyBody, ...]
    outcome: Outcome


def refuse(code: Code, ticket: str | None = None) -> Decision:
    """Nothing happens, and why."""
    return Decision((), Outcome(code, ticket))


def accept(*facts: AnyBody, ticket: str | None = None) -> Decision:
    """These facts happen."""
    return Decision(facts, Outcome("ok", ticket))
