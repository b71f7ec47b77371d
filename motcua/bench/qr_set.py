"""The hard set: frames of codes that a counter's camera really gets, each with what it says.

``NAME.png`` is a frame of 640x480, ``NAME.txt`` the text that must be read (empty: none), and
``set.json`` tells for each name what was done to it and which other codes lie beside it.  All
people and numbers in it are made up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import cv2
import msgspec
import numpy as np
from numpy.random import Generator

from devices.qr_scanner.standin import draw_code
from motcua.bench import qr_spoil as spoil
from motcua.bench.errors import BenchError
from motcua.bench.qr_spoil import Picture

WIDTH: Final = 640
HEIGHT: Final = 480
ABOUT: Final = "set.json"

_FAMILY: Final = ("NGUYỄN", "TRẦN", "LÊ", "PHẠM", "HOÀNG", "VŨ", "ĐẶNG", "BÙI", "ĐỖ", "NGÔ")
_MIDDLE: Final = {"Nam": ("VĂN", "ĐỨC", "QUANG", "HỮU"), "Nữ": ("THỊ", "NGỌC", "THU", "ÁNH")}
_GIVEN: Final = ("MẪU", "THỬ", "VÍ DỤ", "BÌNH", "AN", "HÒA", "LỘC", "PHÚC", "TÂM", "XUÂN")
_PLACES: Final = (
    "Tổ {}, phường Kiến Hưng, quận Hà Đông, Hà Nội",
    "Thôn {}, xã Ea Bông, huyện Krông Ana, Đắk Lắk",
    "{} Đường Thử Nghiệm, phường Tân Định, Thành phố Hồ Chí Minh",
)


class About(msgspec.Struct, frozen=True):
    """What a frame of the set is."""

    kind: str
    """What was done to it, such as ``blur``."""
    others: list[str] = []
    """Texts of further codes in it, which are right but not the one that is held."""


class _Frame(NamedTuple):
    picture: Picture
    text: str
    others: tuple[str, ...] = ()


def write_set(folder: Path, count: int, seed: int) -> dict[str, int]:
    """Write ``count`` frames, the same for the same seed; how many of each kind.

    Raises:
        BenchError: the folder cannot be made or written.
    """
    kinds: dict[str, int] = {}
    about: dict[str, About] = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(count):
            kind = list(KINDS)[number % len(KINDS)]
            frame = KINDS[kind](np.random.default_rng([seed, number]))
            name = f"{number:05d}-{kind}"
            made, data = cv2.imencode(".png", frame.picture)
            if not made:
                raise BenchError("OpenCV made no PNG: check the disk and the memory")
            (folder / f"{name}.png").write_bytes(data.tobytes())
            (folder / f"{name}.txt").write_text(frame.text, encoding="utf-8", newline="")
            about[name] = About(kind, list(frame.others))
            kinds[kind] = kinds.get(kind, 0) + 1
        (folder / ABOUT).write_bytes(msgspec.json.encode(about))
    except OSError as error:
        raise BenchError(
            f"{folder} cannot be written ({error.strerror}): choose another folder for --write-set"
        ) from None
    return kinds


# ---------------------------------------------------------------------- what codes say


def card_text(rng: Generator) -> str:
    """A citizen card's text; the person is made up."""
    sex = "Nam" if rng.random() < 0.5 else "Nữ"
    year = int(rng.integers(1940, 2010))
    number = (
        f"{rng.integers(1, 97):03d}{(2 if year >= 2000 else 0) + (sex == 'Nữ')}{year % 100:02d}"
        f"{rng.integers(0, 10**6):06d}"
    )
    old = f"{rng.integers(0, 10**9):09d}" if rng.random() < 0.6 else ""
    name = f"{_one(rng, _FAMILY)} {_one(rng, _MIDDLE[sex])} {_one(rng, _GIVEN)}"
    born = f"{rng.integers(1, 29):02d}{rng.integers(1, 13):02d}{year}"
    place = _one(rng, _PLACES).format(int(rng.integers(1, 200)))
    issued = f"{rng.integers(1, 29):02d}{rng.integers(1, 13):02d}2021"
    fields = [number, old, name, born, sex, place, issued]
    if rng.random() < 0.15:  # the card of 2024 has more fields
        fields += ["", f"{_one(rng, _FAMILY)} VĂN MẪU", f"{_one(rng, _FAMILY)} THỊ THỬ"]
    return "|".join(fields)


def ticket_text(rng: Generator) -> str:
    """The address on a ticket."""
    signs = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
    token = "".join(signs[place] for place in rng.integers(0, 64, 22))
    return f"http://192.168.{rng.integers(0, 9)}.{rng.integers(2, 250)}:8080/t/{token}"


def wall_text(rng: Generator) -> str:
    """The address of a procedure on the wall."""
    return f"http://hall.local:8080/p/{rng.integers(1, 9)}.{rng.integers(0, 10**6):06d}"


def any_text(rng: Generator) -> str:
    """A card twice as often as a ticket or a procedure."""
    pick = rng.random()
    return card_text(rng) if pick < 0.5 else ticket_text(rng) if pick < 0.75 else wall_text(rng)


def _one(rng: Generator, words: tuple[str, ...]) -> str:
    return words[int(rng.integers(0, len(words)))]


# ---------------------------------------------------------------------- how codes are held


def _paper(text: str, rng: Generator) -> Picture:
    """The code printed on a card among lines of small type, 12 pixels a module."""
    error = _one(rng, ("l", "m", "m", "q"))
    code: Picture = draw_code(text, scale=12, border=4, error=error)
    side = code.shape[0]
    paper = np.full((side + side // 3, side + side // 2), 245, np.uint8)
    paper[side // 6 : side // 6 + side, :side] = code
    for line in range(side // 5, side, max(side // 9, 1)):
        length = int(rng.uniform(0.3, 0.9) * side / 2.6)
        paper[line : line + side // 40, side + side // 16 : side + side // 16 + length] = 60
    return np.asarray(paper, np.uint8)


def held(
    paper: Picture,
    rng: Generator,
    *,
    high: float,
    turn_deg: float = 0.0,
    tilt: float = 0.0,
    at: tuple[float, float] = (0.5, 0.5),
    desk: Picture | None = None,
) -> Picture:
    """``paper``, ``high`` pixels high, laid on a desk before the camera, turned and tilted."""
    desk = _desk(rng) if desk is None else desk
    height, width = paper.shape
    size = high / height
    half = np.array([width, height]) * size / 2
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float64) * half
    angle = np.deg2rad(turn_deg)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = corners @ turn.T
    if tilt:
        away = rng.uniform(0, 2 * np.pi)
        depth = 1 + tilt * (corners @ [np.cos(away), np.sin(away)]) / np.linalg.norm(half)
        corners = corners / depth[:, None]
    corners += np.array([at[0] * WIDTH, at[1] * HEIGHT])
    fine = 2  # drawn at twice the size, so that edges fall between pixels as a lens lets them
    flat = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    lay = cv2.getPerspectiveTransform(flat, (corners * fine).astype(np.float32))
    sharp = paper
    while min(sharp.shape) > 4 * fine * high:
        sharp = np.asarray(cv2.pyrDown(sharp), np.uint8)
    if sharp is not paper:
        back = np.diag([width / sharp.shape[1], height / sharp.shape[0], 1.0])
        lay = lay @ back
    big = cv2.resize(desk, (WIDTH * fine, HEIGHT * fine))
    cv2.warpPerspective(
        sharp,
        lay,
        (WIDTH * fine, HEIGHT * fine),
        dst=big,
        flags=cv2.INTER_AREA,
        borderMode=cv2.BORDER_TRANSPARENT,
    )
    seen = np.asarray(cv2.resize(big, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.float32)
    light = rng.uniform(0.75, 0.95)
    return np.clip(seen * light + 12 + rng.normal(0, 2.0, seen.shape), 0, 255).astype(np.uint8)


def _desk(rng: Generator) -> Picture:
    """Wood, cloth or stone: a coarse pattern with finer grain."""
    coarse = rng.normal(0, 1, (12, 16)).astype(np.float32)
    fine = rng.normal(0, 1, (120, 160)).astype(np.float32)
    grain = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC) * 14
    grain = grain + cv2.resize(fine, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC) * 6
    return np.asarray(np.clip(grain + rng.uniform(70, 190), 0, 255), np.uint8)


def _high(text: str, rng: Generator, low: float, top: float) -> float:
    """Height of the whole paper so that a module takes ``low`` to ``top`` pixels."""
    modules = draw_code(text, scale=1, border=4, error="m").shape[0]
    return float(min(rng.uniform(low, top) * modules * 4 / 3, HEIGHT * 1.05))


def _plain(rng: Generator, low: float = 2.6, top: float = 5.0, turn: float = 12.0) -> _Frame:
    text = any_text(rng)
    picture = held(
        _paper(text, rng),
        rng,
        high=_high(text, rng, low, top),
        turn_deg=rng.uniform(-turn, turn),
        tilt=rng.uniform(0, 0.12),
        at=(rng.uniform(0.42, 0.58), rng.uniform(0.45, 0.55)),
    )
    return _Frame(picture, text)


def _spoiled(
    by: Callable[[Picture, Generator, float], Picture], low: float = 2.6, top: float = 5.0
) -> Callable[[Generator], _Frame]:
    def make(rng: Generator) -> _Frame:
        frame = _plain(rng, low, top)
        return frame._replace(picture=by(frame.picture, rng, float(rng.uniform(0, 1))))

    return make


def _tilted(rng: Generator) -> _Frame:
    text = any_text(rng)
    picture = held(
        _paper(text, rng),
        rng,
        high=_high(text, rng, 3.0, 5.5),
        turn_deg=rng.uniform(-25, 25),
        tilt=rng.uniform(0.2, 0.5),
    )
    return _Frame(picture, text)


def _worn(rng: Generator) -> _Frame:
    """Scratches over a code whose paper fills the middle of the frame."""
    text = any_text(rng)
    picture = held(_paper(text, rng), rng, high=_high(text, rng, 3.0, 6.0), at=(0.6, 0.5))
    return _Frame(spoil.damaged(picture, rng, float(rng.uniform(0, 1))), text)


def _of_all(rng: Generator) -> _Frame:
    """Two or three things at once, each of them mild."""
    frame = _plain(rng, 2.4, 4.5, turn=180.0)
    picture = frame.picture
    ways = (spoil.curled, spoil.moved, spoil.blurred, spoil.glared, spoil.faded, spoil.noisy)
    chosen = sorted(rng.choice(len(ways), int(rng.integers(2, 4)), replace=False))
    for way in chosen:
        picture = ways[way](picture, rng, float(rng.uniform(0, 0.35)))
    return frame._replace(picture=spoil.squeezed(picture, rng, float(rng.uniform(0, 0.3))))


def _night_colours(rng: Generator) -> _Frame:
    """White on black, as a phone in its dark mode shows it."""
    text = any_text(rng)
    paper = (255 - _paper(text, rng)).astype(np.uint8)
    picture = held(paper, rng, high=_high(text, rng, 2.6, 5.0), turn_deg=rng.uniform(-20, 20))
    return _Frame(spoil.on_a_screen(picture, rng, float(rng.uniform(0, 0.4))), text)


def _two_codes(rng: Generator) -> _Frame:
    """The one that is held lies in the middle and is the larger one."""
    text, other = any_text(rng), ticket_text(rng)
    behind = held(
        _paper(other, rng),
        rng,
        high=_high(other, rng, 2.4, 2.8),
        turn_deg=rng.uniform(-10, 10),
        at=(rng.choice([0.14, 0.9]), rng.uniform(0.25, 0.75)),
    )
    picture = held(
        _paper(text, rng),
        rng,
        high=min(_high(text, rng, 4.0, 5.0), 330),
        turn_deg=rng.uniform(-10, 10),
        at=(0.56, 0.5),
        desk=behind,
    )
    return _Frame(picture, text, (other,))


def _no_code(rng: Generator) -> _Frame:
    """Nothing to read: a desk, type, a chessboard, lone corners, a torn code, or snow."""
    text = any_text(rng)
    paper = _paper(text, rng)
    side = draw_code(text, scale=12, border=4).shape[0]
    pick = int(rng.integers(0, 6))
    if pick == 0:
        return _Frame(_desk(rng), "")
    if pick == 1:  # only the lines of type
        paper[:, :side] = 245
    elif pick == 2:
        squares = (np.indices((20, 20)).sum(axis=0) % 2 * 255).astype(np.uint8)
        paper = np.kron(squares, np.ones((20, 20), np.uint8))
    elif pick == 3:  # the three corners stand alone
        inner = side // 6 + 48 + 12 * 9
        paper[inner : side // 6 + side - 48 - 12 * 9, :side] = 245
        paper[side // 6 : side // 6 + side, 48 + 12 * 9 : side - 48 - 12 * 9] = 245
    elif pick == 4:  # half of it is torn off
        paper[side // 6 + int(side * rng.uniform(0.3, 0.65)) :, :] = 245
    else:
        snow = np.clip(rng.normal(128, 60, (HEIGHT, WIDTH)), 0, 255).astype(np.uint8)
        return _Frame(snow, "")
    picture = held(paper, rng, high=_high(text, rng, 2.6, 5.0), turn_deg=rng.uniform(-90, 90))
    return _Frame(picture, "")


KINDS: Final[Mapping[str, Callable[[Generator], _Frame]]] = {
    "small-modules": lambda rng: _plain(rng, 1.1, 2.2),
    "blur": _spoiled(spoil.blurred),
    "motion": _spoiled(spoil.moved),
    "rotation": lambda rng: _plain(rng, 2.2, 4.5, turn=180.0),
    "perspective": _tilted,
    "glare": _spoiled(spoil.glared),
    "low-contrast": _spoiled(spoil.faded),
    "noise": _spoiled(spoil.noisy),
    "jpeg": _spoiled(spoil.squeezed, 2.0, 4.0),
    "curled-paper": _spoiled(spoil.curled, 2.6, 5.5),
    "phone-screen": _spoiled(spoil.on_a_screen),
    "night-colours": _night_colours,
    "damaged": _worn,
    "two-codes": _two_codes,
    "all-at-once": _of_all,
    "no-code": _no_code,
}
"""Each kind of frame; a set takes them in turn."""
