"""What the simulated clerks of an earlier run left at counters that nobody simulates now.

The citizen before such a counter has gone with that run, so the visit is put aside and the clerk
signs out, with the commands and the PIN of that clerk.  What a person at the screen left is hers.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from typing import Final

from hall_server.facts import Fact
from motcua.demo.doors import SIMULATED, Browser, DoorError
from motcua.demo.layout import Layout
from motcua.demo.ledger import Ledger

_log = logging.getLogger(__name__)

PATIENCE_S: Final = 2.0
REASON: Final = "Người dân đã về khi buổi chạy thử trước dừng"


def last_hands(facts: Iterable[Fact]) -> dict[str, str]:
    """Counter -> the simulated clerk who did the last thing there; none where a person did it."""
    hands: dict[str, str] = {}
    for fact in facts:
        counter = getattr(fact.body, "counter", None)
        if counter is None or fact.request is None or not fact.request.startswith("c:"):
            continue  # c: is a clerk's console; phones and devices tell nothing of who sits there
        _, clerk, _, drawn = fact.request.split(":")
        if drawn.startswith(SIMULATED):
            hands[counter] = clerk
        else:
            hands.pop(counter, None)
    return hands


def clear(
    layout: Layout, ledger: Ledger, counters: Iterable[str], facts: Callable[[], Iterable[Fact]]
) -> None:
    """Put aside what simulated clerks left at ``counters``; ``facts`` are those of the day.

    A hall that does not answer keeps it.
    """
    browser = Browser(layout.web_port, threading.Event(), patience_s=PATIENCE_S)
    try:
        left = [
            one
            for one in counters
            if browser.get(f"/api/view/counter/{one}").body.get("phase")
            in ("called", "serving", "paused")
        ]
        hands = last_hands(facts()) if left else {}
        for counter in left:
            if (clerk := hands.get(counter)) in layout.pins:
                _clear(layout, ledger, counter, clerk)
    except DoorError as error:
        _log.warning("the counters are as the last run left them: %s", error)


def _clear(layout: Layout, ledger: Ledger, counter: str, clerk: str) -> None:
    browser = Browser(layout.web_port, threading.Event(), patience_s=PATIENCE_S)
    if not browser.sign_in("clerk", clerk, layout.pins[clerk], counter).ok:
        return
    if ticket := browser.get("/api/view/clerk").body.get("ticket"):
        called = ticket["phase"] == "called"
        verb, body = ("no-show", {}) if called else ("park", {"reason": REASON})
        answer, request = browser.post(f"/api/clerk/{verb}", body)
        if answer.ok:
            ledger.done(request, verb)
        else:
            ledger.refused(answer.code)
    browser.post("/clerk/sign-out")
