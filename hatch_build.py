"""Refuses a wheel without the pages' type, which `make setup` fetches and git does not keep."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

TYPE = "hall_server/web/static/vendor/fonts.css"


class NoTypeError(RuntimeError):
    """The pages would come up in whatever type a browser has."""


def look_for_type(house: Path, version: str) -> None:
    """``version`` is "standard" or "editable": that one reads the tree, where it may still come.

    Raises:
        NoTypeError: the type is missing.
    """
    if version != "editable" and not (house / TYPE).is_file():
        raise NoTypeError(
            f"{TYPE} is missing, and the wheel's pages would have no type of their own: "
            "run `make setup` first, which fetches it"
        )


class PagesType(BuildHookInterface[Any]):
    """Looks before a wheel is built."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling.

        Raises:
            NoTypeError: the type is missing.
        """
        look_for_type(Path(self.root), version)
