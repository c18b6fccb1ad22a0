"""Four eyes: what one person gave and reported counts once a second, different person has confirmed it."""

from __future__ import annotations

from flows.decided import Voted
from flows.effects import Say, Topic
from flows.engine.holding import now_made
from flows.engine.owners import barred
from flows.engine.people import distinct, nobody, resolve
from flows.engine.prompts import prompt
from flows.engine.transition import Transition
from flows.engine.words import CONFIRM, DIFFERS
from flows.errors import Refused
from flows.events import Decide
from flows.model import Do
from flows.run import StepState, Vote
from flows.said import sentence

FIRST, SECOND = 0, 1


def ask(t: Transition, step: Do) -> None:
    """The report just made waits for a second person; where there is none but the first, managers are told."""
    out = barred(t.run, step) | _who(t.run.steps[step.id].votes[-1])
    found = distinct(resolve(t, step.confirm_by, out))
    others = tuple(person for person in found if person not in out)
    if others:
        _stage(t, step, SECOND, others)
    elif found:
        t.block(step.id, sentence("Nobody but who reported this, or acted on an earlier step, could confirm it."))
    else:
        t.block(step.id, nobody(t.flow, step.confirm_by))


def may_judge(t: Transition, state: StepState, event: Decide) -> Vote:
    """The first person's report, if the actor may confirm it. Raises Refused."""
    report = state.votes[-1]
    if t.actor in _who(report):
        raise Refused("own_report")
    if event.stage != SECOND:  # a button of the first stage, tapped late
        raise Refused("closed", by=report.by, choice=report.choice, at=report.at.isoformat())
    if event.choice not in (CONFIRM.key, DIFFERS.key):
        raise Refused("unknown_choice")
    if event.choice == DIFFERS.key and not event.reason.strip():
        raise Refused("reason_needed")
    return report


def judge(t: Transition, step: Do, event: Decide, report: Vote) -> bool:
    """Record what the second person says; True where the report counts now, else its maker is asked again."""
    state = t.run.steps[step.id]
    others = state.owners
    t.decide(Voted(event.path, event.attempt, t.actor, event.choice, event.reason, event.at, state.acted_for(t.actor)))
    details = {"by": t.actor, "choice": event.choice, "reason": event.reason, "stage": str(SECOND)}
    confirmed = event.choice == CONFIRM.key
    told = [
        one for one in distinct([t.actor, *others, *((report.by,) if confirmed else ())]) if one != t.actor or now_made(t, event)
    ]
    t.say(Say(contact, Topic.DECIDED, event.path, event.attempt, details=details) for contact in told)
    if not confirmed:
        _stage(t, step, FIRST, (report.by,))
    return confirmed


def reporters(state: StepState) -> frozenset[str]:
    """Who made the report that a second person is asked to confirm; nobody at the first stage."""
    return _who(state.votes[-1]) if state.stage == SECOND and state.votes else frozenset()


def _who(report: Vote) -> frozenset[str]:
    return frozenset({report.by, report.instead_of}) - {""}


def _stage(t: Transition, step: Do, stage: int, owners: tuple[str, ...]) -> None:
    state = t.pass_on(step.id, stage, owners)
    asked = prompt(t.flow, t.run, t.facts, state)
    t.say(asked.to(owner, state) for owner in state.owners if asked)
