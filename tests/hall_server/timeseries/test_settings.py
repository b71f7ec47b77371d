"""The settings of the time series, and that the page about them leaves nothing out."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from devices.settings_file import SettingsError, describe, loads
from hall_server.facts import AnyBody
from hall_server.timeseries.points import QueueSample
from hall_server.timeseries.settings import TimeSeriesSettings

PAGE = (Path(__file__).parents[3] / "docs" / "time-series.md").read_text(encoding="utf-8")


def test_every_setting_is_described_bounded_and_on_the_page() -> None:
    for field in describe(TimeSeriesSettings):
        assert field.description
        assert "None" not in field.allowed
        assert f"| `{field.path}` |" in PAGE


def test_every_measurement_is_on_the_page() -> None:
    kinds = [kind.__struct_config__.tag for kind in get_args(AnyBody)]
    for name in [*kinds, "queue", "counters", "node_health", "node_loop"]:
        assert f"`{name}`" in PAGE
    assert {"waiting", "open_counters", "paused_counters"} == set(QueueSample.__struct_fields__)


def test_with_no_table_the_time_series_is_off() -> None:
    assert loads("", TimeSeriesSettings).url == ""


@pytest.mark.parametrize(
    "line",
    ['url = "influx:8086"', 'url = "http://me:pin@host"', "settle_s = 0", "batch = 5", 'org = ""'],
)
def test_a_setting_that_cannot_work_is_refused_with_its_line(line: str) -> None:
    with pytest.raises(SettingsError, match=r"timeseries\.toml:2"):
        loads(f"\n{line}\n", TimeSeriesSettings, name="timeseries.toml")
