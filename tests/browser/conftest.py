"""One Chromium and one real hall for all tests of the pages; each test has profiles of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.chromium import launch
from tests.browser.real_hall import RealHall
from tests.browser.screens import PATIENCE_MS, Screens

NODES = ("kiosk-1", "counter-1", "board-1")
USED_COUNTERS = ("1", "2")


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def whole_hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealHall]:
    """The demo's hall: broker, server, a kiosk, counter 1 and the board, and nobody in it."""
    with RealHall(tmp_path_factory.mktemp("hall"), NODES) as hall:
        yield hall


@pytest.fixture
def hall(whole_hall: RealHall) -> Iterator[RealHall]:
    """The hall with nobody waiting; afterwards all are sent home."""
    yield whole_hall
    whole_hall.tidy(USED_COUNTERS)


@pytest.fixture
def screens(browser: Browser, hall: RealHall) -> Iterator[Screens]:
    """The screens of the hall; none of them may have complained when the test is over."""
    opened = Screens(browser, hall)
    yield opened
    opened.close()
    assert not opened.complaints
