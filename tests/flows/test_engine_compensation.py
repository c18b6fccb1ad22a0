"""A cancelled run undoes what was done, last done first, and only what was done; then it ends, whoever is there by then."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flows import PlanTimer, Status, StepStatus, Topic
from flows.decided import Compensated, RunEnded, Undoing
from flows.engine import undoing
from flows.model import Flow, Step
from tests.flows import build as b
from tests.flows import play as w


def on(play: w.Play) -> list[str]:
    return [state.path for state in play.now.open_steps()]


def undo(id: str, owner: str = "store", **more: object) -> Step:
    return b.do("done", "cannot", id=id, owner=owner, **more)


def ordering(*, last: Step | None = None) -> Flow:
    """Book, order and pay, each with what undoes it; then somebody receives."""
    return b.flow(
        b.do("ok", id="book", owner="store", compensate=(undo("unbook", due=b.bh("4"), ladder=b.LADDER),)),
        b.do("ok", id="order", owner="finance", compensate=(b.notify(attach=(), id="tell_vendor"), undo("return", "finance"))),
        b.do("ok", id="pay", owner="director", compensate=(undo("refund", "director"),)),
        last or b.do("ok", "back", id="receive", owner="head", send_back_to={"back": "order"}),
        b.end(),
    )


def ordered(flow: Flow | None = None) -> w.Play:
    """Booked and ordered; to be paid."""
    return (
        w.Play(flow or ordering())
        .begin(vendor="x", mail="v@example.test")
        .decide("sam", "ok", "book")
        .decide("fay", "ok", "order")
    )


def test_what_was_done_is_undone_last_first_and_then_the_run_ends() -> None:
    play = ordered().cancel("mia", "too dear")
    assert (play.now.status, on(play)) == (Status.OPEN, ["return"])
    assert [fact for fact in play.decided if isinstance(fact, Undoing)] == [
        Undoing(("order", "book"), "mia", "too dear", play.at)
    ]
    assert play.said[:3] == [("dora", Topic.CANCELLED, "pay"), ("rita", Topic.CANCELLED, "pay"), ("mia", Topic.CANCELLED, "pay")]
    assert ("vera", Topic.NOTICE, "tell_vendor") in play.said
    assert on(play.decide("fay", "done", "return")) == ["unbook"]
    assert Compensated("order") in play.decided
    play.decide("sam", "done", "unbook")
    assert (play.now.status, play.now.outcome, on(play)) == (Status.CANCELLED, "cancelled", [])
    assert play.decided[-1] == RunEnded("cancelled", True, "mia", play.at, "too dear")
    assert play.said[-2:] == [("rita", Topic.CANCELLED, ""), ("mia", Topic.CANCELLED, "")]
    assert play.now.cancelling is not None
    assert play.now.cancelling.paths == ()


def test_nothing_to_undo_ends_it_at_once() -> None:
    play = w.Play(ordering()).begin().cancel()
    assert (play.now.status, play.now.cancelling) == (Status.CANCELLED, None)


def test_who_undoes_is_chased_like_anybody() -> None:
    play = ordered().cancel().decide("fay", "done", "return")
    rungs = {effect.rung for effect in play.effects if isinstance(effect, PlanTimer) and effect.path == "unbook"}
    assert rungs == {rung.name for rung in b.LADDER}
    play.fire("due", "unbook")
    assert play.told("sam").topic is Topic.OVERDUE


def test_a_second_cancel_and_what_was_asked_before_are_refused_kindly() -> None:
    play = ordered().cancel("mia")
    w.refused("cancelling", lambda: play.cancel("rita"), by="mia")
    w.refused("closed", lambda: play.decide("dora", "ok", "pay"), choice="cancelled", by="mia")
    w.refused("not_yours", lambda: play.cancel("sam"))


def test_what_was_sent_back_or_dropped_is_not_undone() -> None:
    play = ordered().decide("dora", "ok", "pay").decide("hana", "back", "receive", reason="the wrong one")
    assert on(play) == ["order"]
    play.drop("order").cancel("mia")
    assert on(play) == ["unbook"], "neither what came back nor what was dropped"
    play.decide("sam", "done", "unbook")
    assert play.now.status is Status.CANCELLED


def test_each_is_undone_once_however_often_it_was_done() -> None:
    play = ordered().decide("dora", "ok", "pay").decide("hana", "back", "receive", reason="the wrong one")
    play.decide("fay", "ok", "order").cancel("mia")
    assert on(play) == ["return"]
    assert on(play.decide("fay", "done", "return")) == ["unbook"]
    play.decide("sam", "done", "unbook")
    assert play.now.status is Status.CANCELLED


def test_one_who_cannot_be_found_stops_it_at_a_manager_who_mends_it_or_lets_it_go() -> None:
    play = ordered()
    play.facts = w.facts(people=w.PEOPLE | {"finance": ()})
    play.cancel("mia")
    assert (on(play), play.now.steps["return"].status) == (["return"], StepStatus.BLOCKED)
    told = [say for say in play.says if say.topic is Topic.BLOCKED]
    assert [[choice.key for choice in say.choices] for say in told] == [["retry"]], "it is being cancelled already"
    mended = replace(play, facts=w.facts())
    assert mended.resume(path="return").now.steps["return"].owners == ("fay",)
    assert on(play.drop("return")) == ["unbook"]


def test_nothing_leaves_what_undoes_a_step() -> None:
    """Neither back into the run nor to another end of it: the other steps are undone in any case."""
    leaving = b.do("done", "back", "over", id="return", send_back_to={"back": "book"}, ends={"over": "completed"})
    flow = b.flow(
        b.do("ok", id="book", compensate=(undo("unbook"),)),
        b.do("ok", id="order", compensate=(leaving, undo("later"))),
        b.do(),
        b.end(),
    )
    play = w.Play(flow).begin().decide("sam", "ok", "book").decide("sam", "ok", "order").cancel()
    w.refused("cancelling", lambda: play.decide("sam", "back", "return", reason="no"), by="rita")
    assert on(play.decide("sam", "over", "return")) == ["unbook"], "its own way of undoing is over, not the run"
    assert play.decide("sam", "done", "unbook").now.status is Status.CANCELLED


def test_a_document_that_undoes_is_waited_for_and_may_be_let_go() -> None:
    flow = b.flow(b.do("ok", id="order", compensate=(b.generate(),)), b.do(), b.end())
    play = w.Play(flow).begin().decide("sam", "ok", "order").cancel()
    assert on(play) == ["draft"]
    play.finish(error="broken")
    assert play.drop("draft").now.status is Status.CANCELLED


def test_what_was_done_in_blocks_is_undone_in_the_order_of_time() -> None:
    blocks = b.parallel(
        (b.do("ok", id="left", compensate=(undo("unleft"),)),),
        (b.do("ok", id="right", owner="head", compensate=(undo("unright"),)), b.do(id="more")),
    )
    flow = b.flow(replace(blocks, compensate=(undo("both_off"),)), b.do(), b.end())
    play = w.Play(flow).begin().decide("hana", "ok", "right").decide("sam", "ok", "left")
    early = replace(play).cancel()
    assert on(early) == ["unleft"]
    assert on(early.decide("sam", "done", "unleft")) == ["unright"], "the parallel step itself is not done yet"
    play.decide("sam", "ok", "more").cancel()
    undone = []
    while play.now.status is Status.OPEN:
        undone += on(play)
        play.decide("sam", "done", on(play)[0])
    assert undone == ["both_off", "unleft", "unright"]


def test_a_branch_is_done_when_something_was_done_in_it() -> None:
    taken = b.branch(b.case("it", b.rule("true", lambda n: True), b.do("ok", id="inside")), compensate=(undo("off"),))
    play = w.Play(b.flow(taken, b.do(), b.end())).begin()
    assert replace(play).cancel().now.status is Status.CANCELLED
    assert on(play.decide("sam", "ok", "inside").cancel()) == ["off"]


def test_planted_first_done_first(monkeypatch: pytest.MonkeyPatch) -> None:
    right = undoing.to_undo
    monkeypatch.setattr(undoing, "to_undo", lambda flow, run: right(flow, run)[::-1])
    with pytest.raises(AssertionError):
        test_what_was_done_is_undone_last_first_and_then_the_run_ends()


def test_planted_what_was_dropped_is_undone_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        undoing,
        "to_undo",
        lambda flow, run: tuple(s.path for s in run.steps.values() if s.closed_at and flow.step(s.path).compensate)[::-1],
    )
    with pytest.raises(AssertionError):
        test_what_was_sent_back_or_dropped_is_not_undone()
