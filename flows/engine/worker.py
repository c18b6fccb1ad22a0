"""The worker step: work outside the transition suggests values; they count once the owner has confirmed them, and not before."""

from __future__ import annotations

from flows.decided import Suggested, Voted
from flows.effects import Say, Topic, Work
from flows.engine import ask
from flows.engine.do import settle
from flows.engine.fields import fits, invalid, store
from flows.engine.people import distinct
from flows.engine.prompts import asking, prompt
from flows.engine.transition import Next, Transition
from flows.errors import Refused
from flows.events import Decide, Finish, Give, Skip
from flows.model import Job, Worker
from flows.run import StepState
from flows.said import sentence, worded

FOUND = sentence("Please check what was found.")
CLEAR = sentence("All checks hold.")
NOTHING = sentence("Nothing could be suggested. Please answer yourself.")


def opened(t: Transition, step: Worker, state: StepState) -> None:
    """Have the work done; its owner hears when there is something to look at."""
    t.effects.append(Work(step.id, state.attempt, "worker", {"job": step.job.value}))


def finish(t: Transition, step: Worker, event: Finish) -> None:
    """The work came back. What does not fit its field is left out, and what is missing is asked by hand: failed work stops nobody."""
    state = t.waiting(event.path, event.attempt)
    if state.remark:
        raise Refused("not_waiting")  # it came back before
    values = {n: v for n, v in event.values.items() if n in step.fields and fits(t.flow.fields[n], v)}
    nothing = CLEAR if step.job is Job.CHECK and not event.failed and not event.error else NOTHING
    remark = event.error or event.remark or (FOUND if values or event.failed else nothing)
    t.decide(Suggested(step.id, state.attempt, values, event.failed, remark))
    _show(t, t.run.steps[step.id])


def answered(t: Transition, step: Worker, event: Give | Skip) -> None:
    """The owner answers what was not found, or corrects what was: theirs takes the place of the suggestion."""
    if not t.owned(event.path, event.attempt).remark:
        raise Refused("not_waiting")
    settled = ask.give(t, step, event) if isinstance(event, Give) else ask.skip(t, step, event)
    state = t.run.steps[event.path]
    left = {n: v for n, v in state.suggested.items() if not isinstance(event, Give) or n not in event.values}
    if left != state.suggested:
        t.decide(Suggested(step.id, state.attempt, left, state.failed, state.remark))
    if settled:
        _put(t, t.run.steps[event.path], (t.actor,))


def confirm(t: Transition, step: Worker, event: Decide) -> Next | None:
    """The owner says that it is right: now the suggested values are theirs. Sent back, they are not taken over."""
    state = t.owned(event.path, event.attempt)
    if event.choice not in {choice.key for choice in step.outcomes} or not state.remark:
        raise Refused("unknown_choice")
    back = event.choice in step.send_back_to
    if back and not event.reason.strip():
        raise Refused("reason_needed")
    if not back:
        if (name := asking(t.flow, t.run, state)) and t.flow.fields[name].required:
            raise invalid(name, worded(t.flow.fields[name].ask))
        store(t, state.suggested, step.fields)
    t.decide(Voted(event.path, event.attempt, t.actor, event.choice, event.reason, t.at, state.acted_for(t.actor)))
    details = {"by": t.actor, "choice": event.choice, "reason": event.reason}
    told = distinct([t.actor, *state.owners])
    t.say(Say(contact, Topic.DECIDED, event.path, event.attempt, details=details) for contact in told)
    return settle(t, step, event.choice, event.reason)


def _show(t: Transition, state: StepState) -> None:
    """What there is to look at; and, where something was not found, the first question after it."""
    if asking(t.flow, t.run, state) is None:
        _put(t, state, state.owners)
        return
    t.say(Say(owner, Topic.SUGGESTED, state.path, state.attempt) for owner in state.owners)
    ask.ask_next(t, state, state.owners)


def _put(t: Transition, state: StepState, to: tuple[str, ...]) -> None:
    """Everything together, to be confirmed."""
    asked = prompt(t.flow, t.run, t.facts, state)
    t.say(asked.to(owner, state) for owner in to if asked)
