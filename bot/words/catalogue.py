"""Product strings by language: gettext catalogues under `bot/words/locale`, English where a language has none."""

from __future__ import annotations

import gettext
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

Translate = Callable[[str], str]
LOCALE = Path(__file__).parent / "locale"


@lru_cache
def translator(language: str) -> Translate:
    """The function that turns an English product string into `language` (BCP 47). Slots stay as they are: `{reference}`."""
    return gettext.translation("baton", LOCALE, [language.replace("-", "_")], fallback=True).gettext
