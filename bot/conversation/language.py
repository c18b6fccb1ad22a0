"""`language`: each person chooses in which language the product writes to them."""

from __future__ import annotations

from bot.conversation.turn import Turn
from bot.words.catalogue import languages, named, translator
from bot.words.draft import Tap


def language(turn: Turn, argument: str = "") -> None:
    """Offer the languages, in all of them: whoever asks may not read the one they are written to in. Named already: take it."""
    if code := named(argument):
        chosen(turn, code)
    else:
        turn.reply("\n".join(map(_question, languages())), [Tap(name, "language", code) for code, name in languages().items()])


def chosen(turn: Turn, code: str) -> None:
    """Write in this language from now on."""
    t = translator(code)
    turn.unit.conversations.language(turn.contact_id, code)
    turn.reply(t("I write to you in {language} from now on.").format(language=languages()[code]))


def _question(code: str) -> str:
    t = translator(code)
    return t("Which language shall I write in? Tap it, or write “language English”.")
