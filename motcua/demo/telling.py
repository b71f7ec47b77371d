"""What the demo says on the terminal: where to look, what to try, and what happens."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from hall_server import facts as f
from hall_server.facts import Fact
from motcua.demo import house
from motcua.demo.layout import Layout

YOURS: Final = "4"
"""The counter that is left to the person at the screen."""


def greeting(layout: Layout, *, citizens: bool, store: bool) -> str:
    """The addresses, the PINs, and what to try first."""
    at = layout.origin
    yours = next(one for one in house.WORKERS if one.counter == YOURS)
    lines = [
        "",
        f"  {house.NAME}",
        "",
        "  Mở các trang này trong trình duyệt / Open these pages in a browser:",
        f"    Trang đầu / Start page        {at}/",
        f"    Máy lấy số / Kiosk            {at}/kiosk/{house.KIOSK}?key={layout.kiosk_key}",
        f"    Bảng chung / Hall board       {at}/board",
        f"    Màn hình quầy / Counter       {at}/counter/{YOURS}    (1-4)",
        f"    Cán bộ / Clerk console        {at}/clerk/sign-in",
        f"    Kỹ thuật / Technician         {at}/technician/sign-in",
        "",
        "  Mã PIN (người không có thật) / PINs (made-up people):",
    ]
    for worker in house.WORKERS:
        place = f"quầy / counter {worker.counter}" if worker.counter else "kỹ thuật / technician"
        lines.append(f"    {worker.id:<10} {layout.pins[worker.id]}   {worker.name}, {place}")
    lines += [
        "",
        "  Thử trước tiên / Try first:",
        "    1. Mở máy lấy số bằng địa chỉ trên (có khoá của máy), chạm một lĩnh vực /",
        "       Open the kiosk by its address above (it carries the kiosk's key), touch a service.",
        "    2. Quét mã trên vé (hoặc bấm vào mã) / Scan the ticket's code, or click it.",
        f"    3. Đăng nhập «{yours.id}» ở quầy {YOURS}, bấm Enter để gọi số /"
        f" Sign in as '{yours.id}' at counter {YOURS}, press Enter to call.",
        "    4. Xong việc, bấm nút hài lòng ở trang đầu / After the service, press a rating",
        "       button of that counter on the start page, and see its lamp.",
        "",
    ]
    if citizens:
        lines.append(
            f"  Người dân mô phỏng đang đến; quầy {YOURS} để dành cho bạn. /"
            f" Simulated citizens are coming; counter {YOURS} is yours."
        )
    else:
        lines.append("  Không có người mô phỏng. / Nobody is simulated: the hall is yours.")
    if not layout.has_sound:
        calls = layout.folder / "nodes" / house.BOARD / "calls"
        lines.append(
            f"  Không có loa: lời gọi được ghi thành tệp WAV / No sound device: calls go to {calls}"
        )
    if not store:
        lines.append(
            "  Không có kho chuỗi thời gian / No time-series store: "
            "apt-get install victoria-metrics"
        )
    lines += ["  Dừng: Ctrl-C / Stop: Ctrl-C", ""]
    return "\n".join(lines)


RESULT: Final = {
    "visits_opened": "Lượt lấy số / Tickets taken",
    "called": "Lượt gọi số / Calls",
    "finished": "Lượt đã phục vụ xong / Visits finished",
    "ratings": "Lượt đánh giá / Ratings",
    "scans": "Lượt quét mã / Codes scanned",
    "events_published": "Sự kiện thiết bị đã gửi / Device events sent",
    "events_committed": "Sự kiện đã vào nhật ký / Device events in the journal",
    "points_written": "Điểm đo đã ghi / Points written",
    "lost": "Bị mất / Lost",
    "doubled": "Bị trùng / Doubled",
    "path_p50_ms": "Từ nút bấm đến nhật ký, trung vị / Press to journal, median",
    "path_p99_ms": "Từ nút bấm đến nhật ký, 99 % dưới / Press to journal, 99 % below",
}
"""What each count of a run is called on the terminal; ``--json`` has their names."""


def farewell(counts: Mapping[str, float | None]) -> str:
    """What a run came to, a line for each of its ``counts``."""
    wide = max(map(len, RESULT.values()))
    lines = ["", "  Kết quả của lần chạy này / What this run came to:"]
    for name, value in counts.items():
        if value is None:
            told = "chưa đo / not measured"
        elif name.endswith("_ms"):
            told = f"{value:.1f} ms".replace(".", ",")
        else:
            told = f"{value:.0f}"
        lines.append(f"    {RESULT[name]:<{wide}}  {told}")
    return "\n".join(lines)


class Teller:
    """Makes short lines of what the journal's newest facts say."""

    def __init__(self) -> None:
        self._levels: list[int] = []
        self._finished = 0

    def line(self, facts: list[Fact], waiting: int) -> str | None:
        """One line for what is new; None where nothing is worth one."""
        news: list[str] = []
        for fact in facts:
            if said := self._take(fact):
                news = [*news[-2:], said]
        if not news:
            return None
        score = ""
        if self._levels:
            mean = f"{sum(self._levels) / len(self._levels):.1f}".replace(".", ",")
            score = f" · hài lòng/rated {mean}/5"
        return (
            f"{time.strftime('%H:%M:%S')}  {' · '.join(news)}   "
            f"[chờ/waiting {waiting} · xong/served {self._finished}{score}]"
        )

    def _take(self, fact: Fact) -> str | None:
        body = fact.body
        # a ticket is named after its day and its number
        number = (getattr(body, "ticket", None) or "?").rpartition("-")[2]
        match body:
            case f.TicketCalled():
                minutes, seconds = divmod(body.wait_ms // 1000, 60)
                return f"{number} → quầy/counter {body.counter} ({minutes}:{seconds:02d})"
            case f.ServiceFinished():
                self._finished += 1
                return f"{number} xong/served"
            case f.FinishUndone():
                self._finished -= 1
                return f"{number} chưa xong/not yet"
            case f.RatingGiven():
                self._levels.append(body.level)
                return f"{number} chấm/rates {body.level}/{body.levels}"
            case f.TicketParked():
                return f"{number} tạm dừng/set aside"
            case f.NoShow():
                return f"{number} vắng mặt/not here"
        return None
