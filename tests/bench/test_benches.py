"""Each bench, in small: the figures it promises, and nothing lost, doubled or wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hall_server import facts as f
from hall_server.facts import Fact, Source
from hall_server.journal import Journal
from motcua.bench import ingest, news, node
from motcua.bench.audience import Heard
from motcua.bench.errors import BenchError
from motcua.bench.parts import own_folder, percentile
from motcua.cli import main

Figures = dict[str, Any]


def figures_of(
    folder: Path, capsys: pytest.CaptureFixture[str], bench: str, *words: str
) -> Figures:
    status = main(["bench", bench, "--json", "--folder", str(folder), *words])
    printed = capsys.readouterr()
    assert status == 0, printed.err
    figures: Figures = json.loads(printed.out)
    assert all(isinstance(value, int | float) for value in figures.values())
    assert not list(folder.iterdir()), "the bench left files behind"
    return figures


def test_the_path_bench_times_presses_commits_and_bare_messages_beside_each_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = figures_of(tmp_path, capsys, "path", "--count", "15")
    assert figures["presses"] == 15
    assert figures["news_lost"] == 0
    assert 0 < figures["bare_p50_ms"] <= figures["bare_p99_ms"]
    assert 0 < figures["hall_p50_ms"] <= figures["hall_p99_ms"]
    assert figures["fsync_p99_ms"] > 0
    net_ms = figures["hall_p99_ms"] - figures["fsync_p99_ms"]
    assert figures["ratio_p99"] == pytest.approx(net_ms / figures["bare_p99_ms"], abs=0.02)


def test_the_node_bench_tells_what_a_node_takes_and_how_long_a_press_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, short in (("IDLE_S", 0.5), ("SETTLE_S", 0.1), ("STARTS", 1)):
        monkeypatch.setattr(node, name, short)
    figures = figures_of(tmp_path, capsys, "node", "--count", "6")
    assert (figures["presses"], figures["lost"]) == (6, 0)
    assert 0 < figures["rss_mb"] < figures["rss_with_qr_mb"]
    assert figures["idle_cpu_percent"] >= 0
    assert 0 < figures["start_s"] <= figures["start_longest_s"]
    assert figures["bytes_written_per_press"] >= 0, "0 where the folder lies in memory"
    for stage in ("press_to_lamp", "press_to_publish", "fsync", "bare_publish"):
        assert 0 < figures[f"{stage}_p50_ms"] <= figures[f"{stage}_p99_ms"]
    assert figures["press_to_lamp_p50_ms"] < figures["press_to_publish_p99_ms"]


def test_the_ingest_bench_counts_what_is_committed_and_acknowledged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = figures_of(tmp_path, capsys, "ingest", "--count", "1600")
    assert figures["events"] >= 1600
    assert figures["bare_per_s"] > 0
    assert figures["to_nobody_per_s"] > 0
    share = figures["hall_per_s"] / figures["bare_per_s"]
    assert figures["ratio"] == pytest.approx(share, abs=0.01)


def test_the_web_bench_finds_no_wrong_result_and_every_page_has_the_news(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = figures_of(tmp_path, capsys, "web", "--count", "16")
    assert figures["wrong"] == 0
    assert figures["failed"] == 0
    assert figures["live_pages"] == 200
    assert figures["news_missing"] == 0
    for name in ("bare_per_s", "issue_per_s", "call_per_s"):
        assert figures[name] > 0
    for name in ("issue_p99_ms", "call_p99_ms", "call_p99_ms_with_live_pages", "news_p99_ms"):
        assert figures[name] > 0


def test_the_journal_bench_opens_what_it_wrote_both_ways(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = figures_of(tmp_path, capsys, "journal", "--count", "300")
    assert figures["facts"] > 300 * 12
    assert figures["open_s"] > 0
    assert figures["replay_s"] > 0


# ------------------------------------------------------------------ the benches can find a fault


def taken(number: str) -> f.TicketTaken:
    return f.TicketTaken(f"20261123-{number}", number, "chung-thuc", 1, "kiosk", f"t{number}", 0)


def called(number: str, counter: str) -> f.TicketCalled:
    return f.TicketCalled(f"20261123-{number}", counter, "c", "chung-thuc", 0, "longest_wait")


def journal_of(folder: Path, *bodies: f.AnyBody, at_ms: int = 1_000) -> Path:
    journal = Journal(folder / "hall.db")
    journal.append([Fact(place, at_ms, body) for place, body in enumerate(bodies, 1)])
    journal.close()
    return journal.path


def test_right_results_are_right(tmp_path: Path) -> None:
    path = journal_of(tmp_path, taken("A001"), taken("A002"), called("A001", "1"))
    tickets = [("A001", "tA001"), ("A002", "tA002")]
    assert news.wrong_results(path, tickets, [("A001", "1")]) == []


@pytest.mark.parametrize(
    ("tickets", "calls", "words"),
    [
        ([("A001", "tA001"), ("A001", "tA002")], [("A001", "1")], "A001 was issued 2 times"),
        ([("A001", "tA001")], [("A001", "1")], "1 tickets were handed out, the journal has 2"),
        (
            [("A001", "tA001"), ("A002", "tA002")],
            [("A001", "1"), ("A001", "2")],
            "A001 was called 2 times",
        ),
        ([("A001", "tA001"), ("A002", "tA002")], [("A001", "2")], "A001 to 2: no such call"),
        ([("A001", "tA001"), ("A002", "tA002")], [], "0 calls were answered, the journal has 1"),
    ],
)
def test_wrong_results_are_found(
    tmp_path: Path, tickets: list[tuple[str, str]], calls: list[tuple[str, str]], words: str
) -> None:
    path = journal_of(tmp_path, taken("A001"), taken("A002"), called("A001", "1"))
    assert words in news.wrong_results(path, tickets, calls)


def test_a_page_is_as_late_as_the_first_state_that_knows_the_call(tmp_path: Path) -> None:
    path = journal_of(tmp_path, taken("A001"), taken("A002"), called("A001", "1"))
    board = Heard("board", [(900.0, 2), (1_040.0, 3)])
    waiting = Heard("ticket/tA002", [(900.0, 2), (1_060.0, 4)])
    elsewhere = Heard("counter/2", [(900.0, 2)])
    assert news.lateness(path, [board, waiting, elsewhere]) == ([40.0, 60.0], 0)


def test_a_call_that_no_state_knows_is_missing(tmp_path: Path) -> None:
    path = journal_of(tmp_path, taken("A001"), taken("A002"), called("A001", "1"))
    board = Heard("board", [(900.0, 2)])
    assert news.lateness(path, [board]) == ([], 1)


def test_an_event_that_was_acknowledged_and_is_not_in_the_journal_is_found(tmp_path: Path) -> None:
    stream = "a" * 32
    journal = Journal(tmp_path / "hall.db")
    refused = f.RatingRefused("counter-1", "1", 3, 5, "closed")
    journal.append([Fact(seq, 0, refused, Source(stream, seq)) for seq in (1, 2)])
    journal.close()
    assert ingest.compare(journal.path, {stream: 2}) == []
    (lost,) = ingest.compare(journal.path, {stream: 3})
    assert "acknowledged 1 to 3" in lost
    (unknown,) = ingest.compare(journal.path, {})
    assert "never sent" in unknown


def test_a_percentile_is_a_value_that_was_measured() -> None:
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([float(n) for n in range(1, 101)], 0.99) == 99.0
    assert percentile([7.0], 0.99) == 7.0
    with pytest.raises(BenchError, match="--count"):
        percentile([], 0.5)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BenchError, match="--folder"), own_folder(tmp_path / "file"):
        pass
