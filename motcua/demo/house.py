"""The made-up hall of the demo: what it offers, who works there, and which nodes it has."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from msgspec.structs import replace

from hall_server.catalogue import Counter, Procedure, Service

HALL: Final = "kien-hung"
NAME: Final = "Bộ phận Một cửa · Phường Kiến Hưng"

SERVICES: Final = (
    Service(
        "chung-thuc",
        "A",
        "Chứng thực",
        "Certification",
        6.0,
        "Bản chính và bản sao cần chứng thực, thẻ căn cước",
        "Originals and copies to certify, citizen card",
    ),
    Service(
        "ho-tich",
        "B",
        "Hộ tịch",
        "Civil status",
        9.0,
        "Thẻ căn cước, giấy chứng sinh hoặc giấy tờ hộ tịch liên quan",
        "Citizen card, certificate of birth or other civil-status papers",
    ),
    Service(
        "cu-tru",
        "C",
        "Cư trú",
        "Residence",
        8.0,
        "Thẻ căn cước, giấy tờ về chỗ ở hợp pháp",
        "Citizen card, papers of the dwelling",
    ),
    Service(
        "dat-dai",
        "D",
        "Đất đai",
        "Land",
        14.0,
        "Thẻ căn cước, giấy chứng nhận quyền sử dụng đất",
        "Citizen card, certificate of land use",
    ),
    Service(
        "bao-tro",
        "E",
        "Bảo trợ xã hội",
        "Social protection",
        10.0,
        "Thẻ căn cước, đơn theo mẫu, giấy xác nhận",
        "Citizen card, the form, certificates",
    ),
    Service(
        "tra-ket-qua",
        "G",
        "Nhận kết quả",
        "Collect results",
        3.0,
        "Giấy tiếp nhận và hẹn trả kết quả",
        "The receipt with its appointment",
    ),
)

"""What a ward's hall offers, and about how long each takes there."""

QUICKER: Final = 12
"""The demo's clerks are so many times quicker than a ward's: one sees something happen."""
LEAST_MINUTES: Final = 0.5
"""The shortest service that a hall's settings know."""
QUICK_SERVICES: Final = tuple(
    replace(one, expected_minutes=max(LEAST_MINUTES, round(one.expected_minutes / QUICKER, 2)))
    for one in SERVICES
)
"""The same as they are in the demo: its settings promise them, its clerks keep to them."""

COUNTERS: Final = (
    Counter("1", ["chung-thuc", "tra-ket-qua"]),
    Counter("2", ["chung-thuc", "ho-tich", "cu-tru"]),
    Counter("3", ["ho-tich", "cu-tru", "dat-dai", "bao-tro"]),
    Counter("4", ["dat-dai", "bao-tro", "tra-ket-qua"]),
)

PROCEDURES: Final = (
    Procedure(
        "2.000815",
        "chung-thuc",
        "Chứng thực bản sao từ bản chính",
        "Certified copies of originals",
        ["Bản chính giấy tờ", "Bản sao cần chứng thực"],
        1.0,
    ),
    Procedure(
        "2.000884",
        "chung-thuc",
        "Chứng thực chữ ký",
        "Certified signatures",
        ["Thẻ căn cước hoặc hộ chiếu còn hạn", "Giấy tờ sẽ ký"],
        1.0,
    ),
    Procedure(
        "1.001193",
        "ho-tich",
        "Đăng ký khai sinh",
        "Registration of a birth",
        ["Tờ khai đăng ký khai sinh", "Giấy chứng sinh", "Thẻ căn cước của cha hoặc mẹ"],
        1.0,
    ),
    Procedure(
        "1.000894",
        "ho-tich",
        "Đăng ký kết hôn",
        "Registration of a marriage",
        ["Tờ khai đăng ký kết hôn", "Thẻ căn cước của hai bên"],
        3.0,
    ),
    Procedure(
        "1.004222",
        "cu-tru",
        "Đăng ký thường trú",
        "Registration of residence",
        ["Tờ khai thay đổi thông tin cư trú", "Giấy tờ về chỗ ở hợp pháp"],
        7.0,
    ),
    Procedure(
        "1.012753",
        "dat-dai",
        "Đăng ký biến động đất đai",
        "Change of a land entry",
        ["Đơn đăng ký biến động", "Giấy chứng nhận đã cấp", "Hợp đồng, văn bản liên quan"],
        10.0,
    ),
    Procedure(
        "1.001776",
        "bao-tro",
        "Trợ cấp xã hội hằng tháng",
        "Monthly social allowance",
        ["Tờ khai đề nghị trợ cấp xã hội", "Thẻ căn cước"],
        10.0,
    ),
)
"""Codes and papers as examples; a hall puts in those of its own list."""


class Worker(NamedTuple):
    """A made-up person who signs in; ``counter`` is where she sits in the demo."""

    id: str
    name: str
    role: Literal["clerk", "technician"]
    counter: str | None = None


WORKERS: Final = (
    Worker("hoa", "Nguyễn Thị Hoa", "clerk", "1"),
    Worker("minh", "Trần Văn Minh", "clerk", "2"),
    Worker("lan", "Lê Thị Ngọc Lan", "clerk", "3"),
    Worker("tuan", "Phạm Anh Tuấn", "clerk", "4"),
    Worker("ky-thuat", "Đỗ Quang Kỹ Thuật", "technician"),
)


class NodePlan(NamedTuple):
    """A node of the demo."""

    id: str
    kind: Literal["counter", "kiosk", "board"]
    counter: str = ""


KIOSK: Final = "kiosk-1"
BOARD: Final = "board-1"
NODES: Final = (
    NodePlan(KIOSK, "kiosk"),
    *(NodePlan(f"counter-{one.id}", "counter", one.id) for one in COUNTERS),
    NodePlan(BOARD, "board"),
)
