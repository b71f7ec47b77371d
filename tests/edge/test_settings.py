"""A wrong setting is told with its line and what is allowed; every setting has its line in docs."""

from __future__ import annotations

from pathlib import Path

import pytest

from devices.settings_file import Field, SettingsError, describe
from edge.settings import Broker, NodeSettings, load_settings, read_password, read_settings
from tests.edge.nodes import BUTTONS

HEAD = '[node]\nid = "counter-3"\nhall = "kien-hung"\nkind = "counter"\ndata_dir = "/tmp/x"\n'
LUNCH = """[[speaker.loudness]]
from = "11:30"
to = "13:00"
percent = 30
"""
PANEL = '[panel]\nport = 8090\nallow_origin = "http://127.0.0.1:8080"\n'
DOCS = Path(__file__).parents[2] / "docs" / "node.md"


def test_the_smallest_file_is_a_node_without_devices() -> None:
    settings = read_settings(HEAD)
    assert settings.device_names() == []
    assert settings.broker.host == "127.0.0.1"
    assert settings.node.health_s == 30


def test_a_counter_has_the_devices_that_have_a_table() -> None:
    settings = read_settings(HEAD + BUTTONS + "[ticket_display]\n")
    assert settings.device_names() == ["rating_buttons", "ticket_display"]
    assert settings.ticket_display is not None
    assert settings.ticket_display.driver == "max7219"


def test_a_panel_shows_an_oled_that_is_a_stand_in() -> None:
    settings = read_settings(HEAD + PANEL + '[ticket_display]\ndriver = "recording-oled"\n')
    assert settings.ticket_display is not None
    assert settings.ticket_display.away_s == 10


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (HEAD.replace('"kien-hung"', '"Kiến Hưng"'), 3, "node.hall: 'Kiến Hưng' cannot name"),
        (HEAD.replace('"counter-3"', '"state"'), 2, "node.id"),
        (HEAD.replace('"counter"', '"counters"'), 4, "node.kind"),
        (HEAD + "health_s = 0\n", 6, "node.health_s"),
        (HEAD + "healthy_s = 1\n", 6, "there is no such setting"),
        (HEAD + '[broker]\npassword_file = "/x"\n', 7, "needs a `username`"),
        (HEAD + BUTTONS.replace("pin = 27", "pin = 17", 1), 15, "pin 17 is in use"),
        (HEAD + BUTTONS.replace("level = 4", "level = 3"), 22, "has a button already"),
        (HEAD + BUTTONS.replace("level = 4", "level = 5"), 22, "the levels 1 to 4"),
        (HEAD + BUTTONS.replace("pin = 23", "pin = 28"), 23, "rating_buttons.button[3].pin"),
        (HEAD + "[qr_scanner]\n", 6, "needs `device`"),
        (HEAD + '[qr_scanner]\nsource = "folder"\n', 7, "needs `folder`"),
        (HEAD + '[speaker]\nsink = "wav"\n', 7, "needs `folder`"),
        (HEAD + '[ticket_printer]\nconnection = "usb"\n', 7, "such as /dev/usb/lp0"),
        (HEAD + '[ticket_printer]\nconnection = "network"\n', 7, "needs `host`"),
        (
            HEAD + '[ticket_printer]\nconnection = "network"\nhost = "printer.lan"\n',
            8,
            "give the printer a fixed address",
        ),
        (HEAD + "[ticket_printer]\npaper_mm = 60\n", 7, "ticket_printer.paper_mm"),
        (HEAD + "[ticket_printer]\nbaud = 300\n", 7, "ticket_printer.baud"),
        (HEAD + '[speaker]\nvoice = "vi; rm"\n', 7, "speaker.voice"),
        (HEAD + PANEL.replace("http:", "ftp:"), 8, "panel.allow_origin"),
        (HEAD + BUTTONS.replace('"mock"', '"lgpio"') + PANEL, 25, "stand-ins alone"),
        (HEAD + PANEL + "[ticket_display]\n", 6, "choose the stand-in"),
        (HEAD + PANEL + '[ticket_display]\ndriver = "sh1106"\n', 6, "choose the stand-in"),
        (HEAD + "[ticket_display]\ni2c_address = 0x80\n", 7, "ticket_display.i2c_address"),
        (HEAD + LUNCH.replace("11:30", "11.30"), 7, "speaker.loudness[0].from"),
        (HEAD + LUNCH.replace("13:00", "11:30"), 7, "no time between"),
        (HEAD + LUNCH.replace("11:30", "24:00"), 7, "no time between"),
        (HEAD + LUNCH + LUNCH, 11, "holds at that time already"),
        (HEAD + LUNCH.replace("30\n", "130\n"), 9, "speaker.loudness[0].percent"),
    ],
)
def test_a_wrong_setting_is_told_with_its_line(text: str, line: int, says: str) -> None:
    with pytest.raises(SettingsError) as told:
        read_settings(text, name="node.toml")
    assert str(told.value).startswith(f"node.toml:{line}: ")
    assert says in str(told.value)


def test_a_file_that_is_not_there_says_what_to_check(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="check the path"):
        load_settings(tmp_path / "none.toml")


def test_the_brokers_password_is_read_only_from_a_file_of_its_owner(tmp_path: Path) -> None:
    file = tmp_path / "password"
    broker = Broker(username="node", password_file=str(file))
    with pytest.raises(SettingsError, match="check the path"):
        read_password(broker)
    file.write_text("geheim\n")
    file.chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600") as told:
        read_password(broker)
    assert "geheim" not in str(told.value)
    file.chmod(0o600)
    assert read_password(broker) == "geheim"
    file.write_text("\n")
    with pytest.raises(SettingsError, match="is empty"):
        read_password(broker)
    assert read_password(Broker()) is None


@pytest.mark.parametrize("field", list(describe(NodeSettings)), ids=lambda field: field.path)
def test_every_setting_is_described_and_bounded(field: Field) -> None:
    assert field.description
    assert "None to None" not in field.allowed


def test_the_example_of_the_docs_is_a_counter_that_would_start() -> None:
    _, _, rest = DOCS.read_text(encoding="utf-8").rpartition("```toml\n")
    settings = read_settings(rest.partition("```")[0])
    assert settings.device_names() == ["rating_buttons", "qr_scanner", "ticket_display"]


@pytest.mark.parametrize(
    "card", ["default", "hw:1,0", "plughw:CARD=Device,DEV=0", "sysdefault:CARD=vc4-hdmi", "pulse"]
)
def test_a_sound_card_is_named_as_alsa_lists_it(card: str) -> None:
    settings = read_settings(HEAD + f'[speaker]\ndevice = "{card}"\n')
    assert settings.speaker is not None
    assert settings.speaker.device == card


@pytest.mark.parametrize(
    "card",
    [
        "file:'|touch x',raw",
        "file:FILE=x,FORMAT=raw",
        "tee:default,x,raw",
        "plug:'file:x'",
        "{ type file file x slave.pcm null }",
        "hw:0\\n",
        "",
    ],
)
def test_an_alsa_plug_in_that_writes_files_or_starts_programs_is_no_sound_card(card: str) -> None:
    with pytest.raises(SettingsError, match=r"speaker\.device"):
        read_settings(HEAD + f'[speaker]\ndevice = "{card}"\n')
