"""Settings from the hall: applied whole or not at all, and taken back where they do harm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices import desired_settings
from devices.messages import AppliedSettings, DesiredSettings, decode, encode
from devices.settings_file import SettingsError
from edge.agent import Agent
from edge.desired_settings import FILE_NAME, SettingsDesk, own_settings
from edge.watchdog import Watchdog
from tests.edge.halls import HALL, NODE, HallStandIn, rating_display
from tests.edge.nodes import BUTTONS, NodeProcess
from tests.parts import Broker, until

OWN = own_settings(
    '[node]\nid = "counter-3"\nhall = "h"\nkind = "counter"\ndata_dir = "/d"\nhealth_s = 30\n'
    + BUTTONS
)
CALMER = DesiredSettings(1, "[rating_buttons]\nsettle_ms = 40\n")
QUICKER = DesiredSettings(2, "[node]\nhealth_s = 1\n")


STEADY_S = 5.0


def desk_at(folder: Path) -> SettingsDesk:
    return SettingsDesk(folder, OWN, seconds=60)


def tried(desk: SettingsDesk, desired: DesiredSettings, at_s: float = 0.0) -> bool:
    return desk.heard(desired) and desk.consider(at_s, [])


def kept(desk: SettingsDesk, desired: DesiredSettings) -> SettingsDesk:
    assert tried(desk, desired)
    assert desk.judge(1, [], linked=True) == "wait"
    assert desk.judge(1 + STEADY_S, [], linked=True) == "good"
    return desk


def test_settings_that_prove_themselves_are_kept_over_a_restart(tmp_path: Path) -> None:
    desk = kept(desk_at(tmp_path), CALMER)
    for one in (desk, desk_at(tmp_path)):
        buttons = one.settings.rating_buttons
        assert buttons is not None
        assert (buttons.settle_ms, len(buttons.button), one.settings.node.health_s) == (40, 4, 30)
        assert one.report() == AppliedSettings(1, CALMER.text, 1, "applied")
        assert not one.trying
        assert not one.heard(CALMER), "what is in force is not tried again"


def test_new_settings_stand_alone_and_not_on_those_before(tmp_path: Path) -> None:
    desk = kept(kept(desk_at(tmp_path), CALMER), QUICKER)
    assert desk.settings.node.health_s == 1
    assert desk.settings.rating_buttons == OWN.settings.rating_buttons
    kept(desk, DesiredSettings(3, ""))
    assert desk.settings == OWN.settings


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ("[node]\nhealth_s = 0\n", "node.health_s", "settings:2"),
        ("[rating_buttons]\nsettle_ms = 'x'\n", "rating_buttons.settle_ms", "whole number 5 to"),
        ("[rating_buttons]\nshape = 1\n", "rating_buttons.shape", "no such setting"),
        ("[speaker]\nsink = 'wav'\n", "speaker.sink", "wav needs `folder`"),
        ("[node]\nid = 'other'\n", "node.id", "own file alone"),
        ("[node]\nreboot_command = ['x']\n", "node.reboot_command", "own file alone"),
        ("[broker]\nhost = 'elsewhere'\n", "broker.host", "own file alone"),
        ("[qr_scanner]\nfolder = '/home'\n", "qr_scanner.folder", "own file alone"),
        ("[speaker]\nfolder = '/home'\n", "speaker.folder", "own file alone"),
        ("[speaker]\ndevice = \"file:'|x',raw\"\n", "speaker.device", "does not fit"),
        ("[node\n", "", "not valid TOML"),
    ],
)
def test_settings_that_do_not_fit_are_refused_with_the_field_and_the_reason(
    tmp_path: Path, text: str, path: str, words: str
) -> None:
    desk = kept(desk_at(tmp_path), CALMER)
    told: list[AppliedSettings] = []
    desk.on_report = lambda: told.append(desk.report())
    assert not tried(desk, DesiredSettings(2, text))
    (report,) = told
    assert (report.version, report.asked, report.status, report.path) == (1, 2, "refused", path)
    assert words in report.reason
    assert decode(encode(report), AppliedSettings) == report
    again = desk_at(tmp_path)
    assert not again.heard(DesiredSettings(2, text)), "what was refused is not tried again"
    assert again.report() == report


@pytest.mark.parametrize(
    ("unwell", "linked", "words"),
    [(["speaker"], True, "speaker"), ([], False, "the link to the broker")],
)
def test_a_node_that_is_not_well_in_time_goes_back(
    tmp_path: Path, unwell: list[str], linked: bool, words: str
) -> None:
    desk = kept(desk_at(tmp_path), CALMER)
    assert tried(desk, QUICKER, 100)
    assert desk.settings.node.health_s == 1
    assert desk.report().status == "trying"
    assert desk.judge(159, unwell, linked=linked) == "wait"
    assert desk.judge(160, unwell, linked=linked) == "bad"
    assert desk.settings.node.health_s == 30
    assert desk.settings.rating_buttons != OWN.settings.rating_buttons, "those before are back"
    report = desk.report()
    assert (report.version, report.asked, report.status) == (1, 2, "refused")
    assert words in report.reason
    assert not desk.heard(QUICKER)


def test_a_device_that_comes_and_goes_is_not_well(tmp_path: Path) -> None:
    desk = desk_at(tmp_path)
    assert tried(desk, CALMER)
    for second in range(0, 60, 2):
        assert desk.judge(second, [], linked=True) == "wait"
        assert desk.judge(second + 1, ["speaker"], linked=True) == "wait"
    assert desk.judge(60, ["speaker"], linked=True) == "bad"


def test_what_was_broken_before_is_not_the_new_settings_fault(tmp_path: Path) -> None:
    desk = desk_at(tmp_path)
    assert desk.heard(CALMER)
    assert desk.consider(0, ["qr_scanner"])
    desk.judge(1, ["qr_scanner"], linked=True)
    assert desk.judge(1 + STEADY_S, ["qr_scanner"], linked=True) == "good"


@given(st.lists(st.sampled_from(["wish", "well", "late", "killed"]), max_size=12))
@settings(max_examples=60, deadline=None)
def test_whenever_it_is_killed_it_comes_back_with_what_was_confirmed_last(
    tmp_path_factory: pytest.TempPathFactory, story: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("desk")
    desk = desk_at(folder)
    version, confirmed, now_s = 0, 30.0, 0.0
    for step in story:
        if step == "wish" and not desk.trying:
            version += 1
            now_s += 100
            assert tried(desk, DesiredSettings(version, f"[node]\nhealth_s = {version}\n"), now_s)
        elif step == "well" and desk.trying:
            desk.judge(now_s + 1, [], linked=True)
            assert desk.judge(now_s + 1 + STEADY_S, [], linked=True) == "good"
            confirmed = float(version)
        elif step == "late" and desk.trying:
            assert desk.judge(now_s + 60, [], linked=False) == "bad"
        elif step == "killed":
            was_trying = desk.trying
            desk = desk_at(folder)
            assert not desk.trying
            if was_trying:
                assert desk.report().status == "refused"
                assert not desk.heard(DesiredSettings(version, f"[node]\nhealth_s = {version}\n"))
        if not desk.trying:
            assert desk.settings.node.health_s == confirmed


def test_a_file_that_holds_nonsense_costs_the_wish_and_not_the_node(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"\xff{")
    assert desk_at(tmp_path).settings == OWN.settings
    kept(desk_at(tmp_path), CALMER)


def test_kept_settings_that_fit_the_own_file_no_more_are_let_go_and_told(tmp_path: Path) -> None:
    kept(desk_at(tmp_path), DesiredSettings(1, "[speaker]\nsink = 'off'\n"))
    own = own_settings(OWN.text + '[panel]\nport = 9000\nallow_origin = "http://127.0.0.1:8080"\n')
    assert SettingsDesk(tmp_path, own, seconds=60).settings.speaker is not None
    kept(desk_at(tmp_path), DesiredSettings(2, "[speaker]\nsink = 'alsa'\n"))
    desk = SettingsDesk(tmp_path, own, seconds=60)
    assert desk.settings == own.settings
    assert (desk.report().version, desk.report().status) == (0, "refused")


def test_both_sides_read_the_wish_alike() -> None:
    with pytest.raises(SettingsError, match=r"settings:2: broker\.username: "):
        desired_settings.read("[broker]\nusername = 'x'\n")
    assert desired_settings.read("[broker]\nkeepalive_s = 20\n") == {"broker": {"keepalive_s": 20}}


# ------------------------------------------------------------------ a whole node


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[HallStandIn]:
    with Broker(tmp_path / "broker") as broker, HallStandIn(broker) as one:
        yield one


@pytest.fixture
def make_node(tmp_path: Path, hall: HallStandIn) -> Iterator[Callable[[float], NodeProcess]]:
    made: list[NodeProcess] = []

    def make(trial_s: float) -> NodeProcess:
        node = NodeProcess(tmp_path / "node", hall.port, node_lines=f"settings_trial_s = {trial_s}")
        made.append(node)
        node.start()
        return node

    yield make
    for node in made:
        node.close()


def want(hall: HallStandIn, version: int, text: str) -> None:
    hall.send("settings", encode(DesiredSettings(version, text)), retain=True)


def wait_for_report(hall: HallStandIn, status: str, asked: int) -> AppliedSettings:
    def fits(one: AppliedSettings) -> bool:
        return (one.status, one.asked) == (status, asked)

    until(
        lambda: any(map(fits, hall.applied)),
        f"{status} {asked} is told; {hall.applied[-3:]} is",
    )
    return next(filter(fits, hall.applied))


def test_a_node_takes_settings_and_goes_on_taking_presses(
    make_node: Callable[[float], NodeProcess], hall: HallStandIn
) -> None:
    node = make_node(6)
    wait_for_report(hall, "applied", 0)
    node.press(2)
    hall.wait_for(1)
    want(hall, 1, "[node]\nhealth_s = 0.2\n[rating_buttons]\nsettle_ms = 30\n")
    assert wait_for_report(hall, "applied", 1).version == 1
    before = len(hall.healths)
    until(lambda: len(hall.healths) > before + 2, "health comes five times a second")
    hall.show(rating_display(1))
    until(lambda: node.lamps() == [1, 2, 3, 4], "the lamps invite")
    node.press(3)
    assert [event.seq for event in hall.wait_for(2)] == [1, 2]
    assert node.terminate() == 0
    node.start()
    until(lambda: hall.applied[-1].version == 1, "they are in force after a restart")


def test_a_folder_that_the_hall_names_is_refused_and_the_node_goes_on(
    make_node: Callable[[float], NodeProcess], hall: HallStandIn
) -> None:
    node = make_node(6)
    want(hall, 1, '[qr_scanner]\nsource = "folder"\nfolder = "/home"\n')
    report = wait_for_report(hall, "refused", 1)
    assert (report.version, report.text, report.path) == (0, "", "qr_scanner.folder")
    assert "own file alone" in report.reason
    node.press(2)
    hall.wait_for(1)


def test_a_node_goes_back_where_a_device_does_not_work_with_them(
    tmp_path: Path, hall: HallStandIn
) -> None:
    own = own_settings(
        f'[node]\nid = "{NODE}"\nhall = "{HALL}"\nkind = "counter"\ndata_dir = "/d"\n'
        f"[broker]\nport = {hall.port}\n{BUTTONS}"
    )
    desk = SettingsDesk(tmp_path, own, seconds=3)
    want(hall, 1, '[qr_scanner]\ndevice = "/dev/video-none"\n')
    lives = []
    for _ in range(2):
        agent = Agent(desk.settings, tmp_path, watchdog=Watchdog({}), desk=desk)
        agent.start()
        lives.append(agent.wait())
        agent.stop(for_good=False)
        assert (agent.settings.qr_scanner is None) == (len(lives) == 1)
    assert lives == ["anew", "anew"]
    assert desk.settings == own.settings
    assert (desk.report().status, desk.report().asked) == ("refused", 1)
    assert "qr_scanner" in desk.report().reason
    assert [one.status for one in hall.applied].count("trying") >= 1


def test_a_node_killed_while_it_tries_settings_starts_with_the_old_ones(
    make_node: Callable[[float], NodeProcess], hall: HallStandIn
) -> None:
    node = make_node(600)
    want(hall, 1, "[node]\nhealth_s = 1\n")
    wait_for_report(hall, "trying", 1)
    node.kill()
    node.start()
    report = wait_for_report(hall, "refused", 1)
    assert "ended while it tried" in report.reason
    node.press(2)
    assert len(hall.wait_for(1)) >= 1
    assert [one.status for one in hall.applied].count("trying") == 1, "it is not tried again"
