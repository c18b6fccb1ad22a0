"""The wait step: until a moment; or until its owner has answered, whichever comes first."""

from __future__ import annotations

from datetime import date, datetime

from flows.calendar import due
from flows.effects import PlanTimer
from flows.engine.ask import ask_next
from flows.engine.parallel import tell_dropped
from flows.engine.people import distinct, nobody, resolve
from flows.engine.transition import Next, Transition
from flows.errors import Refused
from flows.events import Fire
from flows.model import Clock, Wait
from flows.run import StepState

WAKE, TIME = "wake", "time-up"


def begin(t: Transition, step: Wait, why: Next) -> Next | None:
    """Plan the moment that the run goes on by itself, and ask the owner, if any. A moment that has passed is not waited for."""
    until = _until(t, step)
    owners = distinct(resolve(t, step.owner)) if step.owner else ()
    if until is None:
        t.stop(step, why, f"It is not known until when to wait: there is no {_title(t, step.until.anchor)}.")
        return None
    if step.owner and not owners:
        t.stop(step, why, nobody(t.flow, step.owner))
        return None
    state = t.open(step, owners, why, until=until)
    if until > t.at and (not step.fields or ask_next(t, state, owners)):
        t.effects.append(PlanTimer(step.id, state.attempt, WAKE, until))
        return None
    t.close(step.id, TIME)
    return t.after(step.id)


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


def _until(t: Transition, step: Wait) -> datetime | None:
    """The moment on the step's own clock; None where the date that it hangs on is not known."""
    calendar, until = t.facts.calendar, step.until
    value = t.run.values.get(until.anchor)
    anchor = value if isinstance(value, date) else None
    if until.anchor and anchor is None:
        return None
    moment = due(calendar, t.at, until, anchor)
    return calendar.next_working(moment) if anchor and until.clock is Clock.WALL else moment


def _title(t: Transition, name: str) -> str:
    return t.flow.fields[name].title.text() if name in t.flow.fields else name
