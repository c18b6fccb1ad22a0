"""The collect step: a checklist of documents, what is missing, later additions."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from flows import StepStatus, Topic
from flows.model import DocumentItem, Flow, Rule
from tests.flows import build as b
from tests.flows import play as w

BIG, SMALL = b.lines("150000"), b.lines("500")


def flow(*items: str) -> Flow:
    back = b.approve("head", send_back_to="papers")
    return b.flow(b.ask("items"), b.collect(*(items or ("quotes", "spec"))), back, b.end())


def test_what_is_missing_is_told_until_nothing_is() -> None:
    play = w.Play(flow()).begin(items=BIG)
    assert (play.told("rita") if len(play.says) == 1 else play.says[-1]).details == {"missing": "quotes:3"}
    assert play.file(document="d1").told("rita").details == {"missing": "quotes:2", "filled": "quotes"}
    assert play.file("spec", "d2").told("rita").details == {"missing": "quotes:2", "filled": "spec"}
    play.file(document="d3").file(document="d4")
    assert play.now.steps["papers"].outcome == "complete"
    assert [(f.item, f.document, f.by) for f in play.now.files][-1] == ("quotes", "d4", "rita")


def test_the_minimum_is_a_rule_over_the_run() -> None:
    assert w.Play(flow()).begin(items=SMALL).file().now.steps["papers"].status is StepStatus.DONE


def test_nothing_required_closes_at_once() -> None:
    play = w.Play(flow("spec")).begin(items=SMALL)
    assert play.now.steps["papers"].status is StepStatus.DONE
    assert [say.topic for say in play.says] == [Topic.RECEIPT, Topic.APPROVE, Topic.APPROVE]


def test_documents_are_refused_with_the_reason() -> None:
    play = w.Play(flow()).begin(items=BIG).file(document="d1")
    w.refused("duplicate", lambda: play.file(document="d1"))
    w.refused("unknown_item", lambda: play.file("po", "d2"))
    w.refused("not_yours", lambda: play.file(document="d2", actor="hana"))
    w.refused("unknown_item", lambda: play.file(document="d2", path="approval"))
    w.refused("closed", lambda: play.file(document="d2", attempt=7))
    assert [f.document for f in play.now.files] == ["d1"]


def test_one_file_may_fill_two_items() -> None:
    play = w.Play(flow()).begin(items=BIG).file("quotes", "d1").file("spec", "d1")
    assert [f.item for f in play.now.files] == ["quotes", "spec"]


@pytest.mark.parametrize("minimum", [b.rule("gone > 1 ? 1 : 0", lambda n: n["gone"]), b.rule("'two'", lambda n: "two")])
def test_a_minimum_that_cannot_be_told_stops_at_the_manager(minimum: Rule) -> None:
    made = flow("quotes")
    broken = replace(made, documents={"quotes": DocumentItem("quotes", b.words("Quotes"), minimum)})
    play = w.Play(broken).begin(items=SMALL)
    assert play.now.steps["papers"].status is StepStatus.BLOCKED
    assert minimum.source in play.told("mia").details["reason"] or "gone" in play.told("mia").details["reason"]
    w.refused("blocked", play.file)


@pytest.mark.parametrize("least", [2, 2.0, Decimal(2)])
def test_whole_numbers_of_any_kind_count(least: object) -> None:
    item = DocumentItem("quotes", b.words("Quotes"), b.rule("2", lambda n: least))
    play = w.Play(replace(flow("quotes"), documents={"quotes": item})).begin(items=SMALL)
    assert play.says[-1].details == {"missing": "quotes:2"}


def test_a_later_document_is_added_and_reopens_nothing() -> None:
    play = w.Play(flow()).begin(items=SMALL).file()
    play.file("spec", "d2")
    assert [f.document for f in play.now.files] == ["d1", "d2"]
    assert play.now.steps["papers"].attempt == 1
    assert [s.path for s in play.now.open_steps()] == ["approval"]
    assert {say.to: say.attach for say in play.says} == {"rita": (), "hana": ("d2",), "hugo": ("d2",)}
    assert {(say.topic, say.details["added"]) for say in play.says} == {(Topic.NOTICE, "spec")}
    w.refused("duplicate", lambda: play.file("spec", "d2"))
    w.refused("not_yours", lambda: play.file("spec", "d3", actor="sam"))


def test_the_requester_may_add_to_what_somebody_else_collected() -> None:
    play = w.Play(b.flow(b.collect("quotes", owner="store"), b.approve("head"), b.end())).begin(items=SMALL)
    play.file(actor="sam").file(document="d2", actor="rita")
    assert [f.by for f in play.now.files] == ["sam", "rita"]


def test_a_checklist_sent_back_waits_for_submit() -> None:
    play = w.Play(flow()).begin(items=SMALL).file().decide("hana", "send_back", reason="unreadable")
    assert (play.told("rita").topic, w.keys(play.told("rita"))) == (Topic.SENT_BACK, ["submit"])
    play.file(document="d2")
    assert (play.told("rita").details, w.keys(play.told("rita"))) == ({"missing": "", "filled": "quotes"}, ["submit"])
    w.refused("not_yours", lambda: play.decide("hana", "submit", "papers"))
    w.refused("unknown_choice", lambda: play.decide("rita", "approve", "papers"))
    assert play.decide("rita", "submit", "papers").now.steps["approval"].attempt == 2
    assert [f.document for f in play.now.files] == ["d1", "d2"]


def test_submit_with_something_missing_says_what() -> None:
    made = b.flow(b.ask("items"), b.collect("quotes"), b.approve("head", send_back_to="request"), b.end())
    back = replace(made, steps=(*made.steps[:2], b.approve("head", send_back_to="papers"), b.end()))
    play = w.Play(back).begin(items=SMALL).file().decide("hana", "send_back", reason="more")
    item = DocumentItem("quotes", b.words("Quotes"), b.rule("3", lambda n: 3))
    play.flow = replace(back, documents={"quotes": item})
    play.decide("rita", "submit", "papers")
    assert (play.told("rita").topic, play.told("rita").details["missing"]) == (Topic.COLLECT, "quotes:2")


def test_submit_is_not_for_a_checklist_that_never_came_back() -> None:
    w.refused("unknown_choice", lambda: w.Play(flow()).begin(items=SMALL).decide("rita", "submit", "papers"))
