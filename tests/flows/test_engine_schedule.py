"""The schedule step: what is offered, what can be taken, and what happens where somebody else was first."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows import Calendar, Flow, StepStatus, Topic
from flows.decided import Booked, Offered, ValueSet
from flows.engine import schedule
from flows.engine.words import MORE_TIMES, SLOT
from flows.events import Book
from flows.model import Clock, Duration, Field, FieldType, Schedule
from tests.flows import build as b
from tests.flows import play as w

AT = (time(10), time(11, 30), time(15))


def length(clock: Clock, amount: str) -> Duration:
    return Duration(clock, Decimal(amount))


def visit(**more: Any) -> Schedule:
    """With a tour of the school by the store's people, from tomorrow on, for five working days."""
    given = {"after": length(Clock.WORKING_DAYS, "1"), "within": length(Clock.WORKING_DAYS, "5"), "at": AT, "owner": "requester"}
    return Schedule(
        id="visit", title=b.words("Visit"), with_role="store", date_field="day", time_field="hour", **(given | more)
    )  # fmt: skip


def flow(step: Schedule | None = None) -> Flow:
    made = b.flow(step or visit(), b.approve("head", send_back_to="visit"), b.end())
    fields = {
        name: Field(name, kind, b.words(name), b.words(name))
        for name, kind in (("day", FieldType.DATE), ("hour", FieldType.TEXT))
    }
    return replace(made, fields={**made.fields, **fields})


def booked(*slots: datetime) -> Any:
    return w.facts(booked={"store": slots})


def local(day: int, hour: int, minute: int = 0) -> datetime:
    return w.CALENDAR.moment(date(2026, 3, day), time(hour, minute))


def shown(play: w.Play) -> list[str]:
    return [f"{w.CALENDAR.local(slot):%d %H:%M}" for slot in play.now.steps["visit"].slots]


def book(play: w.Play, slot: datetime, actor: str = "rita") -> w.Play:
    return play.event(Book(**play.here(actor, "visit"), slot=slot))


def test_slots_of_working_days_are_offered_nine_at_a_time() -> None:
    """Begun on Monday 2 March at 10:00: from Tuesday 10:00 on; Wednesday is a holiday, Saturday and Sunday are free."""
    play = w.Play(flow()).begin()
    assert shown(play) == [
        "03 10:00",
        "03 11:30",
        "03 15:00",
        "05 10:00",
        "05 11:30",
        "05 15:00",
        "06 10:00",
        "06 11:30",
        "06 15:00",
    ]
    say = play.told("rita") if len(play.says) == 1 else play.says[-1]
    assert (say.topic, w.keys(say)[0], w.keys(say)[-1]) == (Topic.SLOTS, SLOT + local(3, 10).isoformat(), MORE_TIMES.key)
    assert len(say.choices) == 10


def test_more_times_goes_on_and_round_again() -> None:
    play = w.Play(flow()).begin().decide("rita", MORE_TIMES.key, "visit")
    assert shown(play) == ["09 10:00", "09 11:30", "09 15:00", "10 10:00", "10 11:30", "10 15:00"]
    assert shown(play.decide("rita", MORE_TIMES.key, "visit"))[0] == "03 10:00"


def test_hours_count_to_the_minute_and_what_is_past_is_not_offered() -> None:
    play = w.Play(flow(visit(after=length(Clock.HOURS, "0.5"), within=length(Clock.HOURS, "27")))).begin()
    assert shown(play) == ["02 11:30", "02 15:00", "03 10:00", "03 11:30"]
    play.at = local(2, 15, 30)
    assert shown(play.decide("rita", MORE_TIMES.key, "visit")) == ["03 10:00", "03 11:30"]


def test_a_slot_taken_is_stored_and_both_sides_are_told() -> None:
    play = book(w.Play(flow()).begin(), local(5, 11, 30))
    assert Booked("visit", 1, "store", local(5, 11, 30), 30, "rita") in play.decided
    assert (play.now.values["day"], play.now.values["hour"]) == (date(2026, 3, 5), "11:30")
    assert {fact.by for fact in play.decided if isinstance(fact, ValueSet)} == {"rita"}
    assert [(say.to, say.details["slot"]) for say in play.says if say.topic is Topic.BOOKED] == [
        ("rita", local(5, 11, 30).isoformat()), ("sam", local(5, 11, 30).isoformat()),
    ]  # fmt: skip
    state = play.now.steps["visit"]
    assert (state.status, state.outcome, state.closed_by) == (StepStatus.DONE, "booked", "rita")
    assert play.now.open_steps()[0].path == "approval"


def test_a_slot_that_was_not_shown_yet_can_be_named() -> None:
    assert book(w.Play(flow()).begin(), local(10, 15)).now.values["day"] == date(2026, 3, 10)


def test_a_full_slot_is_not_offered_and_one_with_room_is() -> None:
    full = (local(3, 10), local(3, 10), local(3, 11, 30))
    play = w.Play(flow(visit(capacity=2)), facts=booked(*full)).begin()
    assert shown(play)[:2] == ["03 11:30", "03 15:00"]


def asked_again(play: w.Play, slot: datetime) -> None:
    """Nothing is booked; the owner is told so and sees what is free."""
    assert play.now.steps["visit"].status is StepStatus.OPEN
    assert "day" not in play.now.values
    assert not any(isinstance(fact, Booked) for fact in play.decided)
    say = play.told("rita")
    assert (say.topic, say.details["taken"]) == (Topic.SLOTS, slot.isoformat())
    assert SLOT + slot.isoformat() not in w.keys(say)
    assert len(w.keys(say)) == 10


def test_a_slot_that_somebody_else_took_meanwhile_is_asked_again() -> None:
    play = w.Play(flow()).begin()
    play.facts = booked(local(3, 10))
    asked_again(book(play, local(3, 10)), local(3, 10))


def test_planted_a_slot_taken_without_looking_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    play = w.Play(flow()).begin()
    play.facts = booked(local(3, 10))
    monkeypatch.setattr(
        schedule, "free", lambda step, facts, opened, now: list(schedule.slots(facts.calendar, step, opened, now))
    )
    with pytest.raises(AssertionError):
        asked_again(book(play, local(3, 10)), local(3, 10))


@pytest.mark.parametrize(
    "slot", [local(3, 10, 15), local(2, 15), local(4, 10), local(11, 10)], ids=["not one", "early", "holiday", "late"]
)
def test_what_is_no_slot_of_the_step_cannot_be_taken(slot: datetime) -> None:
    asked_again(book(w.Play(flow()).begin(), slot), slot)


def test_where_no_slot_is_left_a_manager_must_find_a_way() -> None:
    every = tuple(schedule.slots(w.CALENDAR, visit(), w.MONDAY, w.MONDAY))
    play = w.Play(flow(), facts=booked(*every)).begin()
    assert play.now.steps["visit"].status is StepStatus.BLOCKED
    assert play.says[-1].to == "mia"
    assert play.says[-1].details["reason"] == "No time is free with Store on the days that can be offered."
    play.facts = w.facts()
    assert shown(play.resume("mia", "visit"))[0] == "03 11:30"  # tried again after ten


def test_the_last_slot_gone_stops_it_too() -> None:
    play = w.Play(flow(visit(at=(time(10),), within=length(Clock.WORKING_DAYS, "1")))).begin()
    play.facts = booked(local(3, 10))
    assert book(play, local(3, 10)).now.steps["visit"].status is StepStatus.BLOCKED


def test_only_its_owner_takes_a_slot_and_only_once() -> None:
    play = w.Play(flow()).begin()
    w.refused("not_yours", lambda: book(play, local(3, 10), "sam"))
    w.refused("unknown_choice", lambda: play.decide("rita", "approve", "visit"))
    book(play, local(3, 10))
    w.refused("closed", lambda: book(play, local(3, 15)), by="rita")


def test_sent_back_it_is_offered_anew() -> None:
    play = book(w.Play(flow()).begin(), local(3, 10)).decide("hana", "send_back", reason="I am away")
    state = play.now.steps["visit"]
    assert (state.attempt, state.status, len(state.slots)) == (2, StepStatus.OPEN, 9)
    assert book(play, local(3, 15)).now.values["hour"] == "15:00"


def test_a_reminder_offers_them_again() -> None:
    play = w.Play(flow(visit(due=b.bh("8"), ladder=b.LADDER))).begin().fire("half", "visit")
    assert (play.told("rita").topic, len(play.told("rita").choices)) == (Topic.REMINDER, 10)
    assert any(isinstance(fact, Offered) for fact in play.decided) is False


zones = st.sampled_from(["Asia/Kolkata", "Europe/Berlin", "America/New_York"])
moments = st.integers(0, 400_000).map(lambda minutes: w.MONDAY + timedelta(minutes=minutes))


@settings(max_examples=60, deadline=None)
@given(zones, moments, st.integers(0, 3), st.integers(1, 6))
def test_every_slot_is_one_of_the_steps_wall_times_on_a_working_day_ahead(
    zone: str, now: datetime, after: int, more: int
) -> None:
    calendar = Calendar(zone, w.WEEK, w.CALENDAR.holidays)
    step = visit(after=length(Clock.WORKING_DAYS, str(after)), within=length(Clock.WORKING_DAYS, str(after + more)))
    found = list(schedule.slots(calendar, step, now, now))
    assert found == sorted(set(found))
    assert {calendar.local(slot).time() for slot in found} <= set(AT)
    assert all(calendar.spans(calendar.local(slot).date()) and slot >= now for slot in found)
    assert len({calendar.local(slot).date() for slot in found}) >= more
