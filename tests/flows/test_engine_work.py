"""Work by people and by machines, branches, and the whole purchase approval in small."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from flows import DropTimers, Erased, Facts, Status, StepStatus, Topic, Work, names
from flows.decided import BranchTaken
from flows.model import Rule
from tests.flows import build as b
from tests.flows import play as w

# --- do ---------------------------------------------------------------------------------------------------------------


def test_the_work_is_told_with_its_documents_once_its_fields_are_given() -> None:
    work = b.do(fields=("received", "note"), attach=("quotes",))
    play = w.Play(b.flow(b.collect("quotes"), work, b.end())).begin(items=b.lines("1")).file()
    assert play.said == [("sam", Topic.QUESTION, "received")]
    w.refused("invalid", lambda: play.decide("sam", "ok", "work"), field="received", problem="Received?")
    play.give("sam", "work", received=date(2026, 3, 3)).skip("note", "sam", "work")
    assert (play.told("sam").topic, w.keys(play.told("sam")), play.told("sam").attach) == (Topic.DO, ["ok", "short"], ("d1",))
    play.decide("sam", "ok", "work")
    assert [vote.choice for vote in play.now.steps["work"].votes] == ["ok"]
    assert play.now.outcome == "completed"


def test_all_who_hold_the_role_hear_what_was_reported() -> None:
    play = w.Play(b.flow(b.do(owner="head"), b.do(id="next"), b.end())).begin().decide("hugo", "ok", "work")
    assert [say.to for say in play.says if say.topic is Topic.DECIDED] == ["hugo", "hana"]
    w.refused("closed", lambda: play.decide("hana", "short", "work"), by="hugo", choice="ok")


@pytest.mark.parametrize(("actor", "choice", "code"), [("rita", "ok", "not_yours"), ("sam", "approve", "unknown_choice")])
def test_reports_that_do_not_count(actor: str, choice: str, code: str) -> None:
    w.refused(code, lambda: w.Play(b.flow(b.do(), b.end())).begin().decide(actor, choice, "work"))


def test_an_outcome_may_end_the_run() -> None:
    play = w.Play(b.flow(b.do(ends={"short": "failed"}), b.do(id="next"), b.end())).begin().decide("sam", "short", "work")
    assert (play.now.outcome, play.now.status) == ("failed", Status.ENDED)
    assert play.told("rita").details["by"] == "sam"


def test_an_outcome_may_send_back_with_a_reason() -> None:
    flow = b.flow(b.ask("vendor"), b.do(send_back_to={"short": "request"}), b.end())
    play = w.Play(flow).begin(vendor="x")
    w.refused("reason_needed", lambda: play.decide("sam", "short", "work"))
    play.decide("sam", "short", "work", reason="two boxes missing")
    assert play.told("rita").details == {"by": "sam", "reason": "two boxes missing"}


# --- generate and notify ----------------------------------------------------------------------------------------------


def order() -> w.Play:
    flow = b.flow(b.ask("vendor", "mail"), b.generate(), b.notify(), b.do(send_back_to={"short": "request"}), b.end())
    return w.Play(flow).begin(vendor="Sharma", mail="a@example.test")


def work_of(play: w.Play) -> Work:
    (work,) = [effect for effect in play.effects if isinstance(effect, Work)]
    return work


def test_a_document_gets_its_number_is_made_filed_and_sent() -> None:
    play = order()
    assert work_of(play) == Work("draft", 1, "generate", {"template": "po", "output": "po", "number": "PO-2026-0001"})
    play.finish("po1")
    assert [(f.item, f.document) for f in play.now.files] == [("po", "po1")]
    assert (play.told("vera").topic, play.told("vera").attach) == (Topic.NOTICE, ("po1",))
    assert play.now.participants == {"vendor": "vera"}
    assert play.now.steps["send"].status is StepStatus.DONE


def test_made_again_it_keeps_its_number_and_only_the_latest_is_sent() -> None:
    play = order().finish("po1").decide("sam", "short", "work", reason="wrong")
    play.facts = w.facts(numbers={"PO": "PO-2026-0002"})
    play.decide("rita", "submit", "request")
    assert (work_of(play).attempt, work_of(play).details["number"]) == (2, "PO-2026-0001")
    assert play.finish("po2").told("vera").attach == ("po2",)


def test_a_number_is_needed_where_a_series_is_named() -> None:
    play = w.Play(b.flow(b.generate(), b.end()), facts=w.facts(numbers={})).begin()
    assert play.told("mia").details["reason"] == "There is no number to give from the series PO."


def test_failed_work_stops_at_the_manager_and_is_tried_again() -> None:
    play = order().finish(error="The template is broken.")
    assert play.told("mia").details["reason"] == "The template is broken."
    w.refused("blocked", play.finish)
    w.refused("not_yours", lambda: play.resume("rita", "draft"))
    play.resume("mia", "draft")
    assert (work_of(play).attempt, work_of(play).details["number"]) == (2, "PO-2026-0001")
    w.refused("closed", lambda: play.finish("late", attempt=1))
    assert play.finish("po2").now.files[-1].document == "po2"


def test_work_without_a_document_failed() -> None:
    assert order().finish("").told("mia").topic is Topic.BLOCKED


def test_finished_work_is_only_for_steps_that_wait_for_it() -> None:
    w.refused("not_waiting", lambda: w.Play(b.flow(b.ask("vendor"), b.end())).begin().finish(path="request"))


def test_a_notice_to_nobody_stops_at_the_manager() -> None:
    play = w.Play(b.flow(b.notify(), b.end()), facts=w.facts(participants={})).begin()
    assert play.told("mia").details["reason"] == "It is not known how to reach the vendor."
    play.facts = w.facts()
    play.resume(path="send")
    assert play.said == [("vera", Topic.NOTICE, "send"), ("rita", Topic.OUTCOME, "end")]
    assert [s.outcome for s in play.now.history] == ["retry"]


def test_a_participant_stays_bound_and_may_own_a_step() -> None:
    play = w.Play(b.flow(b.notify(attach=()), b.do(owner="participant:vendor"), b.end())).begin()
    play.facts = w.facts(participants={})
    play.decide("vera", "ok", "work")
    assert play.now.outcome == "completed"


# --- branch -----------------------------------------------------------------------------------------------------------

LOW = b.rule("total <= 100", lambda n: n["total"] <= 100)
HIGH = b.rule("total > 1000", lambda n: n["total"] > 1000)


def taken(amount: str, *cases: Any) -> w.Play:
    return w.Play(b.flow(b.branch(*cases), b.end(), b.end("other", "other"))).begin(items=b.lines(amount))


def test_the_first_case_that_holds_is_taken_and_why() -> None:
    play = taken("50", b.case("low", LOW, b.end("small", "s")), b.case("high", HIGH, b.end("large", "l")))
    assert (play.now.outcome, play.now.taken) == ("small", {"size": "low"})
    (fact,) = [d for d in play.decided if isinstance(d, BranchTaken)]
    assert fact.because == "total <= 100 (total = 50.00)"


def test_otherwise_says_what_was_seen() -> None:
    play = taken("5000", b.case("low", LOW), b.case("rest", None, b.end("large", "l")))
    (fact,) = [d for d in play.decided if isinstance(d, BranchTaken)]
    assert (play.now.outcome, fact.because) == ("large", "otherwise (total = 5000.00)")


def test_an_empty_case_goes_on_after_the_branch() -> None:
    assert taken("50", b.case("low", LOW)).now.outcome == "completed"


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        (b.rule("gone > 1", lambda n: n["gone"]), "gone is missing"),
        (b.rule("total", lambda n: n["total"]), "“total” gives neither true nor false"),
        (HIGH, "No case fits"),
    ],
)
def test_where_the_way_is_not_clear_a_person_is_asked(when: Rule, reason: str) -> None:
    play = taken("50", b.case("one", when))
    assert reason in play.told("mia").details["reason"]
    assert play.now.steps["size"].status is StepStatus.BLOCKED
    play.resume(path="size")
    assert play.now.steps["size"].attempt == 2


def test_a_rule_that_fails_takes_no_later_case() -> None:
    play = taken("50", b.case("one", b.rule("gone", lambda n: n["gone"])), b.case("low", LOW, b.end("small", "s")))
    assert play.now.taken == {}


def test_after_a_correction_the_branch_is_chosen_anew() -> None:
    small = b.approve("head", id="small", send_back_to="request")
    large = b.approve("director", id="large", send_back_to="request")
    flow = b.flow(b.ask("items"), b.branch(b.case("low", LOW, small), b.case("rest", None, large)), b.end())
    play = w.Play(flow).begin(items=b.lines("50")).decide("hana", "send_back", "small", reason="more")
    assert play.now.taken == {}
    play.give(items=b.lines("500")).decide("rita", "submit", "request")
    assert play.now.taken == {"size": "rest"}
    assert [s.path for s in play.now.open_steps()] == ["large"]


def test_the_names_that_rules_see() -> None:
    play = w.Play(b.flow(b.ask("vendor"))).begin(items=b.ITEMS, vendor="x", insured=True)
    run = replace(play.now, values={**play.now.values, "mail": Erased()})
    seen = names(play.flow, run, w.facts(lookups={"same": 2}))
    assert seen == {
        "items": [{"item": "Paper", "quantity": Decimal(10), "unit": "box", "rate": Decimal("400"), "tax": Decimal(18)}],
        "total": Decimal("4720.00"),
        "vendor": "x",
        "insured": True,
        "documents": {"quotes": 0, "spec": 0, "po": 0},
        "outcomes": {"request": "answered"},
        "attempts": {"request": 1},
        "children": {},
        "requester": "rita",
        "same": 2,
    }


# --- the whole --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "quotes", "votes"),
    [
        ("10000", 1, [("one", "hugo")]),
        ("10000.01", 1, [("two", "hana"), ("two", "fay")]),
        ("500000", 3, [("three", "dora"), ("three", "hana")]),
    ],
)
def test_a_purchase_from_request_to_receipt(amount: str, quotes: int, votes: list[tuple[str, str]]) -> None:
    play = w.Play(b.purchase()).begin(vendor="Sharma", mail="a@example.test", need_by=date(2026, 4, 1), items=b.lines(amount))
    for number in range(quotes):
        play.file(document=f"q{number}")
    for path, who in votes:
        play.decide(who, "approve", path)
    play.finish().give("sam", "receipt", received=date(2026, 3, 9)).decide("sam", "received", "receipt")
    assert (play.now.outcome, play.now.numbers) == ("completed", {"PO": "PO-2026-0001"})
    assert play.now.open_steps() == ()
    assert any(isinstance(effect, DropTimers) for effect in play.effects)


def test_facts_are_only_read() -> None:
    facts: Facts = w.facts()
    before = (dict(facts.people), dict(facts.numbers))
    w.Play(b.purchase(), facts=facts).begin(vendor="x")
    assert (dict(facts.people), dict(facts.numbers)) == before
