"""Look at every page in every state without a hall: made-up views, real templates and scripts.

python -m tests.browser.looks.render                      serve, and print the addresses
python -m tests.browser.looks.render --shots DIR NAME...  pictures of the scenes named so
python -m tests.browser.looks.render --axe NAME...        what axe-core finds in them

A NAME may end in ``*``; none is all of them.
"""

from __future__ import annotations

import argparse
import sys
import threading
from fnmatch import fnmatch
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.chromium import launch
from tests.browser.looks.looking import findings, listen, visit
from tests.browser.looks.made_up import scenes
from tests.browser.looks.stage import create_app, running


def main() -> int:
    """Serve, or take pictures, or check; 1 where something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shots", type=Path)
    parser.add_argument("--axe", action="store_true")
    parser.add_argument("names", nargs="*", default=["*"])
    given = parser.parse_args()
    chosen = {
        name: scene
        for name, scene in scenes().items()
        if any(fnmatch(name, one) for one in given.names)
    }
    wrong: list[str] = []
    with running(create_app(scenes())) as address:
        if not (given.shots or given.axe):
            print("\n".join(f"{address}/look/{name}" for name in chosen), flush=True)
            threading.Event().wait()
        with sync_playwright() as playwright:
            chromium = launch(playwright)
            browser = chromium.new_context()
            for name, scene in chosen.items():
                for size in scene.sizes:
                    page = browser.new_page()
                    complaints = listen(page)
                    visit(page, address, name, scene, size)
                    label = f"{name}-{size[0]}x{size[1]}"
                    if given.shots:
                        given.shots.mkdir(parents=True, exist_ok=True)
                        page.screenshot(path=given.shots / f"{label}.png")
                    if given.axe:
                        complaints += findings(page, scene)
                    wrong += [f"{label}: {one}" for one in complaints]
                    page.close()
            chromium.close()
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
