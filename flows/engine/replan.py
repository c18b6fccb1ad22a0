"""Working time has changed: what is still to come of each open step is timed again."""

from __future__ import annotations

from flows.decided import Rescheduled
from flows.effects import DropTimer, PlanTimer
from flows.engine.transition import Transition
from flows.events import Move, Replan
from flows.ladder import anchor_of, climb, due_at
from flows.model import Step, Wait
from flows.run import StepState, StepStatus


def replan(t: Transition, event: Replan | Move) -> None:
    """Every open step has its due time and the rungs not yet climbed worked out again from its opening, on the calendar as it is now.
    What hangs on a date stays."""
    for state in t.run.open_steps():
        step = t.flow.step(state.path)
        if state.status is StepStatus.OPEN and not dated(step, state) and (step.due or step.ladder):
            _again(t, step, state, event.climbed.get(state.path, ()))


def dated(step: Step, state: StepState) -> bool:
    """Whether a step is due at a date of its own, whatever its due time says: a wait, and a document renewed ahead of its last day."""
    return isinstance(step, Wait) or (bool(state.renews) and not state.returns_to)


def _again(t: Transition, step: Step, state: StepState, climbed: tuple[str, ...]) -> None:
    anchor, calendar = anchor_of(t.run, step.due), t.facts.calendar
    due = due_at(calendar, step, state.opened_at, anchor, state.pace)
    if due != state.due_at:
        t.decide(Rescheduled(step.id, state.attempt, due))
    over = {*climbed, *state.deferred}
    rungs = {rung.name: at for rung, at in climb(calendar, step, state.opened_at, due, anchor, state.pace)}
    for rung in step.ladder:
        if rung.name in over:
            continue
        if rung.name in rungs:
            t.effects.append(PlanTimer(step.id, state.attempt, rung.name, rungs[rung.name]))
        else:  # it is one with a later rung now, or would come before the opening
            t.effects.append(DropTimer(step.id, state.attempt, rung.name))
