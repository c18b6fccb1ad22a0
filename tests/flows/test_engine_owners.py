"""Who owns a step: the owner words, pools, people who must differ, and whose court the ball is in."""

from __future__ import annotations

from typing import Any

import pytest

from flows import Topic
from flows.decided import Claimed, Delegated, StepOpened
from flows.events import Claim, Cover
from flows.model import Policy, Step
from flows.run import Court, StepStatus
from tests.flows import build as b
from tests.flows.play import PEOPLE, Play, facts, keys, refused

STORE = PEOPLE | {"store": ("sam", "sue", "sid")}


def begun(*steps: Step, **known: Any) -> Play:
    return Play(b.flow(*steps, b.end()), facts(people=known.pop("people", STORE), **known)).begin()


def owners(play: Play, path: str = "work") -> tuple[str, ...]:
    return play.now.steps[path].owners


def claim(play: Play, actor: str, path: str = "work") -> Play:
    return play.event(Claim(**play.here(actor, path)))


# --- one test per word ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "asked"),
    [
        ("store", ("sam", "sue", "sid")),
        ("requester", ("rita",)),
        ("participant:vendor", ("vera",)),
        ("person:asha@example.net", ("asha",)),
        ("field:mail", ("vera",)),
        ("pool:store", ("sam", "sue", "sid")),
        ("turn:store", ("sam",)),
        ("least:store", ("sam",)),
    ],
)
def test_who_is_behind_a_word(word: str, asked: tuple[str, ...]) -> None:
    people = STORE | {"person:asha@example.net": ("asha",), "field:mail": ("vera",)}
    play = begun(b.do(owner=word), people=people)
    assert owners(play) == asked
    assert [say.to for say in play.says if say.path == "work"] == list(asked)


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("pool:nobody", "Nobody holds the role nobody."),
        ("turn:nobody", "Nobody holds the role nobody."),
        ("least:store", "Nobody holds the role Store."),
        ("person:gone@example.net", "Nobody is known under gone@example.net."),
        ("field:mail", "It is not known whom to ask: there is no Mail."),
    ],
)
def test_a_word_behind_which_there_is_nobody_stops_at_a_manager(word: str, reason: str) -> None:
    play = begun(b.do(owner=word), people=PEOPLE | {"store": ()})
    state = play.now.steps["work"]
    assert (state.status, state.owners, state.reason) == (StepStatus.BLOCKED, ("mia",), reason)
    assert play.told("mia").topic is Topic.BLOCKED


def test_a_person_named_twice_is_asked_once() -> None:
    play = begun(b.approve("head", "committee", policy=Policy.ANY))
    assert owners(play, "approval") == ("hana", "hugo", "fay", "dora")
    assert [say.to for say in play.says if say.topic is Topic.APPROVE] == ["hana", "hugo", "fay", "dora"]


# --- in turn, least busy ----------------------------------------------------------------------------------------------


def test_in_turn_goes_round() -> None:
    given = [owners(begun(b.do(owner="turn:store"), turns={"store": turn}))[0] for turn in range(7)]
    assert given == ["sam", "sue", "sid", "sam", "sue", "sid", "sam"]


def test_two_steps_given_out_in_one_transition_go_to_two_people() -> None:
    both = b.parallel((b.do(id="one", owner="turn:store"),), (b.do(id="two", owner="turn:store"),))
    play = begun(both, turns={"store": 2})
    assert (owners(play, "one"), owners(play, "two")) == (("sid",), ("sam",))


def test_the_least_busy_is_asked_and_the_first_of_equals() -> None:
    assert owners(begun(b.do(owner="least:store"), load={"sam": 4, "sue": 2, "sid": 3})) == ("sue",)
    assert owners(begun(b.do(owner="least:store"), load={"sam": 1, "sue": 1, "sid": 1})) == ("sam",)
    assert owners(begun(b.do(owner="least:store"), load={"sam": 1})) == ("sue",)


@pytest.mark.parametrize("word", ["turn:store", "least:store"])
def test_one_of_a_role_is_nobody_on_leave_while_another_is_there(word: str) -> None:
    away = {"sam": Cover(("fay",)), "sue": Cover(("fay",))}
    assert owners(begun(b.do(owner=word), leave=away)) == ("sid",)
    assert owners(begun(b.do(owner=word), leave=away | {"sid": Cover(("fay",))})) == ("fay",)


# --- pools ------------------------------------------------------------------------------------------------------------


def pooled(**more: Any) -> Play:
    return begun(b.do("ok", owner="pool:store", fields=("count",), due=b.bh("4"), ladder=b.LADDER, **more))


def test_a_pool_is_offered_to_all_and_asks_only_who_takes_it() -> None:
    play = pooled()
    assert play.said[1:] == [(who, Topic.POOL, "work") for who in ("sam", "sue", "sid")]
    assert [keys(say) for say in play.says[1:]] == [["claim-it"]] * 3
    claim(play, "sue")
    assert play.said == [("sam", Topic.CLAIMED, "work"), ("sid", Topic.CLAIMED, "work"), ("sue", Topic.QUESTION, "count")]
    assert play.told("sam").details == {"by": "sue"}
    state = play.now.steps["work"]
    assert (state.owners, state.claimed) == (("sue",), True)
    play.give("sue", "work", count=3).decide("sue", "ok", "work")
    assert play.now.outcome == "completed"


def test_before_the_claim_nothing_is_taken_and_after_it_only_from_one() -> None:
    play = pooled()
    refused("claim_first", lambda: play.give("sam", "work", count=3))
    refused("claim_first", lambda: play.decide("sam", "ok", "work"))
    refused("not_yours", lambda: claim(play, "fay"))
    claim(play, "sam")
    refused("taken", lambda: claim(play, "sue"), by="sam")
    refused("taken", lambda: claim(play, "sam"), by="sam")
    refused("not_yours", lambda: play.give("sue", "work", count=3))


def test_a_document_before_the_claim_is_not_taken_in() -> None:
    play = begun(b.ask("items"), b.collect("quotes", owner="pool:store")).give(items=b.lines("500"))
    refused("claim_first", lambda: play.file(actor="sam"))
    assert claim(play, "sam", "papers").told("sam").topic is Topic.COLLECT
    assert play.file(actor="sam").now.outcome == "completed"


def test_the_ladder_goes_to_all_until_one_has_it() -> None:
    play = pooled().fire("half", "work")
    assert [(say.to, say.topic, keys(say)) for say in play.says] == [
        (who, Topic.REMINDER, ["claim-it"]) for who in ("sam", "sue", "sid")
    ]
    claim(play, "sid").fire("most", "work")
    assert [(say.to, say.topic, say.asks) for say in play.says] == [("sid", Topic.REMINDER, "count")]


def test_what_was_taken_can_be_given_on() -> None:
    play = claim(pooled(), "sid").delegate("sid", "sam", "work")
    assert owners(play) == ("sam",)
    play.give("sam", "work", count=3)
    assert play.now.values["count"] == 3


def test_what_is_handed_over_out_of_a_pool_is_theirs_alone() -> None:
    play = pooled().delegate("mia", "fay", "work", owner="sue")
    assert owners(play) == ("fay",)
    assert {(say.to, say.details["by"]) for say in play.says if say.topic is Topic.CLAIMED} == {("sam", "fay"), ("sid", "fay")}
    refused("taken", lambda: claim(play, "sam"), by="fay")


def test_a_second_attempt_is_offered_to_all_again() -> None:
    play = begun(b.do(owner="pool:store", id="work"), b.do("back", id="check", owner="head", send_back_to={"back": "work"}))
    claim(play, "sam").decide("sam", "ok", "work").decide("hana", "back", "check", reason="Count again")
    assert owners(play) == ("sam", "sue", "sid")
    assert {say.topic for say in play.says if say.path == "work"} == {Topic.POOL}


def test_the_second_person_may_come_out_of_another_pool() -> None:
    play = begun(b.do("ok", owner="pool:store", confirm_by="pool:committee"))
    claim(play, "sue").decide("sue", "ok", "work")
    assert {(say.to, say.topic) for say in play.says if say.to in STORE["committee"]} == {
        (who, Topic.POOL) for who in STORE["committee"]
    }
    refused("claim_first", lambda: play.decide("fay", "confirm", "work", stage=1))
    claim(play, "fay").decide("fay", "differs", "work", stage=1, reason="Two boxes less")
    assert (owners(play), play.now.steps["work"].claimed) == (("sue",), True)
    play.decide("sue", "ok", "work")
    refused("claim_first", lambda: play.decide("dora", "confirm", "work", stage=1))


def test_a_wait_in_a_pool_asks_who_takes_it() -> None:
    play = begun(b.wait(b.bh("8"), "note", owner="pool:store"))
    assert {say.topic for say in play.says if say.path == "pause"} == {Topic.POOL}
    claim(play, "sid", "pause")
    assert play.told("sid").asks == "note"


def test_a_claim_is_for_pools_only() -> None:
    play = begun(b.do())
    refused("not_waiting", lambda: claim(play, "sam"))


# --- people who must differ -------------------------------------------------------------------------------------------


def test_who_worked_on_a_step_does_not_decide_on_it() -> None:
    play = begun(b.do(id="prepare", owner="committee"), b.approve("committee", not_by=("prepare",)))
    play.decide("hana", "ok", "prepare")
    assert owners(play, "approval") == ("fay", "dora")
    refused("own_step", lambda: play.decide("hana", "approve"))
    play.decide("dora", "approve")
    assert play.now.outcome == "completed"


def test_who_worked_on_an_earlier_attempt_counts_too() -> None:
    play = begun(
        b.do(id="prepare", owner="committee"),
        b.do("go", "back", id="look", owner="store", send_back_to={"back": "prepare"}),
        b.do(id="check", owner="committee", not_by=("prepare",)),
    )
    play.decide("hana", "ok", "prepare").decide("sam", "back", "look", reason="Again")
    play.decide("fay", "ok", "prepare").decide("sam", "go", "look")
    assert owners(play, "check") == ("dora",)


def test_an_answer_counts_as_work_and_passing_through_does_not() -> None:
    play = begun(
        b.ask("vendor", owner="committee"), b.ask("vendor", id="again", owner="committee"),
        b.do(id="check", owner="committee", not_by=("request",)), b.do(id="last", owner="committee", not_by=("again",)),
    )  # fmt: skip
    play.give("fay", vendor="Example Traders")
    assert owners(play, "check") == ("hana", "dora")
    play.decide("hana", "ok", "check")
    assert owners(play, "last") == ("hana", "fay", "dora")


def test_nobody_gets_round_it_by_handing_over_or_by_leave() -> None:
    steps = (b.do(id="prepare", owner="committee"), b.approve("finance", not_by=("prepare",)))
    play = begun(*steps).decide("hana", "ok", "prepare")
    refused("cannot_hold", lambda: play.delegate("fay", "hana"), person="hana")
    covered = begun(*steps, leave={"fay": Cover(("hana",))}).decide("hana", "ok", "prepare")
    assert owners(covered, "approval") == ("fay",)
    refused("own_step", lambda: covered.decide("hana", "approve"))


def test_both_who_act_and_for_whom_they_act_are_kept_apart() -> None:
    steps = (b.do(id="prepare", owner="finance"), b.approve("committee", not_by=("prepare",)))
    play = begun(*steps, leave={"fay": Cover(("dora",))}).decide("dora", "ok", "prepare")
    assert owners(play, "approval") == ("hana",)


def test_where_nobody_else_is_left_it_stops_with_the_reason() -> None:
    play = begun(b.do(id="prepare", owner="finance"), b.approve("finance", not_by=("prepare",))).decide("fay", "ok", "prepare")
    state = play.now.steps["approval"]
    assert (state.status, state.owners) == (StepStatus.BLOCKED, ("mia",))
    assert state.reason == (
        "Everybody who holds the role Finance made the request, or acted on a step that must be somebody else's."
    )
    play = begun(b.do(id="prepare", owner="finance"), b.do(owner="finance", not_by=("prepare",))).decide("fay", "ok", "prepare")
    assert play.now.steps["work"].reason == (
        "Everybody who holds the role Finance acted on an earlier step that must be somebody else's."
    )
    assert play.now.steps["work"].owners == ("mia",)


@pytest.mark.parametrize("word", ["turn:committee", "least:committee"])
def test_one_of_a_role_is_somebody_who_may(word: str) -> None:
    play = begun(b.do(id="prepare", owner="committee"), b.do(owner=word, not_by=("prepare",))).decide("hana", "ok", "prepare")
    assert owners(play) == ("fay",)


# --- whose court ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "court"),
    [
        ("store", Court.US), ("requester", Court.THEM), ("participant:vendor", Court.THEM), ("field:mail", Court.THEM),
        ("person:sam@example.net", Court.US), ("pool:store", Court.US),
    ],
)  # fmt: skip
def test_the_court_of_a_step(word: str, court: Court) -> None:
    people = STORE | {"field:mail": ("vera",), "person:sam@example.net": ("sam",)}
    play = begun(b.ask("note", owner=word), people=people)
    (opened,) = [fact for fact in play.decided if isinstance(fact, StepOpened)]
    assert (opened.court, play.now.steps["request"].court) == (court, court)


def test_the_court_of_a_requester_who_holds_a_role_is_ours() -> None:
    play = begun(b.ask("note"), people=STORE | {"head": ("rita",)})
    assert play.now.steps["request"].court is Court.US


def test_handing_over_and_claiming_are_recorded_facts() -> None:
    """Replay needs no owner word: who claimed and who stands in are facts of their own."""
    play = pooled()
    claim(play, "sid")
    assert [type(fact) for fact in play.decided] == [Claimed]
    away = begun(b.do(owner="finance"), leave={"fay": Cover(("dora",))})
    assert [type(fact) for fact in away.decided if isinstance(fact, StepOpened | Delegated)] == [StepOpened, Delegated]
