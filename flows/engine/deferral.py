"""A reply by an owner makes their next reminder needless."""

from __future__ import annotations

from flows.decided import Deferred
from flows.effects import DropTimer
from flows.engine.replan import dated
from flows.engine.transition import Transition
from flows.events import Comment, File, Give, Skip
from flows.ladder import anchor_of, moment_of
from flows.model import Rung, Step
from flows.run import StepState, StepStatus

OWNER = "owner"


def defer(t: Transition) -> None:
    """An owner was heard from while their step goes on: its next reminder to the owners is left out. One of each interval: that
    reminder stays the next until its moment has passed. What is due, and who is told of it then, stays."""
    for state in _heard(t):
        step = t.flow.step(state.path)
        if state.status is not StepStatus.OPEN or t.actor not in state.owners or dated(step, state):
            continue
        rung = next((rung for rung in reminders(step) if _ahead(t, step, state, rung)), None)
        if rung is not None and rung.name not in state.deferred:
            t.decide(Deferred(step.id, state.attempt, rung.name))
            t.effects.append(DropTimer(step.id, state.attempt, rung.name))


def reminders(step: Step) -> tuple[Rung, ...]:
    """The rungs on which owners are only reminded, in their order."""
    return tuple(rung for rung in step.ladder if rung.share < 1 and rung.to == OWNER)


def _ahead(t: Transition, step: Step, state: StepState, rung: Rung) -> bool:
    anchor = anchor_of(t.run, step.due)
    moment = moment_of(t.facts.calendar, step, state.opened_at, state.due_at, anchor, state.pace, rung)
    return moment is not None and moment > t.at


def _heard(t: Transition) -> tuple[StepState, ...]:
    """The step attempts that the event is about: of a comment, all that are open."""
    match t.event:
        case Comment():
            return t.run.open_steps()
        case Give(path=path, attempt=attempt) | Skip(path=path, attempt=attempt) | File(path=path, attempt=attempt):
            state = t.run.steps.get(path)
            return (state,) if state is not None and state.attempt == attempt else ()
    return ()
