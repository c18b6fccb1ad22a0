"""The approve step: who may decide, how several decisions make one, rejecting and sending back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from flows import Status, StepStatus, Topic
from flows.model import Flow, Policy
from tests.flows import build as b
from tests.flows import play as w

APPROVE, DECIDED, OUTCOME, BLOCKED = Topic.APPROVE, Topic.DECIDED, Topic.OUTCOME, Topic.BLOCKED


def flow(*roles: str, **more: Any) -> Flow:
    return b.flow(b.ask("vendor"), b.approve(*roles, **({"send_back_to": "request"} | more)), b.end())


def begun(*roles: str, by: str = "rita", people: dict[str, tuple[str, ...]] | None = None, **more: Any) -> w.Play:
    facts = w.facts(people=w.PEOPLE | (people or {}))
    return w.Play(flow(*roles, **more), facts=facts).begin(by, vendor="x")


def asked(play: w.Play) -> list[str]:
    return [say.to for say in play.says if say.topic is APPROVE]


def test_every_holder_is_asked_and_one_decides() -> None:
    play = begun("head")
    assert asked(play) == ["hana", "hugo"]
    assert w.keys(play.told("hana")) == ["approve", "reject", "send_back"]
    play.decide("hugo", "approve")
    assert play.said == [("hugo", DECIDED, "approval"), ("hana", DECIDED, "approval"), ("rita", OUTCOME, "end")]
    assert play.told("hana").details == {"by": "hugo", "choice": "approve", "reason": ""}


def test_who_comes_second_is_told_who_decided() -> None:
    play = w.Play(b.flow(b.ask("vendor"), b.approve("head"), b.do(), b.end())).begin(vendor="x").decide("hugo", "approve")
    at = play.now.steps["approval"].closed_at
    assert at is not None
    w.refused("closed", lambda: play.decide("hana", "reject", reason="no"), by="hugo", choice="approve", at=at.isoformat())


@pytest.mark.parametrize(
    ("actor", "choice", "reason", "code"),
    [
        ("rita", "approve", "", "own_request"),
        ("sam", "approve", "", "not_yours"),
        ("mia", "approve", "", "not_yours"),
        ("hana", "submit", "", "unknown_choice"),
        ("hana", "maybe", "", "unknown_choice"),
        ("hana", "reject", "", "reason_needed"),
        ("hana", "reject", "  ", "reason_needed"),
        ("hana", "send_back", "", "reason_needed"),
    ],
)
def test_decisions_that_do_not_count(actor: str, choice: str, reason: str, code: str) -> None:
    play = begun("head")
    w.refused(code, lambda: play.decide(actor, choice, reason=reason))
    assert play.now.steps["approval"].votes == ()


def test_an_attempt_that_never_was_is_closed_and_nobody_decided() -> None:
    w.refused("closed", lambda: begun("head").decide("hana", "approve", attempt=9), by="", choice="", at="")
    w.refused("closed", lambda: begun("head").decide("hana", "approve", "elsewhere"), by="")


def test_without_a_way_back_there_is_no_send_back() -> None:
    play = begun("head", send_back_to="")
    assert w.keys(play.told("hana")) == ["approve", "reject"]
    w.refused("unknown_choice", lambda: play.decide("hana", "send_back", reason="x"))


def test_the_requester_never_decides_their_own_request() -> None:
    play = begun("head", by="hana")
    assert asked(play) == ["hugo"]
    w.refused("own_request", lambda: play.decide("hana", "approve"))


@pytest.mark.parametrize(
    ("people", "by", "reason"),
    [
        ({"head": ()}, "rita", "Nobody holds the role Head."),
        ({"head": ("hana",)}, "hana", "Nobody but the requester holds the role Head."),
    ],
)
def test_with_nobody_to_decide_the_manager_is_told(people: dict[str, tuple[str, ...]], by: str, reason: str) -> None:
    play = begun("head", by=by, people=people)
    say = play.told("mia")
    assert (say.topic, say.details["reason"], w.keys(say)) == (BLOCKED, reason, ["retry", "cancel"])
    assert play.now.steps["approval"].owners == ("mia",)


def test_rejecting_ends_the_run_and_says_why() -> None:
    play = begun("head", rejected="turned_down").decide("hana", "reject", reason="too dear")
    assert (play.now.status, play.now.outcome) == (Status.ENDED, "turned_down")
    assert play.told("rita").details == {"outcome": "turned_down", "by": "hana", "reason": "too dear"}
    assert play.now.steps["approval"].status is StepStatus.DONE


# --- in sequence ------------------------------------------------------------------------------------------------------


def test_a_sequence_asks_role_after_role() -> None:
    play = begun("head", "finance", "director", policy=Policy.SEQUENCE, due=b.bh("8"), ladder=b.LADDER)
    due = play.now.steps["approval"].due_at
    w.refused("not_yours", lambda: play.decide("fay", "approve"))
    play.decide("hana", "approve")
    assert play.said == [("hana", DECIDED, "approval"), ("hugo", DECIDED, "approval"), ("fay", APPROVE, "approval")]
    assert play.timers == {}
    w.refused("not_yours", lambda: play.decide("hugo", "approve"))
    w.refused("already_voted", lambda: play.decide("hana", "approve"))
    play.decide("fay", "approve").decide("dora", "approve")
    assert play.now.outcome == "completed"
    assert (play.now.steps["approval"].stage, play.now.steps["approval"].due_at) == (2, due)


def test_rejecting_at_a_later_stage_ends_the_run() -> None:
    play = begun("head", "finance", policy=Policy.SEQUENCE).decide("hana", "approve").decide("fay", "reject", reason="no money")
    assert play.now.outcome == "rejected"
    assert {say.to for say in play.says if say.topic is DECIDED} == {"fay", "hana"}


def test_who_approved_a_stage_leaves_the_next_to_another_holder() -> None:
    play = begun("head", "finance", policy=Policy.SEQUENCE, people={"finance": ("hana", "fay")}).decide("hana", "approve")
    assert asked(play) == ["fay"]
    w.refused("already_voted", lambda: play.decide("hana", "approve", stage=1))


def test_the_only_holder_of_two_stages_decides_both_but_not_by_one_button() -> None:
    play = begun("head", "finance", policy=Policy.SEQUENCE, people={"finance": ("hana",)}).decide("hana", "approve")
    assert asked(play) == ["hana"]
    assert play.says[-1].details["stage"] == "1"
    w.refused("already_voted", lambda: play.decide("hana", "approve"))
    assert play.decide("hana", "approve", stage=1).now.outcome == "completed"


def test_a_stage_with_nobody_stops_at_the_manager() -> None:
    play = begun("head", "finance", policy=Policy.SEQUENCE, people={"finance": ()}).decide("hana", "approve")
    assert play.told("mia").details["reason"] == "Nobody holds the role Finance."
    play.facts = w.facts()
    play.resume()
    assert asked(play) == ["hana", "hugo"]
    assert play.now.steps["approval"].attempt == 2


# --- n of m -----------------------------------------------------------------------------------------------------------


def committee(**more: Any) -> w.Play:
    return begun("committee", policy=Policy.N_OF_M, needed=2, **more)


def test_two_of_three_approve() -> None:
    play = committee()
    assert asked(play) == ["hana", "fay", "dora"]
    play.decide("fay", "approve")
    assert play.said == [("fay", DECIDED, "approval")]
    assert play.now.steps["approval"].owners == ("hana", "dora")
    w.refused("already_voted", lambda: play.decide("fay", "approve"))
    play.decide("dora", "approve")
    assert {say.to for say in play.says if say.topic is DECIDED} == {"dora", "hana", "fay"}
    assert play.now.outcome == "completed"


def test_one_rejection_of_three_still_leaves_two() -> None:
    play = committee().decide("fay", "reject", reason="dear")
    assert play.now.status is Status.OPEN
    assert play.decide("dora", "approve").decide("hana", "approve").now.outcome == "completed"


def test_rejected_as_soon_as_the_target_cannot_be_met() -> None:
    play = committee().decide("fay", "reject", reason="dear").decide("dora", "approve").decide("hana", "reject", reason="late")
    assert play.now.outcome == "rejected"
    assert play.told("rita").details["by"] == "hana"


def test_one_member_may_send_back_at_once() -> None:
    assert set(committee().decide("fay", "approve").decide("dora", "send_back", reason="x").now.steps) == {"request"}


def test_holders_of_several_roles_count_once() -> None:
    play = begun("head", "committee", policy=Policy.N_OF_M, needed=2)
    assert asked(play) == ["hana", "hugo", "fay", "dora"]


def test_too_few_to_reach_the_target_stops_at_the_manager() -> None:
    play = committee(by="hana", people={"committee": ("hana", "fay")})
    assert play.told("mia").details["reason"] == "2 people must decide, and only 1 can."


# --- checks, and going back -------------------------------------------------------------------------------------------


def test_checks_that_do_not_hold_or_cannot_be_told_are_warnings() -> None:
    checks = (
        b.check("fine", b.rule("true", lambda n: True)),
        b.check("split", b.rule("same < 1", lambda n: n["same"] < 1)),
        b.check("gone", b.rule("gone", lambda n: n["gone"])),
        b.check("odd", b.rule("1", lambda n: 1)),
    )
    play = w.Play(flow("head", checks=checks), facts=w.facts(lookups={"same": 2})).begin(vendor="x")
    assert play.told("hana").details == {"warnings": "split,gone,odd"}


def test_what_follows_the_step_sent_back_to_is_gone_through_again() -> None:
    made = b.flow(b.ask("vendor"), b.do(id="first"), b.approve("head", send_back_to="first"), b.end())
    play = w.Play(made).begin(vendor="x").decide("sam", "ok", "first").decide("hana", "send_back", reason="again")
    say = play.told("sam")
    assert (say.topic, say.attempt, say.details) == (Topic.DO, 2, {"by": "hana", "reason": "again"})
    assert play.now.steps["request"].attempt == 1
    play.decide("sam", "ok", "first")
    assert play.now.steps["approval"].attempt == 2
    w.refused("closed", lambda: play.decide("hana", "approve", attempt=1), by="hana", choice="send_back")


def test_the_documents_that_the_step_names_go_along() -> None:
    flow = b.flow(b.collect("spec", "quotes"), replace(b.approve("head"), attach=("quotes",)), b.end())
    play = w.Play(flow).begin(items=b.lines("5000"))
    for item, document in (("spec", "d2"), ("quotes", "d1")):
        play.file(item, document)
    asked = play.told("hana")
    assert asked.attach == ("d1",)
