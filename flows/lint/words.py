"""What people read and tap: labels that fit every channel, words that are not commands, wordings in each language."""

from __future__ import annotations

import re
import unicodedata
from string import Formatter

from flows.model import Choice
from flows.reading.draft import Draft
from flows.reading.nodes import Place
from flows.reading.source import Source, did_you_mean

# A whole message of one of these is a command or an opt-out word in every state of every run, here or at a provider.
_COMMANDS = (
    "help",
    "menu",
    "status",
    "mine",
    "my work",
    "cancel",
    "why",
    "back",
    "undo",
    "find",
    "language",
    "hi",
    "hello",
    "namaste",
)
_COMMANDS_HI = ("मदद", "नमस्ते", "मेनू", "मेरे", "स्थिति", "रद्द", "क्यों", "वापस लें", "भाषा")
_OPT_OUT = ("stop", "stopall", "stop all", "unsubscribe", "end", "quit", "optout", "opt out", "रोकें", "बंद करो")
_OPT_IN = ("start", "unstop", "subscribe", "optin", "opt in", "शुरू")
RESERVED = frozenset((*_COMMANDS, *_COMMANDS_HI, *_OPT_OUT, *_OPT_IN))
_WITH_WORDS = ("status", "cancel", "why", "find", "स्थिति", "रद्द", "क्यों")  # commands that take what follows them
_ANSWERS = ("yes", "no", "y", "n", "ok", "हाँ", "नहीं")

MAX_LABEL = 20  # characters of a WhatsApp reply button
MAX_LABEL_BYTES = 64  # bytes of a Telegram button
MAX_CHOICES = 10  # rows of a WhatsApp list
MAX_NOTICE = 1024  # characters of a WhatsApp template, in which alone a text arrives once 24 hours have passed without a word
_MARKUP = re.compile(r"[*_~`]")  # WhatsApp refuses a button whose label is marked up


_SLOT = re.compile(r"\{\w+\}")


def check_buttons(draft: Draft) -> None:
    for group in draft.source.buttons:
        if len(group) > MAX_CHOICES:
            hint = "Ask in two steps, or take the rarest together as `other`."
            draft.source.add(group[MAX_CHOICES][1], f"There are {len(group)} choices, and a list holds {MAX_CHOICES}.", hint)
        keys = {choice.key for choice, _ in group}
        seen: dict[tuple[str, str], str] = {}
        for choice, place in group:
            _check_label(draft.source, choice, place, keys, seen)


def _check_label(source: Source, choice: Choice, place: Place, keys: set[str], seen: dict[tuple[str, str], str]) -> None:
    for language, label in choice.label.by_language.items():
        said = unicodedata.normalize("NFC", label).casefold()
        if len(label) > MAX_LABEL or len(label.encode()) > MAX_LABEL_BYTES:
            size = f"{len(label)} characters ({len(label.encode())} bytes)"
            hint = f"Use at most {MAX_LABEL} characters and {MAX_LABEL_BYTES} bytes."
            source.add(place, f"The label “{label}” is too long for a button: {size}.", hint)
        if "\n" in label or "\t" in label or _MARKUP.search(label):
            hint = "Write plain words on one line, without * _ ~ and `."
            source.add(place, f"WhatsApp refuses the label “{' '.join(label.split())}”.", hint)
        if said in RESERVED or said.isdigit():
            source.add(place, f"The label “{label}” would be taken for a command or a number.", "Choose other words for it.")
        if seen.setdefault((language, said), choice.key) != choice.key or said in keys - {choice.key}:
            source.add(place, f"The label “{label}” also means another choice.", "Make the labels differ.")


def check_start(draft: Draft) -> None:
    for phrase, place in draft.source.defined.get("start phrase", {}).items():
        if phrase in RESERVED or phrase.split()[0] in _WITH_WORDS:
            draft.source.add(place, f"“{phrase}” is a command or opt-out word.", "Choose another phrase.")
        elif phrase in _ANSWERS or len(phrase) < 3:
            draft.source.add(place, f"“{phrase}” is easily an answer to something else.", "Choose a longer phrase.")


def check_slots(draft: Draft) -> None:
    known = draft.source.names("field") | draft.source.names("slot") | {"reference"}
    for use in draft.source.uses:
        if use.kind == "slot" and use.name not in known:
            hint = did_you_mean(use.name, known, f"A slot is one of: {', '.join(sorted(known))}.")
            draft.source.add(use.place, f"There is nothing to put into `{{{use.name}}}`.", hint)


def check_summary(draft: Draft) -> None:
    """Everybody who sees a run sees its summary."""
    for name in dict.fromkeys(slot for text in draft.flow.summary.by_language.values() for slot in _slots(text)):
        field = draft.flow.fields.get(name)
        if field is not None and field.seen_by:
            hint = "Leave it out of `summary`, or remove `seen_by`."
            problem = f"`{name}` is for some roles only, and everybody sees the summary."
            draft.source.add(draft.source.defined["field"][name], problem, hint)


def _slots(text: str) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(text) if name]


def check_languages(draft: Draft) -> None:
    """A language of the flow's title is one that the whole flow speaks: where it is missing, a warning."""
    spoken = draft.flow.title.by_language.keys()
    for wording, place in draft.source.wordings:
        for language in sorted(spoken - wording.by_language.keys()):
            hint = f"Add `{language}: ...`; until then the English text is shown."
            draft.source.add(place, f"This wording is missing in `{language}`.", hint, error=False)


def check_lengths(draft: Draft) -> None:
    """A text sent outside WhatsApp's 24 hours travels in a template, on one line: what is too long for that is cut there. A slot
    counts as nothing, so that only what is too long in every run is told."""
    for wording, place in draft.source.wordings:
        for language, said in wording.by_language.items():
            size = len(_SLOT.sub("", " ".join(said.split())).encode("utf-16-le")) // 2
            if size > MAX_NOTICE:
                problem = f"This wording has {size} characters in `{language}`: WhatsApp cuts a notice after {MAX_NOTICE}."
                draft.source.add(place, problem, "Say it shorter, or put the rest into a document.", error=False)
