"""What is handed over is taken or declined, and never lies between two people unheard."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from flows import Topic
from flows.decided import HandoverTaken
from flows.effects import DropTimer, PlanTimer
from flows.engine import delegate, handover
from flows.model import Flow, Policy, Rung
from tests.flows import build as b
from tests.flows import play as w


def flow(**more: Any) -> Flow:
    return b.flow(b.collect("quotes"), b.approve("finance", "director", policy=Policy.ALL, **more), b.do(), b.end())


def begun(**more: Any) -> w.Play:
    return w.Play(flow(**more), facts=w.facts()).begin("rita", items=b.ITEMS).file()


def handed(**more: Any) -> w.Play:
    return begun(**more).delegate("fay", "hana")


def test_the_new_owner_is_told_once_with_the_documents_and_asked_whether_they_take_it() -> None:
    play = handed()
    told = play.told("hana")
    assert (told.topic, w.keys(told), told.attach) == (Topic.HANDED, ["take-over", "turn-down"], ("d1",))
    assert {to for to, topic, _ in play.said if topic is Topic.HANDED} == {"hana", "fay", "rita"}
    assert play.now.steps["approval"].untaken == ("hana",)
    assert play.timers["untaken:hana"] == play.at + timedelta(hours=4)


def test_taken_they_are_asked_and_nobody_waits_for_that_any_more() -> None:
    play = handed().take("hana")
    assert play.said == [("hana", Topic.APPROVE, "approval")]
    assert [e.rung for e in play.effects if isinstance(e, DropTimer)] == ["untaken:hana"]
    assert play.now.steps["approval"].untaken == ()
    w.refused("not_waiting", lambda: play.take("hana"))
    w.refused("not_waiting", lambda: play.fire("untaken:hana"))


def test_acting_takes_it() -> None:
    play = handed().decide("hana", "approve")
    assert HandoverTaken("approval", 1, "hana", play.at) in play.decided
    assert "untaken:hana" in {e.rung for e in play.effects if isinstance(e, DropTimer)}
    (vote,) = play.now.steps["approval"].votes
    assert (vote.by, vote.instead_of) == ("hana", "fay")


def test_answering_takes_it_too() -> None:
    play = w.Play(b.flow(b.do(fields=("count",)), b.end())).begin().delegate("sam", "hana", "work").give("hana", "work", count=1)
    assert play.now.steps["work"].untaken == ()


def test_declined_with_a_reason_it_goes_back_and_all_are_told() -> None:
    play = begun().delegate("mia", "hana", owner="fay")
    w.refused("reason_needed", lambda: play.take("hana", accept=False))
    play.take("hana", accept=False, reason="on a train")
    state = play.now.steps["approval"]
    assert (state.owners, state.untaken) == (("fay", "dora"), ())
    assert [say.to for say in play.says if say.topic is Topic.HANDED] == ["hana", "fay", "mia", "rita"]
    assert {say.details["reason"] for say in play.says if say.topic is Topic.HANDED} == {"on a train"}
    assert ("fay", Topic.APPROVE, "approval") in play.said
    play.decide("fay", "approve")
    assert [(vote.by, vote.instead_of) for vote in play.now.steps["approval"].votes] == [("fay", "")]


def test_declined_it_cannot_come_back_twice() -> None:
    play = handed().delegate("dora", "fay").take("hana", accept=False, reason="no")
    assert play.now.steps["approval"].owners == ("fay",)


def test_passed_on_before_it_is_taken_the_next_one_is_asked() -> None:
    play = handed().delegate("hana", "hugo")
    assert play.now.steps["approval"].untaken == ("hugo",)
    assert [e.rung for e in play.effects if isinstance(e, DropTimer)] == ["untaken:hana"]
    play.take("hugo", accept=False, reason="no")
    assert "hana" in play.now.steps["approval"].owners


@pytest.mark.parametrize("who", ["fay", "dora", "sam"])
def test_only_who_it_was_handed_to_takes_or_declines_it(who: str) -> None:
    play = handed()
    w.refused("not_waiting" if who == "dora" else "not_yours", lambda: play.take(who, accept=False, reason="no"))


def test_what_nobody_takes_is_told_to_the_managers_who_can_reassign_it() -> None:
    play = handed().fire("untaken:hana")
    told = play.told("mia")
    assert (told.topic, w.keys(told), told.details["untaken"]) == (Topic.ESCALATION, ["re-assign"], "hana")
    assert w.keys(play.told("hana")) == ["take-over", "turn-down"]
    play.delegate("mia", "sam", owner="hana")
    assert play.now.steps["approval"].owners == ("sam", "dora")


def test_without_a_manager_who_gave_it_hears_of_it() -> None:
    play = handed()
    play.facts = w.facts(people=w.PEOPLE | {"manager": ()})
    play.fire("untaken:hana")
    assert play.told("fay").topic is Topic.ESCALATION


def test_a_late_step_offers_its_managers_to_reassign_it() -> None:
    ladder = (*b.LADDER, Rung("very_late", Decimal(2), "manager"))
    play = begun(due=b.bh("4"), ladder=ladder)
    assert w.keys(play.fire("late").told("mia")) == []
    assert w.keys(play.fire("very_late").told("mia")) == ["re-assign"]
    state = play.now.steps["approval"]
    could = delegate.could_take(play.flow, play.now, play.facts, state)
    assert set(could) == {"hana", "hugo", "sam", "mia"}


def heard_of(play: w.Play) -> bool:
    """Whether anybody but its silent new owner will hear of a handover that nobody takes: a live timer, and what it says."""
    planned = [e.rung for e in play.effects if isinstance(e, PlanTimer) and e.rung.startswith("untaken:")]
    return any(say.to == "mia" for rung in planned for say in play.fire(rung).says)


def test_an_untaken_handover_is_heard_of() -> None:
    assert heard_of(handed())


def test_an_untaken_handover_that_nobody_hears_of_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(t: Any, state: Any, given: Any, attach: Any) -> None:
        return None

    with monkeypatch.context() as patch:
        patch.setattr(delegate, "offer", silent)
        assert not heard_of(handed())
    monkeypatch.setattr(handover, "untaken", lambda t, event: None)
    assert not heard_of(handed())
