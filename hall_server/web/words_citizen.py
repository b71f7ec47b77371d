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
    "board.wait": ("chờ {wait}", "wait {wait}"),
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
    "kiosk.shut": ("Mời ông, bà chọn việc cần làm", "What have you come for?"),
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
    "kiosk.printing": ("Đang in phiếu…", "Printing your slip…"),
    "kiosk.printing_how": (
        "Mời ông, bà chờ trong giây lát.",
        "One moment, please.",
    ),
    "kiosk.printed": ("Mời ông, bà lấy phiếu", "Please take your slip"),
    "kiosk.unprinted_how": (
        "Số của ông, bà là {number} và vẫn được giữ. Mời chụp lại mã này, hoặc nhớ số.",
        "Your number is {number} and keeps its place. Please take a picture of this code, "
        "or remember the number.",
    ),
    "kiosk.unsure_how": (
        "Số của ông, bà là {number} và vẫn được giữ. Chưa có phiếu thì chạm In lại, "
        "hoặc chụp lại mã này.",
        "Your number is {number} and keeps its place. If you have no slip, touch Print again, "
        "or take a picture of this code.",
    ),
    "kiosk.print": ("In phiếu", "Print a slip"),
    "kiosk.print_again": ("In lại", "Print again"),
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
    "kiosk.after_hours": ("Ngoài giờ làm việc", "After hours"),
    "kiosk.after_hours_how": (
        "Nếu có lịch làm ngoài giờ, ông, bà vẫn chạm một ô để lấy số.",
        "If counters open after hours today, touch one to take a number.",
    ),
    "kiosk.soon": (
        "Còn {n} giây, màn hình về trang đầu. Chạm để giữ lại.",
        "Back to the start in {n} seconds. Touch to stay.",
    ),
    # ------------------------------------------------------------ over the counter
    "counter.title": ("Màn hình quầy", "Counter display"),
    "counter.please": ("Mời số", "Now calling"),
    "counter.said": ("Mời số {number} đến quầy {counter}.", "Number {number}, counter {counter}."),
    "counter.serving": ("Đang phục vụ", "Now serving"),
    "counter.idle": ("Sẵn sàng phục vụ", "Ready to serve"),
    "counter.idle_how": (
        "Mời ông, bà chờ đến khi số của mình được gọi.",
        "Please wait until your number is called.",
    ),
    "counter.paused": ("Quầy tạm nghỉ ít phút", "Back in a few minutes"),
    "counter.paused_how": (
        "Số của ông, bà vẫn được giữ. Mời theo dõi bảng gọi số.",
        "Your number keeps its place. Please watch the board.",
    ),
    "counter.away": ("Cán bộ tạm rời quầy", "The clerk is away for a moment"),
    "counter.away_how": (
        "Số của ông, bà vẫn được giữ. Quầy sẽ gọi tiếp khi cán bộ trở lại.",
        "Your number keeps its place. The counter calls again when the clerk is back.",
    ),
    "counter.closed": ("Quầy chưa mở", "This counter is closed"),
    "counter.closed_how": (
        "Mời ông, bà xem quầy khác trên bảng gọi số.",
        "Please see the board for other counters.",
    ),
    "counter.still_rating": (
        "Ông, bà vừa xong việc: nút đánh giá còn mở {time}.",
        "Just served? The rating buttons stay open for {time}.",
    ),
    "counter.ask": ("Ông, bà có hài lòng không?", "Were you satisfied?"),
    "counter.ask_how": (
        "Bấm một nút trên quầy. Cán bộ không nhìn thấy lựa chọn của từng người.",
        "Press a button on the counter. The clerk does not see what each person chose.",
    ),
    "counter.left": ("Nút còn mở {time}", "Open for {time}"),
    "counter.thanks": ("Cảm ơn ông, bà", "Thank you"),
    "counter.thanks_how": (
        "Ý kiến của ông, bà đã được ghi nhận.",
        "Your opinion has been recorded.",
    ),
    # ------------------------------------------------------------ the phone page
    "ticket.title": ("Số của ông, bà", "Your number"),
    "ticket.yours": ("Số của ông, bà", "Your number"),
    "ticket.about": ("Còn khoảng", "About"),
    "ticket.unknown": ("Chưa có quầy mở cho việc này", "No counter is open for this yet"),
    "ticket.keep": ("Số vẫn được giữ", "Your place is kept"),
    "ticket.ahead": ("Trước ông, bà còn {people}.", "{people} ahead of you."),
    "ticket.next": ("Ông, bà là người tiếp theo.", "You are next."),
    "ticket.at": ("Chờ gọi ở quầy {counters}.", "You will be called to counter {counters}."),
    "ticket.progress": ("Phần thời gian chờ đã qua", "Share of the wait that has passed"),
    "ticket.go": ("Mời ông, bà đến ngay", "Please come now to"),
    "ticket.go_how": (
        "Mời mang theo giấy tờ. Nếu chưa đến kịp, số sẽ được gọi lại.",
        "Please bring your papers. If you are late, you will be called again.",
    ),
    "ticket.said": ("Mời số {number} đến quầy {counter}.", "Number {number}, counter {counter}."),
    "ticket.serving": ("Đang được phục vụ ở quầy {counter}", "Being served at counter {counter}"),
    "ticket.serving_how": (
        "Xong việc, ông, bà có thể đánh giá ngay tại đây.",
        "When it is done, you can rate the service here.",
    ),
    "ticket.parked": ("Số đang được tạm gác", "Your number is set aside"),
    "ticket.parked_how": (
        "Khi đã đủ giấy tờ, mời ông, bà báo cán bộ ở quầy. Số được xếp gần đầu hàng.",
        "When you have what was missing, please tell the clerk. You go near the front.",
    ),
    "ticket.finished": ("Đã xong việc", "All done"),
    "ticket.finished_how": ("Cảm ơn ông, bà đã đến.", "Thank you for coming."),
    "ticket.dropped": ("Số này đã hết lượt", "This number has lapsed"),
    "ticket.dropped_how": (
        "Số đã được gọi nhiều lần mà chưa có người đến. Mời ông, bà lấy số mới ở máy lấy số.",
        "It was called several times and nobody came. Please take a new number at the kiosk.",
    ),
    "ticket.cancelled": ("Số này đã được huỷ", "This number is cancelled"),
    "ticket.cancelled_how": (
        "Nếu vẫn cần làm việc, mời ông, bà lấy số mới ở máy lấy số.",
        "If you still need to be served, please take a new number at the kiosk.",
    ),
    "ticket.now_serving": ("Đang phục vụ", "Now serving"),
    "ticket.taken": ("Lấy số lúc", "Taken at"),
    "ticket.documents": ("Giấy tờ cần mang", "Papers to bring"),
    "ticket.more_time": ("Tôi cần thêm thời gian", "I need more time"),
    "ticket.more_time_how": (
        "Hai người sau sẽ lên trước. Ông, bà không mất số.",
        "The next two go first. You keep your number.",
    ),
    "ticket.more_time_yes": ("Nhường hai người", "Let two go first"),
    "ticket.more_time_done": (
        "Đã nhường hai người. Số của ông, bà vẫn được giữ.",
        "Two people go first now. Your number is kept.",
    ),
    "ticket.cancel": ("Huỷ số này", "Cancel this number"),
    "ticket.cancel_sure": ("Huỷ số này?", "Cancel this number?"),
    "ticket.cancel_how": (
        "Không lấy lại được số đã huỷ. Muốn làm việc, ông, bà phải lấy số mới.",
        "A cancelled number cannot be had back. To be served you would take a new one.",
    ),
    "ticket.cancel_yes": ("Huỷ số", "Cancel it"),
    "ticket.no": ("Giữ nguyên", "Keep as it is"),
    "ticket.ask": ("Ông, bà có hài lòng không?", "Were you satisfied?"),
    "ticket.ask_how": (
        "Cán bộ không nhìn thấy lựa chọn của từng người.",
        "The clerk does not see what each person chose.",
    ),
    "ticket.rated": (
        "Cảm ơn ông, bà. Ý kiến đã được ghi nhận.",
        "Thank you. Your opinion has been recorded.",
    ),
    # ------------------------------------------------------------ a procedure on the wall
    "procedure.title": ("Thủ tục", "Procedure"),
    "procedure.service": ("Lĩnh vực: {service}", "Service: {service}"),
    "procedure.bring": ("Giấy tờ cần mang", "Papers to bring"),
    "procedure.bring_none": (
        "Mời ông, bà hỏi cán bộ tại quầy.",
        "Please ask a clerk at a counter.",
    ),
    "procedure.days": ("Thời hạn giải quyết", "Time by law"),
    "procedure.days_n": ("{n} ngày làm việc", "{n} working days"),
    "procedure.days_none": ("Trả ngay trong ngày", "The same day"),
    "procedure.take": ("Lấy số cho thủ tục này", "Take a number for this"),
    "procedure.take_how": (
        "Đưa mã này trước máy quét của máy lấy số ở cửa vào.",
        "Hold this code before the scanner of the kiosk by the entrance.",
    ),
    "procedure.code_alt": ("Mã QR của thủ tục", "QR code of this procedure"),
}
"""Key -> the words in Vietnamese and in English."""
