"""What is sent next, and when again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.sending import SendWindow


def test_no_more_is_under_way_than_the_window_holds() -> None:
    window = SendWindow(size=3)
    window.begin(10)
    for seq in (11, 12, 13):
        window.was_sent(seq, 0)
    assert window.room == 0
    window.acknowledged(12, 1)
    assert window.room == 2


def test_silence_sends_all_again_and_again_with_growing_patience() -> None:
    window = SendWindow(patience_s=5, patience_max_s=20)
    window.begin(0)
    window.was_sent(1, 0)
    times = []
    for now in range(1, 80):
        if window.check(now):
            times.append(now)
            assert window.sent == 0
            window.was_sent(1, now)
    assert times == [5, 15, 35, 55, 75]


def test_progress_restores_the_patience() -> None:
    window = SendWindow(patience_s=5)
    window.begin(0)
    for seq in (1, 2):
        window.was_sent(seq, 0)
    assert window.check(5)
    window.was_sent(1, 5)
    window.was_sent(2, 5)
    window.acknowledged(1, 6)
    assert window.resend_at_s == 11
    window.acknowledged(2, 7)
    assert window.resend_at_s is None


def test_a_hall_that_asks_again_is_answered_at_once_but_not_for_each_of_its_askings() -> None:
    window = SendWindow(gap_rest_s=0.5)
    window.begin(0)
    for seq in range(1, 101):
        window.was_sent(seq, 0)
    window.acknowledged(4, 0.1)
    window.acknowledged(4, 0.1)
    assert window.sent == 4
    window.was_sent(100, 0.1)
    for _ in range(95):
        window.acknowledged(4, 0.2)
    assert window.sent == 100
    assert window.resends == 1
    window.acknowledged(4, 0.7)
    assert window.sent == 4


def test_an_asking_with_nothing_under_way_changes_nothing() -> None:
    window = SendWindow()
    window.begin(7)
    window.acknowledged(3, 0)
    assert (window.acked, window.sent, window.resends) == (7, 7, 0)


@given(st.lists(st.tuples(st.sampled_from(["send", "ack", "check", "begin"]), st.integers(0, 20))))
def test_the_window_never_sends_below_what_is_acknowledged_nor_beyond_its_size(
    story: list[tuple[str, int]],
) -> None:
    window, now, acked = SendWindow(size=5), 0.0, 0
    for what, number in story:
        now += number
        if what == "send" and window.room:
            window.was_sent(window.sent + 1, now)
        elif what == "ack":
            through = min(number, window.sent)
            window.acknowledged(through, now)
            acked = max(acked, through)
        elif what == "check":
            window.check(now)
        elif what == "begin":
            window.begin(acked)
        assert acked == window.acked <= window.sent <= window.acked + 5
        assert (window.resend_at_s is None) or window.resend_at_s >= 0
