"""Leave: who is away gives way to who covers, within the cap, never in a circle, and never against the rules of the step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows import Topic
from flows.decided import Delegated, StepOpened
from flows.engine import leave as rules
from flows.events import SYSTEM, Cover, Facts
from flows.model import Approve, Policy, Step
from flows.run import StepStatus
from flows.values import Money
from tests.flows import build as b
from tests.flows.play import PEOPLE, Play, facts, refused


def begun(*steps: Step, away: dict[str, Cover], people: Any = PEOPLE, amount: str = "", by: str = "rita") -> Play:
    """A run whose cap is measured by its budget."""
    given = {"budget": b.rupees(amount)} if amount else {}
    flow = b.flow(*steps, b.end(), amount="budget")
    return Play(flow, facts(people=people, leave=away)).begin(by, **given)


def owners(play: Play, path: str = "approval") -> tuple[str, ...]:
    return play.now.steps[path].owners


def up_to(amount: str, *to: str) -> Cover:
    return Cover(to, b.rupees(amount))


def test_the_cover_is_asked_and_decides_in_their_place() -> None:
    play = begun(b.approve("finance"), away={"fay": Cover(("dora",))})
    assert [fact for fact in play.decided if isinstance(fact, StepOpened | Delegated)] == [
        StepOpened("approval", 1, ("fay",), None, play.at),
        Delegated("approval", 1, "fay", "dora", SYSTEM, play.at),
    ]
    assert play.said[1:] == [("dora", Topic.COVERED, "approval"), ("dora", Topic.APPROVE, "approval")]
    assert play.says[1].details == {"owner": "fay", "to": "dora"}
    refused("not_yours", lambda: play.decide("fay", "approve"), to="dora")
    play.decide("dora", "approve")
    (vote,) = play.now.steps["approval"].votes
    assert (vote.by, vote.instead_of) == ("dora", "fay")


@pytest.mark.parametrize(
    ("amount", "cover", "asked"),
    [
        ("49999.99", up_to("50000", "dora"), "dora"),
        ("50000.00", up_to("50000", "dora"), "dora"),
        ("50000.01", up_to("50000", "dora"), "fay"),
        ("", up_to("50000", "dora"), "fay"),
        ("100", Cover(("dora",), Money(b.rupees("50000").amount, "USD")), "fay"),
        ("900000", Cover(("dora",)), "dora"),
        ("", Cover(("dora",)), "dora"),
        ("100", Cover(()), "fay"),
    ],
    ids=["below", "at", "above", "unknown", "currency", "no cap", "no cap, unknown", "no cover"],
)
def test_a_cap_is_kept_to_the_paisa(amount: str, cover: Cover, asked: str) -> None:
    play = begun(b.approve("finance"), away={"fay": cover}, amount=amount)
    assert owners(play) == (asked,)
    told = [say for say in play.says if say.topic is Topic.COVERED]
    if asked == "fay":
        assert [(say.to, say.details["owners"]) for say in told] == [("mia", "fay")]
        assert told[0].details["why"] == ("capped" if cover.to else "nobody")
    else:
        assert [(say.to, dict(say.details)) for say in told] == [("dora", {"owner": "fay", "to": "dora"})]


def test_without_an_amount_in_the_flow_a_cap_is_above_nothing() -> None:
    flow = b.flow(b.approve("finance"), b.end())
    play = Play(flow, facts(leave={"fay": up_to("50000", "dora")})).begin(budget=b.rupees("10"))
    assert owners(play) == ("fay",)


def test_a_cover_on_leave_is_covered_too_each_within_their_cap() -> None:
    away = {"fay": up_to("50000", "dora"), "dora": up_to("20000", "hugo")}
    assert owners(begun(b.approve("finance"), away=away, amount="20000")) == ("hugo",)
    assert owners(begun(b.approve("finance"), away=away, amount="20001")) == ("fay",)
    (given,) = [fact for fact in begun(b.approve("finance"), away=away, amount="1").decided if isinstance(fact, Delegated)]
    assert (given.owner, given.to) == ("fay", "hugo")


def test_people_who_cover_one_another_keep_their_own() -> None:
    away = {"fay": Cover(("dora",)), "dora": Cover(("fay",))}
    play = begun(b.approve("finance"), away=away)
    assert owners(play) == ("fay",)
    assert [say.to for say in play.says if say.topic is Topic.COVERED] == ["mia"]


def test_a_role_covers_by_the_first_who_may() -> None:
    away = {"fay": Cover(("hana", "hugo", "dora")), "hana": Cover(())}
    assert owners(begun(b.approve("finance"), away=away)) == ("hugo",)
    assert owners(begun(b.approve("finance"), away=away, by="hugo")) == ("dora",)


@pytest.mark.parametrize(
    ("step", "away", "by", "asked"),
    [
        (b.approve("finance"), {"fay": Cover(("rita",))}, "rita", ("fay",)),
        (b.approve("head", policy=Policy.ALL), {"hana": Cover(("hugo",))}, "rita", ("hana", "hugo")),
        (b.approve("head", policy=Policy.ALL), {"hana": Cover(("fay",)), "hugo": Cover(("fay",))}, "rita", ("fay", "hugo")),
        (b.do(owner="finance", id="approval"), {"fay": Cover(("rita",))}, "rita", ("rita",)),
    ],
    ids=["requester", "approver already", "one voice each", "work for the requester"],
)
def test_who_may_not_decide_does_not_stand_in(step: Step, away: dict[str, Cover], by: str, asked: tuple[str, ...]) -> None:
    assert owners(begun(step, away=away, by=by)) == asked


def test_who_decided_a_stage_does_not_stand_in_at_the_next() -> None:
    steps = b.approve("head", "finance", policy=Policy.SEQUENCE)
    play = begun(steps, away={"fay": Cover(("hana", "dora"))}).decide("hana", "approve")
    assert owners(play) == ("dora",)
    assert play.now.steps["approval"].acted_for("dora") == "fay"
    play = begun(steps, away={"fay": Cover(("hana",))}).decide("hana", "approve")
    assert owners(play) == ("fay",)


def test_who_reported_does_not_confirm_for_somebody_on_leave() -> None:
    play = begun(b.do("ok", id="approval", confirm_by="finance"), away={"fay": Cover(("sam", "dora"))})
    assert owners(play.decide("sam", "ok")) == ("dora",)


def test_managers_hear_of_it_only_where_the_step_waits_for_who_is_away() -> None:
    away = {"hana": up_to("10", "fay")}
    quiet = begun(b.approve("head"), away=away, amount="500")
    assert (owners(quiet), [say.to for say in quiet.says if say.topic is Topic.COVERED]) == (("hana", "hugo"), [])
    all_ = begun(b.approve("head", policy=Policy.ALL), away=away, amount="500")
    assert [(say.to, say.details["owners"]) for say in all_.says if say.topic is Topic.COVERED] == [("mia", "hana")]
    both = begun(b.approve("head"), away=away | {"hugo": Cover(())}, amount="500")
    assert [(say.to, say.details["owners"]) for say in both.says if say.topic is Topic.COVERED] == [("mia", "hana,hugo")]


def test_who_acts_is_not_away() -> None:
    play = begun(b.ask("note"), b.ask("vendor", id="more"), away={"rita": Cover(("dora",))})
    assert owners(play, "request") == ("rita",)
    assert owners(play.skip("note"), "more") == ("rita",)


def test_leave_counts_as_a_step_opens_and_not_later() -> None:
    play = begun(b.do(), b.approve("finance"), away={"fay": Cover(("dora",))})
    play.facts = facts()
    play.decide("sam", "ok", "work")
    assert owners(play) == ("fay",)
    play = begun(b.approve("finance"), away={})
    play.facts = facts(leave={"fay": Cover(("dora",))})
    assert owners(play) == ("fay",)
    play.decide("fay", "approve")
    assert play.now.outcome == "completed"


def test_a_pool_and_news_go_their_own_ways() -> None:
    people = PEOPLE | {"store": ("sam", "sue")}
    pool = begun(b.do(owner="pool:store"), away={"sam": Cover(("dora",))}, people=people)
    assert owners(pool, "work") == ("dora", "sue")
    news = begun(b.notify("finance", attach=()), away={"fay": Cover(("dora",))})
    assert [say.to for say in news.says if say.topic is Topic.NOTICE] == ["fay"]


# --- whatever the leave table says ------------------------------------------------------------------------------------

EVERYBODY = ("rita", "hana", "hugo", "fay", "dora", "sam", "mia")
STEPS: tuple[Step, ...] = (
    b.approve("head"), b.approve("committee", policy=Policy.ALL), b.approve("head", "finance", policy=Policy.ANY),
    b.approve("finance", not_by=("prepare",)), b.do(id="approval", owner="pool:head"), b.do(id="approval", owner="least:committee"),
)  # fmt: skip

covers = st.builds(
    Cover,
    st.lists(st.sampled_from(EVERYBODY), max_size=3, unique=True).map(tuple),
    st.one_of(st.none(), st.sampled_from(("10", "1000", "100000")).map(b.rupees)),
)
tables = st.dictionaries(st.sampled_from(EVERYBODY), covers, max_size=7)


def permitted(play: Play, step: Step, owner: str, held: str, amount: Money | None) -> bool:
    """Whether `held` may act for `owner`: reached from cover to cover over people on leave, each within their cap; themselves there,
    and barred by nothing. Written from the rules, by trying every way."""
    away = play.facts.leave
    ways: list[tuple[str, ...]] = [(owner,)]
    reached: set[str] = set()
    while ways:
        way = ways.pop()
        cover = away[way[-1]]
        if cover.most is not None and (amount is None or amount.amount > cover.most.amount):
            continue
        reached.update(one for one in cover.to if one not in away and one not in way)
        ways += [(*way, one) for one in cover.to if one in away and one not in way]
    own = isinstance(step, Approve) and held == play.now.requester
    worked = {vote.by for vote in play.now.steps["prepare"].votes}
    return held in reached and not own and not (getattr(step, "not_by", ()) and held in worked)


def holds(away: dict[str, Cover], step: Step, by: str, amount: str) -> None:
    play = begun(b.do("ok", id="prepare", owner="store"), step, away={}, amount=amount, by=by)
    play.facts = facts(leave=away)
    play.decide("sam", "ok", "prepare")
    state = play.now.steps["approval"]
    (opened,) = [fact for fact in play.decided if isinstance(fact, StepOpened)]
    if state.status is StepStatus.BLOCKED:
        assert not opened.owners
        return
    assert len(state.owners) == len(set(state.owners)) == len(opened.owners) > 0
    money = b.rupees(amount) if amount else None
    for owner, held in zip(opened.owners, state.owners, strict=True):
        assert held == owner or permitted(play, step, owner, held, money)
        assert held != by or not isinstance(step, Approve)
        assert (held, "approval") in {(say.to, say.path) for say in play.says}
    # Several who are away may share one cover, who goes to the first. Where one alone is away, nobody who may is passed over.
    kept = [owner for owner in state.owners if owner in away and owner != "sam"]
    if len(away.keys() & set(opened.owners)) == 1 and kept:
        others = [one for one in EVERYBODY if one not in opened.owners]
        assert not [one for one in others if permitted(play, step, kept[0], one, money)]


PROPERTY = settings(max_examples=400, deadline=None, derandomize=True, database=None, report_multiple_bugs=False)
WHATEVER = given(tables, st.sampled_from(STEPS), st.sampled_from(("rita", "hana", "dora")), st.sampled_from(("", "10", "5000")))


@PROPERTY
@WHATEVER
def test_an_open_step_has_its_owner_or_a_permitted_cover(away: dict[str, Cover], step: Step, by: str, amount: str) -> None:
    holds(away, step, by, amount)


# --- planted bugs -----------------------------------------------------------------------------------------------------


def uncapped(cover: Cover, amount: Money | None) -> bool:
    return True


def free_for_all(*_: Any) -> frozenset[str]:
    return frozenset()


def round_and_round(owner: str, known: Facts, amount: Money | None, may: Callable[[str], bool]) -> tuple[str, str]:
    """Follows covers without looking back, until it is out of breath."""
    who = owner
    for _ in range(20):
        cover = known.leave.get(who)
        if cover is None or not cover.to or not rules._within(cover, amount):
            break
        who = next((one for one in cover.to if may(one) or one in known.leave), who)
    return (who, "") if who != owner else ("", "nobody")


def first_named(owner: str, known: Facts, amount: Money | None, may: Callable[[str], bool]) -> tuple[str, str]:
    """Whoever is named covers, away or not."""
    able = [who for who in known.leave[owner].to if may(who)] if rules._within(known.leave[owner], amount) else []
    return (able[0], "") if able else ("", "nobody")


@pytest.mark.parametrize(
    ("name", "bug"),
    [("_within", uncapped), ("_taken", free_for_all), ("stand_in", round_and_round), ("stand_in", first_named)],
    ids=["no cap", "anybody", "circle", "away too"],
)
def test_a_planted_bug_is_found(monkeypatch: pytest.MonkeyPatch, name: str, bug: Any) -> None:
    monkeypatch.setattr(rules, name, bug)
    with pytest.raises(AssertionError):
        PROPERTY(WHATEVER(holds))()
