"""What people read over a counter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from devices.errors import DisplayUnavailableError
from devices.messages import Display, Phase
from devices.ticket_display import RecordingMatrix, TicketDisplay

S = 1_000_000


def state(phase: Phase, rev: int = 1, *, ticket: str | None = None, at_ms: int = 1_000) -> Display:
    return Display(rev=rev, wall_ms=at_ms, phase=phase, counter="3", ticket=ticket)


def rows(matrix: RecordingMatrix) -> list[str]:
    across, down = matrix.size
    dots = matrix.dots
    return [
        "".join("#" if dots.getpixel((x, y)) else "." for x in range(across)) for y in range(down)
    ]


def shown(display: Display, *, modules: int = 4, stale: bool = False) -> list[str]:
    matrix = RecordingMatrix(modules=modules)
    TicketDisplay(matrix).show(display, stale=stale)
    return rows(matrix)


class Board:
    """A display over a counter, and the node's clocks."""

    def __init__(self, wall_ms: int = 1_000) -> None:
        self.matrix = RecordingMatrix()
        self.wall_ms = wall_ms
        self.display = TicketDisplay(self.matrix, wall_ms=lambda: self.wall_ms)

    def is_lit_after(self, *times_us: int) -> list[bool]:
        lit = []
        for at in times_us:
            self.display.tick(at)
            lit.append(self.matrix.dots.getbbox() is not None)
        return lit


def test_a_called_ticket_is_written_as_large_as_it_fits() -> None:
    assert shown(state("called", ticket="A012")) == [
        "...##.....####.....##.....####..",
        "..####...##..##...###....##..##.",
        ".##..##..##..##....##........##.",
        ".##..##..##..##....##......###..",
        ".######..##..##....##.....##....",
        ".##..##..##..##....##....##..##.",
        ".##..##...####...######..######.",
        "................................",
    ]


def test_a_ticket_of_five_letters_is_readable_too() -> None:
    assert shown(state("serving", ticket="A1000")) == [
        "...###...#...###...###...###....",
        "..#...#.##..#...#.#...#.#...#...",
        "..#...#..#..#...#.#...#.#...#...",
        "..#...#..#..#...#.#...#.#...#...",
        "..#####..#..#...#.#...#.#...#...",
        "..#...#..#..#...#.#...#.#...#...",
        "..#...#.###..###...###...###....",
        "................................",
    ]


def test_the_letter_with_a_bar_keeps_its_bar() -> None:
    with_bar, without = shown(state("called", ticket="Đ12")), shown(state("called", ticket="D12"))
    assert with_bar != without
    assert with_bar[3].lstrip(".").startswith("####")


@given(
    st.text(st.characters(min_codepoint=32, max_codepoint=0x1EF9), max_size=12),
    st.integers(1, 16),
    st.sampled_from(["closed", "paused", "idle", "called", "serving", "rating", "thanks"]),
    st.booleans(),
)
def test_no_text_from_the_hall_is_too_strange_to_be_drawn(
    ticket: str, modules: int, phase: Phase, stale: bool
) -> None:
    drawn = shown(state(phase, ticket=ticket), modules=modules, stale=stale)
    assert {len(row) for row in drawn} == {8 * modules}
    assert ("#" in drawn[7]) == stale


@given(
    st.builds(
        lambda letters, number, digits: f"{letters}{number:0{digits}}",
        st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=2),
        st.integers(0, 999),
        st.sampled_from([3, 4]),
    )
)
def test_every_ticket_that_a_hall_gives_out_has_a_picture_of_its_own(ticket: str) -> None:
    last = "1" if ticket[-1] != "1" else "2"
    assert shown(state("called", ticket=ticket)) != shown(
        state("called", ticket=ticket[:-1] + last)
    )


def test_an_idle_counter_shows_its_number_and_an_idle_hall_a_dash() -> None:
    assert shown(state("idle")) == [
        "..............####..............",
        ".............##..##.............",
        ".................##.............",
        "...............###..............",
        ".................##.............",
        ".............##..##.............",
        "..............####..............",
        "................................",
    ]
    dash = shown(Display(rev=1, wall_ms=1, phase="idle"))
    assert dash[3] == ".............######............."
    assert [y for y, row in enumerate(dash) if "#" in row] == [3]


def test_each_state_of_a_counter_can_be_told_from_the_others() -> None:
    phases: list[Phase] = ["closed", "paused", "idle", "called", "rating", "thanks"]
    pictures = {tuple(shown(state(phase, ticket="A012"))) for phase in phases}
    assert len(pictures) == len(phases)


def test_what_asks_for_nothing_is_dim_and_a_call_is_bright() -> None:
    board = Board()
    levels = []
    phases: list[Phase] = ["idle", "called", "closed", "serving"]
    for rev, phase in enumerate(phases, start=1):
        board.display.show(state(phase, rev, ticket="A012"))
        levels.append(board.matrix.level)
    assert levels == [0x10, 0x70, 0x10, 0x70]


def test_away_from_the_hall_the_last_state_stays_with_a_dotted_line_and_dim() -> None:
    board = Board()
    board.display.show(state("serving", ticket="A012"))
    heard = rows(board.matrix)
    board.display.show(state("serving", ticket="A012"), stale=True)
    assert rows(board.matrix)[:7] == heard[:7]
    assert rows(board.matrix)[7] == "#..." * 8
    assert board.matrix.level == 0x10
    board.display.show(state("serving", ticket="A012"))
    assert rows(board.matrix) == heard
    assert board.matrix.level == 0x70


def test_an_older_state_than_the_one_shown_is_never_drawn() -> None:
    board = Board()
    assert board.display.show(state("serving", 7, ticket="A013", at_ms=2_000))
    newest = rows(board.matrix)
    assert not board.display.show(state("called", 6, ticket="A012", at_ms=1_000))
    assert rows(board.matrix) == newest


def test_a_hall_that_was_set_up_anew_is_believed() -> None:
    board = Board()
    board.display.show(state("serving", 700, ticket="A013", at_ms=1_000))
    assert board.display.show(state("called", 1, ticket="B001", at_ms=2_000))
    assert rows(board.matrix) == shown(state("called", ticket="B001"))


def test_a_new_call_blinks_for_twenty_seconds_and_then_stands() -> None:
    board = Board()
    board.display.show(state("idle"))
    board.display.show(state("called", 2, ticket="A012"))
    assert board.is_lit_after(100 * S, 100 * S + 699_999, 100 * S + 700_000, 101 * S) == [
        True,
        True,
        False,
        True,
    ]
    assert board.is_lit_after(119 * S + 800_000) == [False]
    assert board.is_lit_after(120 * S, 120 * S + 800_000, 500 * S + 800_000) == [True] * 3


def test_the_same_call_sent_again_does_not_blink_again() -> None:
    board = Board()
    board.display.show(state("idle"))
    board.display.show(state("called", 2, ticket="A012"))
    board.is_lit_after(0, 30 * S)
    board.display.show(state("called", 3, ticket="A012"))
    assert board.is_lit_after(31 * S, 31 * S + 800_000) == [True, True]
    board.display.show(state("called", 4, ticket="A013"))
    assert board.is_lit_after(32 * S, 32 * S + 800_000) == [True, False]


def test_an_old_call_that_the_node_finds_when_it_comes_back_does_not_blink_as_if_new() -> None:
    board = Board(wall_ms=61_000)
    board.display.show(state("called", ticket="A012", at_ms=1_000))
    assert board.is_lit_after(0, 800_000) == [True, True]


def test_an_old_call_heard_after_a_time_away_does_not_blink_and_a_young_one_does() -> None:
    board = Board(wall_ms=600_000)
    board.display.show(state("serving", 1, ticket="A012"))
    board.display.show(state("serving", 1, ticket="A012"), stale=True)
    board.display.show(state("called", 2, ticket="A013", at_ms=500_000))
    assert board.is_lit_after(0, 800_000) == [True, True]
    board.display.show(state("called", 2, ticket="A013", at_ms=500_000), stale=True)
    board.display.show(state("called", 3, ticket="A014", at_ms=599_000))
    assert board.is_lit_after(1_000_000, 1_800_000) == [True, False]


def test_a_call_stops_blinking_when_the_hall_is_lost_and_when_serving_begins() -> None:
    for after, stale in ((state("called", 2, ticket="A1"), True), (state("serving", 3), False)):
        board = Board()
        board.display.show(state("idle"))
        board.display.show(state("called", 2, ticket="A1"))
        assert board.is_lit_after(0, 800_000) == [True, False]
        board.display.show(after, stale=stale)
        assert board.is_lit_after(1_000_000, 1_800_000) == [True, True]


class Cut(RecordingMatrix):
    """A display whose cable can be cut."""

    is_cut = False
    writes = 0

    def display(self, image: Image.Image) -> None:
        self.writes += 1
        if self.is_cut:
            raise OSError(5, "Input/output error")
        super().display(image)


def test_a_display_that_takes_no_picture_says_so_and_is_tried_again() -> None:
    matrix = Cut()
    display = TicketDisplay(matrix)
    matrix.is_cut = True
    with pytest.raises(DisplayUnavailableError, match="check its cable"):
        display.show(state("serving", ticket="A012"))
    with pytest.raises(DisplayUnavailableError):
        display.tick(0)
    assert display.self_test() != []
    matrix.is_cut = False
    display.tick(100_000)
    assert rows(matrix) == shown(state("serving", ticket="A012"))
    assert display.self_test() == []


def test_a_picture_that_was_cut_off_half_way_is_written_again_whole() -> None:
    matrix = Cut()
    display = TicketDisplay(matrix)
    display.show(state("serving", 1, ticket="A012"))
    matrix.is_cut = True
    with pytest.raises(DisplayUnavailableError):
        display.show(state("serving", 2, ticket="A013"))
    matrix.is_cut = False
    display.show(state("serving", 3, ticket="A012"))
    assert matrix.writes == 3


def test_a_picture_that_stays_is_written_again_only_every_ten_seconds() -> None:
    matrix = Cut()
    display = TicketDisplay(matrix)
    display.show(state("serving", ticket="A012"))
    for tenth in range(100):
        display.tick(tenth * S // 10)
    assert matrix.writes == 1
    display.tick(10 * S)
    assert matrix.writes == 2


def test_the_self_test_lights_every_dot_until_time_goes_on() -> None:
    board = Board()
    board.display.show(state("idle"))
    assert board.display.self_test() == []
    assert rows(board.matrix) == ["#" * 32] * 8
    board.display.tick(0)
    assert rows(board.matrix) == shown(state("idle"))


def test_closing_darkens_the_board_and_may_be_repeated() -> None:
    with Board().display as display:
        display.show(state("idle"))
    board = Board()
    board.display.show(state("idle"))
    board.display.close()
    board.display.close()
    board.display.show(state("serving", 2, ticket="A1"))
    board.display.tick(0)
    assert rows(board.matrix) == ["." * 32] * 8
