"""Made-up states of the clerk's console, the technician's page, sign-in and the start page."""

from __future__ import annotations

from typing import Any

from hall_server.card_forms import CardForm
from hall_server.web import views as v
from hall_server.web import words
from tests.browser.looks.made_up import (
    CLERK,
    DESK,
    FULL,
    HALL,
    LONG,
    LONG_EN,
    MINUTE,
    NOW,
    PHONE,
    SERVICES,
    Scene,
    service,
)

MINE = [
    service("chung-thuc", "A", "Chứng thực", "Certification", 7, (11, 17, 14), ["1", "3"]),
    service("ho-tich", "B", "Hộ tịch", "Civil status", 4, (18, 27, 22), ["2", "3"]),
]


def line(
    number: str, minutes: int, priority: str | None = None, no_shows: int = 0
) -> v.WaitingLine:
    """Somebody in line for so many minutes."""
    what = MINE[0] if number.startswith("A") else MINE[1]
    return v.WaitingLine(
        f"20261123-{number}",
        number,
        what.name,
        what.name_en,
        NOW - minutes * MINUTE,
        priority,
        no_shows,
    )


WAITING = [
    line("A013", 18),
    line("B008", 9, "elderly"),
    line("A014", 16),
    line("A015", 15, no_shows=1),
    line("B009", 12),
    line("A016", 11),
    line("A017", 7),
    line("B010", 4),
]

TICKET: dict[str, Any] = {
    "ticket": "20261123-A012",
    "number": "A012",
    "service": "Chứng thực bản sao",
    "service_en": "Certified copies",
    "phase": "serving",
    "taken_ms": NOW - 24 * MINUTE,
    "called_ms": NOW - 4 * MINUTE,
    "started_ms": NOW - 192_000,
    "wait_ms": 21 * MINUTE,
    "reason": "longest_wait",
    "priority": None,
    "channel": "kiosk",
    "times_called": 1,
    "no_shows": 0,
    "match": "same",
}

CARD = CardForm(
    "TRẦN THỊ MẪU",
    "001 1 90 ••••••",
    "02/09/1990",
    "female",
    "Tổ 5, phường Kiến Hưng, Hà Nội",
    "01/06/2021",
    NOW - 3 * MINUTE,
)


def ticket(**changes: Any) -> v.AtCounterTicket:
    """The ticket at the counter."""
    return v.AtCounterTicket(**{**TICKET, **changes})


def called(ago_s: int, **changes: Any) -> v.AtCounterTicket:
    """The same ticket, called but not yet here."""
    given = {"phase": "called", "started_ms": None, "called_ms": NOW - ago_s * 1000, "match": None}
    return ticket(**{**given, **changes})


def clerk(**changes: Any) -> v.ClerkView:
    """A console in the middle of a usual morning."""
    given: dict[str, Any] = {
        "rev": 412,
        "at_ms": NOW,
        "hall": HALL,
        "counter": "3",
        "clerk": "ha",
        "clerk_name": "Nguyễn Thu Hà",
        "yours": True,
        "phase": "open",
        "pause_reason": "",
        "services": MINE,
        "all_services": SERVICES,
        "ticket": ticket(),
        "waiting": WAITING,
        "waiting_total": 11,
        "parked": [line("A009", 41)],
        "undo": None,
        "rating_open": False,
        "card": CARD,
        "card_message": None,
        "today": v.Today(14, 400_000, 9, 4.62, 5),
        "recall_after_s": 45,
        "counters": [
            v.OtherCounter("1", True, ["chung-thuc"]),
            v.OtherCounter("2", True, ["ho-tich"]),
            v.OtherCounter("4", True, ["cu-tru", "ket-qua"]),
            v.OtherCounter("5", False, ["dat-dai"]),
        ],
        "printers": ["kiosk-1"],
        "slip": None,
    }
    return v.ClerkView(**{**given, **changes})


def crowd() -> list[v.WaitingLine]:
    """Two hundred people in line."""
    return [
        v.WaitingLine(
            f"20261123-DD1{i:03d}",
            f"DD1{i:03d}",
            LONG,
            LONG_EN,
            NOW - (330 - i) * MINUTE,
            "social" if i % 7 == 3 else None,
            i % 3,
        )
        for i in range(200)
    ]


FREE: dict[str, Any] = {"ticket": None, "card": None}
EMPTY: dict[str, Any] = {**FREE, "waiting": [], "waiting_total": 0, "parked": []}
BIG_AND_SMALL = (*CLERK, (683, 384))


GOES_BY_ITS_OWN = v.NodeSettingsLine(0, "", "", 0, "", "applied", "", "")
CALMER = "[rating_buttons]\nsettle_ms = 40"


def node(name: str, **changes: Any) -> v.NodeLine:
    """A node that is well."""
    given: dict[str, Any] = {
        "node": name,
        "kind": "counter",
        "counter": name[-1],
        "status": "online",
        "last_seen_ms": NOW - 12_000,
        "version": "0.1.0",
        "devices": ["rating_buttons", "qr_scanner", "ticket_display"],
        "outbox_depth": 0,
        "events_total": 214,
        "committed": 214,
        "clock_synchronised": True,
        "clock_offset_ms": 3,
        "temperature_c": 48.3,
        "disk_free_bytes": 21_400_000_000,
        "rss_bytes": 61_000_000,
        "notes": [],
        "panel_url": None,
        "settings": GOES_BY_ITS_OWN,
    }
    return v.NodeLine(**{**given, **changes})


BOARD_NODE = node(
    "board",
    kind="board",
    counter=None,
    devices=["speaker"],
    notes=["Không có thiết bị âm thanh: lời gọi ghi vào tệp WAV."],
)


def technician(**changes: Any) -> v.TechnicianView:
    """The technician's page of a hall that is well."""
    given: dict[str, Any] = {
        "rev": 412,
        "at_ms": NOW,
        "hall": HALL,
        "version": "0.1.0",
        "nodes": [
            node("counter-1", command=v.NodeCommandLine("identify", NOW - 4_000, "done", "", "")),
            node(
                "counter-2",
                settings=v.NodeSettingsLine(2, CALMER, "ky-thuat", 2, CALMER, "applied", "", ""),
            ),
            node("counter-3"),
            node("kiosk-1", kind="kiosk", counter=None),
            BOARD_NODE,
        ],
        "alarms": [],
        "dead_letters": [],
        "dead_letters_total": 0,
        "broker": "connected",
        "journal_facts": 48_213,
        "journal_full": False,
        "inbox_depth": 0,
        "path_p50_ms": 4.2,
        "path_p99_ms": 11.8,
        "live_pages": 9,
        "points_written": 31_002,
        "spool_depth": 0,
        "store_error": None,
    }
    return v.TechnicianView(**{**given, **changes})


def trouble() -> v.TechnicianView:
    """A hall with much that is wrong."""
    return technician(
        nodes=[
            node(
                "counter-1",
                command=v.NodeCommandLine(
                    "reboot",
                    NOW - 4_000,
                    "refused",
                    "no-reboot-command",
                    "set node.reboot_command in the node's own file, then ask again",
                ),
                settings=v.NodeSettingsLine(
                    3,
                    CALMER.replace("40", "400"),
                    "ky-thuat",
                    2,
                    CALMER,
                    "refused",
                    "rating_buttons.settle_ms",
                    "settings:2: rating_buttons.settle_ms: giá trị không phù hợp / does not fit: "
                    "Expected `int` <= 200; cho phép / allowed: whole number 5 to 200",
                ),
            ),
            node("counter-2", status="offline", last_seen_ms=NOW - 47 * MINUTE, outbox_depth=None),
            node(
                "counter-3",
                command=v.NodeCommandLine("identify", NOW - 40_000, "no_answer", "", ""),
                outbox_depth=37,
                events_total=251,
                clock_synchronised=False,
                clock_offset_ms=-81_000,
                temperature_c=82.5,
            ),
            node(
                "kiosk-1",
                kind="kiosk",
                counter=None,
                status="never_seen",
                last_seen_ms=None,
                version="",
                devices=[],
                outbox_depth=None,
                events_total=None,
                committed=0,
                clock_synchronised=None,
                clock_offset_ms=None,
                temperature_c=None,
                disk_free_bytes=None,
                rss_bytes=None,
            ),
            BOARD_NODE,
        ],
        alarms=[
            v.AlarmLine(
                NOW - 5 * MINUTE,
                "counter-3",
                "camera-gone",
                "qr_scanner",
                "Không thấy máy ảnh của máy quét. Kiểm tra dây USB.",
                True,
            ),
            v.AlarmLine(
                NOW - 90 * MINUTE,
                "counter-1",
                "button-stuck",
                "rating_buttons",
                "Nút 5 bị kẹt.",
                False,
            ),
        ],
        dead_letters=[
            v.DeadLetterLine(
                NOW - MINUTE * i,
                f"mc/1/kien-hung/counter-{i}/event",
                "Expected `int`, got `str` - at `$.seq`",
                312,
            )
            for i in range(1, 5)
        ],
        dead_letters_total=41,
        broker="away",
        store_error="connection refused",
        spool_depth=5_120,
        self_tests=[
            v.SelfTestLine(
                "counter-1", NOW - 26 * 60 * MINUTE, 184_000, "Trần Thị Mẫu", True, False, 14, []
            ),
            v.SelfTestLine(
                "counter-3",
                NOW - 3 * MINUTE,
                95_000,
                "<b>Nguyễn Văn Mẫu</b>",
                False,
                False,
                14,
                [
                    v.FailedStep(
                        "qr_scanner",
                        "show-card",
                        "no code within 30 s: hold the test card 10 to 15 cm away, flat and out of "
                        "glare; a scanner with a trigger must be set to scan by itself",
                    ),
                    v.FailedStep("speaker", "hear-voice", "chưa làm / not done"),
                ],
            ),
            v.SelfTestLine("board", NOW - MINUTE, 4_000, "unattended", True, True, 2, []),
        ],
    )


PANELS = [
    v.PanelLine(f"counter-{i}", "counter", str(i), f"/panel/counter-{i}") for i in (1, 2, 3)
] + [
    v.PanelLine("kiosk-1", "kiosk", None, "/panel/kiosk-1"),
    v.PanelLine("board", "board", None, "/panel/board"),
    v.PanelLine("counter-4", "counter", "4", "/panel/away"),
]
PROCEDURES = [
    v.ProcedureView(
        "HT-01", "Đăng ký khai sinh", "Birth registration", "Hộ tịch", "Civil status", [], 1.0
    ),
    v.ProcedureView("DD-09", LONG, LONG_EN, "Đất đai", "Land", [], 12.0),
]
START = v.StartView(412, NOW, HALL, ["1", "2", "3", "4"], ["kiosk-1"], PROCEDURES, PANELS, {})
COUNTERS = [
    v.SignInCounter("1", ["Chứng thực"], ["Certification"], True),
    v.SignInCounter("3", ["Chứng thực", "Hộ tịch"], ["Certification", "Civil status"], False),
]


def error(status: int) -> dict[str, Any]:
    """What the error page is told."""
    return {
        "error": status,
        "title": words.t(f"error.{status}.title", "vi"),
        "text": words.t(f"error.{status}.text", "vi"),
    }


def scenes() -> dict[str, Scene]:
    """Name of a scene -> what it shows."""
    long = called(
        20,
        number="DD1002",
        service=LONG,
        service_en=LONG_EN,
        priority="social",
        times_called=2,
        no_shows=1,
        match="other",
        reason="Sức khoẻ yếu, cần giúp ngay",
    )
    return {
        "clerk": Scene("clerk", clerk(), BIG_AND_SMALL),
        "clerk-en": Scene("clerk", clerk(), CLERK, query="lang=en"),
        "clerk-called": Scene("clerk", clerk(ticket=called(52), card=None), CLERK),
        "clerk-unprinted": Scene(
            "clerk",
            clerk(
                slip=v.SlipLine(
                    "A019", "kiosk-1", "failed", "paper_out", NOW, NOW + 20_000, again=True
                )
            ),
            CLERK,
        ),
        "clerk-holding": Scene("clerk", clerk(ticket=called(20), card=None), CLERK, do=("key v",)),
        "clerk-next": Scene(
            "clerk",
            clerk(**FREE, undo="A012", rating_open=True, today=v.Today(3, 380_000, 2, 4.5, 5)),
            CLERK,
        ),
        "clerk-empty": Scene("clerk", clerk(**EMPTY, today=v.Today(0, None, 0, None, 5)), CLERK),
        "clerk-away": Scene(
            "clerk",
            clerk(**FREE, phase="paused", pause_reason="Cán bộ tạm rời quầy", away=True),
            CLERK,
        ),
        "clerk-paused": Scene(
            "clerk", clerk(**FREE, phase="paused", pause_reason="Nghỉ giữa giờ"), CLERK
        ),
        "clerk-full": Scene(
            "clerk",
            clerk(
                waiting=crowd(),
                waiting_total=240,
                ticket=long,
                services=FULL[:4],
                all_services=FULL,
                card=None,
                card_message="other_person",
            ),
            CLERK,
        ),
        "clerk-wrong-card": Scene(
            "clerk", clerk(card=None, card_message="wrong_health_insurance"), CLERK
        ),
        "clerk-park": Scene("clerk", clerk(), CLERK, do=("key p", "wait dialog[open]")),
        "clerk-transfer": Scene("clerk", clerk(), BIG_AND_SMALL, do=("key t", "wait dialog[open]")),
        "clerk-transfer-2": Scene(
            "clerk",
            clerk(),
            CLERK,
            do=("key t", "wait dialog[open]", "key 2", "wait dialog[open] >> text=Quầy 2"),
        ),
        "clerk-one": Scene(
            "clerk",
            clerk(**FREE),
            CLERK,
            do=("key g", "key ArrowDown", "key Enter", "wait dialog[open]"),
        ),
        "clerk-priority": Scene(
            "clerk",
            clerk(**FREE),
            CLERK,
            do=(
                "key g",
                "key Enter",
                "wait dialog[open]",
                "key 2",
                "wait dialog[open] >> text=Nghị định",
            ),
        ),
        "clerk-lost": Scene("clerk", clerk(), CLERK, lost=True),
        "technician": Scene("technician", technician(), (*DESK, (390, 844))),
        "technician-trouble": Scene("technician", trouble(), DESK),
        "technician-en": Scene("technician", trouble(), DESK, query="lang=en"),
        "start": Scene(
            "start", START, (*DESK, (1366, 1700), (390, 844)), do=("wait .card",), still=True
        ),
        "start-en": Scene("start", START, DESK, query="lang=en", do=("wait .card",), still=True),
        "start-real": Scene(
            "start", v.StartView(412, NOW, HALL, ["1"], ["kiosk-1"], [], [], {}), DESK, still=True
        ),
        "sign-in": Scene(
            "clerk",
            None,
            (*DESK, (390, 844)),
            template="sign_in.html",
            extra={"role": "clerk", "counters": COUNTERS},
        ),
        "sign-in-wrong": Scene(
            "clerk",
            None,
            DESK,
            template="sign_in.html",
            extra={
                "role": "clerk",
                "counters": COUNTERS,
                "clerk": "ha",
                "counter": "3",
                "message": words.t("refusals.wrong_pin", "vi"),
            },
        ),
        "sign-in-technician": Scene(
            "technician",
            None,
            DESK,
            template="sign_in.html",
            query="lang=en",
            extra={"role": "technician", "counters": []},
        ),
        **{
            f"error-{one}": Scene("error", None, DESK if one == 404 else PHONE, extra=error(one))
            for one in (403, 404, 500, 503)
        },
        "clerk-not-yours": Scene("clerk", clerk(**EMPTY, yours=False), CLERK),
    }
