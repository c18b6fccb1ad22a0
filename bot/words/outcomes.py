"""How a run came out, in the reader's language. A flow names its outcomes freely; these are the words that flows use."""

from __future__ import annotations

from bot.words.catalogue import translator
from flows.said import sentence

COMMON = (
    sentence("accepted as is"),
    sentence("admitted"),
    sentence("approved"),
    sentence("approved for bulk"),
    sentence("back in vault"),
    sentence("bank change refused"),
    sentence("bill rejected"),
    sentence("cancelled"),
    sentence("cancelled line"),
    sentence("closed"),
    sentence("completed"),
    sentence("declined"),
    sentence("duplicate"),
    sentence("granted"),
    sentence("inactive"),
    sentence("issued"),
    sentence("loss claimed"),
    sentence("no credit"),
    sentence("no damage"),
    sentence("no seat"),
    sentence("not interested"),
    sentence("on hold"),
    sentence("received"),
    sentence("refused"),
    sentence("rejected"),
    sentence("rejected lot"),
    sentence("retention kept"),
    sentence("settled"),
    sentence("sold and invoiced"),
    sentence("substituted"),
    sentence("terminated"),
    sentence("terms declined"),
    sentence("withdrawn"),
)
"""Here only so that the catalogue has them."""


def outcome(name: str, language: str) -> str:
    """`no_budget` as “no budget”, in `language` where the catalogue knows it."""
    t = translator(language)
    return t(name.replace("_", " ").replace("-", " "))
