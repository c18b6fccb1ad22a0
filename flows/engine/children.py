"""The steps that start other runs: subflow, and each (one run for each line). A child reports when it is over."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from decimal import Decimal

from flows.decided import ChildDone, Spawned
from flows.effects import Spawn
from flows.engine.ending import CANCELLED, end, send_back
from flows.engine.fields import fits, store
from flows.engine.owners import MANAGER
from flows.engine.people import distinct, nobody, resolve
from flows.engine.transition import Next, Transition
from flows.errors import Refused
from flows.events import EndChild
from flows.model import Each, FieldType, Flow, Subflow, Wording
from flows.run import Child, StepState
from flows.said import sentence
from flows.values import Erased, Line, Money, Value

STARTED, THROUGH = "started", "done"
OF_LINE = "line."


def reach(t: Transition, step: Subflow | Each, why: Next) -> Next | None:
    """Start the children. The step's owner (managers, where none is named) has nothing to do but hears when they take too long: a
    business without managers must not stop for that."""
    owners = distinct(resolve(t, step.owner or MANAGER))
    if not owners and step.owner not in ("", MANAGER):
        t.stop(step, why, nobody(t.flow, step.owner))
        return None
    given = [_given(t, step, None)] if isinstance(step, Subflow) else [_given(t, step, line) for line in _lines(t, step)]
    if not given:
        t.stop(step, why, sentence("There are no lines to go through: {title} is not known.", title=_title(t, step)))
        return None
    attempt = t.open(step, owners, why).attempt
    children = tuple(Child(child_id(t.run.id, step.id, attempt, index), index) for index in range(len(given)))
    t.decide(Spawned(step.id, attempt, children))
    t.effects.extend(
        Spawn(step.id, attempt, child.index, child.run, step.flow, t.run.requester, values)
        for child, values in zip(children, given, strict=True)
    )
    if isinstance(step, Each) or step.wait:
        return None
    t.close(step.id, STARTED)
    return t.after(step.id)


def child_id(run: str, path: str, attempt: int, index: int) -> str:
    """32 hex digits, the same whenever the same step attempt is worked out."""
    return hashlib.sha256(f"{run}/{path}/{attempt}/{index}".encode()).hexdigest()[:32]


def ended(t: Transition, event: EndChild) -> Next | None:
    """A child is over. One that was let go, or that this step attempt did not start, is Refused `not_waiting`."""
    child = next((c for c in t.run.children.get(event.path, ()) if c.run == event.run), None)
    state = t.run.steps.get(event.path)
    if child is None or child.outcome or state is None or state.attempt != event.attempt:
        raise Refused("not_waiting")
    step = t.flow.step(event.path)
    t.decide(ChildDone(event.path, event.run, event.outcome))
    if isinstance(step, Each):
        return _one_more(t, step)
    assert isinstance(step, Subflow), "only these two start runs"
    return _over(t, step, state, event)


def fitting(flow: Flow, values: Mapping[str, Value]) -> dict[str, Value]:
    """What a parent gave to a run of `flow`, as its fields hold it: an amount of money is a number where a number is wanted. What
    does not fit is left out, and so asked of a person like all that is missing."""
    fields = flow.fields
    adapted = {
        name: value.amount if isinstance(value, Money) and fields[name].type is FieldType.NUMBER else value
        for name, value in values.items()
        if name in fields
    }
    return {name: value for name, value in adapted.items() if fits(fields[name], value)}


# --- what a child gets ------------------------------------------------------------------------------------------------


def _lines(t: Transition, step: Each) -> tuple[Line, ...]:
    value = t.run.values.get(step.of)
    return value if isinstance(value, tuple) else ()


def _given(t: Transition, step: Subflow | Each, line: Line | None) -> dict[str, Value]:
    """The child's fields with our values; what we do not know is left out, and the child asks for it."""
    of_line = _of_line(t, step, line) if isinstance(step, Each) and line is not None else {}
    ours = {**t.run.values, **of_line}
    found = {theirs: ours.get(name) for theirs, name in step.give.items()}
    return {name: value for name, value in found.items() if value is not None and not isinstance(value, Erased)}


def _of_line(t: Transition, step: Each, line: Line) -> dict[str, Value]:
    """The parts of a line by the names that flow files use; its rate is money where the lines have a currency."""
    currency = t.flow.fields[step.of].currency
    rate: Money | Decimal = Money(line.rate, currency) if currency else line.rate
    parts: dict[str, Value] = {"item": line.item, "quantity": line.quantity, "unit": line.unit, "rate": rate, "tax": line.tax}
    return {OF_LINE + name: part for name, part in parts.items()}


def _title(t: Transition, step: Subflow | Each) -> Wording | str:
    field = t.flow.fields.get(step.of) if isinstance(step, Each) else None
    return field.title if field else ""


# --- what comes of it -------------------------------------------------------------------------------------------------


def _one_more(t: Transition, step: Each) -> Next | None:
    """One of many has ended, however it did: go on with the last that is needed, and call off the rest."""
    children = t.run.children[step.id]
    needed = min(step.needed or len(children), len(children))
    if sum(bool(child.outcome) for child in children) < needed:
        return None
    t.let_go((step.id, child) for child in children if not child.outcome)
    t.close(step.id, THROUGH)
    return t.after(step.id)


def _over(t: Transition, step: Subflow, state: StepState, event: EndChild) -> Next | None:
    """Take over its values; then go on, back, or end, as the flow says for its outcome. A cancelled child decides nothing by
    itself: where the flow does not say what follows, a manager does."""
    if state.closed_at is not None:  # it was not waited for
        return None
    if problem := _take(t, step, event) if event.outcome != CANCELLED else "":
        t.block(step.id, problem)
        return None
    if event.outcome in step.send_back_to:
        reason = event.reason or sentence("The request that this step started ended as “{outcome}”.", outcome=event.outcome)
        return send_back(t, step.id, event.outcome, step.send_back_to[event.outcome], reason)
    if event.outcome == CANCELLED and event.outcome not in step.ends:
        reason = sentence("The request that this step waits for was cancelled.")
        if event.reason:
            reason = sentence("The request that this step waits for was cancelled: {reason}", reason=event.reason)
        t.block(step.id, reason)
        return None
    t.close(step.id, event.outcome)
    if event.outcome in step.ends:
        end(t, step.id, step.ends[event.outcome], event.reason)
        return None
    return t.after(step.id)


def _take(t: Transition, step: Subflow, event: EndChild) -> str:
    """Store the values taken over, all or none; why they cannot be, in a sentence."""
    try:
        store(t, event.values, step.take)
    except Refused as refusal:
        name = refusal.details.get("field", "")
        title = t.flow.fields[name].title if name in t.flow.fields else name
        return sentence("The value for {title} that came back cannot be used here.", title=title)
    return ""
