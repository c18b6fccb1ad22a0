"""When a step is due, and when each rung of its ladder is climbed. Pure; all moments UTC."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from flows.calendar import Calendar, counted_from, due, scaled, share
from flows.model import Clock, Duration, Rung, Step

WORKING = (Clock.WORKING_HOURS, Clock.WORKING_DAYS)
LATE_DAY = Duration(Clock.WORKING_DAYS, Decimal(1))


def due_at(calendar: Calendar, step: Step, opened: datetime, anchor: date | None) -> datetime | None:
    """When the step is due, or None for one without a due time. `anchor` is the value of the date field its due time hangs on;
    where that is missing the time counts from the opening, so that nothing open goes unchased."""
    return None if step.due is None else due(calendar, opened, step.due, anchor)


def climb(calendar: Calendar, step: Step, opened: datetime, due_at: datetime, anchor: date | None) -> list[tuple[Rung, datetime]]:
    """Each rung with its moment: at that share of the allowed time, on the step's own clock; on clocks that run outside working
    time moved to the next working moment. Time counted after a date is shared out after that date. Of rungs that tell the same
    reader at the same moment only the last is kept, and a reminder that would come before the opening is left out."""
    last: dict[tuple[str, datetime], Rung] = {}
    for rung in sorted(step.ladder, key=lambda rung: rung.share):
        moment = _moment(calendar, step, opened, due_at, anchor, rung.share)
        if rung.share >= 1 or (opened < moment and opened < due_at):
            last[rung.to, moment] = rung
    return [(rung, moment) for (_, moment), rung in last.items()]


def _moment(calendar: Calendar, step: Step, opened: datetime, due_at: datetime, anchor: date | None, part: Decimal) -> datetime:
    duration = step.due
    assert duration is not None
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
