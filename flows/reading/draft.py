"""The whole of a flow file, read into a `flows.model.Flow` with everything that is to be checked about it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from flows.currencies import CURRENCIES
from flows.model import Check, Choice, DocumentItem, Field, FieldType, Flow, Participant, Rule, Start, Wording
from flows.reading.leaves import BLANK, NEVER, defining, flag, identifier, matching, name, one_of, rule, scalar, using, wording
from flows.reading.nodes import Node, Place, Text, Wrong, parse_yaml
from flows.reading.source import Keys, Source, entries, some
from flows.reading.steps import block
from flows.rules import compile_rule

T = TypeVar("T")
D = TypeVar("D")
LOOKUPS = ("same_vendor_7d",)
SCHEMA = "1"
_TOTAL = re.compile(r"total\((\w+)\)")
_ONE_FILE = compile_rule("1")


@dataclass(frozen=True, slots=True)
class Draft:
    """A flow file as read: `flow` is whole only where `source.problems` has no error."""

    flow: Flow
    source: Source


def read(text: str, file: str, version: int = 1) -> Draft | Source:
    """The draft of a flow file, or only the problems where it is not even a table of keys."""
    source = Source(file)
    try:
        keys = Keys(source, parse_yaml(text), "a flow file")
        return Draft(_flow(source, keys, version), source)
    except Wrong as wrong:
        source.add(wrong.place, wrong.problem, wrong.hint)
        return source


def _flow(source: Source, keys: Keys, version: int) -> Flow:
    """Reads what others refer to first, whatever its order in the file."""
    id = keys.need("flow", matching("[a-z][a-z0-9-]{0,39}", "a flow's name", "purchase-approval"), "")
    keys.may("schema", one_of((SCHEMA,), "a version of the flow language that this Baton knows"), SCHEMA)
    prefix = keys.need("prefix", matching("[A-Z]{2,4}", "a prefix of two to four capitals", "PA"), "")
    title = keys.need("title", wording, BLANK)
    summary = keys.need("summary", wording, BLANK)
    roles = _named(source, keys, "roles", _role, needed=True)
    start = keys.need("start", _start, Start(()))
    participants = _named(source, keys, "participants", _participant)
    fields = _named(source, keys, "fields", _field, needed=True)
    documents = _named(source, keys, "documents", _document)
    source.checks = _named(source, keys, "checks", _check)
    steps = keys.need("steps", block, ())
    keys.close()
    read_by_rules = {word for use in source.rules for word in use.names}
    lookups = tuple(lookup for lookup in LOOKUPS if lookup in read_by_rules)
    return Flow(id, version, prefix, title, start, roles, participants, fields, documents, steps, summary, lookups)


def _named(
    source: Source, keys: Keys, what: str, read_one: Callable[[Source, str, Node], T], *, needed: bool = False
) -> dict[str, T]:
    """The table under the key `what` (a plural): names, each defined as its singular, to what `read_one` makes of them."""

    def read_all(source: Source, node: Node) -> dict[str, T]:
        found: dict[str, T] = {}
        for key, value in entries(node, what):
            try:
                word = defining(what.removesuffix("s"))(source, key)
                found[word] = read_one(source, word, value)
            except Wrong as wrong:
                source.add(wrong.place, wrong.problem, wrong.hint)
        return found

    nothing: dict[str, T] = {}
    return keys.need(what, read_all, nothing) if needed else keys.may(what, read_all, nothing)


def _role(source: Source, word: str, node: Node) -> Wording:
    return wording(source, node)


def _start(source: Source, node: Node) -> Start:
    keys = Keys(source, node, "`start`")
    phrases = keys.need("phrases", some(_phrase), ())
    by = keys.may("by", some(_starter), ("anyone",))
    keys.close()
    return Start(phrases, by)


def _phrase(source: Source, node: Node) -> str:
    word = scalar(node)
    phrase = " ".join(unicodedata.normalize("NFC", word.value).casefold().split())
    if len(phrase) > 40:
        raise Wrong(word.place, "A start phrase has at most 40 characters.", "Choose a few words that people will remember.")
    source.define("start phrase", Text(phrase, word.place))
    return phrase


def _starter(source: Source, node: Node) -> str:
    word = name(node)
    return word.value if word.value == "anyone" else source.use("role", word)


def _participant(source: Source, word: str, node: Node) -> Participant:
    keys = Keys(source, node, "a participant")
    title = keys.need("title", wording, BLANK)
    address = keys.need("address", using("address"), "")
    found = Participant(word, title, address, keys.may("name", using("field"), ""))
    keys.close()
    return found


def _field(source: Source, word: str, node: Node) -> Field:
    keys = Keys(source, node, "a field")
    type = FieldType(keys.need("type", one_of(tuple(FieldType), "a field type"), FieldType.TEXT))
    formula = keys.may("formula", _formula, "")
    if "ask" not in keys and not formula:
        source.add(keys.place, "The key `ask` is missing in a field.", "Add `ask:` with the question put to people.")
    found = Field(
        word,
        type,
        title=keys.need("title", wording, BLANK),
        ask=keys.may("ask", wording, BLANK),
        required=keys.may("required", flag, True),
        choices=_only_for(source, keys, "choices", (FieldType.CHOICE,), type, _choices, ()),
        currency=_only_for(source, keys, "currency", (FieldType.MONEY, FieldType.LINES), type, _currency, ""),
        personal=keys.may("personal", using("subject"), ""),
        formula=formula,
    )
    if formula and type is not FieldType.MONEY:
        source.add(keys.place_of("formula"), "Only a money field can have a formula.", "Write `type: money` or remove it.")
    keys.close()
    return found


def _only_for(
    source: Source,
    keys: Keys,
    key: str,
    types: tuple[FieldType, ...],
    type: FieldType,
    reader: Callable[[Source, Node], T],
    blank: T,
) -> T:
    """The value of a key that fields of `types` must have and others must not."""
    if type in types:
        return keys.need(key, reader, blank)
    if key in keys:
        kinds = " or ".join(types)
        source.add(keys.place_of(key), f"A field of type {type} has no {key}.", f"Remove the key, or write `type: {kinds}`.")
    return keys.may(key, reader, blank)


def _formula(source: Source, node: Node) -> str:
    word = scalar(node)
    found = _TOTAL.fullmatch(word.value.strip())
    if not found:
        raise Wrong(word.place, f"`{word.value}` is not a formula.", "The only formula is the total of lines: `total(items)`.")
    source.use("lines", Text(found[1], word.place))
    return word.value.strip()


def _currency(source: Source, node: Node) -> str:
    code = scalar(node)
    if code.value not in CURRENCIES:
        raise Wrong(code.place, f"`{code.value}` is not a currency.", "Write its three-letter code: INR, USD, EUR, ...")
    return code.value


def _choices(source: Source, node: Node) -> tuple[Choice, ...]:
    found: list[tuple[Choice, Place]] = []
    for key, value in entries(node, "choices"):
        word = source.attempt(identifier, key, "")
        found.append((Choice(word, source.attempt(wording, value, BLANK)), key.place))
    if len(found) < 2:
        raise Wrong(node.place, "A choice needs at least two possibilities.", "Write each as `key: Label` on its own line.")
    source.buttons.append(tuple(found))
    return tuple(choice for choice, _ in found)


def _document(source: Source, word: str, node: Node) -> DocumentItem:
    keys = Keys(source, node, "a document")
    title = keys.need("title", wording, BLANK)
    found = DocumentItem(word, title, keys.may("minimum", rule(int), _ONE_FILE))
    keys.close()
    return found


def _check(source: Source, word: str, node: Node) -> Check:
    keys = Keys(source, node, "a check")
    holds: Rule = keys.need("rule", rule(bool), NEVER)
    found = Check(word, holds, keys.need("warn", wording, BLANK))
    keys.close()
    return found
