"""A fresh machine gets the same versions as the last one, from its own registries."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HOUSE = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((HOUSE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REQUIREMENTS = [
    Requirement(line)
    for lines in (PROJECT["dependencies"], *PROJECT["optional-dependencies"].values())
    for line in lines
    if not line.startswith("motcua[")
]


def pins() -> dict[str, str]:
    lines = (HOUSE / "requirements/constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("==") for line in lines if not line.startswith("#"))
    return {canonicalize_name(name): version for name, version in pairs}


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=str)
def test_every_dependency_has_bounds_and_a_pin_within_them(requirement: Requirement) -> None:
    assert "<" in str(requirement.specifier), "give it an upper bound in pyproject.toml"
    pinned = pins().get(canonicalize_name(requirement.name))
    assert pinned, "it has no pin: run `make lock`"
    assert requirement.specifier.contains(pinned), "the pin is out of bounds: run `make lock`"


LOADED_BY_OTHERS = {
    "httptools": "uvicorn's parser, which hall_server/web/connection.py builds on",
    "lgpio": "gpiozero's way to the pins of a Raspberry Pi",
    "uvloop": "uvicorn's loop, where it is there",
}


def test_every_dependency_of_node_and_hall_is_used() -> None:
    imported: set[str] = set()
    for room in ("devices", "edge", "hall_server", "motcua"):
        for file in (HOUSE / room).rglob("*.py"):
            text = file.read_text(encoding="utf-8")
            imported.update(re.findall(r"^\s*(?:import|from) (\w+(?:\.\w+)?)", text, re.MULTILINE))
    modules: dict[str, set[str]] = {}
    for module, names in packages_distributions().items():
        for name in names:
            modules.setdefault(canonicalize_name(name), set()).add(module)
    modules |= {
        "luma-core": {"luma.core"},
        "luma-led-matrix": {"luma.led_matrix"},
        "luma-oled": {"luma.oled"},
    }
    imported |= {module.partition(".")[0] for module in imported}
    extras = PROJECT["optional-dependencies"]
    for line in [*PROJECT["dependencies"], *extras["node"], *extras["hall"]]:
        name = canonicalize_name(Requirement(line).name)
        if name not in LOADED_BY_OTHERS:
            assert modules.get(name, set()) & imported, f"{name}: nothing imports it, drop it"


def test_the_pins_name_no_machine_and_no_registry() -> None:
    text = (HOUSE / "requirements/constraints.txt").read_text(encoding="utf-8")
    for line in text.splitlines()[1:]:
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.+!]*", line)


def test_the_web_assets_are_pinned_with_their_sums_and_without_addresses() -> None:
    text = (HOUSE / "hall_server/web/assets/package-lock.json").read_text(encoding="utf-8")
    assert "http" not in text
    packages = json.loads(text)["packages"]
    assert all(one["integrity"] for name, one in packages.items() if name)
    wanted = packages[""]["dependencies"] | packages[""]["devDependencies"]
    for name, version in wanted.items():
        assert packages[f"node_modules/{name}"]["version"] == version


def test_the_pages_have_their_type_for_every_vietnamese_letter() -> None:
    vendor = HOUSE / "hall_server/web/static/vendor"
    sheet = (vendor / "fonts.css").read_text(encoding="utf-8")
    rules = re.findall(r"@font-face {.*?}", sheet, re.DOTALL)
    for weight in ("400", "500", "600", "700", "800"):
        covered: set[int] = set()
        for rule in rules:
            if f"font-weight: {weight};" not in rule:
                continue
            source = re.search(r"url\((fonts/[a-z0-9-]+\.woff2)\)", rule)
            assert source
            assert (vendor / source.group(1)).read_bytes()[:4] == b"wOF2"
            for low, high in re.findall(r"U\+([0-9A-F]+)(?:-([0-9A-F]+))?", rule):
                covered.update(range(int(low, 16), int(high or low, 16) + 1))
        letters = "aăâbcdđeêghiklmnoôơpqrstuưvxyáàảãạắằẳẵặấầẩẫậéèẻẽẹếềểễệíìỉĩịóòỏõọốồổỗộớờởỡợ"
        letters += "úùủũụứừửữựýỳỷỹỵ0123456789 .,:;–…₫%"
        assert {ord(one) for one in letters + letters.upper()} <= covered
    assert "http" not in sheet


def test_the_makefile_lists_every_command_of_its_own() -> None:
    makefile = (HOUSE / "Makefile").read_text(encoding="utf-8")
    said = subprocess.run(
        ["make", "help"], cwd=HOUSE, capture_output=True, text=True, check=True
    ).stdout
    for target in re.findall(r"^([a-z]+):", makefile, re.MULTILINE):
        assert f"make {target}" in said


@pytest.mark.parametrize("script", ["scripts/setup.sh", "scripts/lock.sh", ".ci/run"])
def test_the_scripts_are_bash_that_stops_at_the_first_fault(script: str) -> None:
    text = (HOUSE / script).read_text(encoding="utf-8")
    assert text.startswith("#!/usr/bin/env bash\n")
    assert "set -euo pipefail" in text
    subprocess.run(["bash", "-n", script], cwd=HOUSE, check=True)


class FreshMachine:
    """A machine of stand-ins with nothing of Debian's installed, and the house's setup on it.

    ``says`` maps a program of that machine to the lines of shell that it is.
    """

    def __init__(self, folder: Path, says: dict[str, str]) -> None:
        self.house = folder / "house"
        self._programs = folder / "bin"
        self._programs.mkdir()
        for name in ("bash", "cat", "dirname", "env", "grep", "mkdir", "sha256sum", "uname"):
            self._programs.joinpath(name).symlink_to(shutil.which(name) or name)
        bare = {"dpkg-query": "exit 1", "apt-cache": "exit 100", "python3": "exit 1"}
        for name, lines in (bare | says).items():
            program = self._programs / name
            program.write_text(f"#!/bin/sh\n{lines}\n", encoding="utf-8")
            program.chmod(0o755)
        for name in ("scripts/setup.sh", "pyproject.toml", "requirements/constraints.txt"):
            self.house.joinpath(name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(HOUSE / name, self.house / name)

    def make_setup(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "scripts/setup.sh"],
            cwd=self.house,
            env={**os.environ, "PATH": str(self._programs), "PYTHON": "python3"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )


@pytest.mark.parametrize("sudo", [{}, {"sudo": "exit 1"}], ids=["no sudo", "sudo refuses"])
def test_who_may_not_install_is_told_everything_that_root_has_to_install(
    tmp_path: Path, sudo: dict[str, str]
) -> None:
    machine = FreshMachine(tmp_path, {"id": "echo 1000", "apt-get": "exit 0", **sudo})
    said = machine.make_setup()
    assert said.returncode != 0
    order = re.search(r"apt-get install --no-install-recommends (.*)", said.stderr)
    assert order, said.stderr
    assert {"mosquitto", "chromium", "libatomic1", "python3-venv"} <= set(order.group(1).split())


@pytest.mark.parametrize(("update", "remembered"), [("0", True), ("100", False)])
def test_a_package_is_held_for_unknown_only_by_lists_that_are_new(
    tmp_path: Path, update: str, remembered: bool
) -> None:
    apt_get = f'[ "$1" != update ] || exit {update}'
    machine = FreshMachine(tmp_path, {"id": "echo 0", "apt-get": apt_get})
    said = machine.make_setup()
    assert "victoria-metrics" in said.stderr
    assert machine.house.joinpath(".build/packages-unknown-here").exists() is remembered
