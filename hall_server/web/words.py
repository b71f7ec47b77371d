"""Every word of the pages, in Vietnamese and English: one key, both languages.

Keys begin with the page that uses them; ``common.`` belongs to all, ``refusals.`` to the answers
of the hall.  ``{names}`` are filled in; a key that ends in ``.one`` is the English singular.
"""

from __future__ import annotations

from typing import Final

from hall_server.web.words_citizen import CITIZEN
from hall_server.web.words_common import COMMON
from hall_server.web.words_staff import STAFF

WORDS: Final[dict[str, tuple[str, str]]] = {**COMMON, **CITIZEN, **STAFF}
"""Key -> the words in Vietnamese and in English."""

LANGUAGES: Final = ("vi", "en")


def t(key: str, lang: str, **values: object) -> str:
    """The words under ``key`` in ``lang`` with ``values`` filled in.

    Raises:
        KeyError: no such key, or a value that the words name is missing.
    """
    text = WORDS[key][1 if lang == "en" else 0]
    return text.format(**values) if values or "{" in text else text


def for_page(page: str, lang: str) -> dict[str, str]:
    """What the scripts of ``page`` may say: its own words and the common ones."""
    column = 1 if lang == "en" else 0
    starts = (f"{page}.", "common.")
    return {key: pair[column] for key, pair in WORDS.items() if key.startswith(starts)}
