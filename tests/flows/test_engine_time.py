"""Due times, the ladder of reminders, blocked steps, cancelling."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from typing import Any

import pytest

from flows import DropTimers, Status, StepStatus, Topic
from flows.decided import Reminded
from flows.model import Clock, Duration, Rung
from tests.flows import build as b
from tests.flows import play as w

HALF, MOST, DUE, LATE = "half", "most", "due", "late"
WAIT = Topic.APPROVE


def begun(due: Duration | None = None, *, ladder: tuple[Rung, ...] = b.LADDER, **values: Any) -> w.Play:
    step = b.approve("head", due=due or b.bh("8"), ladder=ladder)
    play = w.Play(b.flow(b.ask("vendor"), step, b.end()))
    return play.begin(vendor="x", **values)


def local(play: w.Play) -> dict[str, str]:
    return {rung: f"{w.CALENDAR.local(due):%a %H:%M}" for rung, due in play.timers.items()}


def test_rungs_are_planned_on_the_steps_own_clock() -> None:
    """Monday 10:00, 8 working hours of 9:00 to 18:00: due at 18:00; a quarter more is Tuesday morning."""
    assert local(begun()) == {HALF: "Mon 14:00", MOST: "Mon 17:12", DUE: "Mon 18:00", LATE: "Tue 11:00"}


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        (Duration(Clock.WORKING_DAYS, Decimal(1)), {HALF: "Mon 14:30", MOST: "Tue 09:06", DUE: "Tue 10:00", LATE: "Tue 12:15"}),
        (Duration(Clock.HOURS, Decimal(16)), {HALF: "Mon 18:00", DUE: "Tue 09:00", LATE: "Tue 09:00"}),
        (Duration(Clock.DAYS, Decimal(1)), {MOST: "Tue 09:00", DUE: "Tue 10:00", LATE: "Tue 16:00"}),
        (Duration(Clock.WALL, at=time(16)), {HALF: "Mon 13:00", MOST: "Mon 15:24", DUE: "Mon 16:00", LATE: "Mon 17:30"}),
    ],
    ids=["bd", "h", "d", "wall"],
)
def test_other_clocks_ring_in_working_time_and_once_a_reader(due: Duration, expected: dict[str, str]) -> None:
    assert local(begun(due)) == expected


def test_wednesday_is_a_holiday() -> None:
    play = begun(Duration(Clock.WORKING_DAYS, Decimal(2)))
    assert local(play)[DUE] == "Thu 10:00"


@pytest.mark.parametrize(
    ("duration", "due"),
    [
        (Duration(Clock.WORKING_DAYS, Decimal(1), anchor="need_by"), "Tue 17 09:00"),
        (Duration(Clock.WORKING_DAYS, Decimal(1), anchor="need_by", before=True), "Thu 12 09:00"),
        (Duration(Clock.DAYS, Decimal(2), anchor="need_by", before=True), "Wed 11 00:00"),
        (Duration(Clock.HOURS, Decimal(6), anchor="need_by"), "Sat 14 06:00"),
        (Duration(Clock.WALL, at=time(18), anchor="need_by"), "Fri 13 18:00"),
    ],
    ids=["after", "before", "days before", "hours after", "on the day"],
)
def test_due_times_hang_on_a_date(duration: Duration, due: str) -> None:
    """Need by Friday 13 March: after counts from the day's end, before from its start."""
    play = begun(duration, need_by=date(2026, 3, 13))
    at = play.now.steps["approval"].due_at
    assert at is not None
    assert f"{w.CALENDAR.local(at):%a %d %H:%M}" == due
    moments = list(play.timers.values())
    assert moments == sorted(moments)
    assert all(w.CALENDAR.next_working(moment) == moment for moment in moments)


def test_time_after_a_date_is_shared_out_after_it() -> None:
    """One working day after Friday 13 March, asked for on the 2nd: nobody is chased before the 14th."""
    play = begun(Duration(Clock.WORKING_DAYS, Decimal(1), anchor="need_by"), need_by=date(2026, 3, 13))
    assert [f"{w.CALENDAR.local(at):%d %H:%M}" for at in play.timers.values()] == ["16 13:30", "16 17:06", "17 09:00", "17 11:15"]


def test_without_its_date_a_step_counts_from_its_opening() -> None:
    play = begun(Duration(Clock.WORKING_HOURS, Decimal(8), anchor="need_by"))
    assert local(play)[DUE] == "Mon 18:00"


def test_a_step_that_opens_late_is_overdue_at_once_and_escalates() -> None:
    ladder = (*b.LADDER, Rung("very", Decimal(2), "director"))
    play = begun(Duration(Clock.DAYS, Decimal(1), anchor="need_by", before=True), ladder=ladder, need_by=date(2026, 3, 1))
    assert local(play) == {DUE: "Mon 10:00", LATE: "Mon 12:15", "very": "Tue 10:00"}


def test_a_step_without_a_due_time_rings_never() -> None:
    assert w.Play(b.flow(b.ask("vendor", ladder=b.LADDER), b.end())).begin().timers == {}


# --- firing -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rung", "topic"), [(HALF, Topic.REMINDER), (MOST, Topic.REMINDER), (DUE, Topic.OVERDUE)])
def test_owners_are_asked_the_same_again(rung: str, topic: Topic) -> None:
    play = begun().fire(rung)
    assert [(say.to, say.topic, w.keys(say)) for say in play.says] == [
        ("hana", topic, ["approve", "reject"]),
        ("hugo", topic, ["approve", "reject"]),
    ]
    assert play.told("hana").details == {"rung": rung, "owners": "hana,hugo"}
    assert play.decided == (Reminded("approval", 1, rung, ("hana", "hugo"), play.at),)
    assert play.now.steps["approval"].status is StepStatus.OPEN


def test_the_manager_hears_who_is_late_and_gets_no_buttons() -> None:
    say = begun().fire(LATE).told("mia")
    assert (say.topic, say.choices, say.details["owners"]) == (Topic.ESCALATION, (), "hana,hugo")


def test_a_manager_who_owns_the_step_gets_the_buttons() -> None:
    play = w.Play(b.flow(b.approve("manager", due=b.bh("1"), ladder=b.LADDER), b.end())).begin().fire(LATE)
    assert w.keys(play.told("mia")) == ["approve", "reject"]


def test_a_reminder_asks_the_field_that_is_open_now() -> None:
    play = w.Play(b.flow(b.ask("vendor", "urgency", due=b.bh("1"), ladder=b.LADDER), b.end())).begin().give(vendor="x")
    say = play.fire(HALF, "request").told("rita")
    assert (say.asks, w.keys(say)) == ("urgency", ["low", "high"])


def test_who_voted_is_not_reminded() -> None:
    step = b.approve("committee", policy=b.Policy.N_OF_M, needed=2, due=b.bh("1"), ladder=b.LADDER)
    play = w.Play(b.flow(step, b.end())).begin().decide("fay", "approve").fire(HALF)
    assert [say.to for say in play.says] == ["hana", "dora"]


def test_timers_of_closed_attempts_and_unknown_rungs_are_refused() -> None:
    play = w.Play(b.flow(b.approve("head", due=b.bh("1"), ladder=b.LADDER), b.do(), b.end())).begin()
    w.refused("not_waiting", lambda: play.fire("never"))
    play.decide("hana", "approve")
    assert DropTimers("approval", 1) in play.effects
    w.refused("closed", lambda: play.fire(HALF), by="hana")


# --- blocked, resumed, cancelled --------------------------------------------------------------------------------------


def stuck(people: dict[str, tuple[str, ...]] | None = None) -> w.Play:
    facts = w.facts(people=w.PEOPLE | {"store": ()} | (people or {}))
    return w.Play(b.flow(b.do(due=b.bh("1"), ladder=b.LADDER), b.end()), facts=facts).begin()


def test_a_blocked_step_is_the_managers_and_rings_no_more() -> None:
    play = stuck()
    assert play.now.steps["work"].owners == ("mia",)
    assert play.timers == {}
    w.refused("blocked", lambda: play.decide("mia", "ok", "work"), reason="Nobody holds the role Store.")
    w.refused("blocked", lambda: play.fire(HALF, "work"))


def test_mended_it_is_tried_again_as_a_new_attempt() -> None:
    play = stuck()
    w.refused("not_yours", lambda: play.resume("rita", "work"))
    play.facts = w.facts()
    play.resume("mia", "work")
    assert (play.now.steps["work"].attempt, play.now.steps["work"].owners) == (2, ("sam",))
    assert set(play.timers) == {HALF, MOST, DUE, LATE}
    w.refused("not_waiting", lambda: play.resume("mia", "work"))
    w.refused("closed", lambda: play.resume("mia", "work", attempt=1), by="mia", choice="retry")


def test_not_mended_it_stops_again() -> None:
    play = stuck().resume("mia", "work")
    assert play.now.steps["work"].status is StepStatus.BLOCKED
    assert play.told("mia").attempt == 2


def test_without_a_manager_it_is_still_shown_and_a_later_manager_mends_it() -> None:
    play = stuck({"manager": ()})
    assert (play.now.open_steps()[0].owners, play.says[1:]) == ((), [])
    play.facts = w.facts()
    assert play.resume("mia", "work").now.steps["work"].owners == ("sam",)


def test_who_sent_a_step_back_is_remembered_over_a_block() -> None:
    made = b.flow(b.ask("vendor", owner="store"), b.approve("head", send_back_to="request"), b.end())
    play = w.Play(made).begin().give("sam", vendor="x")
    play.facts = w.facts(people=w.PEOPLE | {"store": ()})
    play.decide("hana", "send_back", reason="cheaper")
    play.facts = w.facts()
    assert play.resume("mia", "request").told("sam").topic is Topic.SENT_BACK


@pytest.mark.parametrize("actor", ["rita", "mia"])
def test_requester_and_manager_may_cancel(actor: str) -> None:
    play = begun().cancel(actor, "bought elsewhere")
    assert (play.now.status, play.now.outcome) == (Status.CANCELLED, "cancelled")
    assert play.now.steps["approval"].status is StepStatus.CANCELLED
    assert {say.to for say in play.says} == {"hana", "hugo", "rita", actor}
    assert {(say.topic, say.details["reason"]) for say in play.says} == {(Topic.CANCELLED, "bought elsewhere")}
    assert DropTimers("approval", 1) in play.effects


@pytest.mark.parametrize("actor", ["hana", "sam", "stranger"])
def test_nobody_else_may(actor: str) -> None:
    w.refused("not_yours", lambda: begun().cancel(actor))


def test_a_blocked_run_can_be_cancelled() -> None:
    play = stuck().cancel("mia")
    assert play.now.open_steps() == ()
    assert {say.to for say in play.says} == {"mia", "rita"}
