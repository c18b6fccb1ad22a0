"""What a picture of a flow says about a step in words: who acts, and by when."""

from __future__ import annotations

from flows.model import Approve, Clock, Duration, Flow, Notify, Parallel, Policy, Step, Wait

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
    return somebody(flow, step.owner) if step.owner else ""


def approvers(flow: Flow, step: Approve) -> str:
    """Who decides, by the step's policy: `Department head, then Finance`, `2 of Purchase committee`."""
    names = [somebody(flow, role) for role in step.approvers]
    match step.policy:
        case Policy.ONE | Policy.ANY:
            return " or ".join(names)
        case Policy.SEQUENCE:
            return ", then ".join(names)
        case Policy.N_OF_M:
            return f"{step.needed} of {', '.join(names)}"
        case Policy.PERCENT:
            return f"{step.needed}% of {', '.join(names)}"
    return f"{step.policy} of {', '.join(names)}"


def somebody(flow: Flow, name: str) -> str:
    """The title of a role, of the requester or of an outside party, as steps name them."""
    if name == "requester":
        return "Requester"
    party = flow.participants.get(name.removeprefix("participant:"))
    title = party.title if party and name.startswith("participant:") else flow.roles.get(name)
    return title.text() if title else name


def due(flow: Flow, step: Step) -> str:
    """By when, in words: "due: 1 working day after Delivery date", "until: 18:00"; "" where the step has no time."""
    if isinstance(step, Wait):
        return f"until: {duration(flow, step.until)}"
    return f"due: {duration(flow, step.due)}" if step.due else ""


def duration(flow: Flow, length: Duration) -> str:
    anchor = flow.fields[length.anchor].title.text() if length.anchor in flow.fields else length.anchor
    if length.at is not None:
        return anchor or f"{length.at:%H:%M}"
    words = f"{length.amount.normalize():f} {_UNITS[length.clock]}{'' if length.amount == 1 else 's'}"
    if not anchor:
        return words
    return f"{words} {'before' if length.before else 'after'} {anchor}"


def spoken(name: str) -> str:
    """A name of the file as words: `up_to_1_lakh` is "Up to 1 lakh"."""
    return name.replace("_", " ").capitalize()
