"""What was committed stays until the hall has it, whatever happens to disk and process."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.messages import Event, RatingPress, Scan, decode
from edge.clock import Stamps
from edge.link import envelope
from edge.outbox import Outbox, OutboxError, OutboxFullError, Pending
from edge.outbox_file import LOG_PAGES, PAGE_BYTES

STAMPS = Stamps("b" * 32, 1_800_000_000_000_000, 5_000_000, True)
PRESS = RatingPress(3, 4, "w1")


def all_pending(outbox: Outbox, after: int = 0) -> list[Pending]:
    return outbox.pending(outbox.stream, after, 1000)


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    box = Outbox(tmp_path)
    yield box
    box.close()


def test_a_press_is_forced_to_the_disk_also_after_an_acknowledgement_was_not(
    outbox: Outbox,
) -> None:
    """No kill shows it, only a power cut would: so the file's own word is taken."""

    def is_forced() -> bool:
        row = outbox._connection.execute("PRAGMA synchronous").fetchone()
        return bool(row == (2,))  # FULL

    assert is_forced()
    outbox.append(PRESS, STAMPS)
    outbox.acknowledge(outbox.stream, 1)
    assert outbox.depth == 0
    assert is_forced()


def test_what_goes_in_comes_out_in_order_and_reads_as_an_event(outbox: Outbox) -> None:
    scan = Scan("mã của bà Đặng Thị Ỷ", "pyzbar")
    assert [outbox.append(PRESS, STAMPS), outbox.append(scan, STAMPS)] == [1, 2]
    first, second = all_pending(outbox)
    assert decode(envelope(outbox.stream, 1, first), Event) == Event(
        outbox.stream, 1, 1, *STAMPS, PRESS
    )
    assert decode(envelope(outbox.stream, 1, second), Event).body == scan
    assert all_pending(outbox, after=1) == [second]


def test_acknowledged_events_leave_and_the_count_goes_on(outbox: Outbox) -> None:
    for _ in range(3):
        outbox.append(PRESS, STAMPS)
    assert outbox.acknowledge(outbox.stream, 2)
    assert (outbox.depth, outbox.oldest_seq, outbox.last_seq) == (1, 3, 3)
    assert [one.seq for one in all_pending(outbox)] == [3]
    assert outbox.acknowledge(outbox.stream, 3)
    assert (outbox.depth, outbox.bytes, outbox.oldest_seq) == (0, 0, 4)
    assert outbox.append(PRESS, STAMPS) == 4


def test_a_number_is_never_given_out_again_even_when_all_have_left(tmp_path: Path) -> None:
    first = Outbox(tmp_path)
    first.append(PRESS, STAMPS)
    first.acknowledge(first.stream, 1)
    first.close()
    second = Outbox(tmp_path)
    assert second.stream == first.stream
    assert second.append(PRESS, STAMPS) == 2
    second.close()


@pytest.mark.parametrize(("stream", "through"), [("f" * 32, 1), (None, 2), (None, 2**62)])
def test_an_acknowledgement_that_cannot_be_meant_removes_nothing(
    outbox: Outbox, stream: str | None, through: int
) -> None:
    outbox.append(PRESS, STAMPS)
    assert not outbox.acknowledge(stream or outbox.stream, through)
    assert outbox.depth == 1


def test_an_old_copy_put_back_sends_all_it_holds_under_a_stream_of_its_own(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    stream = outbox.stream
    outbox.append(PRESS, STAMPS)
    # the hall has had four of this stream from the card as it was later
    assert not outbox.acknowledge(stream, 4)
    assert outbox.stream != stream
    assert outbox.append(PRESS, STAMPS) == 2
    outbox.close()
    again = Outbox(tmp_path)
    assert again.stream not in ("", stream)
    assert [one.seq for one in all_pending(again)] == [1, 2]
    again.close()


def test_a_repeated_acknowledgement_changes_nothing(outbox: Outbox) -> None:
    outbox.append(PRESS, STAMPS)
    outbox.append(PRESS, STAMPS)
    assert outbox.acknowledge(outbox.stream, 1)
    assert outbox.acknowledge(outbox.stream, 1)
    assert outbox.acknowledge(outbox.stream, 0)
    assert (outbox.depth, outbox.bytes) == (1, len(msgspec.json.encode(PRESS)))


def test_a_full_outbox_refuses_and_takes_again_when_there_is_room(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, max_events=10)
    for _ in range(8):
        outbox.append(PRESS, STAMPS, fill_up_to=0.8)
    with pytest.raises(OutboxFullError, match="acknowledges"):
        outbox.append(PRESS, STAMPS, fill_up_to=0.8)
    outbox.append(PRESS, STAMPS)
    outbox.append(PRESS, STAMPS)
    with pytest.raises(OutboxFullError):
        outbox.append(PRESS, STAMPS)
    assert (outbox.depth, outbox.last_seq, outbox.fill) == (10, 10, 1.0)
    outbox.acknowledge(outbox.stream, 1)
    assert outbox.append(PRESS, STAMPS) == 11
    outbox.close()


def test_it_is_bounded_by_bytes_too(tmp_path: Path) -> None:
    size = len(msgspec.json.encode(PRESS))
    outbox = Outbox(tmp_path, max_bytes=3 * size)
    for _ in range(3):
        outbox.append(PRESS, STAMPS)
    with pytest.raises(OutboxFullError):
        outbox.append(PRESS, STAMPS)
    outbox.close()


def test_what_is_kept_with_an_event_is_kept_in_the_same_commit(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    assert outbox.kept("rated_window") is None
    outbox.append(PRESS, STAMPS, keep=("rated_window", "w1"))
    outbox.append(PRESS, STAMPS, keep=("rated_window", "w2"))
    outbox.close()
    again = Outbox(tmp_path)
    assert again.kept("rated_window") == "w2"
    again.close()


def test_a_folder_that_cannot_be_written_says_what_to_check(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutboxError, match="check that the folder"):
        Outbox(tmp_path / "file" / "data")


def test_a_removed_scan_is_nowhere_on_the_disk_any_more(outbox: Outbox, tmp_path: Path) -> None:
    text = "SECRET-" + "z" * 300
    outbox.append(Scan(text, "pyzbar"), STAMPS)
    assert any(text.encode() in path.read_bytes() for path in tmp_path.iterdir())
    outbox.acknowledge(outbox.stream, 1)
    outbox.tidy()
    assert not any(b"SECRET-" in path.read_bytes() for path in tmp_path.iterdir())


def test_whatever_append_returned_is_there_after_a_kill(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [
            sys.executable,
            "-c",
            textwrap.dedent("""
                import sys
                from pathlib import Path
                from devices.messages import RatingPress
                from edge.clock import Clock
                from edge.outbox import Outbox
                box = Outbox(Path(sys.argv[1]))
                while True:
                    seq = box.append(RatingPress(3, 4, "w1"), Clock().now())
                    print(seq, flush=True)
                    if seq % 7 == 0:
                        box.acknowledge(box.stream, seq - 5)
            """),
            str(tmp_path),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    last = 0
    for line in child.stdout:
        last = int(line)
        if last == 40:
            child.kill()
    child.wait(10)
    outbox = Outbox(tmp_path)
    assert outbox.set_aside == []
    assert outbox.last_seq >= last >= 40
    assert [one.seq for one in all_pending(outbox)] == list(
        range(outbox.oldest_seq, outbox.last_seq + 1)
    )
    assert outbox.oldest_seq <= last - 4
    outbox.close()


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.one_of(st.just("append"), st.just("reopen"), st.just("tidy"), st.integers(0, 30)),
        max_size=30,
    )
)
def test_rows_stay_contiguous_and_counters_true(
    tmp_path_factory: pytest.TempPathFactory, story: list[str | int]
) -> None:
    folder = tmp_path_factory.mktemp("outbox")
    outbox = Outbox(folder)
    appended = acked = 0
    for step in story:
        if step == "append":
            appended += 1
            assert outbox.append(PRESS, STAMPS) == appended
        elif step == "reopen":
            outbox.close()
            outbox = Outbox(folder)
        elif step == "tidy":
            outbox.tidy()
        elif isinstance(step, int):
            assert outbox.acknowledge(outbox.stream, step) == (step <= appended)
            acked = max(acked, step) if step <= appended else acked
        assert [one.seq for one in all_pending(outbox)] == list(range(acked + 1, appended + 1))
        assert outbox.depth == appended - acked
        assert outbox.last_seq == appended
        assert outbox.oldest_seq == acked + 1
        assert outbox.bytes == outbox.depth * len(msgspec.json.encode(PRESS))
    outbox.close()


def test_it_never_grows_without_end(tmp_path: Path) -> None:
    """As a counter works through its years: singly, in bursts, and after a day without a hall."""
    shm = Path("/dev/shm")
    with TemporaryDirectory(dir=shm if shm.is_dir() else tmp_path) as folder:
        outbox = Outbox(Path(folder))
        sizes = []
        for burst in (1, 40, 300) * 4:
            for _ in range(600 // burst):
                for _ in range(burst):
                    outbox.append(PRESS, STAMPS, keep=("rated_window", "w1"))
                outbox.acknowledge(outbox.stream, outbox.last_seq)
            outbox.tidy()
            sizes.append(outbox.file_bytes())
        assert max(sizes[3:]) <= max(sizes[:3])
        assert sizes[0] < 64 * 1024, "as little as the log and a few pages"
        assert outbox.depth == 0
        outbox.close()


def test_a_press_writes_one_page_and_its_acknowledgement_none(tmp_path: Path) -> None:
    """What wears a card out is what is written to it."""
    outbox = Outbox(tmp_path)

    def written() -> int:
        io = Path("/proc/self/io").read_text().splitlines()
        return int(dict(line.split(": ") for line in io)["wchar"])

    def one_press(number: int) -> None:
        outbox.append(PRESS, STAMPS, keep=("rated_window", f"w{number}"))
        outbox.acknowledge(outbox.stream, outbox.last_seq)

    for number in range(2 * LOG_PAGES):
        one_press(number)
    before = written()
    for number in range(4 * LOG_PAGES):
        one_press(number)
    a_press = (written() - before) / (4 * LOG_PAGES)
    assert a_press < 1.3 * PAGE_BYTES
    outbox.close()
