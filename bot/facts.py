"""Gathers what a transition needs from outside the run: people, calendar, numbers, look-ups, participants."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot import bookings
from bot.book import Published
from bot.calendars import Business
from bot.owning import CHANNEL_OF, people
from flows import Erased, Facts, Flow, Run, Value
from flows.values import to_json
from storage import Unit

WEEK = timedelta(days=7)


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
            person = unit.people.meet(CHANNEL_OF[kind], address, "", called if isinstance(called, str) else "", now)
            bound[name] = person.contact_id
    return Facts(
        **people(unit, flow, published.roles, published.words, known, run.requester if run else "", now),
        calendar=business.calendar,
        calendar_digest=business.digest,
        numbers={s: _number(s, unit.counters.peek(s), now, business.zone) for s in published.series},
        lookups=_lookups(unit, published, run, known, now),
        participants=bound,
        booked=bookings.taken(unit, flow, now),
        grace=business.grace,
    )


def _number(series: str, count: int, now: datetime, zone: str) -> str:
    return f"{series}-{now.astimezone(ZoneInfo(zone)).year}-{count:04d}"


def likeness(flow: Flow, values: Mapping[str, Value]) -> str:
    """What two runs of a flow about the same thing share, as a digest: the values of its `alike` fields ("" while one is missing),
    whatever their letter case; for a flow without them the vendor."""
    if not flow.alike:
        return vendor_key(values)
    parts = [values.get(name) for name in flow.alike]
    if any(part is None or isinstance(part, Erased) for part in parts):
        return ""
    told = json.dumps([to_json(part) for part in parts if part is not None], ensure_ascii=False)
    return hashlib.sha256(f"alike|{' '.join(told.casefold().split())}".encode()).hexdigest()[:32]


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
    """The look-ups that the flow's rules name: numbers of other runs of the flow about the same thing."""
    flow = published.flow
    key = likeness(flow, known) if flow.lookups else ""
    counted: dict[str, Callable[[], int]] = {
        "same_vendor_7d": lambda: unit.runs.alike(flow.id, key, own, since=now - WEEK),
        "alike_7d": lambda: unit.runs.alike(flow.id, key, own, since=now - WEEK),
        "alike_open": lambda: unit.runs.alike(flow.id, key, own, still_open=True),
        "alike_ever": lambda: unit.runs.alike(flow.id, key, own),
    }
    own = run.id if run else ""
    return {name: counted[name]() if key else 0 for name in flow.lookups}
