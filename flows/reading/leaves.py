"""Readers of a flow file's smallest parts: texts, names, yes/no, wording, rules and references."""

from __future__ import annotations

import re
import string
from collections.abc import Callable

from flows.model import Rule, Wording
from flows.reading.nodes import Node, Place, Table, Text, Wrong
from flows.reading.source import RuleUse, Source, Use
from flows.rules import RuleSyntaxError, compile_rule, names_in

BLANK = Wording({"en": ""})
NEVER = Rule("", lambda names: False)
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?")
IDENTIFIER = re.compile(r"[a-z][a-z0-9_]{0,39}")
CEL_WORDS = "true false null in as break const continue else for function if import let loop package namespace return var void"


def text(source: Source, node: Node) -> str:
    """A text that is not empty."""
    return scalar(node).value.strip()


def scalar(node: Node) -> Text:
    if not isinstance(node, Text):
        raise Wrong(node.place, "Here a single text is expected, not a list or keys.", "Write it on the line of the colon.")
    if not node.value.strip():
        raise Wrong(node.place, "Here is nothing, and a text is expected.", "Write it on the same line, after the colon.")
    return node


def matching(pattern: str, what: str, example: str) -> Callable[[Source, Node], str]:
    """A reader of a text that matches the whole `pattern`; `what` and `example` say what to write."""
    compiled = re.compile(pattern)

    def read(source: Source, node: Node) -> str:
        word = scalar(node)
        if compiled.fullmatch(word.value):
            return word.value
        raise Wrong(word.place, f"`{word.value}` is not {what}.", f"Write it like `{example}`.")

    return read


def name(node: Node) -> Text:
    """A name that rules can use too: lower case letters, digits and _, a letter first."""
    word = scalar(node)
    if not IDENTIFIER.fullmatch(word.value):
        raise Wrong(
            word.place, f"`{word.value}` is not a name.", "Use small letters, digits and _, a letter first: `cost_centre`."
        )
    if word.value in CEL_WORDS.split():
        raise Wrong(word.place, f"`{word.value}` is a word of the rule language.", f"Choose another, such as `{word.value}_1`.")
    return word


def identifier(source: Source, node: Node) -> str:
    return name(node).value


def defining(kind: str) -> Callable[[Source, Node], str]:
    """A reader of a name that this place defines."""

    def read(source: Source, node: Node) -> str:
        word = name(node)
        source.define(kind, word)
        return word.value

    return read


def using(kind: str) -> Callable[[Source, Node], str]:
    """A reader of a name defined elsewhere; whether it is, is checked when the whole file is known."""
    return lambda source, node: source.use(kind, name(node))


def one_of(words: tuple[str, ...], what: str) -> Callable[[Source, Node], str]:
    """A reader of one of a few words."""

    def read(source: Source, node: Node) -> str:
        word = scalar(node)
        if word.value in words:
            return word.value
        raise Wrong(word.place, f"`{word.value}` is not {what}.", f"Write one of: {', '.join(words)}.")

    return read


def whole_number(least: int, most: int) -> Callable[[Source, Node], int]:
    """A reader of a whole number between the two."""

    def read(source: Source, node: Node) -> int:
        word = scalar(node)
        if not re.fullmatch(r"\d{1,6}", word.value) or not least <= int(word.value) <= most:
            raise Wrong(word.place, f"`{word.value}` is not a number that fits here.", f"Write a number from {least} to {most}.")
        return int(word.value)

    return read


def flag(source: Source, node: Node) -> bool:
    """yes or no (true and false are understood)."""
    return one_of(("yes", "no", "true", "false"), "yes or no")(source, node) in ("yes", "true")


def wording(source: Source, node: Node) -> Wording:
    """One text (English), or a table of language to text which has `en`."""
    if not isinstance(node, Table):
        word = scalar(node)
        found = Wording({"en": word.value.strip()})
        _note_slots(source, word)
    else:
        found = Wording(_by_language(source, node))
    source.wordings.append((found, node.place))
    return found


def _by_language(source: Source, table: Table) -> dict[str, str]:
    texts: dict[str, str] = {}
    for language, node in table.entries:
        if not LANGUAGE.fullmatch(language.value):
            source.add(
                language.place,
                f"`{language.value}` is not a language code.",
                "Write `en`, `hi` or another code, or one plain text.",
            )
        if language.value in texts:
            source.add(language.place, f"The language `{language.value}` stands twice.", "Remove one of the two.")
        word = scalar(node)
        texts[language.value] = word.value.strip()
        _note_slots(source, word)
    if "en" not in texts:
        raise Wrong(table.place, "The English wording is missing.", "Add `en: ...`: it is shown where a language has no text.")
    return texts


def _note_slots(source: Source, word: Text) -> None:
    """Slots are `{field}`; each is checked once the fields are known."""
    try:
        found = [(slot, spec, bang) for _, slot, spec, bang in string.Formatter().parse(word.value) if slot is not None]
    except ValueError:
        raise Wrong(
            word.place, "A curly bracket is not closed or not opened.", "Write a slot as `{amount}`, a bracket as `{{`."
        ) from None
    for slot, spec, bang in found:
        if not IDENTIFIER.fullmatch(slot.lower()) or spec or bang:
            raise Wrong(word.place, f"`{{{slot}}}` is not a slot.", "Write only a name in the brackets: `{amount}`.")
        source.uses.append(Use("slot", slot, word.place))


def rule(wanted: type) -> Callable[[Source, Node], Rule]:
    """A reader of a CEL rule that gives `wanted` (bool, or int)."""

    def read(source: Source, node: Node) -> Rule:
        word = scalar(node)
        try:
            compiled = compile_rule(word.value.strip())
        except RuleSyntaxError as error:
            raise Wrong(_inside(word, error), f"The rule cannot be read: {error.problem}.", _RULE_HINT) from error
        source.rules.append(RuleUse(compiled, names_in(compiled.source), word.place, wanted))
        return compiled

    return read


_RULE_HINT = 'Write a comparison such as `amount <= 10000 && urgency == "high"`.'


def _inside(word: Text, error: RuleSyntaxError) -> Place:
    """Where in the file a rule is wrong: exact for a rule on one line, else where the rule begins."""
    if word.block or "\n" in word.value or error.line > 1:
        return word.place
    return Place(word.place.line, word.place.column + error.column - 1 + word.quoted)
