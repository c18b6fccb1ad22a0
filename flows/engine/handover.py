"""What was handed over is taken or declined by its new owner; what nobody takes goes to the managers."""

from __future__ import annotations

from datetime import timedelta

from flows.decided import HandoverDeclined, HandoverTaken, Reminded
from flows.effects import DropTimer, PlanTimer, Say, Topic
from flows.engine.people import distinct
from flows.engine.prompts import prompt
from flows.engine.transition import Next, Transition
from flows.engine.words import DECLINE, REASSIGN, TAKE
from flows.errors import Refused
from flows.events import Decide, Event, File, Fire, Give, Skip, Take
from flows.run import Handover, StepState

UNTAKEN = "untaken:"
"""What the rung of a handover's timer begins with; the contact id of the new owner follows."""
PATIENCE = timedelta(hours=4)
"""Working time in which a handover is to be taken."""


def offer(t: Transition, state: StepState, given: Handover, attach: tuple[str, ...]) -> None:
    """One message to the new owner, with what they need to know; in `PATIENCE` it must be taken."""
    due = t.facts.calendar.add_work(t.at, PATIENCE)
    t.effects.append(PlanTimer(state.path, state.attempt, UNTAKEN + given.to, due))
    details = {"by": given.by, "owner": given.owner, "to": given.to}
    t.say([Say(given.to, Topic.HANDED, state.path, state.attempt, (TAKE, DECLINE), attach=attach, details=details)])


def settled(t: Transition, state: StepState, owner: str) -> None:
    """`owner` has taken it, declined it or passed it on: nobody waits for that any more."""
    if owner in state.untaken:
        t.effects.append(DropTimer(state.path, state.attempt, UNTAKEN + owner))


def acted(t: Transition, event: Event) -> None:
    """Whoever acts on a step that was handed to them has taken it."""
    if not isinstance(event, Give | Skip | File | Decide):
        return
    state = t.run.steps.get(event.path)
    if state is not None and state.attempt == event.attempt and state.closed_at is None and t.actor in state.untaken:
        _taken(t, state)


def take(t: Transition, event: Take) -> None:
    """The new owner takes it, and is asked; or declines it with a reason, and it goes back. Raises Refused."""
    state = t.owned(event.path, event.attempt)
    if t.actor not in state.untaken:
        raise Refused("not_waiting")
    if not event.accept:
        _decline(t, state, event)
        return
    _taken(t, state)
    asked = prompt(t.flow, t.run, t.facts, state)
    t.say([asked.to(t.actor, state)] if asked else ())


def untaken(t: Transition, event: Fire) -> Next | None:
    """Nobody took it in time: its new owner is asked again, and managers are told (else who gave it and who had it)."""
    state = t.waiting(event.path, event.attempt)
    owner = event.rung.removeprefix(UNTAKEN)
    if owner not in state.untaken:
        raise Refused("not_waiting")
    given = _given(state, owner)
    told = tuple(one for one in t.managers if one != owner) or distinct([given.by, given.owner])
    t.decide(Reminded(event.path, event.attempt, event.rung, (owner, *told), t.at))
    details = {"by": given.by, "owner": given.owner, "to": owner}
    t.say([Say(owner, Topic.HANDED, state.path, state.attempt, (TAKE, DECLINE), details=details)])
    details |= {"untaken": owner, "owners": owner, "rung": event.rung}
    t.say(
        Say(contact, Topic.ESCALATION, state.path, state.attempt, (REASSIGN,) if contact in t.managers else (), details=details)
        for contact in told
    )
    return None


def _taken(t: Transition, state: StepState) -> None:
    settled(t, state, t.actor)
    t.decide(HandoverTaken(state.path, state.attempt, t.actor, t.at))


def _decline(t: Transition, state: StepState, event: Take) -> None:
    if not event.reason.strip():
        raise Refused("reason_needed")
    given = _given(state, t.actor)
    settled(t, state, t.actor)
    t.drop_held(state.path, t.actor, t.actor)
    t.decide(HandoverDeclined(state.path, state.attempt, t.actor, given.owner, event.reason.strip(), t.at))
    details = {"by": t.actor, "owner": t.actor, "to": given.owner, "reason": event.reason.strip()}
    told = distinct([t.actor, given.owner, given.by, t.run.requester])
    t.say(Say(contact, Topic.HANDED, state.path, state.attempt, details=details) for contact in told)
    asked = prompt(t.flow, t.run, t.facts, t.run.steps[state.path])
    t.say([asked.to(given.owner, state)] if asked else ())


def _given(state: StepState, owner: str) -> Handover:
    """How `owner` came to have it."""
    return next(given for given in reversed(state.handovers) if given.to == owner)
