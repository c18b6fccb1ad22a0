"""Four eyes on one piece of work, and what a person must prove beside a tap."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from flows import Refused, Topic
from flows.engine import second
from flows.events import SYSTEM, Cover, Decide, Fire
from flows.kinds import Proof
from flows.model import Flow
from tests.flows import build as b
from tests.flows import play as w

PEOPLE = w.PEOPLE | {"store": ("sam", "sue"), "finance": ("fay",)}
STEP = {"fields": ("count",), "confirm_by": "finance"}


def flow(*outcomes: str, **more: Any) -> Flow:
    return b.flow(b.ask("vendor"), b.do(*(outcomes or ("ok", "short", "lost")), **{**STEP, **more}), b.end())


def begun(*, people: dict[str, tuple[str, ...]] | None = None, by: str = "rita", facts: Any = None, **more: Any) -> w.Play:
    known = facts or w.facts(people=PEOPLE | (people or {}))
    return w.Play(flow(**more), facts=known).begin(by, vendor="x").give("sam", "work", count=3)


def on(play: w.Play) -> str:
    return play.now.outcome or play.now.open_steps()[0].path


def confirm(play: w.Play, who: str, choice: str = "confirm", reason: str = "") -> w.Play:
    return play.decide(who, choice, "work", reason, stage=1)


def test_a_second_person_sees_the_report_and_only_their_word_makes_it_count() -> None:
    play = begun().decide("sam", "ok", "work")
    assert ("fay", Topic.CONFIRM, "work") in play.said
    asked = play.told("fay")
    assert (w.keys(asked), asked.details["by"], asked.details["choice"], asked.details["stage"]) == (
        ["confirm", "differs"], "sam", "ok", "1",
    )  # fmt: skip
    assert on(play) == "work"
    confirm(play, "fay")
    assert (on(play), play.now.steps["work"].outcome, play.now.steps["work"].closed_by) == ("completed", "ok", "fay")


@pytest.mark.parametrize(("choice", "where"), [("short", "request"), ("lost", "failed")])
def test_going_back_or_ending_waits_for_the_second_person_too(choice: str, where: str) -> None:
    play = begun(ends={"lost": "failed"}, send_back_to={"short": "request"}).decide("sam", choice, "work", "so it is")
    assert on(play) == "work"
    assert on(confirm(play, "fay")) == where
    if where == "request":
        assert play.now.steps["request"].reason == "so it is"


def test_what_does_not_match_goes_back_to_the_first_with_the_reason() -> None:
    play = begun().decide("sam", "ok", "work")
    w.refused("reason_needed", lambda: confirm(play, "fay", "differs"))
    confirm(play, "fay", "differs", "I count four")
    state = play.now.steps["work"]
    assert (state.stage, state.owners) == (0, ("sam",))
    again = next(say for say in play.says if say.to == "sam")
    assert (again.topic, again.details["by"], again.details["reason"]) == (Topic.DO, "fay", "I count four")
    play.give("sam", "work", count=4).decide("sam", "ok", "work")
    assert play.now.values["count"] == 4
    assert on(confirm(play, "fay")) == "completed"


def test_the_second_person_gives_no_values_and_their_old_button_reports_nothing() -> None:
    play = begun(people={"finance": ("sue",)}).decide("sam", "ok", "work")
    w.refused("not_waiting", lambda: play.give("sue", "work", count=9))
    w.refused("closed", lambda: play.decide("sue", "short", "work"), by="sam", choice="ok")
    assert on(confirm(play, "sue")) == "completed"


# --- never the same person --------------------------------------------------------------------------------------------


def ways_round(play: w.Play) -> list[w.Play]:
    """Every way by which the first person might confirm what they reported; those that were let through."""
    attempts: list[Any] = [
        lambda p: confirm(p, "sam"),
        lambda p: confirm(p.delegate("fay", "sam", "work"), "sam"),
        lambda p: confirm(p.delegate("mia", "sam", "work", owner="fay"), "sam"),
        lambda p: confirm(p.delegate("fay", "hana", "work").delegate("hana", "sam", "work"), "sam"),
    ]
    through = []
    for attempt in attempts:
        try:
            through.append(attempt(replace(play)))
        except Refused:
            continue
    return [each for each in through if on(each) != "work"]


def test_who_reported_never_confirms_by_no_way_round() -> None:
    assert ways_round(begun().decide("sam", "ok", "work")) == []
    both = begun(people={"finance": ("fay", "sam")}).decide("sam", "ok", "work")
    assert both.now.steps["work"].owners == ("fay",)
    assert ways_round(both) == []


def test_the_same_person_confirming_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second, "_who", lambda report: frozenset())
    both = begun(people={"finance": ("fay", "sam")}).decide("sam", "ok", "work")
    assert ways_round(both) != []


def test_who_it_was_handed_over_by_does_not_confirm_it_either() -> None:
    play = begun(people={"finance": ("sue",)}, confirm_by="store").delegate("sam", "fay", "work").decide("fay", "ok", "work")
    assert play.now.steps["work"].owners == ("sue",)


def test_a_cover_on_leave_does_not_bring_it_back_to_the_first() -> None:
    facts = w.facts(people=PEOPLE, leave={"fay": Cover(("sam",))})
    play = begun(facts=facts).decide("sam", "ok", "work")
    assert "sam" not in play.now.steps["work"].owners


def test_with_nobody_else_it_stops_at_the_managers() -> None:
    play = begun(people={"finance": ("sam",)}).decide("sam", "ok", "work")
    assert play.told("mia").topic is Topic.BLOCKED
    assert "Nobody but who reported this" in play.told("mia").details["reason"]


def test_a_confirmation_can_be_undone() -> None:
    play = begun(facts=w.facts(people=PEOPLE, grace=10))
    play.decide("sam", "ok", "work")
    fired = Fire(**play.here(SYSTEM, "work"), rung="grace:sam")
    play.event(replace(fired, at=play.at + timedelta(seconds=10)))
    assert play.now.steps["work"].stage == 1
    confirm(play, "fay").undo("fay", "work")
    assert (on(play), play.now.steps["work"].stage) == ("work", 1)


# --- proof ------------------------------------------------------------------------------------------------------------


def proven(play: w.Play, who: str, choice: str, proof: str, path: str = "approval", **more: Any) -> w.Play:
    return play.event(Decide(**play.here(who, path), choice=choice, proof=proof, **more))


@pytest.mark.parametrize("proof", [Proof.PIN, Proof.CODE])
def test_an_approval_needs_the_proof_that_the_step_asks_for(proof: Proof) -> None:
    play = w.Play(b.flow(b.ask("vendor"), b.approve("head", proof=proof, send_back_to="request"), b.end())).begin(vendor="x")
    w.refused("proof_needed", lambda: play.decide("hana", "approve"), proof=proof.value)
    other = {Proof.PIN: "code", Proof.CODE: "pin"}[proof]
    w.refused("proof_needed", lambda: proven(play, "hana", "approve", other))
    assert proven(play, "hana", "approve", proof.value).now.outcome == "completed"


def test_saying_no_needs_no_proof() -> None:
    play = w.Play(b.flow(b.approve("head", proof=Proof.PIN), b.end())).begin().decide("hana", "reject", reason="no")
    assert play.now.outcome == "rejected"


def test_work_that_goes_on_is_proven_and_work_that_goes_back_is_not() -> None:
    steps = b.ask("vendor"), b.do("paid", "wrong", proof=Proof.PIN, send_back_to={"wrong": "request"}), b.end()
    play = w.Play(b.flow(*steps)).begin(vendor="x")
    w.refused("proof_needed", lambda: play.decide("sam", "paid", "work"))
    assert on(play.decide("sam", "wrong", "work", reason="no account")) == "request"
    play.decide("rita", "submit", "request")
    assert proven(play, "sam", "paid", "pin", "work").now.outcome == "completed"


def test_a_held_decision_was_proven_when_it_was_made() -> None:
    held = w.Play(b.flow(b.approve("head", proof=Proof.PIN), b.end()), facts=w.facts(grace=10)).begin()
    w.refused("proof_needed", lambda: held.decide("hana", "approve"))
    proven(held, "hana", "approve", "pin")
    fired = Fire(**held.here(SYSTEM, "approval"), rung="grace:hana")
    held.event(replace(fired, at=held.at + timedelta(seconds=10)))
    assert held.now.outcome == "completed"


def test_second_is_as_strict_as_first_about_proof() -> None:
    play = begun(proof=Proof.PIN)
    proven(play, "sam", "ok", "pin", "work")
    w.refused("proof_needed", lambda: confirm(play, "fay"))
    assert proven(play, "fay", "confirm", "pin", "work", stage=1).now.outcome == "completed"
