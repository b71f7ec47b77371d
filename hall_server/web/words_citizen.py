"""Words of the pages that citizens read: board, kiosk, counter display, phone, procedure."""

from __future__ import annotations

from typing import Final

CITIZEN: Final[dict[str, tuple[str, str]]] = {
    # ------------------------------------------------------------ the hall's board
    "board.title": ("Bảng gọi số", "Calling board"),
    "board.please": ("Mời số", "Now calling"),
    "board.said": ("Mời số {number} đến quầy {counter}.", "Number {number}, counter {counter}."),
    "board.recent": ("Số vừa gọi", "Called before"),
    "board.recent_none": ("Chưa gọi số nào.", "No number has been called yet."),
    "board.counter": ("Quầy", "Counter"),
    "board.lines": ("Đang chờ theo lĩnh vực", "Waiting by service"),
    "board.waiting": ("người", "people"),
    "board.waiting.one": ("người", "person"),
    "board.welcome": ("Kính chào quý ông, bà", "Welcome"),
    "board.welcome_how": (
        "Mời ông, bà lấy số ở máy lấy số, rồi ngồi chờ. Số được gọi hiện tại đây.",
        "Please take a number at the kiosk and have a seat. Called numbers show here.",
    ),
    "board.resting": ("Các quầy đang tạm nghỉ", "All counters are on a break"),
    "board.resting_how": (
        "Số của ông, bà vẫn được giữ đúng thứ tự. Mời ông, bà ngồi chờ.",
        "Your number keeps its place in line. Please have a seat.",
    ),
    "board.closed": ("Hiện chưa mở quầy", "No counter is open yet"),
    "board.closed_how": (
        "Mời ông, bà chờ trong ít phút, hoặc quay lại trong giờ làm việc.",
        "Please wait a few minutes, or come back in working hours.",
    ),
    "board.night": ("Đã hết giờ làm việc", "We are closed for today"),
    "board.night_how": (
        "Kính mời ông, bà quay lại trong giờ làm việc.",
        "Please come back in working hours.",
    ),
}
"""Key -> the words in Vietnamese and in English."""
