"""The demo's page in the docs knows every option, every count and every file."""

from __future__ import annotations

import argparse
from pathlib import Path

from motcua.demo.command import add_arguments
from motcua.demo.layout import OWN_NAMES
from motcua.demo.running import Result

PAGE = (Path(__file__).parents[2] / "docs" / "demo.md").read_text(encoding="utf-8")


def test_every_option_has_a_line() -> None:
    parser = argparse.ArgumentParser(add_help=False)
    add_arguments(parser)
    for line in parser.format_help().splitlines():
        word = line.split()[0] if line.split() else ""
        if line.startswith("  --"):
            assert f"| `{word}" in PAGE, word


def test_every_count_is_defined() -> None:
    for name in Result._fields:
        assert f"`{name}`" in PAGE, name


def test_every_file_is_named() -> None:
    for name in OWN_NAMES:
        known = "node-*.toml" if name.startswith("node-") else name
        assert f"`{known}`" in PAGE or f"`{known}/" in PAGE, name
