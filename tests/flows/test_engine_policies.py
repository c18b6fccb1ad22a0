"""Policies over several people, comments, and handing over."""

from __future__ import annotations

from typing import Any

import pytest

from flows import Status, Topic
from flows.model import Flow, Policy
from tests.flows import build as b
from tests.flows import play as w

FIVE = ("hana", "hugo", "fay", "dora", "sam")


def flow(*roles: str, **more: Any) -> Flow:
    return b.flow(b.approve(*roles, **more), b.do(), b.end())


def begun(*roles: str, by: str = "rita", people: dict[str, tuple[str, ...]] | None = None, **more: Any) -> w.Play:
    return w.Play(flow(*roles, **more), facts=w.facts(people=w.PEOPLE | (people or {}))).begin(by)


def on(play: w.Play) -> str:
    """Where the run stands: the open step, or how it ended."""
    return play.now.outcome or play.now.open_steps()[0].path


@pytest.mark.parametrize(("choice", "where"), [("approve", "work"), ("reject", "rejected")])
def test_any_is_decided_by_the_first_of_several_roles(choice: str, where: str) -> None:
    play = begun("head", "finance", policy=Policy.ANY)
    assert [say.to for say in play.says if say.topic is Topic.APPROVE] == ["hana", "hugo", "fay"]
    assert on(play.decide("fay", choice, reason="so")) == where


def test_all_needs_everybody_and_one_rejection_rejects() -> None:
    play = begun("head", "finance", policy=Policy.ALL).decide("hana", "approve").decide("fay", "approve")
    assert on(play) == "approval"
    assert on(play.decide("hugo", "approve")) == "work"
    again = begun("head", "finance", policy=Policy.ALL).decide("hana", "approve")
    assert on(again.decide("fay", "reject", reason="no")) == "rejected"


def test_all_leaves_the_requester_out() -> None:
    assert on(begun("head", by="hana", policy=Policy.ALL).decide("hugo", "approve")) == "work"


@pytest.mark.parametrize(("percent", "needed"), [(1, 1), (20, 1), (21, 2), (60, 3), (61, 4), (100, 5)])
def test_a_percentage_is_rounded_up_to_whole_people(percent: int, needed: int) -> None:
    people = {"committee": FIVE}
    play = begun("committee", policy=Policy.PERCENT, needed=percent, people=people)
    for number, person in enumerate(FIVE[:needed], start=1):
        assert on(play) == "approval"
        play.decide(person, "approve")
        assert (on(play) == "work") == (number == needed)
    lost = begun("committee", policy=Policy.PERCENT, needed=percent, people=people)
    for number, person in enumerate(FIVE[: 5 - needed + 1], start=1):
        assert on(lost) == "approval"
        lost.decide(person, "reject", reason="no")
        assert (on(lost) == "rejected") == (number == 5 - needed + 1)


@pytest.mark.parametrize("policy", [Policy.ANY, Policy.ALL, Policy.PERCENT])
def test_with_nobody_to_decide_a_manager_is_told(policy: Policy) -> None:
    play = begun("head", policy=policy, needed=50, people={"head": ()})
    assert play.told("mia").topic is Topic.BLOCKED


# --- comments ---------------------------------------------------------------------------------------------------------


def test_a_comment_is_kept_and_told_to_those_who_are_asked_and_the_requester() -> None:
    play = begun("head").comment("hana", "  is the price right?  ")
    assert [(remark.by, remark.text) for remark in play.now.remarks] == [("hana", "is the price right?")]
    assert play.said == [("hugo", Topic.COMMENT, ""), ("rita", Topic.COMMENT, "")]
    assert play.told("rita").details == {"by": "hana", "text": "is the price right?"}
    assert on(play) == "approval"


def test_a_comment_is_not_told_to_outside_parties() -> None:
    asked = b.flow(b.do(owner="participant:vendor"), b.end())
    play = w.Play(asked).begin(vendor="x").comment("mia", "too dear")
    assert play.said == [("rita", Topic.COMMENT, "")]


def test_nothing_is_no_comment_and_an_ended_run_takes_none() -> None:
    play = begun("head")
    w.refused("invalid", lambda: play.comment("hana", "  "))
    play.decide("hana", "reject", reason="no")
    w.refused("run_over", lambda: play.comment("hana", "sorry"))


# --- handing over -----------------------------------------------------------------------------------------------------


def test_who_is_asked_hands_over_and_the_other_decides_for_them() -> None:
    play = begun("finance").delegate("fay", "dora")
    assert play.said == [
        ("dora", Topic.HANDED, "approval"), ("fay", Topic.HANDED, "approval"), ("rita", Topic.HANDED, "approval"),
    ]  # fmt: skip
    w.refused("not_yours", lambda: play.decide("fay", "approve"), to="dora")
    play.decide("dora", "approve")
    assert [(vote.by, vote.instead_of) for vote in play.now.steps["approval"].votes] == [("dora", "fay")]
    assert on(play) == "work"


def test_a_manager_reassigns_and_the_first_owner_stays_known() -> None:
    play = begun("finance").delegate("fay", "dora").delegate("mia", "sam", owner="dora").decide("sam", "approve")
    assert play.now.steps["approval"].votes[0].instead_of == "fay"
    assert [(h.owner, h.to, h.by) for h in play.now.steps["approval"].handovers] == [
        ("fay", "dora", "fay"),
        ("dora", "sam", "mia"),
    ]


@pytest.mark.parametrize(
    ("actor", "owner", "to", "code"),
    [
        ("fay", "fay", "rita", "cannot_hold"),
        ("fay", "fay", "fay", "cannot_hold"),
        ("fay", "fay", "vera", "cannot_hold"),
        ("fay", "fay", "nobody", "cannot_hold"),
        ("mia", "fay", "mia", "cannot_hold"),
        ("fay", "fay", "hana", "already_holds"),
        ("sam", "fay", "dora", "not_yours"),
        ("rita", "rita", "dora", "not_yours"),
        ("mia", "sam", "dora", "not_yours"),
    ],
)
def test_handovers_that_are_refused(actor: str, owner: str, to: str, code: str) -> None:
    play = begun("head", "finance", policy=Policy.ALL)
    w.refused(code, lambda: play.delegate(actor, to, owner=owner))
    assert play.now.steps["approval"].handovers == ()


def test_a_vote_that_is_given_is_not_given_twice() -> None:
    play = begun("head", "finance", policy=Policy.ALL).decide("hana", "approve")
    w.refused("already_holds", lambda: play.delegate("fay", "hana"), person="hana")
    w.refused("not_yours", lambda: play.delegate("hana", "dora"))


def test_a_requester_may_be_given_work_but_no_decision() -> None:
    play = w.Play(b.flow(b.do(), b.approve("head"), b.end())).begin("hana").delegate("sam", "hana", "work")
    play.decide("hana", "ok", "work")
    w.refused("cannot_hold", lambda: play.delegate("hugo", "hana"))
    assert play.now.status is Status.OPEN


def test_standing_in_at_one_stage_says_nothing_about_the_next() -> None:
    play = begun("finance", "director", "head", policy=Policy.SEQUENCE).delegate("fay", "hugo").decide("hugo", "approve")
    play.decide("dora", "approve", stage=1).decide("hana", "approve", stage=2)
    assert [(v.by, v.instead_of) for v in play.now.steps["approval"].votes] == [("hugo", "fay"), ("dora", ""), ("hana", "")]
