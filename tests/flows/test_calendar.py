"""Working time: days off, half days, the night when clocks change, and what holds for every calendar."""

from __future__ import annotations

import time as watch
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from flows import Calendar
from flows.calendar import WORKING_WEEK, due, share
from flows.model import Clock, Duration

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
OFFICE = {day: ((time(9), time(13)), (time(14), time(18))) for day in range(5)} | {5: ((time(9), time(13)),)}
NIGHTS = {day: ((time(0), time(6)), (time(22), time(0))) for day in range(7)}
ALWAYS = {day: ((time(0), time(0)),) for day in range(7)}
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")

KOLKATA = Calendar("Asia/Kolkata", OFFICE, frozenset({date(2026, 1, 26)}))


def at(calendar: Calendar, text: str, fold: int = 0) -> datetime:
    """`2026-03-02 10:00` on the calendar's wall, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=calendar.tz, fold=fold).astimezone(UTC)


def wall(calendar: Calendar, moment: datetime) -> str:
    return f"{calendar.local(moment):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-03-02 10:00", "2", "2026-03-02 12:00"),
        ("2026-03-02 12:00", "2", "2026-03-02 15:00"),
        ("2026-03-02 10:00", "7", "2026-03-02 18:00"),
        ("2026-03-02 10:00", "7.5", "2026-03-03 09:30"),
        ("2026-03-02 18:00", "1", "2026-03-03 10:00"),
        ("2026-03-02 23:00", "0", "2026-03-03 09:00"),
        ("2026-03-06 17:00", "4", "2026-03-07 12:00"),
        ("2026-03-07 12:00", "2", "2026-03-09 10:00"),
        ("2026-01-24 12:00", "2", "2026-01-27 10:00"),
        ("2026-03-03 10:00", "-2", "2026-03-02 17:00"),
        ("2026-03-09 09:30", "-1", "2026-03-07 12:30"),
    ],
)
def test_working_hours(start: str, hours: str, end: str) -> None:
    assert wall(KOLKATA, KOLKATA.add_work(at(KOLKATA, start), timedelta(hours=float(hours)))) == end


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-03-02 15:00", "1", "2026-03-03 15:00"),
        ("2026-03-02 09:00", "1", "2026-03-03 09:00"),
        ("2026-03-02 09:00", "0.5", "2026-03-02 14:00"),
        ("2026-03-02 20:00", "1", "2026-03-04 09:00"),
        ("2026-03-02 18:00", "1", "2026-03-04 09:00"),
        ("2026-03-06 14:00", "1", "2026-03-07 11:00"),
        ("2026-03-07 11:00", "1", "2026-03-09 14:00"),
        ("2026-01-24 09:00", "1", "2026-01-27 09:00"),
        ("2026-03-03 15:00", "-1", "2026-03-02 15:00"),
        ("2026-03-09 09:00", "-2", "2026-03-06 09:00"),
        ("2026-03-02 16:00", "10", "2026-03-13 16:00"),
    ],
)
def test_working_days_end_at_the_same_share_of_the_day(start: str, days: str, end: str) -> None:
    assert wall(KOLKATA, KOLKATA.add_days(at(KOLKATA, start), Decimal(days))) == end


@pytest.mark.parametrize(
    ("duration", "opened", "end"),
    [
        (Duration(Clock.HOURS, Decimal(48)), "2026-03-06 17:00", "2026-03-08 17:00"),
        (Duration(Clock.DAYS, Decimal(5)), "2026-03-06 17:00", "2026-03-11 17:00"),
        (Duration(Clock.DAYS, Decimal("1.5")), "2026-03-06 17:00", "2026-03-08 05:00"),
        (Duration(Clock.WALL, at=time(18)), "2026-03-06 17:00", "2026-03-06 18:00"),
        (Duration(Clock.WALL, at=time(18)), "2026-03-07 18:00", "2026-03-09 18:00"),
        (Duration(Clock.WORKING_HOURS, Decimal(4)), "2026-03-06 17:00", "2026-03-07 12:00"),
        (Duration(Clock.WORKING_DAYS, Decimal(1)), "2026-03-02 15:00", "2026-03-03 15:00"),
    ],
    ids=lambda value: value.clock.value if isinstance(value, Duration) else "",
)
def test_every_clock(duration: Duration, opened: str, end: str) -> None:
    assert wall(KOLKATA, due(KOLKATA, at(KOLKATA, opened), duration)) == end


# --- when clocks change -----------------------------------------------------------------------------------------------

SPRING = {"Europe/Berlin": "2026-03-29", "America/New_York": "2026-03-08", "Australia/Lord_Howe": "2026-10-04"}
AUTUMN = {"Europe/Berlin": "2026-10-25", "America/New_York": "2026-11-01", "Australia/Lord_Howe": "2026-04-05"}
JUMP = {"Europe/Berlin": 60, "America/New_York": 60, "Australia/Lord_Howe": 30}
SKIPPED = {"Europe/Berlin": time(2, 30), "America/New_York": time(2, 30), "Australia/Lord_Howe": time(2, 15)}
TWICE = {"Europe/Berlin": time(2, 30), "America/New_York": time(1, 30), "Australia/Lord_Howe": time(1, 45)}


@pytest.mark.parametrize("zone", JUMP)
def test_a_skipped_wall_time_is_the_moment_of_the_change(zone: str) -> None:
    calendar, day = Calendar(zone, ALWAYS), date.fromisoformat(SPRING[zone])
    change = calendar.moment(day, SKIPPED[zone])
    assert calendar.local(change - timedelta(microseconds=1)).time() == time(1, 59, 59, 999999)
    assert calendar.local(change).time() == (datetime.combine(day, time(2)) + JUMP[zone] * MINUTE).time()


@pytest.mark.parametrize("zone", JUMP)
def test_a_repeated_wall_time_is_its_first_occurrence(zone: str) -> None:
    calendar, day = Calendar(zone, ALWAYS), date.fromisoformat(AUTUMN[zone])
    first = calendar.moment(day, TWICE[zone])
    assert calendar.local(first).fold == 0
    assert calendar.local(first + JUMP[zone] * MINUTE).time() == TWICE[zone]
    assert calendar.moment(day, TWICE[zone].replace(fold=1)) == first


@pytest.mark.parametrize("zone", JUMP)
def test_a_night_shift_is_shorter_in_spring_and_longer_in_autumn(zone: str) -> None:
    calendar, jump = Calendar(zone, NIGHTS), JUMP[zone] * MINUTE
    for text, hours in ((SPRING[zone], 8 * HOUR - jump), (AUTUMN[zone], 8 * HOUR + jump)):
        day = date.fromisoformat(text)
        start, end = calendar.moment(day, time()), calendar.moment(day + timedelta(days=1), time())
        assert calendar.work_between(start, end) == hours


@pytest.mark.parametrize("zone", JUMP)
def test_days_keep_the_wall_time_and_hours_do_not(zone: str) -> None:
    calendar = Calendar(zone, ALWAYS)
    before = at(calendar, f"{SPRING[zone]} 12:00") - timedelta(days=1)
    noon = calendar.local(before).replace(hour=12, minute=0).astimezone(UTC)
    days, hours = Duration(Clock.DAYS, Decimal(1)), Duration(Clock.HOURS, Decimal(24))
    assert calendar.local(due(calendar, noon, days)).time() == time(12)
    assert due(calendar, noon, hours) - due(calendar, noon, days) == JUMP[zone] * MINUTE


def test_a_span_inside_the_skipped_hour_is_no_working_time_that_day() -> None:
    calendar = Calendar("Europe/Berlin", {6: ((time(2, 10), time(2, 50)),)})
    assert calendar.spans(date(2026, 3, 29)) == ()
    assert wall(calendar, calendar.next_working(at(calendar, "2026-03-28 12:00"))) == "2026-04-05 02:10"


# --- refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "week", "problem"),
    [
        ("Asia/Kolkata", {}, "working time"),
        ("Asia/Kolkata", {0: ()}, "working time"),
        ("Asia/Atlantis", OFFICE, "time zone"),
        ("", OFFICE, "time zone"),
        ("Asia/Kolkata", {0: ((time(18), time(9)),)}, "order"),
        ("Asia/Kolkata", {0: ((time(9), time(9)),)}, "order"),
        ("Asia/Kolkata", {0: ((time(9), time(14)), (time(13), time(18)))}, "order"),
        ("Asia/Kolkata", {7: ((time(9), time(18)),)}, "order"),
    ],
)
def test_calendars_that_cannot_be(zone: str, week: Any, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Calendar(zone, week)


def test_naive_times_are_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        KOLKATA.next_working(datetime(2026, 3, 2))  # noqa: DTZ001


def test_the_starting_week_is_monday_to_saturday() -> None:
    calendar = Calendar("Asia/Kolkata", WORKING_WEEK)
    assert wall(calendar, calendar.next_working(at(calendar, "2026-03-07 19:00"))) == "2026-03-09 09:00"


# --- for every calendar -----------------------------------------------------------------------------------------------

CALENDARS = [
    Calendar(zone, week, frozenset({date(2026, 3, 30), date(2026, 10, 5), date(2026, 11, 2)}))
    for zone in ZONES
    for week in (OFFICE, NIGHTS)
]
calendars = st.sampled_from(CALENDARS)
moments = st.datetimes(datetime(2026, 3, 1), datetime(2026, 11, 10)).map(lambda m: m.replace(microsecond=0, tzinfo=UTC))  # noqa: DTZ001
changes = [Calendar(zone, ALWAYS).moment(date.fromisoformat(day), time(2)) for zone, day in (*SPRING.items(), *AUTUMN.items())]
near_changes = st.tuples(st.sampled_from(changes), st.integers(-600, 600)).map(lambda pair: pair[0] + pair[1] * MINUTE)
starts = moments | near_changes
amounts = st.integers(0, 60 * 60).map(lambda minutes: minutes * MINUTE)
quickly = settings(max_examples=150, deadline=None, derandomize=True, database=None)


def in_working_time(calendar: Calendar, moment: datetime) -> bool:
    day = calendar.local(moment).date()
    return any(start <= moment <= end for near in (-1, 0, 1) for start, end in calendar.spans(day + near * timedelta(days=1)))


@quickly
@given(calendars, starts, amounts, amounts)
def test_working_hours_add_up_and_never_leave_working_time(
    calendar: Calendar, start: datetime, first: timedelta, second: timedelta
) -> None:
    both = calendar.add_work(start, first + second)
    assert calendar.add_work(calendar.add_work(start, first), second) == both
    assert in_working_time(calendar, both)
    assert calendar.work_between(start, both) == first + second
    assert both >= start


@quickly
@given(calendars, starts, starts, amounts)
def test_later_starts_end_no_earlier(calendar: Calendar, one: datetime, other: datetime, amount: timedelta) -> None:
    early, late = sorted((one, other))
    days = Decimal(amount // MINUTE) / 100
    assert calendar.next_working(early) <= calendar.next_working(late)
    assert calendar.add_work(early, amount) <= calendar.add_work(late, amount)
    assert calendar.add_days(early, days) <= calendar.add_days(late, days)


@quickly
@given(calendars, starts, amounts)
def test_going_back_undoes_going_on(calendar: Calendar, start: datetime, amount: timedelta) -> None:
    there = calendar.add_work(start, amount)
    back = calendar.add_work(there, -amount)
    assert calendar.work_between(back, there) == amount
    assert in_working_time(calendar, back)


@quickly
@given(calendars, starts, st.integers(-400, 1200), st.integers(0, 1200))
def test_working_days_add_up(calendar: Calendar, start: datetime, first: int, second: int) -> None:
    """Exact but for the microsecond that a share of a day is cut to."""
    one, other = Decimal(first) / 100, Decimal(second) / 100
    split, both = calendar.add_days(calendar.add_days(start, one), other), calendar.add_days(start, one + other)
    assert calendar.work_between(min(split, both), max(split, both)) <= timedelta(microseconds=4)
    assert in_working_time(calendar, both)


def agrees_with_minutes(phases: tuple[Phase, ...] = tuple(Phase)) -> None:
    """The independent reckoning: walk minute by minute and look at the wall clock's weekday and time only. A closing moment is
    as good as the next opening."""

    @settings(quickly, phases=phases)
    @given(calendars, starts, st.integers(0, 3000))
    def agrees(calendar: Calendar, start: datetime, minutes: int) -> None:
        expected, left = start.replace(second=0), minutes
        found = calendar.add_work(expected, minutes * MINUTE)
        while left or not _open(calendar, expected):
            left -= _open(calendar, expected)
            expected += MINUTE
        assert found <= expected
        assert not any(_open(calendar, found + number * MINUTE) for number in range((expected - found) // MINUTE))

    agrees()


def test_quick_counting_agrees_with_counting_minutes() -> None:
    agrees_with_minutes()


def _open(calendar: Calendar, moment: datetime) -> bool:
    local = calendar.local(moment)
    spans = () if local.date() in calendar.holidays else calendar.week.get(local.weekday(), ())
    return any(start <= local.time() and (end == time() or local.time() < end) for start, end in spans)


@quickly
@given(calendars, starts, st.sampled_from(list(Clock)), st.integers(1, 40))
def test_shares_rise_and_the_whole_is_due(calendar: Calendar, opened: datetime, clock: Clock, amount: int) -> None:
    duration = Duration(clock, Decimal(amount), at=time(18) if clock is Clock.WALL else None)
    parts = [share(calendar, opened, duration, Decimal(part)) for part in ("0.5", "0.9", "1", "1.25", "2")]
    assert parts == sorted(parts)
    assert parts[2] == due(calendar, opened, duration)
    assert all(moment.tzinfo is UTC for moment in parts)


def test_a_planted_bug_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wall times read at winter's offset all year: the reckoning by minutes finds it."""

    def winter(self: Calendar, day: date, at: time) -> datetime:
        offset = datetime(2026, 1, 1, tzinfo=self.tz).utcoffset() or timedelta()
        return datetime.combine(day, at).replace(tzinfo=UTC) - offset

    monkeypatch.setattr(Calendar, "moment", winter)
    for calendar in CALENDARS:
        calendar.known.clear()
    try:
        with pytest.raises(AssertionError):
            agrees_with_minutes((Phase.generate,))
    finally:
        for calendar in CALENDARS:
            calendar.known.clear()


def test_years_of_working_time_are_counted_quickly() -> None:
    started = watch.perf_counter()
    far = KOLKATA.add_work(at(KOLKATA, "2026-03-02 10:00"), timedelta(hours=20_000))
    assert far.year == 2034
    assert watch.perf_counter() - started < 1
