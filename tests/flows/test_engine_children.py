"""Subflow and each: what children get, what comes of their ends, and that none is forgotten."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from flows import Flow, Topic, advance
from flows.decided import ChildDone, Spawned
from flows.effects import CancelChild, PlanTimer, Spawn
from flows.engine.children import child_id
from flows.events import SYSTEM, Begin, Cancel, EndChild
from flows.model import Each, FieldType, Participant, Start, Step, Subflow
from flows.run import Child, Parent, Status, StepStatus
from flows.values import Erased, Line, Money, Value
from tests.flows.build import LADDER, ask, bh, do, end, field_of, flow, rupees, words
from tests.flows.play import PEOPLE, Play, facts, keys, refused

LINES = (
    Line("Paper", Decimal(10), "box", Decimal("400"), Decimal(18)),
    Line("Pens", Decimal("2.5"), "", Decimal(30), Decimal(0)),
    Line("Ink", Decimal(1), "pcs", Decimal(900), Decimal(18)),
)


def subflow(**more: Any) -> Subflow:
    return Subflow(id="sub", title=words("Sub"), flow="child", **more)


def each(**more: Any) -> Each:
    return Each(id="lines", title=words("Lines"), of="items", flow="child", **more)


def parent(*steps: Step, **changes: Any) -> Flow:
    return flow(ask("vendor"), *steps, end(), **changes)


class Family(Play):
    """A run whose children are over when the test says so."""

    def ends(self, index: int = 0, outcome: str = "done", path: str = "sub", reason: str = "", **values: Value) -> Family:
        child = child_id("r1", path, self.now.steps[path].attempt, index)
        event = EndChild(**self.here(SYSTEM, path), run=child, outcome=outcome, values=values, reason=reason)
        self.event(event)
        return self

    @property
    def spawned(self) -> list[Spawn]:
        return [effect for effect in self.effects if isinstance(effect, Spawn)]

    @property
    def called_off(self) -> list[str]:
        return [effect.run for effect in self.effects if isinstance(effect, CancelChild)]

    @property
    def waits(self) -> list[str]:
        return [state.path for state in self.now.open_steps()]


def started(made: Flow, **values: Value) -> Family:
    play = Family(made)
    play.begin(**({"vendor": "Acme"} | values))
    return play


# --- subflow ------------------------------------------------------------------------------------------------------------


def test_a_subflow_starts_one_child_for_the_requester_and_waits_with_its_managers() -> None:
    step = subflow(give={"who": "vendor", "sum": "budget", "when": "need_by"}, due=bh("4"), ladder=LADDER)
    play = started(parent(step), budget=rupees("500"))
    (spawn,) = play.spawned
    assert spawn == Spawn("sub", 1, 0, child_id("r1", "sub", 1, 0), "child", "rita", {"who": "Acme", "sum": rupees("500")})
    assert len(spawn.run) == 32
    assert set(spawn.run) <= set("0123456789abcdef")
    assert play.now.children == {"sub": (Child(spawn.run, 0),)}
    assert play.now.steps["sub"].owners == ("mia",)
    assert set(play.timers) == {"half", "most", "due", "late"}
    assert not [said for said in play.says if said.to == "mia"], "nobody acts here: nobody is asked"


def test_its_ladder_tells_managers_that_the_child_takes_long() -> None:
    play = started(parent(subflow(due=bh("4"), ladder=LADDER)))
    play.fire("due", path="sub")
    assert [(said.to, said.topic) for said in play.says] == [("mia", Topic.OVERDUE)]


def test_a_named_owner_hears_instead_and_one_that_nobody_holds_stops_it() -> None:
    assert started(parent(subflow(owner="store"))).now.steps["sub"].owners == ("sam",)
    play = Family(parent(subflow(owner="store")), facts=facts(people={**PEOPLE, "store": ()}))
    play.begin(vendor="Acme")
    assert not play.spawned
    assert play.now.steps["sub"].status is StepStatus.BLOCKED


@pytest.mark.parametrize("owner", ["", "manager"])
def test_without_any_manager_the_child_is_started_all_the_same(owner: str) -> None:
    play = Family(parent(subflow(owner=owner)), facts=facts(people={**PEOPLE, "manager": ()}))
    play.begin(vendor="Acme")
    assert len(play.spawned) == 1


def test_the_child_ends_and_its_values_are_taken_over_by_the_system() -> None:
    play = started(parent(subflow(take={"budget": "sum", "items": "list"}), do(id="work")))
    play.ends(outcome="agreed", budget=rupees("750"), items=LINES)
    assert play.now.values["budget"] == rupees("750")
    assert play.now.values["total"] == rupees("5857"), "what hangs on it is worked out again"
    assert {fact.by for fact in play.decided if type(fact).__name__ == "ValueSet"} == {SYSTEM}
    state = play.now.steps["sub"]
    assert (state.status, state.outcome, state.closed_by) == (StepStatus.DONE, "agreed", SYSTEM)
    assert play.now.children["sub"][0].outcome == "agreed"
    assert play.waits == ["work"]


@pytest.mark.parametrize("value", ["lots", True, Money(Decimal(5), "EUR"), Erased()], ids=repr)
def test_a_value_of_the_wrong_kind_stops_at_managers(value: Any) -> None:
    play = started(parent(subflow(take={"budget": "sum"}), do(id="work")))
    play.ends(budget=value)
    state = play.now.steps["sub"]
    assert (state.status, state.owners) == (StepStatus.BLOCKED, ("mia",))
    assert "Budget" in state.reason
    assert "budget" not in play.now.values
    assert keys(play.told("mia")) == ["retry", "cancel"]


def test_a_value_that_the_step_does_not_take_stops_it_too() -> None:
    play = started(parent(subflow(take={"budget": "sum"})))
    play.ends(note="smuggled")
    assert play.now.steps["sub"].status is StepStatus.BLOCKED
    assert "note" not in play.now.values


def test_what_stopped_is_tried_again_with_a_new_child() -> None:
    play = started(parent(subflow(take={"budget": "sum"}), do(id="work")))
    first = play.spawned[0].run
    play.ends(budget="lots").resume(path="sub")
    assert play.spawned[0].run == child_id("r1", "sub", 2, 0) != first
    play.ends(budget=rupees("1"))
    assert play.waits == ["work"]


def test_an_outcome_ends_our_run_with_ours() -> None:
    play = started(parent(subflow(ends={"rejected": "no_deal"}, take={"note": "why"}), do(id="work")))
    play.ends(outcome="rejected", note="too dear")
    assert (play.now.status, play.now.outcome) == (Status.ENDED, "no_deal")
    assert play.now.values["note"] == "too dear"
    assert [(said.to, said.topic) for said in play.says] == [("rita", Topic.OUTCOME)]


@pytest.mark.parametrize(("reason", "told"), [("scope is wrong", "scope is wrong"), ("", "ended as “changed”")])
def test_an_outcome_sends_back_with_its_reason(reason: str, told: str) -> None:
    play = started(parent(subflow(send_back_to={"changed": "request"})))
    play.ends(outcome="changed", reason=reason)
    state = play.now.steps["request"]
    assert (play.waits, state.attempt, state.sent_back_by) == (["request"], 2, SYSTEM)
    assert told in state.reason
    assert play.now.history[-1].status is StepStatus.RETURNED
    play.decide("rita", "submit", path="request")
    assert play.spawned[0].run == child_id("r1", "sub", 2, 0)


def test_a_cancelled_child_never_lets_the_run_go_on_by_itself() -> None:
    play = started(parent(subflow(take={"note": "why"}), do(id="work")))
    play.ends(outcome="cancelled", reason="a mistake", note="half done")
    state = play.now.steps["sub"]
    assert state.status is StepStatus.BLOCKED
    assert "cancelled: a mistake" in state.reason
    assert "note" not in play.now.values
    assert play.told("mia").topic is Topic.BLOCKED


def test_unless_the_flow_says_what_follows() -> None:
    ends = started(parent(subflow(ends={"cancelled": "dropped"})))
    ends.ends(outcome="cancelled")
    assert ends.now.outcome == "dropped"
    back = started(parent(subflow(send_back_to={"cancelled": "request"})))
    back.ends(outcome="cancelled")
    assert back.waits == ["request"]


def test_unknown_second_and_stale_reports_are_refused() -> None:
    play = started(parent(subflow(send_back_to={"changed": "request"}), do(id="work")))
    attempt: dict[str, Any] = {"path": "sub", "attempt": 1, "outcome": "done"}
    refused("not_waiting", lambda: play.event(EndChild(**play.about(SYSTEM), **attempt, run="f" * 32)))
    refused("not_waiting", lambda: play.event(EndChild(**play.about(SYSTEM), **attempt | {"path": "work"}, run="f" * 32)))
    play.ends(outcome="changed")
    stale = EndChild(**play.about(SYSTEM), **attempt, run=child_id("r1", "sub", 1, 0))
    refused("not_waiting", lambda: play.event(stale))
    play.decide("rita", "submit", path="request").ends()  # type: ignore[attr-defined]
    refused("not_waiting", lambda: play.event(replace(stale, attempt=2, run=child_id("r1", "sub", 2, 0))))
    play.decide("sam", "ok", path="work")
    refused("run_over", play.ends)


# --- not waited for -----------------------------------------------------------------------------------------------------


def test_wait_no_goes_on_at_once_whatever_comes_of_it() -> None:
    play = started(parent(subflow(wait=False), do(id="work")))
    assert play.waits == ["work"]
    assert play.now.steps["sub"].outcome == "started"
    play.ends(outcome="cancelled")
    assert (play.waits, play.now.status) == (["work"], Status.OPEN)
    assert play.now.children["sub"][0].outcome == "cancelled"
    refused("not_waiting", play.ends)


def test_it_outlives_a_run_that_is_over_but_not_one_that_is_cancelled() -> None:
    over = started(parent(subflow(wait=False)))
    assert over.now.status is Status.ENDED
    assert over.called_off == []
    play = started(parent(subflow(wait=False), do(id="work")))
    play.cancel()
    assert play.called_off == [child_id("r1", "sub", 1, 0)]


# --- the child ----------------------------------------------------------------------------------------------------------

CHILD_FIELDS = {
    "what": field_of("what"),
    "many": field_of("many", FieldType.NUMBER),
    "price": field_of("price", FieldType.MONEY, currency="INR"),
    "rate": field_of("rate", FieldType.NUMBER),
    "grade": field_of("grade", FieldType.CHOICE, choices=()),
}
CHILD = flow(
    ask("what", "many", "price"), end(), id="child", fields=CHILD_FIELDS, start=Start((), ("head",)), participants=dict[str, Participant]()
)  # fmt: skip


def born(**values: Value) -> Play:
    play = Play(CHILD)
    return play.event(Begin(**play.about("rita"), run_id="c1", reference="CH-1", values=values, parent=Parent("r1", "sub", 1, 0)))


def test_a_child_may_be_started_for_somebody_who_could_not_by_hand() -> None:
    play = born(what="Paper")
    assert play.now.parent == Parent("r1", "sub", 1, 0)
    assert play.said == [("rita", Topic.QUESTION, "many")], "no receipt: its requester knows of it"
    refused("not_yours", lambda: Play(CHILD).begin())


def test_what_a_child_cannot_hold_it_asks() -> None:
    given: dict[str, Value] = {
        "what": "  ",
        "many": "lots",
        "price": Money(Decimal(1), "EUR"),
        "rate": rupees("40"),
        "grade": "x",
    }
    play = born(**given, unknown="value")
    assert play.now.values == {"rate": Decimal(40)}
    assert play.said == [("rita", Topic.QUESTION, "what")]


def test_the_system_calls_a_child_off_without_telling_its_requester_twice() -> None:
    made = flow(do(id="work"), end())
    play = Play(made).begin()
    play.event(Cancel(**play.about(SYSTEM), reason="PA-1 was cancelled."))
    assert play.now.status is Status.CANCELLED
    assert [said.to for said in play.says] == ["sam"]


def test_the_same_event_gives_the_same_children() -> None:
    first, second = started(parent(each()), items=LINES), started(parent(each()), items=LINES)
    assert [spawn.run for spawn in first.spawned] == [spawn.run for spawn in second.spawned]
    assert [fact for fact in first.decided if isinstance(fact, Spawned | ChildDone)]
    again, effects = advance(first.flow, None, Begin(**Play(first.flow).about("rita"), run_id="r2", reference="PA-2"))
    assert again.id == "r2"
    assert not {e.run for e in effects if isinstance(e, Spawn)} & {spawn.run for spawn in first.spawned}
    assert not [effect for effect in effects if isinstance(effect, PlanTimer)]
