"""Made-up states of the kiosk, the counter display, the phone page and the procedure page."""

from __future__ import annotations

from typing import Any

from hall_server.web import views as v
from tests.browser.looks.made_up import (
    COUNTER,
    FULL,
    HALL,
    KIOSK,
    LONG,
    LONG_EN,
    MINUTE,
    NIGHT,
    NOW,
    PHONE,
    SERVICES,
    SHUT,
    Scene,
    calls,
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
        "printer": False,
        "slips": [],
    }
    return v.KioskView(**{**given, **changes})


def scanned(what: Any, **more: Any) -> v.KioskView:
    """Something has just been held before the scanner."""
    return kiosk(scan=v.KioskScan(what, NOW - 500, NOW + 44_500, **more))


def slip(state: Any, reason: Any = None, ago_s: int = 2) -> dict[str, Any]:
    """The slip of the kiosk's ticket, asked for so many seconds ago."""
    at = NOW - ago_s * 1000
    return {
        "printer": True,
        "slips": [v.SlipLine("A019", "kiosk-1", state, reason, at, at + 20_000, again=False)],
    }


def counter(**changes: Any) -> v.CounterView:
    """The display over counter 3."""
    given: dict[str, Any] = {
        "rev": 412,
        "at_ms": NOW,
        "hall": HALL,
        "counter": "3",
        "phase": "called",
        "number": "A012",
        "service": "Chứng thực bản sao",
        "service_en": "Certified copies",
        "services": ["Chứng thực", "Hộ tịch"],
        "services_en": ["Certification", "Civil status"],
        "called_ms": NOW - 4000,
        "call_id": 90,
        "rating": None,
        "thanks_until_ms": None,
    }
    return v.CounterView(**{**given, **changes})


def counter_free(phase: str = "idle", **changes: Any) -> v.CounterView:
    """The same with nobody at it."""
    return counter(
        phase=phase,
        number=None,
        service=None,
        service_en=None,
        called_ms=None,
        call_id=None,
        **changes,
    )


def rating(levels: int) -> v.Rating:
    """A rating that may be given for half a minute."""
    return v.Rating(levels, NOW + 24_000)


def phone(**changes: Any) -> v.TicketView:
    """A citizen's page while waiting."""
    given: dict[str, Any] = {
        "rev": 412,
        "at_ms": NOW,
        "hall": HALL,
        "number": "A016",
        "service": "Chứng thực bản sao",
        "service_en": "Certified copies",
        "documents": "Bản chính, bản sao",
        "documents_en": "Original and copies",
        "phase": "waiting",
        "taken_ms": NOW - 11 * MINUTE,
        "place": 5,
        "wait": v.Wait(11, 17, 14),
        "counters": ["1", "3"],
        "counter": None,
        "called_ms": None,
        "now_serving": [calls()[0], calls()[2]],
        "rating": None,
        "rated": None,
        "can_cancel": True,
        "can_wait_longer": True,
    }
    return v.TicketView(**{**given, **changes})


AT_3: dict[str, Any] = {"place": None, "wait": None, "counter": "3", "can_wait_longer": False}
OVER: dict[str, Any] = {**AT_3, "can_cancel": False}


PRINTING = ((1920, 1080), (1366, 768), (390, 844), (1080, 1920))


def taken(shown: dict[str, Any], query: str = "", what: str = "procedure", **more: Any) -> Scene:
    """A ticket by a code before the scanner, and its slip."""
    scan = scanned(what, ticket=KIOSK_TICKET, **more).scan
    return Scene("kiosk", kiosk(scan=scan, **shown), PRINTING, query=query)


def scenes() -> dict[str, Scene]:
    """Name of a scene -> what it shows."""
    first = KIOSK[:1]
    choose = ("press .service", "wait .go")
    return {
        "kiosk": Scene("kiosk", kiosk(), KIOSK),
        "kiosk-en": Scene("kiosk", kiosk(), first, query="lang=en"),
        "kiosk-service": Scene("kiosk", kiosk(), KIOSK, do=choose),
        "kiosk-ticket": Scene(
            "kiosk", kiosk(), KIOSK, do=(*choose, "press .go", "wait .taken img")
        ),
        "kiosk-card": Scene("kiosk", scanned("card"), KIOSK),
        "kiosk-existing": Scene("kiosk", scanned("ticket", ticket=KIOSK_TICKET), first),
        "kiosk-procedure": Scene(
            "kiosk", scanned("procedure", ticket=KIOSK_TICKET, procedure=PROCEDURE), KIOSK
        ),
        "kiosk-printing": taken(slip("printing")),
        "kiosk-printed": taken(slip("printed")),
        "kiosk-paper-out": taken(slip("failed", "paper_out")),
        "kiosk-paper-out-en": taken(slip("failed", "paper_out"), query="lang=en"),
        "kiosk-slip-unsure": taken(slip("failed", "unsure")),
        "kiosk-printer-silent": taken(slip("printing", ago_s=30)),
        "kiosk-unprinted-papers": taken(slip("failed", "no_answer"), procedure=PROCEDURE),
        "kiosk-reprint": taken({"printer": True}, what="ticket"),
        "kiosk-wrong-card": Scene("kiosk", scanned("wrong_health_insurance"), KIOSK),
        "kiosk-help": Scene("kiosk", kiosk(), first, do=("press .way >> nth=2", "wait .steps")),
        "kiosk-how": Scene("kiosk", kiosk(), KIOSK, do=("press .way", "wait .steps")),
        "kiosk-full": Scene("kiosk", kiosk(services=FULL), KIOSK),
        "kiosk-shut": Scene("kiosk", kiosk(services=SHUT), first),
        "kiosk-night": Scene("kiosk", kiosk(services=SHUT, at_ms=NIGHT), first),
        "counter-called": Scene("counter", counter(), COUNTER),
        "counter-long": Scene(
            "counter",
            counter(
                number="DD1002", service=LONG, service_en=LONG_EN, services=[LONG, "Hộ tịch", LONG]
            ),
            (*COUNTER, (390, 844)),
        ),
        "counter-called-rating": Scene("counter", counter(rating=rating(5)), COUNTER[:1]),
        "counter-serving": Scene(
            "counter", counter(phase="serving", called_ms=NOW - MINUTE), COUNTER[:1]
        ),
        "counter-idle": Scene("counter", counter_free(), COUNTER[:1]),
        "counter-paused": Scene("counter", counter_free("paused"), COUNTER[:1]),
        "counter-away": Scene("counter", counter_free("paused", away=True), COUNTER[:1]),
        "counter-closed": Scene("counter", counter_free("closed"), COUNTER[:1]),
        "counter-rating": Scene("counter", counter_free(rating=rating(5)), (*COUNTER, (390, 844))),
        "counter-rating-4": Scene("counter", counter_free(rating=rating(4)), COUNTER[:1]),
        "counter-rating-3": Scene("counter", counter_free(rating=rating(3)), COUNTER[:1]),
        "counter-rating-en": Scene(
            "counter", counter_free(rating=rating(5)), COUNTER[:1], query="lang=en"
        ),
        "counter-thanks": Scene("counter", counter_free(thanks_until_ms=NOW + 5000), COUNTER[:1]),
        "counter-lost": Scene("counter", counter(), COUNTER[:1], lost=True),
        "ticket": Scene("ticket", phone(), PHONE),
        "ticket-en": Scene("ticket", phone(), PHONE, query="lang=en"),
        "ticket-next": Scene("ticket", phone(place=1, wait=v.Wait(0, 2, 1)), PHONE),
        "ticket-shut": Scene("ticket", phone(wait=None, counters=[]), PHONE),
        "ticket-called": Scene(
            "ticket", phone(phase="called", called_ms=NOW - 3000, **AT_3), PHONE
        ),
        "ticket-serving": Scene("ticket", phone(phase="serving", **OVER), PHONE),
        "ticket-rate": Scene("ticket", phone(phase="finished", rating=rating(5), **OVER), PHONE),
        "ticket-rated": Scene("ticket", phone(phase="finished", rated=4, **OVER), PHONE),
        "ticket-parked": Scene("ticket", phone(phase="parked", **OVER), PHONE),
        "ticket-dropped": Scene("ticket", phone(phase="dropped", **OVER), PHONE),
        "ticket-cancel": Scene(
            "ticket", phone(), PHONE, do=("press [data-do=cancel]", "wait dialog[open]")
        ),
        "ticket-long": Scene(
            "ticket",
            phone(
                number="DD1002",
                service=LONG,
                service_en=LONG_EN,
                documents=LONG,
                place=84,
                wait=v.Wait(95, 130, 110),
            ),
            PHONE,
        ),
        "ticket-lost": Scene("ticket", phone(), PHONE, lost=True),
        "procedure": Scene("procedure", PROCEDURE, PHONE),
        "procedure-long": Scene("procedure", LONG_PROCEDURE, PHONE),
        "kiosk-lost": Scene("kiosk", kiosk(), first, lost=True),
    }
