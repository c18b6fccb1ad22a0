"""Taking back what still waits for others: a request that is to be approved, or a vote on a step that is still open."""

from __future__ import annotations

from flows.decided import StageReached, VoteWithdrawn
from flows.effects import Say, Topic
from flows.engine.approve import deciders, voters
from flows.engine.ending import send_back
from flows.engine.people import distinct
from flows.engine.prompts import prompt
from flows.engine.transition import Next, Transition
from flows.errors import Refused
from flows.events import Withdraw
from flows.model import Approve, Policy
from flows.run import StepState

WITHDRAWN = "withdrawn"


def withdraw(t: Transition, event: Withdraw) -> Next | None:
    """By the requester: back to the step that corrects it. By who voted: they are asked again. Raises Refused `cannot_withdraw`."""
    state = t.waiting(event.path, event.attempt)
    step = t.flow.step(state.path)
    if not isinstance(step, Approve):
        raise Refused("cannot_withdraw")
    if t.actor == t.run.requester:
        return _request(t, step, state)
    _vote(t, step, state)
    return None


def _request(t: Transition, step: Approve, state: StepState) -> Next:
    if not step.send_back_to:
        raise Refused("cannot_withdraw")
    details = {"by": t.actor}
    told = distinct([*state.owners, *voters(state)])
    t.say(Say(contact, Topic.WITHDRAWN, state.path, state.attempt, details=details) for contact in told)
    return send_back(t, step.id, WITHDRAWN, step.send_back_to, "")


def _vote(t: Transition, step: Approve, state: StepState) -> None:
    """A vote of a sequence can be taken back while the next stage has not voted: it is that stage's turn again."""
    in_turn = step.policy is Policy.SEQUENCE
    if t.actor not in voters(state) or (in_turn and state.votes[-1].by != t.actor):
        raise Refused("cannot_withdraw" if t.actor in (*voters(state), *state.owners) else "not_yours")
    next_ones = state.owners if in_turn else ()
    t.decide(VoteWithdrawn(state.path, state.attempt, t.actor, t.at))
    if in_turn:
        stage = state.stage - 1
        others, _ = deciders(t, step, stage, voters(t.run.steps[step.id]))
        t.decide(StageReached(step.id, stage, distinct([t.actor, *others]), state.due_at, t.at))
    now = t.run.steps[step.id]
    told = distinct([t.actor, *(other for other in next_ones if other not in now.owners)])
    t.say(Say(contact, Topic.WITHDRAWN, state.path, state.attempt, details={"by": t.actor, "vote": "1"}) for contact in told)
    asked = prompt(t.flow, t.run, t.facts, now)
    t.say(asked.to(owner, now) for owner in (now.owners if in_turn else (t.actor,)) if asked)
