"""Cancelling one step: a manager decides, with a reason, that the run goes on without it."""

from __future__ import annotations

from flows.decided import Commented
from flows.effects import Say, Topic
from flows.engine.transition import Next, Transition
from flows.errors import Refused
from flows.events import Drop
from flows.model import Approve, Branch, Generate, Step
from flows.run import StepState, StepStatus

DROPPED = "dropped"


def drop(t: Transition, event: Drop) -> Next | None:
    """Close the step, put the reason on record, tell who was asked, and go on behind it. What it should have given stays missing,
    so that a rule that reads it stops at a person. Never an approval, nor a document that others build on, unless a cancelled run
    is being undone."""
    state = _open(t, event)
    if t.actor not in t.managers:
        raise Refused("not_yours")
    if not _may_go(t, t.flow.step(state.path), state):
        raise Refused("cannot_drop")
    if not event.reason.strip():
        raise Refused("reason_needed")
    t.close(state.path, DROPPED, by=t.actor, status=StepStatus.CANCELLED)
    t.decide(Commented(t.actor, event.reason.strip(), t.at))
    details = {"because": DROPPED, "by": t.actor, "reason": event.reason.strip()}
    told = [owner for owner in state.owners if owner != t.actor]
    t.say(Say(owner, Topic.DROPPED, state.path, state.attempt, details=details) for owner in told)
    return None if state.renews else t.after(state.path)


def _open(t: Transition, event: Drop) -> StepState:
    state = t.run.steps.get(event.path)
    if state is not None and state.attempt == event.attempt and state.status is StepStatus.BLOCKED:
        return state
    return t.waiting(event.path, event.attempt)


def _may_go(t: Transition, step: Step, state: StepState) -> bool:
    """Not where something is decided, nor while the run itself waits for a document to be renewed (that can be waived)."""
    if isinstance(step, Generate):
        return t.run.cancelling is not None
    return not isinstance(step, Approve | Branch) and not state.returns_to
