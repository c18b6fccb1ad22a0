"""Names of a flow file: each leads somewhere, none means two things, none is there for nothing."""

from __future__ import annotations

from collections.abc import Iterator

from flows.model import Approve, Ask, Collect, Do, FieldType, Schedule, Worker
from flows.reading.draft import LOOKUPS, Draft
from flows.reading.nodes import Place
from flows.reading.source import Source, Use, did_you_mean

ALWAYS = ("documents", "requester", "reference", "outcomes", "attempts", "children")
_SOMEBODY = ("requester", "owner", "anyone")
_ASKED = ("asked", "drafted", "expires", "time")  # what people answer: never worked out by a formula
_TYPES = {
    "address": (FieldType.EMAIL, FieldType.PHONE),
    "date": (FieldType.DATE,),
    "expires": (FieldType.DATE,),
    "lines": (FieldType.LINES,),
    "money": (FieldType.MONEY,),
    "day": (FieldType.DATE,),
    "time": (FieldType.TEXT,),
    "drafted": (FieldType.TEXT,),
    "alike": tuple(type for type in FieldType if type is not FieldType.LINES),
}
_FIELDS = ("field", "asked", *_TYPES)


_WAITING = (Ask, Collect, Approve, Do, Worker, Schedule)


def check_references(draft: Draft) -> None:
    """Every name that is used is defined, and of the type that its place needs."""
    for use in draft.source.uses:
        if use.kind == "slot":
            continue
        if use.name not in _known(draft.source, use.kind):
            _unknown(draft.source, use)
        elif use.kind in _FIELDS:
            _check_field(draft, use)


def _known(source: Source, kind: str) -> set[str]:
    match kind:
        case "owner":
            return source.names("role") | source.names("participant") | {"requester"}
        case "subject":
            return source.names("participant") | {"requester"}
        case "anchor":
            return source.names("step") | source.names("field")
    return source.names("field" if kind in _FIELDS else kind)


_WHAT = {"owner": "role or participant", "subject": "participant", "anchor": "date field or step"}


def _unknown(source: Source, use: Use) -> None:
    what = _WHAT.get(use.kind, "field" if use.kind in _FIELDS else use.kind)
    known = sorted(_known(source, use.kind))
    choice = f"Write one of: {', '.join(known)}." if known else f"This file defines no {what} yet: add it."
    source.add(use.place, f"There is no {what} `{use.name}`.", did_you_mean(use.name, known, choice))


def _check_field(draft: Draft, use: Use) -> None:
    field = draft.flow.fields.get(use.name)
    if field is None:
        return  # misread, which is reported already
    wanted = _TYPES.get(use.kind, (field.type,))
    if field.type not in wanted:
        kinds = " or ".join(wanted)
        draft.source.add(use.place, f"The field `{use.name}` is not of type {kinds}.", f"Name a field of type {kinds} here.")
    if use.kind in _ASKED and field.formula:
        draft.source.add(use.place, f"The field `{use.name}` is worked out by a formula.", "Remove it here: it is never asked.")


def check_names(draft: Draft) -> None:
    """No name means two things."""
    source = draft.source
    for name, place in source.defined.get("field", {}).items():
        if name in (*ALWAYS, *LOOKUPS):
            source.add(place, f"`{name}` already means something in every flow.", f"Rename the field, such as `{name}_1`.")
    people = [*source.defined.get("role", {}).items(), *source.defined.get("participant", {}).items()]
    for name, place in people:
        if name in _SOMEBODY:
            source.add(place, f"`{name}` already means somebody in every flow.", "Choose another name.")
    for name in source.names("role") & source.names("participant"):
        source.add(source.defined["participant"][name], f"`{name}` is both a role and a participant.", "Rename one of the two.")


def check_unused(draft: Draft) -> None:
    """What is defined and never used, and what nobody would be reminded of: warnings. A flow without a manager is an error."""
    source = draft.source
    if "manager" not in draft.flow.roles:
        source.add(Place(1, 1), "There is no role `manager`.", "Add it under `roles`: what is late or stuck goes to managers.")
    for kind, name, how in _idle(draft):
        source.add(source.defined[kind][name], f"The {kind} `{name}` {how}.", "Use it in a step, or remove it.", error=False)
    for step in draft.flow.walk():
        if isinstance(step, _WAITING) and step.due is None:
            problem = f"The step `{step.id}` has no due time: nobody is reminded."
            source.add(source.defined["step"][step.id], problem, "Add a line such as `due: 1bd`.", error=False)


def _idle(draft: Draft) -> Iterator[tuple[str, str, str]]:
    """Kind, name, and in words how it is not used."""
    flow, source = draft.flow, draft.source

    def used(*kinds: str) -> set[str]:
        return {use.name for use in source.uses if use.kind in kinds}

    # A flow that only others start can be given any value by them.
    asked = {field.name for field in flow.fields.values() if not field.formula and flow.start.phrases}
    yield from (("role", name, "has nothing to do") for name in flow.roles.keys() - used("role", "owner") - {"manager"})
    yield from (("field", name, "is never asked") for name in asked - used(*_ASKED, "day"))
    yield from (("document", name, "is never asked for or made") for name in flow.documents.keys() - used("document"))
    yield from (("check", name, "is never used") for name in source.checks.keys() - used("check"))
