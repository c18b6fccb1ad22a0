"""Several blocks at once, and waiting: what is open, what joins, what is dropped, and that time goes on by itself."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest

from flows import DropTimers, PlanTimer, Status, StepStatus, Topic
from flows.model import Clock, Duration, Flow, Policy
from tests.flows import build as b
from tests.flows import play as w


def three(needed: int) -> Flow:
    work = [b.do(id=name, owner=owner, due=b.bh("4"), ladder=b.LADDER) for name, owner in
            (("left", "store"), ("middle", "finance"), ("right", "director"))]  # fmt: skip
    return b.flow(b.parallel(*((step,) for step in work), needed=needed), b.approve("head"), b.end())


def on(play: w.Play) -> list[str]:
    return [state.path for state in play.now.open_steps()]


OWNER = {"left": "sam", "middle": "fay", "right": "dora"}


@pytest.mark.parametrize("needed", [1, 2, 3])
def test_enough_blocks_join_and_the_rest_is_dropped_with_its_timers_and_told(needed: int) -> None:
    play = w.Play(three(needed)).begin()
    assert on(play) == ["left", "middle", "right"]
    for number, path in enumerate(["right", "left", "middle"][:needed], start=1):
        assert "approval" not in on(play)
        play.decide(OWNER[path], "ok", path)
        assert ("approval" in on(play)) == (number == needed)
    assert on(play) == ["approval"]
    dropped = [state.path for state in play.now.steps.values() if state.outcome == "not-needed"]
    assert len(dropped) == 3 - needed
    for path in dropped:
        assert DropTimers(path, 1) in play.effects
        assert (OWNER[path], Topic.DROPPED, path) in play.said
        w.refused("closed", lambda path=path: play.decide(OWNER[path], "ok", path), choice="not-needed")  # type: ignore[misc]


def test_blocks_that_are_through_at_once_join_before_the_others_begin() -> None:
    told = b.notify("finance", attach=())
    play = w.Play(b.flow(b.parallel((told,), (b.do(),), needed=1), b.approve("head"), b.end())).begin()
    assert on(play) == ["approval"]
    assert "work" not in play.now.steps


def test_a_parallel_step_in_a_branch_in_a_parallel_step() -> None:
    inner = b.parallel((b.do(id="one"),), (b.do(id="two"),), id="inner")
    play = w.Play(
        b.flow(b.parallel((b.branch(b.case("all", None, inner)), b.do(id="three")), (b.do(id="four"),)), b.end())
    ).begin()
    assert on(play) == ["four", "one", "two"]
    play.decide("sam", "ok", "two").decide("sam", "ok", "one")
    assert on(play) == ["four", "three"]
    play.decide("sam", "ok", "three").decide("sam", "ok", "four")
    assert play.now.status is Status.ENDED
    assert play.now.joined == {"both": ("b0", "b1"), "inner": ("b1", "b0")}


def test_sending_back_stays_inside_its_block() -> None:
    blocks = b.parallel(
        (b.ask("vendor", id="first"), b.approve("head", send_back_to="first")), (b.ask("note", id="other"), b.do())
    )
    play = w.Play(b.flow(blocks, b.end())).begin(vendor="x").skip("note", path="other")
    play.decide("hana", "send_back", reason="which one?")
    assert on(play) == ["work", "first"]
    assert play.now.steps["other"].status is StepStatus.DONE
    play.decide("rita", "submit", "first").decide("hugo", "approve").decide("sam", "ok", "work")
    assert play.now.outcome == "completed"


def test_sending_back_over_a_parallel_step_runs_it_again() -> None:
    flow = b.flow(
        b.ask("vendor"), b.parallel((b.do(id="one"),), (b.do(id="two"),), needed=1), b.approve("head", send_back_to="request")
    )
    play = w.Play(flow).begin(vendor="x").decide("sam", "ok", "one").decide("hana", "send_back", reason="again")
    assert (on(play), play.now.joined) == (["request"], {})
    play.decide("rita", "submit", "request")
    assert [(s.path, s.attempt) for s in play.now.open_steps()] == [("one", 2), ("two", 2)]


def test_a_stopped_block_waits_for_its_manager_while_the_others_go_on() -> None:
    play = w.Play(three(3), facts=w.facts(people=w.PEOPLE | {"finance": ()})).begin()
    assert play.now.steps["middle"].status is StepStatus.BLOCKED
    play.decide("sam", "ok", "left").decide("dora", "ok", "right")
    assert on(play) == ["middle"]
    play.facts = w.facts()
    play.resume(path="middle").decide("fay", "ok", "middle")
    assert on(play) == ["approval"]


def test_a_stopped_block_is_dropped_when_enough_others_are_done() -> None:
    play = w.Play(three(1), facts=w.facts(people=w.PEOPLE | {"finance": ()})).begin().decide("sam", "ok", "left")
    assert on(play) == ["approval"]
    assert ("mia", Topic.DROPPED, "middle") in play.said


def test_a_rejection_in_one_block_ends_the_run_and_tells_the_others() -> None:
    play = w.Play(b.flow(b.parallel((b.approve("head"),), (b.do(),)), b.end())).begin().decide("hana", "reject", reason="no")
    assert (play.now.outcome, on(play)) == ("rejected", [])
    assert ("sam", Topic.DROPPED, "work") in play.said


# --- waiting ----------------------------------------------------------------------------------------------------------


def waiting(until: Duration, *fields: str, **more: str) -> Flow:
    return b.flow(b.wait(until, *fields, **more), b.do(), b.end())


@pytest.mark.parametrize(
    ("until", "moment"),
    [
        (Duration(Clock.HOURS, Decimal(48)), w.MONDAY + timedelta(hours=48)),
        (b.bh("4"), w.MONDAY + timedelta(hours=4)),
        (Duration(Clock.WALL, at=time(17)), datetime(2026, 3, 2, 11, 30, tzinfo=UTC)),
        (Duration(Clock.WALL, at=time(), anchor="need_by"), datetime(2026, 3, 5, 3, 30, tzinfo=UTC)),
    ],
)
def test_a_wait_goes_on_by_its_timer(until: Duration, moment: datetime) -> None:
    """The last: the 4th is a holiday, so work begins on the 5th."""
    play = w.Play(waiting(until)).begin(need_by=date(2026, 3, 4))
    due = play.now.steps["pause"].due_at
    assert due == moment
    assert PlanTimer("pause", 1, "wake", due) in play.effects
    play.wake(at=due - timedelta(seconds=1))
    assert (on(play), play.effects[1:]) == (["pause"], (PlanTimer("pause", 1, "wake", due),))
    assert on(play.wake()) == ["work"]
    w.refused("closed", lambda: play.wake(at=due + timedelta(hours=1)))


def test_what_has_passed_is_not_waited_for_and_what_is_not_known_stops() -> None:
    start = Duration(Clock.WALL, at=time(), anchor="need_by")
    assert on(w.Play(waiting(start)).begin(need_by=date(2026, 2, 2))) == ["work"]
    stopped = w.Play(waiting(start)).begin()
    assert stopped.told("mia").details["reason"] == "It is not known until when to wait: there is no Need_By."


def test_an_answer_ends_a_wait_before_its_time() -> None:
    play = w.Play(waiting(b.bh("4"), "vendor", "note", owner="store")).begin()
    assert play.said[-1] == ("sam", Topic.QUESTION, "vendor")
    play.give("sam", "pause", vendor="x").skip("note", "sam", "pause")
    assert (on(play), play.now.steps["pause"].outcome) == (["work"], "answered")
    assert DropTimers("pause", 1) in play.effects


def test_time_ends_a_wait_that_nobody_answered_and_says_so() -> None:
    play = w.Play(waiting(b.bh("4"), "vendor", owner="finance")).begin()
    play.wake()
    assert (play.said[0], on(play)) == (("fay", Topic.DROPPED, "pause"), ["work"])
    w.refused("closed", lambda: play.give("fay", "pause", vendor="x"), choice="time-up")


def test_cancelling_drops_the_wait_s_timer() -> None:
    play = w.Play(waiting(b.bh("4"))).begin().cancel()
    assert DropTimers("pause", 1) in play.effects
    w.refused("run_over", lambda: play.wake())


def test_a_dropped_block_s_wait_never_wakes() -> None:
    flow = b.flow(b.parallel((b.wait(b.bh("4")),), (b.approve("head", policy=Policy.ANY),), needed=1), b.do(), b.end())
    play = w.Play(flow).begin().decide("hana", "approve")
    assert DropTimers("pause", 1) in play.effects
    w.refused("closed", lambda: play.wake())
