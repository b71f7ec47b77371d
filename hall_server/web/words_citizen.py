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
    # ------------------------------------------------------------ the kiosk
    "kiosk.title": ("Máy lấy số", "Kiosk"),
    "kiosk.choose": ("Mời ông, bà chọn việc cần làm", "What have you come for?"),
    "kiosk.choose_how": (
        "Chạm vào một ô để lấy số.",
        "Touch one to take a number.",
    ),
    "kiosk.shut_how": (
        "Chưa có quầy nào mở. Ông, bà vẫn lấy số trước được, đúng thứ tự.",
        "No counter is open yet. You can take a number already and keep your place.",
    ),
    "kiosk.services": ("Các lĩnh vực", "Services"),
    "kiosk.ways": ("Cách khác", "Other ways"),
    "kiosk.scan": ("Có thẻ căn cước?", "Have your citizen card?"),
    "kiosk.scan_how": (
        "Đưa mã QR trên thẻ trước máy quét, rồi chọn việc cần làm.",
        "Hold its QR code before the scanner, then choose what you need.",
    ),
    "kiosk.card_read": ("Đã đọc thẻ. Mời ông, bà chọn việc", "Card read. What do you need?"),
    "kiosk.card_read_how": (
        "Chạm vào một ô để lấy số.",
        "Touch one to take a number.",
    ),
    "kiosk.read": ("Đã đọc thẻ căn cước", "Citizen card read"),
    "kiosk.read_private": (
        "Máy không hiện tên và không giữ lại số trên thẻ.",
        "Your name is not shown, and the number on the card is not kept.",
    ),
    "kiosk.way.card": ("Quét thẻ căn cước", "Scan a citizen card"),
    "kiosk.way.wall": ("Quét mã trên tường", "Scan a code on the wall"),
    "kiosk.way.help": ("Cần người giúp", "I need help"),
    "kiosk.how.card": ("Quét thẻ căn cước", "Scan a citizen card"),
    "kiosk.how.card.1": (
        "Lật mặt thẻ có mã QR, là ô vuông nhiều chấm đen.",
        "Find the side with the QR code, the square of black dots.",
    ),
    "kiosk.how.card.2": (
        "Đưa mã lại gần máy quét, cách chừng một gang tay.",
        "Hold the code before the scanner, about a hand's width away.",
    ),
    "kiosk.how.card.3": (
        "Khi màn hình báo đã đọc, chạm vào việc cần làm.",
        "When the screen says it is read, touch what you need.",
    ),
    "kiosk.how.wall": ("Quét mã trên tường", "Scan a code on the wall"),
    "kiosk.how.wall.1": (
        "Tìm bảng thủ tục trên tường và mã QR bên cạnh.",
        "Find your procedure on the wall and the QR code beside it.",
    ),
    "kiosk.how.wall.2": (
        "Chụp mã bằng điện thoại để xem giấy tờ cần mang.",
        "Scan it with your phone to see which papers to bring.",
    ),
    "kiosk.how.wall.3": (
        "Đưa mã trên điện thoại trước máy quét ở đây để lấy số.",
        "Hold the code on your phone before this scanner to take a number.",
    ),
    "kiosk.how.help": ("Mời ông, bà đến quầy gần nhất", "Please go to the nearest counter"),
    "kiosk.how.help.1": (
        "Cán bộ ở quầy nào cũng lấy số giúp được ngay, không cần xếp hàng.",
        "Any clerk can take a number for you at once; no need to queue for it.",
    ),
    "kiosk.how.help.2": (
        "Nếu đi lại khó khăn, mời ông, bà ngồi lại và nhờ người bên cạnh gọi cán bộ.",
        "If walking is hard, please stay seated and ask somebody to call a clerk.",
    ),
    "kiosk.before": ("{people} đang chờ", "{people} waiting"),
    "kiosk.before_wait": ("khoảng {wait}", "about {wait}"),
    "kiosk.nobody_before": ("Không có ai chờ trước.", "Nobody is waiting before you."),
    "kiosk.no_counter_yet": (
        "Chưa có quầy mở cho việc này. Số của ông, bà được giữ đúng thứ tự.",
        "No counter is open for this yet. Your number keeps its place.",
    ),
    "kiosk.take": ("Lấy số", "Take a number"),
    "kiosk.taking": ("Đang lấy số, xin chờ…", "One moment, please…"),
    "kiosk.priority": ("Ông, bà thuộc diện ưu tiên?", "Do you have priority?"),
    "kiosk.priority_how": (
        "Chạm vào diện của mình để lấy số ưu tiên. Cán bộ xem giấy tờ khi gọi số.",
        "Touch yours to take a number with priority. The clerk will look at your papers.",
    ),
    "kiosk.yours": ("Số của ông, bà", "Your number"),
    "kiosk.yours_already": ("Ông, bà đã có số này", "You have this number already"),
    "kiosk.about": ("Còn khoảng", "About"),
    "kiosk.next": ("Ông, bà là người tiếp theo.", "You are next."),
    "kiosk.ahead": ("Trước ông, bà còn {people}.", "{people} ahead of you."),
    "kiosk.counters": ("Chờ gọi ở quầy {counters}.", "You will be called to counter {counters}."),
    "kiosk.remember": ("Mời ông, bà nhớ số này", "Please remember this number"),
    "kiosk.remember_how": (
        "Quét mã bằng điện thoại để xem còn bao lâu, không cần ngồi canh bảng.",
        "Scan the code with your phone to see how long it takes, without watching the board.",
    ),
    "kiosk.qr_alt": ("Mã QR để xem số {number} trên điện thoại", "QR code of number {number}"),
    "kiosk.papers": ("Giấy tờ cho {procedure}", "Papers for {procedure}"),
    "kiosk.wrong.wrong_health_insurance": (
        "Đây là thẻ bảo hiểm y tế",
        "This is a health insurance card",
    ),
    "kiosk.wrong.wrong_health_insurance.how": (
        "Mời ông, bà đưa mã QR trên thẻ căn cước. Không mang thẻ thì chạm chọn việc, "
        "vẫn lấy số được.",
        "Please hold the QR code of your citizen card. Without it, just touch what you need.",
    ),
    "kiosk.wrong.wrong_damaged": (
        "Máy chưa đọc được hết mã",
        "The code could not be read fully",
    ),
    "kiosk.wrong.wrong_damaged.how": (
        "Mời ông, bà lau mặt thẻ rồi đưa lại. Nếu vẫn chưa được, chạm chọn việc, vẫn lấy số được.",
        "Please wipe the card and hold it again. If that does not help, just touch what you need.",
    ),
    "kiosk.wrong.wrong_unknown": (
        "Đây không phải mã của thẻ căn cước",
        "This is not the code of a citizen card",
    ),
    "kiosk.wrong.wrong_unknown.how": (
        "Mời ông, bà đưa mã QR trên thẻ căn cước, mã trên tường, hoặc mã của số đã lấy.",
        "Please hold the code of your citizen card, one from the wall, or that of your number.",
    ),
    "kiosk.wrong.unknown_ticket": (
        "Số này không còn trong ngày hôm nay",
        "This number is not of today",
    ),
    "kiosk.wrong.unknown_ticket.how": (
        "Mời ông, bà chạm chọn việc cần làm để lấy số mới.",
        "Please touch what you need to take a new number.",
    ),
    "kiosk.wrong.unknown_procedure": (
        "Thủ tục này không làm ở đây",
        "This procedure is not offered here",
    ),
    "kiosk.wrong.unknown_procedure.how": (
        "Mời ông, bà chạm chọn việc gần nhất, hoặc hỏi cán bộ tại quầy.",
        "Please touch the nearest service, or ask a clerk at a counter.",
    ),
    "kiosk.foot.back": ("Quay lại", "Back"),
    "kiosk.foot.done": ("Xong", "Done"),
    "kiosk.foot.try": ("Về màn hình chọn việc", "Back to the services"),
    "kiosk.night": ("Đã hết giờ làm việc", "We are closed for today"),
    "kiosk.night_how": (
        "Kính mời ông, bà quay lại trong giờ làm việc.",
        "Please come back in working hours.",
    ),
    "kiosk.soon": (
        "Còn {n} giây, màn hình về trang đầu. Chạm để giữ lại.",
        "Back to the start in {n} seconds. Touch to stay.",
    ),
}
"""Key -> the words in Vietnamese and in English."""
