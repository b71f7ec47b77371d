"""The signed report of a self-test: a file for programs, a page for people, an event for the hall.

The files are written whole or not at all.  The event goes into the node's own outbox, so that the
hall gets it exactly once: the agent sends it when it starts again.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from devices.messages import SelfTest, StepResult

FOLDER: Final = "self-tests"
KEPT: Final = 50
"""Reports that stay on the node; the hall has them all."""
_SUFFIXES: Final = (".json", ".txt")


class Report(Struct, frozen=True):
    """What was gone through, what came of it, and who signs for it."""

    node: str
    hall: str
    version: str
    """Of the node's program."""
    by: str
    unattended: bool
    started_wall_ms: int
    finished_wall_ms: int
    clock_synchronised: bool
    """Whether the two times can be trusted."""
    passed: bool
    results: Sequence[StepResult]
    left_out: Sequence[str]
    """Devices that were not gone through, and why."""

    def event(self) -> SelfTest:
        """What the hall is told."""
        return SelfTest(
            self.started_wall_ms,
            self.finished_wall_ms,
            self.by,
            list(self.results),
            self.passed,
            self.unattended,
        )

    def as_json(self) -> str:
        """For programs."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2).decode() + "\n"

    def as_text(self) -> str:
        """For people: what can be printed and filed."""
        wide = max((len(f"{one.device} {one.step}") for one in self.results), default=0)
        doubt = "" if self.clock_synchronised else "  (đồng hồ chưa đúng / clock not set)"
        lines = [
            f"TỰ KIỂM TRA / SELF-TEST   {self.node} · {self.hall}   motcua {self.version}",
            f"{_moment(self.started_wall_ms)} – {_moment(self.finished_wall_ms)}{doubt}",
            "",
            *(
                f"{'✔' if one.ok else '✘'} {f'{one.device} {one.step}':<{wide}}  {one.text}"
                for one in self.results
            ),
            *(f"– {words}" for words in self.left_out),
            "",
            "ĐẠT / PASSED" if self.passed else "CHƯA ĐẠT / NOT PASSED",
            f"Ký tên / signed: {self.by}",
        ]
        return "\n".join(lines) + "\n"


def write(report: Report, data_dir: Path) -> Path:
    """Write both files into ``data_dir/self-tests`` and return the one for people.

    Raises:
        OSError: they are not on the disk.
    """
    folder = data_dir / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    name = _free_name(folder, report.finished_wall_ms)
    # the page for people last: where it is, the other is as well
    for suffix, text in zip(_SUFFIXES, (report.as_json(), report.as_text()), strict=True):
        _replace(folder / f"{name}{suffix}", text.encode())
    _sync(folder)
    for old in sorted(path.stem for path in folder.glob("*.txt"))[:-KEPT]:
        for suffix in _SUFFIXES:
            (folder / f"{old}{suffix}").unlink(missing_ok=True)
    return folder / f"{name}.txt"


def _free_name(folder: Path, wall_ms: int) -> str:
    """After the time; a clock that was set back must not write over an old report."""
    name = datetime.fromtimestamp(wall_ms / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
    for extra in ["", *(f"-{number}" for number in range(2, 1000))]:
        if not any((folder / f"{name}{extra}{suffix}").exists() for suffix in _SUFFIXES):
            return name + extra
    return name


def _replace(path: Path, data: bytes) -> None:
    draft = path.with_name(f".{path.name}.draft")
    try:
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    with suppress(OSError):  # a file system that cannot sync a folder
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _moment(wall_ms: int) -> str:
    return datetime.fromtimestamp(wall_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
