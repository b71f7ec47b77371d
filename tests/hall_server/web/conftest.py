"""A hall with its pages, fresh for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hall_server.web.web_hall import Browser, WebHall


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[WebHall]:
    hall = WebHall(tmp_path)
    yield hall
    hall.close()


@pytest.fixture
def browser(hall: WebHall) -> Browser:
    return hall.browser()
