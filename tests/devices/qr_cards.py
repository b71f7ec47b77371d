"""Cards of made-up people, and what a hand, a lens and a sheet of paper do to them."""

from __future__ import annotations

import cv2
import numpy as np
import segno
from hypothesis import strategies as st

from devices.qr_scanner.decode import Frame

CARD = (
    "001190012345|012345678|TRẦN THỊ MẪU|02091990|Nữ|"
    "Tổ 5, phường Kiến Hưng, quận Hà Đông, Hà Nội|15082021"
)
"""A citizen card as printed; the person is made up."""

EVERY_LETTER = "".join(
    letter
    for base in (
        "aàảãáạ ăằẳẵắặ âầẩẫấậ eèẻẽéẹ êềểễếệ iìỉĩíị oòỏõóọ ôồổỗốộ ơờởỡớợ uùủũúụ ưừửữứự yỳỷỹýỵ đ",
    )
    for letter in base + base.upper()
)
"""Every vowel of Vietnamese with every tone, and đ, small and capital."""

LETTERS = st.sampled_from(sorted(set(EVERY_LETTER + "bcdghklmnpqrstvx BCDGHKLMNPQRSTVX")))
NAMES = st.text(LETTERS, min_size=1, max_size=60)


def drawn(code: segno.QRCode, scale: int = 4) -> Frame:
    """Any code that segno makes, also those that no card of ours has."""
    modules = np.array([[0 if dark else 255 for dark in row] for row in code.matrix], np.uint8)
    framed = np.pad(modules, 4, constant_values=255)
    return np.asarray(np.kron(framed, np.ones((scale, scale), np.uint8)), np.uint8)


def on_desk(code: Frame, *, width: int = 640, height: int = 480, angle_deg: float = 0.0) -> Frame:
    """``code`` in the middle of a grey frame, turned by ``angle_deg``."""
    frame = np.full((height, width), 170, np.uint8)
    top, left = (height - code.shape[0]) // 2, (width - code.shape[1]) // 2
    frame[top : top + code.shape[0], left : left + code.shape[1]] = code
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle_deg, 1.0)
    turned = cv2.warpAffine(frame, turn, (width, height), borderValue=170)
    return np.asarray(turned, np.uint8)


def blurred(frame: Frame, sigma: float) -> Frame:
    """``frame`` out of focus."""
    return np.asarray(cv2.GaussianBlur(frame, (0, 0), sigma), np.uint8)


def noisy(frame: Frame, sigma: float, seed: int = 1) -> Frame:
    """``frame`` in bad light."""
    noise = np.random.default_rng(seed).normal(0.0, sigma, frame.shape)
    return np.clip(frame + noise, 0, 255).astype(np.uint8)
