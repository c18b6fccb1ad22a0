"""The schedule step: free slots are offered, the owner takes one, both sides are told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from flows.calendar import DAY, MIDNIGHT, Calendar, due
from flows.decided import Booked, Offered
from flows.effects import Say, Topic
from flows.engine.fields import store
from flows.engine.people import distinct
from flows.engine.prompts import prompt
from flows.engine.transition import Next, Transition
from flows.engine.words import MORE_TIMES
from flows.errors import Refused
from flows.events import Book, Decide, Facts
from flows.model import Clock, Duration, Schedule, Wording
from flows.run import StepState
from flows.said import sentence
from flows.values import Value

SHOWN = 9
"""Slots offered at once: with "More times" they fill a list of ten."""
BOOKED = "booked"


def slots(calendar: Calendar, step: Schedule, opened: datetime, now: datetime) -> Iterator[datetime]:
    """Every slot of the step still ahead of `now`, in order: on working days, from `after` its opening until `within`. Counted in days,
    the last one counts whole."""
    first, last = due(calendar, opened, step.after), _until(calendar, opened, step.within)
    day = calendar.local(first).date()
    while (begins := calendar.moment(day, MIDNIGHT)) <= last:
        for at in step.at if calendar.spans(day) else ():
            moment = calendar.moment(day, at)
            if max(first, now) <= moment <= last and moment >= begins:
                yield moment
        day += DAY


def _until(calendar: Calendar, opened: datetime, within: Duration) -> datetime:
    last = due(calendar, opened, within)
    if within.clock not in (Clock.WORKING_DAYS, Clock.DAYS):
        return last
    return calendar.moment(calendar.local(last).date() + DAY, MIDNIGHT) - timedelta(microseconds=1)


def free(step: Schedule, facts: Facts, opened: datetime, now: datetime) -> list[datetime]:
    """The slots with room for one more."""
    taken = Counter(facts.booked.get(step.with_role, ()))
    return [slot for slot in slots(facts.calendar, step, opened, now) if taken[slot] < step.capacity]


def opened(t: Transition, step: Schedule, state: StepState) -> None:
    """Offer the first free slots."""
    _offer(t, step, state)


def choose(t: Transition, step: Schedule, event: Decide) -> None:
    """More times: those after the ones offered, from the first on again after the last."""
    state = t.owned(event.path, event.attempt)
    if event.choice != MORE_TIMES.key:
        raise Refused("unknown_choice")
    _offer(t, step, state, beyond=max(state.slots, default=None))


def book(t: Transition, event: Book) -> Next | None:
    """Take a slot. One that is no longer free is asked again, with others."""
    state, step = t.owned(event.path, event.attempt), t.flow.step(event.path)
    if not isinstance(step, Schedule):
        raise Refused("not_waiting")
    if event.slot not in free(step, t.facts, state.opened_at, t.at):
        _offer(t, step, state, taken=event.slot)
        return None
    local = t.facts.calendar.local(event.slot)
    t.decide(Booked(step.id, state.attempt, step.with_role, event.slot, step.minutes, t.actor))
    values: dict[str, Value] = {step.date_field: local.date(), step.time_field: f"{local:%H:%M}"}
    store(t, values, values)
    told = distinct([t.actor, *state.owners, *t.facts.people.get(step.with_role, ())])
    details = {"slot": event.slot.isoformat(), "by": t.actor}
    t.say(Say(contact, Topic.BOOKED, step.id, state.attempt, details=details) for contact in told)
    t.close(step.id, BOOKED, by=t.actor)
    return t.after(step.id)


def _offer(
    t: Transition, step: Schedule, state: StepState, *, beyond: datetime | None = None, taken: datetime | None = None
) -> None:
    """Put free slots to the owners (to who asked for others, only to them); where there is none a manager must find a way."""
    open_now = free(step, t.facts, state.opened_at, t.at)
    if not open_now:
        t.block(step.id, sentence("No time is free with {role} on the days that can be offered.", role=_title(t, step.with_role)))
        return
    later = [slot for slot in open_now if beyond is None or slot > beyond]
    t.decide(Offered(step.id, state.attempt, tuple((later or open_now)[:SHOWN])))
    asked = prompt(t.flow, t.run, t.facts, t.run.steps[step.id])
    assert asked is not None, "a schedule step asks for a slot"
    asked = asked.turned(Topic.SLOTS, taken=taken.isoformat()) if taken else asked
    to = state.owners if beyond is None and taken is None else (t.actor,)
    t.say(asked.to(owner, state) for owner in to)


def _title(t: Transition, role: str) -> Wording | str:
    return t.flow.roles.get(role, role)
