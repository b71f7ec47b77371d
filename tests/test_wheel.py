"""What is built to be installed elsewhere has all that the hall's pages need."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from hatch_build import NoTypeError, look_for_type

HOUSE = Path(__file__).resolve().parents[1]
TYPE = "hall_server/web/static/vendor/fonts.css"


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """The house as git keeps it, with next to nothing in its rooms."""
    house = tmp_path / "house"
    for name in (
        *("pyproject.toml", "hatch_build.py", ".gitignore"),
        *("README.md", "LICENSE", "motcua/__init__.py"),
    ):
        house.joinpath(name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(HOUSE / name, house / name)
    return house


def wheel_of(house: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "made"],
        cwd=house,
        capture_output=True,
        text=True,
    )


def test_a_wheel_without_the_pages_type_is_refused_with_what_to_do(house: Path) -> None:
    said = wheel_of(house)
    assert said.returncode != 0
    assert "run `make setup` first" in said.stderr
    assert not list(house.glob("made/*.whl"))


def test_a_wheel_carries_the_pages_type(house: Path) -> None:
    house.joinpath(TYPE).parent.mkdir(parents=True)
    house.joinpath(TYPE).write_text("@font-face {}", encoding="utf-8")
    said = wheel_of(house)
    assert said.returncode == 0, said.stderr
    (wheel,) = house.glob("made/*.whl")
    assert TYPE in zipfile.ZipFile(wheel).namelist()


def test_an_editable_install_needs_no_type_yet(house: Path) -> None:
    # `make setup` installs the house before it fetches the type
    look_for_type(house, "editable")
    with pytest.raises(NoTypeError):
        look_for_type(house, "standard")
