"""The clerk's place in a whole node: words that are told once, a lamp that never shows the past."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devices.messages import Alarm, ClerkPresence, Display
from devices.settings_file import SettingsError
from edge import settings
from edge.agent import Agent, DataDir
from edge.outbox import Outbox
from edge.presence import TOLD, PlaceLoop
from edge.watchdog import Watchdog
from tests.edge.halls import HALL, NODE, HallStandIn, wall_ms
from tests.parts import Broker, until

PLACE = settings.Presence(26, "mock", away_s=0.5, settle_s=0.05)  # quicker than settings allow
LAMP = settings.CounterLamp(20, 21, "mock")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path / "broker") as one:
        yield one


@pytest.fixture
def hall(broker: Broker) -> Iterator[HallStandIn]:
    with HallStandIn(broker) as one:
        yield one


class Place:
    """A node that has a clerk's chair and a lamp, and nothing else."""

    def __init__(self, folder: Path, port: int) -> None:
        self._data = DataDir(str(folder))
        table = settings.NodeSettings(
            settings.Node(NODE, HALL, "counter", str(folder)),
            settings.Broker(port=port),
            presence=PLACE,
            counter_lamp=LAMP,
        )
        self.agent = Agent(table, folder, watchdog=Watchdog({}))
        self.agent.start()
        until(lambda: self._place.is_there is not None, "the switch is read")

    @property
    def _place(self) -> PlaceLoop:
        assert self.agent.place is not None
        return self.agent.place

    def sit(self) -> None:
        self._place.chair.sit()

    def leave(self) -> None:
        self._place.chair.leave()

    def burns(self) -> str:
        assert self.agent.lamp is not None
        return self.agent.lamp.burns()

    def close(self) -> None:
        self.agent.stop()
        self._data.close()


@pytest.fixture
def open_place(tmp_path: Path, broker: Broker) -> Iterator[Callable[[], Place]]:
    made: list[Place] = []

    def make() -> Place:
        made.append(Place(tmp_path / "node", broker.port))
        return made[-1]

    yield make
    for place in made:
        place.close()


def words(hall: HallStandIn) -> list[bool]:
    bodies = [event.body for event in hall.held()]
    return [body.present for body in bodies if isinstance(body, ClerkPresence)]


def test_her_leaving_and_her_return_reach_the_hall_once_each(
    open_place: Callable[[], Place], hall: HallStandIn
) -> None:
    place = open_place()
    until(lambda: words(hall) == [True], "the hall is told how it begins")
    place.leave()
    until(lambda: words(hall) == [True, False], "she is away")
    place.sit()
    until(lambda: words(hall) == [True, False, True], "she is back")
    (left,) = [
        event.body
        for event in hall.held()
        if isinstance(event.body, ClerkPresence) and not event.body.present
    ]
    assert left.for_ms >= 500


def test_a_node_that_starts_again_repeats_no_word(
    open_place: Callable[[], Place], hall: HallStandIn, tmp_path: Path
) -> None:
    place = open_place()
    place.leave()
    until(lambda: words(hall)[-1:] == [False], "she is away")
    told = words(hall)
    place.close()
    again = open_place()  # with the clerk on her chair
    until(lambda: words(hall) == [*told, True], "she is back")
    again.close()
    third = open_place()
    third.leave()
    until(lambda: words(hall) == [*told, True, False], "she is away: and nothing was told between")
    third.close()
    outbox = Outbox(tmp_path / "node")
    assert outbox.kept(TOLD) == "away"
    outbox.close()


def test_what_happened_while_the_hall_was_away_arrives_in_order(
    open_place: Callable[[], Place], broker: Broker
) -> None:
    place = open_place()
    until(lambda: place.agent.outbox.kept(TOLD) == "here", "the beginning is kept")
    place.leave()
    until(lambda: place.agent.outbox.kept(TOLD) == "away", "her leaving is kept")
    place.sit()
    until(lambda: place.agent.outbox.kept(TOLD) == "here", "her return is kept")
    with HallStandIn(broker) as hall:
        until(lambda: words(hall) == [True, False, True], "all of it arrives")


def test_a_switch_that_cannot_be_read_is_told_and_pauses_nobody(
    open_place: Callable[[], Place], hall: HallStandIn
) -> None:
    place = open_place()
    until(lambda: words(hall) == [True], "the hall is told how it begins")
    pin = place._place._pins.pin(26)
    read = pin._get_state

    def broken() -> bool:
        raise OSError("GPIO chip gone")

    pin._get_state = broken
    until(
        lambda: any(
            isinstance(event.body, Alarm) and event.body.device == "presence"
            for event in hall.held()
        ),
        "an alarm",
    )
    pin._get_state = read
    until(
        lambda: any(
            isinstance(event.body, Alarm) and not event.body.raised for event in hall.held()
        ),
        "it is well again",
    )
    assert words(hall) == [True]


def test_the_lamp_follows_the_display_blinks_for_a_call_and_is_dark_before_the_hall_speaks(
    open_place: Callable[[], Place], hall: HallStandIn
) -> None:
    place = open_place()
    assert place.burns() == "dark"
    until(lambda: place.agent.link.connected, "it is connected")
    hall.show(Display(1, wall_ms(), "idle", counter="3"))
    until(lambda: place.burns() == "green", "open")
    hall.show(Display(2, wall_ms(), "paused", counter="3"))
    until(lambda: place.burns() == "red", "paused")
    hall.show(Display(3, wall_ms(), "called", counter="3", ticket="A012"))
    for _ in range(2):
        until(lambda: place.burns() == "green", "it blinks")
        until(lambda: place.burns() == "dark", "it blinks")
    hall.show(Display(4, wall_ms(), "closed", counter="3"))
    until(lambda: place.burns() == "red", "closed")


def test_the_place_is_among_the_nodes_devices(
    open_place: Callable[[], Place], hall: HallStandIn
) -> None:
    open_place()
    assert hall.wait_for_state("online").devices == ["presence", "counter_lamp"]


HEAD = '[node]\nid = "a"\nhall = "h"\nkind = "counter"\ndata_dir = "/tmp/a"\n'
BUTTONS = """[rating_buttons]
driver = "mcp23017"
int_pin = 24
button = [
  { level = 1, pin = 0, lamp_pin = 7 },
  { level = 2, pin = 1, lamp_pin = 8 },
  { level = 3, pin = 2, lamp_pin = 15 },
]
"""


def test_pins_of_the_expander_are_not_the_pis() -> None:
    table = settings.read_settings(
        HEAD + BUTTONS + "[presence]\npin = 7\n[counter_lamp]\ngreen_pin = 8\nred_pin = 0\n"
    )
    assert table.device_names() == ["rating_buttons", "presence", "counter_lamp"]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("[presence]\npin = 24\n", "presence.pin: pin 24 is in use already, as rating_buttons"),
        ("[counter_lamp]\ngreen_pin = 4\nred_pin = 4\n", "red_pin: pin 4 is in use already"),
        ("[presence]\npin = 4\naway_s = 3\n", "away_s"),
        ('[presence]\npin = 4\n[panel]\nport = 1\nallow_origin = "http://a"\n', "stand-ins alone"),
    ],
)
def test_a_place_that_cannot_be_meant_is_refused(lines: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=reason):
        settings.read_settings(HEAD + BUTTONS + lines)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("pin = 2,", "pin = 15,", "outputs only"),
        ("pin = 2,", "pin = 16,", "0 to 15"),
        ('driver = "mcp23017"', 'driver = "lgpio"', "the interrupt is the expander's"),
    ],
)
def test_an_expander_that_cannot_be_meant_is_refused(before: str, after: str, reason: str) -> None:
    lines = BUTTONS.replace("lamp_pin = 15", "lamp_pin = 9").replace(before, after)
    with pytest.raises(SettingsError, match=reason):
        settings.read_settings(HEAD + lines)


def test_a_kiosk_has_no_clerk() -> None:
    with pytest.raises(SettingsError, match="belongs to a counter"):
        settings.read_settings(HEAD.replace('"counter"', '"kiosk"') + "[presence]\npin = 4\n")
