"""``motcua bench qr``: what it counts, over frames that the test lays out or the bench made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from devices.qr_scanner.standin import draw_code, png
from motcua.bench.qr_set import KINDS
from motcua.cli import main
from tests.devices.qr_cards import CARD, noisy, on_desk

OTHER = CARD.replace("MẪU", "THỬ")
NAMES = {"frames", "decoded", "exact", "wrong", "p50_ms", "p95_ms"}


def lay(folder: Path, name: str, picture: bytes, text: str | bytes | None) -> None:
    (folder / f"{name}.png").write_bytes(picture)
    if text is not None:
        data = text if isinstance(text, bytes) else text.encode()
        (folder / f"{name}.txt").write_bytes(data)


def measured(
    folder: Path, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int, dict[str, Any], str]:
    status = main(["bench", "qr", "--frames", str(folder), "--json", "--budget-ms", "500", *words])
    printed = capsys.readouterr()
    return status, json.loads(printed.out) if printed.out else {}, printed.err


def counts(row: dict[str, Any]) -> tuple[int, int, int, int]:
    return row["frames"], row["decoded"], row["exact"], row["wrong"]


def test_each_decoder_alone_has_the_same_figures_as_ours(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lay(tmp_path, "card", png(on_desk(draw_code(CARD, scale=4))), CARD)
    lay(
        tmp_path,
        "line-end",
        png(draw_code("http://hall.local/p/1.001193")),
        "http://hall.local/p/1.001193\r\n",
    )
    lay(tmp_path, "empty", png(on_desk(draw_code(CARD, scale=1)[:9, :9])), "")
    status, figures, _ = measured(tmp_path, capsys)
    assert status == 0
    assert set(figures) >= NAMES
    assert counts(figures) == (3, 2, 2, 0)
    assert set(figures["alone"]) == {"zxing-cpp", "pyzbar", "pyzbar-binary", "opencv"}
    for row in figures["alone"].values():
        assert set(row) >= NAMES
        assert row["frames"] == 3
        assert 0 < row["p50_ms"] <= row["p95_ms"]
    assert counts(figures["alone"]["zxing-cpp"]) == (3, 2, 2, 0)
    assert figures["missed_of_any_alone"] == []


def test_a_text_other_than_the_one_expected_is_wrong_and_told_without_repeating_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lay(tmp_path, "other", png(draw_code(OTHER)), CARD)
    lay(tmp_path, "none-expected", png(draw_code(CARD)), "")
    status, figures, told = measured(tmp_path, capsys)
    assert status == 1
    assert counts(figures) == (2, 2, 0, 2)
    assert "other: ours read another text" in told
    assert "THỬ" not in told


def test_stock_pyzbar_is_told_apart_from_its_binary_mode(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lay(tmp_path, "name", png(draw_code("NGUYỄN HỮU MẪU", scale=4)), "NGUYỄN HỮU MẪU")
    _, figures, _ = measured(tmp_path, capsys)
    assert counts(figures["alone"]["pyzbar"]) == (1, 1, 0, 1)
    assert counts(figures["alone"]["pyzbar-binary"]) == (1, 1, 1, 0)


def test_frames_that_cannot_be_used_are_named_and_the_others_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = png(draw_code(CARD))
    lay(tmp_path, "good", whole, CARD)
    lay(tmp_path, "no-text", whole, None)
    lay(tmp_path, "not-utf8", whole, b"\xff\xfe")
    lay(tmp_path, "torn", whole[:50], CARD)
    lay(tmp_path, "nothing", b"", CARD)
    status, figures, told = measured(tmp_path, capsys)
    assert status == 1
    assert counts(figures) == (1, 1, 1, 0)
    for name in ("no-text.png has no no-text.txt", "not-utf8.png", "torn.png", "nothing.png"):
        assert name in told


def test_a_picture_without_its_text_alone_is_no_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lay(tmp_path, "good", png(draw_code(CARD)), CARD)
    lay(tmp_path, "no-text", png(draw_code(CARD)), None)
    status, figures, _ = measured(tmp_path, capsys)
    assert (status, figures["frames"]) == (0, 1)


def test_a_colour_or_large_frame_is_read_as_well(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    colour = cv2.cvtColor(on_desk(draw_code(CARD)), cv2.COLOR_GRAY2BGR)
    lay(tmp_path, "colour", png(np.asarray(colour, np.uint8)), CARD)
    lay(tmp_path, "large", png(on_desk(draw_code(CARD), width=1920, height=1080)), CARD)
    _, figures, _ = measured(tmp_path, capsys)
    assert counts(figures) == (2, 2, 2, 0)


@pytest.mark.parametrize("make", [False, True])
def test_a_folder_without_frames_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], make: bool
) -> None:
    folder = tmp_path / "frames"
    if make:
        folder.mkdir()
    status, figures, told = measured(folder, capsys)
    assert (status, figures) == (1, {})
    assert "frames" in told
    assert ("--write-set" if make else "--frames") in told


def test_the_hard_set_has_every_kind_and_ours_reads_nothing_wrong_in_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    count = str(len(KINDS))
    status = main(
        ["bench", "qr", "--write-set", str(tmp_path / "a"), "--count", count, "--seed", "5"]
    )
    assert status == 0
    capsys.readouterr()
    status, figures, _ = measured(tmp_path / "a", capsys)
    assert status == 0
    assert figures["frames"] == len(KINDS)
    assert figures["wrong"] == 0
    assert figures["exact"] >= figures["any_alone_exact"]
    assert figures["missed_of_any_alone"] == []
    assert set(figures["kinds"]) == set(KINDS)


def test_the_same_seed_makes_the_same_set(tmp_path: Path) -> None:
    def made(name: str, seed: str) -> dict[str, bytes]:
        folder = tmp_path / name
        main(["bench", "qr", "--write-set", str(folder), "--count", "3", "--seed", seed])
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    assert made("a", "7") == made("b", "7")
    assert made("a", "7") != made("c", "8")


def test_a_bench_without_a_folder_says_what_to_give(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "qr"]) == 1
    assert "--frames DIR" in capsys.readouterr().err


def test_noise_alone_is_never_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for seed in range(3):
        snow = noisy(np.full((480, 640), 128, np.uint8), 60, seed)
        lay(tmp_path, f"snow-{seed}", png(snow), "")
    _, figures, _ = measured(tmp_path, capsys)
    assert counts(figures) == (3, 0, 0, 0)
