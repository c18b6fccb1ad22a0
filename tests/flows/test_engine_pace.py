"""Due times that count from the run's start, a step or a date; rungs at an offset; urgency."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from flows.basics import Pace
from flows.model import Clock, Duration, FieldType, Rung
from tests.flows import build as b
from tests.flows import play as w

URGENT = Pace(b.rule("urgency == 'high'", lambda n: n["urgency"] == "high"), Decimal("0.5"))
CALM = Pace(b.rule("true", lambda n: True), Decimal(2))


def length(clock: Clock, amount: str, anchor: str = "", *, before: bool = False) -> Duration:
    return Duration(clock, Decimal(amount), anchor=anchor, before=before)


def begun(due: Duration | None = None, ladder: tuple[Rung, ...] = b.LADDER, pace: tuple[Pace, ...] = (), **values: Any) -> w.Play:
    """Asked on Monday at 10:00; the approval opens two hours of play later, at 12:00."""
    made = b.flow(b.ask("note", "vendor"), b.approve("head", due=due, ladder=ladder), b.end(), pace=pace)
    play = w.Play(replace(made, fields={**made.fields, "note": b.field_of("note", FieldType.TEXT)})).begin(**values)
    play.at += timedelta(minutes=58)
    play.give(note="n")
    play.at += timedelta(minutes=59)
    return play.give(vendor="x")


def local(play: w.Play) -> dict[str, str]:
    return {rung: f"{w.CALENDAR.local(due):%a %d %H:%M}" for rung, due in play.timers.items()}


def due_of(play: w.Play) -> str:
    at = play.now.steps["approval"].due_at
    assert at is not None
    return f"{w.CALENDAR.local(at):%a %d %H:%M}"


# --- what a due time counts from --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("duration", "due"),
    [
        (length(Clock.WORKING_HOURS, "4"), "Mon 02 15:59"),
        (length(Clock.WORKING_HOURS, "4", "start:"), "Mon 02 14:00"),
        (length(Clock.WORKING_DAYS, "1", "start:"), "Tue 03 10:00"),
        (length(Clock.WORKING_HOURS, "4", "step:request"), "Mon 02 15:59"),
        (length(Clock.WORKING_HOURS, "4", "step:approval"), "Mon 02 15:59"),
        (length(Clock.DAYS, "0", "need_by"), "Sat 14 00:00"),
        (length(Clock.DAYS, "0", "need_by", before=True), "Fri 13 00:00"),
    ],
    ids=["opening", "start", "start, days", "a step", "a step not done", "end of a date", "start of a date"],
)
def test_it_counts_from_its_anchor(duration: Duration, due: str) -> None:
    assert due_of(begun(duration, need_by=date(2026, 3, 13))) == due


def test_a_step_done_again_counts_from_the_last_time() -> None:
    made = b.flow(
        b.ask("vendor"), b.approve("head", id="first", send_back_to="request"),
        b.approve("finance", due=length(Clock.WORKING_HOURS, "4", "step:request")), b.end(),
    )  # fmt: skip
    play = w.Play(made).begin().give(vendor="x").decide("hana", "send_back", "first", "dearer")
    play.at += timedelta(hours=2)
    play.decide("rita", "submit", "request")
    play.at += timedelta(hours=1)
    assert due_of(play.decide("hana", "approve", "first")) == "Mon 02 16:03"


def test_rungs_that_were_due_before_the_step_opened_are_left_out() -> None:
    """Three working hours after the start, opened two in: half of it is past."""
    assert local(begun(length(Clock.WORKING_HOURS, "3", "start:"))) == {
        "most": "Mon 02 12:42", "due": "Mon 02 13:00", "late": "Mon 02 13:45",
    }  # fmt: skip


# --- rungs at an offset -----------------------------------------------------------------------------------------------


def rung(name: str, share: str, to: str, offset: Duration) -> Rung:
    return Rung(name, Decimal(share), to, offset)


AROUND = (
    rung("after1d", "0.5", "owner", length(Clock.DAYS, "1")),
    rung("before2d", "0.9", "owner", length(Clock.DAYS, "2", "due:", before=True)),
    rung("before9d", "0.9", "owner", length(Clock.DAYS, "9", "due:", before=True)),
    Rung("due", Decimal(1), "owner"),
    rung("late1bd", "1.5", "manager", length(Clock.WORKING_DAYS, "1", "due:")),
)


def test_offsets_count_from_the_opening_and_around_the_due_moment() -> None:
    """Due Monday 9 March; nine days before is before the opening. Rungs ring in working time."""
    assert local(begun(length(Clock.DAYS, "7"), AROUND)) == {
        "after1d": "Tue 03 11:59", "before2d": "Mon 09 09:00", "due": "Mon 09 11:59", "late1bd": "Tue 10 11:59",
    }  # fmt: skip


def test_without_a_due_time_only_what_counts_from_the_opening_rings() -> None:
    assert local(begun(None, AROUND)) == {"after1d": "Tue 03 11:59"}


def test_late_from_the_start_an_offset_after_the_due_moment_counts_from_the_opening() -> None:
    late = begun(length(Clock.DAYS, "1", "need_by", before=True), AROUND, need_by=date(2026, 2, 20))
    assert local(late) == {"after1d": "Tue 03 11:59", "due": "Mon 02 11:59", "late1bd": "Tue 03 11:59"}


# --- urgency ----------------------------------------------------------------------------------------------------------


def test_the_first_rule_that_holds_sets_the_pace() -> None:
    eight = b.bh("6")
    usual = begun(eight, pace=(URGENT,), urgency="low")
    fast = begun(eight, pace=(URGENT, CALM), urgency="high")
    assert (usual.now.steps["approval"].pace, due_of(usual)) == (100, "Mon 02 17:59")
    assert (fast.now.steps["approval"].pace, due_of(fast)) == (50, "Mon 02 14:59")
    assert local(fast)["half"] == "Mon 02 13:29"


def test_a_rule_over_a_missing_value_is_not_the_one() -> None:
    play = begun(b.bh("2"), pace=(URGENT, CALM))
    assert (play.now.steps["approval"].pace, due_of(play)) == (200, "Mon 02 15:59")


def test_offsets_are_paced_too() -> None:
    assert local(begun(length(Clock.DAYS, "14"), AROUND, (URGENT,), urgency="high")) == {
        "after1d": "Tue 03 09:00", "before2d": "Mon 09 09:00", "before9d": "Thu 05 09:00", "due": "Mon 09 11:59",
        "late1bd": "Mon 09 16:29",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("duration", "due"),
    [
        (length(Clock.WORKING_DAYS, "2", "need_by"), "Tue 17 09:00"),
        (length(Clock.WORKING_DAYS, "2", "need_by", before=True), "Wed 11 09:00"),
        (replace(length(Clock.WALL, "0", "need_by"), at=w.WEEK[0][0][1]), "Fri 13 18:00"),
    ],
    ids=["after", "before", "wall"],
)
def test_urgency_shortens_what_follows_a_date_and_never_leaves_more_time(duration: Duration, due: str) -> None:
    assert due_of(begun(duration, pace=(URGENT,), urgency="high", need_by=date(2026, 3, 13))) == due
