"""What a flow file says about values and files: fields, documents, checks, and the parties that fields describe."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flows.currencies import CURRENCIES
from flows.formulas import inputs
from flows.model import Check, Choice, DocumentItem, Field, FieldType, Participant, Rule
from flows.reading.leaves import BLANK, NEVER, flag, identifier, one_of, rule, scalar, using, wording
from flows.reading.nodes import Node, Place, Text, Wrong
from flows.reading.source import Keys, Source, entries, some
from flows.rules import compile_rule

T = TypeVar("T")
COMPUTED = (FieldType.MONEY, FieldType.NUMBER)
_ONE_FILE = compile_rule("1")


def participant(source: Source, word: str, node: Node) -> Participant:
    keys = Keys(source, node, "a participant")
    title = keys.need("title", wording, BLANK)
    address = keys.need("address", using("address"), "")
    found = Participant(word, title, address, keys.may("name", using("field"), ""))
    keys.close()
    return found


def field(source: Source, word: str, node: Node) -> Field:
    keys = Keys(source, node, "a field")
    type = FieldType(keys.need("type", one_of(tuple(FieldType), "a field type"), FieldType.TEXT))
    formula = keys.may("formula", _formula(word), "")
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
        seen_by=keys.may("seen_by", some(using("role")), ()),
    )
    if formula and type not in COMPUTED:
        hint = "Write `type: money` or `type: number`, or remove it."
        source.add(keys.place_of("formula"), "Only a money or number field can have a formula.", hint)
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


def _formula(field: str) -> Callable[[Source, Node], str]:
    def read(source: Source, node: Node) -> str:
        word = scalar(node)
        try:
            worked_with = inputs(word.value)
        except ValueError as error:
            hint = "Write `total(items)`, `sum(a, b)`, `difference(a, b)` or `percent(rate, amount)`."
            raise Wrong(word.place, f"{error}.", hint) from error
        for name in worked_with:
            source.use("field", Text(name, word.place))
        source.define("formula", Text(field, word.place))
        return word.value.strip()

    return read


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


def document(source: Source, word: str, node: Node) -> DocumentItem:
    keys = Keys(source, node, "a document")
    title = keys.need("title", wording, BLANK)
    found = DocumentItem(word, title, keys.may("minimum", rule(int), _ONE_FILE), keys.may("expires", using("expires"), ""))
    keys.close()
    return found


def check(source: Source, word: str, node: Node) -> Check:
    keys = Keys(source, node, "a check")
    holds: Rule = keys.need("rule", rule(bool), NEVER)
    found = Check(word, holds, keys.need("warn", wording, BLANK))
    keys.close()
    return found
