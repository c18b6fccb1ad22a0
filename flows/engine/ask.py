"""The ask step: fields, one at a time; and the fields that a do step asks before its work."""

from __future__ import annotations

from dataclasses import replace

from flows.decided import FieldSkipped
from flows.effects import Topic
from flows.engine.fields import invalid, store
from flows.engine.owners import unclaimed
from flows.engine.prompts import Prompt, asking, attached, question, sent_back
from flows.engine.transition import Next, Transition
from flows.engine.words import CLAIM
from flows.errors import Refused
from flows.events import Decide, Give, Skip
from flows.model import Ask, Do, Step, Wait, Worker
from flows.run import StepState
from flows.said import sentence


def opened(t: Transition, step: Ask, state: StepState) -> Next | None:
    """Ask for the first field that is missing. A step that came back says why, and waits to be submitted."""
    if state.sent_back_by:
        t.say(sent_back(state).to(owner, state) for owner in state.owners)
        return None
    if ask_next(t, state, state.owners):
        return None
    t.close(step.id, "answered")
    return t.after(step.id)


def ask_next(t: Transition, state: StepState, to: tuple[str, ...]) -> bool:
    """Put the next question to `to`, or offer the step while it waits in a pool; False where nothing is left to ask."""
    name = asking(t.flow, t.run, state)
    if name is not None:
        asked = Prompt(Topic.POOL, (CLAIM,)) if unclaimed(t.flow, state) else replace(
            question(t.flow.fields[name]), attach=_beside(t, t.flow.step(state.path), name)
        )  # fmt: skip
        t.say(asked.to(contact, state) for contact in to)
    return name is not None


def _beside(t: Transition, step: Step, name: str) -> tuple[str, ...]:
    """The documents of a do step go along with its first question, which says what is to be done."""
    if not isinstance(step, Do) or name != next(each for each in step.fields if not t.flow.fields[each].formula):
        return ()
    return attached(t.run, step.attach)


def give(t: Transition, step: Ask | Do | Wait | Worker, event: Give) -> bool:
    """Store what was answered. True where nothing more is asked now."""
    state = t.owned(event.path, event.attempt)
    if not event.values:
        raise invalid("", sentence("There is no answer in this."))
    store(t, event.values, step.fields)
    return not ask_next(t, state, (t.actor,))


def skip(t: Transition, step: Ask | Do | Wait | Worker, event: Skip) -> bool:
    """Leave an optional field unanswered. True where nothing more is asked now."""
    state = t.owned(event.path, event.attempt)
    if event.name not in step.fields:
        raise invalid(event.name, sentence("This is not asked here."))
    if t.flow.fields[event.name].required:
        raise invalid(event.name, sentence("This one is needed. Please answer it."))
    if event.name in t.run.values or event.name in state.skipped:
        raise invalid(event.name, sentence("This is answered already."))
    t.decide(FieldSkipped(event.path, event.name))
    return not ask_next(t, t.run.steps[event.path], (t.actor,))


def answered(t: Transition, step: Ask | Wait, corrected: str) -> Next | None:
    """All is answered: go on; after a send-back wait for `submit`."""
    state = t.run.steps[step.id]
    if state.sent_back_by:
        t.say([sent_back(state, corrected=corrected).to(t.actor, state)])
        return None
    t.close(step.id, "answered", by=t.actor)
    return t.after(step.id)


def submit(t: Transition, step: Ask, event: Decide) -> Next | None:
    """The owner of a step that came back says it is right now."""
    state = t.owned(event.path, event.attempt)
    if event.choice != "submit" or not state.sent_back_by:
        raise Refused("unknown_choice")
    if ask_next(t, state, (t.actor,)):
        return None
    t.close(step.id, "submit", by=t.actor)
    return t.after(step.id)
