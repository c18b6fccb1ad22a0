"""Handing a step over: by its owner, or by a manager, to somebody else of the business, who then takes or declines it."""

from __future__ import annotations

from flows.decided import Delegated
from flows.effects import Say, Topic
from flows.engine import pool
from flows.engine.handover import offer, settled
from flows.engine.owners import barred
from flows.engine.people import distinct
from flows.engine.second import reporters
from flows.engine.transition import Transition
from flows.errors import Refused
from flows.events import Delegate, Facts
from flows.model import Approve, Flow
from flows.run import Run, StepState


def delegate(t: Transition, event: Delegate) -> None:
    """`to` is asked in the place of `owner`; both, who asked for it, and the requester are told."""
    state = t.waiting(event.path, event.attempt)
    if event.owner not in state.owners or (t.actor != event.owner and t.actor not in t.managers):
        raise t.not_yours(state)
    if event.to == t.actor or event.to not in could_hold(t.flow, t.run, t.facts, state):
        raise Refused("cannot_hold", person=event.to)
    if event.to in state.owners or event.to in _voted(t.flow, state):
        raise Refused("already_holds", person=event.to)
    pool.given_out(t, state, event.owner, event.to)
    settled(t, state, event.owner)
    t.drop_held(state.path, t.actor, event.owner)
    t.decide(Delegated(event.path, event.attempt, event.owner, event.to, t.actor, t.at, untaken=True))
    now = t.run.steps[event.path]
    offer(t, now, now.handovers[-1], tuple(filed.document for filed in t.run.files if filed.counts))
    details = {"by": t.actor, "owner": event.owner, "to": event.to}
    told = [person for person in distinct([event.owner, t.actor, t.run.requester]) if person != event.to]
    t.say(Say(contact, Topic.HANDED, event.path, event.attempt, details=details) for contact in told)


def could_take(flow: Flow, run: Run, facts: Facts, state: StepState) -> tuple[str, ...]:
    """To whom an open step can be handed now, in the order of the roles."""
    taken = {*state.owners, *_voted(flow, state)}
    return tuple(person for person in could_hold(flow, run, facts, state) if person not in taken)


def could_hold(flow: Flow, run: Run, facts: Facts, state: StepState) -> tuple[str, ...]:
    """Who holds some role of this flow may; nobody decides their own request, confirms their own report, or acts on a step that bars
    them."""
    holders = distinct(person for who, people in facts.people.items() if not who.startswith("field:") for person in people)
    step = flow.step(state.path)
    out = {*reporters(state), *barred(run, step), *((run.requester,) if isinstance(step, Approve) else ())}
    return tuple(person for person in holders if person not in out)


def _voted(flow: Flow, state: StepState) -> frozenset[str]:
    """Whose vote on this step counts already; who reported work may be given it again."""
    return frozenset(vote.by for vote in state.votes if isinstance(flow.step(state.path), Approve))
