"""Made-up views of a made-up hall, one for each state that a page must look right in."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

from msgspec import Struct

from hall_server.web import views as v

HALL = "Bộ phận Một cửa · Phường Kiến Hưng"
NOW = int(dt.datetime(2026, 11, 23, 1, 42, 10, tzinfo=dt.UTC).timestamp() * 1000)
"""08:42:10 of a Monday in the hall."""
NIGHT = NOW + 13 * 3_600_000
MINUTE = 60_000


class Scene(NamedTuple):
    """One state of one page."""

    page: str
    state: Struct | dict[str, Any] | None
    sizes: tuple[tuple[int, int], ...]
    template: str = ""
    query: str = ""
    lost: bool = False
    """The stream answers 503: the connection is lost."""
    still: bool = False
    """The page has no stream of its own."""
    do: tuple[str, ...] = ()
    """What to do before looking: ``key X``, ``press CSS``, ``wait CSS``."""
    extra: dict[str, Any] = {}  # noqa: RUF012 - a NamedTuple's default, never changed


BOARD = ((1920, 1080), (1366, 768))
KIOSK = ((1080, 1920), (1366, 768), (390, 844))
COUNTER = ((1280, 800), (1920, 1080))
CLERK = ((1366, 768),)
PHONE = ((390, 844),)
DESK = ((1366, 768),)


def service(
    key: str,
    prefix: str,
    name: str,
    name_en: str,
    waiting: int,
    wait: tuple[int, int, int] | None,
    counters: list[str],
) -> v.ServiceLine:
    """A service with its line."""
    return v.ServiceLine(
        key, prefix, name, name_en, waiting, v.Wait(*wait) if wait else None, counters
    )


SERVICES = [
    service("chung-thuc", "A", "Chứng thực", "Certification", 7, (11, 17, 14), ["1", "3"]),
    service("ho-tich", "B", "Hộ tịch", "Civil status", 4, (18, 27, 22), ["2", "3"]),
    service("cu-tru", "C", "Cư trú", "Residence", 2, (6, 12, 9), ["4"]),
    service("dat-dai", "D", "Đất đai", "Land", 5, (38, 60, 48), ["5"]),
    service("bao-tro", "E", "Bảo trợ xã hội", "Social protection", 0, (0, 0, 0), ["6"]),
    service("ket-qua", "K", "Nhận kết quả", "Collect a result", 1, (2, 4, 3), ["4"]),
]
EMPTY = [
    service(one.id, one.prefix, one.name, one.name_en, 0, (0, 0, 0), one.counters)
    for one in SERVICES
]
SHUT = [service(one.id, one.prefix, one.name, one.name_en, 0, None, []) for one in SERVICES]
LONG = "Đăng ký biến động quyền sử dụng đất, quyền sở hữu tài sản gắn liền với đất"
LONG_EN = "Registering changes of land use rights and ownership of property attached to land"
FULL = [
    service("chung-thuc", "A", "Chứng thực bản sao", "Certified copies", 84, (95, 130, 110), ["1"]),
    service("ho-tich", "B", "Hộ tịch", "Civil status", 41, (60, 95, 78), ["2", "3"]),
    service("cu-tru", "C", "Cư trú và tạm vắng", "Residence", 22, (130, 250, 190), ["4"]),
    service("dat-dai", "D", LONG, LONG_EN, 31, (240, 330, 280), ["5"]),
    service("bao-tro", "E", "Bảo trợ xã hội", "Social protection", 9, None, []),
    service("kinh-doanh", "G", "Đăng ký kinh doanh", "Business", 6, (20, 31, 25), ["6"]),
    service("xay-dung", "H", "Cấp phép xây dựng", "Building permits", 4, (15, 22, 18), ["7"]),
    service("ket-qua", "K", "Nhận kết quả", "Collect a result", 3, (2, 4, 3), ["4", "8"]),
]


def call(number: int, ago_s: int, ticket: str, what: v.ServiceLine, counter: str) -> v.CallLine:
    """A call so many seconds ago."""
    return v.CallLine(number, NOW - ago_s * 1000, ticket, what.name, what.name_en, counter)


def calls(ago_s: int = 4) -> list[v.CallLine]:
    """The last eight calls, the newest ``ago_s`` seconds old."""
    a, b, c, d, e, _ = SERVICES
    return [
        call(90, ago_s, "A012", a, "3"),
        call(89, ago_s + 9, "B007", b, "2"),
        call(88, 150, "A011", a, "1"),
        call(87, 210, "D003", d, "5"),
        call(86, 300, "C015", c, "4"),
        call(85, 420, "A010", a, "3"),
        call(84, 500, "E002", e, "6"),
        call(83, 640, "B006", b, "2"),
    ]


def board(**changes: Any) -> v.BoardView:
    """The board of a usual morning."""
    given: dict[str, Any] = {
        "rev": 412,
        "at_ms": NOW,
        "hall": HALL,
        "calls": calls(),
        "services": SERVICES,
        "waiting": 19,
        "open_counters": 6,
    }
    return v.BoardView(**{**given, **changes})


def long_calls() -> list[v.CallLine]:
    """Calls with long names and long numbers."""
    long = FULL[3]
    return [call(90 - i, 4 + 60 * i, f"DD1{i}02", long, f"1{i}") for i in range(8)]


def scenes() -> dict[str, Scene]:
    """Name of a scene -> what it shows."""
    from tests.browser.looks import made_up_citizen, made_up_staff

    return {
        "board": Scene("board", board(), BOARD),
        "board-calm": Scene("board", board(calls=calls(80)), BOARD[:1]),
        "board-empty": Scene("board", board(calls=[], services=EMPTY, waiting=0), BOARD),
        "board-full": Scene("board", board(services=FULL, waiting=200), BOARD),
        "board-long": Scene(
            "board", board(calls=long_calls(), services=FULL, waiting=200), (*BOARD, (683, 384))
        ),
        "board-break": Scene("board", board(open_counters=0), BOARD[:1]),
        "board-closed": Scene(
            "board", board(calls=[], services=SHUT, waiting=0, open_counters=0), BOARD[:1]
        ),
        "board-night": Scene(
            "board",
            board(at_ms=NIGHT, calls=[], services=SHUT, waiting=0, open_counters=0),
            BOARD[:1],
        ),
        "board-lost": Scene("board", board(calls=calls(80)), BOARD[:1], lost=True),
        "board-en": Scene("board", board(), BOARD[:1], query="lang=en"),
        **made_up_citizen.scenes(),
        **made_up_staff.scenes(),
    }
