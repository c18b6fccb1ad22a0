"""A business's working time, and durations counted on it. Aware moments go in, UTC moments come out.

Wall times are read in the calendar's zone. A wall time that a clock change skips is the moment of the change; one that occurs
twice is its first occurrence. So a working span over a skipped hour is an hour shorter, over a repeated one an hour longer.
Working time is closed at both ends: the closing moment still counts as working time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from zoneinfo import ZoneInfo

from flows.model import Clock, Duration

DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)
NONE = timedelta()
SCALE = 1_000_000
MIDNIGHT = time()
MOST_COUNTED = 64

Spans = tuple[tuple[datetime, datetime], ...]
Week = Mapping[int, tuple[tuple[time, time], ...]]
Anchor = date | datetime | None
"""What a duration counts from: a date of the calendar, an aware moment, or (None) the opening."""

WORKING_WEEK: Week = {day: ((time(9), time(18)),) for day in range(6)}
"""Monday to Saturday, nine to six: what a business starts with."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Working time: `week` maps a weekday (Monday is 0) to its spans in order; a span that ends at 00:00 runs to midnight.

    Raises ValueError for an unknown zone, spans out of order, and a week without any working time.
    """

    zone: str
    week: Week
    holidays: frozenset[date] = frozenset()
    tz: ZoneInfo = field(init=False, repr=False, compare=False)
    known: dict[date, Spans] = field(init=False, repr=False, compare=False, default_factory=dict)
    counted: dict[datetime, tuple[date, int, int]] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "tz", ZoneInfo(self.zone))
        except (OSError, ValueError, KeyError) as error:
            raise ValueError(f"unknown time zone: {self.zone!r}") from error
        if not any(self.week.values()):
            raise ValueError("a calendar needs some working time")
        for day, spans in self.week.items():
            edges = [edge for start, end in spans for edge in (start, end if end != MIDNIGHT else time.max)]
            if day not in range(7) or edges != sorted(edges) or any(start == end != MIDNIGHT for start, end in spans):
                raise ValueError(f"working time of weekday {day} is out of order")

    def local(self, moment: datetime) -> datetime:
        """`moment` on the wall clock. Raises ValueError for a naive time."""
        if moment.tzinfo is None:
            raise ValueError("a moment must be aware")
        return moment.astimezone(self.tz)

    def moment(self, day: date, at: time) -> datetime:
        """The UTC moment of a wall time; see the module for skipped and repeated ones."""
        wall = datetime.combine(day, at.replace(fold=0))
        early = wall.replace(tzinfo=self.tz).astimezone(UTC)
        if early.astimezone(self.tz).replace(tzinfo=None) == wall:
            return early
        before, after = early - DAY, early  # skipped: the change lies between
        offset = after.astimezone(self.tz).utcoffset()
        while after - before > MICROSECOND:
            middle = before + (after - before) // 2
            before, after = (before, middle) if middle.astimezone(self.tz).utcoffset() == offset else (middle, after)
        return after

    def spans(self, day: date) -> Spans:
        """The working spans of one local day, as UTC moments in order; () on a holiday."""
        found = self.known.get(day)
        if found is None:
            found = self.known[day] = tuple(self._spans(day))
        return found

    def _spans(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        if day in self.holidays:
            return
        for opens, closes in self.week.get(day.weekday(), ()):
            start, end = self.moment(day, opens), self.moment(day if closes != MIDNIGHT else day + DAY, closes)
            if start < end:
                yield start, end

    def onward(self, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The working spans from `moment` on, the first one cut to start no earlier. Never ends."""
        for day in _days(self.local(moment).date(), 1):
            for start, end in self.spans(day):
                if end >= moment:
                    yield max(start, moment), end

    def back(self, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The working spans up to `moment`, latest first, the first one cut to end no later."""
        for day in _days(self.local(moment).date(), -1):
            for start, end in reversed(self.spans(day)):
                if start <= moment:
                    yield start, min(end, moment)

    def next_working(self, moment: datetime) -> datetime:
        """`moment` itself in working time, else the next opening."""
        return next(start for start, _ in self.onward(moment)).astimezone(UTC)

    def add_work(self, moment: datetime, amount: timedelta) -> datetime:
        """The moment by which `amount` of working time has passed since `moment` (negative: was still to come)."""
        for start, end in self.onward(moment) if amount >= NONE else self.back(moment):
            if end - start >= abs(amount):
                return ((start if amount >= NONE else end) + amount).astimezone(UTC)
            amount += (start - end) if amount >= NONE else (end - start)
        raise OverflowError("no working time is left")

    def work_between(self, start: datetime, end: datetime) -> timedelta:
        """How much working time lies between two moments; zero where `end` is not after `start`."""
        total = NONE
        for opens, closes in self.onward(start):
            if opens >= end:
                break
            total += min(closes, end) - opens
        return total

    def add_days(self, moment: datetime, days: Decimal) -> datetime:
        """`days` working days later: the same share of that day's working time (1 day from 15:00 is 15:00 on the next working
        day). A closing moment counts as the next opening. Counted to a millionth of a day."""
        day, done, whole = self._position(moment)
        over, rest = divmod(done * SCALE + int(days * SCALE) * whole, whole * SCALE)
        target = self.spans(self._working_day(day, over))
        left = self._worked(target) * rest // (whole * SCALE) * MICROSECOND
        for start, end in target:
            if left < end - start:
                return start + left
            left -= end - start
        raise OverflowError("no working time is left")

    def _position(self, moment: datetime) -> tuple[date, int, int]:
        """The working day that counting from `moment` begins on, how much of its working time has passed by then, and all of it. Kept
        for the last moments asked for: a due time and all rungs of its ladder count from the same one."""
        found = self.counted.get(moment)
        if found is None:
            opening = next(start for start, end in self.onward(moment) if start < end)
            day = self.local(opening).date()
            passed = tuple((start, min(end, opening)) for start, end in self.spans(day) if start < opening)
            if len(self.counted) > MOST_COUNTED:
                self.counted.clear()
            found = self.counted[moment] = day, self._worked(passed), self._worked(self.spans(day))
        return found

    def _working_day(self, day: date, over: int) -> date:
        left, step = abs(over), DAY if over >= 0 else -DAY
        while left or not self.spans(day):
            left -= bool(self.spans(day))
            day += step
        return day

    @staticmethod
    def _worked(spans: Spans) -> int:
        return sum((end - start for start, end in spans), NONE) // MICROSECOND

    def add_calendar_days(self, moment: datetime, days: Decimal) -> datetime:
        """The same wall time, `days` dates later; a part of a day is that part of 24 hours."""
        local = self.local(moment)
        return self.moment(local.date() + int(days) * DAY, local.time()) + scaled(DAY, days - int(days))

    def next_wall(self, moment: datetime, at: time) -> datetime:
        """The next time, strictly after `moment`, that the clock shows `at` on a day with working time."""
        for day in _days(self.local(moment).date(), 1):
            if self.spans(day) and (found := self.moment(day, at)) > moment:
                return found
        raise OverflowError("no working time is left")


def due(calendar: Calendar, opened: datetime, duration: Duration, anchor: Anchor = None) -> datetime:
    """When something opened at `opened` is due. With an `anchor` the duration counts from that moment, or from the end of that date,
    and `before` back from the moment, or from the start of the date; a wall time is that time on the date."""
    if isinstance(anchor, date) and not isinstance(anchor, datetime) and duration.clock is Clock.WALL:
        return calendar.moment(anchor, duration.at or MIDNIGHT)
    back = anchor is not None and duration.before
    return share(calendar, counted_from(calendar, opened, duration, anchor), duration, Decimal(-1 if back else 1))


def counted_from(calendar: Calendar, opened: datetime, duration: Duration, anchor: Anchor) -> datetime:
    """The moment that the duration counts from."""
    if anchor is None or isinstance(anchor, datetime):
        return anchor or opened
    return calendar.moment(anchor if duration.before else anchor + DAY, MIDNIGHT)


def share(calendar: Calendar, opened: datetime, duration: Duration, part: Decimal) -> datetime:
    """The moment at which `part` of the duration has passed, on the duration's own clock. Part of calendar days or of the time
    to a wall time is elapsed time. The anchor plays no role here: see `due`."""
    match duration.clock:
        case Clock.WORKING_HOURS:
            return calendar.add_work(opened, hours(duration.amount * part))
        case Clock.WORKING_DAYS:
            return calendar.add_days(opened, duration.amount * part)
        case Clock.HOURS:
            return opened.astimezone(UTC) + hours(duration.amount * part)
        case Clock.DAYS:
            if abs(part) == 1:
                return calendar.add_calendar_days(opened, duration.amount * part)
            return opened.astimezone(UTC) + scaled(calendar.add_calendar_days(opened, duration.amount) - opened, part)
        case Clock.WALL:
            return opened.astimezone(UTC) + scaled(calendar.next_wall(opened, duration.at or MIDNIGHT) - opened, part)


def hours(amount: Decimal) -> timedelta:
    """A decimal number of hours, exact to the microsecond."""
    return int(amount * 3600 * SCALE) * MICROSECOND


def scaled(span: timedelta, part: Decimal) -> timedelta:
    """`part` of a span, exact to the microsecond."""
    return int(span // MICROSECOND * part) * MICROSECOND


def _days(day: date, step: int) -> Iterator[date]:
    return (day + number * step * DAY for number in count())
