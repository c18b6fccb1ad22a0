"""The JSON Schema of flow files, for editors that complete and check while one types.

Which keys a step has, and which of them it needs, is not written here again: each kind's reader is asked (`flows.reading.steps`). What
stands in a key is in `_KEYS`: a new kind needs a line there for each key that no other kind has. That names lead somewhere and rules
hold together is for `baton lint` to say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, TypeVar

from flows.currencies import CURRENCIES
from flows.model import FieldType
from flows.reading.draft import SCHEMA
from flows.reading.leaves import CEL_WORDS, IDENTIFIER, LANGUAGE
from flows.reading.nodes import Node, Place, Table
from flows.reading.source import Keys, Source
from flows.reading.steps import KINDS
from flows.reading.times import LENGTH, RUNG, WALL

T = TypeVar("T")
D = TypeVar("D")
Schema = dict[str, Any]

_SCALAR = ["string", "number", "boolean"]  # a text of the language may look like a number or a truth to YAML


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _text(*patterns: str | re.Pattern[str]) -> Schema:
    """A text that matches one of the patterns as a whole."""
    whole = "|".join(f"(?:{p if isinstance(p, str) else p.pattern})" for p in patterns)
    return {"type": "string", "pattern": f"^(?:{whole})$"}


def _list(items: Schema, least: int = 0) -> Schema:
    return {"type": "array", "items": items} | ({"minItems": least} if least else {})


def _named(value: Schema, least: int = 0) -> Schema:
    """A table whose keys are names of the author's choosing."""
    table = {"type": "object", "propertyNames": _ref("name"), "additionalProperties": value}
    return table | ({"minProperties": least} if least else {})


def _table(needed: Schema, optional: Schema | None = None) -> Schema:
    """A table of these keys and no others."""
    properties = needed | (optional or {})
    return {"type": "object", "properties": properties, "required": list(needed), "additionalProperties": False}


def _told(description: str, schema: Schema) -> Schema:
    return schema | {"description": description}


_NAME, _WORDING, _RULE = _ref("name"), _ref("wording"), _ref("rule")
_STEPS = _list(_ref("step"))
_SO_MANY = r"\d{1,2} of \d{1,2}"
_OUTCOME = _table({"label": _WORDING}, {"send_back_to": _NAME, "ends": _NAME}) | {"not": {"required": ["send_back_to", "ends"]}}

# What stands in a key of a step; `kind.key` where one kind differs from the others.
_KEYS: dict[str, Schema] = {
    "title": _told("The step's name on the board and in messages.", _WORDING),
    "owner": _told("Who acts: a role, `requester`, or a participant.", _NAME),
    "due": _told("By when: `4bh`, `2bd`, `48h`, `5d`, `18:00`, or `1bd after delivery_date`.", _text(LENGTH, WALL)),
    "ladder": _told("Who is reminded when: `[50% owner, 150% manager]`.", _list(_text(RUNG), 1)),
    "fields": _told("The fields that are asked, in this order.", _list(_NAME)),
    "ask.fields": _told("The fields that are asked, in this order.", _list(_NAME, 1)),
    "wait.fields": _told("Answers that end the wait before its time.", _list(_NAME, 1)),
    "documents": _told("The documents that are collected.", _list(_NAME, 1)),
    "by": _told("Who approves: one role, or a list of roles.", {"anyOf": [_NAME, _list(_NAME, 1) | {"uniqueItems": True}]}),
    "policy": _told(
        "How several decide: `one`, `any`, `all`, `in sequence`, `2 of 3`, or `60 percent`.",
        _text("one|any|all|in sequence", _SO_MANY, r"\d{1,3} ?(?:percent|%)"),
    ),
    "send_back_to": _told("The earlier step that sending back opens again.", _NAME),
    "checks": _told("Checks whose breach is shown to the approvers.", _list(_NAME)),
    "rejected": _told("The run's outcome when rejected.", _NAME),
    "instruction": _told("What the owner is asked to do.", _WORDING),
    "outcomes": _told("What the owner can report, each a button.", _named({"anyOf": [_WORDING, _OUTCOME]}, 1)),
    "attach": _told("Documents that are sent along.", _list(_NAME)),
    "by_mail": _told("Whether a mail reply to our mail may report.", _ref("flag")),
    "template": _told("The template of the document.", _NAME),
    "document": _told("The document that is made.", _NAME),
    "series": _told("The number series: `PO` gives PO-2026-0007.", _text("[A-Z]{1,6}")),
    "to": _told("Who is told: a role, `requester`, or a participant.", _NAME),
    "message": _told("What is said; `{amount}` puts in a value.", _WORDING),
    "cases": _told(
        "The first case whose rule holds is taken; the last is `otherwise`.",
        _list(
            {
                "anyOf": [
                    _table({"case": _NAME, "when": _RULE}, {"steps": _STEPS}),
                    _table({"otherwise": _NAME}, {"steps": _STEPS}),
                ]
            },
            1,
        ),
    ),
    "blocks": _told("Blocks of steps that run at once.", _list(_table({"block": _NAME, "steps": _STEPS | {"minItems": 1}}), 2)),
    "join": _told("How many blocks must be done: `all`, `any`, or `2 of 3`.", _text("all|any", _SO_MANY)),
    "until": _told("A due time, or a date field: the wait ends when work begins on that date.", _text(LENGTH, WALL, IDENTIFIER)),
    "outcome": _told("The run's outcome; the step's name unless written.", _NAME),
}


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
    KINDS[kind](Source("schema"), asked)
    keys = {kind: _told("The step's name, which is unique in the file.", _NAME)}
    keys |= {key: _KEYS.get(f"{kind}.{key}") or _KEYS[key] for key in asked.needed if key != kind}
    needed = {key: value for key, value in keys.items() if asked.needed[key]}
    return _table(needed, {key: value for key, value in keys.items() if key not in needed})


def _field() -> Schema:
    needed = {"type": {"enum": [str(type) for type in FieldType]}, "title": _WORDING}
    optional = {
        "ask": _told("The question in chat.", _WORDING),
        "required": _told("`no`: people can skip it.", _ref("flag")),
        "choices": _told("What people can choose.", _named(_WORDING, 2)),
        "currency": {"enum": sorted(CURRENCIES)},
        "personal": _told("Whose value it is: `requester` or a participant.", _NAME),
        "formula": _told("Worked out, never asked: `total(items)`.", _text(r"total\(\w+\)")),
    }
    computed = {
        "if": {"required": ["formula"]},
        "then": {"properties": {"type": {"const": "money"}}},
        "else": {"required": ["ask"]},
    }
    only = [_only("choices", FieldType.CHOICE), _only("currency", FieldType.MONEY, FieldType.LINES), computed]
    return _table(needed, optional) | {"allOf": only}


def _only(key: str, *types: FieldType) -> Schema:
    """A key that fields of these types must have and others must not."""
    is_one = {"properties": {"type": {"enum": [str(type) for type in types]}}, "required": ["type"]}
    return {"if": is_one, "then": {"required": [key]}, "else": {"properties": {key: False}}}


def _definitions() -> Schema:
    text = {"type": _SCALAR, "pattern": r"\S"}
    by_language = {
        "type": "object",
        "required": ["en"],
        "propertyNames": _text(LANGUAGE),
        "additionalProperties": _ref("text"),
    }
    return {
        "text": text,
        "wording": _told("One text (English), or one per language.", {"anyOf": [_ref("text"), by_language]}),
        "name": _text(IDENTIFIER) | {"not": {"enum": CEL_WORDS.split()}},
        "rule": _told("A rule in CEL, such as `amount <= 10000`.", text),
        "flag": {"enum": ["yes", "no", "true", "false", True, False]},
        "field": _field(),
        "step": {"anyOf": [_ref(f"{kind} step") for kind in KINDS]},
        **{f"{kind} step": _kind(kind) for kind in KINDS},
    }


def schema() -> Schema:
    """The JSON Schema (draft 2020-12) of flow files."""
    start = _table({"phrases": _list(_ref("text") | {"maxLength": 40}, 1)}, {"by": _list(_NAME, 1)})
    participant = _table({"title": _WORDING, "address": _NAME}, {"name": _NAME})
    document = _table({"title": _WORDING}, {"minimum": _told("How many files: a number or a rule.", _RULE)})
    check = _table({"rule": _RULE, "warn": _WORDING})
    needed = {
        "flow": _told("The flow's name; it stays the same over all versions.", _text("[a-z][a-z0-9-]{0,39}")),
        "prefix": _told("Two to four capitals that start every reference.", _text("[A-Z]{2,4}")),
        "title": _WORDING,
        "summary": _told("One line that tells two runs apart in lists.", _WORDING),
        "roles": _told("Who takes part; `manager` is told what is late or stuck.", _named(_WORDING)),
        "start": _told("Whole messages that start the flow, and who may.", start),
        "fields": _told("The values that the flow asks for or works out.", _named(_ref("field"))),
        "steps": _told("What happens, in order.", _STEPS),
    }
    optional = {
        "schema": _told("The version of the flow language.", {"enum": [SCHEMA, int(SCHEMA)]}),
        "participants": _told("Parties outside the business.", _named(participant)),
        "documents": _told("The files that it collects or makes.", _named(document)),
        "checks": _told("Rules whose breach is shown to approvers.", _named(check)),
    }
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A flow file of Baton"}
    return head | _table(needed, optional) | {"$defs": _definitions()}


def schema_text() -> str:
    """The schema as it is stored in docs/flow.schema.json."""
    return json.dumps(schema(), ensure_ascii=False, indent=2) + "\n"
