"""The road to a real VictoriaMetrics: exact, complete, and everything once, whatever is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import mkdtemp
from urllib.parse import urlencode

import msgspec
import pytest

from devices.messages import Health
from hall_server import facts as f
from hall_server.facts import Fact
from hall_server.timeseries.points import QueueSample
from hall_server.timeseries.settings import TimeSeriesSettings
from hall_server.timeseries.spool import Spool
from hall_server.timeseries.writer import TimeSeriesFeeder
from motcua.demo.store import StoreError, VictoriaMetrics
from tests.hall_server.timeseries.day import (
    START_MS,
    Values,
    an_empty_hall,
    journal_with,
    values_in,
    values_of,
    visits,
)
from tests.parts import until


@pytest.fixture
def store(tmp_path: Path) -> Iterator[VictoriaMetrics]:
    with VictoriaMetrics(tmp_path / "store") as running:
        yield running


class Clock:
    """Seconds that a test can put forward, above the real ones."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead_s


@contextmanager
def feeding(
    folder: Path, store: VictoriaMetrics, *, settle_s: float = 60, clock: Clock | None = None
) -> Iterator[TimeSeriesFeeder]:
    feeder = TimeSeriesFeeder(
        folder / "journal",
        folder / "spool",
        TimeSeriesSettings(url=store.url, settle_s=settle_s, batch_points=100, timeout_s=2),
        an_empty_hall,
        hall="kien-hung",
        monotonic=clock or Clock(),
    )
    feeder.start()
    try:
        yield feeder
    finally:
        feeder.stop()


def wanted(folder: Path, facts: list[Fact]) -> Values:
    """What the store must hold of ``facts``: the points of a spool of their own."""
    fresh = Path(mkdtemp(dir=folder))
    spool = Spool(fresh / "wanted", "kien-hung", most_points=10**6, most_bytes=10**9)
    spool.take_facts(facts)
    values = values_of(spool.lines())
    spool.close()
    return values


def written(feeder: TimeSeriesFeeder, through: int) -> None:
    """Wait until the store has accepted every point up to the fact ``through``."""

    def all_accepted() -> bool:
        stats = feeder.stats()
        return stats.journal_fact == through and (
            stats.points_written + stats.points_set_aside + stats.points_dropped
            == stats.points_made
        )

    until(all_accepted, f"fact {through} is written: {feeder.stats()}")


def settled(feeder: TimeSeriesFeeder, clock: Clock) -> None:
    """Put the clock forward until the spool holds no fact's point any more."""

    def empty() -> bool:
        clock.ahead_s += 5
        feeder.notify()
        stats = feeder.stats()
        return stats.points_confirmed > 0 and stats.spool_depth <= 1  # the newest sample

    until(empty, "the spool empties", each_s=0.05)


def test_what_was_measured_is_read_back_exactly(tmp_path: Path, store: VictoriaMetrics) -> None:
    facts = [
        Fact(1, START_MS, f.TicketTaken("t1", "A001", "ho-tich", 1, "kiosk", "x", START_MS)),
        Fact(2, START_MS, f.TicketTaken("t2", "A002", "ho-tich", 2, "kiosk", "x", START_MS)),
        Fact(3, START_MS + 61_234, f.TicketCalled("t1", "3", "lan", "ho-tich", 61_234, "first")),
        Fact(
            4,
            START_MS + 99_000,
            f.RatingGiven("t1", "3", "lan", "ho-tich", "w", 4, 5, "v1", "buttons"),
        ),
    ]
    journal_with(tmp_path / "journal", facts).close()
    with feeding(tmp_path, store) as feeder:
        written(feeder, 4)

        def query(what: str) -> list[tuple[dict[str, str], list[list[object]]]]:
            words = urlencode({"query": what, "time": START_MS / 1000 + 600, "nocache": 1})
            with urllib.request.urlopen(f"{store.url}/api/v1/query?{words}") as answer:  # noqa: S310
                data = msgspec.json.decode(answer.read())
            return [(one["metric"], one["values"]) for one in data["data"]["result"]]

        assert store.count_points('{hall="kien-hung"}') > 0, "now the points can be queried"
        second = START_MS / 1000
        ((labels, values),) = query("ticket_taken_count[1h]")
        assert values == [[second, "1"], [second + 0.001, "1"]]
        assert labels == {
            "__name__": "ticket_taken_count",
            "channel": "kiosk",
            "hall": "kien-hung",
            "priority": "no",
            "service": "ho-tich",
        }
        assert query("ticket_called_wait_s[1h]")[0][1] == [[second + 61.234, "61.234"]]
        assert query("rating_given_level[1h]")[0][1] == [[second + 99, "4"]]
        assert query("rating_given_levels[1h]")[0][1] == [[second + 99, "5"]]


def test_queue_and_health_reach_the_store_on_the_grid(
    tmp_path: Path, store: VictoriaMetrics
) -> None:
    journal_with(tmp_path / "journal", []).close()
    feeder = TimeSeriesFeeder(
        tmp_path / "journal",
        tmp_path / "spool",
        TimeSeriesSettings(url=store.url),
        lambda: QueueSample({"ho-tich": 7}, open_counters=3, paused_counters=1),
        hall="kien-hung",
        clock_ms=lambda: START_MS + 12_345,
    )
    feeder.health("quay-3", Health("0" * 32, 1, 60, True, 2, 300, 40, 5_000, 6_000))
    feeder.start()
    try:
        until(lambda: store.count_points('{hall="kien-hung"}') == 11, "3 + 8 values are stored")
        found = {one.name: (one.values, one.timestamps_ms) for one in store.stored('{hall=~".+"}')}
    finally:
        feeder.stop()
    assert found["queue_waiting"] == ([7], [START_MS + 10_000])
    assert found["counters_open"] == ([3], [START_MS + 10_000])
    assert found["counters_paused"] == ([1], [START_MS + 10_000])
    assert found["node_health_outbox_depth"] == ([2], [START_MS + 12_345])


def test_a_store_that_was_away_gets_everything_when_it_comes(tmp_path: Path) -> None:
    store, facts = VictoriaMetrics(tmp_path / "store"), visits(200)
    journal = journal_with(tmp_path / "journal", facts[:500])
    with feeding(tmp_path, store) as feeder:
        until(lambda: feeder.stats().last_error, "the feeder finds nobody")
        assert "no answer" in feeder.stats().last_error
        journal.append(facts[500:])
        feeder.notify()
        until(lambda: feeder.stats().journal_fact == 1_000, "the spool takes all the facts")
        assert feeder.stats().points_written == 0
        with store:
            written(feeder, 1_000)
            assert values_in(store) == wanted(tmp_path, facts)
            assert feeder.stats().last_error == ""
    journal.close()


@pytest.mark.faults
def test_a_store_killed_in_the_middle_has_everything_once_in_the_end(
    tmp_path: Path, store: VictoriaMetrics
) -> None:
    clock, facts = Clock(), visits(160)
    journal = journal_with(tmp_path / "journal", facts[:200])
    with feeding(tmp_path, store, clock=clock) as feeder:
        written(feeder, 200)
        clock.ahead_s += 3
        for kill, start in enumerate((200, 400, 600)):
            journal.append(facts[start : start + 100])
            feeder.notify()
            written(feeder, start + 100)
            store.kill()
            journal.append(facts[start + 100 : start + 200])
            feeder.notify()
            # the store tells its start in whole seconds, and this test's clock runs ahead: let
            # two starts differ, as the two seconds of trust see to by a true clock
            killed_s = int(time.time())
            while int(time.time()) == killed_s:
                time.sleep(0.02)
            store.start()
            if kill == 0:
                held = values_in(store)
                assert held != wanted(tmp_path, facts[:300]), "it must forget, or nothing is tested"
        written(feeder, 800)
        settled(feeder, clock)
        assert feeder.stats().rewrites > 0
        store.stop()  # what counts is on its disk
        store.start()
        assert values_in(store) == wanted(tmp_path, facts)
        assert feeder.stats().points_written <= feeder.stats().points_made
    journal.close()


@pytest.mark.faults
def test_a_store_that_hangs_holds_nobody_up_and_gets_everything_later(
    tmp_path: Path, store: VictoriaMetrics
) -> None:
    facts = visits(40)
    journal = journal_with(tmp_path / "journal", facts[:100])
    feeder = TimeSeriesFeeder(
        tmp_path / "journal",
        tmp_path / "spool",
        TimeSeriesSettings(url=store.url, timeout_s=0.3),
        an_empty_hall,
        hall="kien-hung",
    )
    feeder.start()
    try:
        written(feeder, 100)
        assert store.pid is not None
        os.kill(store.pid, signal.SIGSTOP)
        journal.append(facts[100:])
        feeder.notify()
        until(lambda: feeder.stats().last_error, "the feeder gives up waiting")
        assert feeder.stats().journal_fact == 200, "the spool takes facts all the same"
        os.kill(store.pid, signal.SIGCONT)
        written(feeder, 200)
        assert values_in(store) == wanted(tmp_path, facts)
    finally:
        if store.pid is not None:
            os.kill(store.pid, signal.SIGCONT)
        feeder.stop()
    journal.close()


def test_writing_everything_again_doubles_nothing(tmp_path: Path, store: VictoriaMetrics) -> None:
    facts = visits(100)
    journal_with(tmp_path / "journal", facts).close()
    for _ in range(2):
        with feeding(tmp_path, store) as feeder:
            written(feeder, 500)
        for ending in ("", "-wal", "-shm"):
            (tmp_path / f"spool{ending}").unlink(missing_ok=True)
        store.stop()  # the second writing meets the first one on the disk, not in memory
        store.start()
    assert values_in(store) == wanted(tmp_path, facts)


CHILD = """
import sys
from pathlib import Path
from hall_server.timeseries.points import QueueSample
from hall_server.timeseries.settings import TimeSeriesSettings
from hall_server.timeseries.writer import TimeSeriesFeeder
folder, url = Path(sys.argv[1]), sys.argv[2]
feeder = TimeSeriesFeeder(folder / "journal", folder / "spool",
    TimeSeriesSettings(url=url, batch_points=20), lambda: QueueSample({}, 0), hall="kien-hung")
feeder.start()
for line in sys.stdin:
    feeder.notify()
    print(feeder.stats().points_made, flush=True)
"""


@pytest.mark.faults
def test_a_feeder_killed_half_way_goes_on_where_it_was(
    tmp_path: Path, store: VictoriaMetrics
) -> None:
    facts = visits(1_200)
    journal = journal_with(tmp_path / "journal", facts)
    for through in (500, 2_500, 4_500):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(tmp_path), store.url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert child.stdin is not None
        assert child.stdout is not None

        made = 0
        while made < through:
            child.stdin.write(b"\n")
            child.stdin.flush()
            made = int(child.stdout.readline())
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        child.stdin.close()
        child.stdout.close()
    with feeding(tmp_path, store) as feeder:
        written(feeder, 6_000)
        samples = store.count_points('{__name__="counters_open"}')
        assert feeder.stats().points_made == 6_000 + samples, "no fact became two points"
        assert values_in(store) == wanted(tmp_path, facts)
    journal.close()


@contextmanager
def strict_front(store: VictoriaMetrics, refused: bytes) -> Iterator[str]:
    """A front before the real store that answers 400 to a body holding ``refused``."""

    class Front(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if refused in body:
                self._answer(400, b'{"code":"invalid","message":"unable to parse"}')
                return
            request = urllib.request.Request(store.url + self.path, body, method="POST")  # noqa: S310
            with urllib.request.urlopen(request) as answer:  # noqa: S310
                self._answer(answer.status, b"")

        def do_GET(self) -> None:
            self._answer(404, b"")

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Front) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def test_a_line_the_store_refuses_is_set_aside_and_the_others_arrive(
    tmp_path: Path, store: VictoriaMetrics
) -> None:
    facts = visits(50)
    journal_with(tmp_path / "journal", facts).close()
    with strict_front(store, b"wait_s=1.37 ") as url:
        feeder = TimeSeriesFeeder(
            tmp_path / "journal",
            tmp_path / "spool",
            TimeSeriesSettings(url=url),
            an_empty_hall,
            hall="kien-hung",
        )
        feeder.start()
        try:
            written(feeder, 250)
        finally:
            feeder.stop()
    assert feeder.stats().points_set_aside == 1
    spool = Spool(tmp_path / "spool", "kien-hung", most_points=10**6, most_bytes=10**9)
    ((_, line, reason),) = spool.aside()
    spool.close()
    assert "wait_s=1.37 " in line
    assert reason.startswith("400")
    good = wanted(tmp_path, facts)
    for key, value in values_of([line]).items():
        good[key].remove(value[0])
        if not good[key]:
            del good[key]
    assert values_in(store) == good


def test_a_wrong_address_is_told_and_nothing_is_lost(
    tmp_path: Path, store: VictoriaMetrics
) -> None:
    journal_with(tmp_path / "journal", visits(2)).close()
    feeder = TimeSeriesFeeder(
        tmp_path / "journal",
        tmp_path / "spool",
        TimeSeriesSettings(url=f"{store.url}/nowhere"),
        an_empty_hall,
        hall="kien-hung",
    )
    feeder.start()
    try:
        until(lambda: feeder.stats().last_error, "the feeder says what is wrong")
        stats = feeder.stats()
    finally:
        feeder.stop()
    assert "[timeseries]" in stats.last_error
    assert stats.points_set_aside == 0
    assert stats.spool_depth >= 10


def test_with_no_store_set_there_is_no_spool(tmp_path: Path) -> None:
    journal_with(tmp_path / "journal", visits(2)).close()
    feeder = TimeSeriesFeeder(
        tmp_path / "journal",
        tmp_path / "spool",
        TimeSeriesSettings(),
        an_empty_hall,
        hall="kien-hung",
    )
    feeder.start()
    feeder.notify()
    feeder.health("quay-3", Health("0" * 32, 1, 60, True, 2, 300, 40, 5_000, 6_000))
    feeder.stop()
    assert not (tmp_path / "spool").exists()


def test_a_journal_that_is_not_there_yet_is_waited_for(
    tmp_path: Path, store: VictoriaMetrics
) -> None:
    with feeding(tmp_path, store) as feeder:
        until(lambda: feeder.stats().last_error, "the feeder misses the journal")
        journal_with(tmp_path / "journal", visits(2)).close()
        written(feeder, 10)
        assert feeder.stats().last_error == ""


def test_a_port_in_use_is_told(tmp_path: Path, store: VictoriaMetrics) -> None:
    second = VictoriaMetrics(tmp_path / "second", port=store.port)
    with pytest.raises(StoreError, match="another store answers"):
        second.start()
