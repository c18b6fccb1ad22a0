"""The do step: a person gives the fields it needs, does the work, and reports an outcome."""

from __future__ import annotations

from flows.decided import Voted
from flows.effects import Say, Topic
from flows.engine.ask import ask_next
from flows.engine.ending import end, send_back
from flows.engine.fields import invalid
from flows.engine.holding import hold, now_made, prove
from flows.engine.people import distinct
from flows.engine.prompts import prompt
from flows.engine.second import SECOND, ask, judge, may_judge
from flows.engine.transition import Next, Transition
from flows.engine.words import CONFIRM
from flows.errors import Refused
from flows.events import Decide
from flows.model import Do, Worker
from flows.run import StepState
from flows.said import worded


def opened(t: Transition, state: StepState) -> None:
    """Ask for the fields first, then for the work."""
    if not ask_next(t, state, state.owners):
        instruct(t, state)


def instruct(t: Transition, state: StepState) -> None:
    """Tell all owners what to do, with the outcomes to choose from."""
    asked = prompt(t.flow, t.run, t.facts, state)
    t.say(asked.to(owner, state) for owner in state.owners if asked)


def report(t: Transition, step: Do, event: Decide) -> Next | None:
    """The outcome, which counts at once, is held, or waits for a second person to confirm it."""
    state = t.owned(event.path, event.attempt)
    if state.stage == SECOND:
        return _confirm(t, step, state, event)
    _may_report(t, step, event)
    if hold(t, state, event):
        return None
    t.decide(Voted(event.path, event.attempt, t.actor, event.choice, event.reason, event.at, state.acted_for(t.actor)))
    details = {"by": t.actor, "choice": event.choice, "reason": event.reason}
    if step.confirm_by:
        details["then"] = "confirm"
    told = [person for person in distinct([t.actor, *state.owners]) if person != t.actor or now_made(t, event)]
    t.say(Say(contact, Topic.DECIDED, event.path, event.attempt, details=details) for contact in told)
    if step.confirm_by:
        ask(t, step)
        return None
    return settle(t, step, event.choice, event.reason)


def _may_report(t: Transition, step: Do, event: Decide) -> None:
    """Raises Refused where this outcome cannot be reported now."""
    if event.choice not in {choice.key for choice in step.outcomes}:
        raise Refused("unknown_choice")
    if event.choice in step.send_back_to and not event.reason.strip():
        raise Refused("reason_needed")
    for name in step.fields:
        if t.flow.fields[name].required and not t.flow.fields[name].formula and name not in t.run.values:
            raise invalid(name, worded(t.flow.fields[name].ask))
    if event.choice not in step.send_back_to:
        prove(step, event)


def _confirm(t: Transition, step: Do, state: StepState, event: Decide) -> Next | None:
    """A second person has looked: only what they confirm counts."""
    first = may_judge(t, state, event)
    if event.choice == CONFIRM.key and first.choice not in step.send_back_to:
        prove(step, event)
    if hold(t, state, event) or not judge(t, step, event, first):
        return None
    return settle(t, step, first.choice, first.reason)


def settle(t: Transition, step: Do | Worker, choice: str, reason: str) -> Next | None:
    """Go on, go back, or end the run, as the flow says for this outcome."""
    target = step.send_back_to.get(choice)
    if target:
        return send_back(t, step.id, choice, target, reason)
    t.close(step.id, choice, by=t.actor)
    if choice in step.ends:
        end(t, step.id, step.ends[choice], reason, decided=True)
        return None
    return t.after(step.id)
