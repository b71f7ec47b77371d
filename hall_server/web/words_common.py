"""Words that all pages share: numbers and times, refusals with what to do, and error pages."""

from __future__ import annotations

from typing import Final

COMMON: Final[dict[str, tuple[str, str]]] = {
    "common.language": ("Ngôn ngữ", "Language"),
    "common.skip": ("Đến phần chính", "Skip to the main part"),
    "common.no_script": (
        "Trang này cần JavaScript. Mời ông, bà mở bằng trình duyệt khác hoặc hỏi cán bộ tại quầy.",
        "This page needs JavaScript. Please use another browser, or ask a clerk at a counter.",
    ),
    "common.lost": (
        "Mất kết nối, đang thử lại. Số liệu lúc {time}, cách đây {age}.",
        "Connection lost, trying again. This is how things stood at {time}, {age} ago.",
    ),
    "common.no_answer": (
        "Máy chủ chưa trả lời nên chưa rõ việc đã xong hay chưa. Mời thử lại sau ít giây.",
        "The hall has not answered, so we cannot tell whether it was done. "
        "Please try again in a few seconds.",
    ),
    "common.signed_out": (
        "Phiên làm việc đã hết. Mời đăng nhập lại.",
        "Your session has ended. Please sign in again.",
    ),
    "common.counter": ("Quầy {counter}", "Counter {counter}"),
    "common.ok": ("Đồng ý", "OK"),
    "common.leave": ("Thôi", "Never mind"),
    "common.and": ("{first} và {last}", "{first} and {last}"),
    # ------------------------------------------------------------ numbers as people say them
    "common.people": ("{n} người", "{n} people"),
    "common.people.one": ("{n} người", "{n} person"),
    "common.under_a_minute": ("dưới 1 phút", "under a minute"),
    "common.seconds": ("{n} giây", "{n} seconds"),
    "common.seconds.one": ("{n} giây", "{n} second"),
    "common.minutes": ("{n} phút", "{n} minutes"),
    "common.minutes.one": ("{n} phút", "{n} minute"),
    "common.hours": ("{n} giờ", "{n} hours"),
    "common.hours.one": ("{n} giờ", "{n} hour"),
    "common.days": ("{n} ngày", "{n} days"),
    "common.days.one": ("{n} ngày", "{n} day"),
    "common.hours_minutes": ("{h} giờ {m}", "{h} h {m} min"),
    "common.minutes_seconds": ("{m} phút {s}", "{m} min {s} s"),
    "common.no_wait": ("không phải chờ", "no wait"),
    "common.no_counter": ("chưa có quầy mở", "no counter open"),
    "common.date": ("{weekday} {day}/{month}", "{weekday} {day}/{month}"),
    "common.weekday.0": ("Chủ Nhật", "Sunday"),
    "common.weekday.1": ("Thứ Hai", "Monday"),
    "common.weekday.2": ("Thứ Ba", "Tuesday"),
    "common.weekday.3": ("Thứ Tư", "Wednesday"),
    "common.weekday.4": ("Thứ Năm", "Thursday"),
    "common.weekday.5": ("Thứ Sáu", "Friday"),
    "common.weekday.6": ("Thứ Bảy", "Saturday"),
    # ------------------------------------------------------------ who goes first, Decree 63/2010
    "common.priority.merit": ("Người có công", "Person with merit to the nation"),
    "common.priority.elderly": ("Người cao tuổi", "Elderly person"),
    "common.priority.disabled": ("Người khuyết tật", "Person with a disability"),
    "common.priority.pregnant": ("Phụ nữ mang thai", "Pregnant woman"),
    "common.priority.poor": ("Hộ nghèo", "Poor household"),
    "common.priority.orphan": ("Trẻ mồ côi", "Orphan"),
    "common.priority.social": (
        "Người hưởng bảo trợ xã hội",
        "Person under social protection",
    ),
    # ------------------------------------------------------------ satisfaction, best is highest
    "common.rating.5.5": ("Rất hài lòng", "Very satisfied"),
    "common.rating.5.4": ("Hài lòng", "Satisfied"),
    "common.rating.5.3": ("Bình thường", "Neutral"),
    "common.rating.5.2": ("Không hài lòng", "Dissatisfied"),
    "common.rating.5.1": ("Rất không hài lòng", "Very dissatisfied"),
    "common.rating.4.4": ("Rất hài lòng", "Very satisfied"),
    "common.rating.4.3": ("Hài lòng", "Satisfied"),
    "common.rating.4.2": ("Không hài lòng", "Dissatisfied"),
    "common.rating.4.1": ("Rất không hài lòng", "Very dissatisfied"),
    "common.rating.3.3": ("Hài lòng", "Satisfied"),
    "common.rating.3.2": ("Bình thường", "Neutral"),
    "common.rating.3.1": ("Không hài lòng", "Dissatisfied"),
    "common.slip.paper_out": ("Máy in hết giấy", "The printer is out of paper"),
    "common.slip.cover_open": ("Nắp máy in đang mở", "The printer's cover is open"),
    "common.slip.offline": ("Máy in đang có lỗi", "The printer has a fault"),
    "common.slip.no_answer": ("Máy in không trả lời", "The printer does not answer"),
    "common.slip.disk_full": ("Máy in đang có lỗi", "The printer has a fault"),
    "common.slip.late": ("Phiếu chưa được in", "The slip was not printed"),
    "common.slip.unsure": ("Phiếu có thể chưa in xong", "The slip may not be complete"),
    # ------------------------------------------------------------ refusals: what happened, what now
    "refusals.unknown_service": (
        "Lĩnh vực này không có ở đây. Mời chọn một lĩnh vực khác trong danh sách.",
        "This service is not offered here. Please choose another one from the list.",
    ),
    "refusals.unknown_ticket": (
        "Không tìm thấy số này trong ngày hôm nay. Mời lấy số mới hoặc hỏi cán bộ tại quầy.",
        "There is no such number today. Please take a new one or ask a clerk at a counter.",
    ),
    "refusals.unknown_counter": (
        "Không có quầy này. Mời chọn một quầy trong danh sách.",
        "There is no such counter. Please choose one from the list.",
    ),
    "refusals.not_your_counter": (
        "Quầy này đang do người khác phụ trách. Mời đăng nhập lại để chọn quầy của mình.",
        "Somebody else has this counter now. Please sign in again at your own counter.",
    ),
    "refusals.counter_taken": (
        "Quầy đang phục vụ dở một lượt của người khác. Mời chọn quầy khác, hoặc nhờ người ấy "
        "hoàn thành trước.",
        "Another clerk is in the middle of a visit at this counter. Please choose another counter, "
        "or ask her to finish first.",
    ),
    "refusals.counter_not_open": (
        "Quầy chưa mở. Mời đăng nhập để mở quầy.",
        "The counter is not open. Please sign in to open it.",
    ),
    "refusals.counter_paused": (
        "Quầy đang tạm nghỉ. Mời bấm Phục vụ trở lại trước.",
        "The counter is on a break. Please resume first.",
    ),
    "refusals.counter_busy": (
        "Quầy đang có một số. Mời hoàn thành hoặc tạm gác số ấy trước.",
        "The counter has a ticket already. Please finish it or set it aside first.",
    ),
    "refusals.nobody_waiting": (
        "Chưa có ai chờ quầy này. Số mới sẽ hiện ngay khi có người lấy số.",
        "Nobody is waiting for this counter. A new ticket will show as soon as it is taken.",
    ),
    "refusals.no_ticket_here": (
        "Quầy chưa gọi số nào. Mời gọi số tiếp theo trước.",
        "No ticket has been called to this counter. Please call the next one first.",
    ),
    "refusals.wrong_state": (
        "Số này vừa thay đổi nên chưa làm được việc đó. Mời xem lại màn hình rồi thử lại.",
        "This ticket has just changed, so that could not be done. "
        "Please look at the screen again and retry.",
    ),
    "refusals.not_served_here": (
        "Quầy đó không phục vụ lĩnh vực này. Mời chọn quầy hoặc lĩnh vực khác.",
        "That counter does not serve this. Please choose another counter or service.",
    ),
    "refusals.reason_needed": (
        "Cần có lý do. Mời chọn hoặc viết một lý do.",
        "A reason is needed. Please choose or write one.",
    ),
    "refusals.unknown_reason": (
        "Lý do ưu tiên này không có trong quy định. Mời chọn một diện trong danh sách.",
        "This priority is not in the rules. Please choose one from the list.",
    ),
    "refusals.nothing_to_undo": (
        "Không còn việc nào để hoàn tác.",
        "There is nothing left to undo.",
    ),
    "refusals.already_rated": (
        "Lượt này đã có đánh giá. Cảm ơn ông, bà.",
        "This visit has been rated already. Thank you.",
    ),
    "refusals.rating_closed": (
        "Đã hết thời gian đánh giá lượt này. Cảm ơn ông, bà đã đến.",
        "The time to rate this visit is over. Thank you for coming.",
    ),
    "refusals.wrong_level": (
        "Mức đánh giá này không có. Mời chọn một trong các mức trên màn hình.",
        "There is no such level. Please choose one of those on the screen.",
    ),
    "refusals.line_full": (
        "Hôm nay lĩnh vực này đã hết số. Mời ông, bà hỏi cán bộ tại quầy.",
        "This service has no numbers left today. Please ask a clerk at a counter.",
    ),
    "refusals.no_printer": (
        "Máy này không in phiếu. Mời ông, bà chụp lại số trên màn hình.",
        "This machine prints no slips. Please take a picture of the number on the screen.",
    ),
    "refusals.being_printed": (
        "Phiếu đang được in. Mời chờ trong giây lát.",
        "The slip is being printed. One moment, please.",
    ),
    "refusals.printed_enough": (
        "Phiếu này đã in đủ. Mời ông, bà chụp lại số trên màn hình, hoặc hỏi cán bộ.",
        "This slip has been printed often enough. Please take a picture of the number on the "
        "screen, or ask a clerk.",
    ),
    "refusals.unknown_node": (
        "Bộ phận không có thiết bị này. Kiểm tra tệp cài đặt của bộ phận.",
        "The hall has no such node. See the hall's settings file.",
    ),
    "refusals.broker_away": (
        "Chưa gửi được: mất kết nối với broker MQTT. Kiểm tra dịch vụ mosquitto rồi thử lại.",
        "Not sent: no connection to the MQTT broker. Check the mosquitto service and try again.",
    ),
    "refusals.busy": (
        "Bộ phận đang xử lý rất nhiều việc cùng lúc. Mời thử lại sau ít giây.",
        "The hall has very much to do just now. Please try again in a few seconds.",
    ),
    "refusals.disk": (
        "Máy chủ hết chỗ lưu nên chưa nhận việc mới; những gì đã ghi vẫn còn nguyên. "
        "Mời báo kỹ thuật viên.",
        "The hall has no room left to store new work; everything already recorded is safe. "
        "Please tell the technician.",
    ),
    "refusals.slow": (
        "Máy chủ trả lời chậm. Mời thử lại sau ít giây; việc không bị làm hai lần.",
        "The hall is slow to answer. Please try again in a few seconds; nothing is done twice.",
    ),
    "refusals.stopped": (
        "Hệ thống đang khởi động lại. Mời thử lại sau một phút.",
        "The hall is starting again. Please try again in a minute.",
    ),
    "refusals.wrong_pin": (
        "Tên hoặc mã PIN chưa đúng. Mời nhập lại.",
        "The name or the PIN is not right. Please enter them again.",
    ),
    "refusals.locked_out": (
        "Đã nhập sai nhiều lần nên phải chờ một lát. Mời thử lại sau ít phút, hoặc báo kỹ thuật "
        "viên.",
        "Too many wrong tries, so there is a short wait. Please try again in a few minutes, "
        "or tell the technician.",
    ),
    "refusals.kiosk_key": (
        "Trang này chỉ mở trên máy lấy số của bộ phận. Mời ông, bà lấy số tại máy ở cửa vào.",
        "This page only opens on the hall's own kiosk. Please take a number at the kiosk "
        "by the entrance.",
    ),
    "refusals.bad_request": (
        "Yêu cầu chưa đúng nên chưa làm được. Mời tải lại trang rồi thử lại.",
        "That request did not fit, so nothing was done. Please reload the page and try again.",
    ),
    "refusals.signed_out": (
        "Phiên làm việc đã hết. Mời đăng nhập lại.",
        "Your session has ended. Please sign in again.",
    ),
    "refusals.too_many": (
        "Có quá nhiều yêu cầu trong chốc lát. Mời thử lại sau ít giây.",
        "Too many requests in a short time. Please try again in a few seconds.",
    ),
    "refusals.not_found": (
        "Không tìm thấy. Mời tải lại trang rồi thử lại.",
        "This was not found. Please reload the page and try again.",
    ),
    "refusals.too_large": (
        "Nội dung gửi lên quá dài. Mời viết ngắn hơn rồi thử lại.",
        "That was too long. Please make it shorter and try again.",
    ),
    # ------------------------------------------------------------ error pages
    "error.title": ("Chưa mở được trang", "The page could not be opened"),
    "error.403.title": ("Trang này không dành cho ông, bà", "This page is not open to you"),
    "error.403.text": (
        "Trang cần đúng người hoặc đúng máy. Nếu ông, bà là cán bộ, mời đăng nhập lại.",
        "It needs the right person or the right machine. If you are a clerk, please sign in again.",
    ),
    "error.404.title": ("Không có trang này", "There is no such page"),
    "error.404.text": (
        "Địa chỉ chưa đúng, hoặc số đã lấy từ hôm trước. Mời lấy số mới ở máy lấy số, "
        "hoặc hỏi cán bộ tại quầy.",
        "The address is not right, or the number is from another day. Please take a new number "
        "at the kiosk, or ask a clerk at a counter.",
    ),
    "error.500.title": ("Hệ thống gặp lỗi", "Something went wrong here"),
    "error.500.text": (
        "Lỗi ở phía chúng tôi, không phải do ông, bà. Số đã lấy vẫn được giữ. "
        "Mời thử lại sau một phút, hoặc báo cán bộ.",
        "The fault is ours, not yours. Numbers already taken are kept. "
        "Please try again in a minute, or tell a clerk.",
    ),
    "error.503.title": ("Bộ phận đang rất bận", "The hall is very busy"),
    "error.503.text": (
        "Hệ thống chưa nhận thêm việc được lúc này. Số đã lấy vẫn được giữ. "
        "Mời thử lại sau ít giây.",
        "No more work can be taken on just now. Numbers already taken are kept. "
        "Please try again in a few seconds.",
    ),
    "error.again": ("Thử lại", "Try again"),
    "error.home": ("Về trang đầu", "Go to the start page"),
    "error.sign_in": ("Cán bộ đăng nhập", "Clerk sign-in"),
}
"""Key -> the words in Vietnamese and in English."""
