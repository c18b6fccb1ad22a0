"""Working time that changes under a run, and reminders that a reply makes needless."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from flows import Calendar
from flows.decided import Deferred, Rescheduled
from flows.effects import DropTimer
from flows.engine import commands, deferral
from flows.events import SYSTEM, Replan
from flows.model import Clock, Duration
from tests.flows import build as b
from tests.flows import play as w

HOLIDAY = Calendar(w.CALENDAR.zone, w.WEEK, w.CALENDAR.holidays | {date(2026, 3, 3)})
"""Tuesday is off too now."""


def changed(play: w.Play, calendar: Calendar = HOLIDAY, **climbed: tuple[str, ...]) -> w.Play:
    play.facts = replace(play.facts, calendar=calendar)
    return play.event(Replan(**play.about(SYSTEM), climbed=climbed))


def local(play: w.Play) -> dict[str, str]:
    return {rung: f"{w.CALENDAR.local(due):%a %H:%M}" for rung, due in play.timers.items()}


def begun(hours: str = "12", **more: Any) -> w.Play:
    step = b.approve("head", due=b.bh(hours), ladder=b.LADDER)
    return w.Play(b.flow(step, b.end(), **more)).begin()


def dropped(play: w.Play) -> list[str]:
    return [effect.rung for effect in play.effects if isinstance(effect, DropTimer)]


# --- working time changes ---------------------------------------------------------------------------------------------


def moved(play: w.Play) -> None:
    """The due time and every rung still to come follow the new calendar."""
    due = play.now.steps["approval"].due_at
    assert due is not None
    assert local(play) == {"half": "Mon 16:00", "most": "Thu 11:48", "due": "Thu 13:00", "late": "Thu 16:00"}
    assert (play.timers["due"], play.decided) == (due, (Rescheduled("approval", 1, due),))


def test_a_new_holiday_moves_the_due_time_and_what_is_still_to_come() -> None:
    """Twelve working hours from Monday 10:00; Tuesday and Wednesday are off."""
    play = begun()
    assert local(play) == {"half": "Mon 16:00", "most": "Tue 11:48", "due": "Tue 13:00", "late": "Tue 16:00"}
    moved(changed(play))


def test_planted_a_plan_that_is_forgotten_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "replan", lambda t, event: None)
    play = changed(begun())
    with pytest.raises(AssertionError):
        moved(play)


def test_what_was_climbed_stays_climbed() -> None:
    assert local(changed(begun(), approval=("half",))) == {"most": "Thu 11:48", "due": "Thu 13:00", "late": "Thu 16:00"}


def test_a_rung_that_has_fallen_away_is_dropped() -> None:
    """On elapsed time the 90% rung becomes one with the due one, over a longer night."""
    step = b.approve("head", due=Duration(Clock.HOURS, b.bh("24").amount), ladder=b.LADDER)
    play = w.Play(b.flow(step, b.end())).begin()
    assert local(play) == {"most": "Tue 09:00", "due": "Tue 10:00", "late": "Tue 16:00"}
    play = changed(play)
    assert local(play) == {"due": "Thu 09:00", "late": "Thu 09:00"}
    assert set(dropped(play)) == {"half", "most"}


def test_a_wait_and_a_stopped_step_stay() -> None:
    waiting = w.Play(b.flow(b.wait(Duration(Clock.WORKING_DAYS, b.bh("2").amount)), b.end())).begin()
    assert (changed(waiting).timers, waiting.decided) == ({}, ())
    stopped = w.Play(b.flow(b.do(due=b.bh("12"), ladder=b.LADDER), b.end()), facts=w.facts(people={"manager": ("mia",)})).begin()
    assert (changed(stopped).timers, stopped.decided) == ({}, ())


def test_a_document_renewed_ahead_of_its_last_day_keeps_that_day() -> None:
    step = b.collect("quotes", due=b.bh("12"), ladder=b.LADDER)
    play = w.Play(b.flow(step, b.end())).begin(items=b.lines("5000"))
    state, until = play.now.steps["papers"], w.MONDAY + timedelta(days=20)
    play.run = replace(play.now, steps={"papers": replace(state, renews=("quotes",), due_at=until)})
    assert (changed(play).timers, play.decided, play.now.steps["papers"].due_at) == ({}, (), until)
    play.run = replace(play.now, steps={"papers": replace(state, renews=("quotes",), returns_to=("approval",))})
    assert "due" in changed(play).timers


def test_the_same_working_time_changes_nothing() -> None:
    play = begun()
    timers = play.timers
    assert changed(play, w.CALENDAR).timers == timers
    assert play.decided == ()


def test_pace_and_what_was_left_out_are_kept() -> None:
    from tests.flows.test_engine_pace import URGENT

    play = w.Play(b.flow(b.ask("note", "vendor", due=b.bh("24"), ladder=b.LADDER), b.end(), pace=(URGENT,)))
    play.begin(urgency="high").skip("note")
    assert play.now.steps["request"].deferred == ("half",)
    assert local(changed(play)) == {"most": "Thu 11:48", "due": "Thu 13:00", "late": "Thu 16:00"}


# --- a reply defers one reminder --------------------------------------------------------------------------------------


def asked() -> w.Play:
    return w.Play(b.flow(b.ask("note", "vendor", "count", due=b.bh("8"), ladder=b.LADDER), b.end())).begin()


def test_an_answer_that_leaves_more_to_answer_defers_the_next_reminder() -> None:
    play = asked().skip("note")
    assert (play.now.steps["request"].deferred, dropped(play)) == (("half",), ["half"])
    assert play.decided[-1] == Deferred("request", 1, "half")


def test_a_second_answer_in_the_same_interval_defers_no_more() -> None:
    play = asked().skip("note").give(vendor="x")
    assert (play.now.steps["request"].deferred, dropped(play)) == (("half",), [])


def test_later_the_next_one_is_deferred() -> None:
    play = asked().skip("note")
    play.at += timedelta(hours=5)
    assert play.give(vendor="x").now.steps["request"].deferred == ("half", "most")


def never_the_due_one(play: w.Play) -> None:
    play.at = w.MONDAY + timedelta(hours=7, minutes=30)  # 17:30; due at 18:00
    play.comment("rita", "nearly there")
    assert dropped(play) == []
    assert play.now.steps["request"].deferred == ()


def test_what_is_due_and_who_hears_of_it_is_never_deferred() -> None:
    never_the_due_one(asked())


def test_planted_a_reply_that_defers_the_due_rung_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deferral, "reminders", lambda step: step.ladder)
    with pytest.raises(AssertionError):
        never_the_due_one(asked())


def test_a_comment_of_an_owner_defers_and_that_of_others_does_not() -> None:
    assert dropped(begun().comment("hana", "looking at it")) == ["half"]
    assert dropped(begun().comment("mia", "well?")) == []


def test_a_file_of_several_defers_and_one_that_finishes_needs_not() -> None:
    step = b.collect("quotes", due=b.bh("8"), ladder=b.LADDER)
    play = w.Play(b.flow(step, b.end())).begin(items=b.lines("200000"))
    assert dropped(play.file("quotes", "d1")) == ["half"]
    assert dropped(play.file("quotes", "d2").file("quotes", "d3")) == []


def test_nothing_is_deferred_by_time_itself() -> None:
    play = begun().fire("half")
    assert dropped(play) == []
