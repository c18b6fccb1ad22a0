"""The business's working time from its settings: hours, public holidays of its country and state, own days off."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, time

import holidays

from bot.config import Settings
from flows import Calendar
from flows.calendar import MIDNIGHT, WORKING_WEEK, Week

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAYS = re.compile(r"([a-z]{3})[a-z]*(?:\s*-\s*([a-z]{3})[a-z]*)?", re.IGNORECASE)
_SPAN = re.compile(r"(\d{1,2}):(\d\d)\s*-\s*(\d{1,2}):(\d\d)")
_GROUP = re.compile(rf"\s*({_DAYS.pattern})\s+({_SPAN.pattern}(?:\s+{_SPAN.pattern})*)\s*", re.IGNORECASE)
_HOURS_HINT = "Write it such as “Mon-Fri 09:00-13:00 14:00-18:00, Sat 09:00-13:00”."
STATES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Business:
    """The business's own settings: its zone, working calendar (with the digest it is recorded under), currency, and the `grace` in
    seconds in which a decision can be undone."""

    zone: str
    calendar: Calendar
    digest: str
    currency: str
    grace: int = 0


def business(
    zone: str, country: str, currency: str, today: date, *, state: str = "", hours: str = "", days_off: str = ""
) -> Business:
    """Working time as `hours` says (see `week_of`; "" for Monday to Saturday, nine to six), less the public holidays of `country`
    and its `state` for last year to the year after next (library `holidays`; "" for none), less `days_off` (ISO dates with blanks
    or commas between). Raises ValueError with what to write instead. The digest is another where any of it is."""
    week = week_of(hours) if hours.strip() else WORKING_WEEK
    off = _public(country, state, today) | frozenset(_dates(days_off))
    text = repr((zone, sorted(week.items()), sorted(off)))
    return Business(zone, Calendar(zone, week, off), hashlib.sha256(text.encode()).hexdigest()[:16], currency)


def business_of(settings: Settings, today: date) -> Business:
    """The same, as the settings have it."""
    own = business(
        settings.baton_zone, settings.baton_country, settings.baton_currency, today,
        state=settings.baton_state, hours=settings.baton_hours, days_off=settings.baton_days_off,
    )  # fmt: skip
    return replace(own, grace=settings.baton_undo_seconds)


def week_of(text: str) -> Week:
    """`Mon-Fri 09:00-13:00 14:00-18:00, Sat 09:00-13:00` as a week; 24:00 is midnight. Raises ValueError for anything else."""
    week: dict[int, tuple[tuple[time, time], ...]] = {}
    for group in filter(str.strip, text.split(",")):
        found = _GROUP.fullmatch(group)
        if not found:
            raise ValueError(f"BATON_HOURS: “{group.strip()}” is not working time. {_HOURS_HINT}")
        spans = _spans(group)
        for day in _days(found[2], found[3] or found[2]):
            if day in week:
                raise ValueError(f"BATON_HOURS: {DAYS[day].title()} stands twice. {_HOURS_HINT}")
            week[day] = spans
    if not week:
        raise ValueError(f"BATON_HOURS names no working time. {_HOURS_HINT}")
    return dict(sorted(week.items()))


def _days(first: str, last: str) -> Iterator[int]:
    """From one weekday up to another; `Sat-Mon` goes over the weekend."""
    for word in (first, last):
        if word.lower() not in DAYS:
            raise ValueError(f"BATON_HOURS: “{word}” is not a weekday. Write Mon, Tue, Wed, Thu, Fri, Sat or Sun.")
    start = DAYS.index(first.lower())
    return ((start + step) % 7 for step in range((DAYS.index(last.lower()) - start) % 7 + 1))


def _spans(group: str) -> tuple[tuple[time, time], ...]:
    spans = tuple((_clock(found[1], found[2]), _clock(found[3], found[4])) for found in _SPAN.finditer(group))
    edges = [edge for opens, closes in spans for edge in (opens, closes if closes != MIDNIGHT else time.max)]
    if edges != sorted(edges) or any(opens == closes != MIDNIGHT for opens, closes in spans):
        raise ValueError(f"BATON_HOURS: the times of “{group.strip()}” are out of order. {_HOURS_HINT}")
    return spans


def _clock(hour: str, minute: str) -> time:
    if (hour, minute) == ("24", "00"):
        return MIDNIGHT
    try:
        return time(int(hour), int(minute))
    except ValueError as error:
        raise ValueError(f"BATON_HOURS: {hour}:{minute} is not a time of day. {_HOURS_HINT}") from error


def _public(country: str, state: str, today: date) -> frozenset[date]:
    if not country:
        if state:
            raise ValueError("BATON_STATE needs BATON_COUNTRY beside it, such as IN.")
        return frozenset()
    years = range(today.year - 1, today.year + 3)
    try:
        of_country = holidays.country_holidays(country, years=years)
    except NotImplementedError as error:
        raise ValueError(f"BATON_COUNTRY={country} is not a country code with known holidays. Write one such as IN.") from error
    if not state:
        return frozenset(of_country)
    try:
        return frozenset(holidays.country_holidays(country, subdiv=state, years=years))
    except NotImplementedError as error:
        known = ", ".join(of_country.subdivisions[:STATES_SHOWN]) or "none"
        more = ", …" if len(of_country.subdivisions) > STATES_SHOWN else ""
        raise ValueError(
            f"BATON_STATE={state} is no state of {country} with known holidays. Known are: {known}{more}."
        ) from error


def _dates(text: str) -> Iterator[date]:
    for word in text.replace(",", " ").split():
        try:
            yield date.fromisoformat(word)
        except ValueError as error:
            raise ValueError(f"BATON_DAYS_OFF: “{word}” is not a date. Write dates such as 2026-12-24 2026-12-31.") from error
