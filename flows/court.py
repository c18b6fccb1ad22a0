"""In whose court the ball was, and for how long: with us, with others, or nobody's because the business was closed. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from flows.calendar import Calendar
from flows.run import Court, Run, StepState, StepStatus


@dataclass(frozen=True, slots=True)
class Courts:
    """The three parts of a run's time; they sum to the whole."""

    us: timedelta = timedelta()
    them: timedelta = timedelta()
    closed: timedelta = timedelta()


def courts(run: Run, calendar: Calendar, now: datetime) -> Courts:
    """How the time from the run's start until its end, or until `now`, is made up. Outside working time it is closed; within it
    others have it while every open step waits for them, and we have it otherwise (also while nothing is open, or a step has stopped).
    A step counts for whom it waited for last."""
    end = now if run.ended_at is None else run.ended_at
    states = (*run.history, *run.steps.values())
    inner = {at for s in states for at in (s.opened_at, s.closed_at) if at is not None and run.started_at < at < end}
    us = them = timedelta()
    for start, until in pairwise((run.started_at, *sorted(inner), end)):
        worked = calendar.work_between(start, until)
        if _theirs([s for s in states if s.opened_at <= start and (s.closed_at is None or s.closed_at > start)]):
            them += worked
        else:
            us += worked
    return Courts(us, them, max(end - run.started_at, timedelta()) - us - them)


def _theirs(waiting: list[StepState]) -> bool:
    return bool(waiting) and all(s.court is Court.THEM and s.status is not StepStatus.BLOCKED for s in waiting)
