"""What a picture of a flow says about a step in words: who acts, and by when."""

from __future__ import annotations

from functools import reduce

from flows.model import (
    Approve,
    Clock,
    Collect,
    Do,
    Duration,
    Each,
    Flow,
    Notify,
    Parallel,
    Policy,
    Rule,
    Schedule,
    Step,
    Subflow,
    Wait,
)
from flows.reading.times import START, STEP
from flows.said import Said, sentence, worded

_UNITS = {
    Clock.WORKING_HOURS: "working hour",
    Clock.WORKING_DAYS: "working day",
    Clock.HOURS: "hour",
    Clock.DAYS: "day",
}


def owner(flow: Flow, step: Step) -> str:
    """Who acts in a step, by title; "" where it acts by itself."""
    match step:
        case Approve():
            return approvers(flow, step)
        case Notify():
            return f"to {somebody(flow, step.to)}"
        case Parallel():
            return f"goes on after {step.needed} of {len(step.blocks)}"
        case Subflow():
            return f"flow {step.flow}" if step.wait else f"flow {step.flow}, goes on at once"
        case Wait(when=Rule(source=milestone)):
            asked = f"{somebody(flow, step.owner)}, or " if step.owner else ""
            return f"{asked}as soon as {milestone}"
        case Each():
            return f"flow {step.flow}, for each of {flow.fields[step.of].title.text()}"
    return acting(flow, step) if step.owner else ""


def acting(flow: Flow, step: Step) -> str:
    """The owner of a step, with the other people that it takes."""
    first = somebody(flow, step.owner)
    match step:
        case Do(confirm_by=second) if second:
            return sentence("{first}, confirmed by {second}", first=first, second=somebody(flow, second))
        case Collect(checked_by=second) if second:
            return sentence("{first}, checked by {second}", first=first, second=somebody(flow, second))
        case Schedule():
            return sentence("{first}, with {second}", first=first, second=somebody(flow, step.with_role))
    return first


def approvers(flow: Flow, step: Approve) -> str:
    """Who decides, by the step's policy: `Department head, then Finance`, `2 of Purchase committee`."""
    names = [somebody(flow, role) for role in step.approvers]
    match step.policy:
        case Policy.ONE | Policy.ANY:
            return reduce(lambda first, second: sentence("{first} or {second}", first=first, second=second), names)
        case Policy.SEQUENCE:
            return reduce(lambda first, second: sentence("{first}, then {second}", first=first, second=second), names)
    everybody = reduce(lambda first, second: Said("{first}, {second}", {"first": first, "second": second}), names)
    match step.policy:
        case Policy.N_OF_M:
            return sentence("{needed} of {names}", needed=step.needed, names=everybody)
        case Policy.PERCENT:
            return sentence("{needed}% of {names}", needed=step.needed, names=everybody)
    return sentence("all of {names}", names=everybody)


_WORDS = {
    "pool": sentence("whoever of {who} takes it"),
    "turn": sentence("{who}, in turn"),
    "least": sentence("{who}, the least busy"),
    "field": sentence("whoever {who} names"),
}


def somebody(flow: Flow, name: str) -> str:
    """Who is behind an owner word of the model, by title."""
    if name == "requester":
        return sentence("Requester")
    kind, colon, of = name.rpartition(":")
    if kind == "participant":
        return worded(flow.participants[of].title) if of in flow.participants else name
    if kind == "person":
        return of
    described = flow.fields.get(of) if kind == "field" else None
    title = described.title if described else flow.roles.get(of)
    words = _WORDS[kind].template if colon and kind in _WORDS else "{who}"
    return Said(words, {"who": title or of})


def due(flow: Flow, step: Step) -> str:
    """By when, in words: "due: 1 working day after Delivery date", "until: 18:00"; "" where the step has no time."""
    match step:
        case Wait(when=None):
            return f"until: {duration(flow, step.until)}"
        case Wait():
            return f"at the latest: {duration(flow, step.until)}"
    return f"due: {duration(flow, step.due)}" if step.due else ""


def duration(flow: Flow, length: Duration) -> str:
    anchor = _anchor(flow, length.anchor)
    if not length.amount and length.at is None:
        return f"the {'beginning' if length.before else 'end'} of {anchor}"
    if length.at is not None:
        return anchor or f"{length.at:%H:%M}"
    words = f"{length.amount.normalize():f} {_UNITS[length.clock]}{'' if length.amount == 1 else 's'}"
    if not anchor:
        return words
    return f"{words} {'before' if length.before else 'after'} {anchor}"


def _anchor(flow: Flow, name: str) -> str:
    """What a length counts from, by title."""
    if name == START:
        return "the start"
    step = name.removeprefix(STEP)
    if step != name and step in flow.places:
        return flow.step(step).title.text()
    return flow.fields[name].title.text() if name in flow.fields else name


def spoken(name: str) -> str:
    """A name of the file as words: `up_to_1_lakh` is "Up to 1 lakh"."""
    return name.replace("_", " ").capitalize()
