"""The JSON Schema of flow files, for editors that complete and check while one types.

Which keys a step has, and which of them it needs, is not written here again: each kind's reader is asked (`flows.reading.steps`). What
stands in a key is in `flows.schema_keys`: a new kind needs a line there for each key that no other kind has. That names lead somewhere
and rules hold together is for `baton lint` to say.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TypeVar

from flows.currencies import CURRENCIES
from flows.formulas import TAKES
from flows.model import FieldType
from flows.reading.draft import SCHEMA
from flows.reading.draft import SHARE as PACE
from flows.reading.leaves import CEL_WORDS, IDENTIFIER, LANGUAGE
from flows.reading.nodes import Node, Place, Table
from flows.reading.source import Keys, Source
from flows.reading.steps import KINDS, of_kind
from flows.reading.values import COMPUTED
from flows.schema_keys import BETWEEN, KEYS, NAME, RULE, STEPS, WORDING, Schema, listed, named, ref, table, text, told

T = TypeVar("T")
D = TypeVar("D")


class _Asked(Keys):
    """A table that has every key, as far as a reader can see, and notes which keys it asks for and which it needs."""

    def __init__(self, kind: str) -> None:
        super().__init__(Source("schema"), Table((), Place(1, 1)), kind)
        self.needed: dict[str, bool] = {}

    def __contains__(self, key: str) -> bool:
        return True

    def place_of(self, key: str) -> Place:
        return self.place

    def need(self, key: str, read: Callable[[Source, Node], T], instead: D) -> T | D:
        self.needed[key] = True
        return instead

    def may(self, key: str, read: Callable[[Source, Node], T], default: D) -> T | D:
        self.needed.setdefault(key, False)
        return default


def _kind(kind: str) -> Schema:
    """The schema of a step of this kind, with the keys that its reader asks for."""
    asked = _Asked(kind)
    of_kind(Source("schema"), asked, kind)
    keys = {kind: told("The step's name, which is unique in the file.", NAME)}
    keys |= {key: KEYS.get(f"{kind}.{key}") or KEYS[key] for key in asked.needed if key != kind}
    needed = {key: value for key, value in keys.items() if asked.needed[key]}
    return table(needed, {key: value for key, value in keys.items() if key not in needed}) | BETWEEN.get(kind, {})


def _formula(function: str, least: int, most: int) -> str:
    part = r"\s*[^\s(),][^(),]*"
    return rf"\s*{function}\({part}(?:,{part}){{{least - 1},{most - 1}}}\)\s*"


def _field() -> Schema:
    needed = {"type": {"enum": [str(type) for type in FieldType]}, "title": WORDING}
    optional = {
        "ask": told("The question in chat.", WORDING),
        "required": told("`no`: people can skip it.", ref("flag")),
        "choices": told("What people can choose.", named(WORDING, 2)),
        "currency": {"enum": sorted(CURRENCIES)},
        "personal": told("Whose value it is: `requester` or a participant.", NAME),
        "formula": told(
            "Worked out, never asked: `total(items)`, `sum(a, b)`, `difference(a, b)`, `percent(5, a)`.",
            text(*(_formula(function, least, most) for function, (least, most) in TAKES.items())),
        ),
        "seen_by": told("The roles that are shown the value.", listed(NAME, 1)),
    }
    computed = {
        "if": {"required": ["formula"]},
        "then": {"properties": {"type": {"enum": [str(type) for type in COMPUTED]}}},
        "else": {"required": ["ask"]},
    }
    only = [_only("choices", FieldType.CHOICE), _only("currency", FieldType.MONEY, FieldType.LINES), computed]
    return table(needed, optional) | {"allOf": only}


def _only(key: str, *types: FieldType) -> Schema:
    """A key that fields of these types must have and others must not."""
    is_one = {"properties": {"type": {"enum": [str(type) for type in types]}}, "required": ["type"]}
    return {"if": is_one, "then": {"required": [key]}, "else": {"properties": {key: False}}}


def _definitions() -> Schema:
    plain = {"type": ["string", "number", "boolean"], "pattern": r"\S"}  # a text may look like a number or a truth to YAML
    by_language = {
        "type": "object",
        "required": ["en"],
        "propertyNames": text(LANGUAGE),
        "additionalProperties": ref("text"),
    }
    return {
        "text": plain,
        "wording": told("One text (English), or one per language.", {"anyOf": [ref("text"), by_language]}),
        "name": text(IDENTIFIER) | {"not": {"enum": CEL_WORDS.split()}},
        "rule": told("A rule in CEL, such as `amount <= 10000`.", plain),
        "flag": {"enum": ["yes", "no", "true", "false", True, False]},
        "field": _field(),
        "step": {"anyOf": [ref(f"{kind} step") for kind in KINDS]},
        **{f"{kind} step": _kind(kind) for kind in KINDS},
    }


def schema() -> Schema:
    """The JSON Schema (draft 2020-12) of flow files."""
    start = table({}, {"phrases": listed(ref("text") | {"maxLength": 40}, 1), "by": listed(NAME, 1)})
    participant = table({"title": WORDING, "address": NAME}, {"name": NAME})
    document = table(
        {"title": WORDING},
        {
            "minimum": told("How many files: a number or a rule.", RULE),
            "expires": told("The date field that says until when it is valid.", NAME),
        },
    )
    pace = table({"when": RULE, "share": told("Of the usual time: `50%`.", text(PACE))})
    check = table({"rule": RULE, "warn": WORDING})
    needed = {
        "flow": told("The flow's name; it stays the same over all versions.", text("[a-z][a-z0-9-]{0,39}")),
        "prefix": told("Two to four capitals that start every reference.", text("[A-Z]{2,4}")),
        "title": WORDING,
        "summary": told("One line that tells two runs apart in lists.", WORDING),
        "roles": told("Who takes part; `manager` is told what is late or stuck.", named(WORDING)),
        "fields": told("The values that the flow asks for or works out.", named(ref("field"))),
        "steps": told("What happens, in order.", STEPS),
    }
    optional = {
        "schema": told("The version of the flow language.", {"enum": [SCHEMA, int(SCHEMA)]}),
        "start": told("Whole messages that start the flow, and who may; without it only another flow starts it.", start),
        "industry": told("For which business it is.", ref("text")),
        "amount": told("The money field by which limits are measured.", NAME),
        "alike": told("Two runs with these values alike are about the same thing.", listed(NAME, 1)),
        "pace": told("The first rule that holds as a step opens changes its time.", listed(pace, 1)),
        "participants": told("Parties outside the business.", named(participant)),
        "documents": told("The files that it collects or makes.", named(document)),
        "checks": told("Rules whose breach is shown to approvers.", named(check)),
    }
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A flow file of Baton"}
    return head | table(needed, optional) | {"$defs": _definitions()}


def schema_text() -> str:
    """The schema as it is stored in docs/flow.schema.json."""
    return json.dumps(schema(), ensure_ascii=False, indent=2) + "\n"
