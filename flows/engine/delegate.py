"""Handing a step over: by its owner, or by a manager, to somebody else of the business."""

from __future__ import annotations

from flows.decided import Delegated
from flows.effects import Say, Topic
from flows.engine.people import distinct
from flows.engine.prompts import prompt
from flows.engine.transition import Transition
from flows.errors import Refused
from flows.events import Delegate
from flows.model import Approve
from flows.run import StepState


def delegate(t: Transition, event: Delegate) -> None:
    """`to` is asked in the place of `owner`; both, who asked for it, and the requester are told."""
    state = t.waiting(event.path, event.attempt)
    if event.owner not in state.owners or (t.actor != event.owner and t.actor not in t.managers):
        raise t.not_yours(state)
    if not _may_hold(t, event):
        raise Refused("cannot_hold", person=event.to)
    if event.to in state.owners or event.to in {vote.by for vote in state.votes}:
        raise Refused("already_holds", person=event.to)
    t.decide(Delegated(event.path, event.attempt, event.owner, event.to, t.actor, t.at))
    _tell(t, event, t.run.steps[event.path])


def _may_hold(t: Transition, event: Delegate) -> bool:
    """Who holds some role of this flow may; nobody takes over by their own hand, and nobody decides their own request."""
    own = event.to == t.run.requester and isinstance(t.flow.step(event.path), Approve)
    return not own and event.to != t.actor and any(event.to in holders for holders in t.facts.people.values())


def _tell(t: Transition, event: Delegate, state: StepState) -> None:
    details = {"by": t.actor, "owner": event.owner, "to": event.to}
    told = distinct([event.to, event.owner, t.actor, t.run.requester])
    t.say(Say(contact, Topic.HANDED, event.path, event.attempt, details=details) for contact in told)
    asked = prompt(t.flow, t.run, t.facts, state)
    t.say([asked.to(event.to, state)] if asked else ())
