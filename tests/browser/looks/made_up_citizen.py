"""Made-up states of the kiosk, the counter display, the phone page and the procedure page."""

from __future__ import annotations

from typing import Any

from hall_server.web import views as v
from tests.browser.looks.made_up import (
    FULL,
    HALL,
    KIOSK,
    LONG,
    LONG_EN,
    NIGHT,
    NOW,
    SERVICES,
    SHUT,
    Scene,
)

KIOSK_TICKET = v.KioskTicket(
    "A019",
    "0f" * 16,
    "http://127.0.0.1:8080/t/" + "0f" * 16,
    "Chứng thực",
    "Certification",
    8,
    v.Wait(11, 17, 14),
    ["1", "3"],
)
PROCEDURE = v.ProcedureView(
    "HT-01",
    "Đăng ký khai sinh",
    "Birth registration",
    "Hộ tịch",
    "Civil status",
    ["Giấy chứng sinh", "Căn cước của cha hoặc mẹ", "Giấy chứng nhận kết hôn, nếu có"],
    1.0,
)
LONG_PROCEDURE = v.ProcedureView(
    "DD-09",
    LONG,
    LONG_EN,
    "Đất đai",
    "Land",
    [f"{LONG}, bản {i}" for i in range(1, 9)],
    12.5,
)


def kiosk(**changes: Any) -> v.KioskView:
    """A kiosk that nobody stands at."""
    given: dict[str, Any] = {
        "rev": 412,
        "at_ms": NOW,
        "hall": HALL,
        "services": SERVICES,
        "scan": None,
        "forget_after_s": 45,
    }
    return v.KioskView(**{**given, **changes})


def scanned(what: Any, **more: Any) -> v.KioskView:
    """Something has just been held before the scanner."""
    return kiosk(scan=v.KioskScan(what, NOW - 500, NOW + 44_500, **more))


def scenes() -> dict[str, Scene]:
    """Name of a scene -> what it shows."""
    first = KIOSK[:1]
    choose = ("press .service", "wait .go")
    return {
        "kiosk": Scene("kiosk", kiosk(), KIOSK),
        "kiosk-en": Scene("kiosk", kiosk(), first, query="lang=en"),
        "kiosk-service": Scene("kiosk", kiosk(), KIOSK, do=choose),
        "kiosk-ticket": Scene("kiosk", kiosk(), KIOSK, do=(*choose, "press .go", "wait .taken img")),
        "kiosk-card": Scene("kiosk", scanned("card"), KIOSK),
        "kiosk-existing": Scene("kiosk", scanned("ticket", ticket=KIOSK_TICKET), first),
        "kiosk-procedure": Scene(
            "kiosk", scanned("procedure", ticket=KIOSK_TICKET, procedure=PROCEDURE), KIOSK
        ),
        "kiosk-wrong-card": Scene("kiosk", scanned("wrong_health_insurance"), KIOSK),
        "kiosk-help": Scene("kiosk", kiosk(), first, do=("press .way >> nth=2", "wait .steps")),
        "kiosk-how": Scene("kiosk", kiosk(), KIOSK, do=("press .way", "wait .steps")),
        "kiosk-full": Scene("kiosk", kiosk(services=FULL), KIOSK),
        "kiosk-shut": Scene("kiosk", kiosk(services=SHUT), first),
        "kiosk-night": Scene("kiosk", kiosk(services=SHUT, at_ms=NIGHT), first),
        "kiosk-lost": Scene("kiosk", kiosk(), first, lost=True),
    }
