"""Folding decided facts: alone they give the snapshot; nothing else is needed, not even what was erased."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, timedelta
from typing import get_args

import pytest

import flows
from flows import Decided, Erased, Event, Record, Run, StepStatus, replay
from flows import decided as told
from flows.decided import (
    BranchTaken,
    NumberIssued,
    RunBegun,
    RunEnded,
    StepBlocked,
    StepCleared,
    StepClosed,
    StepOpened,
    ValueSet,
    Voted,
)
from flows.fold import fold
from flows.run import Child, Filed, Verdict
from tests.flows import build as b
from tests.flows import play as w

AT = w.MONDAY
BEGUN = RunBegun("r", "PA-1", "test", 1, "rita", AT)
OPENED = StepOpened("one", 1, ("hana", "hugo"), None, AT)


def recorded() -> tuple[list[tuple[Decided, ...]], Run]:
    """The decided facts of a whole purchase with a send-back, and its last snapshot."""
    facts: list[tuple[Decided, ...]] = []

    class Recorder(w.Play):
        def event(self, event: Event) -> w.Play:
            super().event(event)
            assert isinstance(self.effects[0], Record)
            facts.append(self.effects[0].decided)
            return self

    play = Recorder(b.purchase()).begin(vendor="x", mail="a@example.test", items=b.lines("500")).skip("need_by").file()
    play.decide("hana", "send_back", "one", reason="cheaper").give(items=b.lines("400")).decide("rita", "submit", "request")
    play.fire("half", "one").decide("hugo", "approve", "one").finish().give("sam", "receipt", received=date(2026, 3, 9))
    return facts, play.decide("sam", "received", "receipt").now


def refold(facts: list[tuple[Decided, ...]]) -> Run:
    run: Run | None = None
    for decided in facts:
        run = replay(run, decided)
    assert run is not None
    return run


def test_a_whole_run_is_the_fold_of_its_facts() -> None:
    facts, run = recorded()
    assert refold(facts) == run
    assert run.sequence == len(facts)


UNTIL = AT + timedelta(seconds=10)
LATER: tuple[Decided, ...] = (
    told.Held("one", 1, "fay", "approve", "", 0, AT, UNTIL),
    told.Released("one", 1, "fay"),
    told.Voted("one", 1, "fay", "approve", "", AT),
    told.VoteWithdrawn("one", 1, "fay", AT),
    told.Delegated("one", 1, "hugo", "sam", "hugo", AT, untaken=True),
    told.HandoverTaken("one", 1, "sam", AT),
    told.Delegated("one", 1, "sam", "ravi", "mia", AT, untaken=True),
    told.HandoverDeclined("one", 1, "ravi", "sam", "away", AT),
    told.Suggested("one", 1, {"amount": 5}, ("quotes",), "read"),
    told.Offered("one", 1, (AT, UNTIL)),
    told.Booked("one", 1, "office", AT, 30, "hana"),
    told.StageReached("one", 1, ("hana",), None, AT, before=("sam",)),
    told.Claimed("one", 1, "hana", AT),
    told.Awaited("one", 1, "two"),
    told.Rescheduled("one", 1, UNTIL),
    told.Deferred("one", 1, "remind50"),
    told.StepBlocked("one", 1, "no way on", ("mia",), AT),
    told.Forked("both"),
    told.BlockDone("both", "left"),
    told.Spawned("kids", 1, (Child("c1", 0), Child("c2", 1))),
    told.ChildDone("kids", "c1", "done"),
    told.ValueSet("amount", 5, "hana"),
    told.ValueCleared("amount"),
    told.DocumentFiled(Filed("d1", "x", "a.pdf", "quotes", "hana", AT)),
    told.DocumentJudged("quotes", Verdict.REJECTED, "fay", "blurred", AT),
    told.DocumentFiled(Filed("d2", "y", "b.pdf", "quotes", "hana", AT)),
    told.FilesSetAside(("quotes",)),
    told.ItemWaived("spec", "fay", "not needed", AT),
    told.Commented("hana", "late", AT),
    told.Moved(2, "system", AT),
    told.Undoing(("two", "one"), "mia", "called off", AT),
    told.Compensated("two"),
)


def test_every_kind_of_fact_can_be_folded() -> None:
    facts, _ = recorded()
    seen = {type(fact) for decided in (*facts, LATER) for fact in decided}
    assert set(get_args(Decided)) == seen | {told.Reminded}
    run = replay(None, (BEGUN, OPENED, *LATER))
    state = run.steps["one"]
    assert (state.owners, state.votes, state.held, state.untaken) == (("mia",), (), (), ())
    assert (state.before, state.returns_to) == (("sam",), ("two",))
    assert (state.claimed, state.suggested, state.failed, state.slots) == (True, {"amount": 5}, ("quotes",), (AT, UNTIL))
    assert (state.status, state.stage, state.due_at, state.deferred) == (StepStatus.BLOCKED, 1, UNTIL, ("remind50",))
    assert [child.outcome for child in run.children["kids"]] == ["done", ""]
    assert [filed.verdict for filed in run.files] == [Verdict.REJECTED, Verdict.ASIDE]
    assert not run.values
    assert (run.waivers[0].item, run.flow_version) == ("spec", 2)
    assert run.cancelling is not None
    assert run.cancelling.paths == ("one",)


def test_comments_handovers_and_blocks_are_folded() -> None:
    run = replay(None, (BEGUN, OPENED, told.Commented("hana", "late", AT), told.Forked("both")))
    run = replay(run, (told.BlockDone("both", "left"), told.Delegated("one", 1, "hana", "fay", "mia", AT)))
    state = run.steps["one"]
    assert [(remark.by, remark.text) for remark in run.remarks] == [("hana", "late")]
    assert (run.joined, state.owners, state.acted_for("fay"), state.acted_for("hugo")) == (
        {"both": ("left",)},
        ("fay", "hugo"),
        "hana",
        "",
    )
    back = replay(run, (told.Delegated("one", 1, "fay", "hana", "fay", AT), StepCleared("both")))
    assert (back.steps["one"].acted_for("hana"), back.joined) == ("", {})
    on = replay(run, (told.StageReached("one", 1, ("fay",), None, AT),))
    assert on.steps["one"].acted_for("fay") == "", "what is held at a later stage is their own"


def test_erased_values_change_nothing_but_themselves() -> None:
    facts, run = recorded()
    gone = [tuple(ValueSet(f.name, Erased(), f.by) if isinstance(f, ValueSet) else f for f in decided) for decided in facts]
    erased = refold(gone)
    assert set(erased.values.values()) == {Erased()}
    kept = [field.name for field in fields(Run) if field.name != "values"]
    assert [getattr(erased, name) for name in kept] == [getattr(run, name) for name in kept]


def test_a_step_through_its_life() -> None:
    run = replay(None, (BEGUN, OPENED))
    run = replay(run, (Voted("one", 1, "hana", "approve", "", AT),))
    assert (run.steps["one"].owners, [v.by for v in run.steps["one"].votes]) == (("hugo",), ["hana"])
    run = replay(run, (StepBlocked("one", 1, "why", ("mia",), AT),))
    assert (run.steps["one"].status, run.steps["one"].owners, run.steps["one"].reason) == (StepStatus.BLOCKED, ("mia",), "why")
    run = replay(run, (StepClosed("one", 1, StepStatus.CANCELLED, "retry", "mia", AT), StepCleared("one")))
    assert (dict(run.steps), [s.closed_by for s in run.history]) == ({}, ["mia"])


def test_clearing_a_branch_forgets_its_case() -> None:
    run = replay(None, (BEGUN, BranchTaken("size", "low", ""), NumberIssued("PO", "PO-1"), StepCleared("size")))
    assert (dict(run.taken), run.history, dict(run.numbers)) == ({}, (), {"PO": "PO-1"})


def test_folding_leaves_the_old_snapshot_as_it_was() -> None:
    old = replay(None, (BEGUN, OPENED, ValueSet("vendor", "x", "rita")))
    before = repr(old)
    replay(
        old,
        (ValueSet("vendor", "y", "rita"), StepClosed("one", 1, StepStatus.DONE, "", "hana", AT), RunEnded("x", False, "", AT)),
    )
    assert repr(old) == before


@pytest.mark.parametrize("facts", [(), (OPENED,), (BEGUN, BEGUN), (BEGUN, Voted("one", 1, "x", "approve", "", AT))])
def test_histories_that_cannot_be_are_refused(facts: tuple[Decided, ...]) -> None:
    with pytest.raises(ValueError, match=r"begin|start|opened"):
        replay(None, facts)


def test_fold_is_one_fact_and_counts_nothing() -> None:
    assert fold(None, BEGUN).sequence == 0
    assert replay(None, (BEGUN,)).sequence == 1


def test_the_public_face() -> None:
    assert all(hasattr(flows, name) for name in flows.__all__)
    assert {"advance", "asking", "names", "replay", "say_again", "Refused", "Calendar", "Flow", "Run"} <= set(flows.__all__)
