"""Gathers what a transition needs from outside the run: people, calendar, numbers, look-ups, participants."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import holidays as holiday_dates

from bot.book import Published
from flows import Calendar, Facts, Run, Value
from flows.calendar import WORKING_WEEK
from storage import Unit


@dataclass(frozen=True, slots=True)
class Business:
    """The business's own settings: its zone, working calendar (with the digest it is recorded under) and currency."""

    zone: str
    calendar: Calendar
    digest: str
    currency: str


def business(zone: str, country: str, currency: str, today: date) -> Business:
    """Working hours Monday to Saturday as in `flows.calendar.WORKING_WEEK`; public holidays of `country` for last year to the year
    after next (library `holidays`). Raises ValueError for an unknown country."""
    years = range(today.year - 1, today.year + 3)
    try:
        off = frozenset(holiday_dates.country_holidays(country, years=years)) if country else frozenset()
    except NotImplementedError as error:
        raise ValueError(f"BATON_COUNTRY={country} is not a country code with known holidays. Write one such as IN.") from error
    text = repr((zone, sorted(WORKING_WEEK.items()), sorted(off)))
    return Business(zone, Calendar(zone, WORKING_WEEK, off), hashlib.sha256(text.encode()).hexdigest()[:16], currency)


_CHANNEL_OF = {"email": "email", "phone": "whatsapp"}


def gather(
    unit: Unit, published: Published, run: Run | None, values: Mapping[str, Value], business: Business, now: datetime
) -> Facts:
    """The facts for one event on `run` (None: it begins now), where `values` come with the event."""
    flow = published.flow
    known: dict[str, Value] = {**(run.values if run else {}), **values}
    bound: dict[str, str] = {}
    for name, participant in flow.participants.items():
        address = known.get(participant.address_field)
        if isinstance(address, str) and address:
            kind = flow.fields[participant.address_field].type.value
            called = known.get(participant.name_field, "")
            person = unit.people.meet(_CHANNEL_OF[kind], address, "", called if isinstance(called, str) else "", now)
            bound[name] = person.contact_id
    return Facts(
        people=unit.people.holders(published.roles),
        calendar=business.calendar,
        calendar_digest=business.digest,
        numbers={s: _number(s, unit.counters.peek(s), now, business.zone) for s in published.series},
        lookups=_lookups(unit, published, run, known, now),
        participants=bound,
    )


def _number(series: str, count: int, now: datetime, zone: str) -> str:
    return f"{series}-{now.astimezone(ZoneInfo(zone)).year}-{count:04d}"


def vendor_key(values: Mapping[str, Value]) -> str:
    """What tells one vendor from another across runs: GSTIN where given, else the address or the name, as a digest."""
    for name in ("gstin", "vendor_email", "vendor"):
        value = values.get(name)
        if isinstance(value, str) and value:
            return hashlib.sha256(f"vendor|{value.strip().casefold()}".encode()).hexdigest()[:32]
    return ""


def _lookups(
    unit: Unit, published: Published, run: Run | None, known: Mapping[str, Value], now: datetime
) -> dict[str, int | str | bool]:
    """The look-ups that flows may name. `same_vendor_7d`: other requests to this vendor in the last seven days."""
    if "same_vendor_7d" not in published.flow.lookups:
        return {}
    key = vendor_key(known)
    since = now - timedelta(days=7)
    count = unit.runs.lookup_same_vendor(published.flow.id, key, since, run.id if run else "") if key else 0
    return {"same_vendor_7d": count}
