"""The one program, on whatever terminal it is called."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize("letters", ["ascii", "latin-1", "utf-8"])
def test_a_terminal_without_vietnamese_letters_is_no_reason_to_fall(letters: str) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "motcua", "--help"],
        env={**os.environ, "PYTHONIOENCODING": letters},
        stdin=subprocess.DEVNULL,
        capture_output=True,
    )
    assert said.returncode == 0, said.stderr
    assert b"demo" in said.stdout
    assert ("Bộ phận một cửa".encode() in said.stdout) is (letters == "utf-8")
