"""The do step: a person gives the fields it needs, does the work, and reports an outcome."""

from __future__ import annotations

from flows.decided import Voted
from flows.effects import Say, Topic
from flows.engine.ask import ask_next
from flows.engine.ending import end, send_back
from flows.engine.fields import invalid
from flows.engine.people import distinct
from flows.engine.prompts import prompt
from flows.engine.transition import Next, Transition
from flows.errors import Refused
from flows.events import Decide
from flows.model import Do
from flows.run import StepState


def opened(t: Transition, state: StepState) -> None:
    """Ask for the fields first, then for the work."""
    if not ask_next(t, state, state.owners):
        instruct(t, state)


def instruct(t: Transition, state: StepState) -> None:
    """Tell all owners what to do, with the outcomes to choose from."""
    asked = prompt(t.flow, t.run, t.facts, state)
    t.say(asked.to(owner, state) for owner in state.owners if asked)


def report(t: Transition, step: Do, event: Decide) -> Next | None:
    """The outcome: go on, go back, or end the run, as the flow says for it."""
    state = t.owned(event.path, event.attempt)
    if event.choice not in {choice.key for choice in step.outcomes}:
        raise Refused("unknown_choice")
    target = step.send_back_to.get(event.choice)
    if target and not event.reason.strip():
        raise Refused("reason_needed")
    for name in step.fields:
        if t.flow.fields[name].required and not t.flow.fields[name].formula and name not in t.run.values:
            raise invalid(name, t.flow.fields[name].ask.text())
    t.decide(Voted(event.path, event.attempt, t.actor, event.choice, event.reason, t.at, state.acted_for(t.actor)))
    details = {"by": t.actor, "choice": event.choice, "reason": event.reason}
    told = distinct([t.actor, *state.owners])
    t.say(Say(contact, Topic.DECIDED, event.path, event.attempt, details=details) for contact in told)
    if target:
        return send_back(t, step.id, event.choice, target, event.reason)
    t.close(step.id, event.choice, by=t.actor)
    if event.choice in step.ends:
        end(t, step.id, step.ends[event.choice], event.reason, decided=True)
        return None
    return t.after(step.id)
