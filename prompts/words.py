"""Whole-message words: opt-out, opt-in and commands. "help" is a command, "help desk" is an answer.

The opt-out words follow Twilio's STOP set for WhatsApp numbers, less "cancel", "end" and "quit", which people say to a process
(https://www.twilio.com/docs/api/errors/23004).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

OPT_OUT = frozenset({"stop", "stopall", "stop all", "unsubscribe", "opt out", "optout", "रोकें", "बंद करो"})
OPT_IN = frozenset({"start", "unstop", "opt in", "optin", "शुरू"})

_PLAIN = {
    "help": "help",
    "?": "help",
    "मदद": "help",
    "menu": "menu",
    "hi": "menu",
    "hello": "menu",
    "namaste": "menu",
    "नमस्ते": "menu",
    "मेनू": "menu",
    "mine": "mine",
    "my work": "mine",
    "मेरे": "mine",
    "status": "status",
    "स्थिति": "status",
    "cancel": "cancel",
    "रद्द": "cancel",
    "why": "why",
    "क्यों": "why",
    "back": "back",
}
_TAKES_ARGUMENT = frozenset({"status", "cancel", "why"})
# Commands only with a reference behind them, so that these words alone stay free for a flow's own phrases and labels.
_SAYS_MORE = {"comment": "comment", "टिप्पणी": "comment", "delegate": "delegate", "reassign": "delegate", "सौंपें": "delegate"}
_REFERENCE = re.compile(r"^[a-z]{1,6}-\d{1,9}$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Command:
    """`name` is help, menu, mine, status, cancel, why, back, comment or delegate; `argument` a reference in upper case, a person's
    words, or "". `text` is what follows the reference of a comment or delegate, as it was written."""

    name: str
    argument: str = ""
    text: str = ""


def normal(text: str) -> str:
    """Folded for comparing: NFC, case, runs of space, and closing punctuation do not count."""
    folded = unicodedata.normalize("NFC", text).casefold().strip()
    return re.sub(r"\s+", " ", folded).removeprefix("/").rstrip(" .!।") or folded


def is_opt_out(text: str) -> bool:
    return normal(text) in OPT_OUT


def is_opt_in(text: str) -> bool:
    return normal(text) in OPT_IN


def read_command(text: str) -> Command | None:
    """The command that the whole message is, or None. `status`, `cancel` and `why` take a reference; `status` also a person;
    `comment` and `delegate` a reference and more words."""
    words = normal(text)
    if words in _PLAIN:
        return Command(_PLAIN[words])
    head, _, rest = words.partition(" ")
    if head in _SAYS_MORE:
        return _with_text(_SAYS_MORE[head], text)
    name = _PLAIN.get(head, "")
    if name not in _TAKES_ARGUMENT or not rest:
        return None
    if _REFERENCE.match(rest):
        return Command(name, rest.upper())
    if name == "status" and len(rest.split()) <= 4:
        return Command(name, rest)
    return None


def _with_text(name: str, text: str) -> Command | None:
    """`comment PA-1042 the words, kept as they are`."""
    parts = unicodedata.normalize("NFC", text).strip().split(maxsplit=2)
    reference = parts[1].rstrip(":,.") if len(parts) > 1 else ""
    if not _REFERENCE.match(reference):
        return None
    return Command(name, reference.upper(), parts[2].strip() if len(parts) > 2 else "")
