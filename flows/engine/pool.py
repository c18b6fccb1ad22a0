"""A step in a pool: all holders of a role are told, and one of them takes it; only then it asks anything."""

from __future__ import annotations

from flows.decided import Claimed
from flows.effects import Say, Topic
from flows.engine.owners import POOL, barred, unclaimed, word
from flows.engine.prompts import prompt
from flows.engine.transition import Transition
from flows.errors import Refused
from flows.events import Claim
from flows.run import StepState


def offer(t: Transition, state: StepState) -> None:
    """Tell everybody who may take it."""
    offered = prompt(t.flow, t.run, t.facts, state)
    t.say(offered.to(owner, state) for owner in state.owners if offered)


def claim(t: Transition, event: Claim) -> StepState:
    """It is the actor's alone now; the others hear of it. Raises Refused: `taken` (by) where somebody was first."""
    state = t.waiting(event.path, event.attempt)
    step = t.flow.step(state.path)
    if not word(step, state.stage).startswith(POOL):
        raise Refused("not_waiting")
    if not unclaimed(t.flow, state):
        raise Refused("taken", by=state.owners[0])
    if t.actor not in state.owners:
        raise t.not_yours(state)
    if t.actor in barred(t.run, step):
        raise Refused("own_step")
    _take(t, state, t.actor, t.actor)
    return t.run.steps[state.path]


def given_out(t: Transition, state: StepState, owner: str, to: str) -> None:
    """What `owner` hands to `to` while it waits in a pool, it takes out of the pool."""
    if unclaimed(t.flow, state):
        _take(t, state, owner, to)


def _take(t: Transition, state: StepState, owner: str, by: str) -> None:
    """It is `owner`'s alone; the others hear that it went to `by`."""
    t.decide(Claimed(state.path, state.attempt, owner, t.at))
    others = [other for other in state.owners if other not in (owner, by)]
    t.say(Say(other, Topic.CLAIMED, state.path, state.attempt, details={"by": by}) for other in others)
