"""When the buttons count, and that no window takes two presses."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from devices.messages import Display, RatingPress, RatingWindow
from devices.rating_buttons.lamps import DARK, INVITE, chosen
from edge.rating_window import CHOSEN_US, Now, RatingWindows

WALL_MS = 1_800_000_000_000
SECOND_US = 1_000_000


def at(seconds: float, *, synchronised: bool = True, wall_off_ms: int = 0) -> Now:
    wall_us = (WALL_MS + wall_off_ms) * 1000 + int(seconds * SECOND_US)
    return Now(int(seconds * SECOND_US), wall_us, synchronised)


def us(seconds: float) -> int:
    return int(seconds * SECOND_US)


def rating(
    rev: int = 1, window_id: str = "w1", *, opened_s: float = 0, said_s: float | None = None
) -> Display:
    opened_ms = WALL_MS + int(opened_s * 1000)
    said_ms = opened_ms if said_s is None else WALL_MS + int(said_s * 1000)
    return Display(rev, said_ms, "rating", rating=RatingWindow(window_id, 4, opened_ms, 30_000))


def accept(windows: RatingWindows, level: int, monotonic_us: int) -> RatingPress:
    press = windows.press(level, monotonic_us)
    if press.refused is None:
        windows.accepted(press, monotonic_us)
    return press


def test_a_press_before_any_window_is_refused_and_lights_no_lamp() -> None:
    windows = RatingWindows(4)
    assert accept(windows, 4, us(1)).refused == "closed"
    assert windows.lamps(us(1)) == DARK


def test_a_window_takes_one_press_and_the_chosen_lamp_stays_for_three_seconds() -> None:
    windows = RatingWindows(4)
    windows.show(rating(), live=True, now=at(0))
    assert windows.lamps(us(1)) == INVITE
    assert accept(windows, 3, us(2)) == RatingPress(3, 4, "w1")
    assert windows.lamps(us(2)) == chosen(3)
    assert accept(windows, 1, us(3)).refused == "already_rated"
    assert windows.lamps(us(2) + CHOSEN_US) == DARK


def test_a_window_of_another_scale_invites_nobody_and_says_what_to_set() -> None:
    windows = RatingWindows(5)
    windows.show(rating(), live=True, now=at(0))
    assert windows.lamps(us(1)) == DARK
    assert accept(windows, 3, us(1)) == RatingPress(3, 5, "w1", refused="closed")
    assert windows.lamps(us(1)) == DARK
    assert windows.misfit is not None
    assert "levels = 5" in windows.misfit
    fitting = RatingWindows(4)
    fitting.show(rating(), live=True, now=at(0))
    assert fitting.misfit is None


def test_a_window_closes_by_the_nodes_own_time() -> None:
    windows = RatingWindows(4)
    windows.show(rating(), live=True, now=at(0))
    assert windows.next_change_us(us(0)) == us(30)
    assert accept(windows, 3, us(30)).refused == "closed"
    assert windows.lamps(us(30)) == DARK


def test_a_window_that_was_not_committed_stays_open_for_another_try() -> None:
    windows = RatingWindows(4)
    windows.show(rating(), live=True, now=at(0))
    windows.press(3, us(1))
    assert windows.press(3, us(2)).refused is None


def test_the_hall_saying_it_all_again_reopens_nothing() -> None:
    windows = RatingWindows(4)
    windows.show(rating(), live=True, now=at(0))
    windows.show(rating(2, said_s=29), live=True, now=at(29))
    assert windows.next_change_us(us(29)) == us(30)
    windows.show(rating(3, said_s=31), live=True, now=at(31))
    assert accept(windows, 3, us(31)).refused == "closed"


def test_a_live_window_is_timed_by_the_halls_clock_even_if_the_nodes_is_hours_off() -> None:
    windows = RatingWindows(4)
    windows.show(rating(opened_s=0, said_s=10), live=True, now=at(10, wall_off_ms=-7_200_000))
    assert windows.next_change_us(us(10)) == us(30)


def test_a_retained_window_does_not_open_where_the_clock_is_not_synchronised() -> None:
    windows = RatingWindows(4)
    windows.show(rating(), live=False, now=at(1, synchronised=False))
    assert windows.lamps(us(1)) == DARK
    assert accept(windows, 3, us(2)).refused == "closed"


def test_a_retained_window_opens_for_what_is_left_of_it() -> None:
    windows = RatingWindows(4)
    windows.show(rating(), live=False, now=at(20))
    assert windows.next_change_us(us(20)) == us(30)
    late = RatingWindows(4)
    late.show(rating(), live=False, now=at(31))
    assert late.lamps(us(31)) == DARK


def test_a_retained_window_of_the_future_stays_no_longer_than_its_duration() -> None:
    windows = RatingWindows(4)
    windows.show(rating(opened_s=3600), live=False, now=at(0))
    assert windows.next_change_us(us(0)) == us(30)


def test_a_window_rated_before_a_restart_stays_rated() -> None:
    windows = RatingWindows(4, rated="w1")
    windows.show(rating(), live=True, now=at(0))
    assert windows.lamps(us(1)) == DARK
    assert accept(windows, 3, us(1)).refused == "already_rated"


def test_a_paused_counter_says_so_and_its_lamps_are_dark() -> None:
    windows = RatingWindows(4)
    paused = Display(1, WALL_MS, "paused", rating=RatingWindow("w1", 4, WALL_MS, 30_000))
    windows.show(paused, live=True, now=at(0))
    assert windows.lamps(us(1)) == DARK
    assert accept(windows, 3, us(1)).refused == "paused"


def test_a_window_that_the_hall_takes_back_is_closed() -> None:
    windows = RatingWindows(4)
    windows.show(rating(), live=True, now=at(0))
    windows.show(Display(2, WALL_MS, "idle"), live=True, now=at(1))
    assert accept(windows, 3, us(2)) == RatingPress(3, 4, None, refused="closed")


steps = st.lists(
    st.one_of(
        st.tuples(st.just("press"), st.integers(1, 4)),
        st.tuples(st.just("show"), st.sampled_from(["w1", "w2", "w3", ""]), st.booleans()),
        st.tuples(st.just("sync"), st.booleans()),
        st.tuples(st.just("wait"), st.integers(0, 40_000)),
        st.tuples(st.just("restart"), st.none()),
    ),
    max_size=60,
)


@given(steps)
def test_no_window_takes_two_presses_whatever_comes_in_which_order(
    story: list[tuple[Any, ...]],
) -> None:
    windows, taken = RatingWindows(4), list[str]()
    now_ms, synchronised, rev = 0, True, 0
    for step in story:
        match step:
            case ("press", level):
                lamps_before = windows.lamps(now_ms * 1000)
                press = accept(windows, level, now_ms * 1000)
                if press.refused is None:
                    assert lamps_before == INVITE
                    assert press.window_id is not None
                    taken.append(press.window_id)
                    assert windows.lamps(now_ms * 1000) == chosen(level)
                else:
                    assert windows.lamps(now_ms * 1000) == lamps_before
            case ("show", window_id, live):
                rev += 1
                window = RatingWindow(window_id, 4, WALL_MS, 30_000) if window_id else None
                display = Display(rev, WALL_MS + now_ms, "rating", rating=window)
                now = Now(now_ms * 1000, (WALL_MS + now_ms) * 1000, synchronised)
                windows.show(display, live=live, now=now)
            case ("sync", yes):
                synchronised = yes
            case ("wait", ms):
                now_ms += ms
            case ("restart", _):
                windows = RatingWindows(4, rated=taken[-1] if taken else None)
    # a restart forgets all but the last rated window; the hall never shows an older one again
    seen_again = [window for window in set(taken) if taken.count(window) > 1]
    if not any(step[0] == "restart" for step in story):
        assert seen_again == []
    assert all(one != other for one, other in pairwise(taken))
