"""The collect step: a checklist of documents."""

from __future__ import annotations

from flows.decided import DocumentFiled
from flows.effects import Say, Topic
from flows.engine.people import distinct
from flows.engine.prompts import prompt, sent_back, shortage
from flows.engine.transition import Next, Transition
from flows.errors import Refused, RuleError
from flows.events import Decide, File
from flows.model import Collect
from flows.run import Filed, StepState, StepStatus


def opened(t: Transition, step: Collect, state: StepState) -> Next | None:
    """Ask for what is missing; with nothing required go on at once. A step that came back says why first."""
    if state.sent_back_by:
        t.say(sent_back(state).to(owner, state) for owner in state.owners)
        return None
    return _settle(t, step, state.owners)


def file(t: Transition, step: Collect, event: File) -> Next | None:
    """Take in a document. One that comes after the step is done, or while an earlier step is corrected after a send-back, is added
    to the run and reopens nothing."""
    state = t.run.steps.get(event.path) or next((s for s in reversed(t.run.history) if s.path == event.path), None)
    late = state is not None and state.attempt == event.attempt and state.status is StepStatus.DONE
    if state is None or not late:
        state = t.waiting(event.path, event.attempt)
    if t.actor not in state.owners and not (late and t.actor == t.run.requester):
        raise Refused("not_yours")
    if event.item not in step.items:
        raise Refused("unknown_item")
    if any((filed.item, filed.digest) == (event.item, event.digest) for filed in t.run.files):
        raise Refused("duplicate")
    t.decide(DocumentFiled(Filed(event.document, event.digest, event.name, event.item, t.actor, t.at)))
    if late:
        _added(t, state, event)
        return None
    return _settle(t, step, (t.actor,))


def submit(t: Transition, step: Collect, event: Decide) -> Next | None:
    """The owner of a step that came back says it is complete now."""
    state = t.owned(event.path, event.attempt)
    if event.choice != "submit" or not state.sent_back_by:
        raise Refused("unknown_choice")
    return _settle(t, step, (t.actor,), submitted=True)


def _settle(t: Transition, step: Collect, to: tuple[str, ...], *, submitted: bool = False) -> Next | None:
    """Close the step if it is complete, else tell `to` what is missing."""
    state = t.run.steps[step.id]
    try:
        missing = shortage(t.flow, t.run, t.facts, step)
    except RuleError as error:
        t.block(step.id, f"It is not clear which documents are needed: {error}.")
        return None
    if missing or (state.sent_back_by and not submitted):
        asked = prompt(t.flow, t.run, t.facts, state)
        t.say(asked.to(contact, state) for contact in to if asked)
        return None
    t.close(step.id, "complete", by=t.actor)
    return t.after(step.id)


def _added(t: Transition, state: StepState, event: File) -> None:
    """Thanks to the sender; those who wait with an open step get the new document."""
    details = {"added": event.item}
    t.say([Say(t.actor, Topic.NOTICE, state.path, state.attempt, details=details)])
    others = distinct(owner for step in t.run.open_steps() for owner in step.owners if owner != t.actor)
    t.say(Say(other, Topic.NOTICE, state.path, state.attempt, attach=(event.document,), details=details) for other in others)
