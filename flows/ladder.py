"""When a step is due, and when each rung of its ladder is climbed. Pure; all moments UTC."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from flows.calendar import Anchor, Calendar, counted_from, due, scaled, share
from flows.model import Clock, Duration, Rung, Step
from flows.run import Run, StepStatus

WORKING = (Clock.WORKING_HOURS, Clock.WORKING_DAYS)
LATE_DAY = Duration(Clock.WORKING_DAYS, Decimal(1))
START, STEP, DUE = "start:", "step:", "due:"


def anchor_of(run: Run, duration: Duration | None) -> Anchor:
    """What a duration counts from in this run: the value of its date field, the run's start, or when its step was last done; None for
    the opening, and where the field has no date or the step was never done."""
    name = duration.anchor if duration else ""
    if name == START:
        return run.started_at
    if name.startswith(STEP):
        states = (*run.history, *run.steps.values())
        done = [s.closed_at for s in states if s.path == name.removeprefix(STEP) and s.status is StepStatus.DONE and s.closed_at]
        return max(done, default=None)
    value = run.values.get(name)
    return value if isinstance(value, date) else None


def due_at(calendar: Calendar, step: Step, opened: datetime, anchor: Anchor, pace: int = 100) -> datetime | None:
    """When the step is due, or None for one without a due time. Where the `anchor` of its due time (see `anchor_of`) is missing it
    counts from the opening, so that nothing open goes unchased. `pace`: the percentage of the usual time."""
    return None if step.due is None else due(calendar, opened, _allowed(step.due, pace), anchor)


def climb(
    calendar: Calendar, step: Step, opened: datetime, due_at: datetime | None, anchor: Anchor, pace: int = 100
) -> list[tuple[Rung, datetime]]:
    """Each rung with its moment: at that share of the allowed time, on the step's own clock, or at its offset, on the offset's; on
    clocks that run outside working time moved to the next working moment. Time counted after a date is shared out after that date.
    Of rungs that tell the same reader at the same moment only the last is kept; one that would come before the opening is left
    out, and without a due time those that count from it."""
    planned: list[tuple[datetime, Decimal, Rung]] = []
    for rung in step.ladder:
        moment = moment_of(calendar, step, opened, due_at, anchor, pace, rung)
        if moment is not None:
            planned.append((moment, rung.share, rung))
    last = {(rung.to, moment): rung for moment, _, rung in sorted(planned, key=lambda each: each[:2])}
    return [(rung, moment) for (_, moment), rung in last.items()]


def moment_of(
    calendar: Calendar, step: Step, opened: datetime, due_at: datetime | None, anchor: Anchor, pace: int, rung: Rung
) -> datetime | None:
    """When one rung is climbed, as `climb` has it; None for one that is left out."""
    if due_at is None and (rung.offset is None or rung.offset.anchor):
        return None
    moment = _moment(calendar, step, opened, due_at or opened, anchor, rung, pace)
    in_time = opened < moment and (rung.offset is not None or due_at is None or opened < due_at)
    return moment if rung.share >= 1 or in_time else None


def _moment(
    calendar: Calendar, step: Step, opened: datetime, due_at: datetime, anchor: Anchor, rung: Rung, pace: int
) -> datetime:
    if rung.offset is not None:
        return _offset(calendar, opened, due_at, _paced(rung.offset, pace))
    assert step.due is not None
    duration, part = _allowed(step.due, pace), rung.share
    working = duration.clock in WORKING
    if due_at <= opened:  # late from the start: escalate as though a working day had been allowed
        return calendar.next_working(opened) if part <= 1 else share(calendar, opened, LATE_DAY, part - 1)
    if duration.amount and (anchor is None or not duration.before):
        moment = share(calendar, counted_from(calendar, opened, duration, anchor), duration, part)
    elif working:
        moment = calendar.add_work(opened, scaled(calendar.work_between(opened, due_at), part))
    else:
        moment = opened + scaled(due_at - opened, part)
    return moment if working else calendar.next_working(moment)


def _offset(calendar: Calendar, opened: datetime, due_at: datetime, offset: Duration) -> datetime:
    """So long after the opening, or around the due moment; what is late from the start is chased from its opening."""
    start = opened if not offset.anchor or (due_at < opened and not offset.before) else due_at
    moment = share(calendar, start, offset, Decimal(-1 if offset.before else 1))
    return moment if offset.clock in WORKING else calendar.next_working(moment)


def _allowed(duration: Duration, pace: int) -> Duration:
    """The time allowed at this pace. What is due before a date stays: less time before it would be more time to act."""
    return duration if duration.before else _paced(duration, pace)


def _paced(duration: Duration, pace: int) -> Duration:
    return duration if pace == 100 or duration.clock is Clock.WALL else replace(duration, amount=duration.amount * pace / 100)
