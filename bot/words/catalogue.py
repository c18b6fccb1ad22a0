"""Product strings by language: one Babel catalogue a language, `locale/<language>/LC_MESSAGES/baton.po`, read as it is written.

English stands in the code and has no file. What a catalogue does not have is said in English. In a language that is written
from right to left every slot of a template is isolated here, so that no reference or amount is torn apart by what surrounds it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from flows.basics import Wording
from flows.errors import InvalidValue
from flows.said import Said

Translate = Callable[[str], str]
LOCALE = Path(__file__).parent / "locale"
FILE = "LC_MESSAGES/baton.po"
ENGLISH = "en"
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi"})
"""Languages whose usual script runs from right to left (CLDR's character order)."""
ISOLATE, END = "\u2068", "\u2069"
"""Unicode's first strong isolate and its end (https://www.unicode.org/reports/tr9/)."""
SPELT = {"हिंदी": "hi", "अंग्रेज़ी": "en", "अंग्रेजी": "en"}
"""What people write beside the names that CLDR has."""
_SLOT = re.compile(r"\{[^{}]*\}")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """`strings` by English string; `plurals` by English singular: its forms, and which of them `form` takes for a number."""

    strings: Mapping[str, str]
    plurals: Mapping[str, tuple[str, ...]]
    form: Callable[[int], int] = lambda count: int(count != 1)


_NOTHING = Catalogue({}, {})


@lru_cache
def codes() -> tuple[str, ...]:
    """The languages that the product speaks, English first."""
    return ENGLISH, *sorted(path.parent.parent.name for path in LOCALE.glob(f"*/{FILE}"))


@lru_cache
def languages() -> Mapping[str, str]:
    """The same, with the name that each has for itself."""
    from babel import Locale  # here, as in `_read`: where everybody reads English nobody waits for it

    return {code: Locale.parse(code).display_name or code for code in codes()}


def named(text: str) -> str:
    """The code of the language that `text` names: by its own name, its English name or its code; "" for none of ours."""
    return _named().get(unicodedata.normalize("NFC", text).casefold().strip(), "")


@lru_cache
def _named() -> Mapping[str, str]:
    from babel import Locale

    names = {word: code for code, own in languages().items() for word in (code, own, Locale.parse(code).english_name or code)}
    return {unicodedata.normalize("NFC", word).casefold(): code for word, code in (names | SPELT).items()}


@lru_cache(maxsize=64)
def spoken(language: str) -> str:
    """The product's own code for a reader's language: `hi` for `hi-IN`, `en` for what has no catalogue."""
    main = _main(language)
    return main if main in codes() else ENGLISH


@lru_cache(maxsize=64)
def translator(language: str) -> Translate:
    """The function that turns an English product string into `language` (BCP 47). Slots stay as they are: `{reference}`."""
    strings = _catalogue(language).strings
    if runs_left(language):
        return lambda text: _SLOT.sub(rf"{ISOLATE}\g<0>{END}", strings.get(text, text))
    return lambda text: strings.get(text, text)


def plural(language: str, one: str, many: str, count: int) -> str:
    """The form for `count` with its `{count}` filled: "1 day", "3 days", "3 दिन"."""
    found = _catalogue(language)
    forms = found.plurals.get(one)
    template = forms[found.form(count)] if forms else one if count == 1 else many
    return template.format(count=count)


def retold(text: str, language: str) -> str:
    """What the core said, in `language`. Text that is not a `Said` is somebody's own words and stays as it is."""
    if not isinstance(text, Said):
        return text
    template = translator(language)(text.template)
    slots = {name: _slot(slot, language) for name, slot in text.slots.items()}
    return template.format(**slots) if slots else template


def mistake(error: InvalidValue, language: str) -> str:
    """What is wrong with an answer, and what to write instead."""
    return f"{retold(error.problem, language)} {retold(error.hint, language)}"


def _slot(slot: str | Wording, language: str) -> str:
    return slot.text(language) if isinstance(slot, Wording) else retold(slot, language)


def runs_left(language: str) -> bool:
    """Whether it is written from right to left."""
    return _main(language) in RIGHT_TO_LEFT


def isolated(value: str, language: str) -> str:
    """A value on its way into a flow's own wording, safe among words that run the other way."""
    return f"{ISOLATE}{value}{END}" if runs_left(language) else value


def _main(language: str) -> str:
    return language.replace("_", "-").partition("-")[0].lower()


@lru_cache(maxsize=64)
def _catalogue(language: str) -> Catalogue:
    code = spoken(language)
    return _NOTHING if code == ENGLISH else _read(LOCALE / code / FILE)


def _read(file: Path) -> Catalogue:
    from gettext import c2py

    from babel.messages.pofile import read_po

    with file.open("rb") as source:
        catalogue = read_po(source)
    strings: dict[str, str] = {}
    plurals: dict[str, tuple[str, ...]] = {}
    for message in catalogue:
        if not message.id or not message.string or message.fuzzy:
            continue
        if isinstance(message.id, str):
            strings[message.id] = str(message.string)
        else:
            plurals[message.id[0]] = tuple(message.string)
    return Catalogue(strings, plurals, c2py(catalogue.plural_expr))
