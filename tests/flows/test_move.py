"""Moving a run to another version of its flow: only where nothing that was decided, asked or answered changes under anybody's feet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from flows import PlanTimer, Status
from flows.decided import Moved, Rescheduled
from flows.events import SYSTEM, Move
from flows.model import Choice, Clock, Duration, FieldType, Flow, Policy, Step
from flows.move import Answer, Verdict, movable
from tests.flows import build as b
from tests.flows import play as w

ASK = b.ask("vendor", "urgency")
PAPERS = b.collect("quotes")
FIRST = b.do("ok", "short", id="first", owner="finance")
HEAD = b.approve("head", due=b.bh("4"), ladder=b.LADDER)
LAST = b.do("ok", id="last")
END = b.end()


def steps(*more: Step) -> tuple[Step, ...]:
    return more or (ASK, PAPERS, FIRST, HEAD, LAST, END)


def flow(*more: Step, version: int = 1, **changes: Any) -> Flow:
    return b.flow(*steps(*more), version=version, **changes)


def approving() -> w.Play:
    """A run that waits for its approval: it has asked, collected and worked."""
    play = w.Play(flow()).begin(vendor="x", urgency="low", items=b.lines("500"))
    return play.file().decide("fay", "ok", "first")


def verdict(*more: Step, play: w.Play | None = None, old: Flow | None = None, **changes: Any) -> Verdict:
    at = play or approving()
    return movable(old or at.flow, flow(*more, version=2, **changes), at.now)


def test_the_same_version_what_is_over_and_what_is_being_cancelled_stay() -> None:
    play = approving()
    assert movable(play.flow, play.flow, play.now) == Verdict(Answer.STAYS, reason="It is on this version.")
    assert verdict(play=replace(play).cancel()).reason == "It is over."
    undoing = b.flow(b.do("ok", id="first", compensate=(b.do("ok", id="undo"),)), HEAD, END)
    cancelled = w.Play(undoing).begin().decide("sam", "ok", "first").cancel()
    assert verdict(b.do(id="first"), HEAD, END, play=cancelled).reason == "It is being cancelled."


def test_two_flows_are_no_versions_of_each_other() -> None:
    play = approving()
    with pytest.raises(ValueError, match="different flows"):
        movable(play.flow, replace(play.flow, id="other", version=2), play.now)


CHANGES: dict[str, tuple[Callable[[], Verdict], str, str]] = {
    "an open step is gone": (lambda: verdict(ASK, PAPERS, FIRST, LAST, END), "approval", "is not in the new version"),
    "a done step is gone": (lambda: verdict(ASK, PAPERS, HEAD, LAST, END), "first", "is not in the new version"),
    "another kind": (
        lambda: verdict(ASK, PAPERS, FIRST, b.do(id="approval"), END),
        "approval",
        "another kind of step in the new version (do, was approve)",
    ),
    "into a block": (lambda: verdict(ASK, PAPERS, FIRST, b.parallel((HEAD,), (LAST,)), END), "approval", "another block or case"),
    "into a case": (
        lambda: verdict(ASK, PAPERS, FIRST, b.branch(b.case("all", None, HEAD)), LAST, END),
        "approval",
        "another block or case",
    ),
    "other approvers": (
        lambda: verdict(ASK, PAPERS, FIRST, b.approve("finance"), LAST, END), "approval", "is decided by others",
    ),
    "another policy": (
        lambda: verdict(ASK, PAPERS, FIRST, b.approve("head", policy=Policy.ALL), LAST, END), "approval", "in another way",
    ),
    "more must approve": (
        lambda: verdict(ASK, PAPERS, FIRST, replace(HEAD, needed=2), LAST, END), "approval", "is decided by others",
    ),
    "done comes after open": (lambda: verdict(ASK, PAPERS, HEAD, FIRST, LAST, END), "first", "it would be done twice"),
    "a field of another type": (
        lambda: verdict(fields=flow().fields | {"vendor": b.field_of("vendor", FieldType.NUMBER)}),
        "request",
        "“Vendor” is answered, and is another kind of answer",
    ),
    "a choice is gone": (
        lambda: verdict(fields=flow().fields | {"urgency": b.field_of("urgency", FieldType.CHOICE, choices=(Choice("high", b.words("High")),))}),
        "request",
        "“Urgency” is answered with “low”, which is no choice",
    ),
    "about somebody else": (
        lambda: verdict(fields=flow().fields | {"vendor": b.field_of("vendor", personal="vendor")}), "request", "about somebody else",
    ),
    "a document is gone": (lambda: verdict(documents={}), "", "There are files for “quotes”"),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_what_cannot_move_and_because_of_which_step(change: str) -> None:
    made, step, reason = CHANGES[change]
    found = made()
    assert (found.answer, found.step) == (Answer.CANNOT, step)
    assert reason in found.reason


def test_an_answered_field_that_is_gone() -> None:
    without = {name: field for name, field in flow().fields.items() if name != "vendor"}
    found = verdict(b.ask("urgency"), PAPERS, FIRST, HEAD, LAST, END, fields=without)
    assert (found.step, found.reason) == ("request", "“Vendor” is answered, and not in the new version.")


def test_what_may_change() -> None:
    """Words, ladders, due times, owners, what comes later, what was skipped: all that binds nobody yet."""
    found = verdict(
        replace(ASK, title=b.words("Anew"), fields=("vendor", "urgency", "note")),
        PAPERS,
        replace(FIRST, outcomes=(Choice("done", b.words("done")),)),
        replace(HEAD, owner="director", due=b.bh("8"), ladder=b.LADDER[:2], checks=()),
        b.do(id="new_one"),
        b.parallel((b.do(id="left"),), (b.do(id="right"),)),
        END,
    )
    assert found == Verdict(Answer.MOVES)


def test_open_work_keeps_its_outcomes() -> None:
    play = w.Play(flow(FIRST, HEAD, END)).begin()
    assert (
        verdict(replace(FIRST, outcomes=(*FIRST.outcomes, Choice("more", b.words("more")))), HEAD, END, play=play).answer
        == "can move"
    )
    found = verdict(replace(FIRST, outcomes=FIRST.outcomes[:1]), HEAD, END, play=play)
    assert (found.step, found.reason) == ("first", "“first” is open, and has other outcomes in the new version.")
    assert verdict(replace(FIRST, confirm_by="head"), HEAD, END, play=play).reason.startswith(
        "“first” is open, and is confirmed by"
    )


def test_an_open_checklist_keeps_its_items() -> None:
    play = w.Play(flow(PAPERS, END)).begin(items=b.lines("500"))
    assert verdict(b.collect("quotes", "spec"), END, play=play).answer is Answer.MOVES
    assert verdict(b.collect("spec"), END, play=play).reason.endswith("asks for other documents in the new version.")


def test_what_comes_earlier_now_is_remarked_as_left_out() -> None:
    found = verdict(ASK, PAPERS, b.do(id="inspect"), FIRST, b.branch(b.case("all", None, b.do(id="inner"))), HEAD, LAST, END)
    assert found.answer is Answer.MOVES
    assert [remark.split(" comes ")[0] for remark in found.remarks] == ["“inspect”", "“size”"]
    moved = verdict(ASK, PAPERS, FIRST, LAST, HEAD, END)
    assert [remark.split(" comes ")[0] for remark in moved.remarks] == ["“last”"], "it was to come, and is left out now"


def test_a_case_that_was_not_taken_may_change_and_the_one_taken_may_not() -> None:
    small = b.rule("count > 3", lambda n: n["count"] > 3)
    old = flow(b.branch(b.case("big", small, HEAD), b.case("other", None, LAST)), END)
    play = w.Play(old).begin(count=5)
    assert verdict(b.branch(b.case("big", small, HEAD), b.case("else", None)), END, play=play).answer is Answer.MOVES
    assert verdict(b.branch(b.case("large", small, HEAD), b.case("else", None)), END, play=play).step == "approval"
    passed = w.Play(old).begin(count=1)
    passed.flow = old
    gone = verdict(b.branch(b.case("big", small), b.case("else", None, LAST)), END, play=passed)
    assert (gone.answer, gone.step) == (Answer.CANNOT, "last")


def test_blocks_under_way_keep_their_shape() -> None:
    left, right = b.do(id="left"), b.do(id="right", owner="head")
    play = w.Play(flow(b.parallel((left,), (right,)), END)).begin().decide("sam", "ok", "left")
    assert verdict(b.parallel((left, LAST), (right, b.do(id="more"))), END, play=play).answer is Answer.MOVES
    for other in (b.parallel((left,), (right,), (LAST,)), b.parallel((left,), (right,), needed=1)):
        assert verdict(other, END, play=play).step == "both"


def test_what_it_went_back_from_must_still_be_shown() -> None:
    back = replace(FIRST, send_back_to={"short": "request"})
    play = w.Play(flow(ASK, back, HEAD, END)).begin(vendor="x", urgency="low").decide("fay", "short", "first", "why?")
    assert [state.path for state in play.now.open_steps()] == ["request"]
    assert verdict(ASK, HEAD, END, play=play).step == "first"


# --- the engine -------------------------------------------------------------------------------------------------------


def moved(play: w.Play, new: Flow, actor: str = "mia", **more: Any) -> w.Play:
    assert movable(play.flow, new, play.now).answer is Answer.MOVES
    play.flow = new
    return play.event(Move(**play.about(actor), **more))


def test_moving_keeps_who_is_asked_and_times_anew_what_is_to_come() -> None:
    play = approving()
    before = play.now.steps["approval"]
    new = flow(
        ASK, PAPERS, FIRST, replace(HEAD, due=b.bh("6"), ladder=b.LADDER), b.do(id="extra", owner="finance"), END, version=2
    )
    moved(play, new, climbed={"approval": ("half",)})
    state = play.now.steps["approval"]
    assert play.now.flow_version == 2
    assert (state.owners, state.attempt, state.opened_at) == (before.owners, before.attempt, before.opened_at)
    assert state.due_at == before.opened_at + timedelta(hours=6)
    assert list(play.decided) == [Moved(2, "mia", play.at), Rescheduled("approval", 1, state.due_at)]
    planned = {effect.rung: effect.due for effect in play.effects if isinstance(effect, PlanTimer)}
    assert planned.keys() == {"most", "due", "late"}, "what was said already is not said again"
    assert planned["due"] == state.due_at
    assert play.says == []
    play.decide("hana", "approve")
    assert [s.path for s in play.now.open_steps()] == ["extra"]


def test_a_wait_is_timed_by_the_new_version() -> None:
    def waiting(hours: int, version: int = 1) -> Flow:
        return flow(b.wait(Duration(Clock.HOURS, Decimal(hours))), LAST, END, version=version)

    play = moved(w.Play(waiting(48)).begin(), waiting(24, 2), SYSTEM)
    assert play.now.steps["pause"].due_at == w.MONDAY + timedelta(hours=24)
    assert PlanTimer("pause", 1, "wake", w.MONDAY + timedelta(hours=24)) in play.effects
    wall = flow(b.wait(Duration(Clock.WALL, at=time(), anchor="need_by")), LAST, END, version=3)
    kept = moved(play, wall, SYSTEM)
    assert kept.now.steps["pause"].due_at == w.MONDAY + timedelta(hours=24), "a date that is not known changes nothing"
    assert kept.wake().now.steps["pause"].outcome == "time-up"


def test_who_may_move_and_what_the_engine_itself_refuses() -> None:
    play = approving()
    play.flow = flow(version=2)
    for actor in ("rita", "hana"):
        w.refused("not_yours", lambda actor=actor: play.event(Move(**play.about(actor))))  # type: ignore[misc]
    play.flow = flow(ASK, PAPERS, HEAD, LAST, END, version=2)
    w.refused("cannot_move", lambda: play.event(Move(**play.about("mia"))), step="first")
    play.flow = flow()
    w.refused("same_version", lambda: play.event(Move(**play.about("mia"))))
    over = approving().cancel()
    w.refused("run_over", lambda: over.event(Move(**over.about("mia"))))


def test_a_moved_run_ends_like_one_that_began_there() -> None:
    new = flow(ASK, PAPERS, FIRST, HEAD, b.do("ok", id="extra"), END, version=2)
    one = moved(approving(), new).decide("hana", "approve").decide("sam", "ok", "extra")
    other = w.Play(new).begin(vendor="x", urgency="low", items=b.lines("500")).file().decide("fay", "ok", "first")
    other.decide("hana", "approve").decide("sam", "ok", "extra")
    assert one.now.status is Status.ENDED
    assert (one.now.outcome, set(one.now.steps), one.now.values) == (other.now.outcome, set(other.now.steps), other.now.values)


def test_planted_a_check_that_forgets_what_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """With only the open steps looked at, a done step would be done once more."""
    monkeypatch.setattr("flows.move._nothing_twice", lambda *_: None)
    with pytest.raises(AssertionError):
        test_what_cannot_move_and_because_of_which_step("done comes after open")


def test_a_date_is_still_a_date() -> None:
    play = w.Play(flow(b.ask("need_by"), HEAD, END)).begin(need_by=date(2026, 4, 1))
    assert verdict(b.ask("need_by"), HEAD, END, play=play).answer is Answer.MOVES
