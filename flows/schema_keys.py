"""What the JSON Schema of flow files is built of, and what stands in each key of a step."""

from __future__ import annotations

import re
from typing import Any

from flows.model import Job, Proof
from flows.reading.leaves import IDENTIFIER
from flows.reading.nested import FLOW, LINE, SO_MANY
from flows.reading.owners import ONE_OF_A_ROLE
from flows.reading.steps import UNDOING
from flows.reading.times import LENGTH, OFFSET, PLAIN, SHARE, WALL
from flows.reading.working import OF_JOB

Schema = dict[str, Any]


def ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def text(*patterns: str | re.Pattern[str]) -> Schema:
    """A text that matches one of the patterns as a whole."""
    either = "|".join(f"(?:{p if isinstance(p, str) else p.pattern})" for p in patterns)
    return {"type": "string", "pattern": f"^(?:{either})$"}


def listed(items: Schema, least: int = 0) -> Schema:
    return {"type": "array", "items": items} | ({"minItems": least} if least else {})


def named(value: Schema, least: int = 0) -> Schema:
    """A table whose keys are names of the author's choosing."""
    rows = {"type": "object", "propertyNames": ref("name"), "additionalProperties": value}
    return rows | ({"minProperties": least} if least else {})


def whole(least: int, most: int) -> Schema:
    """A whole number, as YAML reads it or in quotes."""
    return {"anyOf": [{"type": "integer", "minimum": least, "maximum": most}, text(r"\d{1,6}")]}


def number_or_text(*patterns: str) -> Schema:
    return {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 999}, text(*patterns)]}


def table(needed: Schema, optional: Schema | None = None) -> Schema:
    """A table of these keys and no others."""
    properties = needed | (optional or {})
    return {"type": "object", "properties": properties, "required": list(needed), "additionalProperties": False}


def told(description: str, schema: Schema) -> Schema:
    return schema | {"description": description}


NAME, WORDING, RULE = ref("name"), ref("wording"), ref("rule")
STEPS = listed(ref("step"))
_SO_MANY = r"\d{1,2} of \d{1,2}"
_SOMEBODY = told(
    "Who: a role, `requester`, a participant, `pool store`, `in_turn store`, `least_busy store`, `person asha@example.net`, or "
    "`field engineer_phone`.",
    text(
        IDENTIFIER,
        rf"(?:{'|'.join(ONE_OF_A_ROLE)}|field) +{IDENTIFIER.pattern}",
        r"person +(?:\+\d{8,15}|[^\s@]+@[^\s@]+\.[^\s@]{2,})",
    ),
)
_OUTCOME = table({"label": WORDING}, {"send_back_to": NAME, "ends": NAME}) | {"not": {"required": ["send_back_to", "ends"]}}
_LED = table({}, {"send_back_to": NAME, "ends": NAME}) | {"minProperties": 1, "maxProperties": 1}
_CASE = {"steps": STEPS, "back_to": told("An earlier step, to go through it and what follows once more.", NAME)}

# What stands in a key of a step; `kind.key` where one kind differs from the others.
KEYS: dict[str, Schema] = {
    "title": told("The step's name on the board and in messages.", WORDING),
    "owner": _SOMEBODY,
    "subflow.owner": told("The role that is told when it takes long; managers unless written.", NAME),
    "each.owner": told("The role that is told when it takes long; managers unless written.", NAME),
    "due": told("By when: `4bh`, `2bd`, `48h`, `5d`, `18:00`, `1bd after delivery_date`, `2bd after start`.", text(LENGTH, WALL)),
    "ladder": told("Who is told when: `[50% owner, 1d before due owner, 150% manager]`.", listed(text(SHARE, OFFSET), 1)),
    "needs": told("Documents that must not have expired.", listed(NAME, 1)),
    "if_cancelled": told(
        "Steps that undo this one when the run is cancelled.",
        listed({"anyOf": [ref(f"{kind} step") | {"not": {"required": ["if_cancelled"]}} for kind in UNDOING]}, 1),
    ),
    "fields": told("The fields that are asked, in this order.", listed(NAME)),
    "ask.fields": told("The fields that are asked, in this order.", listed(NAME, 1)),
    "wait.fields": told("Answers that end the wait before its time.", listed(NAME, 1)),
    "worker.fields": told("The fields for which values are suggested.", listed(NAME, 1)),
    "documents": told("The documents that are collected.", listed(NAME, 1)),
    "worker.documents": told("The documents that are read.", listed(NAME, 1)),
    "checked_by": told("Who accepts or rejects what was given; an owner as above.", _SOMEBODY),
    "by": told("Who approves: one role, or a list of roles.", {"anyOf": [NAME, listed(NAME, 1) | {"uniqueItems": True}]}),
    "policy": told(
        "How several decide: `one`, `any`, `all`, `in sequence`, `2 of 3`, or `60 percent`.",
        text("one|any|all|in sequence", _SO_MANY, r"\d{1,3} ?(?:percent|%)"),
    ),
    "send_back_to": told("The earlier step that sending back opens again.", NAME),
    "checks": told("Checks whose breach is shown.", listed(NAME)),
    "worker.checks": told("The checks that it goes through.", listed(NAME, 1)),
    "rejected": told("The run's outcome when rejected.", NAME),
    "not_by": told("Earlier steps: who acted there does not act here.", listed(NAME, 1)),
    "proof": told("What is asked after the tap: their PIN, or a code sent to them.", {"enum": [str(Proof.PIN), str(Proof.CODE)]}),
    "instruction": told("What the owner is asked to do.", WORDING),
    "outcomes": told("What the owner can report, each a button.", named({"anyOf": [WORDING, _OUTCOME]}, 1)),
    "subflow.outcomes": told("Outcomes of the other flow that do not go on.", named(_LED)),
    "confirm_by": told("Who, beside the owner, confirms what was given and reported.", _SOMEBODY),
    "attach": told("Documents that are sent along.", listed(NAME)),
    "by_mail": told("Whether a mail reply to our mail may report.", ref("flag")),
    "job": told(
        "`extract` reads values from documents, `draft` words a text, `check` goes through checks.",
        {"enum": [str(j) for j in Job]},
    ),
    "text": told("The draft; `{amount}` puts in a value.", WORDING),
    "with": told("The role in whose diary it is.", NAME),
    "slots": told('Times of day: `["10:00", "11:30"]`.', listed(text(WALL), 1)),
    "after": told("The earliest, from the opening: `1bd`.", text(PLAIN)),
    "within": told("The latest, from the opening: `5bd`.", text(PLAIN)),
    "minutes": told("How long a slot is; 30 unless written.", whole(1, 1440)),
    "capacity": told("How many can book a slot; 1 unless written.", whole(1, 1000)),
    "date": told("The date field that it fills.", NAME),
    "time": told("The text field that it fills.", NAME),
    "place": told("Where.", WORDING),
    "template": told("The template of the document.", NAME),
    "document": told("The document that is made.", NAME),
    "series": told("The number series: `PO` gives PO-2026-0007.", text("[A-Z]{1,6}")),
    "to": told("Who is told; an owner as above.", _SOMEBODY),
    "message": told("What is said; `{amount}` puts in a value.", WORDING),
    "cases": told(
        "The first case whose rule holds is taken; the last is `otherwise`.",
        listed(
            {"anyOf": [table({"case": NAME, "when": RULE}, _CASE), table({"otherwise": NAME}, _CASE)]},
            1,
        ),
    ),
    "blocks": told("Blocks of steps that run at once.", listed(table({"block": NAME, "steps": STEPS | {"minItems": 1}}), 2)),
    "join": told("How many blocks must be done: `all`, `any`, or `2 of 3`.", text("all|any", _SO_MANY)),
    "each.join": told("How many runs must have ended: `all`, `any`, or a number.", number_or_text("all|any", SO_MANY.pattern)),
    "of": told("The field whose lines each get a run.", NAME),
    "flow": told("The name of the other flow.", text(FLOW)),
    "give": told("The other flow's fields, each with ours.", named(NAME)),
    "each.give": told(
        "The other flow's fields, each with ours, or with `line.item`, `line.quantity`, ...", named(text(IDENTIFIER, LINE))
    ),
    "take": told("Our fields, each with the other flow's, taken at its end.", named(NAME)),
    "wait": told("`no`: go on at once.", ref("flag")),
    "until": told("A due time, or a date field: the wait ends when work begins on that date.", text(LENGTH, WALL, IDENTIFIER)),
    "when": told("The wait ends as soon as this rule holds.", RULE),
    "outcome": told("The run's outcome; the step's name unless written.", NAME),
    "review_after": told("After this time managers are told that personal values are no longer needed.", text(PLAIN)),
}


def _of_job(job: Job) -> Schema:
    """The keys of a worker that has this job: these, and none of the other jobs'."""
    others = {key: False for keys in OF_JOB.values() for key in keys if key not in OF_JOB[job]}
    wanted: Schema = {"required": [*OF_JOB[job]], "properties": others}
    if job is Job.DRAFT:
        wanted["properties"]["fields"] = {"maxItems": 1}
    return {"if": {"properties": {"job": {"const": str(job)}}}, "then": wanted}


_AT_ONCE = {"properties": {"wait": {"enum": ["no", "false", False]}}, "required": ["wait"]}

# What must hold between the keys of a step.
BETWEEN: dict[str, Schema] = {
    "worker": {"allOf": [_of_job(job) for job in Job]},
    "subflow": {"if": _AT_ONCE, "then": {"properties": {"take": False, "outcomes": False}}},
}
