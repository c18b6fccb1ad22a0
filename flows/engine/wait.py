"""The wait step: until a moment, until its owner has answered, or until a rule holds (a milestone), whichever comes first."""

from __future__ import annotations

from datetime import datetime

from flows.calendar import due
from flows.effects import PlanTimer
from flows.engine.ask import ask_next
from flows.engine.parallel import tell_dropped
from flows.engine.people import distinct, nobody, resolve
from flows.engine.scope import names
from flows.engine.transition import Next, Transition
from flows.errors import Refused, RuleError
from flows.events import Fire
from flows.ladder import anchor_of
from flows.model import Clock, Wait, Wording
from flows.run import StepState, StepStatus
from flows.said import sentence

WAKE = "wake"
TIME, ANSWERED, REACHED = "time-up", "answered", "reached"


def begin(t: Transition, step: Wait, why: Next) -> Next | None:
    """Plan the moment that the run goes on by itself, and ask the owner, if any. A moment that has passed is not waited for, nor is
    what is so already."""
    moment = until(t, step, t.at)
    owners = distinct(resolve(t, step.owner)) if step.owner else ()
    if moment is None:
        t.stop(
            step, why, sentence("It is not known until when to wait: there is no {title}.", title=_title(t, step.until.anchor))
        )
        return None
    if step.owner and not owners:
        t.stop(step, why, nobody(t.flow, step.owner))
        return None
    state = t.open(step, owners, why, until=moment)
    if outcome := _over(t, step, state, moment):
        t.close(step.id, outcome)
        return t.after(step.id)
    t.effects.append(PlanTimer(step.id, state.attempt, WAKE, moment))
    return None


def _over(t: Transition, step: Wait, state: StepState, moment: datetime) -> str:
    """Why there is nothing to wait for; "" where there is: then its owner is asked."""
    if _holds(t, step):
        return REACHED
    if moment <= t.at:
        return TIME
    return ANSWERED if step.fields and not ask_next(t, state, state.owners) else ""


def reached(t: Transition) -> Next | None:
    """The run has moved: go on behind the first open wait whose rule holds now."""
    for state in t.run.steps.values():
        step = t.flow.places[state.path].step
        if isinstance(step, Wait) and step.when is not None and state.status is StepStatus.OPEN and _holds(t, step):
            t.close(step.id, REACHED, by=t.actor)
            tell_dropped(t, state, "reached")
            return t.after(step.id)
    return None


def _holds(t: Transition, step: Wait) -> bool:
    """A rule that cannot be told, since a value is missing, does not hold yet."""
    if step.when is None:
        return False
    try:
        return step.when.evaluate(names(t.flow, t.run, t.facts)) is True
    except RuleError:
        return False


def wake(t: Transition, step: Wait, state: StepState, event: Fire) -> Next | None:
    """The moment has come. A timer that fires before it is planned again, so that no wait is lost or cut short."""
    if event.rung != WAKE or state.due_at is None:
        raise Refused("not_waiting")
    if t.at < state.due_at:
        t.effects.append(PlanTimer(step.id, state.attempt, WAKE, state.due_at))
        return None
    t.close(step.id, TIME)
    tell_dropped(t, state, "time")
    return t.after(step.id)


def until(t: Transition, step: Wait, opened: datetime) -> datetime | None:
    """The moment on the step's own clock; None where the date that it hangs on is not known."""
    calendar, duration = t.facts.calendar, step.until
    anchor = anchor_of(t.run, duration)
    if anchor is None and duration.anchor in t.flow.fields:
        return None
    moment = due(calendar, opened, duration, anchor)
    return calendar.next_working(moment) if anchor and duration.clock is Clock.WALL else moment


def _title(t: Transition, name: str) -> Wording | str:
    return t.flow.fields[name].title if name in t.flow.fields else name
