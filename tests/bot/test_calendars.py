"""The business's working time from its settings: what is taken, what is refused with what to write instead."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from bot.calendars import Business, business, business_of, week_of
from bot.config import Settings
from flows.calendar import WORKING_WEEK, due
from flows.model import Clock, Duration

TODAY = date(2026, 3, 2)
OFFICE = ((time(9), time(13)), (time(14), time(18)))


def own(country: str = "IN", **more: Any) -> Business:
    return business("Asia/Kolkata", country, "INR", TODAY, **more)


@pytest.mark.parametrize(
    ("text", "week"),
    [
        (
            "Mon-Fri 09:00-13:00 14:00-18:00, Sat 09:00-13:00",
            dict.fromkeys(range(5), OFFICE) | {5: ((time(9), time(13)),)},
        ),
        ("Sun-Thu 8:00-16:00", {day: ((time(8), time(16)),) for day in (0, 1, 2, 3, 6)}),
        ("monday 22:00-24:00,tuesday 00:00-06:00", {0: ((time(22), time(0)),), 1: ((time(0), time(6)),)}),
        ("Sat-Mon 00:00-24:00", {day: ((time(0), time(0)),) for day in (0, 5, 6)}),
    ],
)
def test_hours_are_read(text: str, week: dict[int, Any]) -> None:
    assert week_of(text) == week


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Mon", "“Mon” is not working time"),
        ("9 to 6", "“9 to 6” is not working time"),
        ("Mon-Fri 9-18", "is not working time"),
        ("Foo 09:00-10:00", "“Foo” is not a weekday"),
        ("Mon-Fri 09:00-25:00", "25:00 is not a time of day"),
        ("Mon 13:00-09:00", "out of order"),
        ("Mon 09:00-12:00 11:00-18:00", "out of order"),
        ("Mon 22:00-00:00 01:00-02:00", "out of order"),
        ("Mon 09:00-09:00", "out of order"),
        ("Mon 09:00-10:00, Sat-Mon 10:00-11:00", "Mon stands twice"),
        (",", "names no working time"),
    ],
)
def test_nonsense_is_named(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        week_of(text)


def test_nothing_set_is_monday_to_saturday_with_the_countrys_holidays() -> None:
    calendar = own().calendar
    assert calendar.week == WORKING_WEEK
    assert date(2026, 1, 26) in calendar.holidays
    assert own("").calendar.holidays == frozenset()


def test_a_state_has_holidays_of_its_own() -> None:
    day = date(2026, 9, 14)  # Ganesh Chaturthi
    assert day not in own().calendar.holidays
    assert day in own(state="MH").calendar.holidays
    assert day in own(state="Maharashtra").calendar.holidays


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"state": "ZZ"}, "BATON_STATE=ZZ is no state of IN with known holidays. Known are: AN, AP, AR, "),
        ({"country": "", "state": "MH"}, "BATON_STATE needs BATON_COUNTRY"),
        ({"country": "XX"}, "BATON_COUNTRY=XX is not a country code"),
        ({"days_off": "2026-12-24 christmas"}, "“christmas” is not a date"),
    ],
)
def test_unknown_places_and_days_are_named(settings: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        own(**settings)


def test_own_days_off_and_a_state_move_a_due_time() -> None:
    """One day of a business is one working day: from Saturday 12 September over Ganesh Chaturthi and an own bridge day."""
    opened, one_day = datetime(2026, 9, 12, 4, 30, tzinfo=UTC), Duration(Clock.WORKING_DAYS, Decimal(1))
    days = [
        due(each.calendar, opened, one_day).date() for each in (own(), own(state="MH"), own(state="MH", days_off="2026-09-15"))
    ]
    assert days == [date(2026, 9, day) for day in (14, 15, 16)]


def test_every_part_of_the_settings_is_in_the_digest() -> None:
    variants: list[dict[str, Any]] = [
        {}, {"country": ""}, {"state": "MH"}, {"days_off": "2026-12-24"}, {"days_off": "2026-12-24, 2026-12-31"},
        {"hours": "Mon-Sat 09:00-17:00"}, {"hours": "Mon-Sat 09:00-13:00 14:00-18:00"},
    ]  # fmt: skip
    digests = [own(**each).digest for each in variants]
    digests.append(business("Asia/Dubai", "IN", "INR", TODAY).digest)
    assert len(set(digests)) == len(variants) + 1
    assert own(hours="Mon-Sat 09:00-18:00").digest == own().digest


def test_the_settings_say_it_all() -> None:
    settings = Settings(
        _env_file=None, baton_zone="Asia/Dubai", baton_country="IN", baton_state="KL", baton_currency="AED",
        baton_hours="Sun-Thu 08:00-16:00", baton_days_off="2026-12-24",
    )  # fmt: skip
    expected = business("Asia/Dubai", "IN", "AED", TODAY, state="KL", hours="Sun-Thu 08:00-16:00", days_off="2026-12-24")
    assert business_of(settings, TODAY) == replace(expected, grace=settings.baton_undo_seconds)
