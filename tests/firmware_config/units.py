"""A disk of a node on which systemd itself says what it thinks of our units."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

needs_systemd = pytest.mark.skipif(
    not (shutil.which("systemd-analyze") and shutil.which("systemd-notify")),
    reason="this machine has no systemd",
)


def disk_with(root: Path, units: Iterable[Path], programs: Iterable[str]) -> Path:
    """``root`` with systemd's own units, ``units``, and ``programs`` that they start."""
    shutil.copytree("/usr/lib/systemd/system", root / "usr/lib/systemd/system", symlinks=True)
    ours = root / "etc/systemd/system"
    ours.mkdir(parents=True)
    for unit in units:
        shutil.copy(unit, ours)
    for program in programs:
        path = root / program
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    return root


def verified(root: Path, *units: str) -> tuple[int, str]:
    """(status, errors) of ``systemd-analyze verify``."""
    done = subprocess.run(
        ["systemd-analyze", "verify", f"--root={root}", "--recursive-errors=no", *units],
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stderr
