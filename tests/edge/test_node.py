"""A whole node in a process of its own, over a real broker: no press is lost, no lamp lies."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from devices.messages import Alarm, Announcement, Display, RatingPress, Scan
from devices.qr_scanner.standin import draw_code, png
from edge.outbox import FILE_NAME
from tests.edge.halls import HallStandIn, rating_display, wall_ms
from tests.edge.nodes import BUTTONS, ORIGIN, NodeProcess
from tests.parts import Broker, free_port, until

MakeNode = Callable[..., NodeProcess]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path / "broker") as one:
        yield one


@pytest.fixture
def hall(broker: Broker) -> Iterator[HallStandIn]:
    with HallStandIn(broker) as one:
        yield one


@pytest.fixture
def make_node(tmp_path: Path, broker: Broker) -> Iterator[MakeNode]:
    made: list[NodeProcess] = []

    def make(**settings: object) -> NodeProcess:
        node = NodeProcess(tmp_path / f"node-{len(made)}", broker.port, **settings)  # type: ignore[arg-type]
        made.append(node)
        node.start()
        return node

    yield make
    for node in made:
        node.close()


def wait_linked(node: NodeProcess) -> None:
    node.wait_for(lambda state: state["link"] == "connected", "it is connected")


def wait_lit(node: NodeProcess, levels: list[int]) -> None:
    until(lambda: node.lamps() == levels, f"the lamps {levels} are lit; {node.lamps()} are")


def test_a_press_in_the_window_lights_its_lamp_and_reaches_the_hall(
    make_node: MakeNode, hall: HallStandIn
) -> None:
    node = make_node()
    wait_linked(node)
    hall.show(rating_display(1))
    wait_lit(node, [1, 2, 3, 4])
    node.press(3)
    (event,) = hall.wait_for(1)
    assert event.body == RatingPress(3, 4, "w1")
    wait_lit(node, [3])
    node.press(1)
    assert hall.wait_for(2)[1].body == RatingPress(1, 4, "w1", refused="already_rated")
    assert node.lamps() in ([3], [])
    node.wait_for(lambda state: state["outbox_depth"] == 0, "the outbox is empty")


def test_a_press_outside_the_window_lights_no_lamp_and_is_told(
    make_node: MakeNode, hall: HallStandIn
) -> None:
    node = make_node()
    node.press(2)
    assert hall.wait_for(1)[0].body == RatingPress(2, 4, None, refused="closed")
    assert node.lamps() == []


def test_a_press_survives_the_kill_of_node_and_broker_before_it_was_sent(
    make_node: MakeNode, broker: Broker
) -> None:
    with HallStandIn(broker) as hall:
        node = make_node()
        wait_linked(node)
        hall.show(rating_display(1))
        wait_lit(node, [1, 2, 3, 4])
    broker.kill()
    node.wait_for(lambda state: state["link"] == "away", "it knows that the broker is away")
    node.press(4)
    wait_lit(node, [4])
    node.press(4)
    node.wait_for(lambda state: state["outbox_depth"] == 2, "both wait")
    node.kill()
    broker.start()
    node.start()
    with HallStandIn(broker) as hall:
        first, second = hall.wait_for(2)
        assert (first.seq, first.body) == (1, RatingPress(4, 4, "w1"))
        assert second.seq == 2
        node.press(1)
        assert hall.wait_for(3)[2].seq == 3


def test_a_window_that_was_rated_stays_rated_over_a_kill(
    make_node: MakeNode, hall: HallStandIn
) -> None:
    node = make_node(node_lines="assume_synchronised = true")
    wait_linked(node)
    hall.show(rating_display(1))
    wait_lit(node, [1, 2, 3, 4])
    node.press(4)
    hall.wait_for(1)
    node.kill()
    node.start()
    node.wait_for(lambda state: state["phase"] == "rating" and not state["stale"], "it is told")
    node.press(2)
    assert hall.wait_for(2)[1].body == RatingPress(2, 4, "w1", refused="already_rated")
    assert node.lamps() == []


@pytest.mark.parametrize(("synchronised", "lit"), [("true", [1, 2, 3, 4]), ("false", [])])
def test_a_retained_window_opens_only_where_the_clock_is_known_to_be_right(
    make_node: MakeNode, hall: HallStandIn, synchronised: str, lit: list[int]
) -> None:
    from edge.clock import Clock

    if synchronised == "false" and Clock().synchronised():
        pytest.skip("this machine's clock is synchronised")
    hall.show(rating_display(1))
    node = make_node(node_lines=f"assume_synchronised = {synchronised}")
    node.wait_for(lambda state: state["phase"] == "rating" and not state["stale"], "it is told")
    wait_lit(node, lit)
    node.press(2)
    refused = None if lit else "closed"
    assert hall.wait_for(1)[0].body == RatingPress(2, 4, "w1", refused=refused)  # type: ignore[arg-type]


def test_the_broker_goes_and_comes_back_and_every_press_arrives_once_in_order(
    make_node: MakeNode, broker: Broker
) -> None:
    node = make_node()
    for round_ in range(3):
        with HallStandIn(broker) as hall:
            wait_linked(node)
            node.press(1)
            hall.wait_for(1)
        broker.kill()
        node.press(2)
        broker.start()
        with HallStandIn(broker) as hall:
            seqs = [event.seq for event in hall.wait_for(1)]
            assert seqs[-1] == 2 * (round_ + 1)
            node.wait_for(lambda state: state["outbox_depth"] == 0, "the hall has all")


def test_a_scanned_card_reaches_the_hall_exactly_and_no_log(
    make_node: MakeNode, hall: HallStandIn, tmp_path: Path
) -> None:
    cards = tmp_path / "cards"
    node = make_node(devices=f'[qr_scanner]\nsource = "folder"\nfolder = "{cards}"\n')
    text = "000000000000||NGUYỄN THỊ MẪU ẢO|01012000|Nữ|Xã Ví Dụ, Tỉnh Không Có|01012021"
    node.hold(png(draw_code(text)))
    (event,) = hall.wait_for(1)
    assert isinstance(event.body, Scan)
    assert event.body.text == text
    node.wait_for(lambda state: state["outbox_depth"] == 0, "it has left")
    assert node.terminate() == 0
    assert "NGUYỄN" not in node.log()
    for path in (node.folder / "data").iterdir():
        assert "NGUYỄN".encode() not in path.read_bytes(), path.name


def test_it_ends_within_two_seconds_and_the_hall_is_told(
    make_node: MakeNode, hall: HallStandIn
) -> None:
    node = make_node()
    hall.wait_for_state("online")
    node.press(2)
    assert node.terminate() == 0
    hall.wait_for_state("offline")
    hall.wait_for(1)
    node.start()
    assert node.terminate(signal.SIGINT) == 0


def test_it_ends_within_two_seconds_while_the_broker_does_not_answer(
    make_node: MakeNode, broker: Broker
) -> None:
    node = make_node()
    wait_linked(node)
    broker.freeze()
    node.press(2)
    assert node.terminate() == 0
    broker.thaw()
    node.start()
    with HallStandIn(broker) as hall:
        assert hall.wait_for(1)[0].seq == 1


def test_two_nodes_do_not_share_a_folder(make_node: MakeNode) -> None:
    node = make_node()
    second = subprocess.run(
        [sys.executable, "-m", "motcua", "node", "--config", str(node.config)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert second.returncode == 1
    assert "works in this data_dir: end it first" in second.stderr
    assert node.state()["node"] == "counter-3"


def test_a_damaged_outbox_is_set_aside_and_the_hall_is_told(
    make_node: MakeNode, hall: HallStandIn
) -> None:
    node = make_node()
    node.press(2)
    (before,) = hall.wait_for(1)
    assert node.terminate() == 0
    (node.folder / "data" / FILE_NAME).write_bytes(b"scratched" * 1000)
    node.start()
    node.press(2)
    until(lambda: len(hall.held()) >= 3, "the press and the alarm")
    fresh = [event for event in hall.held() if event.stream != before.stream]
    assert [event.seq for event in fresh] == [1, 2]
    alarms = [event.body for event in fresh if isinstance(event.body, Alarm)]
    assert [alarm.code for alarm in alarms] == ["outbox-damaged"]
    assert (node.folder / "data" / f"{FILE_NAME}.corrupt-1").exists()


def test_when_the_outbox_is_full_no_lamp_is_lit_and_health_says_so(
    make_node: MakeNode, broker: Broker
) -> None:
    with HallStandIn(broker, acks=False) as hall:
        node = make_node(node_lines="max_events = 10\nhealth_s = 0.2")
        wait_linked(node)
        for _ in range(8):
            node.press(1)
        until(lambda: len(hall.held()) >= 9, "eight refused presses, and the alarm at 80 %")
        assert isinstance(hall.held()[8].body, Alarm)
        hall.show(rating_display(1, "w1"))
        wait_lit(node, [1, 2, 3, 4])
        node.press(3)
        wait_lit(node, [3])
        hall.show(rating_display(2, "w2"))
        node.wait_for(lambda state: not any(b["lit"] for b in state["buttons"]), "no invitation")
        node.press(4)
        until(
            lambda: any("full with 10" in note for note in hall.healths[-1].notes),
            "health says so",
        )
        assert node.state()["outbox_depth"] == 10
        hall.acks = True
        hall.ack(hall.held()[0].stream)
        node.wait_for(lambda state: state["outbox_depth"] == 0, "there is room again")
        wait_lit(node, [1, 2, 3, 4])
        node.press(4)
        wait_lit(node, [4])
        events = [event.body for event in hall.wait_for(11)]
        assert RatingPress(4, 4, "w2") in events


def test_displays_out_of_order_do_not_bring_the_past_back(
    make_node: MakeNode, hall: HallStandIn
) -> None:
    node = make_node()
    wait_linked(node)
    hall.show(Display(7, 7000, "called", counter="3", ticket="A007"))
    node.wait_for(lambda state: state["ticket"] == "A007", "the newer")
    hall.show(Display(6, 6000, "called", counter="3", ticket="A006"))
    hall.show(Display(8, 8000, "called", counter="3", ticket="A008"))
    node.wait_for(lambda state: state["ticket"] in ("A006", "A008"), "the next")
    assert node.state()["ticket"] == "A008"


def test_a_restarted_node_shows_the_last_display_as_old_until_the_hall_speaks(
    make_node: MakeNode, broker: Broker
) -> None:
    with HallStandIn(broker) as hall:
        node = make_node()
        wait_linked(node)
        hall.show(Display(7, wall_ms(), "serving", counter="3", ticket="A007"))
        node.wait_for(lambda state: state["ticket"] == "A007", "shown")
        assert not node.state()["stale"]
        until(lambda: (node.folder / "data" / "shown.json").exists(), "kept")
    assert node.terminate() == 0
    broker.restart()
    node.start()
    state = node.state()
    assert (state["ticket"], state["stale"]) == ("A007", True)
    with HallStandIn(broker) as hall:
        wait_linked(node)
        hall.show(Display(7, wall_ms(), "serving", counter="3", ticket="A007"))
        node.wait_for(lambda state: not state["stale"], "the hall has spoken")


def test_calls_are_spoken_once_even_over_a_restart_and_old_ones_never(
    make_node: MakeNode, hall: HallStandIn, tmp_path: Path
) -> None:
    wav = tmp_path / "wav"
    node = make_node(
        devices=f'[speaker]\nsink = "wav"\nfolder = "{wav}"\n',
        node_lines="assume_synchronised = true",
    )
    wait_linked(node)
    old = Announcement(1, "Số cũ", wall_ms() - 120_000)
    new = Announcement(2, "Xin mời số A không một hai", wall_ms())
    hall.show(Display(1, wall_ms(), "idle", announcements=[old, new]))
    node.wait_for(lambda state: state["spoken"] == [new.text], "the new call alone")
    node.kill()
    node.start()
    wait_linked(node)
    newer = Announcement(3, "Xin mời số A không một ba", wall_ms())
    hall.show(Display(2, wall_ms(), "idle", announcements=[old, new, newer]))
    node.wait_for(lambda state: state["spoken"], "spoken")
    assert node.state()["spoken"] == [newer.text]


def test_health_tells_depth_loops_and_what_is_missing(
    make_node: MakeNode, hall: HallStandIn
) -> None:
    make_node(node_lines="health_s = 0.2")
    until(lambda: len(hall.healths) >= 2, "health comes by itself")
    health = hall.healths[-1]
    own = {"counter", "link", "upkeep", "commands"}
    assert {loop.name for loop in health.loops} == {*own, "rating_buttons"}
    assert health.outbox_depth == 0
    assert health.rss_bytes > 1_000_000
    assert health.disk_free_bytes > 0


def test_a_device_that_cannot_be_opened_is_reported_and_the_others_work(
    broker: Broker, hall: HallStandIn, tmp_path: Path
) -> None:
    node = NodeProcess(
        tmp_path / "node",
        broker.port,
        devices='[qr_scanner]\nsource = "v4l2"\ndevice = "/dev/video-none"\n',
    )
    text = node.config.read_text()
    start, end = text.index("[panel]"), text.index("\n[rating_buttons]")
    node.config.write_text(text[:start] + text[end:])  # a real device: no panel
    child = subprocess.Popen(
        [sys.executable, "-m", "motcua", "node", "--config", str(node.config)],
        stderr=subprocess.DEVNULL,
    )
    try:
        (event,) = hall.wait_for(1)
        assert isinstance(event.body, Alarm)
        assert (event.body.code, event.body.device) == ("loop-failed", "qr_scanner")
        assert "plug the camera in" in event.body.text
        until(lambda: hall.healths, "the node is well otherwise")
    finally:
        child.terminate()
        assert child.wait(2) == 0


def test_the_panel_lets_no_other_page_press(make_node: MakeNode) -> None:
    node = make_node()
    node.press(3)
    status, headers, body = node.ask("POST", "/press/3")
    assert status == 403
    assert "X-Panel" in json.loads(body)["error"]
    assert headers["Access-Control-Allow-Origin"] == ORIGIN
    foreign = {"X-Panel": "1", "Origin": "http://evil.example"}
    assert node.ask("POST", "/press/3", headers=foreign)[0] == 403
    own = {"X-Panel": "1", "Origin": ORIGIN}
    assert node.ask("POST", "/press/3", headers=own)[0] == 200
    status, headers, _ = node.ask("OPTIONS", "/press/3")
    assert (status, headers["Access-Control-Allow-Origin"]) == (204, ORIGIN)


@pytest.mark.parametrize("length", ["\u00b2", "-1", "9" * 5000])
def test_a_length_that_is_no_number_is_refused_in_words(make_node: MakeNode, length: str) -> None:
    node = make_node()
    status, _, body = node.ask(
        "POST", "/press/3", headers={"X-Panel": "1", "Content-Length": length}
    )
    assert status == 411
    assert "length" in json.loads(body)["error"]


@pytest.mark.parametrize(
    "request_",
    [b"X-Panel: 1\r\n\r\n", b"X-Panel: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
)
def test_a_press_without_a_length_is_told_to_send_one(make_node: MakeNode, request_: bytes) -> None:
    node = make_node()
    with socket.create_connection(("127.0.0.1", node.panel_port)) as line:
        line.sendall(b"POST /press/3 HTTP/1.1\r\nHost: x\r\n" + request_)
        answer = b"".join(iter(lambda: line.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 411")
    told = json.loads(answer.partition(b"\r\n\r\n")[2])["error"]
    assert "Content-Length" in told
    assert "curl -d ''" in told


def test_the_panel_says_what_to_do_instead(make_node: MakeNode) -> None:
    node = make_node()
    for method, path, status in [
        ("POST", "/press/9", 404),
        ("POST", "/press/x", 404),
        ("POST", "/hold", 404),
        ("POST", "/else", 404),
        ("GET", "/else", 404),
        ("GET", "/matrix.png", 404),
        ("GET", "/state?after=-1", 400),
    ]:
        got, _, answer = node.ask(method, path, b"\x89PNG\r\n\x1a\n", {"X-Panel": "1"})
        assert (path, got) == (path, status)
        assert json.loads(answer)["error"]


def test_the_panel_tells_news_at_once_and_a_page_from_before_a_restart_too(
    make_node: MakeNode, hall: HallStandIn
) -> None:
    node = make_node()
    wait_linked(node)
    seen = node.state()
    with ThreadPoolExecutor(1) as page:
        answer = page.submit(node.state, seen["version"])
        hall.show(Display(1, wall_ms(), "called", counter="3", ticket="A012"))
        news = answer.result(15)  # a long poll without news takes 20 s
    assert news["version"] > seen["version"]
    assert node.state(10**9)["version"] < 10**9


def test_the_panel_takes_pictures_alone_and_no_giants(make_node: MakeNode, tmp_path: Path) -> None:
    cards = tmp_path / "cards"
    node = make_node(devices=f'[qr_scanner]\nsource = "folder"\nfolder = "{cards}"\n')
    assert node.ask("POST", "/hold", b"<svg/>", {"X-Panel": "1"})[0] == 415
    with socket.create_connection(("127.0.0.1", node.panel_port)) as line:
        line.sendall(
            b"POST /hold HTTP/1.1\r\nHost: x\r\nX-Panel: 1\r\nContent-Length: 2097153\r\n\r\n"
        )
        assert line.recv(100).startswith(b"HTTP/1.1 413")


def test_the_matrix_is_a_picture_that_changes_with_the_display(
    make_node: MakeNode, hall: HallStandIn
) -> None:
    node = make_node(devices='[ticket_display]\ndriver = "recording"\n')
    wait_linked(node)
    until(lambda: node.ask("GET", "/matrix.png")[0] == 200, "the display is open")
    status, headers, dark = node.ask("GET", "/matrix.png")
    assert (status, headers["Content-Type"]) == (200, "image/png")
    hall.show(Display(1, wall_ms(), "called", counter="3", ticket="A012"))
    until(lambda: node.ask("GET", "/matrix.png")[2] != dark, "the picture changed")


def test_a_node_without_a_broker_still_takes_presses(tmp_path: Path) -> None:
    node = NodeProcess(tmp_path / "node", free_port())
    node.start()
    try:
        node.press(3)
        assert node.wait_for(lambda state: state["outbox_depth"] == 1, "kept")["link"] == "away"
        assert node.terminate() == 0
    finally:
        node.close()


def test_systemd_is_told_of_start_life_and_end(tmp_path: Path) -> None:
    address = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(address))
        systemd.settimeout(20)
        node = NodeProcess(
            tmp_path / "node",
            free_port(),
            environment={"NOTIFY_SOCKET": str(address), "WATCHDOG_USEC": "200000"},
        )
        node.start()
        try:
            assert systemd.recv(100) == b"READY=1"
            assert systemd.recv(100) == b"WATCHDOG=1"
            assert node.terminate() == 0
            until(lambda: systemd.recv(100) == b"STOPPING=1", "it says that it ends")
        finally:
            node.close()


def check(tmp_path: Path, text: str) -> subprocess.CompletedProcess[str]:
    file = tmp_path / "node.toml"
    file.write_text(text)
    return subprocess.run(
        [sys.executable, "-m", "motcua", "node", "--check", str(file)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_check_says_ok_or_file_line_and_what_is_allowed(tmp_path: Path) -> None:
    head = f'[node]\nid = "a"\nhall = "h"\nkind = "counter"\ndata_dir = "{tmp_path}"\n'
    fine = check(tmp_path, head + BUTTONS)
    assert (fine.returncode, fine.stdout) == (0, "OK\n")
    wrong = check(tmp_path, head + BUTTONS.replace("lamp_pin = 19", "lamp_pin = 17"))
    assert wrong.returncode == 2
    assert "node.toml:24: rating_buttons.button[3].lamp_pin: pin 17 is in use" in wrong.stderr
