"""The unit of a node's agent: one that systemd takes, and what the agent promises it."""

from __future__ import annotations

import configparser
from pathlib import Path

import pytest

from edge.agent import STOP_WITHIN_S
from edge.watchdog import Watchdog
from tests.firmware_config.units import disk_with, needs_systemd, verified

UNIT = Path(__file__).parents[2] / "firmware_config/node/motcua-node.service"


@pytest.fixture
def service() -> configparser.SectionProxy:
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(UNIT)
    return unit["Service"]


@needs_systemd
def test_systemd_takes_the_unit_of_a_node(tmp_path: Path) -> None:
    disk = disk_with(tmp_path / "disk", [UNIT], ["opt/motcua/bin/motcua"])
    assert verified(disk, UNIT.name) == (0, "")


@needs_systemd
def test_systemd_would_notice_a_fault_in_the_unit_of_a_node(tmp_path: Path) -> None:
    disk = disk_with(tmp_path / "disk", [UNIT], ["opt/motcua/bin/motcua"])
    unit = disk / "etc/systemd/system" / UNIT.name
    unit.write_text(unit.read_text().replace("WatchdogSec=30", "WatchdogSec=30x"))
    status, errors = verified(disk, UNIT.name)
    assert status == 1
    assert "Failed to parse" in errors


def test_the_watchdog_is_fed_twice_in_the_time_that_the_unit_allows(
    service: configparser.SectionProxy,
) -> None:
    allowed_us = int(service["WatchdogSec"]) * 1_000_000
    fed = Watchdog({"NOTIFY_SOCKET": "/nowhere", "WATCHDOG_USEC": str(allowed_us)})
    assert service["Type"] == "notify"
    assert fed.every_s <= allowed_us / 2e6


def test_systemd_waits_longer_for_the_end_than_the_node_takes(
    service: configparser.SectionProxy,
) -> None:
    assert int(service["TimeoutStopSec"]) > STOP_WITHIN_S
