"""A hall's settings: a wrong one is told with its file, its line and what would fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from devices.settings_file import SettingsError
from hall_server.settings import load, read_files, read_password
from motcua.cli import main

HALL = """\
[hall]
id = "kien-hung"
name = "Bộ phận một cửa phường Kiến Hưng"
data_dir = "{folder}/hall"
[broker]
port = 1883
[web]
port = 8080
[[service]]
id = "chung-thuc"
prefix = "A"
name = "Chứng thực"
[[service]]
id = "ho-tich"
prefix = "B"
name = "Hộ tịch"
[[counter]]
id = "1"
services = ["chung-thuc"]
[[counter]]
id = "2"
services = ["ho-tich"]
[[procedure]]
code = "1.001193"
service = "ho-tich"
name = "Đăng ký khai sinh"
[[node]]
id = "counter-1"
kind = "counter"
counter = "1"
[[node]]
id = "kiosk-1"
kind = "kiosk"
"""


def written(folder: Path, text: str = HALL) -> Path:
    file = folder / "hall.toml"
    file.write_text(text.format(folder=folder), encoding="utf-8")
    return file


def test_a_sound_file_is_a_hall_and_the_check_says_ok(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path)
    assert load(file).catalogue().counter_of_node == {"counter-1": "1"}
    assert main(["hall", "--check", str(file)]) == 0
    assert capsys.readouterr().out == "OK\n"


@pytest.mark.parametrize(
    ("right", "wrong", "line", "says"),
    [
        ('"kien-hung"', '"kiến hưng"', 2, "hall.id"),
        ("port = 1883", "port = 70000", 6, "broker.port: .* whole number 1 to 65535"),
        ("port = 8080", 'port = "8080"', 8, "web.port"),
        ("port = 8080", "", 7, "web.*`port` is missing"),
        ("port = 8080", "port = 8080\nprot = 1", 9, "web.prot: .*no such setting"),
        ('id = "ho-tich"', 'id = "chung-thuc"', 14, "'chung-thuc' .*is used twice"),
        ('prefix = "B"', 'prefix = "A"', 15, "'A' .*is used twice"),
        ('id = "2"', 'id = "1"', 21, "'1' .*is used twice"),
        ('services = ["ho-tich"]', 'services = ["dat-dai"]', 22, "not one of chung-thuc, ho-tich"),
        ('service = "ho-tich"', 'service = "dat-dai"', 25, "not one of chung-thuc, ho-tich"),
        ('id = "counter-1"', 'id = "state"', 28, "node.*id"),
        ('counter = "1"', 'counter = "3"', 30, "'3' is not one of 1, 2"),
        ('kind = "kiosk"', 'kind = "counter"\ncounter = "1"', 34, "has node counter-1 already"),
        ('kind = "kiosk"', 'kind = "kiosk"\ncounter = "1"', 34, "stands on no counter"),
        ('kind = "counter"', 'kind = "counter"\nprinter = true', 30, "a printer stands at a kiosk"),
    ],
)
def test_a_wrong_setting_is_told_with_its_line(
    tmp_path: Path, right: str, wrong: str, line: int, says: str
) -> None:
    assert HALL.count(right) == 1
    file = written(tmp_path, HALL.replace(right, wrong))
    with pytest.raises(SettingsError, match=says) as told:
        load(file)
    assert str(told.value).startswith(f"{file}:{line}: ")


def test_the_check_of_a_wrong_file_ends_with_2_and_its_words_on_standard_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, HALL.replace("port = 1883", "port = 0"))
    assert main(["hall", "--check", str(file)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert f"{file}:6: broker.port" in said.err


def test_a_hall_without_its_brokers_password_does_not_begin(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = tmp_path / "hall.password"
    text = HALL.replace("port = 1883", 'port = 1883\npassword_file = "{folder}/hall.password"')
    file = written(tmp_path, text)
    for word in ("--check", "--config"):
        assert main(["hall", word, str(file)]) == 2
        assert "hall.password: " in capsys.readouterr().err
    assert not (tmp_path / "hall").exists()
    secret.write_text("geheim\n")
    secret.chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        read_password(load(file).broker)
    secret.chmod(0o600)
    assert read_password(load(file).broker) == "geheim"
    assert main(["hall", "--check", str(file)]) == 0


@pytest.mark.parametrize(
    ("after", "setting"),
    [
        ('kind = "kiosk"\n', 'key_file = "{folder}/none"\n'),
        ('kind = "kiosk"\n', '[timeseries]\ntoken_file = "{folder}/none"\n'),
    ],
)
def test_the_check_misses_the_files_that_a_running_hall_would_do_without(
    tmp_path: Path, after: str, setting: str
) -> None:
    settings = load(written(tmp_path, HALL.replace(after, after + setting)))
    with pytest.raises(SettingsError, match=r"none: .*check the path"):
        read_files(settings)
    (tmp_path / "none").write_text("key\n")
    read_files(settings)


@pytest.mark.parametrize(
    ("hours", "says"),
    [
        ('opens = "07:30"', "opens"),
        ('opens = "17:00"\ncloses = "07:30"', "closes"),
        ('opens = "07:30"\ncloses = "17:00"\nbreaks = [["", ""]]', "breaks"),
        ('opens = "07:30"\ncloses = "17:00"\nbreaks = [["11:30", ""]]', "breaks"),
        ('opens = "07:30"\ncloses = "17:00"\nbreaks = [["13:30", "11:30"]]', "breaks"),
    ],
)
def test_hours_that_cannot_be_meant_are_told_and_not_met_at_the_first_call(
    tmp_path: Path, hours: str, says: str
) -> None:
    text = HALL.replace('services = ["ho-tich"]', f'services = ["ho-tich"]\n{hours}')
    with pytest.raises(SettingsError, match=rf"counter\[1\]\.{says}"):
        load(written(tmp_path, text))
