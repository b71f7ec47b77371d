"""What the hall asks a node to do at once or not at all: show itself, test itself, start anew."""

from __future__ import annotations

import logging
import queue
import shutil
import subprocess
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from devices.messages import CommandAnswer, NodeCommand, decode, encode
from edge.link import Heard, Letter
from edge.loops import Loop

_log = logging.getLogger(__name__)

EXPIRES_MS: Final = 10_000
IDENTIFY_S: Final = 10.0
_REMEMBERED: Final = 64
_WAITING: Final = 16
_GRACE_S: Final = 0.5
"""Between the answer and the reboot, so that the answer leaves."""


class HallTime:
    """How old something with a time of the hall's is, without trusting the node's own clock.

    Of all that came on this connection, what took the shortest way tells how far the hall's clock
    is ahead of the node's monotonic one; whatever is further behind has waited so long.
    """

    def __init__(self) -> None:
        self._least_ms: int | None = None

    def begin(self) -> None:
        """A new connection: the hall may be another one, or its clock set anew."""
        self._least_ms = None

    def age_ms(self, hall_wall_ms: int, monotonic_us: int) -> int:
        """The age of what the hall sent at ``hall_wall_ms`` and came now; 0 for the freshest."""
        apart_ms = monotonic_us // 1000 - hall_wall_ms
        if self._least_ms is None or apart_ms < self._least_ms:
            self._least_ms = apart_ms
        return apart_ms - self._least_ms


class _Asked(NamedTuple):
    command: NodeCommand
    correlation: bytes | None
    age_ms: int
    came_us: int


class NodeCommands:
    """Does each command once, and answers; ``heard`` is called by the link, which never waits.

    ``identify(seconds)`` lets lamps and display show which node this is.  ``self_test()`` begins
    the steps that need nobody and returns what it begins, in words.  ``reboot`` is the program
    that starts the machine anew; it runs under systemd alone, where the node comes back by itself.
    """

    def __init__(
        self,
        *,
        monotonic_us: Callable[[], int],
        say: Callable[[Letter], None],
        identify: Callable[[float], None],
        self_test: Callable[[], Callable[[], str] | None],
        reboot: Sequence[str],
        under_systemd: bool,
    ) -> None:
        self._monotonic_us = monotonic_us
        self._say = say
        self._identify = identify
        self._self_test = self_test
        self._reboot = list(reboot)
        self._under_systemd = under_systemd
        self._inbox: queue.Queue[_Asked] = queue.Queue(_WAITING)
        self._answers: OrderedDict[str, CommandAnswer] = OrderedDict()
        self.hall_time: Final = HallTime()

    def heard(self, heard: Heard) -> None:
        """A command came.

        Raises:
            PayloadError: it does not fit.
        """
        command = decode(heard.payload, NodeCommand)
        now_us = self._monotonic_us()
        age_ms = self.hall_time.age_ms(command.sent_wall_ms, now_us)
        if not heard.live:
            age_ms = max(age_ms, EXPIRES_MS + 1)  # nobody may retain a command
        try:
            self._inbox.put_nowait(_Asked(command, heard.correlation, age_ms, now_us))
        except queue.Full:
            _log.warning("command %s left: too many at once", command.command)

    def run(self, loop: Loop) -> None:
        """The body of the loop."""
        while not loop.stopping.is_set():
            loop.beat()
            loop.well()
            try:
                asked = self._inbox.get(timeout=0.5)
            except queue.Empty:
                continue
            self._deal_with(asked)

    def _deal_with(self, asked: _Asked) -> None:
        command = asked.command
        waited_ms = (self._monotonic_us() - asked.came_us) // 1000
        answer = self._answers.get(command.id)
        is_new = answer is None
        if answer is None:
            if asked.age_ms + waited_ms > EXPIRES_MS:
                answer = CommandAnswer(
                    command.id, "expired", text="it came after more than 10 s: ask again"
                )
            else:
                answer = self._do(command)
            self._answers[command.id] = answer
            while len(self._answers) > _REMEMBERED:
                self._answers.popitem(last=False)
            _log.info("command %s: %s %s", command.command, answer.outcome, answer.reason)
        self._say(Letter("command/answer", encode(answer), asked.correlation))
        if is_new and command.command == "reboot" and answer.outcome == "done":
            time.sleep(_GRACE_S)
            self._start_anew()

    def _do(self, command: NodeCommand) -> CommandAnswer:
        match command.command:
            case "identify":
                self._identify(IDENTIFY_S)
                return CommandAnswer(command.id, "done")
            case "self-test":
                begin = self._self_test()
                if begin is None:
                    return _refused(
                        command, "no-self-test", "no device of this node tests itself from afar"
                    )
                return CommandAnswer(command.id, "done", text=begin()[:500])
            case "reboot":
                return self._may_reboot(command)

    def _may_reboot(self, command: NodeCommand) -> CommandAnswer:
        if not self._reboot:
            return _refused(
                command,
                "no-reboot-command",
                "set node.reboot_command in the node's own file, then ask again",
            )
        if not self._under_systemd:
            return _refused(
                command, "not-under-systemd", "it would not come back by itself: run it as a unit"
            )
        if shutil.which(self._reboot[0]) is None:
            return _refused(
                command,
                "no-such-program",
                f"node.reboot_command: there is no program {self._reboot[0]}",
            )
        return CommandAnswer(command.id, "done")

    def _start_anew(self) -> None:
        try:
            subprocess.Popen(self._reboot)
        except OSError as error:
            _log.error("reboot: %s: check node.reboot_command", error.strerror)


def _refused(command: NodeCommand, reason: str, text: str) -> CommandAnswer:
    return CommandAnswer(command.id, "refused", reason, text)
