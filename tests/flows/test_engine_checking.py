"""Checklists that somebody checks: accepted and rejected item by item, asked again, waived."""

from __future__ import annotations

from collections import Counter
from importlib import import_module
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from flows import StepStatus, Topic
from flows.checklist import Standing
from flows.engine import checklist, names
from flows.engine.prompts import attached
from flows.run import Filed, Run, Verdict
from tests.flows import build as b
from tests.flows import papers as p
from tests.flows import play as w

CHECKED = p.flow(p.collect("photo", "note", checked_by="head"), b.approve("finance"), b.end())
BOTH = p.flow(b.collect("photo", "spec", "note", checked_by="head"), b.approve("finance"), b.end())
ACCEPTED, REJECTED = Verdict.ACCEPTED, Verdict.REJECTED


def given_all(**facts: Any) -> p.Papers:
    """Both documents are there: the optional one came first."""
    play = p.Papers(CHECKED, w.facts(**facts))
    play.begin().file("note", "n1").file("photo", "d1")
    return play


def standings(play: w.Play) -> dict[str, str]:
    step = play.flow.step("papers")
    return {item.name: item.standing.value for item in checklist(play.flow, play.now, None, step).items}  # type: ignore[arg-type]


def test_what_is_complete_goes_to_who_checks_it_with_the_files() -> None:
    play = p.Papers(CHECKED)
    play.begin().file("photo", "d1")
    state = play.now.steps["papers"]
    assert (state.stage, state.owners, state.before) == (1, ("hana", "hugo"), ("rita",))
    asked = play.told("hana")
    assert (asked.topic, w.keys(asked), asked.attach) == (Topic.CHECKLIST, ["accept-all:1", "reject:photo"], ("d1",))
    assert play.told("rita").details["told"] == "checking"


def test_more_than_two_documents_are_rejected_by_picking_one() -> None:
    play = p.Papers(BOTH)
    play.begin().file("spec", "s").file("note", "n").file("photo", "d")
    assert w.keys(play.told("hana")) == ["accept-all:3", "reject-one"]
    w.refused("item_needed", lambda: play.decide("hana", "reject-one", "papers", stage=1))


def test_accepting_all_goes_on_and_says_so() -> None:
    play = given_all()
    play.decide("hana", "accept-all", "papers", stage=1)
    assert [s.path for s in play.now.open_steps()] == ["approval"]
    assert {f.verdict for f in play.now.files} == {ACCEPTED}
    assert {say.to for say in play.says if say.topic is Topic.CHECKLIST} == {"hana", "rita"}


def test_one_rejected_is_asked_again_and_the_accepted_one_is_not() -> None:
    play = given_all()
    play.judge("hana", "note", ACCEPTED)
    w.refused("reason_needed", lambda: play.decide("hana", "reject:photo", "papers", stage=1))
    play.decide("hana", "reject:photo", "papers", "too dark", stage=1)
    state = play.now.steps["papers"]
    assert (state.stage, state.owners, state.attempt) == (0, ("rita",), 1)
    told = [say for say in play.says if say.to == "rita"]
    assert [say.topic for say in told] == [Topic.CHECKLIST, Topic.COLLECT]
    assert (told[0].details["reason"], told[1].details["missing"]) == ("too dark", "photo:1")
    assert standings(play) == {"photo": "rejected", "note": "accepted"}
    play.file("photo", "d2")
    assert play.told("hana").attach == ("d2",), "only the new one is to be checked"
    play.judge("hugo", "photo", ACCEPTED)
    assert play.now.steps["papers"].status is StepStatus.DONE


def test_a_rejected_file_is_not_taken_again_nor_attached_nor_counted_by_rules() -> None:
    play = given_all().judge("hana", "photo", REJECTED, "dark")
    w.refused("duplicate", lambda: play.file("photo", "d1"), item="photo")
    assert names(play.flow, play.now)["documents"]["photo"] == 0
    assert attached(play.now, ("photo",)) == ()


def test_a_second_document_may_be_rejected_though_the_first_went_back_already() -> None:
    play = p.Papers(BOTH)
    play.begin().file("spec", "s").file("photo", "d")
    play.judge("hana", "photo", REJECTED, "dark").judge("hana", "spec", REJECTED, "old")
    assert standings(play)["photo"] == "rejected"
    assert play.now.steps["papers"].stage == 0
    assert {say.to for say in play.says} == {"hana", "rita"}


def test_an_optional_document_that_is_rejected_is_told_and_not_asked_again() -> None:
    play = given_all().judge("hana", "note", REJECTED, "wrong person")
    assert play.now.steps["papers"].stage == 1
    assert any(say.to == "rita" and say.details.get("reason") == "wrong person" for say in play.says)


def test_a_file_sent_while_it_is_checked_is_checked_too() -> None:
    play = given_all()
    play.file("note", "n2")
    assert play.told("hana").attach == ("d1", "n1", "n2")
    assert play.told("rita").details == {"told": "added", "items": "note"}
    w.refused("not_yours", lambda: play.file("note", "n3", actor="hana"))


def test_an_old_button_accepts_nothing_that_came_after_it() -> None:
    play = given_all()
    (old, *_) = w.keys(play.told("hana"))
    play.judge("hana", "photo", REJECTED, "dark").file("photo", "d2")
    w.refused("closed", lambda: play.decide("hana", old, "papers", stage=1))
    play.decide("hana", w.keys(play.told("hana"))[0], "papers", stage=1)
    assert play.now.steps["papers"].status is StepStatus.DONE


def test_nobody_checks_their_own_papers() -> None:
    made = p.flow(p.collect("photo", owner="head", checked_by="head"), b.approve("finance"), b.end())
    play = p.Papers(made)
    play.begin().file("photo", "d1", actor="hana")
    assert play.now.steps["papers"].owners == ("hugo",)
    w.refused("own_papers", lambda: play.judge("hana", "photo", ACCEPTED))
    alone = p.Papers(made, w.facts(people=w.PEOPLE | {"head": ("hana",)}))
    alone.begin().file("photo", "d1", actor="hana")
    assert alone.now.steps["papers"].status is StepStatus.BLOCKED
    assert "gave the documents" in alone.told("mia").details["reason"]


def test_without_anybody_who_checks_it_stops_at_the_manager_and_goes_on_once_mended() -> None:
    play = given_all(people=w.PEOPLE | {"head": ()})
    assert play.now.steps["papers"].status is StepStatus.BLOCKED
    play.facts = w.facts()
    play.resume(path="papers")
    assert (play.now.steps["papers"].stage, play.now.steps["papers"].attempt) == (1, 2)
    assert play.told("hana").attach == ("d1", "n1")


def test_who_may_judge() -> None:
    play = given_all()
    for who in ("rita", "fay", "mia"):
        w.refused("not_yours", lambda who=who: play.judge(who, "photo", ACCEPTED))
    w.refused("not_given", lambda: p.Papers(BOTH).begin() and p.Papers(BOTH, run=play.run).judge("hana", "spec", ACCEPTED))
    w.refused("unknown_item", lambda: play.judge("hana", "po", ACCEPTED))
    w.refused("reason_needed", lambda: play.judge("hana", "photo", REJECTED))
    w.refused("unknown_choice", lambda: play.judge("hana", "photo", Verdict.ASIDE))
    w.refused("unknown_choice", lambda: play.decide("hana", "approve", "papers", stage=1))


@pytest.mark.parametrize("who", ["mia", "hana"])
def test_a_document_is_waived_with_a_reason_and_told(who: str) -> None:
    play = p.Papers(CHECKED)
    play.begin()
    w.refused("reason_needed", lambda: play.waive(who, "photo", ""))
    play.waive(who, "photo", "known to us")
    assert [s.path for s in play.now.open_steps()] == ["approval"]
    assert {say.to: say.details["reason"] for say in play.says if say.topic is Topic.CHECKLIST} == {
        who: "known to us",
        "rita": "known to us",
    }
    assert standings(play)["photo"] == "waived"


def test_what_is_waived_is_neither_wanted_nor_checked() -> None:
    play = p.Papers(BOTH)
    play.begin()
    w.refused("not_yours", lambda: play.waive("fay", "photo"))
    w.refused("own_papers", lambda: play.waive("rita", "photo"))
    play.file("spec", "s")
    play.waive("mia", "photo")
    w.refused("waived", lambda: play.waive("mia", "photo"))
    play.judge("hana", "spec", ACCEPTED)
    assert play.now.steps["papers"].status is StepStatus.DONE


def test_a_manager_who_gives_the_documents_does_not_waive_them() -> None:
    play = p.Papers(p.flow(p.collect("photo", owner="manager"), b.approve("finance"), b.end()))
    play.begin()
    w.refused("own_papers", lambda: play.waive("mia", "photo"))


def test_sent_back_and_submitted_it_is_checked_before_it_goes_on() -> None:
    made = p.flow(p.collect("photo", checked_by="head"), b.approve("finance", send_back_to="papers"), b.end())
    play = p.Papers(made)
    play.begin().file("photo", "d1").decide("hana", "accept-all", "papers", stage=1)
    play.decide("fay", "send_back", reason="the back side too").file("photo", "d2")
    assert w.keys(play.told("rita")) == ["submit"]
    play.decide("rita", "submit", "papers")
    assert play.told("hana").attach == ("d2",)
    play.decide("hana", "accept-all", "papers", stage=1)
    assert [s.path for s in play.now.open_steps()] == ["approval"]


# --- properties -------------------------------------------------------------------------------------------------------

FILES = [("photo", "a"), ("photo", "b"), ("note", "c"), ("spec", "d"), ("spec", "e")]


@settings(max_examples=40, deadline=None)
@given(st.permutations(FILES))
def test_files_in_any_order_end_with_the_same_checklist(order: list[tuple[str, str]]) -> None:
    play = p.Papers(p.flow(b.collect("photo", "spec", "note", "po"), b.approve("finance"), b.end()))
    documents = {**play.flow.documents, "po": p.DocumentItem("po", b.words("Order"), p.ONE)}
    play.flow = b.replace(play.flow, documents=documents)
    play.begin()
    for item, document in order:
        play.file(item, document)
    found = checklist(play.flow, play.now, None, play.flow.step("papers"))  # type: ignore[arg-type]
    assert [(i.name, i.have, i.standing) for i in found.items] == [
        ("photo", 2, Standing.GIVEN),
        ("spec", 2, Standing.GIVEN),
        ("note", 1, Standing.GIVEN),
        ("po", 0, Standing.MISSING),
    ]
    assert (found.done, found.total, found.short) == (3, 4, {"po": 1})


WHAT = st.lists(
    st.one_of(
        st.tuples(st.just("file"), st.sampled_from(("photo", "spec")), st.integers(1, 4)),
        st.tuples(st.just("judge"), st.sampled_from(("photo", "spec")), st.sampled_from((ACCEPTED, REJECTED))),
        st.tuples(st.just("all"), st.just(""), st.just(0)),
    ),
    max_size=14,
)


def _histories(phases: tuple[Phase, ...] = tuple(Phase)) -> None:
    """Whatever is given and judged in whatever order: a checklist closes only with one good file for every item."""
    made = p.flow(b.collect("photo", "spec", checked_by="head"), b.approve("finance"), b.end())
    with_spec = {**made.documents, "spec": p.DocumentItem("spec", b.words("Spec"), p.ONE)}

    @settings(max_examples=150, deadline=None, database=None, report_multiple_bugs=False, phases=phases, derandomize=True)
    @given(WHAT)
    def holds(happened: list[tuple[str, str, Any]]) -> None:
        play = p.Papers(b.replace(made, documents=with_spec))
        play.begin()
        rejected: set[str] = set()
        for kind, item, more in happened:
            try:
                if kind == "file":
                    play.file(item, f"{item}{more}")
                elif kind == "judge":
                    play.judge("hana", item, more, "because")
                    rejected |= {f.document for f in play.now.files if f.item == item} if more is REJECTED else set()
                else:
                    play.decide("hana", "accept-all", "papers", stage=1)
            except w.Refused:
                continue
        _never_counts(play.now, rejected)

    holds()


def _never_counts(run: Run, rejected: set[str]) -> None:
    good = Counter(f.item for f in run.files if f.document not in rejected)
    if run.steps["papers"].status is StepStatus.DONE:
        assert good["photo"] >= 1
        assert good["spec"] >= 1


def test_rejected_files_never_count() -> None:
    _histories()


def test_a_rejection_that_is_forgotten_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bugs: the fold keeps a rejected file good; or the checklist counts whatever was filed."""
    folding = import_module("flows.fold")
    right = folding._judged

    def forgetful(files: tuple[Filed, ...], items: tuple[str, ...], verdict: Verdict) -> Any:
        return files if verdict is REJECTED else right(files, items, verdict)

    with monkeypatch.context() as patch:
        patch.setattr(folding, "_judged", forgetful)
        with pytest.raises(AssertionError):
            _histories((Phase.generate,))
    with monkeypatch.context() as patch:
        patch.setattr(Filed, "counts", property(lambda filed: True))
        with pytest.raises(AssertionError):
            _histories((Phase.generate,))
