"""Take the pictures in docs/pictures/ from the demo's hall as it really runs.

Starts the demo's broker, hall and nodes in a folder of its own, on a made-up morning, has
somebody called, served and asked, and photographs the pages with Debian's Chromium.  Nothing of
a real person is in any picture.  Run it after a change of the pages:
``.venv/bin/python scripts/take_pictures.py``.
"""

from __future__ import annotations

import io
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Final

from msgspec.structs import replace
from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

HOUSE: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HOUSE))

from hall_server import commands as c  # noqa: E402 - found from the house's root
from hall_server import facts as f  # noqa: E402
from hall_server.commands import Command, Outcome  # noqa: E402
from hall_server.hall import Hall  # noqa: E402
from hall_server.journal import Journal  # noqa: E402
from hall_server.settings import load  # noqa: E402
from motcua.demo import house  # noqa: E402
from motcua.demo.toml_text import toml_of  # noqa: E402
from tests.browser.chromium import launch  # noqa: E402
from tests.browser.real_hall import RealHall  # noqa: E402
from tests.browser.screens import (  # noqa: E402
    BOARD,
    CLERK,
    COUNTER,
    KIOSK,
    PHONE,
    Screens,
    Size,
    hold_card,
    press_next,
)

PICTURES: Final = HOUSE / "docs/pictures"
MOST_BYTES: Final = 300_000
COLOURS: Final = 256
VISITS: Final = 24
"""Visits that are over when the pictures are taken."""
WAITING: Final = (
    *("chung-thuc", "ho-tich", "dat-dai", "chung-thuc", "cu-tru", "chung-thuc", "ho-tich"),
    *("dat-dai", "chung-thuc", "cu-tru", "tra-ket-qua", "chung-thuc", "bao-tro", "chung-thuc"),
)
"""What those who wait have come for, the earliest first."""
MINUTE_MS: Final = 60_000


class Album:
    """The pictures, in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(self, page: Page, name: str, *, whole: bool = False) -> None:
        """The page as it is now; ``whole`` with what is below the screen's edge.

        Raises:
            ValueError: the picture is larger than a page of the docs should carry.
        """
        page.evaluate("document.fonts.ready")
        page.evaluate("Promise.all(document.getAnimations().map(one => one.finished))")
        picture = Image.open(io.BytesIO(page.screenshot(full_page=whole)))
        few = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        out = io.BytesIO()
        few.save(out, "PNG", optimize=True)
        if out.tell() > MOST_BYTES:
            raise ValueError(f"{name}: {out.tell()} bytes, at most {MOST_BYTES}: take less of it")
        (self._folder / f"{name}.png").write_bytes(out.getvalue())
        print(f"{name}.png  {picture.width} x {picture.height}  {out.tell() // 1000} kB")


def take_a_wards_time(hall: RealHall) -> None:
    """Services that take as long as in a ward, and not the demo's minute."""
    path = hall.layout.hall_settings
    settings = replace(load(path), service=list(house.SERVICES))
    path.write_text(toml_of(settings), encoding="utf-8")


def write_morning(hall: RealHall) -> None:
    """Put a morning's facts into the journal of a hall that has not begun yet."""
    catalogue = load(hall.layout.hall_settings).catalogue()
    rules, rng = Hall(catalogue), Random(7)  # noqa: S311 - no secret
    journal = Journal(hall.layout.journal)
    now_ms = time.time_ns() // 1_000_000
    clerk_of = {one.counter: one.id for one in house.WORKERS if one.counter}

    def do(command: Command, ago_minutes: float) -> Outcome:
        handled = rules.handle(command, now_ms - round(ago_minutes * MINUTE_MS))
        journal.append(handled.facts)
        return handled.outcome

    def take(service: str, ago_minutes: float) -> str:
        token = rng.randbytes(16).hex()
        command = c.TakeTicket(
            request=token, service=service, channel="kiosk", token=token, by=house.KIOSK
        )
        return do(command, ago_minutes).ticket or ""

    at = {
        one.id: {"request": "", "counter": one.id, "clerk": clerk_of[one.id]}
        for one in house.COUNTERS
    }
    for who in at.values():
        do(c.OpenCounter(**who), 100)
    services = ["chung-thuc", "ho-tich", "chung-thuc", "cu-tru", "tra-ket-qua", "dat-dai"]
    for number in range(VISITS):
        ago = 90 - number * 3.0
        counter = "1234"[number % 4]
        served = next(one for one in house.COUNTERS if one.id == counter).services
        wanted = [one for one in services if one in served]
        ticket = take(rng.choice(wanted), ago + rng.uniform(4, 9))
        do(c.CallNext(**at[counter]), ago)
        do(c.StartService(**at[counter]), ago - 0.5)
        do(c.FinishService(**at[counter]), ago - 0.5 - rng.uniform(1.2, 2.2))
        if rng.random() < 0.7:
            level = rng.choices((3, 4, 5), (1, 4, 5))[0]
            do(c.RateByPhone(request="", ticket=ticket, level=level), ago - 2.8)
    for number, service in enumerate(WAITING):
        take(service, 17.5 - 1.2 * number)
    for counter, ago in (("3", 5.0), ("4", 3.2), ("2", 1.4)):
        do(c.CallNext(**at[counter]), ago)
    journal.close()


def take_all(hall: RealHall, screens: Screens, album: Album) -> None:
    """Every picture of the docs."""
    start = screens.open("/", Size(1440, 1250))
    console = screens.clerk("1", CLERK)
    kiosk = screens.kiosk(KIOSK)
    expect(kiosk.locator(".service").first).to_be_visible()
    album.take(kiosk, "kiosk")

    press_next(console)
    called = console.locator("#work .number")
    expect(called).to_contain_text("A")
    number = called.inner_text()
    board = screens.open("/board", BOARD)
    expect(board.locator(".called .number")).to_have_text(number)
    album.take(board, "board")
    taken = [one.body for one in hall.facts() if isinstance(one.body, f.TicketTaken)]
    tokens = {one.number: one.token for one in taken}
    album.take(screens.open(f"/t/{tokens[number]}", PHONE), "phone-called")
    waiting = max(one for one in tokens if one.startswith("A"))
    album.take(screens.open(f"/t/{tokens[waiting]}", PHONE), "phone")

    press_next(console)
    expect(console.locator("#act")).to_contain_text("Hoàn thành")
    hold_card(start, "Quầy 1", "tran-thi-mau")
    expect(console.locator("section.card")).to_be_visible()
    console.clock.fast_forward(192_000)
    expect(console.locator("#work .state")).to_contain_text("03:")
    album.take(console, "clerk")

    press_next(console)
    counter = screens.open("/counter/1", COUNTER)
    expect(counter.locator(".question")).to_be_visible()
    album.take(counter, "rating")
    devices = start.get_by_role("article", name="Quầy 1", exact=True)
    expect(devices.locator(".pad[data-lit]")).to_have_count(5)
    devices.locator(".pad[data-mood=best]").click()
    expect(devices.locator(".pad[data-lit]")).to_have_count(1)
    album.take(start, "start")

    technician = screens.technician()
    album.take(technician, "technician")


def main() -> int:
    """Take them; 1 where a page complained."""
    nodes = [one.id for one in house.NODES]
    expect.set_options(timeout=30_000)
    with tempfile.TemporaryDirectory() as folder:
        hall = RealHall(Path(folder), nodes)
        take_a_wards_time(hall)
        write_morning(hall)
        with hall, sync_playwright() as playwright:
            browser = launch(playwright)
            screens = Screens(browser, hall)
            take_all(hall, screens, Album(PICTURES))
            browser.close()
    print("\n".join(screens.complaints))
    return 1 if screens.complaints else 0


if __name__ == "__main__":
    sys.exit(main())
