"""The whole of a flow file, read into a `flows.model.Flow` with everything that is to be checked about it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from flows.model import Flow, Pace, Start, Wording
from flows.reading.leaves import BLANK, NEVER, defining, matching, name, one_of, rule, scalar, text, using, wording
from flows.reading.nested import FLOW
from flows.reading.nodes import Node, Text, Wrong, parse_yaml
from flows.reading.source import Keys, Source, entries, some
from flows.reading.steps import block
from flows.reading.values import check, document, field, participant

T = TypeVar("T")
ALIKE = ("alike_7d", "alike_open", "alike_ever")
LOOKUPS = ("same_vendor_7d", *ALIKE)
SCHEMA = "1"
SHARE = re.compile(r"([1-9]\d{0,2})%")


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
    id = keys.need("flow", _id, "")
    keys.may("schema", one_of((SCHEMA,), "a version of the flow language that this Baton knows"), SCHEMA)
    prefix = keys.need("prefix", matching("[A-Z]{2,4}", "a prefix of two to four capitals", "PA"), "")
    title = keys.need("title", wording, BLANK)
    summary = keys.need("summary", wording, BLANK)
    industry = keys.may("industry", text, "")
    roles = _named(source, keys, "roles", _role, needed=True)
    start = keys.may("start", _start, Start(()))
    participants = _named(source, keys, "participants", participant)
    fields = _named(source, keys, "fields", field, needed=True)
    amount = keys.may("amount", using("money"), "")
    alike = keys.may("alike", some(using("alike")), ())
    source.documents = _named(source, keys, "documents", document)
    source.checks = _named(source, keys, "checks", check)
    pace = keys.may("pace", some(_pace), ())
    steps = keys.need("steps", block, ())
    keys.close()
    read_by_rules = {word for use in source.rules for word in use.names}
    lookups = tuple(lookup for lookup in LOOKUPS if lookup in read_by_rules)
    return Flow(
        id, version, prefix, title, start, roles, participants, fields, source.documents, steps, summary, lookups,
        amount=amount, alike=alike, pace=pace, industry=industry,
    )  # fmt: skip


def _id(source: Source, node: Node) -> str:
    id = matching(FLOW, "a flow's name", "purchase-approval")(source, node)
    source.define("flow", Text(id, node.place))
    return id


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
    phrases = keys.may("phrases", some(_phrase), ())
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


def _pace(source: Source, node: Node) -> Pace:
    keys = Keys(source, node, "a rule of `pace`")
    found = Pace(keys.need("when", rule(bool), NEVER), keys.need("share", _share, Decimal(1)))
    keys.close()
    return found


def _share(source: Source, node: Node) -> Decimal:
    word = scalar(node)
    percent = SHARE.fullmatch(word.value.strip())
    if not percent:
        raise Wrong(word.place, f"`{word.value}` is not a share of the usual time.", "Write `50%` for half the time, 1% to 999%.")
    return Decimal(percent[1]) / 100
