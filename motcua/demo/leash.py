"""Runs a program that the kernel ends when the demo ends, however that comes.

``python -I -S leash.py PARENT PROGRAM ARGUMENTS...``: run as a file and not as a module, so that
it costs a child no more than a bare interpreter.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import Final

_PR_SET_PDEATHSIG: Final = 1


def main() -> None:
    """Take the leash, then become the program."""
    parent, program = int(sys.argv[1]), sys.argv[2:]
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
    # the demo may have ended before the leash was on
    if os.getppid() != parent:
        sys.exit("the demo has ended")
    os.execvp(program[0], program)  # noqa: S606  (no shell is meant)


if __name__ == "__main__":
    main()
