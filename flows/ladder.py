"""When a step is due, and when each rung of its ladder is climbed. Pure; all moments UTC."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from flows.calendar import Calendar, due, scaled, share
from flows.model import Clock, Duration, Rung, Step

WORKING = (Clock.WORKING_HOURS, Clock.WORKING_DAYS)
LATE_DAY = Duration(Clock.WORKING_DAYS, Decimal(1))


def due_at(calendar: Calendar, step: Step, opened: datetime, anchor: date | None) -> datetime | None:
    """When the step is due, or None for one without a due time. `anchor` is the value of the date field its due time hangs on;
    where that is missing the time counts from the opening, so that nothing open goes unchased."""
    return None if step.due is None else due(calendar, opened, step.due, anchor)


def climb(calendar: Calendar, step: Step, opened: datetime, due_at: datetime, anchor: date | None) -> list[tuple[Rung, datetime]]:
    """Each rung with its moment: at that share of the allowed time, on the step's own clock; on clocks that run outside working
    time moved to the next working moment. Of rungs that tell the same reader at the same moment only the last is kept, and a step
    that opens overdue skips the reminders before its due time."""
    at = {rung: _moment(calendar, step, opened, due_at, anchor, rung.share) for rung in step.ladder}
    if due_at <= opened:
        at = {rung: moment for rung, moment in at.items() if rung.share >= 1}
    last = {(rung.to, moment): rung for rung, moment in sorted(at.items(), key=lambda pair: pair[0].share)}
    return [(rung, moment) for (_, moment), rung in last.items()]


def _moment(calendar: Calendar, step: Step, opened: datetime, due_at: datetime, anchor: date | None, part: Decimal) -> datetime:
    assert step.due is not None
    if due_at <= opened:  # late from the start: escalate as though a working day had been allowed
        return calendar.next_working(opened) if part <= 1 else share(calendar, opened, LATE_DAY, part - 1)
    if step.due.clock in WORKING:
        if anchor is None:
            return share(calendar, opened, step.due, part)
        return calendar.add_work(opened, scaled(calendar.work_between(opened, due_at), part))
    return calendar.next_working(opened + scaled(due_at - opened, part))
