"""The approve step: one, several in sequence, or so many of all people decide; never the requester."""

from __future__ import annotations

from flows.decided import Voted
from flows.effects import Say, Topic
from flows.engine.ending import end, send_back
from flows.engine.holding import hold, now_made, prove
from flows.engine.owners import barred
from flows.engine.people import distinct, nobody
from flows.engine.prompts import prompt
from flows.engine.transition import Next, Transition
from flows.errors import Refused
from flows.events import Decide
from flows.model import Approve, Policy
from flows.run import StepState
from flows.said import either, sentence

APPROVED, REJECTED, RETURNED = "approve", "reject", "send_back"
COUNTED = (Policy.N_OF_M, Policy.ALL, Policy.PERCENT)


def reach(t: Transition, step: Approve, why: Next) -> None:
    """Open the step for those who may decide, or stop where they are too few."""
    owners, lack = deciders(t, step, 0, ())
    if lack:
        t.stop(step, why, lack)
        return
    state = t.open(step, owners, why)
    _ask(t, state)


def vote(t: Transition, step: Approve, event: Decide) -> Next | None:
    """One person's decision, which counts at once or is held. Reject and send back say why."""
    state = _may_vote(t, step, event)
    if hold(t, state, event):
        return None
    instead_of = state.acted_for(t.actor)
    t.decide(Voted(event.path, event.attempt, t.actor, event.choice, event.reason, event.at, instead_of))
    if event.choice == RETURNED:
        _tell(t, event, distinct([*state.owners, *voters(state)]))
        return send_back(t, step.id, RETURNED, step.send_back_to, event.reason)
    verdict = _verdict(step, t.run.steps[step.id])
    if verdict:
        _tell(t, event, distinct([*state.owners, *voters(state)]))
        t.close(step.id, verdict, by=t.actor)
    if verdict == APPROVED:
        return t.after(step.id)
    if verdict == REJECTED:
        end(t, step.id, step.rejected, event.reason, decided=True)
    elif step.policy is Policy.SEQUENCE:
        _tell(t, event, state.owners)
        _next_stage(t, step, t.run.steps[step.id])
    else:
        _tell(t, event, (t.actor,))
    return None


def _may_vote(t: Transition, step: Approve, event: Decide) -> StepState:
    """The step's state, if this decision may be counted. Raises Refused."""
    state = t.waiting(event.path, event.attempt)
    if t.actor == t.run.requester:
        raise Refused("own_request")
    if t.actor in barred(t.run, step):
        raise Refused("own_step")
    voted = t.actor in voters(state)
    # Who holds a later stage too has to have seen its prompt: a second tap on the first one must not decide it.
    if voted and (t.actor not in state.owners or event.stage != state.stage):
        raise Refused("already_voted")
    if t.actor not in state.owners:
        raise t.not_yours(state)
    if event.choice not in (APPROVED, REJECTED) and not (event.choice == RETURNED and step.send_back_to):
        raise Refused("unknown_choice")
    if event.choice != APPROVED and not event.reason.strip():
        raise Refused("reason_needed")
    if event.choice == APPROVED:
        prove(step, event)
    return state


def _verdict(step: Approve, state: StepState) -> str:
    """What the votes so far come to; "" while it is open."""
    last, approvals = state.votes[-1].choice, sum(vote.choice == APPROVED for vote in state.votes)
    if step.policy in COUNTED:
        needed = _needed(step, len(state.owners) + len(state.votes))
        if approvals >= needed:
            return APPROVED
        return REJECTED if approvals + len(state.owners) < needed else ""
    if step.policy is Policy.SEQUENCE and last == APPROVED and state.stage + 1 < len(step.approvers):
        return ""
    return last


def _needed(step: Approve, holders: int) -> int:
    """How many of all who may decide must approve; a share is rounded up to whole people."""
    match step.policy:
        case Policy.N_OF_M:
            return step.needed
        case Policy.ALL:
            return max(holders, 1)
        case Policy.PERCENT:
            return max(-(-holders * step.needed // 100), 1)
    return 1


def _next_stage(t: Transition, step: Approve, state: StepState) -> None:
    owners, lack = deciders(t, step, state.stage + 1, voters(state))
    if lack:
        t.block(step.id, lack)
        return
    _ask(t, t.pass_on(step.id, state.stage + 1, owners))


def deciders(t: Transition, step: Approve, stage: int, before: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """Who may decide at this stage, and a plain reason where they are too few. Who decided a stage `before` holds a later one
    only where nobody else does."""
    roles = step.approvers[stage : stage + 1] if step.policy is Policy.SEQUENCE else step.approvers
    holders = distinct(person for role in roles for person in t.facts.people.get(role, ()))
    acted = barred(t.run, step)
    able = tuple(person for person in holders if person != t.run.requester and person not in acted)
    needed = _needed(step, len(able))
    if len(able) < needed:
        if needed == 1:
            return (), _alone(t, roles, acted.intersection(holders)) if holders else nobody(t.flow, roles[0] if roles else "")
        return (), sentence("{needed} people must decide, and only {able} can.", needed=needed, able=len(able))
    return tuple(person for person in able if person not in before) or able, ""


def _alone(t: Transition, roles: tuple[str, ...], acted: frozenset[str]) -> str:
    titles = either([t.flow.roles.get(role, role) for role in roles])
    if acted:
        return sentence(
            "Everybody who holds the role {role} made the request, or acted on a step that must be somebody else's.", role=titles
        )
    return sentence("Nobody but the requester holds the role {role}.", role=titles)


def voters(state: StepState) -> tuple[str, ...]:
    """Who has decided at this step, in order."""
    return tuple(vote.by for vote in state.votes)


def _ask(t: Transition, state: StepState) -> None:
    asked = prompt(t.flow, t.run, t.facts, state)
    t.say(asked.to(owner, state) for owner in state.owners if asked)


def _tell(t: Transition, event: Decide, others: tuple[str, ...]) -> None:
    """What was decided, to who decided it now and to `others` who were asked."""
    details = {"by": t.actor, "choice": event.choice, "reason": event.reason}
    told = [person for person in distinct([t.actor, *others]) if person != t.actor or now_made(t, event)]
    t.say(Say(contact, Topic.DECIDED, event.path, event.attempt, details=details) for contact in told)
