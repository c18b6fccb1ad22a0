"""Decisions that can be undone for a while, and what can be withdrawn later."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from flows import Record, Refused, StepStatus, Topic
from flows.decided import Held, Released, Voted
from flows.effects import DropTimer, PlanTimer
from flows.engine import holding
from flows.engine.transition import GRACE as GRACE_RUNG
from flows.events import SYSTEM, Fire
from flows.model import Flow, Policy
from tests.flows import build as b
from tests.flows import play as w

GRACE = 10


def flow(*roles: str, **more: Any) -> Flow:
    return b.flow(b.ask("vendor"), b.approve(*roles, **{"send_back_to": "request", **more}), b.do(), b.end())


def begun(*roles: str, people: dict[str, tuple[str, ...]] | None = None, **more: Any) -> w.Play:
    known = w.facts(people=w.PEOPLE | (people or {}), grace=GRACE)
    return w.Play(flow(*(roles or ("head",)), **more), facts=known).begin("rita", vendor="x")


def over(play: w.Play, who: str, path: str = "approval", after: float = GRACE) -> w.Play:
    """The grace of what `who` decided in the last event is over."""
    at = play.at + timedelta(seconds=after)
    event = Fire(**play.here(SYSTEM, path), rung=f"grace:{who}")
    play.at = at
    return play.event(replace(event, at=at))


def on(play: w.Play) -> str:
    return play.now.outcome or play.now.open_steps()[0].path


def votes(play: w.Play) -> list[str]:
    return [vote.by for vote in play.now.steps["approval"].votes]


def test_a_decision_is_told_to_its_maker_only_and_counts_when_the_grace_is_over() -> None:
    play = begun().decide("hana", "approve")
    assert play.said == [("hana", Topic.HELD, "approval")]
    assert (w.keys(play.says[0]), play.says[0].details["seconds"]) == (["undo"], "10")
    assert play.timers == {"grace:hana": play.at + timedelta(seconds=GRACE)}
    assert (on(play), votes(play)) == ("approval", [])
    made = play.at
    over(play, "hana")
    assert on(play) == "work"
    (vote,) = play.now.steps["approval"].votes
    assert (vote.by, vote.at, play.now.steps["approval"].closed_by) == ("hana", made, "hana")
    assert [to for to, topic, _ in play.said if topic is Topic.DECIDED] == ["hugo"]


def test_undone_it_is_asked_again_and_nobody_else_ever_hears_of_it() -> None:
    play = begun().decide("hana", "reject", reason="too dear").undo("hana")
    assert play.said == [("hana", Topic.UNDONE, "approval"), ("hana", Topic.APPROVE, "approval")]
    assert [e for e in play.effects if isinstance(e, DropTimer)] == [DropTimer("approval", 1, "grace:hana")]
    assert (play.now.steps["approval"].held, votes(play), on(play)) == ((), [], "approval")
    w.refused("in_effect", lambda: play.undo("hana"))
    w.refused("not_waiting", lambda: over(play, "hana"))


def test_another_decision_takes_the_place_of_the_one_held() -> None:
    play = begun().decide("hana", "approve").decide("hana", "reject", reason="on second thoughts")
    assert [held.choice for held in play.now.steps["approval"].held] == ["reject"]
    assert on(over(play, "hana")) == "rejected"


def test_checks_come_first_and_nothing_is_held_without_a_reason() -> None:
    play = begun()
    w.refused("reason_needed", lambda: play.decide("hana", "reject"))
    w.refused("own_request", lambda: play.decide("rita", "approve"))
    assert play.now.steps["approval"].held == ()


def test_the_first_whose_grace_is_over_decides_and_the_other_is_told() -> None:
    play = begun().decide("hana", "approve")
    play.decide("hugo", "reject", reason="no")
    over(play, "hana", after=-50)
    assert on(play) == "work"
    (told,) = [say for say in play.says if say.topic is Topic.UNDONE]
    assert (told.to, told.details) == ("hugo", {"choice": "reject", "because": "closed", "by": "hana"})
    assert play.now.steps["approval"].held == ()
    w.refused("closed", lambda: over(play, "hugo"), by="hana")


@pytest.mark.parametrize("how", ["cancel", "withdraw"])
def test_a_step_that_closes_meanwhile_drops_what_is_held(how: str) -> None:
    play = begun().decide("hana", "approve")
    closed = {"cancel": lambda: play.cancel("rita"), "withdraw": lambda: play.withdraw("rita")}[how]()
    assert Released("approval", 1, "hana") in closed.decided
    assert [say.to for say in closed.says if say.topic is Topic.UNDONE] == ["hana"]
    assert not any(isinstance(fact, Voted) for fact in closed.decided)


def test_what_is_handed_to_somebody_else_is_held_no_longer() -> None:
    play = begun("finance").decide("fay", "approve").delegate("mia", "dora", owner="fay")
    assert play.now.steps["approval"].held == ()
    w.refused("not_waiting", lambda: over(play, "fay"))
    assert play.now.steps["approval"].owners == ("dora",)


def test_a_decision_that_no_longer_applies_is_explained_not_forgotten() -> None:
    play = begun().decide("hana", "approve")
    state = play.now.steps["approval"]
    play.run = replace(play.now, steps={**play.now.steps, "approval": replace(state, owners=("hugo",))})
    over(play, "hana")
    assert play.said == [("hana", Topic.UNDONE, "approval")]
    assert play.says[0].details["because"] == "not_yours"
    assert (on(play), play.now.steps["approval"].held) == ("approval", ())


def test_a_timer_that_fires_early_is_planned_again() -> None:
    play = begun().decide("hana", "approve")
    until = play.now.steps["approval"].held[0].until
    over(play, "hana", after=GRACE - 1)
    assert [e.due for e in play.effects if isinstance(e, PlanTimer)] == [until]
    assert len(play.now.steps["approval"].held) == 1


def test_a_sequence_holds_each_stage_and_tells_the_next_one_late() -> None:
    play = begun("finance", "director", policy=Policy.SEQUENCE).decide("fay", "approve")
    assert play.now.steps["approval"].owners == ("fay",)
    over(play, "fay")
    assert [say.to for say in play.says if say.topic is Topic.APPROVE] == ["dora"]
    play.decide("dora", "approve", stage=1)
    assert on(over(play, "dora")) == "work"


def test_work_is_held_too() -> None:
    play = over(begun().decide("hana", "approve"), "hana").decide("sam", "short", "work")
    assert play.said == [("sam", Topic.HELD, "work")]
    assert over(play, "sam", "work").now.outcome == "completed"


def counted_once(play: w.Play) -> bool:
    """What must hold after the grace timer of hana's vote has fired twice."""
    over(play.decide("hana", "approve"), "hana")
    with suppress(Refused):
        over(play, "hana")
    return votes(play) == ["hana"] and on(play) == "approval"


def all_of_three() -> w.Play:
    return begun("committee", policy=Policy.N_OF_M, needed=2)


def test_a_grace_timer_that_fires_twice_counts_one_vote() -> None:
    assert counted_once(all_of_three())


def test_a_vote_that_would_count_twice_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(t: Any, event: Fire, decide: holding.Deciding) -> None:
        for by in [event.rung.removeprefix(GRACE_RUNG)]:
            t.decide(Voted(event.path, event.attempt, by, "approve", "", t.at))

    monkeypatch.setattr(holding, "count", careless)
    assert not counted_once(all_of_three())


def undo_is_safe(play: w.Play) -> bool:
    """Undoing after the effects have left never takes the decision back."""
    over(play.decide("hana", "approve"), "hana")
    try:
        play.undo("hana")
    except Refused as refusal:
        return refusal.code == "in_effect" and play.now.steps["approval"].outcome == "approve"
    return False


def test_what_has_taken_effect_is_not_undone() -> None:
    assert undo_is_safe(begun())


def test_an_undo_after_the_effects_left_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(t: Any, event: Any) -> None:
        t.decide(Released(event.path, event.attempt, t.actor))

    monkeypatch.setattr(holding, "undo", careless)
    assert not undo_is_safe(begun())


def test_without_grace_nothing_is_held() -> None:
    play = w.Play(flow("head")).begin("rita", vendor="x").decide("hana", "approve")
    assert isinstance(play.effects[0], Record)
    assert not any(isinstance(fact, Held) for fact in play.decided)
    assert on(play) == "work"
    w.refused("in_effect", lambda: play.undo("hana"))


# --- withdrawing ------------------------------------------------------------------------------------------------------


def plain(*roles: str, **more: Any) -> w.Play:
    return w.Play(flow(*(roles or ("head",)), **more)).begin("rita", vendor="x")


def test_the_requester_takes_the_request_back_to_correct_it() -> None:
    play = plain("committee", policy=Policy.N_OF_M, needed=2).decide("hana", "approve").withdraw("rita")
    assert [to for to, topic, _ in play.said if topic is Topic.WITHDRAWN] == ["fay", "dora", "hana"]
    assert play.told("rita").topic is Topic.SENT_BACK
    assert [(s.status, s.outcome) for s in play.now.history if s.path == "approval"] == [(StepStatus.RETURNED, "withdrawn")]
    play.give("rita", vendor="y").decide("rita", "submit", "request")
    assert (on(play), votes(play)) == ("approval", [])


def test_a_vote_is_taken_back_while_others_still_have_to_decide() -> None:
    play = plain("committee", policy=Policy.N_OF_M, needed=2).decide("hana", "approve").withdraw("hana")
    assert play.said == [("hana", Topic.WITHDRAWN, "approval"), ("hana", Topic.APPROVE, "approval")]
    assert (votes(play), set(play.now.steps["approval"].owners)) == ([], {"hana", "fay", "dora"})
    play.decide("fay", "approve")
    assert on(play) == "approval"
    assert on(play.decide("hana", "approve")) == "work"


def test_a_vote_of_a_sequence_comes_back_to_its_stage_until_the_next_has_voted() -> None:
    play = plain("head", "finance", "director", policy=Policy.SEQUENCE).decide("hana", "approve").withdraw("hana")
    state = play.now.steps["approval"]
    assert (state.stage, state.owners, votes(play)) == (0, ("hana", "hugo"), [])
    assert ("fay", Topic.WITHDRAWN, "approval") in play.said
    w.refused("not_yours", lambda: play.decide("fay", "approve", stage=1))
    play.decide("hugo", "approve").decide("fay", "approve", stage=1)
    w.refused("cannot_withdraw", lambda: play.withdraw("hugo"))
    assert on(play.decide("dora", "approve", stage=2)) == "work"


def no_way_back() -> w.Play:
    return w.Play(flow("head", send_back_to="")).begin("rita", vendor="x")


@pytest.mark.parametrize(
    ("play", "who", "path", "code"),
    [
        (no_way_back, "rita", "approval", "cannot_withdraw"),
        (plain, "hana", "approval", "cannot_withdraw"),
        (plain, "sam", "approval", "not_yours"),
        (lambda: plain().decide("hana", "approve"), "sam", "work", "cannot_withdraw"),
        (lambda: plain().decide("hana", "approve"), "rita", "approval", "closed"),
    ],
)
def test_what_cannot_be_withdrawn(play: Callable[[], w.Play], who: str, path: str, code: str) -> None:
    w.refused(code, lambda: play().withdraw(who, path))
