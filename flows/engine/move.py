"""A run goes on under another version of its flow: who is asked stays asked, and what is still to come is timed by the new version."""

from __future__ import annotations

from flows.decided import Moved, Rescheduled
from flows.effects import PlanTimer
from flows.engine.replan import replan
from flows.engine.transition import Transition
from flows.engine.wait import WAKE, until
from flows.errors import Refused
from flows.events import SYSTEM, Move
from flows.model import Wait
from flows.run import StepStatus


def move(t: Transition, event: Move) -> None:
    """`t.flow` is the version to move to; that it fits is found by `flows.move`, from both versions. Here only what would strand the
    run is refused: `cannot_move`, with the step."""
    if t.actor != SYSTEM and t.actor not in t.managers:
        raise Refused("not_yours")
    if t.run.cancelling is not None:
        raise Refused("cancelling", by=t.run.cancelling.by)
    for path in (*t.run.steps, *t.run.taken, *t.run.joined):
        if path not in t.flow.places:
            raise Refused("cannot_move", step=path)
    if t.flow.version == t.run.flow_version:
        raise Refused("same_version")
    t.decide(Moved(t.flow.version, t.actor, t.at))
    replan(t, event)
    for state in t.run.open_steps():
        step = t.flow.step(state.path)
        if isinstance(step, Wait) and state.status is StepStatus.OPEN:
            moment = until(t, step, state.opened_at)
            if moment is not None and moment != state.due_at:
                t.decide(Rescheduled(step.id, state.attempt, moment))
                t.effects.append(PlanTimer(step.id, state.attempt, WAKE, moment))
