"""The demo's page in the docs knows every option, every count and every file."""

from __future__ import annotations

import argparse
from pathlib import Path

from motcua.demo.command import add_arguments
from motcua.demo.layout import OWN_NAMES
from motcua.demo.running import Result
from motcua.demo.telling import RESULT, farewell

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


def test_every_count_has_a_name_in_both_languages_on_the_terminal() -> None:
    assert tuple(RESULT) == Result._fields
    assert all(name.count(" / ") == 1 for name in RESULT.values())


def test_the_end_of_a_run_is_told_in_words_and_not_in_keys() -> None:
    told = farewell(Result(12, 11, 10, 6, 4, 20, 20, 300, 0, 0, 3.14, None)._asdict())
    assert "Lượt lấy số / Tickets taken" in told
    assert "3,1 ms" in told
    assert "chưa đo / not measured" in told
    assert not any(name in told for name in Result._fields if "_" in name)


def test_every_file_is_named() -> None:
    for name in OWN_NAMES:
        known = "node-*.toml" if name.startswith("node-") else name
        assert f"`{known}`" in PAGE or f"`{known}/" in PAGE, name
