"""What flows say about each other: the flows that a subflow or an `each` starts, what they are given, what is taken from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from flows.model import Approve, Do, Each, End, Field, FieldType, Flow, Step, Subflow, Worker
from flows.reading.draft import Draft
from flows.reading.nodes import Place
from flows.reading.source import Problem, did_you_mean

LINE = "line."
_PARTS = {
    "item": (FieldType.TEXT,),
    "quantity": (FieldType.NUMBER,),
    "unit": (FieldType.TEXT,),
    "rate": (FieldType.NUMBER, FieldType.MONEY),
    "tax": (FieldType.NUMBER,),
}
_CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in one key of a step (`give.site`)."""

    step: Step
    key: str
    problem: str
    hint: str


def family(flows: Mapping[str, Flow]) -> list[Problem]:
    """What does not fit between these flows. The keys are the names by which problems call them (files, say); a step's flow is looked
    for by its own name among them all. Places are the lines of steps: who holds the files has better ones (`of_drafts`)."""
    return _told(flows, lambda name, fault: Place(max(fault.step.line, 1), 1))


def of_drafts(drafts: Mapping[str, Draft]) -> list[Problem]:
    """The same for files in hand, each problem at its own place."""

    def place(file: str, fault: Fault) -> Place:
        marks = drafts[file].source.marks
        return marks[fault.step.id, fault.key]

    return _told({file: draft.flow for file, draft in drafts.items()}, place)


def _told(flows: Mapping[str, Flow], place: Callable[[str, Fault], Place]) -> list[Problem]:
    known = {flow.id: flow for flow in flows.values()}
    return [
        Problem(name, place(name, fault), fault.problem, fault.hint)
        for name, flow in flows.items()
        for fault in (*_faults(flow, known), *_circles(flow, known))
    ]


def starting(flow: Flow) -> Iterator[Subflow | Each]:
    """The steps that start other flows."""
    yield from (step for step in flow.walk() if isinstance(step, Subflow | Each))


def _faults(flow: Flow, known: Mapping[str, Flow]) -> Iterator[Fault]:
    for step in starting(flow):
        child = known.get(step.flow)
        if child is None:
            hint = did_you_mean(step.flow, known, "Put its file beside this one.")
            yield Fault(step, "flow", f"There is no flow `{step.flow}`.", hint)
            continue
        yield from _given(flow, step, child)
        if isinstance(step, Subflow):
            yield from _taken(flow, step, child)
            yield from _outcomes(step, child)


def _given(flow: Flow, step: Subflow | Each, child: Flow) -> Iterator[Fault]:
    for theirs, ours in step.give.items():
        key, field = f"give.{theirs}", child.fields.get(theirs)
        if field is None:
            yield _lost(step, key, child, theirs)
        elif field.formula:
            yield Fault(step, key, f"`{child.id}` works out `{theirs}` by itself.", "Remove the line.")
        elif ours.startswith(LINE):
            types = _PARTS[ours.removeprefix(LINE)]
            if field.type not in types:
                hint = f"In `{child.id}` it must be of type {' or '.join(types)}."
                yield Fault(step, key, f"`{ours}` does not fit into `{theirs}`, which is of type {field.type}.", hint)
        elif ours in flow.fields:
            yield from _unlike(step, key, flow.fields[ours], field)


def _taken(flow: Flow, step: Subflow, child: Flow) -> Iterator[Fault]:
    for ours, theirs in step.take.items():
        key, field = f"take.{ours}", child.fields.get(theirs)
        if field is None:
            yield _lost(step, key, child, theirs)
        elif ours in flow.fields:
            yield from _unlike(step, key, field, flow.fields[ours])


def _lost(step: Step, key: str, child: Flow, name: str) -> Fault:
    hint = did_you_mean(name, child.fields, f"Its fields are: {', '.join(child.fields)}.")
    return Fault(step, key, f"The flow `{child.id}` has no field `{name}`.", hint)


def _unlike(step: Step, key: str, source: Field, into: Field) -> Iterator[Fault]:
    """Whether every value of one field can stand in the other."""
    if source.type is not into.type:
        yield Fault(
            step,
            key,
            f"`{source.name}` is of type {source.type}, and `{into.name}` of type {into.type}.",
            "Give both the same type.",
        )
    elif source.currency != into.currency:
        problem = f"`{source.name}` is in {source.currency}, and `{into.name}` in {into.currency}."
        yield Fault(step, key, problem, "Give both the same currency.")
    elif lost := [choice.key for choice in source.choices if choice.key not in {other.key for other in into.choices}]:
        problem = f"`{into.name}` does not have the choice `{lost[0]}` of `{source.name}`."
        yield Fault(step, key, problem, f"Add `{lost[0]}` to its choices.")


def _outcomes(step: Subflow, child: Flow) -> Iterator[Fault]:
    known = outcomes(child)
    for outcome in (*step.ends, *step.send_back_to):
        if outcome not in known:
            hint = did_you_mean(outcome, known, f"Its outcomes are: {', '.join(sorted(known))}.")
            yield Fault(step, f"outcomes.{outcome}", f"The flow `{child.id}` never ends as `{outcome}`.", hint)


def outcomes(flow: Flow) -> set[str]:
    """Everything that a run of the flow can end as."""
    found = {_CANCELLED}
    for step in flow.walk():
        match step:
            case End():
                found.add(step.outcome)
            case Approve():
                found.add(step.rejected)
            case Do() | Worker() | Subflow():
                found.update(step.ends.values())
    return found


def _circles(flow: Flow, known: Mapping[str, Flow]) -> Iterator[Fault]:
    """The steps that start this flow again, by whatever way: such runs would never stop to begin."""
    for step in starting(flow):
        if flow.id in _reached(step.flow, known):
            hint = "Let the other flow end before this one is begun again."
            yield Fault(step, "flow", f"`{step.flow}` starts `{flow.id}` again: they would never stop to begin.", hint)


def _reached(first: str, known: Mapping[str, Flow]) -> set[str]:
    found, waiting = {first}, [first]
    while waiting:
        child = known.get(waiting.pop())
        for step in starting(child) if child else ():
            if step.flow not in found:
                found.add(step.flow)
                waiting.append(step.flow)
    return found
