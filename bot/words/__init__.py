"""What the product says: short, plain, polite, and always with what to do next. Rows in, text out; nothing is looked up here."""

from bot.words.catalogue import Translate, mistake, retold, translator
from bot.words.changes import progress
from bot.words.draft import Draft, merged
from bot.words.moments import clock_time, moment, span
from bot.words.scene import Scene, choice_label, summary
from bot.words.steps import say

__all__ = [
    "Draft",
    "Scene",
    "Translate",
    "choice_label",
    "clock_time",
    "merged",
    "mistake",
    "moment",
    "progress",
    "retold",
    "say",
    "span",
    "summary",
    "translator",
]
