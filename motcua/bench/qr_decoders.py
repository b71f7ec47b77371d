"""Our scanner and each decoder alone, over the same frames, in turns."""

from __future__ import annotations

import sys
import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import cv2
import msgspec
import numpy as np
import zxingcpp

from devices.errors import DeviceError, FrameError
from devices.qr_scanner import zbar
from devices.qr_scanner.decode import BUDGET_MS, LOOKS, read
from devices.qr_scanner.place import Frame
from motcua.bench.errors import BenchError
from motcua.bench.qr_set import ABOUT, About

Finder = Callable[[Frame], list[str]]
"""A frame in (H x W x 3), the texts of its codes out."""


class Case(NamedTuple):
    """One frame, the text that it must give (empty: none) and what was done to it."""

    name: str
    frame: Frame
    text: str
    about: About | None


class Tally:
    """What one decoder made of the frames."""

    def __init__(self) -> None:
        self.exact: set[str] = set()
        self.wrong: dict[str, int] = {}
        self.decoded = 0
        self.ms: list[float] = []
        self.cpu_ms: list[float] = []

    def figures(self) -> dict[str, Any]:
        """The figures that the bench promises; ``cpu`` is this thread's own time.

        On a machine with other work the clock on the wall measures that work too.
        """
        return {
            "frames": len(self.ms),
            "decoded": self.decoded,
            "exact": len(self.exact),
            "wrong": len(self.wrong),
            "p50_ms": round(float(np.percentile(self.ms, 50)), 3),
            "p95_ms": round(float(np.percentile(self.ms, 95)), 3),
            "cpu_p50_ms": round(float(np.percentile(self.cpu_ms, 50)), 3),
            "cpu_p95_ms": round(float(np.percentile(self.cpu_ms, 95)), 3),
        }


def measure(folder: Path, budget_ms: float | None = None) -> tuple[dict[str, Any], list[str]]:
    """Decode the frames of ``folder``; the figures, and what was wrong, in sentences.

    ``decoded`` counts the frames in which something was read, ``exact`` those that gave the
    expected text, ``wrong`` those that gave another one, or any where none was expected.  Of
    several codes in a frame ours must put the expected one first; a decoder alone may have it
    anywhere.  Frames with an empty text count in ``frames`` alone when nothing is read in them.

    Raises:
        BenchError: the folder is not there, or holds no frame that can be used.
    """
    faults: list[str] = []
    about = _about(folder)
    tallies = {name: Tally() for name in ("ours", *ALONE)}
    decoders = {"ours": _ours(BUDGET_MS if budget_ms is None else budget_ms), **ALONE}
    cases: dict[str, tuple[str, str]] = {}
    warm = True
    for case in _cases(folder, about, faults):
        if warm:  # what a library does once, at its first frame, is no time of a frame
            warm = False
            for find in decoders.values():
                find(case.frame)
        cases[case.name] = (case.about.kind if case.about else "", case.text)
        names = list(decoders)
        for turn in range(len(names)):
            name = names[(turn + len(cases)) % len(names)]
            _count(tallies[name], case, decoders[name], first_only=name == "ours")
    if not cases:
        raise BenchError(
            f"{folder} holds no frame that can be used: put NAME.png and NAME.txt there, or "
            "let --write-set make some"
        )
    ours = tallies["ours"]
    faults += [f"{name}: ours read another text than expected" for name in sorted(ours.wrong)]
    anybody = set().union(*(tallies[name].exact for name in ALONE))
    figures = ours.figures()
    figures["alone"] = {name: tallies[name].figures() for name in ALONE}
    figures["any_alone_exact"] = len(anybody)
    figures["missed_of_any_alone"] = sorted(anybody - ours.exact)
    figures["with_code"] = sum(bool(text) for _, text in cases.values())
    if about:
        figures["kinds"] = {
            kind: [
                sum(one == kind for one, _ in cases.values()),
                sum(cases[name][0] == kind for name in ours.exact),
                sum(cases[name][0] == kind for name in anybody),
            ]
            for kind in dict.fromkeys(kind for kind, _ in cases.values())
        }
    return figures, faults


def _cases(folder: Path, about: Mapping[str, About], faults: list[str]) -> Iterator[Case]:
    if not folder.is_dir():
        raise BenchError(f"{folder} is not a folder: name one with --frames")
    try:
        pictures = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".png")
    except OSError as error:
        raise BenchError(f"{folder} cannot be read ({error.strerror}): name another") from None
    for path in pictures:
        try:
            text = _text(path.with_suffix(".txt"))
            frame = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
        except FileNotFoundError:
            say(f"{path.name} has no {path.stem}.txt with its text beside it: left out")
            continue
        except (OSError, UnicodeDecodeError, cv2.error) as error:
            faults.append(f"{path.name} is left out: {_reason(error)}")
            continue
        if frame is None:
            faults.append(f"{path.name} is no picture that can be read: left out")
            continue
        yield Case(path.stem, np.asarray(frame, np.uint8), text, about.get(path.stem))


def _text(path: Path) -> str:
    """The expected text; an editor's line end behind it is not part of it."""
    text = unicodedata.normalize("NFC", path.read_bytes().decode("utf-8-sig"))
    return text.removesuffix("\n").removesuffix("\r")


def say(text: str) -> None:
    """A word for whoever waits; figures go to standard output alone."""
    print(text, file=sys.stderr, flush=True)


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "its text is not UTF-8"
    return str(getattr(error, "strerror", None) or "OpenCV cannot read it")


def _about(folder: Path) -> dict[str, About]:
    try:
        return msgspec.json.decode((folder / ABOUT).read_bytes(), type=dict[str, About])
    except (OSError, msgspec.DecodeError):
        return {}  # frames from elsewhere bring no such file


def _count(tally: Tally, case: Case, find: Finder, *, first_only: bool) -> None:
    began_s, began_cpu_s = time.perf_counter(), time.thread_time()
    texts = find(case.frame)
    tally.cpu_ms.append((time.thread_time() - began_cpu_s) * 1000)
    tally.ms.append((time.perf_counter() - began_s) * 1000)
    if not texts:
        return
    tally.decoded += 1
    # a line end that is printed in the code itself is no fault either
    read_texts = {text.rstrip("\r\n") for text in (texts[:1] if first_only else texts)}
    if case.text and case.text.rstrip("\r\n") in read_texts:
        tally.exact.add(case.name)
    else:
        tally.wrong[case.name] = len(read_texts)


# ---------------------------------------------------------------------- the decoders


def _ours(budget_ms: float) -> Finder:
    def find(frame: Frame) -> list[str]:
        try:
            return [code.text for code in read(frame, budget_ms=budget_ms, looks=LOOKS).codes]
        except FrameError:
            return []

    return find


def _zxing(frame: Frame) -> list[str]:
    return [_nfc(code.text) for code in zxingcpp.read_barcodes(frame, formats=_QR)]


_QR: Final = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)


def _pyzbar(frame: Frame) -> list[str]:
    from pyzbar import pyzbar
    from pyzbar.wrapper import ZBarSymbol

    grey = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
    found = pyzbar.decode(grey, symbols=[ZBarSymbol.QRCODE])
    return [_nfc(code.data.decode("utf-8", errors="replace")) for code in found]


def _pyzbar_binary(frame: Frame) -> list[str]:
    grey = np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), np.uint8)
    try:
        return [_nfc(code.data.decode("utf-8", errors="replace")) for code in zbar.read(grey)]
    except DeviceError as error:
        raise BenchError(str(error)) from None


def _opencv(frame: Frame) -> list[str]:
    try:
        found, texts, _, _ = cv2.QRCodeDetector().detectAndDecodeMulti(frame)
    except (cv2.error, UnicodeDecodeError):
        return []  # it stumbles over its own doubts and over bytes that are not UTF-8
    return [_nfc(text) for text in texts if text] if found else []


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


ALONE: Final[Mapping[str, Finder]] = {
    "zxing-cpp": _zxing,
    "pyzbar": _pyzbar,
    "pyzbar-binary": _pyzbar_binary,
    "opencv": _opencv,
}
"""Each decoder as its own documentation shows it, and zbar in the way that ours uses it."""
