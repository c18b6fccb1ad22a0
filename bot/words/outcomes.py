"""How a run came out, in the reader's language. A flow names its outcomes freely; these are the words that flows use."""

from __future__ import annotations

from bot.words.catalogue import translator
from flows.said import sentence

COMMON = (
    sentence("approved"),
    sentence("cancelled"),
    sentence("completed"),
    sentence("rejected"),
    sentence("withdrawn"),
)
"""Here only so that the catalogue has them."""


def outcome(name: str, language: str) -> str:
    """`no_budget` as “no budget”, in `language` where the catalogue knows it."""
    t = translator(language)
    return t(name.replace("_", " ").replace("-", " "))
